"""The formulas of the page "Why and what" with their numbers in them, as LaTeX."""

import math

import numpy as np

from labelsmooth.conventions import as_uniform, compose_noise, minimum_loss, optimal_logit_gap
from labelsmooth.datasets import class_names
from labelsmooth.figures.theory import TheoryView, inside, short
from labelsmooth.setups import TrainingSetup
from labelsmooth.theory import loss_terms

SHOWN_GAP = 5.0  # at which a loss without an optimum is written out


def hard_formula(view: TheoryView) -> str:
    """The loss on a hard label against the gap."""
    return _lines(
        r"-\log p_y &= \log\left(1 + (K-1)\,e^{-g}\right)", rf"&= \log\left(1 + {view.classes - 1}\,e^{{-g}}\right)"
    )


def target_formula(view: TheoryView, epsilon: float) -> str:
    """Target probability of the label and of another class."""
    label, other = view.target(epsilon)
    e, classes = inside(epsilon, f"{epsilon:g}"), view.classes
    if view.convention == "uniform":
        of_label = (r"q'_y &= 1 - \varepsilon + \varepsilon/K", rf"&= 1 - {e} + {e}/{classes} = {number(label)}")
        return _lines(*of_label, rf"q'_k &= \varepsilon/K = {e}/{classes} = {number(other)}")
    of_label = (r"q'_y &= 1 - \varepsilon", rf"&= 1 - {e} = {number(label)}")
    return _lines(*of_label, rf"q'_k &= \varepsilon/(K-1) = {e}/{classes - 1} = {number(other)}")


def loss_formula(view: TheoryView, epsilon: float) -> str:
    """The smoothed loss, written out at its optimum or else at some gap."""
    optimum = optimal_logit_gap(epsilon, view.classes, view.convention)
    gap = optimum if math.isfinite(optimum) else SHOWN_GAP
    hard, spread, loss = (
        float(loss_terms(np.array(gap), each, view.classes, view.convention).total) for each in (0.0, 1.0, epsilon)
    )
    return _lines(
        r"L &= (1-\varepsilon)\,H(q, p) + \varepsilon\,H(u, p)",
        rf"L(g = {gap:.2f}) &= {1 - epsilon:g} \cdot {number(hard)} {epsilon:+g} \cdot {number(spread)}",
        rf"&= {number(loss)}",
    )


def gradient_formula(view: TheoryView, epsilon: float) -> str:
    """The gradient of the smoothed loss on the label's logit and on another."""
    label, other = view.target(epsilon)
    return _lines(
        rf"\partial L / \partial z_y &= p_y - q'_y = p_y - {inside(label, number(label))}",
        rf"\partial L / \partial z_k &= p_k - q'_k = p_k - {inside(other, number(other))}",
    )


def optimum_formula(view: TheoryView, epsilon: float) -> str:
    """The gap at which the loss is smallest, and that loss."""
    label, other = view.target(epsilon)
    gap, loss = (of(epsilon, view.classes, view.convention) for of in (optimal_logit_gap, minimum_loss))
    ratio = rf"\log({number(label)} / {number(other)})"
    return _lines(
        r"g^* &= \log(q'_y / q'_k)",
        rf"&= {ratio} = {number(gap)}",
        r"H(q') &= -q'_y \log q'_y - (K-1)\,q'_k \log q'_k",
        rf"&= {number(loss)}",
    )


def noise_formula(setup: TrainingSetup) -> str:
    """Label noise and smoothing as one smoothing, for both models, and the gap that it asks for."""
    classes = len(class_names(setup.dataset, setup.classes))
    noise = setup.label_noise
    lines = [r"r &= \varepsilon + \rho - \varepsilon\rho", r"g_r &= \log\left(1 + K(1-r)/r\right)"]
    for epsilon in dict.fromkeys((0.0, setup.epsilons[-1])):
        r = compose_noise(epsilon, noise, classes, setup.convention)
        uniform = as_uniform(epsilon, classes, setup.convention)
        e = inside(uniform, f"{uniform:.4g}")
        gap = number(optimal_logit_gap(r, classes))
        lines += [rf"\varepsilon = {epsilon:g}:\quad r &= {e} + {noise:g} - {e} \cdot {noise:g} = {r:.3g}"]
        lines += [rf"g_r &= {gap}"]
    return _lines(*lines)


def number(value: float) -> str:
    """A number, infinite ones too."""
    return short(value) if math.isfinite(value) else r"\infty" if value > 0 else r"-\infty"


def _lines(*lines: str) -> str:
    """Equations below each other, short enough for a telephone."""
    return r"\begin{aligned}" + r" \\ ".join(lines) + r"\end{aligned}"
