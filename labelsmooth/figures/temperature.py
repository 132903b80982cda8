"""NLL and ECE of one model or two against temperature, with the fitted temperature and a cursor at the film's."""

import math
from collections.abc import Sequence

import numpy as np

from labelsmooth.figures.style import (
    MODELS,
    Arrangement,
    Frame,
    Moving,
    Spec,
    axes,
    cursor,
    cursors_at,
    film_layout,
    layout_axis,
    log_axis,
    rounded,
    rounded_range,
    title_lowest,
)
from labelsmooth.temperature_path import TemperaturePath, name_of

PANELS = (("NLL", "nll"), ("ECE, equal width", "ece"))
HIGHEST = 3.0  # times the least value of the worse model: the axis ends there, for the ends of the NLL are steep
CUT = " (steep ends cut; hover tells them)"
ENDLESS = " (infinite: a label has probability 0)"
ROOM = 0.03  # beyond the ends of the axis, in powers of ten
WIDE = Arrangement(rows=1, columns=2, height=330)
NARROW = Arrangement(rows=2, columns=1, height=620, top=95)
LONG = 14  # letters of a name from which on a phone has one entry of the legend in a line
LONG_NARROW = Arrangement(rows=2, columns=1, height=680, top=155)


def temperature_frames(temperatures: Sequence[float]) -> list[Frame]:
    """The cursor of both panels at every temperature."""
    return [cursors_at(name_of(t), t, len(PANELS)) for t in temperatures]


def temperature_figure(
    hard: TemperaturePath,
    smoothed: TemperaturePath,
    fitted: tuple[TemperaturePath | None, TemperaturePath | None] = (None, None),
) -> Moving:
    """Both paths; `fitted` is the path at the one temperature fitted on validation data, None where there is none."""
    return losses_figure((hard, smoothed), fitted, MODELS)


def losses_figure(
    paths: Sequence[TemperaturePath],
    fitted: Sequence[TemperaturePath | None],
    models: Sequence[tuple[str, str]],
    *,
    cursors: bool = True,
) -> Moving:
    """The paths of models (name, colour), marked at the path of one temperature that was fitted, if any.

    Without cursors there is nothing for `temperature_frames` to move.
    """
    shown = [path for path in (*paths, *fitted) if path is not None]
    tops = [_top(shown, measure) for _, measure in PANELS]
    titles = [
        title + _note([getattr(path, measure) for path in shown], top)
        for (title, measure), top in zip(PANELS, tops, strict=True)
    ]
    phone = LONG_NARROW if any(len(name) > LONG for name, _ in models) else NARROW
    layout, narrow = film_layout(titles, WIDE, phone)
    layout["hovermode"] = "x"
    first = float(paths[0].temperatures[0])
    data = [cursor(first, number) for number in range(1, len(PANELS) + 1)] if cursors else []
    for number, ((title, measure), top) in enumerate(zip(PANELS, tops, strict=True), start=1):
        place: Spec = {"showlegend": number == 1, **axes(number)}
        for path, fit, model in zip(paths, fitted, models, strict=True):
            data.append({**_curve(path, fit, measure, model), **place})
            if fit is not None and np.isfinite(getattr(fit, measure)).all():
                data.append({**_mark(fit, measure, title, model), **place})
        layout[layout_axis(number, "x")] |= _log_axis(np.concatenate([path.temperatures for path in shown]))
        layout[layout_axis(number, "y")] |= {"range": [0, top], "zeroline": False}
    for target, arrangement in ((layout, WIDE), (narrow, phone)):
        title_lowest(target, arrangement, len(PANELS), "temperature")
    return Moving({"data": data, "layout": layout}, narrow)


def _note(values: Sequence[np.ndarray], top: float) -> str:
    """What a panel does not show."""
    every = np.concatenate(values)
    if np.isinf(every).any():
        return ENDLESS
    return CUT if np.nanmax(every, initial=0) > top else ""


def _curve(path: TemperaturePath, fit: TemperaturePath | None, measure: str, model: tuple[str, str]) -> Spec:
    """One measure of one model; the curve passes through the mark."""
    name, colour = model
    together = [path] if fit is None else [path, fit]
    x, y = (np.concatenate([getattr(part, what) for part in together]) for what in ("temperatures", measure))
    order = x.argsort(kind="stable")
    return {
        "type": "scatter",
        "mode": "lines",
        "x": rounded(x[order], 5),
        "y": rounded(y[order], 5),
        "line": {"color": colour, "width": 2},
        "name": name,
        "legendgroup": name,
        "hovertemplate": "%{y:.3f}",
    }


def _mark(fit: TemperaturePath, measure: str, title: str, model: tuple[str, str]) -> Spec:
    """The fitted temperature on the curve, with a dotted line down to the axis."""
    name, colour = model
    (temperature,), (value,) = fit.temperatures.tolist(), getattr(fit, measure).tolist()
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [temperature, temperature],
        "y": [0, round(value, 4)],
        "line": {"color": colour, "width": 1.5, "dash": "dot"},
        "marker": {"color": colour, "symbol": "diamond", "size": [0, 11], "opacity": [0, 1]},
        "name": f"{name}, fitted T = {temperature:.2f}",
        "legendgroup": f"{name}, fitted",
        "hovertemplate": f"{title} {value:.3f} at the fitted T = {temperature:.2f}<extra>{name}</extra>",
    }


def _log_axis(temperatures: np.ndarray) -> Spec:
    """A logarithmic axis that holds all temperatures."""
    ends = [math.log10(temperatures.min()) - ROOM, math.log10(temperatures.max()) + ROOM]
    return log_axis(ends) | {"zeroline": False}


def _top(paths: Sequence[TemperaturePath], measure: str) -> float:
    """Upper end of an axis well above the minima of all paths, single points among them, and above T = 1."""
    values = [getattr(path, measure) for path in paths]
    least = [(HIGHEST if len(value) > 1 else 1.1) * value.min(keepdims=True) for value in values]
    plain = [1.1 * value[path.temperatures == 1] for path, value in zip(paths, values, strict=True)]
    return rounded_range([np.zeros(1), *least, *plain])[1]
