"""What cross-entropy and label smoothing ask of the logits, and how near a training came to it.

In the ideal example the label's logit lies `gap` above all others, which are equal: one number tells the whole softmax.

Legend: G gaps, S seeds, T snapshots.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelsmooth.calibration import FloatArray
from labelsmooth.comparison import Comparison, change_in_words, compare
from labelsmooth.conventions import Convention, target_probabilities
from labelsmooth.snapshots import Snapshot

NEAR = 0.02  # share of the optimum: a gap no further from it has arrived
LEARNT = 0.02  # nats above the smallest loss, below which a training set counts as learnt


@dataclass(frozen=True, eq=False)
class LossTerms:
    """Both terms of the smoothed loss at each gap (G,): (1 - eps) H(q, p) and eps H(u, p), in nats."""

    kept: FloatArray
    given: FloatArray

    @property
    def total(self) -> FloatArray:
        """The smoothed loss (G,)."""
        return self.kept + self.given


def log_probabilities(gaps: FloatArray, num_classes: int) -> tuple[FloatArray, FloatArray]:
    """Log-probability of the label and of every other class, both (G,)."""
    label = -np.log1p((num_classes - 1) * np.exp(-gaps))
    return label, label - gaps


def cross_entropy(target: tuple[float, float], gaps: FloatArray, num_classes: int) -> FloatArray:
    """Cross-entropy (G,) from a target (label, every other class)."""
    label, other = log_probabilities(gaps, num_classes)
    return -target[0] * label - (num_classes - 1) * target[1] * other


def loss_terms(gaps: FloatArray, epsilon: float, num_classes: int, convention: Convention = "uniform") -> LossTerms:
    """What the hard label q and the spread u, which epsilon = 1 is all of, add to the smoothed loss."""
    hard, spread = (target_probabilities(each, num_classes, convention) for each in (0.0, 1.0))
    return LossTerms(
        kept=(1 - epsilon) * cross_entropy(hard, gaps, num_classes),
        given=epsilon * cross_entropy(spread, gaps, num_classes),
    )


def loss_gradient(
    gaps: FloatArray, epsilon: float, num_classes: int, convention: Convention = "uniform"
) -> tuple[FloatArray, FloatArray]:
    """Gradient p - q' of the loss on the label's logit and on another one, both (G,)."""
    target = target_probabilities(epsilon, num_classes, convention)
    label, other = (np.exp(each) for each in log_probabilities(gaps, num_classes))
    return label - target[0], other - target[1]


def over_time(snapshots: Sequence[Snapshot], measure: str, column: int) -> FloatArray:
    """One measure of one model after each snapshot, (T, S)."""
    return np.stack([getattr(snapshot, measure)[:, column] for snapshot in snapshots])


def first_reached(values: FloatArray, level: float) -> int | None:
    """The first of the snapshots at which the mean over seeds of values (T, S) is at the level or above."""
    reached = np.flatnonzero(values.mean(1) >= level)
    return int(reached[0]) if reached.size else None


def growth_sentence(snapshots: Sequence[Snapshot]) -> str:
    """Whether the gap of the hard-label networks still grew in the last half of the training."""
    gaps = over_time(snapshots, "train_logit_gap", 0)
    half = int(np.argmin([abs(2 * each.epoch - snapshots[-1].epoch) for each in snapshots]))
    growth = compare(gaps[half], gaps[-1])
    said = f"From epoch {snapshots[half].epoch} to {snapshots[-1].epoch} it changed by {change_in_words(growth, 1)}"
    if not growth.decided:
        verdict = "whether it still grows is not decided"
    else:
        verdict = "it is still growing" if growth.difference > 0 else "it no longer grows"
    return (
        f"Hard labels: the mean gap on the training examples is {growth.smoothed:.1f} after epoch "
        f"{snapshots[-1].epoch}. {said}: {verdict}."
    )


def overfitting_sentence(snapshots: Sequence[Snapshot]) -> str:
    """How far the hard-label networks know their training examples better than new ones, and whether too surely."""
    last = snapshots[-1]
    apart = compare(last.accuracy[:, 0], last.train_accuracy[:, 0])
    surplus = compare(last.accuracy[:, 0], last.confidence[:, 0])
    losses = over_time(snapshots, "nll", 0).mean(1)
    best = int(losses.argmin())
    loss = (
        "The test loss is lowest at the end"
        if best == len(snapshots) - 1
        else f"The test loss was lowest after epoch {snapshots[best].epoch}, {losses[best]:.2f}, and has gone up since"
    )
    return (
        f"After epoch {last.epoch} the networks answer with the label they were given on {100 * apart.smoothed:.1f} % "
        f"of the training examples, and with the right one on {100 * apart.hard:.1f} % of the test examples: "
        f"{_apart(apart)}. On the test part their mean confidence is {100 * surplus.smoothed:.1f} %, that is "
        f"{change_in_words(surplus, 1, 100, ' points')} against their accuracy: {_lean(surplus)}. "
        f"{loss}, {losses[-1]:.2f}."
    )


def _apart(result: Comparison) -> str:
    """In words, whether training accuracy is above test accuracy."""
    points = f"{abs(100 * result.difference):.1f} points"
    if not result.decided:
        return f"{points} apart, which these seeds cannot tell from none"
    return f"{points} better on what they have seen" if result.difference > 0 else f"{points} better on what is new"


def _lean(result: Comparison) -> str:
    """In words, whether confidence is above accuracy."""
    if not result.decided:
        return "neither clearly too sure nor too unsure"
    return "too sure (over-confident)" if result.difference > 0 else "not sure enough (under-confident)"


def approach_sentence(snapshots: Sequence[Snapshot], optimum: float, smallest: float) -> str:
    """How near the smoothed networks came to the gap that is their optimum, and to the smallest loss."""
    last = snapshots[-1]
    gap, loss = last.train_logit_gap[:, -1].mean(), last.train_loss[:, -1].mean()
    if not math.isfinite(optimum):
        return f"Smoothed: there is no finite optimum to approach; after epoch {last.epoch} the mean gap is {gap:.2f}."
    place = (
        "there" if abs(gap - optimum) <= NEAR * max(optimum, 1) else "still below it" if gap < optimum else "above it"
    )
    rest = loss - smallest
    # The loss is smallest only where every example has its optimum: a mean gap that fits may hide many that do not.
    unlearnt = " So not all labels are learnt yet: some examples are beyond their optimum, others short of it."
    why = unlearnt if rest > LEARNT else ""
    return (
        f"Smoothed: after epoch {last.epoch} the mean gap on the training examples is {gap:.2f}, the optimum "
        f"{optimum:.2f}: {place}. The training loss is {loss:.3f}, which is {rest:.3f} above the smallest "
        f"possible {smallest:.3f}.{why}"
    )


def passage_sentence(snapshots: Sequence[Snapshot], column: int, level: float) -> str:
    """When the test gap of one model reached its optimum under label noise, and what accuracy was there and is now."""
    model = ("Hard labels", "Smoothed")[column]
    if not math.isfinite(level):
        return f"{model}: this much sharpening leaves no finite optimum under the noise."
    gaps, accuracy = (over_time(snapshots, name, column) for name in ("test_logit_gap", "accuracy"))
    best = int(accuracy.mean(1).argmax())
    most = f"Accuracy was best after epoch {snapshots[best].epoch}, {100 * accuracy[best].mean():.1f} %"
    at = first_reached(gaps, level)
    if at is None:
        highest = int(gaps.mean(1).argmax())
        return (
            f"{model}: the mean test gap never reached the noise optimum {level:.2f}; the highest was "
            f"{gaps[highest].mean():.2f}, after epoch {snapshots[highest].epoch}. {most}."
        )
    change = compare(accuracy[at], accuracy[-1])
    verdict = "" if not change.decided else ": a gain" if change.difference > 0 else ": a loss"
    return (
        f"{model}: the mean test gap first reached the noise optimum {level:.2f} after epoch {snapshots[at].epoch}, "
        f"with {100 * change.hard:.1f} % of the test examples right; after epoch {snapshots[-1].epoch} it is "
        f"{gaps[-1].mean():.2f}, with {100 * change.smoothed:.1f} % right. That is "
        f"{change_in_words(change, 1, 100, ' points')}{verdict}. {most}."
    )
