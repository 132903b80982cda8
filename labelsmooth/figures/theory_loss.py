"""Pictures of the smoothed loss against the logit gap, and of its optimum against epsilon.

Legend: K classes, G gaps, E epsilons.
"""

import math

import numpy as np

from labelsmooth.calibration import FloatArray
from labelsmooth.conventions import Convention, minimum_loss, optimal_logit_gap
from labelsmooth.figures.style import (
    HARD,
    NEUTRAL,
    SMOOTHED,
    Arrangement,
    Frame,
    Moving,
    Spec,
    cursor,
    cursors_at,
    film_layout,
    layout_axis,
    rounded,
    rounded_range,
    titled,
)
from labelsmooth.figures.theory import GRID, TWO, TWO_NARROW, TheoryView, dot, line, note
from labelsmooth.theory import loss_gradient, loss_terms

GIVEN = "#009E73"  # the term that smoothing adds
SEVERAL = (0.0, 0.05, 0.1, 0.2, 0.4)
SUM = "sum, at this ε"
SOME_CLASSES = (3, 10, 100, 1000)
FOUR, FOUR_NARROW = Arrangement(2, 2, 620), Arrangement(4, 1, 1240, top=95, gap_y=85)


def loss_frames(view: TheoryView) -> list[Frame]:
    """One frame an epsilon: both terms and their sum, the gradients, and the optimum on each of them."""
    return [
        {
            "name": f"{epsilon:g}",
            "data": _loss_moment(view, epsilon),
            "traces": list(range(len(_MOVING))),
            "caption": "",
        }
        for epsilon in view.epsilons
    ]


# What moves in the figure of the loss, in the order of a frame: colour, name, panel; a dot has no name.
_MOVING = (
    (HARD, "(1 − ε) H(q, p)", 1),
    (GIVEN, "ε H(u, p)", 1),
    (SMOOTHED, SUM, 1),
    (SMOOTHED, SUM, 3),
    (SMOOTHED, SUM, 4),
    *((SMOOTHED, "", panel) for panel in (1, 2, 3, 4)),
)


def _loss_moment(view: TheoryView, epsilon: float) -> list[Spec]:
    """What each of the moving traces shows at this epsilon; a dot stays away where there is no optimum."""
    terms = loss_terms(view.gaps, epsilon, view.classes, view.convention)
    gradients = loss_gradient(view.gaps, epsilon, view.classes, view.convention)
    gap, loss = (of(epsilon, view.classes, view.convention) for of in (optimal_logit_gap, minimum_loss))
    known = math.isfinite(gap)
    lines = [{"y": rounded(values)} for values in (terms.kept, terms.given, terms.total, *gradients)]
    dots = [{"x": [gap if known else None], "y": [height if known else None]} for height in (loss, loss, 0.0, 0.0)]
    return [*lines, *dots]


def loss_figure(view: TheoryView) -> Moving:
    """Both terms of the loss, the loss at several epsilons, and its gradient on the label and on another class."""
    titles = (
        "Both terms and their sum",
        "The sum at several ε",
        "Gradient on the label's logit",
        "Gradient on another logit",
    )
    gaps = view.gaps
    curves = [loss_terms(gaps, each, view.classes, view.convention).total for each in SEVERAL]
    notes = [note(f"ε = {each:g}", gaps[-1], float(curve[-1]), 2) for each, curve in zip(SEVERAL, curves, strict=True)]
    layout, narrow = film_layout(titles, FOUR, FOUR_NARROW, notes=notes)
    moments = [_loss_moment(view, epsilon) for epsilon in view.epsilons]
    told = set[str]()
    data = []
    for (colour, name, panel), moment in zip(_MOVING, moments[0], strict=True):
        trace = line(gaps, colour, name, panel) if name else dot(colour, panel)
        if name and name != SUM:
            trace["line"] |= {"dash": "dash"}
        data.append(trace | {"showlegend": bool(name) and name not in told, "legendgroup": name} | moment)
        told.add(name)
    for each, curve in zip(SEVERAL, curves, strict=True):
        colour = NEUTRAL if each else HARD
        data.append(line(gaps, colour, f"ε = {each:g}", 2, width=1.5) | {"y": rounded(curve), "showlegend": False})
    gradients = loss_gradient(gaps, 0.0, view.classes, view.convention)
    for panel, gradient in zip((3, 4), gradients, strict=True):
        style = line(gaps, HARD, "hard labels", panel, width=1.5)
        data += [style | {"y": rounded(gradient), "showlegend": panel == 3, "legendgroup": "hard labels"}]
    # Each panel holds all epsilons: an axis does not move with the film.
    shown = {
        1: [moment[k]["y"] for moment in moments for k in (0, 1, 2)],
        2: curves,
        3: [*(moment[3]["y"] for moment in moments), gradients[0]],
        4: [*(moment[4]["y"] for moment in moments), gradients[1]],
    }
    for panel, values in shown.items():
        layout[layout_axis(panel, "x")] |= {"title": titled("logit gap"), "range": [gaps[0], gaps[-1]], **GRID}
        # The gradients have a line at 0: there the optimum is.
        bounds = rounded_range([np.array(each, float) for each in values])
        layout[layout_axis(panel, "y")] |= GRID | {"range": bounds, "zeroline": panel > 2, "zerolinecolor": NEUTRAL}
    return Moving({"data": data, "layout": layout}, narrow)


def optimum_frames(view: TheoryView) -> list[Frame]:
    """One frame an epsilon: the cursors."""
    return [cursors_at(f"{epsilon:g}", epsilon, 2) for epsilon in view.epsilons]


def optimum_figure(view: TheoryView, epsilon: float) -> Moving:
    """Optimal gap and smallest loss against epsilon, for the number of classes chosen and for some others."""
    epsilons = np.array([n / 200 for n in range(1, 101)])
    number = {classes: _optima(epsilons, classes, view.convention) for classes in (*SOME_CLASSES, view.classes)}
    notes = [
        note(f"K = {classes}", epsilons[-1], values[panel - 1][-1], panel)
        for classes, values in number.items()
        for panel in (1, 2)
    ]
    layout, narrow = film_layout(("Optimal logit gap", "Smallest loss H(q′)"), TWO, TWO_NARROW, notes=notes)
    data = [cursor(epsilon, panel) for panel in (1, 2)]
    for panel in (1, 2):
        for classes, values in number.items():
            chosen = classes == view.classes
            style = line(epsilons, SMOOTHED if chosen else NEUTRAL, f"K = {classes}", panel, 2.5 if chosen else 1)
            data.append(style | {"y": rounded(values[panel - 1]), "showlegend": False})
        every = [np.zeros(1), *(values[panel - 1] for values in number.values())]
        layout[layout_axis(panel, "y")] |= {"range": rounded_range(every), **GRID}
        low = min(0.0, *view.epsilons)
        layout[layout_axis(panel, "x")] |= {"title": titled("ε"), "range": [low - 0.01, 0.51], **GRID}
    return Moving({"data": data, "layout": layout}, narrow)


def _optima(epsilons: FloatArray, classes: int, convention: Convention) -> tuple[FloatArray, FloatArray]:
    """Optimal gap and smallest loss, both (E,)."""
    gaps, losses = (
        np.array([of(epsilon, classes, convention) for epsilon in epsilons.tolist()])
        for of in (optimal_logit_gap, minimum_loss)
    )
    return gaps, losses
