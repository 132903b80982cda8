"""Drag epsilon: a whole sweep of smoothings, dragged in the browser."""

import streamlit as st

from labelsmooth.dashboard.controls import choice, choices
from labelsmooth.dashboard.desk import current
from labelsmooth.dashboard.downloads import sweep_downloads
from labelsmooth.dashboard.guide import NEGATIVE, sweep_guide
from labelsmooth.dashboard.maps import noise_map
from labelsmooth.dashboard.panels import progress, run_state
from labelsmooth.dashboard.server import registry, viewer
from labelsmooth.dashboard.sweeps import SweepWall, sweep_conclusion, sweep_curves, sweep_film, sweep_wall

settings = current()
setup = settings.sweep()
ticking = not registry().join(setup, viewer()).ended
WALL = "sweep on the wall"


def restart() -> None:
    """Train what has failed once more, and tick again."""
    registry().restart(setup, viewer())
    st.rerun()


@st.fragment(run_every=0.5 if ticking else None)
def watch() -> None:
    """The films and the conclusion, as far as the sweep has come."""
    # Joined anew at each tick: a run that ended while a hidden tab slept starts again, and no page keeps an old one.
    run = registry().join(setup, viewer())
    if not run.snapshots:
        run.wait(1, timeout=0.4)
    done, snapshots = run.ended, run.snapshots
    run_state(run, restart)
    progress(run)
    if snapshots:
        last = snapshots[-1]
        st.session_state[WALL] = sweep_wall(setup, settings.shown, last.epoch, last.finished, last)
    # Until the new sweep has a picture the last one stays.
    wall: SweepWall | None = st.session_state.get(WALL)
    if wall is None:
        return
    sweep_film(wall, settings.epsilon, ticking=ticking and bool(snapshots))
    sweep_conclusion(wall)
    sweep_curves(wall)
    if done and wall.sweep.finished:
        sweep_downloads(wall, settings.epsilon)


choice("steps")
if settings.negative:
    st.info(NEGATIVE)
watch()
st.subheader("How the best epsilon moves")
choices("map_over", "map_measure")
if not ticking:
    noise_map(settings)
sweep_guide()
