"""Two models of the same task, trained without and with label smoothing: the differences, and what they say.

Legend: N rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labelsmooth.assessment.assess import UNSCALED, check_classes
from labelsmooth.assessment.caveats import FEW
from labelsmooth.assessment.judged import Assessment
from labelsmooth.assessment.losses import Losses, losses_at
from labelsmooth.assessment.scaling import Outcome, changed, outcome, usable, worth
from labelsmooth.calibration import FloatArray
from labelsmooth.comparison import Comparison, change_in_words, compare, compare_unpaired, count, signed
from labelsmooth.predictions.given import Predictions

CHOICES: dict[Outcome, str] = {
    "better": "So smoothing gives this model more than a temperature does",
    "worse": "So keep the labels hard and scale the logits",
    "both": "So it depends on which of the losses counts",
    "open": "So it is open: what is told of one loss, the mean of the other contradicts",
    "undecided": "So these rows give no reason to train with smoothing: a temperature is the simpler way",
}


@dataclass(frozen=True)
class Contrast:
    """Both models over rows: hard = the first, smoothed = the second. None where no label is possible for both."""

    nll: Comparison | None  # nats, over the rows whose label is possible
    brier: Comparison
    gap: Comparison  # confidence - accuracy


@dataclass(frozen=True)
class Pair:
    """Two models compared: the first trained without label smoothing, the second with it.

    `as_they_are` leaves both alone, `scaled` divides the logits of both by their own temperatures, `rivals` those of
    the first only. The latter two are None where a model in question has no temperature to use, `rivals` also where
    the first one's makes it worse.
    """

    names: tuple[str, str]
    rows: tuple[int, int]
    paired: bool  # row by row: both have the same labels in the same order, so they are taken for the same rows
    left_out: tuple[int, int]  # of the NLL: rows whose label is impossible, for either model where paired
    accuracy: Comparison
    as_they_are: Contrast
    scaled: Contrast | None
    rivals: Contrast | None


@dataclass(frozen=True)
class _Side:
    """One model: what is right (N,), the losses as they are, and after the temperature."""

    correct: FloatArray
    plain: Losses
    scaled: Losses | None


def pair_of(
    first: Predictions, second: Predictions, first_assessment: Assessment, second_assessment: Assessment
) -> Pair:
    """Compare two models by what was said and what was found of each; ValueError where their classes differ."""
    check_classes(second_assessment.name, second, first)
    paired = np.array_equal(first.labels, second.labels)
    sides = (_side(first, first_assessment), _side(second, second_assessment))
    hard, smoothed = sides

    def contrast(one: Losses | None, other: Losses | None) -> Contrast | None:
        if one is None or other is None:
            return None
        return Contrast(
            nll=_possible(one.nll, other.nll, paired=paired),
            brier=_compare(one.brier, other.brier, paired=paired),
            gap=_compare(one.confidence - hard.correct, other.confidence - smoothed.correct, paired=paired),
        )

    plain = contrast(hard.plain, smoothed.plain)
    assert plain is not None
    impossible = [np.isinf(side.plain.nll) for side in sides]
    if paired:
        impossible = [impossible[0] | impossible[1]] * 2
    return Pair(
        names=_told_apart(first_assessment.name, second_assessment.name),
        rows=(len(first.labels), len(second.labels)),
        paired=paired,
        left_out=(int(impossible[0].sum()), int(impossible[1].sum())),
        accuracy=_compare(hard.correct, smoothed.correct, paired=paired),
        as_they_are=plain,
        scaled=contrast(hard.scaled, smoothed.scaled),
        rivals=None if worth(first_assessment) == "worse" else contrast(hard.scaled, smoothed.plain),
    )


def _told_apart(first: str, second: str) -> tuple[str, str]:
    """Both names, numbered where they are the same."""
    return (first, second) if first != second else (f"{first} (1)", f"{second} (2)")


def _side(predictions: Predictions, assessment: Assessment) -> _Side:
    """One model's rows, as they are and divided by the temperatures of its assessment."""
    correct = (predictions.logits.argmax(axis=1) == predictions.labels).astype(np.float64)
    plain = losses_at(predictions, UNSCALED)[1]
    if not usable(assessment):
        return _Side(correct, plain, None)
    return _Side(correct, plain, losses_at(predictions, assessment.row_temperatures)[1])


def _compare(first: FloatArray, second: FloatArray, *, paired: bool) -> Comparison:
    """Row by row, or as two samples."""
    return compare(first, second) if paired else compare_unpaired(first, second)


def _possible(first: FloatArray, second: FloatArray, *, paired: bool) -> Comparison | None:
    """The comparison over finite losses only, None where there are none."""
    finite = np.isfinite(first), np.isfinite(second)
    if paired:
        finite = (finite[0] & finite[1],) * 2
    if not (finite[0].any() and finite[1].any()):
        return None
    return _compare(first[finite[0]], second[finite[1]], paired=paired)


def compare_models(pair: Pair) -> tuple[str, ...]:
    """Paragraphs: the rows and the accuracy, both as they are, both scaled, the second against the first scaled."""
    return tuple(_paragraphs(pair))


def _paragraphs(pair: Pair) -> Iterator[str]:
    first, second = pair.names
    yield _rows(pair)
    yield f"Both as they are: {_numbers(pair, pair.as_they_are)}. {_better(pair, pair.as_they_are)}"
    if pair.scaled is not None:
        yield f"Both with their own temperatures: {_numbers(pair, pair.scaled)}. {_better(pair, pair.scaled)}"
    if pair.rivals is None:
        yield f"A temperature is of no use for {first} here, so {second} against {first} as they are is what counts."
    else:
        yield (
            f"The practical question, {second} as it is against {first} with its temperature: "
            f"{_numbers(pair, pair.rivals)}. {_choice(pair, pair.rivals)}"
        )


def _rows(pair: Pair) -> str:
    """What was compared, how, and the accuracy."""
    first, second = pair.names
    if pair.paired:
        how = (
            f"in pairs of {count(pair.rows[0], 'row')}, since the labels agree row by row: this supposes that the rows "
            "are the same in the same order"
        )
    else:
        how = (
            f"as samples of {pair.rows[0]:,} and {count(pair.rows[1], 'row')}: the labels differ in order or number, "
            "so they are taken for different rows. Give the same rows in the same order for narrower intervals"
        )
    accuracy = pair.accuracy
    few = " With so few rows the intervals are wide, and rough themselves." if min(pair.rows) < FEW else ""
    return (
        f"{first} (without label smoothing) and {second} (with it) are compared {how}. The accuracy goes from "
        f"{accuracy.hard:.3f} to {accuracy.smoothed:.3f}, {change_in_words(accuracy, 1, 100, ' points', over='row')}."
        f"{few} The intervals are over rows: how much another training of either would differ, two models do not tell."
    )


def _numbers(pair: Pair, contrast: Contrast) -> str:
    """Both losses and the gap, from the first to the second."""
    possible = ""
    if any(pair.left_out):
        rows = pair.left_out[0] if pair.paired else " and ".join(f"{number:,}" for number in pair.left_out)
        possible = f" (without {rows} rows whose label has the probability 0)"
    losses = [] if contrast.nll is None else [changed(f"the NLL{possible}", contrast.nll)]
    gap = contrast.gap
    return "; ".join(
        [
            *losses,
            changed("the Brier score", contrast.brier),
            f"confidence less accuracy goes from {signed(gap.hard)} to {signed(gap.smoothed)}, "
            f"{change_in_words(gap, 3, over='row')}",
        ]
    )


def _outcome(contrast: Contrast) -> Outcome:
    """Whether the second is better by NLL and Brier score."""
    return outcome(loss for loss in (contrast.nll, contrast.brier) if loss is not None)


def _better(pair: Pair, contrast: Contrast) -> str:
    """Which of both is better."""
    first, second = pair.names
    return {
        "better": f"So {second} is better.",
        "worse": f"So {first} is better.",
        "both": "So the losses disagree.",
        "open": "So it is open which is better: what is told of one loss, the mean of the other contradicts.",
        "undecided": "So neither is better as far as these rows can tell: undecided.",
    }[_outcome(contrast)]


def _choice(pair: Pair, contrast: Contrast) -> str:
    """What to do, and whether scaling the second as well turns that over."""
    found = _outcome(contrast)
    turned = found == "worse" and pair.scaled is not None and _outcome(pair.scaled) == "better"
    though = ", unless the smoothed model is scaled as well: then it is better" if turned else ""
    return f"{CHOICES[found]}{though}."
