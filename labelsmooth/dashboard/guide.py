"""The pictures of a training in words, for the setup that is shown."""

import streamlit as st

from labelsmooth.figures.live import FEW
from labelsmooth.setups import TrainingSetup


def how_to_read(setup: TrainingSetup, shown: tuple[int, ...]) -> None:
    """The pictures in words."""
    plane = (
        "projected on the plane through the *templates* of three classes. A template is the row of weights with "
        "which the last layer recognises a class (a diamond, drawn at the scale of the points). Where a point lies "
        "around the middle tells which of the three classes wins; how far from the middle, how strongly."
        if len(shown) > 2
        else "across along the difference of the *templates*, the rows of weights with which the last layer "
        "recognises each of the two classes (diamonds, drawn at the scale of the points); up along the main "
        "direction of the rest."
    )
    target = (
        "$1 - \\varepsilon + \\varepsilon/K$ on the label and $\\varepsilon/K$ on each other"
        if setup.convention == "uniform"
        else "$1 - \\varepsilon$ on the label and $\\varepsilon/(K-1)$ on each other"
    )
    with st.expander("How to read the pictures"):
        st.markdown(
            f"""
**Clusters.** Each point is a test example: the activations of the last hidden layer (the *penultimate* layer), {plane}
Smoothing can draw clusters together and keep them nearer to the middle: look at the numbers on the axes.

**Confidence.** How often the network was how sure: the highest of its probabilities, over all test examples.
The dotted lines are the mean confidences.

**Reliability.** Among examples with about the same confidence, the share that the network got right. On the dashed
diagonal a network is as sure as it is right; below it, it is over-confident, above it, under-confident. Big points
stand for many examples, faint ones for fewer than {FEW}; vertical lines are 95 % intervals (Clopper-Pearson).

**What smoothing changes.** The target puts {target} of the $K$ classes, instead of 1 and 0. The loss is then smallest
at a finite logit gap, $\\log(q'_\\text{{label}} / q'_\\text{{other}})$, while on hard labels it falls for ever as the
gap grows.
"""
        )
