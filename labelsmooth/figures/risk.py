"""Risk against coverage of one model or two: what is left wrong where the least confident examples are refused.

Legend: N examples, P points drawn of a curve.
"""

from collections.abc import Sequence

import numpy as np

from labelsmooth.calibration import FloatArray, IntArray
from labelsmooth.figures.style import (
    MODELS,
    NEUTRAL,
    SILENT,
    Arrangement,
    Moving,
    Spec,
    axes,
    film_layout,
    rounded,
    rounded_range,
    titled,
)
from labelsmooth.selective import RiskCoverage

WIDE = Arrangement(rows=1, columns=1, height=360)
NARROW = Arrangement(rows=1, columns=1, height=380, top=90)
POINTS = 200  # of a curve at most
CANDIDATES = 20_000  # for these, more than an axis has pixels: every one is looked at for each point kept
EVEN = 60  # of them evenly apart, so that the pointer finds one anywhere
VISIBLE = 1e-3  # of a curve's height: less than half a pixel
FIRST = 0.01  # coverage that curves begin at: a single error among so few would stretch the axis to 100 %
LOWEST_TOP = 0.01  # the axis shows at least so much, or a model without errors would have none
ROOM = 0.03  # of an axis beyond its values, for the points


def risk_figure(hard: RiskCoverage, smoothed: RiskCoverage, coverage: float) -> Moving:
    """Risk of hard labels and smoothed, with points at a coverage in (0, 1]."""
    return risks_figure((hard, smoothed), coverage, MODELS)


def risks_figure(curves: Sequence[RiskCoverage], coverage: float, names: Sequence[tuple[str, str]]) -> Moving:
    """Risk of each model (name, colour), solid, above the lowest possible, dotted, with points at a coverage."""
    assert min(curve.n for curve in curves) > 0, "without rows there is no curve"
    layout, narrow = film_layout(["Error rate of the accepted examples"], WIDE, NARROW)
    models = list(zip(curves, names, strict=True))
    data = [_curve(model, name, colour) for model, (name, colour) in models]
    data += [_best(model, name, colour, first=number == 0) for number, (model, (name, colour)) in enumerate(models)]
    points = [_point(model, name, colour, coverage) for model, (name, colour) in models]
    shown = [np.array(trace["y"]) for trace in (*data, *points)]
    top = rounded_range([*shown, np.array([0.0, LOWEST_TOP])])[1]
    line = {"x": [coverage, coverage], "y": [-top, 2 * top], "line": {"color": NEUTRAL, "width": 1.5}}
    data += [{"type": "scatter", "mode": "lines", **line, **SILENT, **axes(1)}, *points]
    layout["xaxis"] |= {"title": titled("coverage: share of examples accepted"), "tickformat": ".0%"}
    layout["xaxis"] |= {"range": [0, 1 + ROOM / 2], "zeroline": False}
    layout["yaxis"] |= {"title": titled("share of them that is wrong"), "tickformat": "~%"}
    layout["yaxis"] |= {"range": [-ROOM * top, (1 + ROOM) * top], "zeroline": False}
    return Moving({"data": data, "layout": layout}, narrow)


def _curve(model: RiskCoverage, name: str, colour: str) -> Spec:
    """The risk of one model; hover tells how many are accepted, and how many of those are wrong."""
    where = _kept(model.risk)
    return {
        **_trace(model, model.risk, where, name),
        "mode": "lines",
        "name": name,
        "line": {"color": colour, "width": 2},
    }


def _best(model: RiskCoverage, name: str, colour: str, *, first: bool) -> Spec:
    """The lowest risk possible with as many errors."""
    where = _kept(model.best_risk)
    return {
        **_trace(model, model.best_risk, where, f"best possible, {name}"),
        "mode": "lines",
        "name": "best possible",
        "legendgroup": "best possible",
        "showlegend": first,
        "line": {"color": colour, "width": 1, "dash": "dot"},
    }


def _point(model: RiskCoverage, name: str, colour: str, coverage: float) -> Spec:
    """The chosen coverage on the curve of one model."""
    where = np.array([model.accepted(coverage) - 1])
    return {
        **_trace(model, model.risk, where, name),
        "mode": "markers",
        "marker": {"color": colour, "size": 10},
        "cliponaxis": False,
        "showlegend": False,
    }


def _trace(model: RiskCoverage, risk: FloatArray, where: IntArray, name: str) -> Spec:
    """These points (P,) of a curve (N,), in words where the pointer is."""
    # In a tie the number of errors is the mean over its orders, so not always whole.
    counts = [[int(k) + 1, round(float((k + 1) * risk[k]), 1)] for k in where]
    words = f"{name}: %{{x:.1%}} accepted, %{{customdata[0]}} of {model.n} examples,"
    return {
        "type": "scatter",
        "x": rounded(model.coverage[where], 5),
        "y": rounded(risk[where]),
        "customdata": counts,
        "hovertemplate": f"{words}<br>%{{customdata[1]}} of those wrong, %{{y:.2%}}<extra></extra>",
        **axes(1),
    }


def _kept(risk: FloatArray) -> IntArray:
    """Which points (P,) of a curve (N,) to draw: some evenly apart, then ever the one that lines miss by most."""
    first = max(int(FIRST * len(risk)) - 1, 0)
    every = np.unique(np.linspace(first, len(risk) - 1, min(CANDIDATES, len(risk) - first)).round().astype(np.intp))
    values = risk[every]
    kept = np.unique(np.linspace(0, len(every) - 1, EVEN).astype(np.intp))
    while len(kept) < POINTS:
        missed = np.abs(values - np.interp(every, every[kept], values[kept]))
        if missed.max() <= VISIBLE * values.max():
            break
        kept = np.sort(np.append(kept, missed.argmax()))
    return every[kept]
