"""Parts of a page that several pages share: the strip of measures, the state of a run, how to read the pictures."""

import math
from hashlib import sha256

import numpy as np
import streamlit as st

from labelsmooth.comparison import Comparison, compare_measure, conclusions, signed
from labelsmooth.dashboard.film import Reel, film
from labelsmooth.dashboard.gallery import Shot, null_bands
from labelsmooth.dashboard.runs import Run
from labelsmooth.figures.curves import GapOptima
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import NEVER, Snapshot
from labelsmooth.training import snapshot_epochs

# measure: title, scale, digits, unit, what it means
MEASURES = {
    "accuracy": ("Accuracy", 100, 1, " %", "Share of the test examples that the network gets right."),
    "nll": (
        "NLL",
        1,
        2,
        "",
        "Negative log-likelihood: the mean of −log p(right class) on the test part, in nats. It punishes being sure "
        "and wrong. Lower is better.",
    ),
    "ece": (
        "ECE",
        1,
        3,
        "",
        "Expected calibration error: how far confidence and accuracy are apart, averaged over 15 bins of confidence. "
        "0 is perfect, but chance alone keeps it above 0.",
    ),
    "confidence": (
        "Mean confidence",
        100,
        1,
        " %",
        "The mean of the highest probability. A calibrated network is as confident as it is accurate.",
    ),
}


def metric_strip(snapshot: Snapshot, optima: GapOptima) -> None:
    """Each measure on hard labels and smoothed, with the paired difference over seeds and its 95 % interval."""
    with st.container(horizontal=True, key="strip"):
        for name, (title, scale, digits, unit, meaning) in MEASURES.items():
            result = compare_measure(snapshot, name)
            values = f"{scale * result.hard:.{digits}f} → {scale * result.smoothed:.{digits}f}{unit}"
            _metric(title, values, _difference(result, scale, digits), meaning)
        gap = compare_measure(snapshot, "train_logit_gap")
        _metric(
            "Training logit gap",
            f"{gap.hard:.1f} → {gap.smoothed:.1f}",
            f"optimum {_gap(optima.memorising[0])} → {_gap(optima.memorising[1])}",
            "How far the logit of the given label is above the mean of the other logits, on the training part. On hard "
            "labels a network that memorises pushes it up for ever; smoothing makes the optimum finite: "
            "log(q′ on the label / q′ on another class). Without memorising, label noise alone would put the optimum "
            f"at {_gap(optima.population[0])} → {_gap(optima.population[1])}.",
        )


def _metric(title: str, values: str, below: str, meaning: str) -> None:
    st.metric(title, values, below, delta_color="off", delta_arrow="off", help=meaning, width=172)


def _difference(result: Comparison, scale: float, digits: int) -> str:
    change = signed(scale * result.difference, digits)
    if math.isinf(result.half_width):
        return f"{change}, one seed"
    return f"{change} ± {scale * result.half_width:.{digits}f}{'' if result.decided else ', undecided'}"


def _gap(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:.2f}"


def run_state(run: Run) -> None:
    """One line on where the run stands, when that is not simply finished."""
    position = run.position
    if run.state == "failed" and run.error is not None:
        st.error(run.error)
    elif position:
        st.info(f"Waiting for a free trainer: place {position} in the queue.")
    elif run.state in ("stopped", "abandoned"):
        st.info("The training was ended because nobody was looking at it. Change any control, or reload the page.")


def labels_note(snapshot: Snapshot, setup: TrainingSetup) -> None:
    """How far the run is, over what its numbers are taken, and how many training labels are really wrong."""
    train = snapshot.train
    wrong = np.mean(train.labels != train.clean_labels)
    noise = f" {wrong:.0%} of the training labels are really wrong." if setup.label_noise else ""
    seeds = f"means over {len(setup.seeds)} seeds, ± half a 95 % interval" if len(setup.seeds) > 1 else "one seed"
    st.caption(
        f"Epoch {snapshot.epoch} of {setup.epochs}: hard labels → smoothed, ε = {setup.epsilons[-1]:g}; {seeds}; "
        f"{len(train.labels)} training, {len(snapshot.test.labels)} test examples.{noise}"
    )


def show(
    shot: Shot,
    setup: TrainingSetup,
    *,
    key: str,
    alt: str,
    done: bool,
    ticking: bool = False,
    follow: str | None = None,
    identity: tuple[int, ...] = (),
) -> None:
    """A film of a run; `identity` is what else makes it another film than the last one under this key."""
    planned = len(snapshot_epochs(setup.epochs))
    reel = Reel(
        run=sha256(repr((setup, identity)).encode()).hexdigest()[:16],
        figure=shot.moving.figure,
        narrow=shot.moving.narrow,
        frames=shot.frames,
        total=len(shot.frames) if done else planned,
        final=shot.frames[-1]["name"] if done else str(setup.epochs),
        done=done,
    )
    film(reel, key=key, alt=alt, ticking=ticking, follow=follow)


def conclusion(snapshot: Snapshot, setup: TrainingSetup) -> None:
    """What was measured, in two sentences, once the run is finished and all its networks are good."""
    lost = int(np.sum(snapshot.diverged != NEVER))
    if lost:
        st.warning(
            f"{lost} of {snapshot.diverged.size} networks diverged: with learning rate {setup.learning_rate:g} their "
            "numbers left all bounds. Shown is their last good epoch; a smaller learning rate helps."
        )
    elif len(setup.epsilons) == 1:
        st.info("Epsilon is 0, so both models are the same. Move the slider to smooth the labels.")
    elif snapshot.finished:
        first, second = conclusions(snapshot, setup.epsilons[-1])
        hard, smoothed = null_bands(snapshot)
        with st.container(border=True):
            st.markdown(f"**{first}** {second}")
            st.caption(
                f"By chance alone a perfectly calibrated network with these confidences would show an ECE of "
                f"{hard.low:.3f} to {hard.high:.3f} (hard labels) or {smoothed.low:.3f} to {smoothed.high:.3f} "
                f"(smoothed); 90 % of simulated test parts, seed {setup.seeds[0]}."
            )


def how_to_read() -> None:
    """The pictures in words."""
    with st.expander("How to read the pictures"):
        st.markdown(
            """
**Clusters.** Each point is a test example: the activations of the last hidden layer (the *penultimate* layer),
projected on the plane through the *templates* of three classes. A template is the row of weights with which the last
layer recognises a class (drawn as a diamond, at the scale of the points). Where a point lies around the middle tells
which of the three classes wins; how far from the middle, how strongly. Smoothing tends to draw clusters together and
to keep them nearer to the middle: look at the numbers on the axes.

**Confidence.** How often the network was how sure: the highest of its probabilities, over all test examples.
The dotted lines are the mean confidences.

**Reliability.** Among examples with about the same confidence, the share that the network got right. On the dashed
diagonal a network is as sure as it is right; below it, it is over-confident, above it, under-confident. Big points
stand for many examples, faint ones for fewer than ten; vertical lines are 95 % intervals (Clopper-Pearson).

**What smoothing changes.** The target puts $1 - \\varepsilon + \\varepsilon/K$ on the label and $\\varepsilon/K$ on
each other of the $K$ classes, instead of 1 and 0. The loss is then smallest at a finite logit gap,
$\\log(q'_\\text{label} / q'_\\text{other})$, while on hard labels it falls for ever as the gap grows.
"""
        )
