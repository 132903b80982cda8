"""What the page "Your data" shows of a file: its first rows, the choices, and what became of it."""

from typing import get_args

import pandas as pd
import streamlit as st

from labelsmooth.dashboard.own_data import upload
from labelsmooth.own_data.held import OwnData
from labelsmooth.own_data.preparing import Missing, distinct, shown_name
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
