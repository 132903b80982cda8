"""How files come to the page "Your model": uploaded, pasted or as an example; and how they were understood."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from labelsmooth.dashboard.plain import plain
from labelsmooth.dashboard.uploads import largest_mb, small_enough
from labelsmooth.dashboard.your_model import Bench, Slot
from labelsmooth.predictions.example import Part, example_csv
from labelsmooth.predictions.given import SCALES
from labelsmooth.predictions.reading import Wishes, choices
from labelsmooth.predictions.tables import Table, preview, read_table
from labelsmooth.predictions.words import shown

LONGEST = 1_000_000  # letters that are pasted
FORMATS = "CSV, Parquet, NPZ, NPY"
FEW = 100  # columns that a menu offers
PARTS: tuple[Part, Part] = ("test", "validation")  # of the example


def given(slot: Slot, name: str, title: str, meaning: str) -> None:
    """One set of predictions: ways to give it, what was understood, and menus that overrule it."""
    _inbox(slot, name, title, meaning)
    said = st.container()
    if slot.held:
        unknown = slot.reading is None
        with st.expander("First rows, and menus to overrule what was understood", expanded=unknown):
            for table in slot.held:
                _first_rows(table)
            wishes = _wishes(slot, name)
        if wishes != slot.wishes:
            with st.spinner("Reading the same files as you chose"):
                slot.overrule(wishes)
    with said:
        _say(slot, name)


def _inbox(slot: Slot, name: str, title: str, meaning: str) -> None:
    """An uploader and a field for text; what arrives is read, and leaves Streamlit's own store."""
    key = f"own {name} {slot.generation}"
    # After a new connection the browser may name files that the server has no more.
    arrived = [file for file in st.session_state.get(key) or () if isinstance(file, UploadedFile)]
    if arrived:
        with st.spinner("Reading the files and checking every number"):
            slot.take(lambda: [read_table(file.name, small_enough(file.name, file.getvalue())) for file in arrived])
            _forget(arrived)
        key = f"own {name} {slot.generation}"  # of a new uploader, which is empty
    label = f"{title} ({FORMATS})"
    st.file_uploader(label, accept_multiple_files=True, key=key, help=meaning, max_upload_size=largest_mb())
    with st.popover("Paste text instead"):
        pasted = f"pasted {name} {slot.pastes}"
        st.text_area(
            "Numbers and labels with commas, semicolons, tabs or spaces between them",
            placeholder="cat,dog,label\n2.1,-0.3,cat\n-0.2,0.4,cat",
            max_chars=LONGEST,
            height=200,
            key=pasted,
        )
        st.button("Read the text", key=f"read {name}", on_click=_take_text, args=(slot, pasted))


def _take_text(slot: Slot, key: str) -> None:
    slot.paste(st.session_state.get(key, ""))


def examples(mine: Bench) -> None:
    """Files that can be tried at once, or looked at first."""
    test, validation = (f"example-{part}.csv" for part in PARTS)
    if mine.validation.name == validation and mine.model.name != test:
        # It belongs to no other model.
        mine.validation.clear()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Try the example", on_click=_take_examples, args=(mine,))
        for part in PARTS:
            make, file = partial(example_csv, part), f"example-{part}.csv"
            st.download_button(f"Example file, {part} data", make, file, "text/csv", key=file, on_click="ignore")
    st.caption(
        "The example: a logistic regression on 200 digits, some of whose labels are wrong, on digits that it has not "
        "seen, with a validation set."
    )


def _take_examples(mine: Bench) -> None:
    for slot, part in zip((mine.model, mine.validation), PARTS, strict=True):
        slot.take(partial(_example, part))


def _example(part: Part) -> list[Table]:
    return [read_table(f"example-{part}.csv", example_csv(part))]


def _forget(files: Sequence[UploadedFile]) -> None:
    """Take files out of Streamlit's store, which keeps them until the session ends."""
    context = get_script_run_ctx()
    assert context is not None, "only a running page has files"
    if isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in files:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def _say(slot: Slot, name: str) -> None:
    """What is held, what is wrong with the last files, and how the last good ones were understood."""
    if slot.problem:
        kept = f". Shown is still what was found in {slot.name}." if slot.reading is not None else ""
        st.error(plain(slot.problem + kept))
    if slot.files:
        with st.container(horizontal=True, vertical_alignment="center"):
            for table in slot.files:
                st.markdown(plain(f"{shown(table.name)}: {table.rows:,} rows{_state(slot, table)}"), width="content")
            st.button("Remove", key=f"remove {name}", on_click=slot.clear)
    if slot.reading is not None:
        st.markdown("\n".join(f"- {plain(sentence)}" for sentence in slot.reading.understood))


def _state(slot: Slot, table: Table) -> str:
    """What a file that is not used waits for, if it does."""
    if table in slot.used:
        return ""
    missing = slot.waits_for(table)
    return ", not used" if missing is None else f", waits for {missing}"


def _first_rows(table: Table) -> None:
    head = preview(table)
    # Names that were cut may be the same, which a frame does not take.
    names = [name if name not in head.names[:i] else f"{name} ({i + 1})" for i, name in enumerate(head.names)]
    frame = pd.DataFrame(list(head.rows), columns=names)
    st.caption(plain(f"{shown(table.name)}, the first of {table.rows:,} rows"))
    st.dataframe(frame, hide_index=True)


def _wishes(slot: Slot, name: str) -> Wishes:
    """What the visitor says of the files, where it is not as they were understood."""
    wishes, names = slot.wishes, choices(slot.held)
    part = f"{name} {slot.generation}"
    common: dict[str, Any] = {"width": 230}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        scale = st.selectbox(
            "Scale of the numbers",
            [None, *SCALES],
            [None, *SCALES].index(wishes.scale),
            format_func=lambda scale: scale or "as the numbers tell",
            key=f"scale {part}",
            help="Logits are what a network gives before the softmax. Probabilities are between 0 and 1 and sum to 1 "
            "in each row; log-probabilities are their natural logarithms.",
            **common,
        )
        label = st.selectbox(
            "Column of the labels",
            [None, *names],
            [None, *names].index(wishes.label_column),
            format_func=lambda column: "as the names tell" if column is None else column,
            key=f"label {part}",
            **common,
        )
        values = list(wishes.value_columns or ())
        if len(names) <= FEW:
            values = st.multiselect(
                "Columns of the classes, in their order",
                names,
                values,
                key=f"values {part}",
                placeholder="as the names tell",
                **common,
            )
    return Wishes(scale, label, tuple(values) or None)
