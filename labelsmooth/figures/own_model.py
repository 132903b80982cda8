"""A model of one's own before and after temperature scaling: its reliability, and the confidences behind it.

Legend: M bins.
"""

import numpy as np

from labelsmooth.assessment.judged import Assessment
from labelsmooth.calibration import FloatArray, ReliabilityCurve
from labelsmooth.figures.live import FEW
from labelsmooth.figures.reliability import (
    THINNEST,
    ReliabilityView,
    accuracy_line,
    bars_from,
    diagonal,
    histogram_styles,
    hover,
    intervals,
    places_between,
    points,
    set_axes,
)
from labelsmooth.figures.style import SILENT, Arrangement, Moving, Spec, axes, film_layout, rounded, rounded_range
from labelsmooth.temperature_path import consistency_band

# Violet for a model as it is, ochre for the same model after scaling. Blue against yellow is what red-green blindness
# leaves, the symbols differ for all others, both keep a contrast of 3.7 or more on white and on the dark page, and
# neither is a colour of hard labels, of smoothed, or of over- and under-confident gaps.
OWN = ("#7F6BB3", "#968500")
STATES = ("before", "after")  # temperature scaling
SYMBOLS = ("circle", "diamond")
WIDE = Arrangement(rows=1, columns=2, height=460, top=100)
NARROW = Arrangement(rows=2, columns=1, height=860, top=190, gap_y=90)
RELIABILITY, HISTOGRAM = 1, 2
SIDES = [
    {"text": text, "x": x, "y": y, "showarrow": False, "opacity": 0.7, "xref": "x", "yref": "y", "font": {"size": 11}}
    for text, x, y in (("under-confident", 0.16, 0.97), ("over-confident", 0.86, 0.02))
]


def before_after_figure(assessment: Assessment) -> Moving:
    """Both states in one diagram, with intervals and what chance allows, and both histograms over each other."""
    view = _view(assessment)
    layout, narrow = film_layout(["Reliability", view.confidence.capitalize()], WIDE, NARROW, SIDES)
    curves = [state.curve for state in assessment.states.values()]
    models = list(zip(curves, STATES, OWN, SYMBOLS, strict=False))
    heights = [_heights(curve, assessment) for curve in curves]
    tallest = rounded_range([np.zeros(1), *heights])[1]
    data = [_band(curve, name, colour) for curve, name, colour, _ in models]
    data.append(diagonal(RELIABILITY))
    for curve, name, colour, symbol in models:
        data += _reliability(curve, name, colour, symbol, view)
    data.append(accuracy_line(assessment.before.curve.accuracy, tallest, view, True, HISTOGRAM))
    for (curve, name, colour, _), height in zip(models, heights, strict=True):
        data += _histogram(curve, height, name, colour, tallest, assessment)
    set_axes(layout, RELIABILITY, HISTOGRAM, tallest, view)
    layout["barmode"] = "overlay"
    return Moving({"data": data, "layout": layout}, narrow)


def _view(assessment: Assessment) -> ReliabilityView:
    """Bins of equal mass hold equal counts, so their histogram shows density."""
    return ReliabilityView(examples="examples" if assessment.scheme == "equal-width" else "density of examples")


def _edges(curve: ReliabilityCurve, assessment: Assessment) -> FloatArray:
    """Edges (M + 1,) of the bins; those of equal mass begin at the least confidence that there can be."""
    lowest = 1 / len(assessment.classes) if assessment.scheme == "equal-mass" else 0.0
    return curve.bin_edges.clip(lowest)


def _heights(curve: ReliabilityCurve, assessment: Assessment) -> FloatArray:
    """Counts (M,) in bins of equal width, else the density."""
    if assessment.scheme == "equal-width":
        return curve.bin_count.astype(np.float64)
    width = np.diff(_edges(curve, assessment)).clip(THINNEST)
    return np.asarray(curve.bin_count / curve.n / width)


def _band(curve: ReliabilityCurve, name: str, colour: str) -> Spec:
    """Where the bins of a calibrated model with these confidences would be."""
    low, high = consistency_band(curve)
    return {
        "type": "bar",
        **places_between(curve.bin_edges),
        **bars_from(low, high - low, curve.bin_count >= FEW),
        "marker": {"color": colour, "opacity": 0.3, "line": {"width": 0}},
        "name": f"{name}: 90 % range of a calibrated model",
        "hoverinfo": "skip",
        **axes(RELIABILITY),
    }


def _reliability(curve: ReliabilityCurve, name: str, colour: str, symbol: str, view: ReliabilityView) -> list[Spec]:
    """Intervals, a curve through well-filled bins, and a point for every bin that has examples."""
    line = {"type": "scatter", "mode": "lines", **SILENT, **axes(RELIABILITY)}
    # A gap where a bin has few examples: no curve goes on through what is not known.
    known = np.where(curve.bin_count >= FEW, curve.bin_accuracy, np.nan)
    moment = points(curve, *consistency_band(curve))
    return [
        {**line, **intervals(curve), "line": {"color": colour, "width": 1.5}},
        {
            **line,
            "x": rounded(curve.bin_confidence),
            "y": rounded(known),
            "line": {"color": colour, "width": 1.5, "dash": "dot"},
        },
        {
            "type": "scatter",
            "mode": "markers",
            **moment,
            "marker": {"color": colour, "symbol": symbol, "line": {"width": 0}, **moment["marker"]},
            "name": f"{name}: bin with 95 % interval (faint below {FEW} examples)",
            "hovertemplate": hover(name, view),
            "cliponaxis": False,
            **axes(RELIABILITY),
        },
    ]


def _histogram(
    curve: ReliabilityCurve, height: FloatArray, name: str, colour: str, tallest: float, assessment: Assessment
) -> list[Spec]:
    """Counts of one state and its mean confidence."""
    bars, mean = histogram_styles(colour, tallest, _view(assessment), True, HISTOGRAM)
    words = f"{name}: %{{customdata}} examples, confidence about %{{x:.2f}}<extra></extra>"
    return [
        {
            **bars,
            **places_between(_edges(curve, assessment)),
            "y": rounded(height, 6),
            "customdata": curve.bin_count.tolist(),
            "hovertemplate": words,
        },
        {
            **mean,
            "x": rounded(np.repeat(curve.confidence, 2)),
            "name": f"{name}: mean confidence",
            "legendgroup": f"mean {name}",
            "hovertemplate": f"{name}: mean confidence %{{x:.3f}}<extra></extra>",
        },
    ]
