"""The clusters of three classes in space: the plane of their templates, and the main direction of what it leaves."""

import numpy as np

from labelsmooth.clusters import ClusterPicture, ModelClusters
from labelsmooth.figures.clusters import ClustersView
from labelsmooth.figures.style import (
    CLASS_COLOURS,
    NEUTRAL,
    Arrangement,
    Moving,
    Spec,
    film_layout,
    layout_axis,
    rounded,
    rounded_range,
)

WIDE = Arrangement(rows=1, columns=2, height=520, gap_x=20)
NARROW = Arrangement(rows=2, columns=1, height=960, top=95, gap_y=40)
AXES = {"x": "plane, right", "y": "plane, up", "z": "main direction of the rest"}
# From the lower side of the plane and a little above it: the triangle lies flat, and what leaves it rises or sinks.
EYE = np.array([0.75, -1.85, 0.75])
CENTRE = {"x": 0, "y": 0, "z": -0.17}
FARTHER = 1.2  # on a narrow screen, which has less room at the sides
TALLEST = 0.9  # the third axis is no longer than this share of the longest: the rest may spread more than the plane


def clusters3d_figure(picture: ClusterPicture, view: ClustersView) -> Moving:
    """The test part of both models at one moment; the picture must be `solid`."""
    layout, narrow = film_layout([f"{model}, test part, epoch {picture.epoch}" for model in view.models], WIDE, NARROW)
    data: list[Spec] = []
    for number, model in enumerate((picture.hard, picture.smoothed), start=1):
        data += _traces(model, view, number)
        scene = f"scene{'' if number == 1 else number}"
        for place in (layout, narrow):
            # A scene takes the place of the panel's axes.
            x, y = (place.pop(layout_axis(number, letter)) for letter in ("x", "y"))
            far = FARTHER if place is narrow else 1.0
            camera = {"eye": dict(zip("xyz", (EYE * far).tolist(), strict=True)), "center": CENTRE}
            place[scene] = {"domain": {"x": x["domain"], "y": y["domain"]}, "camera": camera}
            place["margin"] |= {"l": 0, "r": 0}
        layout[scene] |= _space(model) | {"dragmode": "orbit"}
    layout["legend"]["itemsizing"] = "constant"
    return Moving({"data": data, "layout": layout}, narrow)


def _space(model: ModelClusters) -> Spec:
    """The axes of a scene: equal units in the plane, and the third as long as that makes it, up to a limit."""
    corners = np.column_stack([model.templates, np.zeros(len(model.templates))])
    points = np.concatenate([*(cluster.points for cluster in model.test), corners])
    ranges = {letter: rounded_range([points[:, axis]]) for axis, letter in enumerate("xyz")}
    lengths = {letter: high - low for letter, (low, high) in ranges.items()}
    longest = max(lengths["x"], lengths["y"])
    ratio = {letter: min(length / longest, TALLEST if letter == "z" else 1.0) for letter, length in lengths.items()}
    # In small print: a scene turns with the viewer.
    small = {"tickfont": {"size": 10}, "nticks": 5, "showspikes": False}
    axes = {
        f"{letter}axis": {"title": {"text": title, "font": {"size": 11}}, "range": ranges[letter], **small}
        for letter, title in AXES.items()
    }
    return {"aspectmode": "manual", "aspectratio": ratio, **axes}


def _traces(model: ModelClusters, view: ClustersView, number: int) -> list[Spec]:
    """Points of each class, and the templates as a closed triangle in the plane z = 0."""
    place = {"type": "scatter3d", "scene": f"scene{'' if number == 1 else number}", "showlegend": number == 1}
    points = [
        {
            **place,
            **_coordinates(cluster.points),
            "mode": "markers",
            "name": name,
            "legendgroup": name,
            "marker": {"color": colour, "size": 3.5, "opacity": 0.8},
            "text": [f"predicted: {view.names[label]}" for label in cluster.predicted],
            "hovertemplate": f"label: {name}<br>%{{text}}<extra></extra>",
        }
        for cluster, name, colour in zip(model.test, view.shown_names, CLASS_COLOURS, strict=False)
    ]
    corners = np.column_stack([model.templates, np.zeros(len(model.templates))])
    colours = CLASS_COLOURS[: len(corners)]
    templates = {
        **place,
        **_coordinates(np.concatenate([corners, corners[:1]])),
        "mode": "lines+markers",
        "name": "templates",
        "legendgroup": "templates",
        "line": {"color": NEUTRAL, "width": 3},
        "marker": {"color": [*colours, colours[0]], "symbol": "diamond", "size": 6},
        "hovertemplate": "template<extra></extra>",
    }
    surface = {
        **place,
        **_coordinates(corners),
        "type": "mesh3d",
        **{"i": [0], "j": [1], "k": [2]},
        "color": NEUTRAL,
        "opacity": 0.15,
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return [*points, templates, surface]


def _coordinates(points: np.ndarray) -> Spec:
    """x, y and z of points (n, 3)."""
    return {letter: rounded(points[:, axis], 3) for axis, letter in enumerate("xyz")}
