"""What temperature scaling buys a model, in sentences that the numbers decide."""

import math
from collections.abc import Iterable, Sequence
from typing import Literal

from labelsmooth.advice import effect
from labelsmooth.assessment.judged import Assessment
from labelsmooth.comparison import Comparison, change_in_words, count
from labelsmooth.predictions.given import Scale
from labelsmooth.temperature import BOUNDS, TemperatureFit

Outcome = Literal["better", "worse", "both", "open", "undecided"]
Worth = Outcome | Literal["unbounded", "unstable"]

HARDLY = 0.02  # of the logarithm of a temperature from 0
UNSEEN = 0.0005  # a difference of nothing in three digits
DIVIDED: dict[Scale, str] = {
    "logits": "the logits",
    "log-probabilities": "the log-probabilities",
    "probabilities": "the logarithms of the probabilities",
}
CONCLUSIONS: dict[Worth, str] = {
    "better": "So a temperature pays.",
    "worse": "So a temperature makes this model worse: leave its logits alone.",
    "both": "So it depends on which of the losses counts.",
    "open": "So it is open whether a temperature pays: what is told of one loss, the mean of the other contradicts.",
    "undecided": "So a temperature gains nothing that these rows can show.",
    "unbounded": "So do not use this temperature: fit it on rows that hold errors.",
    "unstable": "So do not use this temperature: it hangs on single rows, without which it goes to a bound of the "
    "search. Fit it on more.",
}


def temperature_paragraph(assessment: Assessment) -> str:
    """The temperature, where it comes from, what it does to the losses and to the ECE."""
    if assessment.after is None:
        return _none(assessment)
    before, after = (assessment.ece(state).value for state in (assessment.before, assessment.after))
    changes = [changed(name, change) for name, change in _losses(assessment)]
    changes.append(f"the ECE goes from {before:.3f} to {after:.3f}")
    return (
        f"Divide {DIVIDED[assessment.scale]} by {_temperature(assessment.fit)}, {_source(assessment)}: "
        f"{'; '.join(changes)}. {CONCLUSIONS[worth(assessment)]}"
    )


def usable(assessment: Assessment) -> bool:
    """Whether there is a temperature, and it is neither a bound that the fit ran into nor hangs on single rows."""
    return assessment.after is not None and assessment.fit.optimum != "zero" and not _unstable(assessment)


def _unstable(assessment: Assessment) -> bool:
    """Whether the fit of all rows is within its bounds, and that without some fold ran into one."""
    inside = assessment.fit.optimum == "finite" and assessment.fit.at_bound is None
    return inside and not set(BOUNDS).isdisjoint(assessment.fold_temperatures)


def worth(assessment: Assessment) -> Worth:
    """What a temperature is worth by NLL and Brier score, on rows that it was not fitted on."""
    if usable(assessment):
        return outcome(change for _, change in _losses(assessment))
    return "unstable" if _unstable(assessment) else "unbounded"


def outcome(changes: Iterable[Comparison]) -> Outcome:
    """Whether losses fell, as far as the rows tell and three digits show."""
    seen = [change for change in changes if abs(change.difference) >= UNSEEN]
    effects = {effect(change) for change in seen}
    if {"better", "worse"} <= effects:
        return "both"
    if effects <= {"undecided"}:
        return "undecided"
    if len({change.difference > 0 for change in seen}) > 1:
        return "open"
    return "better" if "better" in effects else "worse"


def changed(name: str, change: Comparison) -> str:
    """A loss before and after, and the difference over rows, unless that is nothing in the digits shown."""
    if abs(change.difference) < UNSEEN:
        return f"{name} stays {change.smoothed:.3f}"
    difference = change_in_words(change, 3, over="row")
    return f"{name} goes from {change.hard:.3f} to {change.smoothed:.3f}, {difference}"


def _losses(assessment: Assessment) -> Sequence[tuple[str, Comparison]]:
    """Both losses that have a change."""
    possible = " of the possible labels" if assessment.impossible else ""
    changes = ((f"the NLL{possible}", assessment.nll_change), ("the Brier score", assessment.brier_change))
    return [(name, change) for name, change in changes if change is not None]


def _source(assessment: Assessment) -> str:
    """What the temperature was fitted on, and how the rows before and after were kept apart from that."""
    if assessment.validation_rows:
        return f"fitted on {count(assessment.fitted_rows, 'validation row')}"
    folds = assessment.fold_temperatures
    spread = f"{min(folds):.2f} to {max(folds):.2f}"
    return f"fitted on these rows. Cross-fitted, each row with the temperature of the other folds ({spread})"


def _temperature(fit: TemperatureFit) -> str:
    """The temperature, which way it pushes, and what stopped it."""
    value = f"T = {fit.temperature:.2f}"
    if fit.at_bound is not None:
        tried = "lowest" if fit.at_bound == "lower" else "highest"
        reason = {
            "zero": "in no row of the fit is any logit larger than that of the label, so lower would be better without "
            "end",
            "infinite": "the logits tell the labels no better than guessing, so higher would be better without end",
        }.get(fit.optimum or "", "the best lies beyond")
        return f"{value} (the {tried} tried: {reason})"
    if abs(math.log(fit.temperature)) < HARDLY:
        return f"{value} (as good as 1)"
    return f"{value} ({'less' if fit.temperature > 1 else 'more'} confidence)"


def _none(assessment: Assessment) -> str:
    """Why there is no temperature."""
    if not assessment.fitted_rows:
        rows = "validation row" if assessment.validation_rows else "row"
        return f"No temperature can be fitted: the label of every {rows} has the probability 0, at any temperature."
    return (
        "Every temperature is equally good: on the rows of the fit all classes are equally probable, or those that "
        "are possible at all."
    )
