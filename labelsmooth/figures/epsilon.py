"""The film over epsilon: clusters on two scales, confidence histogram and reliability of one epsilon a frame.

Legend: E epsilons, n examples drawn of a class.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelsmooth.figures.live import (
    DIAGONAL,
    NARROW,
    SIDES,
    WIDE,
    cluster_moments,
    cluster_styles,
    curve_moments,
    curve_styles,
    histogram_styles,
    set_cluster_axes,
    set_confidence_axes,
)
from labelsmooth.figures.style import HARD, SMOOTHED, Frame, Moving, Spec, film_layout, joined, rounded
from labelsmooth.pictures import ModelPicture
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import NEVER, Snapshot

DRAWN = 30  # examples a class and panel: a third of what a frame costs is its points
OWN, COMMON = 1, 2  # panels of the clusters
MODELS = (("hard labels", HARD), ("this epsilon", SMOOTHED))
FAINT = 0.45
STILL = 4  # traces of the hard-label model, and the diagonal, that no frame touches


@dataclass(frozen=True)
class EpsilonView:
    """Names of the projected classes, and the epsilons (E,), ascending, 0 among them."""

    names: tuple[str, ...]
    epsilons: tuple[float, ...]

    def __post_init__(self) -> None:
        if list(self.epsilons) != sorted(set(self.epsilons)) or 0 not in self.epsilons:
            raise ValueError(f"epsilons must be ascending and hold 0; got {self.epsilons}")


def epsilon_frames(pictures: Sequence[ModelPicture], epsilons: Sequence[float], captions: Sequence[str]) -> list[Frame]:
    """One frame an epsilon: all that moves, for the traces of `epsilon_figure`."""
    return [
        {"name": f"{epsilon:g}", "data": _moments(model), "traces": _moving(len(model.clusters)), "caption": caption}
        for model, epsilon, caption in zip(pictures, epsilons, captions, strict=True)
    ]


def epsilon_figure(pictures: Sequence[ModelPicture], view: EpsilonView) -> Moving:
    """The figure at its first epsilon, over the hard-label model, with axes that hold all epsilons.

    The common scale holds those from 0 on: a negative one has no smallest loss, so its activations grow without end,
    and beside them all others would be one dot.
    """
    common = "Clusters, common scale" + (" of ε ≥ 0" if view.epsilons[0] < 0 else "")
    titles = ("Clusters, own scale", common, "Confidence", "Reliability")
    layout, narrow = film_layout(titles, WIDE, NARROW, notes=SIDES)
    (hard_bar, bar, hard_mean, mean), curves = histogram_styles(MODELS), curve_styles(MODELS)
    styles = [*cluster_styles(view.names, OWN), *cluster_styles(view.names, COMMON), hard_bar, bar, mean, *curves[3:]]
    data = [joined(style, moment) for style, moment in zip(styles, _moments(pictures[0]), strict=True)]
    hard = pictures[view.epsilons.index(0)]
    bars = _bars(len(view.names))
    data[bars]["y"] = rounded(hard.share)
    _, *hard_curve = (joined(style, moment) for style, moment in zip(curves[:3], curve_moments(hard), strict=True))
    # Before the rest, which then lies over it.
    data[bars + 1 : bars + 1] = [
        joined(hard_mean, {"x": [hard.curve.confidence] * 2}),
        *({**trace, "opacity": FAINT} for trace in hard_curve),
        DIAGONAL,
    ]
    bounded = [model for model, epsilon in zip(pictures, view.epsilons, strict=True) if epsilon >= 0]
    for panel, models, of_model in ((OWN, pictures, _own_scale), (COMMON, bounded, _common_scale)):
        points = [np.concatenate([*clusters, templates]) for clusters, templates in map(of_model, models)]
        set_cluster_axes(layout, panel, points, len(view.names))
    set_confidence_axes(layout, pictures)
    return Moving({"data": data, "layout": layout}, narrow)


def epsilon_captions(snapshot: Snapshot, setup: TrainingSetup) -> list[str]:
    """The numbers of the shown seed at every epsilon, in words."""
    measures = (snapshot.accuracy, snapshot.nll, snapshot.ece, snapshot.confidence)
    numbers = np.stack([values[0] for values in measures], 1)  # (E, 4)
    return [
        f"Seed {setup.seeds[0]}: accuracy {100 * accuracy:.1f} %; NLL {nll:.3f}; ECE {ece:.3f}; "
        f"mean confidence {confidence:.3f}" + ("" if epoch == NEVER else f"; diverged at epoch {epoch}")
        for (accuracy, nll, ece, confidence), epoch in zip(numbers, snapshot.diverged[0], strict=True)
    ]


def _bars(classes: int) -> int:
    """The number of the first trace after those of the clusters: the bars of hard labels."""
    return 2 * (classes + 1)


def _moving(classes: int) -> list[int]:
    """Numbers of the traces in a frame: all but the STILL ones after the first bars."""
    bars = _bars(classes)
    return [*range(bars + 1), *range(bars + 1 + STILL, bars + STILL + 6)]


def _moments(model: ModelPicture) -> list[Spec]:
    """What each of the traces in a frame shows of this model."""
    return [
        *cluster_moments(*_own_scale(model)),
        *cluster_moments(*_common_scale(model)),
        {},  # plotly.js removes the bars that are not in a frame, so the still ones have to be in each
        {"y": rounded(model.share)},
        {"x": [model.curve.confidence] * 2},
        *curve_moments(model),
    ]


def _own_scale(model: ModelPicture) -> tuple[list[np.ndarray], np.ndarray]:
    """Points (n, 2) of each class and templates, at root-mean-square radius 1."""
    clusters, templates = _common_scale(model)
    return [points / model.radius for points in clusters], templates / model.radius


def _common_scale(model: ModelPicture) -> tuple[list[np.ndarray], np.ndarray]:
    """Points (n, 2) of each class and templates, in activations."""
    return [points[:DRAWN] for points in model.clusters], model.templates
