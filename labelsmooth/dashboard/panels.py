"""Parts of a page that several pages share: the strip of measures, the state of a run, what was measured."""

import math
from functools import lru_cache

import numpy as np
import streamlit as st

from labelsmooth.comparison import Comparison, compare_measure, conclusions, signed
from labelsmooth.dashboard.gallery import Wall
from labelsmooth.dashboard.measures import MEASURES
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import NEVER
from labelsmooth.training import DIVERGED_LOSS

ARROW = ":material/arrow_forward:"  # before a link to another page
SAME = "Epsilon is 0, so both models are the same. Move the slider to smooth the labels."


def metric_strip(wall: Wall, epoch: int) -> None:
    """Each measure where the film stands: hard labels, smoothed, and the paired difference with its 95 % interval."""
    with st.container(horizontal=True, key="strip"):
        for label, values, below, meaning in _strip(wall, wall.measured(epoch).epoch):
            st.metric(label, values, below, delta_color="off", delta_arrow="off", help=meaning, width=172)


@lru_cache(32)
def _strip(wall: Wall, epoch: int) -> list[tuple[str, str, str, str]]:
    """Of each measure its title, both values, their difference, and what it means: once for all viewers."""
    snapshot = wall.measured(epoch)
    whole = not np.any(snapshot.diverged != NEVER)
    same = len(wall.setup.epsilons) == 1
    gaps = " → ".join("∞" if math.isinf(gap) else f"{gap:.2f}" for gap in wall.optima.train_gap)
    strip = []
    for name, (title, scale, digits, unit, meaning) in MEASURES.items():
        result = compare_measure(snapshot, name)
        values = f"{scale * result.hard:.{digits}f} → {scale * result.smoothed:.{digits}f}{unit}"
        below = "the same" if same else _difference(result, scale, digits) if whole else "some diverged"
        strip.append((title.format(gaps), values, below, meaning))
    return strip


def _difference(result: Comparison, scale: float, digits: int) -> str:
    if result.difference == 0 and result.half_width == 0:
        return "the same"  # as before the first step
    change = signed(scale * result.difference, digits)
    if math.isinf(result.half_width):
        return f"{change}, one seed"
    return f"{change} ± {scale * result.half_width:.{digits}f}{'' if result.decided else ', undecided'}"


def labels_note(wall: Wall, epoch: int) -> None:
    """Of which epoch the numbers are, over what they are taken, and how many training labels are wrong."""
    setup, snapshot, shown = wall.setup, wall.snapshot, wall.measured(epoch).epoch
    train = snapshot.train
    noise = (
        f" {100 * setup.label_noise:.0f} % of the training labels were drawn anew, which made "
        f"{100 * train.wrong_share:.0f} % of all wrong (seed {setup.seeds[0]})."
        if setup.label_noise
        else ""
    )
    seeds = (
        f"means over {len(setup.seeds)} seeds, ± half a 95 % interval; pictures of seed {setup.seeds[0]} alone"
        if len(setup.seeds) > 1
        else "one seed"
    )
    where = "the newest, wherever the film is" if shown == snapshot.epoch else "where the film was left"
    st.caption(
        f"Epoch {shown} of {setup.epochs}, {where}: hard labels → smoothed, ε = {setup.epsilons[-1]:g}; {seeds}; "
        f"{len(train.labels)} training, {len(snapshot.test.labels)} test examples.{noise}"
    )


def say_diverged(setup: TrainingSetup, diverged: np.ndarray) -> bool:
    """Warn of networks that diverged, `diverged` (S, E) as in `Snapshot`; whether there are any."""
    lost = int(np.sum(diverged != NEVER))
    if lost:
        st.warning(
            f"{lost} of {diverged.size} networks diverged: with learning rate {setup.learning_rate:g} their training "
            f"loss passed {DIVERGED_LOSS:g} nats or was no number any more. Shown is their last good epoch; a smaller "
            "learning rate helps."
        )
    return lost > 0


def elsewhere() -> None:
    """The pages that answer what the numbers of a training ask."""
    with st.container(horizontal=True):
        for page, answers in (
            ("understand/theory.py", "Why the logit gap stops growing"),
            ("experiment/calibration.py", "Whether that ECE is more than chance"),
            ("experiment/drag_epsilon.py", "What another ε would do"),
        ):
            st.page_link(page, label=answers, icon=ARROW, width="content")


def conclusion(wall: Wall, *, brief: bool) -> None:
    """What was measured, once the run is finished and all its networks are good; with or without what chance does."""
    setup, snapshot = wall.setup, wall.snapshot
    if say_diverged(setup, snapshot.diverged):
        return
    if len(setup.epsilons) == 1:
        st.info(SAME)
    elif wall.null is not None:
        first, second = conclusions(snapshot, setup)
        (hard, smoothed), (ece_hard, ece_smoothed) = wall.null, snapshot.ece[0, [0, -1]]
        with st.container(border=True):
            st.markdown(f"**{first}** {second}")
            if brief:
                return
            st.caption(
                f"ECE is above 0 by chance alone. With the confidences of seed {setup.seeds[0]} a perfectly calibrated "
                f"network would show {hard.low:.3f} to {hard.high:.3f} on hard labels (measured: {ece_hard:.3f}), and "
                f"{smoothed.low:.3f} to {smoothed.high:.3f} smoothed (measured: {ece_smoothed:.3f}), in 90 % of draws."
            )
