"""The live film: clusters of both models, their confidence histograms, their reliability curves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelsmooth.figures.style import (
    CLASS_COLOURS,
    MODELS,
    NEUTRAL,
    SILENT,
    Arrangement,
    Frame,
    Moving,
    Spec,
    axes,
    film_layout,
    joined,
    layout_axis,
    rounded,
    rounded_range,
    titled,
)
from labelsmooth.pictures import BINS, ModelPicture, Picture

FEW = 10  # examples in a bin below which its point is faint and no curve is drawn through it
WIDE = Arrangement(rows=2, columns=2, height=600)
NARROW = Arrangement(rows=4, columns=1, height=1390, top=125, gap_y=90)  # three rows of legend on a phone
HISTOGRAM, RELIABILITY = 3, 4  # numbers of the axes; 1 and 2 are the clusters
CENTRES = (np.arange(BINS) + 0.5) / BINS
DIAGONAL: Spec = {
    "type": "scatter",
    "mode": "lines",
    "x": [0, 1],
    "y": [0, 1],
    "line": {"color": NEUTRAL, "dash": "dash", "width": 1},
    **SILENT,
    **axes(RELIABILITY),
}
SIDES = [
    {"text": text, "x": x, "y": y, "showarrow": False, "opacity": 0.7, "xref": "x4", "yref": "y4", "font": {"size": 11}}
    for text, x, y in (("under-confident", 0.2, 0.93), ("over-confident", 0.82, 0.06))
]


@dataclass(frozen=True)
class LiveView:
    """What stands beside the numbers: names of the projected classes, epsilon, and the scale of the clusters."""

    names: tuple[str, ...]
    epsilon: float
    scale: str = "own"  # or "common"


def live_frame(picture: Picture, caption: str = "") -> Frame:
    """One moment: all that moves, for the traces of `live_figure`."""
    data = [
        *cluster_moments(picture.hard.clusters, picture.hard.templates),
        *cluster_moments(picture.smoothed.clusters, picture.smoothed.templates),
        {"y": rounded(picture.hard.share)},
        {"y": rounded(picture.smoothed.share)},
        *({"x": [model.curve.confidence] * 2} for model in (picture.hard, picture.smoothed)),
        *curve_moments(picture.hard),
        *curve_moments(picture.smoothed),
    ]
    return {
        "name": str(picture.epoch),
        "data": data,
        "traces": list(range(len(data))),
        "caption": caption,
    }


def live_figure(pictures: Sequence[Picture], view: LiveView) -> Moving:
    """The figure at its first moment, with axes that hold all the pictures given."""
    smoothed = f"Clusters, smoothed, ε = {view.epsilon:g}"
    titles = ("Clusters, hard labels", smoothed, "Confidence", "Reliability")
    layout, narrow = film_layout(titles, WIDE, NARROW, notes=SIDES)
    styles = [*cluster_styles(view.names, 1), *cluster_styles(view.names, 2), *histogram_styles(), *curve_styles()]
    moments = live_frame(pictures[0])["data"]
    data = [joined(style, moment) for style, moment in zip(styles, moments, strict=True)]
    data.append(DIAGONAL)
    _set_axes(layout, pictures, view)
    return Moving({"data": data, "layout": layout}, narrow)


def cluster_moments(clusters: Sequence[np.ndarray], templates: np.ndarray) -> list[Spec]:
    """Points (n, 2) of each class, then the templates as a closed triangle (a segment for two classes)."""
    corners = np.concatenate([templates, templates[:1]])
    return [
        *({"x": rounded(points[:, 0], 3), "y": rounded(points[:, 1], 3)} for points in clusters),
        {"x": rounded(corners[:, 0]), "y": rounded(corners[:, 1])},
    ]


def curve_moments(model: ModelPicture) -> list[Spec]:
    """Intervals as separate segments, the curve through well-filled bins, and a point for every bin."""
    curve = model.curve
    enough = curve.bin_count >= FEW
    x, y = rounded(curve.bin_confidence), rounded(curve.bin_accuracy)
    ends = np.stack([curve.bin_low, curve.bin_high, np.full(BINS, np.nan)], 1)[enough]
    counts = curve.bin_count
    return [
        {"x": [v for v, ok in zip(x, enough, strict=True) if ok for v in (v, v, None)], "y": rounded(ends)},
        {"x": x, "y": [v if ok else None for v, ok in zip(y, enough, strict=True)]},
        {
            "x": x,
            "y": y,
            "customdata": counts.tolist(),
            "marker": {
                "size": rounded(4 + 26 * np.sqrt(counts / curve.n), 3),
                "opacity": np.where(enough, 0.85, 0.25).tolist(),
            },
        },
    ]


def cluster_styles(names: Sequence[str], panel: int) -> list[Spec]:
    """Points of each class and the outline of the templates."""
    points = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "legendgroup": name,
            "showlegend": panel == 1,
            "marker": {"color": colour, "size": 6, "opacity": 0.7},
            "hovertemplate": f"{name}<extra></extra>",
            **axes(panel),
        }
        for name, colour in zip(names, CLASS_COLOURS, strict=False)
    ]
    corners = [*CLASS_COLOURS[: len(names)], CLASS_COLOURS[0]]
    templates = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "templates",
        "legendgroup": "templates",
        "showlegend": panel == 1,
        "line": {"color": NEUTRAL, "width": 1, "dash": "dot"},
        "marker": {
            "color": corners,
            "symbol": "diamond",
            "size": 11,
            "line": {"color": NEUTRAL, "width": 1.5},
        },
        "hovertemplate": "template<extra></extra>",
        **axes(panel),
    }
    return [*points, templates]


def histogram_styles(models: Sequence[tuple[str, str]] = MODELS) -> list[Spec]:
    """A bar of each model over the other, then dotted lines at the mean confidences."""
    bars = [
        {
            "type": "bar",
            "name": name,
            "legendgroup": name,
            "x": CENTRES.round(4).tolist(),
            "width": 1 / BINS,
            "marker": {"color": colour, "opacity": 0.55},
            "hovertemplate": f"{name}: %{{y:.1%}} of the test examples<extra></extra>",
            **axes(HISTOGRAM),
        }
        for name, colour in models
    ]
    means = [
        {
            "type": "scatter",
            "mode": "lines",
            "y": [0, 1],
            "line": {"color": colour, "dash": "dot", "width": 2},
            "hovertemplate": f"mean confidence, {name}: %{{x:.3f}}<extra></extra>",
            "showlegend": False,
            **axes(HISTOGRAM),
        }
        for name, colour in models
    ]
    return [*bars, *means]


def curve_styles(models: Sequence[tuple[str, str]] = MODELS) -> list[Spec]:
    """Intervals, curve and points of each model."""
    styles: list[Spec] = []
    for name, colour in models:
        line = {"color": colour, "width": 2}
        hover = f"{name}: accuracy %{{y:.3f}} at confidence %{{x:.3f}}, %{{customdata}} examples<extra></extra>"
        point = {"color": colour, "line": {"width": 0}}
        styles += [
            {"mode": "lines", "line": {"color": colour, "width": 1}, "opacity": 0.6, **SILENT},
            {"mode": "lines", "line": line, **SILENT},
            {
                "mode": "markers",
                "marker": point,
                "hovertemplate": hover,
                "cliponaxis": False,
                "showlegend": False,
            },
        ]
    return [{"type": "scatter", **style, **axes(RELIABILITY)} for style in styles]


def _set_axes(layout: Spec, pictures: Sequence[Picture], view: LiveView) -> None:
    """Ranges that hold every picture."""
    models = [[picture.hard for picture in pictures], [picture.smoothed for picture in pictures]]
    both = [*models[0], *models[1]]
    for panel, of_model in enumerate(models, start=1):
        shown = both if view.scale == "common" else of_model
        points = [np.concatenate([*model.clusters, model.templates]) for model in shown]
        set_cluster_axes(layout, panel, points, len(view.names))
    set_confidence_axes(layout, both)


def set_cluster_axes(layout: Spec, panel: int, points: Sequence[np.ndarray], classes: int) -> None:
    """Ranges that hold all points (..., 2), in equal units where there is a plane of templates."""
    x, y = (rounded_range([p[:, axis] for p in points]) for axis in (0, 1))
    layout[layout_axis(panel, "x")] |= {"range": x, "zeroline": False}
    layout[layout_axis(panel, "y")] |= {"range": y, "zeroline": False}
    if classes > 2:
        layout[layout_axis(panel, "y")] |= {"scaleanchor": axes(panel)["xaxis"], "constrain": "range"}
    else:
        # Two classes have no plane of templates: the axes differ in kind, so in scale, and they say so.
        layout[layout_axis(panel, "x")]["title"] = titled("along the templates")
        layout[layout_axis(panel, "y")]["title"] = titled("main direction of the rest")


def set_confidence_axes(layout: Spec, models: Sequence[ModelPicture]) -> None:
    """Ranges of histogram and reliability for these models, with room above 1 for the points."""
    layout["barmode"] = "overlay"
    tallest = rounded_range([model.share for model in models])[1]
    layout["xaxis3"] |= {"title": titled("confidence"), "range": [0, 1.001]}
    layout["yaxis3"] |= {"title": titled("share of test examples"), "range": [0, tallest], "tickformat": ".0%"}
    unit = {"range": [-0.03, 1.05], "zeroline": False}
    layout["xaxis4"] |= {"title": titled("confidence"), **unit}
    layout["yaxis4"] |= {"title": titled("accuracy"), **unit}
