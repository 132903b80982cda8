"""What an assessment says of a model, in sentences that its numbers decide."""

import math

from labelsmooth.advice import LEANINGS, NORMAL, SIGNIFICANCE, Leaning, auroc_error, chance_in_words, leaning
from labelsmooth.assessment.caveats import caveats
from labelsmooth.assessment.judged import Assessment
from labelsmooth.assessment.scaling import Worth, temperature_paragraph, usable, worth
from labelsmooth.comparison import LEVEL, change_in_words, count

SMALL = 0.01  # confidence less accuracy: a point
SMOOTHING: dict[Leaning, str] = {
    "over": "for this model the right way.",
    "under": "for this model the wrong way. If it was already trained with smoothing, train it with less.",
    "mixed": "it would help where this model is too sure and harm where it is not sure enough, so calibration is no "
    "reason for it.",
    "perhaps over": "the right way if the lean to over-confidence is real, which these rows leave open.",
    "perhaps under": "the wrong way if the lean to under-confidence is real, which these rows leave open.",
    "none": "the calibration of this model gives no reason for it.",
}
INSTEAD: dict[Worth, str] = {
    "better": ", so apply it first",
    "worse": ", but here it does harm",
    "both": ", but here it improves one loss at the cost of the other",
    "undecided": ", but here it gains nothing that can be seen",
    "open": ", but here it is open whether it pays",
    "unbounded": ", but the rows of the fit cannot tell which",
    "unstable": ", but here it hangs on single rows",
}
REMEDIES = (  # for the top label, for the classes
    "a map of confidence bin by bin (histogram binning, isotonic regression)",
    "a factor and an offset for each class (vector scaling)",
)


def verdict(assessment: Assessment) -> tuple[str, ...]:
    """Paragraphs: the state, what to be careful of, temperature scaling, label smoothing, what remains, ranking."""
    paragraphs = (
        _state(assessment),
        " ".join(caveats(assessment)),
        temperature_paragraph(assessment),
        _smoothing(assessment),
        _remains(assessment),
        _ranking(assessment),
    )
    return tuple(paragraph for paragraph in paragraphs if paragraph)


def _leaning(assessment: Assessment) -> Leaning:
    """Which way the model leans as it is."""
    return leaning(assessment.before.gap, assessment.ece(assessment.before))


def _state(assessment: Assessment) -> str:
    """Over- or under-confident, by how much, and how much of that chance explains."""
    gap, ece, found = assessment.before.gap, assessment.ece(assessment.before), _leaning(assessment)
    small = found in ("over", "under") and abs(gap.difference) < SMALL
    little = " That is less than a point: with so many rows it can be seen, but it matters little." if small else ""
    return (
        f"On {count(assessment.rows, 'row')} of {len(assessment.classes)} classes the model {LEANINGS[found]}: mean "
        f"confidence {gap.smoothed:.3f} at accuracy {gap.hard:.3f}, {change_in_words(gap, 3, over='row')}. ECE "
        f"{ece.value:.3f} in {count(assessment.bins, 'bin')} of {assessment.scheme.replace('-', ' ')}, "
        f"{chance_in_words(ece)}, {ece.null_median:.3f} in the median.{little}"
    )


def _smoothing(assessment: Assessment) -> str:
    """Whether label smoothing would push the right way, and what to try before."""
    cheap = " A temperature costs no retraining and never changes a prediction"
    instead = "" if assessment.after is None else f"{cheap}{INSTEAD[worth(assessment)]}."
    return (
        f"Label smoothing in training lowers confidence: {SMOOTHING[_leaning(assessment)]}{instead} Smoothing also "
        "changes accuracy and the representation, which these predictions cannot show: only a training tells."
    )


def _remains(assessment: Assessment) -> str:
    """Whether there is miscalibration that one temperature does not repair."""
    scaled = usable(assessment)
    state = assessment.after if scaled and assessment.after else assessment.before
    top, classes = assessment.ece(state), state.estimate("class-wise ECE")
    numbers = (
        f"ECE {top.value:.3f} {chance_in_words(top)}, class-wise ECE {classes.value:.3f} {chance_in_words(classes)}"
    )
    found = {"ECE": top, "class-wise ECE": classes}
    left = {
        name: remedy
        for (name, estimate), remedy in zip(found.items(), REMEDIES, strict=True)
        if estimate.p_value < SIGNIFICANCE
    }
    when = "After the temperature" if scaled else "Without a temperature"
    if not left:
        return f"{when} the model shows no miscalibration beyond chance: {numbers}."
    beyond = ", which one temperature does not repair" if scaled else ""
    return (
        f"{when} the model shows miscalibration beyond chance by {' and '.join(left)}{beyond}: {numbers}. What may "
        f"repair it: {'; or '.join(left.values())}, fitted on other rows, and many of them."
    )


def _ranking(assessment: Assessment) -> str:
    """How well the confidence tells right predictions from wrong ones."""
    risk = assessment.risks["probability"]
    if math.isnan(risk.auroc):
        return "Without both right and wrong predictions there is no ranking to judge."
    half = NORMAL * auroc_error(risk)
    low, high = max(0.0, risk.auroc - half), min(1.0, risk.auroc + half)
    if low <= 0.5 <= high:
        found = "not told from a random order"
    else:
        found = "better than a random order" if low > 0.5 else "worse than a random order"
    return (
        f"If the least confident answers can be refused: a right prediction is the more confident of a right and a "
        f"wrong one with probability {risk.auroc:.3f} (AUROC, {100 * LEVEL:.0f} % interval {low:.3f} to {high:.3f}: "
        f"{found}); the risk over all coverages (AURC) is {risk.aurc:.4f}, of which {risk.e_aurc:.4f} would go "
        "if every error came last."
    )
