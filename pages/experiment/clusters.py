"""Clusters: the penultimate layer of both models, training part beside test part."""

import streamlit as st

from labelsmooth.dashboard.clusters import (
    ClusterWall,
    cluster_film,
    cluster_wall,
    clusters_conclusion,
    collapse_film,
    solid_clusters,
)
from labelsmooth.dashboard.controls import choices, class_pickers
from labelsmooth.dashboard.desk import current
from labelsmooth.dashboard.guide import clusters_guide
from labelsmooth.dashboard.panels import run_state
from labelsmooth.dashboard.server import registry, viewer

settings = current()
setup = settings.setup()
ticking = not registry().join(setup, viewer()).ended
WALL = "clusters on the wall"


def restart() -> None:
    """Train what has failed once more, and tick again."""
    registry().restart(setup, viewer())
    st.rerun()


@st.fragment(run_every=0.5 if ticking else None)
def watch() -> None:
    """The films and what they say, as far as the run has come."""
    # Joined anew at each tick: a run that ended while a hidden tab slept starts again, and no page keeps an old one.
    run = registry().join(setup, viewer())
    if not run.snapshots:
        run.wait(1, timeout=0.2)
    snapshots = run.snapshots
    run_state(run, restart)
    if snapshots:
        st.session_state[WALL] = cluster_wall(
            setup, settings.shown, settings.bias, settings.scale, len(snapshots), snapshots
        )
    # Until a new run has a picture the last one stays.
    wall: ClusterWall | None = st.session_state.get(WALL)
    if wall is None:
        return
    cluster_film(wall, ticking=ticking and bool(snapshots))
    clusters_conclusion(wall)
    if settings.depth:
        solid_clusters(wall)
    collapse_film(wall)


class_pickers()
choices("scale", "bias", "depth")
watch()
clusters_guide()
