"""What a training shows of the theory: gaps, losses and accuracy against the epoch, beside what they should approach.

Legend: T snapshots, S seeds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelsmooth.calibration import FloatArray
from labelsmooth.figures.curves import Optima
from labelsmooth.figures.style import (
    HARD,
    MODELS,
    NEUTRAL,
    Arrangement,
    Moving,
    Spec,
    axes,
    band,
    dashed_line,
    film_layout,
    layout_axis,
    rounded,
    rounded_range,
    title_lowest,
)
from labelsmooth.figures.theory import note
from labelsmooth.snapshots import Snapshot
from labelsmooth.theory import first_reached, over_time

HARD_WIDE, HARD_NARROW = Arrangement(1, 2, 320), Arrangement(2, 1, 580)
LITTLE_WIDE, LITTLE_NARROW = Arrangement(1, 3, 320, gap_x=60), Arrangement(3, 1, 820, top=110)
OPTIMUM_WIDE, OPTIMUM_NARROW = Arrangement(2, 2, 600), Arrangement(4, 1, 1160, top=110)
DIGITS = 6  # what is read off a curve here should be the number of the sentence
ROUNDING = 1e-7  # of a loss in float32: on a logarithmic axis nothing lies at or below 0
NOTE_HEIGHT = 14  # pixels
TRAIN_GAP, FLOOR, TEST_GAP, ACCURACY = 1, 2, 3, 4


@dataclass(frozen=True, eq=False)
class Curve:
    """One line with its band: values (T, S), its name and looks, in one panel."""

    panel: int
    values: FloatArray
    name: str
    colour: str
    dash: str = "solid"
    log: bool = False


def hard_gap_figure(snapshots: Sequence[Snapshot], epochs: int) -> Moving:
    """Mean gap and loss of the hard-label networks on their training examples."""
    curves = [
        Curve(1, over_time(snapshots, "train_logit_gap", 0), "hard labels", HARD),
        Curve(2, over_time(snapshots, "train_loss", 0), "hard labels", HARD, log=True),
    ]
    titles = ("Measured: training logit gap", "Measured: training loss")
    moving = _figure(snapshots, epochs, titles, curves, HARD_WIDE, HARD_NARROW)
    moving.figure["layout"]["yaxis2"] |= _log_axis(curves[1].values)
    return moving


def little_data_figure(snapshots: Sequence[Snapshot], epochs: int) -> Moving:
    """Accuracy and loss of the hard-label networks on training and test part, and how sure they are against right."""

    def curve(panel: int, measure: str, name: str = "test part", colour: str = HARD, dash: str = "solid") -> Curve:
        return Curve(panel, over_time(snapshots, measure, 0), name, colour, dash)

    curves = [
        curve(1, "accuracy"),
        curve(1, "train_accuracy", "training part", dash="dot"),
        curve(2, "nll"),
        curve(2, "train_loss", "training part", dash="dot"),
        curve(3, "confidence"),
        curve(3, "accuracy", "test accuracy, again", NEUTRAL),
    ]
    return _figure(snapshots, epochs, ("Accuracy", "Loss", "Mean confidence"), curves, LITTLE_WIDE, LITTLE_NARROW)


def optimum_run_figure(snapshots: Sequence[Snapshot], epochs: int, optima: Optima) -> Moving:
    """Training gap and loss beside their optimum, test gap beside that of the noise, and test accuracy."""
    columns = (0, -1) if len(snapshots[0].weights) > 1 else (0,)
    curves = []
    for column, (name, colour), floor in zip(columns, MODELS, optima.train_loss, strict=False):
        above = over_time(snapshots, "train_loss", column) - floor
        curves += [
            Curve(TRAIN_GAP, over_time(snapshots, "train_logit_gap", column), name, colour),
            Curve(TEST_GAP, over_time(snapshots, "test_logit_gap", column), name, colour),
            Curve(ACCURACY, over_time(snapshots, "accuracy", column), name, colour),
        ]
        # Below epsilon 0 there is no floor to be above.
        curves += [Curve(FLOOR, np.maximum(above, ROUNDING), name, colour, log=True)] if math.isfinite(floor) else []
    titles = (
        "Training gap, given labels",
        "Training loss above its smallest",
        "Test gap, clean labels",
        "Test accuracy",
    )
    notes, lines = list[Spec](), list[Spec]()
    for panel, levels, what in ((TRAIN_GAP, optima.train_gap, "memorising"), (TEST_GAP, optima.test_gap, "noise")):
        finite = [(level, *model) for level, model in zip(levels, MODELS, strict=True) if math.isfinite(level)]
        for row, (level, name, colour) in enumerate(finite):
            text = f"{what} optimum, {name}: {level:.2f}"
            lines.append(dashed_line([0, epochs], level, colour, text, panel))
            # Below each other under the lowest line: a curve that stays above its optimum leaves that place free.
            lowest = min(each for each, *_ in finite)
            notes.append(note(text, epochs, lowest, panel, "top") | {"yshift": -NOTE_HEIGHT * row})
    moving = _figure(snapshots, epochs, titles, curves, OPTIMUM_WIDE, OPTIMUM_NARROW, notes)
    floors = [curve.values for curve in curves if curve.panel == FLOOR]
    moving.figure["layout"][layout_axis(FLOOR, "y")] |= _log_axis(np.concatenate(floors, axis=1))
    moving.figure["data"] += [*lines, *_passages(snapshots, optima.test_gap, columns)]
    return moving


def _passages(snapshots: Sequence[Snapshot], levels: tuple[float, float], columns: Sequence[int]) -> list[Spec]:
    """A star where a test gap first reached the noise optimum, on the gap and on the accuracy of that epoch."""
    stars: list[Spec] = []
    for column, level, (name, colour) in zip(columns, levels, MODELS, strict=False):
        gaps = over_time(snapshots, "test_logit_gap", column)
        at = first_reached(gaps, level) if math.isfinite(level) else None
        if at is None:
            continue
        accuracy = over_time(snapshots, "accuracy", column)
        for panel, values in ((TEST_GAP, gaps), (ACCURACY, accuracy)):
            hover = f"{name}: noise optimum reached, epoch %{{x}}: %{{y:.3f}}<extra></extra>"
            point = {"x": [snapshots[at].epoch], "y": [float(values[at].mean())]}
            marker = {"symbol": "star", "size": 14, "color": colour, "line": {"color": NEUTRAL, "width": 1}}
            words = {"name": "noise optimum reached", "showlegend": not stars, "hovertemplate": hover}
            stars.append({"type": "scatter", "mode": "markers", "marker": marker, **point, **words, **axes(panel)})
    return stars


def _figure(
    snapshots: Sequence[Snapshot],
    epochs: int,
    titles: Sequence[str],
    curves: Sequence[Curve],
    wide: Arrangement,
    narrow: Arrangement,
    notes: Sequence[Spec] = (),
) -> Moving:
    """Panels of curves over epochs; a name stands in the legend once."""
    layout, other = film_layout(titles, wide, narrow, notes)
    layout["hovermode"] = "x"
    places = [snapshot.epoch for snapshot in snapshots]
    data, told = list[Spec](), set[str]()
    for curve in curves:
        data += [_band(places, curve), _line(places, curve) | {"showlegend": curve.name not in told}]
        told.add(curve.name)
    for panel in range(1, len(titles) + 1):
        shown = [curve.values for curve in curves if curve.panel == panel]
        layout[layout_axis(panel, "x")] |= {"range": [0, epochs], "zeroline": False}
        layout[layout_axis(panel, "y")] |= {"range": rounded_range([*shown, np.zeros(1)]), "zeroline": False}
    for target, arrangement in ((layout, wide), (other, narrow)):
        title_lowest(target, arrangement, len(titles), "epoch")
    return Moving({"data": data, "layout": layout}, other)


def _band(places: Sequence[int], curve: Curve) -> Spec:
    """From the lowest to the highest seed."""
    low, high = curve.values.min(1), curve.values.max(1)
    area = band(places, low, high, curve.colour, curve.panel)
    # A logarithmic axis shows the smallest numbers as large as the others, so none is rounded away.
    return area | ({"y": [*high.tolist(), *low[::-1].tolist()]} if curve.log else {})


def _line(places: Sequence[int], curve: Curve) -> Spec:
    """The mean over seeds."""
    line = {"color": curve.colour, "width": 2, "dash": curve.dash}
    mean = curve.values.mean(1)
    points = {"x": list(places), "y": mean.tolist() if curve.log else rounded(mean, DIGITS)}
    words = {"name": curve.name, "legendgroup": curve.name, "hovertemplate": f"{curve.name}: %{{y:.3f}}<extra></extra>"}
    return {"type": "scatter", "mode": "lines", "line": line, **points, **words, **axes(curve.panel)}


def _log_axis(values: FloatArray) -> Spec:
    """Whole powers of ten around all values, which are above 0."""
    low, high = math.floor(math.log10(values.min())), math.ceil(math.log10(values.max()))
    high = max(high, low + 1)
    ticks = [10.0**power for power in range(low, high + 1)]
    return {"type": "log", "range": [low, high], "tickvals": ticks, "exponentformat": "none"}
