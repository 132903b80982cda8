"""Learning curves of hard labels and smoothed: mean and spread over seeds, with a cursor at the film's epoch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelsmooth.figures.style import (
    MODELS,
    NEUTRAL,
    SILENT,
    Arrangement,
    Frame,
    Moving,
    Spec,
    axes,
    film_layout,
    layout_axis,
    rounded,
    rounded_range,
    titled,
)
from labelsmooth.snapshots import Snapshot

WIDE = Arrangement(rows=2, columns=3, height=520, gap_x=60)
NARROW = Arrangement(rows=3, columns=2, height=720, top=95, gap_x=120)
FAR = 1e9  # a cursor's ends, beyond any axis


@dataclass(frozen=True)
class Panel:
    """One pair of axes: what is drawn in it, solid and (if any) dashed."""

    title: str
    solid: str
    dashed: str = ""


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
    count = len(PANELS)
    return {"name": str(epoch), "data": [{"x": [epoch, epoch]}] * count, "traces": list(range(count)), "caption": ""}


def curves_figure(snapshots: Sequence[Snapshot], epochs: int, optima: Optima) -> Moving:
    """All curves so far, solid on the test part and dashed on the training part, on axes for `epochs`."""
    layout, narrow = film_layout([panel.title for panel in PANELS], WIDE, NARROW)
    layout["hovermode"] = "x"
    cursor = {"type": "scatter", "mode": "lines", "y": [-FAR, FAR], "line": {"color": NEUTRAL, "width": 1.5}, **SILENT}
    first = snapshots[0].epoch
    data: list[Spec] = [{**cursor, "x": [first, first], **axes(number)} for number in range(1, len(PANELS) + 1)]
    for number, panel in enumerate(PANELS, start=1):
        data += _panel(snapshots, panel, number)
        layout[layout_axis(number, "x")] |= {"range": [0, epochs], "zeroline": False}
        layout[layout_axis(number, "y")] |= {"range": _range(snapshots, panel), "zeroline": False}
    for number, values, name in (
        (LOSS, optima.train_loss, "smallest training loss"),
        (TRAIN_GAP, optima.train_gap, "optimum on memorised labels"),
        (TEST_GAP, optima.test_gap, "optimum under label noise"),
    ):
        data += _optimum_lines(values, number, epochs, name)
    for target, arrangement in ((layout, WIDE), (narrow, NARROW)):
        for number in range(1, len(PANELS) + 1):
            lowest = number > len(PANELS) - arrangement.columns
            target[layout_axis(number, "x")]["title"] = titled("epoch" if lowest else "")
    return Moving({"data": data, "layout": layout}, narrow)


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
                edge = np.concatenate([values.max(1), values.min(1)[::-1]])
                band = {"x": [*epochs, *epochs[::-1]], "y": rounded(edge), "fill": "toself", "fillcolor": colour}
                traces.append({"mode": "none", "opacity": 0.18, **band, **SILENT})
            traces.append(
                {
                    "mode": "lines",
                    "x": epochs,
                    "y": rounded(values.mean(1)),
                    "line": {"color": colour, "width": 2, "dash": dash},
                    "name": name if dash == "solid" else f"{name}, training part",
                    "legendgroup": name + dash,
                    "showlegend": number == 1,
                    "hovertemplate": "%{y:.3f}",
                }
            )
    return [{"type": "scatter", **trace, **axes(number)} for trace in traces]


def _optimum_lines(values: tuple[float, float], number: int, epochs: int, name: str) -> list[Spec]:
    """A dashed horizontal line at each model's optimum, where it is finite."""
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [0, epochs],
            "y": [round(value, 4)] * 2,
            "line": {"color": colour, "width": 1, "dash": "dash"},
            "name": name,
            "hovertemplate": f"{name}, {model}: %{{y:.2f}}<extra></extra>",
            "showlegend": False,
            **axes(number),
        }
        for value, (model, colour) in zip(values, MODELS, strict=True)
        if math.isfinite(value)
    ]


def _range(snapshots: Sequence[Snapshot], panel: Panel) -> list[float]:
    """An axis from 0 (or below) to all that both models have shown so far."""
    measures = [measure for measure in (panel.solid, panel.dashed) if measure]
    values = [getattr(snapshot, measure)[:, [0, -1]] for snapshot in snapshots for measure in measures]
    return rounded_range([*values, np.zeros(1)])
