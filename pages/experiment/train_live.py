"""Train live: hard labels and smoothed side by side, as a film."""

import streamlit as st

from labelsmooth.dashboard.desk import current
from labelsmooth.dashboard.films import boundary_film, curves_film, live_film
from labelsmooth.dashboard.following import follow, ticking
from labelsmooth.dashboard.guide import LIVE, how_to_read
from labelsmooth.dashboard.pace import beat
from labelsmooth.dashboard.panels import ARROW, conclusion, elsewhere, labels_note, metric_strip
from labelsmooth.dashboard.server import gallery

settings = current()
setup = settings.setup()
more = ticking(setup)


@st.fragment(run_every=beat(more))
def watch() -> None:
    """The strip, the films and the conclusion, as far as the run has come."""
    pictures = gallery(setup, settings.shown)
    done, snapshots = follow(setup, more=more, ahead=pictures.develop)
    if snapshots:
        wall = pictures.wall(snapshots, settings.scale)
        st.session_state["on the wall"] = setup, settings.shown
    else:
        # Until the new run has a picture the last one stays.
        earlier = gallery(*st.session_state.get("on the wall", (setup, settings.shown))).latest()
        if earlier is None:
            return
        wall = earlier
    above, below = st.container(), st.container()
    with below if settings.lecture else above:
        labels_note(wall, settings.epoch)
        metric_strip(wall, settings.epoch)
    with above if settings.lecture else below:
        live_film(wall, settings.epoch, done=done, ticking=more and bool(snapshots))
        if not settings.lecture:
            st.caption(LIVE)
    if wall.setup == setup:
        conclusion(wall, brief=settings.lecture)
    if settings.lecture:
        return
    elsewhere()
    if wall.boundary is not None:
        boundary_film(wall, wall.boundary, done=done)
    curves_film(wall, done=done)


if not settings.lecture:
    st.caption(
        "Label smoothing changes what a network is trained towards: no longer 1 on the label and 0 on every other "
        "class, since a share ε is taken off and spread over the classes."
    )
    st.page_link("understand/theory.py", label="Why and what, step by step", icon=ARROW)
watch()
if not settings.lecture:
    how_to_read(setup, settings.shown)
