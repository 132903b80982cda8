"""The pictures of a training in words, for the setup that is shown."""

import streamlit as st

from labelsmooth.figures.live import FEW
from labelsmooth.setups import TrainingSetup

LIVE = (
    "Above: test examples in the last hidden layer, a colour a class. Below, left: how sure the networks are. Right: "
    "how often they are right when that sure; under the dashed line less often than they claim. Clusters may be "
    "drawn on a scale of their own: look at the axes."
)
SWEEP = (
    "Each place of the slider under the pictures is another network, trained from the same start with that ε. Where "
    "you let go becomes the page's ε."
)
CLUSTERS = (
    "Each point is an example in the last hidden layer; a diamond is the *template* of a class, the weights by which "
    "the last layer recognises it."
)
RELIABILITY = (
    "A bar shows how far a bin is off: from the diagonal to the share that was right. Inside the grey band that may be "
    "chance."
)


def how_to_read(setup: TrainingSetup, shown: tuple[int, ...]) -> None:
    """The pictures in words."""
    plane = (
        "projected on the plane through the *templates* of the classes shown. A template is the row of weights with "
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


NEGATIVE = (
    "A negative epsilon sharpens: the target gives the label more than 1 and every other class less than 0. It has "
    "been proposed for very noisy labels (Wei et al. 2022). The loss then has no lower bound: the larger the logit "
    "gap, the smaller the loss, so gaps grow from epoch to epoch, and a network may diverge."
)


def sweep_guide(convention: str) -> None:
    """The pictures of the sweep in words."""
    target = "1 - \\varepsilon + \\varepsilon/K" if convention == "uniform" else "1 - \\varepsilon"
    with st.expander("How to read the pictures"):
        st.markdown(
            f"""
**The film runs over epsilon, not over time.** Each frame is another network, trained from the same starting weights
on the same data with another epsilon, and shown after the same number of epochs. Drag the slider under the pictures:
all four move together. Where you let go becomes the page's epsilon, here, in the address and on every other page.

**Clusters** are shown twice. On their *own scale* (divided by their root-mean-square radius) you see their shape; on
the *common scale* how far apart smoothing leaves them. Diamonds are the templates of the classes.

**Under the film** every measure of the test part stands against epsilon: the line is the mean over the seeds (of the
best temperature the median), the shading reaches from the lowest to the highest seed, the orange point is the
hard-label model, and the dashed line what that model gives after *temperature scaling*: dividing its logits by one
number that is fitted on validation data. A star marks the best epsilon by a measure; it is filled where the seeds can
tell it from its neighbours, by paired differences.

**The grey band** behind ECE is what chance alone would show of a perfectly calibrated model with the confidences of the
first seed, in nine draws of ten.

**Best temperature.** Above 1 the model is too sure of itself, below 1 not sure enough. The more smoothing, the lower
it is: the target asks for lower confidence, ${target}$ on the label.
"""
        )


def clusters_guide() -> None:
    """The pictures of the clusters in words."""
    with st.expander("How to read the pictures"):
        st.markdown(
            """
**Each point is an example**: its activations in the last hidden layer (the *penultimate* layer), projected on the
plane through the *templates* of the classes shown. A template is the row of weights with which the last layer
recognises a class. Point at an example to see what it is. Rings are training examples whose label is wrong: a network
that memorises moves them, against their looks, into the cluster of the label they were given.

**With or without the bias.** The logit of a class is template times activations plus a bias. The paper (Müller,
Kornblith and Hinton 2019) makes the bias one more coordinate of the template, and a constant 1 one more activation;
the projection then shows whole logits. Some replications left it out. The sentence under the film says how much that
moves in this picture.

**Class separation** $R^2$ is the share of the (cosine) distance between examples that lies between classes, 1 when
every class is a single direction. It does not see scale. **NC1** compares the spread within classes with the spread
between them; it goes to 0 as clusters become points (*neural collapse*). **Distances** are root-mean-square, in units
of the activations: they do see scale. Solid lines are the test part with its right labels; dotted ones the training
part with the labels given. Shading reaches from the lowest to the highest seed.
"""
        )


# Of the pages that take files.
RELOADING = "Reloading the page begins a new session: give the files again."
# What the rows of two tables mean, for every page that has them.
ESTIMATORS = (
    "*Equal width*, *equal mass*: bins of equal width, or with equally many examples. *Debiased*: without the part "
    "that chance adds. *RMS*: squares instead of absolute gaps, so large gaps weigh more. *Class-wise* and *ACE*: over "
    "the probabilities of all classes, not the predicted one alone. *smECE*: a smooth curve instead of bins. *MCE*: "
    "the worst bin."
)
RISK = (
    "*Coverage* is the share of the examples that is answered, *risk* the share of the answers that is wrong. *AURC* "
    "is the mean risk over all coverages; *E-AURC* is what is left of it without the best possible for that many "
    "errors, so it judges the ranking alone; *AUROC* is the chance that a right answer is ranked above a wrong one."
)
RANKINGS = (
    "*Maximum probability*, *margin* and *entropy* rank by the probabilities. *Normalised logits* do without them: the "
    "largest logit less the mean of its row, divided by the length of the row after that."
)


def calibration_guide() -> None:
    """The pictures of calibration in words."""
    with st.expander("How to read the pictures"):
        st.markdown(
            """
**Reliability.** Test examples are sorted into bins by confidence. A bar goes from the mean confidence of a bin (on
the diagonal) to the share that the network got right: the *signed gap*. Vertical lines are 95 % Clopper-Pearson
intervals. The grey band is where nine of ten bins of a calibrated network would end; a bar that stays inside it says
nothing. The thin curve needs no bins: each point averages its surroundings.

**Temperature.** Drag the slider: the logits of both networks are divided by $T$ before the softmax. No temperature
changes which class is largest, so accuracy stays; only confidence moves. The marks in the curves below stand at the
temperature that was fitted on validation data.

**Why so many numbers for one thing?** ECE depends on bins, and it is above 0 even for a perfect network. Beside each
estimator stands what chance alone would show, with labels drawn from the network's own probabilities.

**Risk and coverage.** Let the network answer only where it is most confident: how often is it wrong then? These
numbers do not see calibration: any increasing change of the score leaves them alone.
"""
        )
