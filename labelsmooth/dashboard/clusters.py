"""The films of the page "Clusters": made once for all viewers of a run, sent as far as it has come."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from labelsmooth.clusters import (
    ClusterPicture,
    bias_sentence,
    bias_share,
    cluster_picture,
    image_codes,
)
from labelsmooth.dashboard.album import Album
from labelsmooth.dashboard.film import Reel, film, name_of
from labelsmooth.dashboard.films import pinned
from labelsmooth.dashboard.panels import SAME, say_diverged
from labelsmooth.datasets import class_names, dataset_of
from labelsmooth.figures.clusters import ClustersView, clusters_figure, clusters_frame
from labelsmooth.figures.clusters3d import clusters3d_figure
from labelsmooth.figures.collapse import collapse_figure, collapse_frame
from labelsmooth.figures.style import Frame, Moving
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot, snapshot_epochs
from labelsmooth.tightness import cluster_sentences


@dataclass(frozen=True, eq=False)
class Page:
    """One epoch: what is drawn, and the film's frames."""

    picture: ClusterPicture
    clusters: Frame
    collapse: Frame


@dataclass(frozen=True, eq=False)
class ClusterWall:
    """All that the page shows of a run at one moment."""

    setup: TrainingSetup
    shown: tuple[int, ...]
    name: str  # of what is shown, for the browser
    view: ClustersView
    pages: list[Page]
    clusters: Moving
    collapse: Moving
    diverged: np.ndarray  # (S, E), as in `Snapshot`
    sentences: tuple[str, ...]  # what was measured, once the run is finished


@st.cache_resource(show_spinner=False, max_entries=16)
def _album(setup: TrainingSetup, shown: tuple[int, ...], bias: bool) -> Album[Page]:
    def make(snapshot: Snapshot, previous: Page | None) -> Page:
        picture = cluster_picture(snapshot, shown, bias, None if previous is None else previous.picture)
        frame = clusters_frame(picture, _caption(snapshot, setup.seeds[0]))
        return Page(picture, frame, collapse_frame(snapshot.epoch))

    return Album(make)


@st.cache_resource(show_spinner=False, max_entries=16)
def cluster_wall(
    setup: TrainingSetup, shown: tuple[int, ...], bias: bool, scale: str, count: int, _snapshots: tuple[Snapshot, ...]
) -> ClusterWall:
    """The pictures of the first `count` snapshots."""
    pages, last = _album(setup, shown, bias).pages(_snapshots), _snapshots[-1]
    data = dataset_of(setup.dataset)
    images = None if data.image_side is None else image_codes(_snapshots[0], shown, data.image_side)
    view = ClustersView(class_names(setup.dataset, setup.classes), shown, setup.epsilons[-1], scale, images)
    return ClusterWall(
        setup=setup,
        shown=shown,
        name=name_of(setup, shown, bias),
        view=view,
        pages=pages,
        clusters=clusters_figure([page.picture for page in pages], view),
        collapse=collapse_figure(_snapshots, setup.epochs),
        diverged=last.diverged,
        sentences=_sentences(last, setup, shown) if last.finished else (),
    )


def _sentences(snapshot: Snapshot, setup: TrainingSetup, shown: tuple[int, ...]) -> tuple[str, ...]:
    """What smoothing did to the clusters, if anything was smoothed, and what the bias does to the picture."""
    smoothed = cluster_sentences(snapshot, setup) if len(setup.epsilons) > 1 else ()
    return (*smoothed, bias_sentence(*bias_share(snapshot, shown)))


def cluster_film(wall: ClusterWall, epoch: int, *, done: bool, ticking: bool) -> None:
    """Both models in the training and the test part, as an epoch film: playing, or at one epoch."""
    reel = _reel(wall, wall.clusters, [page.clusters for page in wall.pages], done)
    alt = "Penultimate clusters of training and test part, on hard labels and smoothed, at one epoch of the training."
    film(reel, key="clusters", alt=alt, start=pinned(epoch), ticking=ticking, on_released=st.rerun)


def collapse_film(wall: ClusterWall, *, done: bool) -> None:
    """How tight the clusters are, against the epoch."""
    reel = _reel(wall, wall.collapse, [page.collapse for page in wall.pages], done)
    alt = "Class separation, NC1, and distances within and between classes of both models against the epoch."
    film(reel, key="collapse", alt=alt, follow="clusters")
    st.caption(
        "R² is 1 where every class is a single direction; NC1 goes to 0 as clusters become points. Solid: test part; "
        "dotted: training part, by the labels given; shaded: from the lowest to the highest seed."
    )


def solid_clusters(wall: ClusterWall, *, done: bool) -> None:
    """The newest epoch in three dimensions, or why there are none."""
    last = wall.pages[-1].picture
    if not last.solid:
        st.info("A third dimension needs three classes and three units in the last hidden layer.")
        return
    moving = clusters3d_figure(last, wall.view)
    reel = Reel(wall.name, moving.figure, moving.narrow, [], 0, done=done)
    film(reel, key="solid", alt=f"The test part of both models in three dimensions, after epoch {last.epoch}.")


def clusters_conclusion(wall: ClusterWall, *, brief: bool) -> None:
    """What was measured, once the run is finished, and what the bias changes in the picture; or only the first."""
    if not wall.sentences:
        return
    say_diverged(wall.setup, wall.diverged)
    if len(wall.setup.epsilons) == 1:
        st.info(SAME)
    with st.container(border=True):
        *tightness, about_the_bias = wall.sentences
        for paragraph in tightness[: 1 if brief else None]:
            verdict, stop, numbers = paragraph.partition(". ")
            st.markdown(f"**{verdict}.** {numbers}" if stop else paragraph)
        if not brief:
            st.markdown(about_the_bias)


def _reel(wall: ClusterWall, moving: Moving, frames: list[Frame], done: bool) -> Reel:
    return Reel(
        run=wall.name,
        figure=moving.figure,
        narrow=moving.narrow,
        frames=frames,
        total=len(frames) if done else len(snapshot_epochs(wall.setup.epochs)),
        final=frames[-1]["name"] if done else str(wall.setup.epochs),
        done=done,
    )


def _caption(snapshot: Snapshot, seed: int) -> str:
    """The numbers of the shown seed at this epoch."""

    def pair(measure: str) -> str:
        hard, smoothed = getattr(snapshot, measure)[0, [0, -1]]
        return f"{hard:.3g} hard, {smoothed:.3g} smoothed"

    return f"Seed {seed}, test part: class separation R² {pair('separation')}; NC1 {pair('nc1')}"
