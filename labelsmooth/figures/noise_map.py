"""A map of one measure over epsilon and another choice, with the best epsilon of each row.

Legend: V rows, E epsilons. Cells have equal size, so places on the axes are their numbers from 0.
"""

import math
from collections.abc import Sequence

from labelsmooth.figures.style import BOTTOM, SILENT, Arrangement, Moving, Spec, axes, film_layout, rounded, titled
from labelsmooth.sweep import RANKED, Best, NoiseMap

DIGITS = 6
TICKS = 8  # labels of epsilons that fit beside each other on a phone
ROW = 46  # pixels of a row
TOP = 70  # pixels for the colour bar and its title
BAR: Spec = {"orientation": "h", "thickness": 12, "len": 1, "x": 0.5, "y": 1.02, "yanchor": "bottom", "nticks": 6}
# A note, because with a title of its own a horizontal colour bar shifts that of the x axis.
TITLE: Spec = {
    "x": 0.5,
    "y": 1,
    "xref": "paper",
    "yref": "paper",
    "yanchor": "bottom",
    "yshift": 45,
    "showarrow": False,
}


def map_figure(noise_map: NoiseMap) -> Moving:
    """Means over seeds as colours, blank where nothing is trained, and a ring on the best epsilon of each row."""
    rows, columns = noise_map.means.shape
    arrangement = Arrangement(rows=1, columns=1, height=TOP + BOTTOM + ROW * rows, top=TOP)
    measure = RANKED[noise_map.measure][0]
    title = TITLE | {"text": f"{measure[0].upper()}{measure[1:]}, mean over seeds"}
    layout, narrow = film_layout((), arrangement, arrangement, notes=[title])
    shares = noise_map.varies == "label_noise"
    x = [f"{epsilon:g}" for epsilon in noise_map.epsilons]
    y = [f"{value:.0%}" if shares else f"{value:g}" for value in noise_map.values]
    across = "label noise" if shares else "training examples"
    layout["coloraxis"] = {"colorscale": "Cividis", "colorbar": BAR}
    step = math.ceil(columns / TICKS)
    layout["xaxis"] = _axis(x, range(x.index("0") % step, columns, step)) | {"title": titled("epsilon"), "anchor": "y"}
    layout["yaxis"] = _axis(y, range(rows)) | {"title": titled(across), "anchor": "x"}
    cells = {
        "type": "heatmap",
        "x": list(range(columns)),
        "y": list(range(rows)),
        "z": [rounded(row, DIGITS) for row in noise_map.means],
        "text": [[f"{across} {b}, epsilon {a}: {measure}" for a in x] for b in y],
        "hovertemplate": "%{text} %{z:.3f}<extra></extra>",
        "hoverongaps": False,
        "coloraxis": "coloraxis",
        **axes(1),
    }
    return Moving({"data": [cells, *_rings(noise_map.bests)], "layout": layout | {"showlegend": False}}, narrow)


def _axis(labels: Sequence[str], shown: Sequence[int]) -> Spec:
    """An axis of numbered cells with some of their labels."""
    ticks = {"tickvals": list(shown), "ticktext": [labels[place] for place in shown]}
    return {"range": [-0.5, len(labels) - 0.5], "showgrid": False, "zeroline": False, **ticks}


def _rings(bests: Sequence[Best | None]) -> list[Spec]:
    """A black mark with a white rim, seen on every colour: full where the best differs from its neighbours."""
    known = [(row, best) for row, best in enumerate(bests) if best is not None]
    places = {"x": [best.index for _, best in known], "y": [row for row, _ in known]}
    points = {"type": "scatter", "mode": "markers", **places, **axes(1)}
    rim = {"symbol": "circle-open", "size": 13, "color": "white", "line": {"width": 5}}
    symbols = ["circle" if best.decided else "circle-open" for _, best in known]
    mark = {"symbol": symbols, "size": 13, "color": "black", "line": {"width": 2, "color": "black"}}
    hover = "best: %{customdata}<extra></extra>"
    return [
        {**points, "marker": rim, **SILENT},
        {**points, "marker": mark, "customdata": [_told(best) for _, best in known], "hovertemplate": hover},
    ]


def _told(best: Best) -> str:
    """A row's best epsilon in words, for the hover."""
    told = "the seeds can" if best.decided else "one seed cannot" if best.seeds == 1 else "the seeds cannot"
    return f"{best.value:.3f} at epsilon {best.epsilon:g}; {told} tell it from its neighbours"
