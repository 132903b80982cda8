"""Learning curves of hard labels and smoothed: mean and spread over seeds, with a cursor at the film's epoch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelsmooth.figures.style import (
    MODELS,
    Arrangement,
    Frame,
    Moving,
    Spec,
    axes,
    band,
    cursor,
    cursors_at,
    dashed_line,
    film_layout,
    layout_axis,
    log_axis,
    rounded,
    rounded_range,
    title_lowest,
)
from labelsmooth.snapshots import Snapshot

WIDE = Arrangement(rows=2, columns=3, height=520, gap_x=60)
NARROW = Arrangement(rows=3, columns=2, height=720, top=95, gap_x=120)


@dataclass(frozen=True)
class Panel:
    """One pair of axes: what is drawn in it, solid and (if any) dashed, and whether its y axis is logarithmic."""

    title: str
    solid: str
    dashed: str = ""
    log: bool = False


PANELS = (
    Panel("Accuracy", "accuracy", "train_accuracy"),
    Panel("NLL, training loss", "nll", "train_loss"),
    Panel("ECE", "ece"),
    Panel("Mean confidence", "confidence"),
    Panel("Gap to given labels", "train_logit_gap"),
    Panel("Test gap, clean labels", "test_logit_gap"),
)
LOSS, TRAIN_GAP, TEST_GAP = 2, 5, 6


@dataclass(frozen=True)
class Optima:
    """What each model, hard labels and smoothed, is driven to: numbers in nats, not finite where there is none.

    `train_gap` is the logit gap to the given label once it is memorised, `train_loss` the smallest training loss,
    `test_gap` the gap to the clean label that label noise and smoothing together ask for without memorising.
    """

    train_gap: tuple[float, float]
    test_gap: tuple[float, float]
    train_loss: tuple[float, float]


def curves_frame(epoch: int) -> Frame:
    """The cursor of every panel at this epoch."""
    return cursor_frame(epoch, len(PANELS))


def curves_figure(snapshots: Sequence[Snapshot], epochs: int, optima: Optima) -> Moving:
    """All curves so far, solid on the test part and dashed on the training part, on axes for `epochs`."""
    moving = panels_figure(snapshots, epochs, PANELS, WIDE, NARROW)
    for number, values, name in (
        (LOSS, optima.train_loss, "smallest training loss"),
        (TRAIN_GAP, optima.train_gap, "optimum on memorised labels"),
        (TEST_GAP, optima.test_gap, "optimum under label noise"),
    ):
        moving.figure["data"] += _optimum_lines(values, number, epochs, name)
    return moving


def cursor_frame(epoch: int, panels: int) -> Frame:
    """The cursor of so many panels at this epoch."""
    return cursors_at(str(epoch), epoch, panels)


def panels_figure(
    snapshots: Sequence[Snapshot], epochs: int, panels: Sequence[Panel], wide: Arrangement, narrow: Arrangement
) -> Moving:
    """Measures of both models over epochs, a panel each, and first of all a cursor in every panel."""
    layout, other = film_layout([panel.title for panel in panels], wide, narrow)
    layout["hovermode"] = "x"
    data = [cursor(snapshots[0].epoch, number, panel.log) for number, panel in enumerate(panels, start=1)]
    for number, panel in enumerate(panels, start=1):
        data += _panel(snapshots, panel, number)
        layout[layout_axis(number, "x")] |= {"range": [0, epochs], "zeroline": False}
        layout[layout_axis(number, "y")] |= {"zeroline": False, **_y_axis(snapshots, panel)}
    for target, arrangement in ((layout, wide), (other, narrow)):
        title_lowest(target, arrangement, len(panels), "epoch")
    return Moving({"data": data, "layout": layout}, other)


def _panel(snapshots: Sequence[Snapshot], panel: Panel, number: int) -> list[Spec]:
    """A band from the lowest to the highest seed and the mean, for each model; the training part dashed."""
    epochs = [snapshot.epoch for snapshot in snapshots]
    traces: list[Spec] = []
    for column, (name, colour) in zip((0, -1), MODELS, strict=True):
        for measure, dash in ((panel.solid, "solid"), (panel.dashed, "dot")):
            if not measure:
                continue
            values = np.stack([getattr(snapshot, measure)[:, column] for snapshot in snapshots])
            if dash == "solid":
                traces.append(band(epochs, values.min(1), values.max(1), colour, number))
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "x": epochs,
                    "y": rounded(values.mean(1)),
                    "line": {"color": colour, "width": 2, "dash": dash},
                    "name": name if dash == "solid" else f"{name}, training part",
                    "legendgroup": name + dash,
                    "showlegend": number == 1,
                    "hovertemplate": "%{y:.3f}",
                    **axes(number),
                }
            )
    return traces


def _optimum_lines(values: tuple[float, float], number: int, epochs: int, name: str) -> list[Spec]:
    """A dashed horizontal line at each model's optimum, where it is finite."""
    return [
        dashed_line([0, epochs], value, colour, f"{name}, {model}: %{{y:.2f}}", number)
        for value, (model, colour) in zip(values, MODELS, strict=True)
        if math.isfinite(value)
    ]


def _y_axis(snapshots: Sequence[Snapshot], panel: Panel) -> Spec:
    """An axis that holds all that both models have shown so far, from 0 (or below) unless it is logarithmic."""
    measures = [measure for measure in (panel.solid, panel.dashed) if measure]
    values = [getattr(snapshot, measure)[:, [0, -1]] for snapshot in snapshots for measure in measures]
    if not panel.log:
        return {"range": rounded_range([*values, np.zeros(1)])}
    return log_axis(rounded_range([np.log10(value[value > 0]) for value in values]))
