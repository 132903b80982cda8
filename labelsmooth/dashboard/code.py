"""The parts of the page "In your code": the decoder of epsilon, the losses side by side, the code to copy."""

import inspect
import re
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from labelsmooth.dashboard.film import Reel, film, name_of
from labelsmooth.dashboard.settings import Settings
from labelsmooth.dashboard.specs import LIBRARY_NAMES
from labelsmooth.decoder import TITLES, Decoded, Equivalent, decode, equivalents
from labelsmooth.figures.style import CLASS_COLOURS, HARD, SMOOTHED, Moving
from labelsmooth.figures.targets import BarPanel, Bars, bars_figure
from labelsmooth.origin import EXAMPLES, LabelSmoothing, Scored, SideBySide, side_by_side
from labelsmooth.pitfalls import pitfalls

LABELS = (0, 1)  # an example of the class that has a weight, and one of another
OPTIMUM = CLASS_COLOURS[0]
SNIPPETS = Path(__file__).parent / "snippets"
# What to install for each file of code.
INSTALL = {
    "pytorch": "torch",
    "sequence": "torch",
    "huggingface": "torch transformers accelerate",
    "lightning_module": "torch lightning",
    "keras_model": "keras torch",
    "optax_step": "jax optax",
    "skorch_net": "torch skorch",
}


def decoder(settings: Settings) -> None:
    """Target, optimum and smallest loss of the chosen library, its pitfalls, and the equal epsilon elsewhere."""
    padding = None if settings.padding < 0 else settings.padding
    name = LIBRARY_NAMES[settings.library]
    try:
        decoded = decode(name, settings.target_classes, settings.epsilon, padding, settings.class_weight)
    except ValueError as error:
        st.warning(f"{TITLES[name]} has no loss here: {error}.")
        return
    library = decoded.library
    st.markdown(f"`{library.call}`")
    st.latex(target_formula(decoded))
    _numbers(decoded)
    _bars(decoded, padding)
    found = pitfalls(decoded)
    if "wrong class" in found:
        st.warning(found.pop("wrong class"))
    _mind("with these choices", found.values())
    _mind(f"with {TITLES[name]} always", library.pitfalls)
    _elsewhere(decoded)


def target_formula(decoded: Decoded) -> str:
    """The target of the label and of another class, in symbols and in numbers."""
    e, shared = f"{decoded.acting:g}", decoded.shared
    label, other = f"{decoded.label_target:.4g}", f"{decoded.other_target:.4g}"
    if decoded.library.convention == "uniform":
        on = rf"1 - \varepsilon + \tfrac{{\varepsilon}}{{K}} = 1 - {e} + \tfrac{{{e}}}{{{shared}}} = {label}"
        off = rf"\tfrac{{\varepsilon}}{{K}} = \tfrac{{{e}}}{{{shared}}} = {other}"
    else:
        count = "V - 2" if decoded.library.skips_padding else "K - 1"
        on = rf"1 - \varepsilon = 1 - {e} = {label}"
        off = rf"\tfrac{{\varepsilon}}{{{count}}} = \tfrac{{{e}}}{{{shared - 1}}} = {other}"
    return rf"\begin{{aligned}} q'_y &= {on} \\ q'_k &= {off} \end{{aligned}}"


def _numbers(decoded: Decoded) -> None:
    """The strip of numbers, and the loss in words."""
    library = decoded.library
    values = {
        "Target of the label": (f"{decoded.label_target:.4g}", "q′ on the label y."),
        "Target of each other class": (f"{decoded.other_target:.4g}", "q′ on every other class k that shares ε."),
        "Optimal logit gap": (
            f"{decoded.gap:.2f}".replace("inf", "∞"),
            "log(q′ on the label / q′ on another class): how far the label's logit is above the others where the loss "
            "is smallest, with equal class weights.",
        ),
        "Smallest loss": (
            f"{decoded.floor:.4g}".replace("inf", "∞"),
            "Of one example, in nats, with equal class weights: the entropy of the target for cross-entropy, 0 for the "
            "KL divergence.",
        ),
    }
    with st.container(horizontal=True):
        for label, (value, meaning) in values.items():
            st.metric(label, value, help=meaning, width=200)
    counted = "The number of classes is V here: it counts padding. " if library.skips_padding else ""
    st.markdown(f"Loss of one example: `{library.loss}`")
    st.caption(
        f"{counted}Reduction: {library.reduction}. "
        f"Ignored labels: {library.ignored}. Class weights: {library.class_weights}. Read in: {library.source}."
    )


def _bars(decoded: Decoded, padding: int | None) -> None:
    """Targets of two examples, and what class weights make of them."""
    panels = []
    for label in LABELS:
        empty = decoded.without_loss(label)
        title = f"Label {label} is padding: no loss" if empty else f"Probabilities for a label {label}"
        series = [Bars("target", SMOOTHED, decoded.target(label))]
        if decoded.weighs:
            series.append(Bars("optimum with the weight", OPTIMUM, decoded.optimum(label)))
        panels.append(BarPanel(title, label, series))
    if decoded.weighs:
        losses = " and ".join(f"{decoded.smallest_loss(k):.3g} for a label {k}" for k in LABELS)
        st.markdown(
            f"With weight {decoded.weight:g} on class 0 training does not lead to the target but to the orange "
            f"probabilities. Before the mean the smallest loss is then {losses}."
        )
    shown = padding if decoded.padding is None else decoded.padding
    alt = f"Target probabilities of each class for a label 0 and a label 1 in {TITLES[decoded.library.name]}."
    moving = bars_figure(panels, shown)
    film(_reel(moving), key="decoded", alt=alt)


def _mind(when: str, sentences: Collection[str]) -> None:
    """A list of pitfalls, if there are any."""
    if sentences:
        with st.container(border=True):
            st.markdown("\n".join([f"**Mind, {when}**\n", *(f"- {sentence}" for sentence in sentences)]))


def _elsewhere(decoded: Decoded) -> None:
    """The epsilon that gives the same target in every other library."""
    rows = [_row(equal, decoded.shared) for equal in equivalents(decoded)]
    st.markdown(f"**The same target elsewhere**: {decoded.shared} classes, {decoded.label_target:.4g} on the label.")
    st.table(pd.DataFrame(rows, columns=["library", "ε there", "how"]).set_index("library"))


def _row(equal: Equivalent, shared: int) -> tuple[str, str, str]:
    name = TITLES[equal.library.name]
    if equal.epsilon is None:
        return name, "none", equal.reason
    epsilon = f"{equal.epsilon:.6g}"
    call = re.sub(r"\beps\b", epsilon, equal.library.call)
    extra = f", V = {equal.scores}: {shared} classes and padding" if equal.library.skips_padding else ""
    return name, epsilon, f"`{call}`{extra}"


def side_by_side_panel(settings: Settings) -> None:
    """The losses of one random batch, computed now, and why they differ."""
    if settings.epsilon < 0:
        st.info("The module for the KL divergence has no loss below ε = 0: choose an epsilon from 0 on.")
        return
    batch = side_by_side(settings.target_classes, settings.epsilon, settings.seed)
    st.markdown(
        "Two PyTorch losses that differ by more than ε: a module as in older code, `LabelSmoothing(size, smoothing)`, "
        "which takes log-probabilities, gives ε to the classes that are not the label, and sums a KL divergence; and "
        "the smoothing that is built into PyTorch. `LabelSmoothingLoss` of this package can be either. Here are all "
        f"four on the same {EXAMPLES} random "
        f"examples with {settings.target_classes} classes (seed {settings.seed}), computed as the page was drawn:"
    )
    pairs = ((batch.module, batch.others), (batch.builtin, batch.uniform))
    rows = [(f"`{scored.call}`", f"{scored.value:.6f}") for pair in pairs for scored in pair]
    st.table(pd.DataFrame(rows, columns=["loss", "value"]).set_index("loss"))
    st.markdown(" ".join(_same(*pair) for pair in pairs) + " " + _different(batch))
    st.table(pd.DataFrame(_way(batch), columns=["change", "value", "what it does"]).set_index("change"))
    _equal_training(batch)
    _gradients(batch)
    with st.expander("The module, in our words"):
        st.code(inspect.getsource(LabelSmoothing), language="python")


def _same(first: Scored, second: Scored) -> str:
    """How far two losses that should be equal are apart."""
    value, gradient = abs(first.value - second.value), np.abs(first.gradient - second.gradient).max()
    return f"`{first.call}` and `{second.call}`: difference {value:.1g} in value, {gradient:.1g} in the gradient."


def _different(batch: SideBySide) -> str:
    if not batch.equal_epsilon:
        return "Without smoothing only the sum over examples sets the module apart from PyTorch, which takes the mean:"
    return (
        f"But the module's {batch.module.value:.4f} is not the {batch.builtin.value:.4f} of the built-in loss. Three "
        "things differ. Changed one after the other, from the module to PyTorch:"
    )


def _way(batch: SideBySide) -> list[tuple[str, str, str]]:
    """Each step with its value and what it does."""
    _, mean, cross, end = batch.way
    moved = np.abs(batch.module.gradient / EXAMPLES - batch.builtin.gradient).max()
    words = (
        f"sums over {EXAMPLES} examples",
        f"divides loss and gradient by N = {EXAMPLES}; a learning rate for the one does not fit the other",
        f"adds H(q′) = {cross.value - mean.value:.4f}, which no weight can change: the gradient stays",
        f"changes the loss by {end.value - cross.value:+.4f} and the gradient by up to {moved:.2g}: another target",
    )
    return [(step.change, f"{step.value:.6f}", word) for step, word in zip(batch.way, words, strict=True)]


def _equal_training(batch: SideBySide) -> None:
    """The built-in loss with the module's target."""
    _, mean, cross, _ = batch.way
    entropy = cross.value - mean.value
    st.markdown(
        f"So the built-in loss trains towards the module's target with ε · K/(K-1) = {batch.equal_epsilon:.6g}. It is "
        f"then {batch.matched:.6f}, and ({batch.matched:.4f} - {entropy:.4f}) × {EXAMPLES} = "
        f"{(batch.matched - entropy) * EXAMPLES:.4f} is the module again."
    )


def _gradients(batch: SideBySide) -> None:
    """Gradients of the first example, and what is left of their difference without the sum."""
    label = int(batch.labels[0])
    module, builtin = batch.module.gradient[0], batch.builtin.gradient[0]
    panels = (
        BarPanel(
            "Gradient on the logits, first example",
            label,
            (Bars("module", HARD, module), Bars("built-in", SMOOTHED, builtin)),
        ),
        BarPanel(
            f"Module less {EXAMPLES} × built-in", label, (Bars("difference", OPTIMUM, module - EXAMPLES * builtin),)
        ),
    )
    moving = bars_figure(panels)
    alt = "Gradients of the module and of the built-in loss on the logits of one example, and their difference."
    film(_reel(moving), key="gradients", alt=alt)
    st.caption(
        "Left: a sum pulls harder than a mean. Right: with the same weight per example what is left is the difference "
        "of the targets, ε/K on the label and -ε/(K(K-1)) on each other class, the same for every example."
    )


def code_to_copy(settings: Settings) -> None:
    """The file of one library, as the tests run it."""
    name = settings.snippet
    st.code((SNIPPETS / f"{name}.py").read_text(encoding="utf-8"), language="python")
    st.caption(
        f"`pip install {INSTALL[name]}`. The tests of this project run this very file where its libraries are "
        "installed, and compare its `loss` with that of `LabelSmoothingLoss(0.1)`."
    )


def _reel(moving: Moving) -> Reel:
    """A still picture, named by what it shows."""
    return Reel(name_of(moving.figure), moving.figure, moving.narrow, [], 0, done=True)
