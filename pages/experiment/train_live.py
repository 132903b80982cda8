"""Train live: hard labels and smoothed side by side, as a film."""

import streamlit as st

from labelsmooth.dashboard.desk import current
from labelsmooth.dashboard.films import boundary_film, curves_film, live_film
from labelsmooth.dashboard.guide import how_to_read
from labelsmooth.dashboard.panels import conclusion, labels_note, metric_strip, run_state
from labelsmooth.dashboard.server import gallery, registry, viewer

settings = current()
setup = settings.setup()
ticking = not registry().join(setup, viewer()).ended


def restart() -> None:
    """Train what has failed once more, and tick again."""
    registry().restart(setup, viewer())
    st.rerun()


@st.fragment(run_every=0.5 if ticking else None)
def watch() -> None:
    """The strip, the films and the conclusion, as far as the run has come."""
    # Joined anew at each tick: a run that ended while a hidden tab slept starts again, and no page keeps an old one.
    run = registry().join(setup, viewer())
    if not run.snapshots:
        # The first frame is worth a short wait: the next tick would show it half a second later.
        run.wait(1, timeout=0.2)
    done, snapshots = run.ended, run.snapshots
    run_state(run, restart)
    if snapshots:
        wall = gallery(setup, settings.shown).wall(snapshots, settings.scale)
        st.session_state["on the wall"] = setup, settings.shown
    else:
        # Until the new run has a picture the last one stays.
        earlier = gallery(*st.session_state.get("on the wall", (setup, settings.shown))).latest()
        if earlier is None:
            return
        wall = earlier
    labels_note(wall)
    metric_strip(wall)
    live_film(wall, done=done, ticking=ticking and bool(snapshots))
    conclusion(wall)
    if wall.boundary is not None:
        boundary_film(wall, wall.boundary, done=done)
    curves_film(wall, done=done)


watch()
how_to_read(setup, settings.shown)
