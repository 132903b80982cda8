"""Calibration: whether both models are as often right as they are sure, and what a temperature makes of it."""

import streamlit as st

from labelsmooth.dashboard.calibration import (
    Reliability,
    estimates_table,
    losses_film,
    reliability,
    reliability_film,
    risk_panel,
    what_to_do,
)
from labelsmooth.dashboard.controls import choices
from labelsmooth.dashboard.desk import current
from labelsmooth.dashboard.following import follow, ticking
from labelsmooth.dashboard.guide import RELIABILITY, calibration_guide
from labelsmooth.dashboard.pace import beat
from labelsmooth.dashboard.server import registry
from labelsmooth.dashboard.walls import hang, hanging

settings = current()
setup = settings.setup()
full = not settings.lecture
more = ticking(setup)
WALL = "reliability on the wall"


@st.fragment(run_every=beat(more))
def watch() -> None:
    """Reliability over temperature, once the run is finished; until then, what was there before."""
    _, snapshots = follow(setup, more=more, bar=True)
    finished = bool(snapshots) and snapshots[-1].finished
    if finished:
        hang(WALL, reliability(setup, settings.judged, settings.bins, settings.binning, snapshots[-1]))
    wall = hanging(WALL, Reliability)
    if wall is not None:
        reliability_film(wall, settings.temperature, ticking=more and finished)
        if full:
            st.caption(RELIABILITY)
            losses_film(wall, settings.seed)


if full:
    choices("bins", "binning", "event")
watch()
run = registry().finished(setup)
if run is not None:
    last = run.snapshots[-1]
    what_to_do(setup, last, brief=not full)
    if full:
        st.subheader("One question, many estimators")
        estimates_table(settings, last)
        st.subheader("What if the network answers only where it is sure?")
        choices("score", "coverage")
        risk_panel(settings, last)
if full:
    calibration_guide()
