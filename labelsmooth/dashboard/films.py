"""The three films of a training: how each is described, and how it follows its run."""

from typing import Any

import streamlit as st

from labelsmooth.dashboard.film import Reel, film, name_of
from labelsmooth.dashboard.gallery import Shot, Wall
from labelsmooth.dashboard.specs import PLAYING
from labelsmooth.snapshots import snapshot_epochs


def pinned(epoch: int) -> str | None:
    """The frame that a film of a training stands at; None where it plays."""
    return None if epoch == PLAYING else str(epoch)


def live_film(wall: Wall, epoch: int, *, done: bool, ticking: bool) -> None:
    """Clusters, confidence and reliability of both models: playing, or at one epoch."""
    which = "three classes" if len(wall.shown) > 2 else "two classes"
    _show(
        wall,
        wall.live,
        key="live",
        done=done,
        ticking=ticking,
        alt=f"Penultimate clusters of {which} on hard labels and smoothed, both confidence histograms, and both "
        "reliability curves, at one epoch of the training.",
        start=pinned(epoch),
        on_released=st.rerun,
    )


def boundary_film(wall: Wall, shot: Shot, *, done: bool) -> None:
    """Decision boundaries over 2-D data."""
    st.caption("Solid lines are the decision boundaries, dotted ones where the confidence reaches 0.9.")
    alt = "Decision boundaries of both models over the test examples; dotted lines where confidence reaches 0.9."
    _show(wall, shot, key="boundary", follow="live", done=done, alt=alt)


def curves_film(wall: Wall, *, done: bool) -> None:
    """Learning curves with the film's epoch."""
    noise = (
        " In the last panel they are the gaps that label noise asks for; a network that memorises leaves them."
        if wall.setup.label_noise
        else ""
    )
    st.caption(
        "Learning curves: solid on the test part, dotted on the training part with the labels given (accuracy, and the "
        "loss that is trained, smoothing included); shaded from the lowest to the highest seed. The grey line is the "
        "epoch of the film. Dashed: the smallest training loss, and the gaps that are optimal on memorised labels."
        f"{noise}"
    )
    alt = "Accuracy, loss, ECE, mean confidence and logit gaps of both models against the epoch."
    _show(wall, wall.curves, key="curves", follow="live", done=done, alt=alt)


def _show(wall: Wall, shot: Shot, *, done: bool, **how: Any) -> None:
    """One film of a run: the projected classes make it another one, the scale of the clusters does not."""
    reel = Reel(
        run=name_of(wall.setup, wall.shown),
        figure=shot.moving.figure,
        narrow=shot.moving.narrow,
        frames=shot.frames,
        total=len(shot.frames) if done else len(snapshot_epochs(wall.setup.epochs)),
        final=shot.frames[-1]["name"] if done else str(wall.setup.epochs),
        done=done,
    )
    film(reel, **how)
