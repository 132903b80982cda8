"""Bars over classes: targets and optima of an example, or gradients; of many classes only a few are drawn.

Legend: K classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelsmooth.figures.style import (
    Arrangement,
    Moving,
    Spec,
    axes,
    film_layout,
    layout_axis,
    rounded_range,
    titled,
)

WIDE = Arrangement(rows=1, columns=2, height=360, top=75)
NARROW = Arrangement(rows=2, columns=1, height=680, top=100, gap_y=100)
MOST = 12  # bars of a panel
FEW = 10  # of them where there are more classes
ROOM = 0.18  # of the axis above and below the bars, for their numbers


@dataclass(frozen=True)
class Bars:
    """One series: its name, its colour, and a value for every class (K,)."""

    name: str
    colour: str
    values: Sequence[float]


@dataclass(frozen=True)
class BarPanel:
    """One pair of axes: an example with its label, and the series drawn of it."""

    title: str
    label: int
    series: Sequence[Bars]


def shown_classes(num_classes: int, *always: int) -> list[int]:
    """The classes that get a bar: all if they are few, else the first ones, with those named."""
    if num_classes <= MOST:
        return list(range(num_classes))
    first = [k for k in range(FEW) if k not in always]
    return sorted([*first[: FEW - len(set(always))], *set(always)])


def bars_figure(panels: Sequence[BarPanel], padding: int | None = None) -> Moving:
    """The panels beside each other, with the class of padding, if any, named on the axis."""
    layout, narrow = film_layout([panel.title for panel in panels], WIDE, NARROW)
    data: list[Spec] = []
    for number, panel in enumerate(panels, start=1):
        named = [panel.label] if padding is None else [panel.label, padding]
        num_classes = len(panel.series[0].values)
        shown = shown_classes(num_classes, *named)
        data += [_trace(bars, shown, number) for bars in panel.series]
        more = num_classes - len(shown)
        layout[layout_axis(number, "x")] |= {
            "title": titled(f"class, and {more} more" if more else "class"),
            "tickangle": 0,
            "tickvals": list(range(len(shown))),
            "ticktext": [_tick(k, panel.label, padding) for k in shown],
        }
        layout[layout_axis(number, "y")] |= {"range": _range(panel)}
    layout["barmode"] = "group"
    return Moving({"data": data, "layout": layout}, narrow)


def _trace(bars: Bars, shown: Sequence[int], number: int) -> Spec:
    """One series with its numbers above the bars, upright where they are many."""
    values = [float(bars.values[k]) for k in shown]
    return {
        "type": "bar",
        "name": bars.name,
        "legendgroup": bars.name,
        "showlegend": number == 1,
        "x": list(range(len(shown))),
        "y": values,
        "text": [f"{value:.2g}" for value in values],
        "textposition": "outside",
        "textfont": {"size": 10},
        "constraintext": "none",
        "textangle": -90 if len(shown) > 5 else 0,
        "cliponaxis": False,
        "customdata": list(shown),
        "marker": {"color": bars.colour},
        "hovertemplate": f"{bars.name} of class %{{customdata}}: %{{y:.6g}}<extra></extra>",
        **axes(number),
    }


def _tick(k: int, label: int, padding: int | None) -> str:
    """The number of a class, and what it is here."""
    roles = [role for role, which in (("label", label), ("pad", padding)) if k == which]
    return "<br>".join([str(k), *roles])


def _range(panel: BarPanel) -> list[float]:
    """A range that holds all bars of a panel with their numbers."""
    low, high = rounded_range([np.array([0.0, *(v for bars in panel.series for v in bars.values)])])
    room = ROOM * (high - low)
    return [low - room if low < 0 else 0.0, high + room if high > 0 else 0.0]
