"""Decision boundaries of both models over 2-D inputs, and where they become confident."""

from collections.abc import Iterable, Sequence
from itertools import cycle

import numpy as np
from contourpy import contour_generator

from labelsmooth.calibration import FloatArray, softmax
from labelsmooth.figures.style import (
    CLASS_COLOURS,
    MODELS,
    SILENT,
    Arrangement,
    Frame,
    Moving,
    Spec,
    axes,
    film_layout,
    layout_axis,
    rounded,
)
from labelsmooth.snapshots import Snapshot

SURE = 0.9  # the confidence whose contour is drawn
DRAWN = 300  # test points: enough to see where they lie
WIDE = Arrangement(rows=1, columns=2, height=430)
NARROW = Arrangement(rows=2, columns=1, height=780, top=95)


def boundary_frame(snapshot: Snapshot) -> Frame:
    """Decision boundary and contour of confidence of each model at one epoch."""
    assert snapshot.grid is not None, "only 2-D data have a grid"
    grid = snapshot.grid
    side = (len(grid.y), len(grid.x))
    data: list[Spec] = []
    for logits in (grid.logits[0], grid.logits[-1]):
        probs = softmax(logits)
        top_two = np.sort(probs, axis=1)[:, -2:]
        lead = [_lead(probs, label).reshape(side) for label in range(probs.shape[1])]
        data.append(_lines(grid.x, grid.y, lead, 0.0))
        data.append(_lines(grid.x, grid.y, [top_two[:, 1].reshape(side)], SURE))
    return {"name": str(snapshot.epoch), "data": data, "traces": list(range(len(data))), "caption": ""}


def boundary_figure(snapshot: Snapshot, names: Sequence[str], shown: Sequence[int]) -> Moving:
    """Test points of every class under the moving lines of both models; the classes shown elsewhere come first."""
    assert snapshot.grid is not None, "only 2-D data have a grid"
    layout, narrow = film_layout([f"Decision boundary, {name}" for name, _ in MODELS], WIDE, NARROW)
    styles: list[Spec] = []
    for number, (_, colour) in enumerate(MODELS, start=1):
        for line in ({"width": 3}, {"width": 1.5, "dash": "dot"}):
            styles.append({"line": {"color": colour, **line}, **SILENT, **axes(number)})
    moments = boundary_frame(snapshot)["data"]
    data = [
        {"type": "scatter", "mode": "lines", **style, **moment} for style, moment in zip(styles, moments, strict=True)
    ]
    for number in range(1, len(MODELS) + 1):
        data += _points(snapshot, names, [*shown, *(k for k in range(len(names)) if k not in shown)], number)
        layout[layout_axis(number, "x")] |= {"range": _ends(snapshot.grid.x), "zeroline": False}
        layout[layout_axis(number, "y")] |= {"range": _ends(snapshot.grid.y), "zeroline": False}
    return Moving({"data": data, "layout": layout}, narrow)


def _points(snapshot: Snapshot, names: Sequence[str], order: Sequence[int], number: int) -> list[Spec]:
    """The first test examples, a trace a class, coloured in this order."""
    inputs, labels = snapshot.test.inputs[:DRAWN], snapshot.test.labels[:DRAWN]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": names[label],
            "x": rounded(inputs[labels == label, 0], 3),
            "y": rounded(inputs[labels == label, 1], 3),
            "marker": {"color": colour, "size": 5, "opacity": 0.6},
            "hovertemplate": f"{names[label]}<extra></extra>",
            "legendgroup": names[label],
            "showlegend": number == 1,
            **axes(number),
        }
        for label, colour in zip(order, cycle(CLASS_COLOURS), strict=False)
    ]


def _lead(probs: FloatArray, label: int) -> FloatArray:
    """By how much (N,) this class beats the best of the others: 0 on its decision boundary."""
    return np.asarray(probs[:, label] - np.delete(probs, label, axis=1).max(axis=1))


def _lines(x: np.ndarray, y: np.ndarray, surfaces: Iterable[np.ndarray], level: float) -> Spec:
    """Contours of surfaces (G, G) at a level as one trace, its pieces apart by gaps."""
    gap = np.full((1, 2), np.nan)
    pieces = [line for z in surfaces for line in contour_generator(x, y, z).lines(level)]
    points = np.concatenate([part for piece in pieces for part in (piece, gap)] or [gap])
    return {"x": rounded(points[:, 0], 3), "y": rounded(points[:, 1], 3)}


def _ends(values: np.ndarray) -> list[float]:
    return [float(values[0]), float(values[-1])]
