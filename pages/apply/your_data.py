"""Your data: a file of the visitor's own as a data set for every page that trains."""

import streamlit as st

from labelsmooth.dashboard.desk import desk
from labelsmooth.dashboard.guide import RELOADING
from labelsmooth.dashboard.own_data import EXAMPLE, example, forget, forget_pictures, train_on_it, upload
from labelsmooth.dashboard.own_data_views import choices, head, lists, understood
from labelsmooth.dashboard.plain import plain
from labelsmooth.dashboard.settings import own_data_of
from labelsmooth.dashboard.uploads import largest_mb
from labelsmooth.datasets import MOST_MEASURED
from labelsmooth.own_data.preparing import MAX_CLASSES, MAX_COLUMNS, MAX_FEATURES, MAX_ROWS

THE_SAME = "These are the data of the link that you opened: training begins with its settings."
OTHERS = (
    "These are not the data of the link: another file, label column, treatment of missing values, or columns left out."
)

st.markdown(
    f"""
A table as CSV, TSV or Parquet, one example a row. One column is the label; from the others the networks of every page
learn: numbers as they are (standardised on the training part), text as *one-hot* columns, one for each category. At
most {MAX_ROWS:,} rows, {MAX_COLUMNS} columns ({MAX_FEATURES} once text is encoded) and {MAX_CLASSES} classes; no more
than {MOST_MEASURED:,} examples are in the test part.

**Who sees it?** Nobody else. The file stays in the memory of this server, is never written to disk, and is dropped when
your session ends, some time after you have closed the page, or at once by “Forget my data”. It is no part of a link:
whoever opens yours is told to bring the same file. {RELOADING} Pictures and numbers of a training stay in memory until
newer ones need the room, and only with the same data can they be asked for.
"""
)
mine, here = upload(), desk()
waiting = own_data_of(here.awaiting, here.titles)
if waiting:
    st.info(f"A link that you opened needs the data {plain(waiting)}. Bring the file, and its settings come back.")
came = st.file_uploader(
    "Your file (CSV, TSV, Parquet)",
    type=["csv", "tsv", "txt", "parquet"],
    key=f"own file {mine.generation}",
    max_upload_size=largest_mb(),
)
with st.container(horizontal=True, vertical_alignment="center"):
    st.button("Try the example", on_click=mine.try_example)
    st.download_button("Example file", example, EXAMPLE, "text/csv", on_click="ignore")
    st.caption("Measured bottles of wine. It has gaps, as data often have, which have to be imputed.", width="content")
if came is not None:
    with st.spinner("Reading the file and checking every cell"):
        mine.take(came.name, came.getvalue())
    st.rerun()  # with an uploader that holds nothing any more
if mine.problem:
    st.error(plain(mine.problem))
if mine.table is not None:
    head(mine.table)
    choices(mine.table)
    try:
        with st.spinner("Encoding the columns"):
            own = mine.prepared()
    except ValueError as refusal:
        st.error(plain(str(refusal)))
    else:
        understood(own)
        if waiting:
            st.info(THE_SAME if own.name == waiting else OTHERS)
        if st.button("Train on these data", type="primary", on_click=train_on_it, args=(here.ticket("train"),)):
            forget_pictures()
            st.switch_page("experiment/train_live.py")
        st.caption("Opens “Train live” with these data; from there they are in the menu of every page that trains.")
        lists(own)
if here.own is not None:
    st.text(f"In use now: {here.own.title}, {here.own.name}. To send along with the link, beside the file itself:")
    st.code(str(mine.in_use), language=None, wrap_lines=True)
if (here.own is not None or mine.table is not None) and st.button("Forget my data", on_click=forget):
    forget_pictures()
