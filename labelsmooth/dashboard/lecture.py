"""The view for a lecture: larger letters, one picture, and the controls folded away."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import streamlit as st

from labelsmooth.dashboard.desk import current, desk, opened
from labelsmooth.dashboard.settings import Settings

_STYLE = Path(__file__).with_name("lecture.css")


def sidebar() -> Literal["auto", "collapsed"]:
    """How the sidebar starts, before anything is shown."""
    mode = current().mode if opened() else st.query_params.get("mode")
    return "collapsed" if mode == "lecture" else "auto"


def larger_letters() -> None:
    """In a lecture all of the page is for the last row."""
    if current().lecture:
        st.html(_STYLE)


def way_back() -> None:
    """In a lecture, a button to all that the page has."""
    if current().lecture:
        click = desk().click("everything", _everything)
        st.button("Everything", on_click=desk().clicks.append, args=(click,), help="All controls and pictures again")


def _everything(settings: Settings) -> Settings:
    return replace(settings, mode="full")
