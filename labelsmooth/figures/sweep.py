"""Every measure of a sweep against epsilon: mean and spread over seeds, its best place, and what to hold it against."""

import math
from collections.abc import Sequence

import numpy as np

from labelsmooth.figures.style import (
    HARD,
    NEUTRAL,
    SMOOTHED,
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
from labelsmooth.sweep import RANKED, Best, Line, Sweep, best_of

WIDE = Arrangement(rows=2, columns=3, height=540, gap_x=60)
NARROW = Arrangement(rows=3, columns=2, height=760, top=120, gap_x=120)
DIGITS = 6  # what is read off a curve here should be the number of the table
DECADE = 10.0  # an NLL that spans more than this is drawn on a logarithmic axis
ROOM = 0.03  # share of the x axis left beside the first and the last epsilon, for their markers
LEAST = 1e-3  # an axis spans no less: an easy task has the same accuracy everywhere
VALUE = "%{y:.3f}"
TITLES = {
    "accuracy": "Accuracy",
    "nll": "NLL",
    "brier": "Brier score",
    "ece": "ECE",
    "confidence": "Mean confidence",
    "temperature": "Best temperature",
}


def sweep_frame(epsilon: float) -> Frame:
    """The cursor of every panel at this epsilon."""
    return cursors_at(f"{epsilon:g}", epsilon, len(TITLES))


def sweep_figure(sweep: Sweep, epsilon: float) -> Moving:
    """All lines of a sweep, with a cursor at one epsilon."""
    layout, narrow = film_layout([_title(sweep, name) for name in TITLES], WIDE, NARROW)
    layout["hovermode"] = "x"
    cursors, drawn = list[Spec](), list[Spec]()
    for number, name in enumerate(TITLES, start=1):
        log = _logarithmic(sweep.lines[name])
        traces = _panel(sweep, name, number)
        cursors.append(cursor(epsilon, number, log))
        drawn += traces
        layout[layout_axis(number, "x")] |= {"range": _epsilon_range(sweep.epsilons), "zeroline": False}
        ends = _value_range(traces, name, log)
        layout[layout_axis(number, "y")] |= {"range": ends, "zeroline": False} | (log_axis(ends) if log else {})
    for target, arrangement in ((layout, WIDE), (narrow, NARROW)):
        title_lowest(target, arrangement, len(TITLES), "epsilon")
    _tell_once(drawn)
    return Moving({"data": [*cursors, *drawn], "layout": layout}, narrow)


def _title(sweep: Sweep, name: str) -> str:
    """What a panel shows, or, of a temperature, will show: it is fitted at the end."""
    later = name == "temperature" and not sweep.finished
    return f"{TITLES[name]}, once trained" if later else TITLES[name]


def _panel(sweep: Sweep, name: str, number: int) -> list[Spec]:
    """What stands behind a line, the line with its band, its best place, and hard labels on it."""
    line, x, zero = sweep.lines[name], sweep.epsilons.tolist(), sweep.zero
    spread = [
        f"seeds {ends}{bound}" for ends, bound in zip(_ends(line.low, line.high), _bounds(sweep, name), strict=True)
    ]
    traces = [
        *_behind(sweep, name, number),
        band(x, line.low, line.high, SMOOTHED, number),
        _curve(x, line.centre, "smoothed", {"color": SMOOTHED, "width": 2}, f"{VALUE}, %{{customdata}}", number)
        | {"customdata": spread},
    ]
    if math.isfinite(line.reference):
        scaled = "hard labels, temperature-scaled"
        traces.append(dashed_line(x, line.reference, HARD, f"{scaled}: {VALUE}", number) | {"name": scaled})
    best = best_of(sweep, name) if name in RANKED else None
    if best is not None:
        traces.append(_best_point(best, sweep.finished, number))
    if math.isfinite(line.centre[zero]):  # above the star, which may stand on it
        marker = {"color": HARD, "size": 8}
        traces.append(_point(0.0, line.centre[zero], marker, "hard labels", f"hard labels: {VALUE}", number))
    return traces


def _behind(sweep: Sweep, name: str, number: int) -> list[Spec]:
    """What a measure is held against: ECE its value by chance, confidence the accuracy, a temperature 1."""
    x = sweep.epsilons.tolist()
    if name == "ece" and np.isfinite(sweep.null_median).any():
        chance = "ECE by chance"
        hover = f"{chance}: median {VALUE}, 90 % of draws %{{customdata}}"
        dotted = {"color": NEUTRAL, "width": 1, "dash": "dot"}
        return [
            band(x, sweep.null_low, sweep.null_high, NEUTRAL, number),
            _curve(x, sweep.null_median, chance, dotted, hover, number)
            | {"customdata": _ends(sweep.null_low, sweep.null_high)},
        ]
    if name == "confidence":
        thin = {"color": NEUTRAL, "width": 1}
        return [_curve(x, sweep.lines["accuracy"].centre, "accuracy", thin, f"accuracy: {VALUE}", number)]
    return [dashed_line(x, 1.0, NEUTRAL, "T = 1: as trained", number)] if name == "temperature" else []


def _curve(x: Sequence[float], y: np.ndarray, name: str, line: Spec, hover: str, number: int) -> Spec:
    """A line over the epsilons, with a gap where no run is left."""
    words = {"name": name, "hovertemplate": f"{hover}<extra></extra>"}
    points = {"x": list(x), "y": rounded(y, DIGITS)}
    return {"type": "scatter", "mode": "lines", "line": line, **points, **words, **axes(number)}


def _point(x: float, y: float, marker: Spec, name: str, hover: str, number: int) -> Spec:
    """One marked place, whole also at the edge of its panel."""
    words = {"name": name, "hovertemplate": f"{hover}<extra></extra>", "cliponaxis": False}
    points = {"x": [x], "y": rounded(np.array([y]), DIGITS)}
    return {"type": "scatter", "mode": "markers", "marker": marker, **points, **words, **axes(number)}


def _best_point(best: Best, finished: bool, number: int) -> Spec:
    """A star on the best mean: filled where training is finished and the seeds can tell it from its neighbours."""
    marker = {
        "symbol": "star" if best.decided and finished else "star-open",
        "color": SMOOTHED,
        "size": 15,
        "line": {"width": 1.5},
    }
    told = (
        "the seeds can"
        if best.decided and finished
        else "training is not finished, so nothing can"
        if not finished
        else "one seed cannot"
        if best.seeds == 1
        else "the seeds cannot"
    )
    hover = f"best: {VALUE} at epsilon %{{x:g}}; {told} tell it from its neighbours"
    name = "best epsilon" if finished else "best epsilon so far"
    return _point(best.epsilon, best.value, marker, name, hover, number)


def _ends(low: np.ndarray, high: np.ndarray) -> list[str]:
    """The ends of a band in words, for the hover."""
    return [f"{first:.3f} to {last:.3f}" if first <= last else "" for first, last in zip(low, high, strict=True)]


def _bounds(sweep: Sweep, name: str) -> list[str]:
    """In how many seeds a best temperature is only a bound, in words; nothing for other measures."""
    counts = sweep.at_bound.tolist() if name == "temperature" else [0] * len(sweep.epsilons)
    return [f", at a bound in {count} of {len(sweep.seeds)}" if count else "" for count in counts]


def _logarithmic(line: Line) -> bool:
    """Temperatures always are; NLL where it explodes, as below epsilon 0."""
    if line.name != "nll":
        return line.name == "temperature"
    known = line.high[np.isfinite(line.high)]
    return bool(known.size and 0 < known.min() * DECADE < known.max())


def _epsilon_range(epsilons: np.ndarray) -> list[float]:
    """All epsilons, with room for their markers."""
    room = ROOM * float(np.ptp(epsilons)) or ROOM
    return [float(epsilons[0]) - room, float(epsilons[-1]) + room]


def _value_range(traces: Sequence[Spec], name: str, log: bool) -> list[float]:
    """All that the traces draw, in powers of ten on a logarithmic axis; an ECE from 0 on, temperatures around 1."""
    values = np.concatenate([np.array(trace["y"], np.float64) for trace in traces])
    if log:
        values = np.log10(values[values > 0])
    always = {"ece": [0.0], "temperature": [math.log10(0.5), math.log10(2)]}  # before anything is known, too
    low, high = rounded_range([values, np.array(always.get(name, []))])
    return [low, high] if high - low > LEAST else [low - LEAST, high + LEAST]


def _tell_once(traces: Sequence[Spec]) -> None:
    """The same thing in several panels has one entry in the legend, which switches all of it."""
    told = set()
    for trace in traces:
        if "name" in trace:
            trace |= {"legendgroup": trace["name"], "showlegend": trace["name"] not in told}
            told.add(trace["name"])
