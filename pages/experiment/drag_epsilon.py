"""Drag epsilon: a whole sweep of smoothings, dragged in the browser."""

import streamlit as st

from labelsmooth.dashboard.controls import choices
from labelsmooth.dashboard.desk import current
from labelsmooth.dashboard.downloads import sweep_downloads
from labelsmooth.dashboard.following import follow, ticking
from labelsmooth.dashboard.guide import NEGATIVE, SWEEP, sweep_guide
from labelsmooth.dashboard.maps import leave_map, noise_map
from labelsmooth.dashboard.pace import beat
from labelsmooth.dashboard.sweeps import SweepWall, sweep_conclusion, sweep_curves, sweep_film, sweep_note, sweep_wall
from labelsmooth.dashboard.walls import hang, hanging

settings = current()
setup = settings.sweep()
more = ticking(setup)
WALL = "sweep on the wall"


@st.fragment(run_every=beat(more))
def watch() -> None:
    """The films and the conclusion, as far as the sweep has come."""
    done, snapshots = follow(setup, more=more, bar=True)
    if snapshots:
        last = snapshots[-1]
        hang(WALL, sweep_wall(setup, settings.shown, last.epoch, last.finished, last))
    # Until the new sweep has a picture the last one stays.
    wall = hanging(WALL, SweepWall)
    if wall is None:
        return
    sweep_note(wall)
    sweep_film(wall, settings.epsilon, done=done, ticking=more and bool(snapshots))
    if not settings.lecture:
        st.caption(SWEEP)
    if wall.setup == setup:
        sweep_conclusion(wall, brief=settings.lecture)
    if settings.lecture:
        return
    sweep_curves(wall, done=done)
    if wall.setup == setup and wall.sweep.finished:
        sweep_downloads(wall, settings.epsilon)


if settings.lecture:
    leave_map()
    watch()
else:
    choices("steps", "negative")
    if settings.negative:
        st.info(NEGATIVE)
    watch()
    st.subheader("How the best epsilon moves")
    choices("map_over", "map_measure")
    if more:
        leave_map()
    else:
        noise_map(settings)
    sweep_guide(settings.convention)
