"""A film over temperature: the reliability of one model or two bin by bin, and the confidences behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelsmooth.calibration import ReliabilityCurve
from labelsmooth.figures.live import FEW
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
    joined,
    layout_axis,
    rounded,
    rounded_range,
    titled,
)
from labelsmooth.temperature_path import ReliabilityMoment, name_of

# By the number of models: each has a diagram and a histogram.
WIDE = {1: Arrangement(rows=1, columns=2, height=440, top=80), 2: Arrangement(rows=2, columns=2, height=760, top=80)}
NARROW = {
    1: Arrangement(rows=2, columns=1, height=830, top=180, gap_y=90),
    2: Arrangement(rows=4, columns=1, height=1430, top=180, gap_y=90),
}
# Named colours that the colour-blind can tell apart, from each other, the models', and the first three classes'.
LEANS = (("over-confident", "#AA4499"), ("under-confident", "#44AA99"))
SMOOTH_X = np.linspace(0, 1, 51)  # where the smooth curve is drawn
THINNEST = 0.004  # width of a bar: the narrowest equal-mass bins could not be seen


@dataclass(frozen=True)
class ReliabilityView:
    """What the numbers are about: the predicted class, or (with its name) one class."""

    of_class: str | None = None
    examples: str = "test examples"  # what the histogram counts

    @property
    def confidence(self) -> str:
        """What the x axis shows."""
        return "confidence" if self.of_class is None else f"probability of {self.of_class}"

    @property
    def accuracy(self) -> str:
        """What the y axis shows."""
        return "accuracy" if self.of_class is None else f"share of {self.of_class}"


def reliability_frames(
    hard: Sequence[ReliabilityMoment], smoothed: Sequence[ReliabilityMoment], view: ReliabilityView
) -> list[Frame]:
    """A frame for every temperature, for the traces of `reliability_figure`."""
    return film_frames((hard, smoothed), view, MODELS)


def film_frames(
    series: Sequence[Sequence[ReliabilityMoment]], view: ReliabilityView, models: Sequence[tuple[str, str]]
) -> list[Frame]:
    """A frame for every temperature, for the traces of `film_figure`."""
    steps = list(zip(*series, strict=True))
    moments = _changing([[trace for moment in step for trace in _moment(moment)] for step in steps])
    return [
        {
            "name": name_of(step[0].temperature),
            "data": data,
            "traces": list(range(len(data))),
            "caption": _caption(step, view, models),
        }
        for step, data in zip(steps, moments, strict=True)
    ]


def _changing(moments: list[list[Spec]]) -> list[list[Spec]]:
    """The traces of every frame without what never changes: the edges of equal-width bins, for one."""
    same = [
        {key for key, value in first.items() if all(trace[key] == value for trace in traces)}
        for first, *traces in zip(*moments, strict=True)
    ]
    return [
        [
            {key: value for key, value in trace.items() if key not in keys}
            for trace, keys in zip(traces, same, strict=True)
        ]
        for traces in moments
    ]


def _caption(step: Sequence[ReliabilityMoment], view: ReliabilityView, models: Sequence[tuple[str, str]]) -> str:
    """The losses of the models in words."""
    ece = "ECE" if view.of_class is None else f"ECE ({view.of_class})"
    losses = [
        f"NLL {moment.nll:.2f}, {ece} {moment.curve.ece:.3f} {name}"
        for moment, (name, _) in zip(step, models, strict=True)
    ]
    return f"T = {name_of(step[0].temperature)}: {'; '.join(losses)}"


def reliability_figure(
    hard: Sequence[ReliabilityMoment], smoothed: Sequence[ReliabilityMoment], view: ReliabilityView
) -> Moving:
    """Hard labels beside smoothed at their first temperature, with axes that hold them all."""
    return film_figure((hard, smoothed), view, MODELS)


def film_figure(
    series: Sequence[Sequence[ReliabilityMoment]], view: ReliabilityView, models: Sequence[tuple[str, str]]
) -> Moving:
    """One model or two (name, colour) at their first temperature, with axes that hold them all."""
    confidence = view.confidence[0].upper() + view.confidence[1:]
    titles = [f"{what}, {name}" for what in ("Reliability", confidence) for name, _ in models]
    layout, narrow = film_layout(titles, WIDE[len(models)], NARROW[len(models)])
    tallest = rounded_range([np.zeros(1), *(moment.histogram for moments in series for moment in moments)])[1]
    moving, still = [], []
    for panel, (moments, (name, colour)) in enumerate(zip(series, models, strict=True), start=1):
        below = panel + len(models)
        styles = [
            *_reliability_styles(name, colour, panel, view),
            *histogram_styles(colour, tallest, view, panel == 1, below),
        ]
        moving += [joined(style, moment) for style, moment in zip(styles, _moment(moments[0]), strict=True)]
        still += [
            diagonal(panel),
            accuracy_line(moments[0].curve.accuracy, tallest, view, panel == 1, below),
        ]
        set_axes(layout, panel, below, tallest, view)
    layout["barmode"] = "overlay"
    return Moving({"data": [*moving, *still], "layout": layout}, narrow)


def _moment(moment: ReliabilityMoment) -> list[Spec]:
    """All that moves of one model: bands, gaps, intervals, smooth curve, points; histogram, mean confidence."""
    curve = moment.curve
    enough = curve.bin_count >= FEW
    gap = curve.bin_accuracy - curve.bin_confidence
    places = places_between(moment.edges)
    bars = [{**places, **bars_from(moment.band_low, moment.band_high - moment.band_low, enough)}]
    for rows in (enough, ~enough):
        for lean in (gap < 0, gap > 0):
            bars.append({**places, **bars_from(curve.bin_confidence, gap, rows & lean)})
    return [
        *bars,
        intervals(curve),
        {"y": rounded(np.interp(SMOOTH_X, moment.smooth.t, moment.smooth_accuracy), 3)},
        points(curve, moment.band_low, moment.band_high),
        {**places_between(np.arange(len(gap) + 1) / len(gap)), "y": moment.histogram.tolist()},
        {"x": rounded(np.repeat(curve.confidence, 2))},
    ]


def places_between(edges: np.ndarray) -> Spec:
    """Bars between edges (M + 1,)."""
    return {
        "x": rounded((edges[:-1] + edges[1:]) / 2),
        "width": rounded(np.maximum(np.diff(edges), THINNEST)),
    }


def bars_from(base: np.ndarray, height: np.ndarray, rows: np.ndarray) -> Spec:
    """Bars (M,) of some height from a base; those not in `rows` have none.

    They are there all the same: a bar that comes only later in a film, without a redraw, has no colour.
    """
    return {"base": rounded(np.where(rows, base, 0.0)), "y": rounded(np.where(rows, height, 0.0))}


def intervals(curve: ReliabilityCurve) -> Spec:
    """The interval of every well-filled bin as a vertical line."""
    enough = curve.bin_count >= FEW
    ends = np.stack([curve.bin_low, curve.bin_high, np.full(len(enough), np.nan)], axis=1)[enough]
    return {"x": [*rounded(curve.bin_confidence[enough].repeat(3)), None], "y": [*rounded(ends), None]}


def points(curve: ReliabilityCurve, band_low: np.ndarray, band_high: np.ndarray) -> Spec:
    """A point for every bin that is not empty, with all that is known of it for the hover."""
    rows = curve.bin_count > 0
    count, gap = curve.bin_count[rows], (curve.bin_accuracy - curve.bin_confidence)[rows]
    known = (count, gap, curve.bin_low[rows], curve.bin_high[rows], band_low[rows], band_high[rows])
    return {
        "x": rounded(curve.bin_confidence[rows]),
        "y": rounded(curve.bin_accuracy[rows]),
        "customdata": np.stack(known, axis=1).round(3).tolist(),
        "marker": {
            "size": rounded(4 + 26 * np.sqrt(count / curve.n), 3),
            "opacity": np.where(count >= FEW, 0.85, 0.25).tolist(),
        },
    }


def _reliability_styles(name: str, colour: str, panel: int, view: ReliabilityView) -> list[Spec]:
    """Band, gaps in well-filled bins and in others, intervals, smooth curve and points of one model."""
    band = {"name": "90 % range of a calibrated model", "marker": {"color": "rgba(136, 136, 136, 0.3)"}}
    styles: list[Spec] = [{"type": "bar", **band, "hoverinfo": "skip", "legendgroup": "band"}]
    for opacity in (0.75, 0.25):
        styles += [
            {
                "type": "bar",
                "name": lean,
                "marker": {"color": shade, "opacity": opacity},
                "hovertemplate": f"{lean}: {view.confidence} %{{base:.3f}}, {view.accuracy} %{{y:.3f}}<extra></extra>",
                "legendgroup": lean,
                "showlegend": panel == 1 and opacity > 0.5,
            }
            for lean, shade in LEANS
        ]
    thin = {"type": "scatter", "mode": "lines", "line": {"color": colour, "width": 1.5}}
    styles += [
        {**thin, **SILENT},
        {
            **thin,
            "x": SMOOTH_X.round(2).tolist(),
            "name": "curve without bins",
            "hoverinfo": "skip",
            "legendgroup": "smooth",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "marker": {"color": colour, "line": {"width": 0}},
            "name": f"bin with 95 % interval (faint below {FEW} examples)",
            "legendgroup": "bin",
            "hovertemplate": hover(name, view),
            "cliponaxis": False,
        },
    ]
    return [{"showlegend": panel == 1, **style, **axes(panel)} for style in styles]


def hover(name: str, view: ReliabilityView) -> str:
    """All that a point knows of its bin."""
    return (
        f"{name}, %{{customdata[0]}} examples<br>{view.confidence} %{{x:.3f}}<br>"
        f"{view.accuracy} %{{y:.3f}} (95 % interval %{{customdata[2]:.3f}} to %{{customdata[3]:.3f}})<br>"
        "gap %{customdata[1]:+.3f}<br>"
        "calibrated: %{customdata[4]:.3f} to %{customdata[5]:.3f}<extra></extra>"
    )


def histogram_styles(colour: str, tallest: float, view: ReliabilityView, legend: bool, panel: int) -> list[Spec]:
    """Counts of one model, and its mean confidence as a dotted line."""
    bars = {"type": "bar", "marker": {"color": colour, "opacity": 0.55}, "showlegend": False}
    mean = {"type": "scatter", "mode": "lines", "y": [0, tallest], "line": {"color": colour, "dash": "dot", "width": 3}}
    named = {"name": f"mean {view.confidence}", "legendgroup": "mean", "showlegend": legend}
    return [
        {
            **bars,
            "hovertemplate": f"%{{y}} examples, {view.confidence} about %{{x:.2f}}<extra></extra>",
            **axes(panel),
        },
        {**mean, **named, "hovertemplate": f"mean {view.confidence} %{{x:.3f}}<extra></extra>", **axes(panel)},
    ]


def diagonal(panel: int) -> Spec:
    """Where confidence is accuracy."""
    line = {"color": NEUTRAL, "dash": "dash", "width": 1}
    return {"type": "scatter", "mode": "lines", "x": [0, 1], "y": [0, 1], "line": line, **SILENT, **axes(panel)}


def accuracy_line(accuracy: float, tallest: float, view: ReliabilityView, legend: bool, panel: int) -> Spec:
    """What the mean confidence should be; no temperature moves it."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [round(accuracy, 4)] * 2,
        "y": [0, tallest],
        "line": {"color": NEUTRAL, "dash": "dash", "width": 2},
        "name": view.accuracy,
        "legendgroup": "accuracy",
        "showlegend": legend,
        "hovertemplate": f"{view.accuracy} %{{x:.3f}}<extra></extra>",
        **axes(panel),
    }


def set_axes(layout: Spec, panel: int, below: int, tallest: float, view: ReliabilityView) -> None:
    """Fixed ranges of a diagram and its histogram, with room for points at 0 and 1."""
    unit = {"range": [-0.03, 1.05], "zeroline": False}
    layout[layout_axis(panel, "x")] |= {"title": titled(view.confidence), **unit}
    layout[layout_axis(panel, "y")] |= {"title": titled(view.accuracy), **unit}
    layout[layout_axis(below, "x")] |= {"title": titled(view.confidence), **unit}
    layout[layout_axis(below, "y")] |= {"title": titled(view.examples), "range": [0, tallest], "zeroline": False}
