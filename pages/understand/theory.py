"""Why and what: from a loss that is never satisfied to one with an optimum, in five steps."""

import streamlit as st

from labelsmooth.dashboard.controls import choice
from labelsmooth.dashboard.desk import current
from labelsmooth.dashboard.following import follow, ticking
from labelsmooth.dashboard.guide import NEGATIVE
from labelsmooth.dashboard.pace import beat
from labelsmooth.dashboard.panels import SAME
from labelsmooth.dashboard.theory import (
    Part,
    hard_film,
    loss_film,
    measured_part,
    newest,
    optimum_film,
    standing,
    target_film,
    twin,
    view_of,
)
from labelsmooth.dashboard.theory_formulas import (
    gradient_formula,
    hard_formula,
    loss_formula,
    noise_formula,
    optimum_formula,
    target_formula,
)
from labelsmooth.datasets import class_names, dataset_of

settings = current()
setup = settings.setup()
view = view_of(settings)
more = not settings.lecture and ticking(setup)
tick = beat(more)
epsilon, classes = settings.epsilon, len(class_names(setup.dataset, setup.classes))
everyone = view.convention == "uniform"
smoothed_too = "" if len(setup.epsilons) == 1 else f" and {len(setup.seeds)} with ε = {epsilon:g}"


@st.fragment(run_every=tick)
def watch(part: Part, alt: str, *, leads: bool = False) -> None:
    """What is measured, as far as the run has come, which the part that leads follows for all."""
    snapshots = follow(setup, more=more)[1] if leads else standing(setup)
    wall = newest(setup, snapshots)
    if wall is not None:
        measured_part(wall, setup, part, alt, ticking=leads and more and bool(snapshots))


def introduction() -> None:
    """What the five steps are about, and what is trained for them."""
    st.markdown(
        f"""
Five steps lead from the usual loss to the smoothed one. What is drawn against the *epoch* (one pass through the
training examples) is **measured**: this page trains {len(setup.seeds)} networks with hard labels{smoothed_too} on
{dataset_of(setup.dataset).title}, {classes} classes, {setup.train_size} examples. All other curves are computed from
the formula beside them. Drag the sliders under the pictures.
"""
    )


def hard_label() -> None:
    """Step 1: the loss of a hard label falls for ever, and training drives the gap up."""
    st.header("1. A hard label is never satisfied", divider="grey")
    st.markdown(
        """
A network that sorts examples into $K$ classes gives each class $k$ a number, its *logit* $z_k$. The *softmax*
$p_k = e^{z_k} / \\sum_j e^{z_j}$ turns the logits into probabilities: all above 0, together 1.

A *hard label* $y$ asks for probability 1 on one class and 0 on all others: a *one-hot* distribution, dotted in the
picture. The loss, *cross-entropy*, is $-\\log p_y$: the less probable the network finds the label, the larger it is.

Suppose that the label's logit is above all others by the *logit gap* $g$, and that these are equal. Then the gap
decides everything:
"""
    )
    st.latex(hard_formula(view))
    choice("target_classes")
    hard_film(view)
    st.markdown(
        """
Drag the gap. The loss falls all the way: each step to the right makes it smaller, and none makes it 0. (Its axis counts
in powers of ten.) The bars come ever closer to the one-hot label, which would take an infinite gap.

**Measured**: does training really drive the gap up and up? In a network the other logits differ, so its gap is $z_y$
minus their mean; drawn is the average over all training examples, with the labels they were given. The line is the mean
over seeds, that is over repetitions with other random numbers, the shading reaches from the lowest to the highest.
"""
    )

    alt = "Logit gap and loss of the hard-label networks on their training examples, against the epoch."
    watch("hard", alt, leads=True)


def little_data() -> None:
    """Step 2: what that leads to where there are few examples, or wrong labels."""
    st.header("2. Learnt by heart, and too sure", divider="grey")
    st.markdown(
        """
A network *over-fits* when it does much better on the examples that it has seen than on new ones, and it is
*over-confident* when it is surer than it is right. Its *confidence* is its highest probability. These are the same
hard-label networks on their training examples (dotted) and on *test* examples, which training never uses (solid).
Move the number of training examples, and the *label noise*: the share of training labels that are drawn anew at random.
"""
    )
    with st.container(horizontal=True):
        twin("train_size", "little")
        twin("label_noise", "little")
    watch("little", "Accuracy, loss and confidence of the hard-label networks on both parts, against the epoch.")


def smoothed_target() -> None:
    """Step 3: what smoothing changes."""
    st.header("3. The label gives some of it away", divider="grey")
    st.markdown(
        f"""
Label smoothing changes the target and nothing else. A share $\\varepsilon$ of the label's probability is given to
{"all classes alike, the label's own included" if everyone else "the other classes alike"}. With $q$ for the hard label
and $u$ for that even spread, the new target is $q' = (1-\\varepsilon)\\,q + \\varepsilon\\,u$. On the label $y$ and on
each other class $k$:
"""
    )
    st.latex(target_formula(view, epsilon))
    with st.container(horizontal=True):
        twin("target_classes", "target")
        twin("convention", "target")
    target_film(view, epsilon)
    st.markdown(
        f"Drag ε: what the tall bar {'loses, the others share' if epsilon >= 0 else 'gains is taken from the others'}. "
        "The second picture shows these alone, on a scale of their own. "
        "Where you let go becomes the ε of the whole page; the curves of steps 4 and 5 move along."
    )
    if settings.negative:
        st.info(NEGATIVE)


def two_terms() -> None:
    """Step 4: the loss of the smoothed target, and its gradient."""
    st.header("4. The new loss has two terms", divider="grey")
    st.markdown(
        f"""
$H(a, b) = -\\sum_k a_k \\log b_k$ is the cross-entropy of probabilities $b$ under a target $a$. With the smoothed
target it splits in two: $H(q, p) = -\\log p_y$ is the loss of step 1, and $H(u, p)$ is the mean of $-\\log p_k$ over
{"all classes" if everyone else "the other classes"}, which is large when any of them is thought nearly impossible.
Written out {"where the sum is smallest" if epsilon > 0 else "at one gap"}:
"""
    )
    st.latex(loss_formula(view, epsilon))
    loss_film(view)
    st.markdown(
        """
First picture: one term falls with the gap; the other rises at large gaps, so for ε above 0 their sum has a lowest point
(the big dot). Second picture, the sum at several ε: the more smoothing, the further left and the higher that point
lies. The orange line, ε = 0, has none.

The other two show *gradients*: how fast the loss changes with one logit. Training moves a logit against its gradient.
"""
    )
    st.latex(gradient_formula(view, epsilon))
    st.markdown(
        """
On hard labels (orange) the label's gradient is below 0 and the other's above 0 at every gap: the gap is always pushed
up. With ε above 0 both cross 0 at the same gap, where the probabilities equal the target, and beyond it they push back.
"""
    )


def optimum() -> None:
    """Step 5: the gap at which the new loss is smallest."""
    st.header("5. An optimum that can be reached", divider="grey")
    if epsilon > 0:
        st.markdown(
            "Setting $p = q'$ gives the gap $g^*$ at which the loss is smallest, and that loss, $H(q') = H(q', q')$:"
        )
    elif epsilon == 0:
        st.markdown("With ε = 0 the optimum is infinite, and its loss 0 is never reached:")
    else:
        st.markdown(
            f"With ε = {epsilon:g}, below 0, there is no optimum: the loss has no lower bound, and falls below 0 for "
            "ever as the gap grows."
        )
    if epsilon >= 0:
        st.latex(optimum_formula(view, epsilon))
    optimum_film(view)
    st.markdown(
        "More classes want a larger gap, more smoothing a smaller one; towards ε = 0 it grows without end. The "
        "smallest loss is above 0: what is left of a smoothed training loss need not be a fault."
    )


def measured_optimum() -> None:
    """Whether training ends there."""
    st.subheader("Measured: do trained networks end there?")
    st.markdown(f"The dashed lines are the optimum for the {classes} classes of the data.")
    if len(setup.epsilons) == 1:
        st.info(SAME)
    with st.container(horizontal=True):
        twin("label_noise", "optimum")
    if setup.label_noise:
        spread = "" if everyone else " (with $\\varepsilon K/(K-1)$ for ε: as much, counted over all classes)"
        st.markdown(
            f"""
Label noise smooths too. A label drawn anew with probability $\\rho = {setup.label_noise:g}$ is, on average over many
examples, the clean label smoothed with $\\rho$. Both together are one smoothing $r${spread}, with an optimal gap $g_r$
to the *clean* label, the true class:
"""
        )
        st.latex(noise_formula(setup))
        st.markdown(
            """
That is the *noise optimum* of a network that cannot tell which labels are wrong. One that learns them by heart leaves
it for the *memorising optimum* of the label given: $g^*$ with smoothing, infinite without. So the two gaps are drawn
apart: on the training examples to the labels given, on the test examples to the clean ones. A star marks where the test
gap first reaches its noise optimum.
"""
        )
    else:
        st.markdown(
            "Without label noise only the optimum of the training part is drawn. With noise there is a second one."
        )
    watch("optimum", "Training gap, training loss above its smallest value, test gap and test accuracy of both models.")


if settings.lecture:
    st.latex(target_formula(view, epsilon))
    target_film(view, epsilon)
else:
    introduction()
    hard_label()
    little_data()
    smoothed_target()
    two_terms()
    optimum()
    measured_optimum()
