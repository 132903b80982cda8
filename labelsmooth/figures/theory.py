"""Pictures of the theory: a hard label against the logit gap, and the smoothed target against epsilon.

Legend: G gaps, E epsilons.
"""

import math
from dataclasses import dataclass

import numpy as np

from labelsmooth.calibration import FloatArray
from labelsmooth.conventions import Convention, optimal_logit_gap, target_probabilities
from labelsmooth.figures.style import (
    HARD,
    NEUTRAL,
    SILENT,
    SMOOTHED,
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
from labelsmooth.theory import log_probabilities, loss_terms

MOST_BARS, BARS = 12, 10  # up to so many classes all have a bar; of more classes the first ten
TWO, TWO_NARROW = Arrangement(1, 2, 330), Arrangement(2, 1, 620, gap_y=90)
GRID: Spec = {"zeroline": False, "exponentformat": "none"}


@dataclass(frozen=True)
class TheoryView:
    """What a reader has chosen: classes, who receives epsilon, and the epsilons (E,) that the films run over."""

    classes: int
    convention: Convention
    epsilons: tuple[float, ...]

    @property
    def drawn(self) -> int:
        """How many classes have a bar."""
        return self.classes if self.classes <= MOST_BARS else BARS

    @property
    def gaps(self) -> FloatArray:
        """Gaps (G,) from below 0 to beyond the optimum of epsilon = 0.01."""
        return np.linspace(-2, math.ceil(optimal_logit_gap(0.01, self.classes) + 3), 49)

    def target(self, epsilon: float) -> tuple[float, float]:
        """Target probability of the label and of every other class."""
        return target_probabilities(epsilon, self.classes, self.convention)


def hard_gaps(view: TheoryView) -> list[float]:
    """The gaps of the film: half steps from 0 on."""
    return [n / 2 for n in range(int(2 * view.gaps[-1]) + 1)]


def hard_frames(view: TheoryView) -> list[Frame]:
    """One frame a gap: the probabilities, and the place on the curve of the loss."""
    frames = []
    for gap in hard_gaps(view):
        label, other = (float(np.exp(each)) for each in log_probabilities(np.array(gap), view.classes))
        data = [{"y": _bars(view, label, other)}, {"x": [gap], "y": [-math.log(label)]}]
        # Rounded to 1 it would seem to have arrived.
        sure = short(label) if label < 0.9995 else f"1 − {short((view.classes - 1) * other)}"
        caption = (
            f"p of the label {sure}, of each other class {short(other)}; "
            f"loss log(1 + {view.classes - 1} · exp(−{gap:g})) = {short(-math.log(label))}"
        )
        frames.append({"name": f"{gap:g}", "data": data, "traces": [0, 1], "caption": caption})
    return frames


def hard_figure(view: TheoryView) -> Moving:
    """The probabilities at one gap beside the one-hot ones, and the loss on a hard label against the gap."""
    titles = ("Probabilities p at this gap", "Loss −log p on the label")
    layout, narrow = film_layout(titles, TWO, TWO_NARROW)
    gaps = np.array(hard_gaps(view))
    loss = loss_terms(gaps, 0.0, view.classes, view.convention).total
    first = hard_frames(view)[0]["data"]
    data = [
        _bar_trace(view, HARD, "network", 1) | first[0],
        dot(HARD, 2) | first[1],
        _one_hot(1),
        line(gaps, HARD, "loss", 2, digits=6) | {"y": loss.tolist()},
    ]
    layout["yaxis"] |= {"range": [0, 1.05], **GRID}
    layout["xaxis"] |= _bar_axis(view)
    layout["xaxis2"] |= {"title": titled("logit gap"), **GRID}
    # The loss has no lowest point, which a straight axis would hide.
    low, high = math.floor(math.log10(loss.min())), math.ceil(math.log10(loss.max()))
    ticks = [10.0**power for power in range(low, high + 1)]
    layout["yaxis2"] |= {"type": "log", "range": [low, high], "tickvals": ticks, **GRID}
    return Moving({"data": data, "layout": layout}, narrow)


def target_frames(view: TheoryView) -> list[Frame]:
    """One frame an epsilon: the bars of the smoothed target, and in words what each class gets."""
    frames = []
    for epsilon in view.epsilons:
        label, other = view.target(epsilon)
        data = [{"y": _bars(view, label, other)}, {"y": _bars(view, label, other)[1:]}]
        frames.append(
            {"name": f"{epsilon:g}", "data": data, "traces": [0, 1], "caption": _target_caption(view, epsilon)}
        )
    return frames


def target_figure(view: TheoryView) -> Moving:
    """The smoothed target beside the one-hot one; the other classes once more, on a scale of their own."""
    layout, narrow = film_layout(("Target q′", "Other classes, magnified"), TWO, TWO_NARROW)
    first = target_frames(view)[0]["data"]
    data = [
        _bar_trace(view, SMOOTHED, "smoothed target", 1) | first[0],
        _bar_trace(view, SMOOTHED, "smoothed target", 2) | {"x": list(range(1, view.drawn))} | first[1],
        _one_hot(1),
    ]
    targets = np.array([view.target(epsilon) for epsilon in view.epsilons])
    for panel, values in ((1, [targets, np.array([0, 1.05])]), (2, [targets[:, 1], np.zeros(1)])):
        layout[layout_axis(panel, "x")] |= _bar_axis(view) | {"range": [panel - 1.6, view.drawn - 0.4]}
        layout[layout_axis(panel, "y")] |= GRID | {"range": rounded_range(values), "zeroline": bool(targets.min() < 0)}
    layout["showlegend"] = True
    return Moving({"data": data, "layout": layout}, narrow)


def _target_caption(view: TheoryView, epsilon: float) -> str:
    label, other = view.target(epsilon)
    amount = inside(epsilon, f"{epsilon:g}")
    uniform = view.convention == "uniform"
    share = f"{amount}/{view.classes if uniform else view.classes - 1}"
    return (
        f"label 1 − {amount}{f' + {share}' if uniform else ''} = {short(label)}; each other class {share} = "
        f"{short(other)}, together {short((view.classes - 1) * other)}"
    ).replace("-", "−")


def _bars(view: TheoryView, label: float, other: float) -> list[float]:
    return [label] + [other] * (view.drawn - 1)


def _bar_trace(view: TheoryView, colour: str, name: str, panel: int) -> Spec:
    words = {"name": name, "showlegend": panel == 1, "hovertemplate": "%{y:.4g}<extra></extra>"}
    places = {"x": list(range(view.drawn)), "width": 0.8, "marker": {"color": colour}}
    return {"type": "bar", **places, **words, **axes(panel)}


def _bar_axis(view: TheoryView) -> Spec:
    """A tick for each bar; of many classes the title tells how many have none."""
    hidden = view.classes - view.drawn
    title = f"class; and {hidden} more like the last" if hidden else "class"
    names = ["label", *map(str, range(2, view.drawn + 1))]
    ticks = {"tickvals": list(range(view.drawn)), "ticktext": names, "tickangle": 0}
    return {"title": titled(title), **ticks, **GRID}


def _one_hot(panel: int) -> Spec:
    """The outline of a hard label: all on one class."""
    outline = {"x": [-0.4, -0.4, 0.4, 0.4], "y": [0, 1, 1, 0], "line": {"color": NEUTRAL, "width": 2, "dash": "dot"}}
    return {"type": "scatter", "mode": "lines", **outline, "name": "one-hot", "hoverinfo": "skip", **axes(panel)}


def line(x: FloatArray, colour: str, name: str, panel: int, width: float = 2, digits: int = 4) -> Spec:
    """A curve over x (N,) in one panel, still without its heights."""
    line = {"color": colour, "width": width}
    words = {"name": name, "hovertemplate": f"{name}: %{{y:.{digits}g}}<extra></extra>"}
    return {"type": "scatter", "mode": "lines", "x": rounded(x), "line": line, **words, **axes(panel)}


def dot(colour: str, panel: int) -> Spec:
    """A big point that a frame puts in its place."""
    marker = {"color": colour, "size": 11}
    return {"type": "scatter", "mode": "markers", "marker": marker, "cliponaxis": False, **SILENT, **axes(panel)}


def note(text: str, x: float, y: float, panel: int, anchor: str = "bottom") -> Spec:
    """A line's name at its right end, above it (its bottom there) or below it."""
    place = {"x": float(x), "y": float(y), "xref": axes(panel)["xaxis"], "yref": axes(panel)["yaxis"]}
    anchors = {"xanchor": "right", "yanchor": anchor, "showarrow": False}
    return {"text": text, "font": {"size": 11}, "opacity": 0.8, **place, **anchors}


def short(value: float) -> str:
    """A number with three decimals, or with three digits where that is more."""
    enough = abs(value) >= 0.1 or math.isclose(round(value, 3), value, abs_tol=1e-12)
    return f"{value:.{3 if enough else 2 - math.floor(math.log10(abs(value)))}f}"


def inside(value: float, text: str) -> str:
    """The text of a number inside a sum: in brackets where it is negative."""
    return f"({text})" if value < 0 else text
