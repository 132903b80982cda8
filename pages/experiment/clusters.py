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
from labelsmooth.dashboard.controls import choices, class_menu
from labelsmooth.dashboard.desk import current
from labelsmooth.dashboard.following import follow, ticking
from labelsmooth.dashboard.guide import CLUSTERS, clusters_guide
from labelsmooth.dashboard.pace import beat
from labelsmooth.dashboard.walls import hang, hanging

settings = current()
setup = settings.setup()
more = ticking(setup)
WALL = "clusters on the wall"


@st.fragment(run_every=beat(more))
def watch() -> None:
    """The films and what they say, as far as the run has come."""
    done, snapshots = follow(setup, more=more)
    if snapshots:
        hang(WALL, cluster_wall(setup, settings.shown, settings.bias, settings.scale, len(snapshots), snapshots))
    # Until a new run has a picture the last one stays.
    wall = hanging(WALL, ClusterWall)
    if wall is None:
        return
    cluster_film(wall, settings.epoch, done=done, ticking=more and bool(snapshots))
    if not settings.lecture:
        st.caption(CLUSTERS)
    if wall.setup == setup:
        clusters_conclusion(wall, brief=settings.lecture)
    if settings.lecture:
        return
    if settings.depth:
        solid_clusters(wall, done=done)
    collapse_film(wall, done=done)


if settings.lecture:
    watch()
else:
    with choices("scale", "bias", "depth"):
        class_menu()
    watch()
    clusters_guide()
