"""A claim's numbers: each contrast with its seeds and interval, and measured numbers in a row.

Legend: S seeds, C contrasts, P places along x.
"""

import math
from collections.abc import Sequence

import numpy as np

from labelsmooth.claims.claim import Line, Profile
from labelsmooth.claims.verdicts import Judged, Numbers
from labelsmooth.figures.style import (
    CLASS_COLOURS,
    HARD,
    NEUTRAL,
    SILENT,
    SMOOTHED,
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
    titled,
)

DIGITS = 6  # what is read off should be the number of the record
GREEN = CLASS_COLOURS[1]
ROWS = (("record", SMOOTHED), ("live", GREEN))
CLAIMED = "rgba(136,136,136,0.18)"
DASHES = ("solid", "dash", "dot")


def contrasts_figure(judged: Sequence[Judged], live: Sequence[Judged] = ()) -> Moving:
    """A panel a contrast: the seeds, the interval, the claimed side shaded, and the difference in the source.

    With `live`, the same contrasts tested anew, a second row under the first.
    """
    rows, panels = (2 if live else 1), len(judged)
    place = Arrangement(rows=panels, columns=1, height=75 + panels * (68 + 26 * rows), top=30, gap_y=58)
    layout, narrow = film_layout([each.contrast.text for each in judged], place, place)
    data = list[Spec]()
    for number, each in enumerate(judged, start=1):
        shown = [each, *live[number - 1 : number]]
        low, high = _x_range(shown)
        data += [_claimed(each, low, high, rows, number), *([_zero(rows, number)] if low <= 0 <= high else [])]
        for row, found in enumerate(shown):
            data += _row(found, -row, number)
        data += _source(each, number)
        layout[layout_axis(number, "x")] |= {"range": [low, high], "zeroline": False}
        layout[layout_axis(number, "y")] |= {"range": [0.5 - rows, 0.5], "zeroline": False, "showgrid": False}
        ticks = {"tickvals": [-row for row in range(rows)], "ticktext": [title for title, _ in ROWS[:rows]]}
        layout[layout_axis(number, "y")] |= ticks
    layout["showlegend"] = False
    return Moving({"data": data, "layout": layout}, narrow)


def _scaled(judged: Judged) -> np.ndarray:
    """Differences of the seeds that have one, as shown."""
    values = np.array(judged.differences) * judged.contrast.scale
    return values[np.isfinite(values)]


def _x_range(shown: Sequence[Judged]) -> list[float]:
    """All seeds, both ends of the intervals, the ends of the claimed region, and the source."""
    contrast = shown[0].contrast
    ends = [contrast.scale * end for end in (contrast.low, contrast.high) if math.isfinite(end)]
    ends += [] if contrast.source is None else [contrast.source]
    for each in shown:
        if each.comparison is not None and math.isfinite(each.comparison.half_width):
            ends += [contrast.scale * each.comparison.low, contrast.scale * each.comparison.high]
    values = np.concatenate([np.array(ends), *map(_scaled, shown)])
    # A mark at the very end would be cut in half.
    room = 0.04 * float(np.ptp(values)) or 1e-3
    return rounded_range([np.append(values, [values.min() - room, values.max() + room])])


def _claimed(judged: Judged, low: float, high: float, rows: int, panel: int) -> Spec:
    """The region where the claim says that the difference lies."""
    contrast = judged.contrast
    left, right = max(low, contrast.scale * contrast.low), min(high, contrast.scale * contrast.high)
    corners = {"x": [left, right, right, left], "y": [0.5, 0.5, 0.5 - rows, 0.5 - rows]}
    area = {"mode": "none", "fill": "toself", "fillcolor": CLAIMED, **corners}
    return {"type": "scatter", **area, **SILENT, **axes(panel)}


def _zero(rows: int, panel: int) -> Spec:
    line = {"x": [0, 0], "y": [0.5 - rows, 0.5], "line": {"color": NEUTRAL, "width": 1}}
    return {"type": "scatter", "mode": "lines", **line, **SILENT, **axes(panel)}


def _row(judged: Judged, height: float, panel: int) -> list[Spec]:
    """The seeds, and over them the interval with the mean."""
    title, colour = ROWS[int(-height)]
    contrast, found, values = judged.contrast, judged.comparison, _scaled(judged)
    hover = f"%{{x:.{contrast.digits}f}}{contrast.unit}"
    dots = {
        "mode": "markers",
        "marker": {"color": colour, "size": 7, "opacity": 0.35},
        "hovertemplate": f"{title}, one seed: {hover}<extra></extra>",
        "x": rounded(values, DIGITS),
        "y": [height] * len(values),
    }
    traces = [dots]
    if found is not None and math.isfinite(found.half_width):
        ends = [contrast.scale * end for end in (found.low, found.difference, found.high)]
        traces.append(
            {
                "mode": "lines+markers",
                "line": {"color": colour, "width": 4},
                "marker": {"color": colour, "size": 12, "symbol": ["line-ns-open", "circle", "line-ns-open"]},
                "hovertemplate": f"{title}, %{{customdata}}: {hover}<extra></extra>",
                "customdata": ["lower end", "mean", "upper end"],
                "x": rounded(np.array(ends), DIGITS),
                "y": [height] * 3,
            }
        )
    return [{"type": "scatter", "showlegend": False, **trace, **axes(panel)} for trace in traces]


def _source(judged: Judged, panel: int) -> list[Spec]:
    """A diamond at the difference in the source, if there is one."""
    contrast = judged.contrast
    if contrast.source is None:
        return []
    words = {"hovertemplate": f"in the source: %{{x:g}}{contrast.unit}<extra></extra>", "showlegend": False}
    marker = {"symbol": "diamond-open", "size": 12, "color": HARD, "line": {"width": 2}}
    where = {"x": [contrast.source], "y": [0]}
    return [{"type": "scatter", "mode": "markers", "marker": marker, **where, **words, **axes(panel)}]


def profile_figure(profile: Profile, numbers: Numbers) -> Moving:
    """Means of the measured numbers along x, shaded from the lowest to the highest seed, and the level."""
    place = Arrangement(rows=1, columns=1, height=300)
    layout, narrow = film_layout([profile.title], place, place)
    data, x = list[Spec](), [x for x, _ in profile.lines[0].points]
    for number, line in enumerate(profile.lines):
        data += _line(line, numbers, DASHES[number] if line.smoothed and number else "solid")
    if profile.level is not None:
        named = isinstance(profile.level, str)
        level = float(np.nanmean(_seeds(numbers, str(profile.level)))) if named else float(profile.level)
        colour = HARD if named else NEUTRAL
        data.append(dashed_line(x, level, colour, f"{profile.level_title}: %{{y:.3f}}", 1))
        data[-1] |= {"name": profile.level_title, "showlegend": True}
    layout["xaxis"] |= {"title": titled(profile.x_title), "zeroline": False}
    layout["yaxis"] |= {"range": rounded_range([np.array(each["y"], np.float64) for each in data]), "zeroline": False}
    return Moving({"data": data, "layout": layout}, narrow)


def _line(line: Line, numbers: Numbers, dash: str) -> list[Spec]:
    """One line with its band."""
    x, colour = [x for x, _ in line.points], SMOOTHED if line.smoothed else HARD
    values = np.stack([_seeds(numbers, name) for _, name in line.points])  # (P, S)
    words = {"name": line.title, "hovertemplate": f"{line.title}: %{{y:.3f}}<extra></extra>"}
    style = {"mode": "lines+markers", "line": {"color": colour, "width": 2, "dash": dash}, "marker": {"color": colour}}
    points = {"x": x, "y": rounded(np.nanmean(values, axis=1), DIGITS)}
    area = band(x, np.nanmin(values, axis=1), np.nanmax(values, axis=1), colour, 1)
    return [area, {"type": "scatter", **style, **points, **words, **axes(1)}]


def _seeds(numbers: Numbers, name: str) -> np.ndarray:
    """One measured number of every seed (S,), nan where a run diverged."""
    return np.array(numbers[name], np.float64)
