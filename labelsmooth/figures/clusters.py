"""The film of the clusters: both models, training part beside test part, with what a viewer may ask of an example.

Where a page shows it, a card beside the pointer tells an example's label and prediction, and shows its picture. What
the card needs is in the figure: `layout.meta.classes` are names, `layout.meta.images` pictures; of a trace,
`meta.part` says which pictures, `meta.label` the first line, and `meta.predicted` has a character a point, the
predicted class as one of DIGITS. A point's `customdata` are its place among the pictures and one more line, if any.
"""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelsmooth.clusters import Cluster, ClusterPicture, ModelClusters
from labelsmooth.figures.live import cluster_moments, cluster_styles, set_cluster_axes
from labelsmooth.figures.style import NEUTRAL, Arrangement, Frame, Moving, Spec, axes, film_layout, joined

WIDE = Arrangement(rows=2, columns=2, height=780)
NARROW = Arrangement(rows=4, columns=1, height=1480, top=95, gap_y=90)
PARTS = ("train", "test")
DIGITS = string.digits + string.ascii_letters


@dataclass(frozen=True)
class ClustersView:
    """What stands beside the numbers: names of all classes, the ones shown, epsilon, scale, pictures of examples."""

    names: tuple[str, ...]
    shown: tuple[int, ...]
    epsilon: float
    scale: str = "own"  # or "common"
    images: Mapping[str, Any] | None = None  # from `image_codes`

    @property
    def shown_names(self) -> tuple[str, ...]:
        """The names of the classes shown."""
        return tuple(self.names[label] for label in self.shown)

    @property
    def models(self) -> tuple[str, str]:
        """What the models are called in titles."""
        return "Hard labels", f"Smoothed, ε = {self.epsilon:g}"


def clusters_frame(picture: ClusterPicture, caption: str = "") -> Frame:
    """One moment: all that moves, for the traces of `clusters_figure`."""
    data: list[Spec] = []
    for model, part in _panels(picture):
        groups = _groups(getattr(model, part), _has_wrong(picture, part))
        *points, templates = cluster_moments([c.points[which, :2] for c, which in groups], model.templates)
        for (cluster, which), trace in zip(groups, points, strict=True):
            predicted = "".join(DIGITS[label] for label in cluster.predicted[which])
            data.append({**trace, "meta": {"predicted": predicted}})
        data.append(templates)
    return {"name": str(picture.epoch), "data": data, "traces": list(range(len(data))), "caption": caption}


def clusters_figure(pictures: Sequence[ClusterPicture], view: ClustersView) -> Moving:
    """The figure at its first moment, with axes that hold all the pictures given."""
    titles = [f"{model}, {part}" for model in view.models for part in ("training part", "test part")]
    layout, narrow = film_layout(titles, WIDE, NARROW)
    layout["meta"] = {"classes": list(view.names)} | ({} if view.images is None else {"images": dict(view.images)})
    first = pictures[0]
    styles: list[Spec] = []
    for panel, (model, part) in enumerate(_panels(first), start=1):
        *right, templates = cluster_styles(view.shown_names, panel)
        marks = [*right, *(_hollow(style) for style in right)] if _has_wrong(first, part) else right
        groups = _groups(getattr(model, part), _has_wrong(first, part))
        counts = np.cumsum([0, *(len(c.rows) for c in getattr(model, part))])
        for index, (style, (cluster, which)) in enumerate(zip(marks, groups, strict=True)):
            places = np.flatnonzero(which) + counts[index % len(right)]
            styles.append(style | _hover(cluster, which, places, view, part))
        styles.append(templates)
    moments = clusters_frame(first)["data"]
    data = [_complete(style, moment) for style, moment in zip(styles, moments, strict=True)]
    if _has_wrong(first, "train"):
        data.append(_WRONG_KEY)
    _set_axes(layout, pictures, view)
    return Moving({"data": data, "layout": layout}, narrow)


# A hollow point has its class's colour, so the legend explains the shape alone.
_WRONG_KEY: Spec = {
    **{"type": "scatter", "mode": "markers", "name": "label given is wrong", "x": [None], "y": [None]},
    **{"marker": {"symbol": "circle-open", "color": NEUTRAL, "size": 7}, "hoverinfo": "skip"},
    **axes(1),
}


def _panels(picture: ClusterPicture) -> list[tuple[ModelClusters, str]]:
    """Model and part of each panel, row by row."""
    return [(model, part) for model in (picture.hard, picture.smoothed) for part in PARTS]


def _has_wrong(picture: ClusterPicture, part: str) -> bool:
    """Whether a part has wrong labels: the same at every epoch, and for both models."""
    return any(cluster.wrong.any() for cluster in getattr(picture.hard, part))


def _groups(clusters: Sequence[Cluster], split: bool) -> list[tuple[Cluster, np.ndarray]]:
    """Each cluster with where (n,) it is drawn: once, or first its right labels and, after all others, its wrong."""
    if not split:
        return [(cluster, np.ones(len(cluster.rows), bool)) for cluster in clusters]
    return [*((cluster, ~cluster.wrong) for cluster in clusters), *((cluster, cluster.wrong) for cluster in clusters)]


def _hollow(style: Spec) -> Spec:
    """The style of a class's points for those whose label is wrong."""
    marker = {**style["marker"], "symbol": "circle-open", "line": {"width": 1.3}}
    return {**style, "marker": marker, "showlegend": False}


def _hover(cluster: Cluster, which: np.ndarray, places: np.ndarray, view: ClustersView, part: str) -> Spec:
    """What an example says of itself at any epoch."""
    wrong = bool(cluster.wrong[which].any())
    label = f"label given: {view.names[cluster.label]}" if wrong else f"label: {view.names[cluster.label]}"
    rows = [
        [int(place), f"right label: {view.names[clean]}"] if wrong else [int(place)]
        for place, clean in zip(places, cluster.clean[which], strict=True)
    ]
    template = f"{label}<br>%{{customdata[1]}}<extra></extra>" if wrong else f"{label}<extra></extra>"
    return {"customdata": rows, "hovertemplate": template, "meta": {"part": part, "label": label}}


def _complete(style: Spec, moment: Spec) -> Spec:
    """A trace from its style and a moment, whose `meta` both say something of."""
    whole = joined(style, moment)
    return {**whole, "meta": {**style["meta"], **moment["meta"]}} if "meta" in style else whole


def _set_axes(layout: Spec, pictures: Sequence[ClusterPicture], view: ClustersView) -> None:
    """One range for both parts of a model, or for all four panels."""
    models = [[picture.hard for picture in pictures], [picture.smoothed for picture in pictures]]
    for row, of_model in enumerate(models):
        shown = [model for every in models for model in every] if view.scale == "common" else of_model
        points = [
            np.concatenate([*(cluster.points[:, :2] for cluster in (*model.train, *model.test)), model.templates])
            for model in shown
        ]
        for panel in (2 * row + 1, 2 * row + 2):
            set_cluster_axes(layout, panel, points, len(view.shown))
