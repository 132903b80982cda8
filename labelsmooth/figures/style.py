"""What all figures share: colours, panels for wide and narrow screens, and rounded axis ranges.

A figure is a plain dict in Plotly's JSON form: building `plotly.graph_objects` ones costs 70 ms, and a film
sends a new version twice a second. `Moving.plotly` gives the object, checked by Plotly, where time allows.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

Spec = dict[str, Any]
Frame = dict[str, Any]  # name, data, traces, and a caption in words

HARD, SMOOTHED = "#D55E00", "#0072B2"
MODELS = (("hard labels", HARD), ("smoothed", SMOOTHED))
NEUTRAL = "#888888"
# Okabe and Ito's colours, safe for the colour-blind, without the two of the models; then more for up to ten classes.
CLASS_COLOURS = (
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#A6951A",
    "#7F6BB3",
    "#8C564B",
    "#44AA99",
    "#999999",
    "#AA4499",
)
SILENT: Spec = {"hoverinfo": "skip", "showlegend": False}  # a trace that is only a line to look at


@dataclass(frozen=True)
class Moving:
    """A figure that frames animate, {"data", "layout"}, and what changes in its layout on a narrow screen."""

    figure: Spec
    narrow: Spec

    def plotly(self, frames: Sequence[Frame] = (), prefix: str = "") -> go.Figure:
        """The film as one ordinary Plotly figure, with Plotly's own buttons and slider: for notebooks and files.

        `prefix` stands before the name of the frame shown: "epsilon = ".
        """
        figure = go.Figure(self.figure)
        figure.layout.template = "plotly_white"
        if not frames:
            return figure
        types = [trace["type"] for trace in self.figure["data"]]
        figure.frames = [
            go.Frame(
                name=frame["name"],
                traces=frame["traces"],
                data=[{"type": types[k], **data} for k, data in zip(frame["traces"], frame["data"], strict=True)],
            )
            for frame in frames
        ]
        figure.update_layout(**room_for_controls(self.figure["layout"]), **_controls(frames, prefix))
        return figure


@dataclass(frozen=True)
class Arrangement:
    """Panels in rows and columns: height of the figure, room above and below it, and gaps, in pixels."""

    rows: int
    columns: int
    height: int
    top: int = 70
    gap_x: int = 75
    gap_y: int = 80
    width: int = 1000  # about: gaps beside each other are shares of it

    def domains(self) -> list[tuple[list[float], list[float]]]:
        """Share of width and height that each panel takes, row by row from the top."""
        gap_x = self.gap_x / self.width
        gap_y = self.gap_y / (self.height - self.top - BOTTOM)
        wide = (1 - gap_x * (self.columns - 1)) / self.columns
        tall = (1 - gap_y * (self.rows - 1)) / self.rows
        return [
            ([x, min(1, x + wide)], [max(0, 1 - y - tall), 1 - y])  # rounding must not leave [0, 1]
            for y in (row * (tall + gap_y) for row in range(self.rows))
            for x in (column * (wide + gap_x) for column in range(self.columns))
        ]


BOTTOM = 45  # pixels under the lowest panel, for its axis
CONTROLS = 95  # pixels under that, for Plotly's own buttons and slider


def room_for_controls(layout: Spec) -> Spec:
    """Height and margins of a layout with room for Plotly's own controls."""
    margin = layout["margin"]
    return {"height": layout["height"] + CONTROLS, "margin": {**margin, "b": margin["b"] + CONTROLS}}


def _controls(frames: Sequence[Frame], prefix: str) -> Spec:
    """Plotly's own slider over the frames, and buttons to play and to pause."""
    still = {"mode": "immediate", "frame": {"duration": 0, "redraw": False}, "transition": {"duration": 0}}
    play = {**still, "frame": {"duration": 100, "redraw": False}, "fromcurrent": True}
    steps = [{"label": f["name"], "method": "animate", "args": [[f["name"]], still]} for f in frames]
    buttons = [
        {"label": label, "method": "animate", "args": args}
        for label, args in (("Play", [None, play]), ("Pause", [[None], still]))
    ]
    place = {"x": 0, "y": 0, "xanchor": "left", "yanchor": "top"}
    value = {"prefix": prefix, "xanchor": "right", "font": {"size": 16}}
    return {
        "sliders": [{**place, "len": 1, "pad": {"t": BOTTOM + 5, "b": 0}, "currentvalue": value, "steps": steps}],
        "updatemenus": [
            {
                "type": "buttons",
                "direction": "right",
                **place,
                "pad": {"t": BOTTOM},
                "buttons": buttons,
                "showactive": False,
            }
        ],
    }


FAR = 1e9  # a cursor's ends, beyond any axis


def joined(style: Spec, moment: Spec) -> Spec:
    """A trace from its style and what a frame says of it; both may say something of its markers."""
    whole = {**style, **moment}
    if "marker" in moment:
        whole["marker"] = {**style["marker"], **moment["marker"]}
    return whole


def axes(panel: int) -> Spec:
    """The axes of a trace in this panel, counted from 1."""
    suffix = "" if panel == 1 else str(panel)
    return {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}


def layout_axis(panel: int, letter: str) -> str:
    """The layout's name of the x or y axis of this panel."""
    return f"{letter}axis{'' if panel == 1 else panel}"


def titled(text: str) -> Spec:
    """The title of an axis, close to it: panels stand close too."""
    return {"text": text, "standoff": 5}


def cursor(place: float, panel: int, log: bool = False) -> Spec:
    """A vertical line across a panel; a logarithmic axis draws nothing that has an end below 0."""
    line = {"color": NEUTRAL, "width": 1.5}
    ends = {"x": [place, place], "y": [1 / FAR if log else -FAR, FAR]}
    return {"type": "scatter", "mode": "lines", "line": line, **ends, **SILENT, **axes(panel)}


def cursors_at(name: str, place: float, panels: int) -> Frame:
    """The cursors of all panels, which are the first traces of their figure, at one place."""
    return {"name": name, "data": [{"x": [place, place]}] * panels, "traces": list(range(panels)), "caption": ""}


def band(x: Sequence[float], low: np.ndarray, high: np.ndarray, colour: str, panel: int) -> Spec:
    """The area between two lines over x, apart where one of them has a gap."""
    known = np.flatnonzero(np.isfinite(low) & np.isfinite(high))
    pieces = np.split(known, np.flatnonzero(np.diff(known) > 1) + 1)
    places: list[float | None] = []
    edges: list[np.ndarray] = []
    for piece in pieces:
        places += [x[k] for k in (*piece, *piece[::-1])] + [None]
        edges.append(np.concatenate([high[piece], low[piece][::-1], [np.nan]]))
    area = {"x": places[:-1], "y": rounded(np.concatenate(edges)[:-1]), "fill": "toself", "fillcolor": colour}
    return {"type": "scatter", "mode": "none", "opacity": 0.18, **area, **SILENT, **axes(panel)}


def dashed_line(x: Sequence[float], level: float, colour: str, hover: str, panel: int) -> Spec:
    """A dashed line at one level, told in the legend nowhere."""
    line = {"color": colour, "width": 1, "dash": "dash"}
    points = {"x": list(x), "y": rounded(np.full(len(x), level))}
    words = {"hovertemplate": f"{hover}<extra></extra>", "showlegend": False}
    return {"type": "scatter", "mode": "lines", "line": line, **points, **words, **axes(panel)}


def title_lowest(layout: Spec, arrangement: Arrangement, panels: int, text: str) -> None:
    """The title of the x axes, written under the lowest panel of each column alone."""
    for number in range(1, panels + 1):
        lowest = number > panels - arrangement.columns
        layout[layout_axis(number, "x")]["title"] = titled(text if lowest else "")


def film_layout(
    titles: Sequence[str], wide: Arrangement, narrow: Arrangement, notes: Sequence[Spec] = ()
) -> tuple[Spec, Spec]:
    """A layout of titled panels, and its entries that differ on a narrow screen; `notes` are more annotations."""
    layout, other = _panels(titles, wide, notes), _panels(titles, narrow, notes)
    for panel in range(1, len(titles) + 1):
        layout[layout_axis(panel, "x")]["anchor"] = axes(panel)["yaxis"]
        layout[layout_axis(panel, "y")]["anchor"] = axes(panel)["xaxis"]
    layout |= {
        "legend": {"orientation": "h", "x": 0, "y": 1, "yref": "container", "yanchor": "top"},
        "uirevision": "kept",  # the viewer's zoom stays while frames come and go
        "hovermode": "closest",
    }
    return layout, other


def _panels(titles: Sequence[str], arrangement: Arrangement, notes: Sequence[Spec]) -> Spec:
    """Axis domains, titles above the panels, height and margins."""
    layout: Spec = {
        "height": arrangement.height,
        "margin": {"l": 55, "r": 20, "t": arrangement.top, "b": BOTTOM},
        "annotations": list(notes),
    }
    for panel, (title, (x, y)) in enumerate(zip(titles, arrangement.domains(), strict=False), start=1):
        layout[layout_axis(panel, "x")] = {"domain": x}
        layout[layout_axis(panel, "y")] = {"domain": y}
        place = {"xref": "paper", "yref": "paper", "x": sum(x) / 2, "y": y[1]}
        place |= {"xanchor": "center", "yanchor": "bottom"}
        layout["annotations"].append({"text": title, "showarrow": False, "font": {"size": 14}, **place})
    return layout


def rounded_range(values: Iterable[np.ndarray]) -> list[float]:
    """Lowest and highest of all values, rounded outwards to whole steps of a power of two.

    Over more values the range only grows, and in jumps: an axis does not crawl while a film arrives. (With
    steps of 1, 2 and 5 it could shrink: 5 is no multiple of 2.)
    """
    every = np.concatenate([np.ravel(v) for v in values])
    finite = every[np.isfinite(every)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    step = 2.0 ** np.ceil(np.log2(max(high - low, 1e-6) / 8))
    return [float(np.floor(low / step) * step), float(np.ceil(high / step) * step)]


def log_axis(ends: Sequence[float]) -> Spec:
    """A logarithmic axis between these powers of ten, with a few ticks that are written out.

    Left to itself Plotly writes digits without their power where the axis is short.
    """
    low, high = ends
    steps = (1, 2, 5) if high - low <= 2.5 else (1,)
    powers = range(math.floor(low), math.ceil(high) + 1, max(1, round((high - low) / 8)))
    ticks = [float(f"{step}e{power}") for power in powers for step in steps]
    words = [f"{tick:g}" for tick in ticks]
    return {"type": "log", "range": [low, high], "tickvals": ticks, "ticktext": words}


def rounded(values: np.ndarray, digits: int = 4) -> list[Any]:
    """Values as a list for JSON, None where there is nothing to draw; the largest keeps so many digits.

    A screen shows no more of the others either, and a film is a third of the size.
    """
    flat = np.ravel(values).astype(np.float64)
    finite = np.isfinite(flat)
    largest = np.abs(flat[finite]).max(initial=0)
    places = digits - 1 - int(np.floor(np.log10(largest))) if largest > 0 else 0
    numbers: list[Any] = flat.round(places).tolist()
    for gap in np.flatnonzero(~finite).tolist():
        numbers[gap] = None
    return numbers
