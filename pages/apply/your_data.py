"""Your data: a file of the visitor's own as a data set for every page that trains."""

from typing import get_args

import pandas as pd
import streamlit as st

from labelsmooth.dashboard.desk import desk
from labelsmooth.dashboard.own_data import EXAMPLE, example, forget, forget_pictures, train_on_it, upload
from labelsmooth.dashboard.plain import plain
from labelsmooth.datasets import MOST_MEASURED
from labelsmooth.own_data.held import OwnData
from labelsmooth.own_data.preparing import (
    MAX_CLASSES,
    MAX_COLUMNS,
    MAX_FEATURES,
    MAX_ROWS,
    Missing,
    distinct,
    shown_name,
)
from labelsmooth.predictions.tables import Table, preview

WHAT_IF_MISSING = {"refuse": "refuse the file", "impute": "impute: the mean of the training part"}


def choices(table: Table) -> None:
    """Which column is the label, what to do about gaps, and what not to learn from."""
    mine, names = upload(), list(table.columns)
    place = f"of file {mine.generation}"
    with st.container(horizontal=True):
        mine.label = st.selectbox(
            "Label", names, names.index(mine.label), format_func=shown_name, key=f"label {place}", width=300
        )
        mine.missing = st.selectbox(
            "Where a value is missing",
            list(get_args(Missing)),
            get_args(Missing).index(mine.missing),
            format_func=WHAT_IF_MISSING.__getitem__,
            key=f"missing {place}",
            width=300,
        )
    others = [name for name in names if name != mine.label]
    mine.left_out = st.multiselect(
        "Columns to leave out",
        others,
        [name for name in mine.left_out if name in others],
        format_func=shown_name,
        key=f"left out {place} {mine.label}",
        help="Row numbers, names and everything that would give the label away.",
    )


def head(table: Table) -> None:
    """The first rows of the file."""
    first = preview(table)
    st.dataframe(pd.DataFrame(first.rows, columns=list(distinct(first.names))), hide_index=True)
    left = len(table.columns) - len(first.names)
    st.text(f"{table.name}: {table.rows:,} rows, {table.said}.{f' {left} more columns.' if left > 0 else ''}")


def understood(own: OwnData) -> None:
    """What became of the file."""
    st.subheader("What was understood")
    st.text(
        "\n".join(
            (f"{len(own.y):,} examples, {len(own.features)} features, {len(own.classes)} classes.", *own.understood)
        )
    )


def lists(own: OwnData) -> None:
    """All classes and features."""
    left, right = st.columns(2)
    left.dataframe(pd.DataFrame({"class": own.classes, "examples": own.counts}), hide_index=True)
    right.dataframe(pd.DataFrame({"feature": own.features}), hide_index=True)


st.markdown(
    f"""
A table as CSV, TSV or Parquet, one example a row. One column is the label; from the others the networks of every page
learn: numbers as they are (standardised on the training part), text as *one-hot* columns, one for each category. At
most {MAX_ROWS:,} rows, {MAX_COLUMNS} columns ({MAX_FEATURES} once text is encoded) and {MAX_CLASSES} classes; no more
than {MOST_MEASURED:,} examples are in the test part.

**Who sees it?** Nobody else. The file stays in the memory of this server, is never written to disk, and is dropped when
your session ends, some time after you have closed the page, or at once below. It is no part of a link: whoever opens
yours is told to bring the same file. Pictures and numbers of a training stay in memory until newer ones need the room,
and only with the same data can they be asked for.
"""
)
mine, here = upload(), desk()
waiting = here.awaiting.get("dataset", "")
if waiting and waiting not in here.titles:
    st.info(f"A link that you opened needs the data {plain(waiting)}. Bring the file, and its settings come back.")
came = st.file_uploader("Your file", type=["csv", "tsv", "txt", "parquet"], key=f"own file {mine.generation}")
st.download_button("Example file to try", example, EXAMPLE, "text/csv", on_click="ignore")
if came is not None:
    mine.take(came.name, came.getvalue())
    st.rerun()  # with an uploader that holds nothing any more
if mine.problem:
    st.error(plain(mine.problem))
if mine.table is not None:
    head(mine.table)
    choices(mine.table)
    try:
        own = mine.prepared()
    except ValueError as refusal:
        st.error(plain(str(refusal)))
    else:
        understood(own)
        if own.name == waiting:
            st.info("These are the data of the link that you opened: training begins with its settings.")
        if st.button("Train on these data", type="primary", on_click=train_on_it):
            forget_pictures()
            st.switch_page("pages/experiment/train_live.py")
        lists(own)
if here.own is not None:
    st.text(f"In use now: {here.own.title}, {here.own.name}.")
if (here.own is not None or mine.table is not None) and st.button("Forget my data", on_click=forget):
    forget_pictures()
