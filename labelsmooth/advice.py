"""What to do about the calibration of both models, in sentences that the numbers decide.

Legend: S seeds, E epsilons, N examples, K classes.
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from labelsmooth.calibration import TIE, softmax
from labelsmooth.comparison import Comparison, change_in_words, compare, temperatures_in_words
from labelsmooth.estimators import Estimate
from labelsmooth.judgements import COLUMNS
from labelsmooth.selective import RiskCoverage
from labelsmooth.snapshots import BestTemperature, Snapshot

MODELS = ("hard-label model", "smoothed model")
MEASURES = (("ECE", "ece"), ("NLL", "nll"))  # name, and field of `Snapshot` and `BestTemperature`
SIGNIFICANCE = 0.05  # a p value below it is not called chance
KEEP = {  # the labels hard: by what the temperature does to them
    "helps": "keep the labels hard and scale the logits",
    "harms": "keep the labels hard and leave the logits alone",
    "neither": "keep the labels hard, with a temperature or without",
}
Leaning = Literal["over", "under", "mixed", "perhaps over", "perhaps under", "none"]
LEANINGS: dict[Leaning, str] = {
    "over": "is over-confident",
    "under": "is under-confident",
    "mixed": "is miscalibrated, too sure of some predictions and not sure enough of others",
    "perhaps over": "leans to over-confidence, though its ECE is no more than chance makes it",
    "perhaps under": "leans to under-confidence, though its ECE is no more than chance makes it",
    "none": "shows no miscalibration beyond chance",
}
NORMAL = 1.96  # half the width of a 95 % interval, in standard errors

Table = Sequence[Estimate]  # what `calibration_table` gives, the ECE in equal-width bins first


def advice(
    snapshot: Snapshot, tables: tuple[Table, Table], risks: tuple[RiskCoverage, RiskCoverage]
) -> tuple[str, ...]:
    """Paragraphs on a finished snapshot: what to do, the state of both models, temperatures, what decided, ranking.

    `tables` and `risks` are those of the shown seed's test logits as they are: hard labels, then smoothed. Without
    fitted temperatures only the second and the last are there.
    """
    paragraphs = [f"{_states(snapshot, tables)} {_estimators(tables)}"]
    best = snapshot.best
    if best is not None:
        known = np.isfinite(best.temperature[:, COLUMNS]).all(axis=1)  # a run that diverged has none
        if known.any():
            choice, numbers = _alternatives(snapshot, best, known)
            paragraphs = [choice, *paragraphs, _temperature(snapshot, best, known), numbers]
    return (*paragraphs, _ranking(risks))


def _states(snapshot: Snapshot, tables: tuple[Table, Table]) -> str:
    """Whether each model of the shown seed is over- or under-confident, and whether chance explains its ECE."""
    sentences = []
    for model, column, (ece, *_) in zip(MODELS, COLUMNS, tables, strict=True):
        logits = snapshot.test.logits[column]
        correct = (logits.argmax(axis=1) == snapshot.test.labels).astype(float)
        gap = compare(correct, softmax(logits).max(axis=1))
        sentences.append(
            f"The {model} {LEANINGS[leaning(gap, ece)]}: mean confidence {gap.smoothed:.3f} at accuracy "
            f"{gap.hard:.3f}, ECE {ece.value:.3f} {chance_in_words(ece)}."
        )
    return f"On the seed shown, in 15 bins and without a temperature: {' '.join(sentences)}"


def leaning(gap: Comparison, ece: Estimate) -> Leaning:
    """One model's state from its mean gap (confidence less accuracy) over examples and its ECE."""
    seen = ece.p_value < SIGNIFICANCE
    if not gap.decided or abs(gap.difference) < TIE:
        return "mixed" if seen else "none"
    if gap.difference > 0:
        return "over" if seen else "perhaps over"
    return "under" if seen else "perhaps under"


def chance_in_words(estimate: Estimate) -> str:
    """The range of an error by chance alone, and how likely the error itself is."""
    p_value = f"p = {estimate.p_value:.2f}" if estimate.p_value >= 0.01 else "p < 0.01"
    return f"where chance alone gives {estimate.null_low:.3f} to {estimate.null_high:.3f} ({p_value})"


def _estimators(tables: tuple[Table, Table]) -> str:
    """Which model has the lower error by which estimators, to the three digits that a table shows of each."""
    lower: dict[str, list[str]] = {model: [] for model in MODELS}
    for hard, smoothed in zip(*tables, strict=True):
        difference = round(smoothed.value, 3) - round(hard.value, 3)
        if difference:
            lower[MODELS[difference < 0]].append(hard.name)
    every = len(tables[0])
    winner, other = sorted(MODELS, key=lambda model: -len(lower[model]))
    if not lower[winner]:
        return f"All {every} estimators are the same for both."
    few = f", for the {other} {', '.join(lower[other])}" if lower[other] else ""
    many = f"all {every}" if len(lower[winner]) == every else f"{len(lower[winner])} of {every}"
    chance = "how much of that is chance, one seed does not tell"
    return f"By {many} estimators the {winner} has the lower error{few}; {chance}."


def _temperature(snapshot: Snapshot, best: BestTemperature, known: np.ndarray) -> str:
    """What dividing by the fitted temperature makes of each model, over the seeds (S,) that have one."""
    effects = []
    for model, column in zip(MODELS, COLUMNS, strict=True):
        found = {name: values[known, column] for name, values in best.arrays.items()}
        changes = []
        for name, field in MEASURES:
            result = compare(getattr(snapshot, field)[known, column], found[field])
            verdict = f" ({effect(result)})" if result.seeds > 1 else ""
            changes.append(f"from {name} {result.hard:.3f} to {result.smoothed:.3f}{verdict}")
        temperatures = temperatures_in_words(found["temperature"], found["at_bound"], found["no_errors"])
        effects.append(f"the {model} ({temperatures}) {' and '.join(changes)}")
    return (
        f"{_over(known)}dividing the logits by a temperature fitted on {best.examples} validation examples takes "
        f"{'; '.join(effects)}."
    )


def effect(result: Comparison) -> str:
    """Whether a loss fell, as far as the seeds can tell."""
    if not result.decided:
        return "undecided"
    return "better" if result.difference < 0 else "worse"


def _alternatives(snapshot: Snapshot, best: BestTemperature, known: np.ndarray) -> tuple[str, str]:
    """What follows from smoothing as it is against hard labels at their best, and both by paired seeds (S,)."""
    effects = {effect(compare(getattr(snapshot, f)[known, 0], getattr(best, f)[known, 0])) for _, f in MEASURES}
    remedy = "helps" if "better" in effects else "harms" if "worse" in effects else "neither"
    rival = snapshot if remedy == "harms" else best
    results = {
        name: compare(getattr(rival, field)[known, 0], getattr(snapshot, field)[known, -1]) for name, field in MEASURES
    }
    numbers = [
        f"{name} {results[name].smoothed:.3f} against {results[name].hard:.3f}, {change_in_words(results[name], 3)}"
        for name, _ in MEASURES
    ]
    other = "as they are, since their temperature only harms" if remedy == "harms" else "with their temperature"
    told = f"{_over(known)}smoothing against hard labels {other}: {'; '.join(numbers)}."
    return _choice(results, remedy), told


def _over(known: np.ndarray) -> str:
    """Over how many seeds (S,) a mean is taken."""
    seeds = int(known.sum())
    return f"Over {seeds} seeds, " if seeds > 1 else "On one seed, "


def _choice(results: dict[str, Comparison], remedy: str) -> str:
    """What to do, from the differences of smoothing and from what a temperature does to hard labels."""
    better = [name for name, result in results.items() if result.decided and result.difference < 0]
    worse = [name for name, result in results.items() if result.decided and result.difference > 0]
    keep = KEEP[remedy]
    if better and worse:
        return f"It depends on what counts: for {better[0]} smooth the labels, for {worse[0]} {keep}."
    if better:
        return f"Smooth the labels: that has the better {' and '.join(better)}."
    if worse:
        return f"{keep.capitalize()}: smoothing has the worse {' and '.join(worse)}."
    if next(iter(results.values())).seeds == 1:
        return "One seed cannot tell smoothing from a temperature: train more seeds."
    return f"The seeds cannot tell smoothing from hard labels at their best: it is simplest to {keep}."


def _ranking(risks: tuple[RiskCoverage, RiskCoverage]) -> str:
    """Which model of the shown seed knows better where it is wrong."""
    unknown = [model for model, risk in zip(MODELS, risks, strict=True) if math.isnan(risk.auroc)]
    if unknown:
        who = "Neither model" if len(unknown) > 1 else f"The {unknown[0]} does not"
        return f"{who} {'has' if len(unknown) > 1 else 'have'} both right and wrong predictions: no ranking to compare."
    hard, smoothed = risks
    decided = abs(smoothed.auroc - hard.auroc) > NORMAL * math.hypot(auroc_error(hard), auroc_error(smoothed))
    numbers = f"AUROC {hard.auroc:.3f} hard labels, {smoothed.auroc:.3f} smoothed"
    if decided:
        ranked = f"the {MODELS[smoothed.auroc > hard.auroc]} ranks its errors better ({numbers})"
    else:
        ranked = f"both models rank their errors about equally well ({numbers}: within chance)"
    return (
        f"If the least confident answers can be refused, on the seed shown: {ranked}. The risk over all coverages "
        f"(AURC), in which accuracy counts too, is {hard.aurc:.4f} on hard labels and {smoothed.aurc:.4f} smoothed."
    )


def auroc_error(risk: RiskCoverage) -> float:
    """Standard error of an AUROC by Hanley and McNeil (1982); two of the same examples differ by less still."""
    area, right = risk.auroc, risk.accuracy * risk.n
    wrong = risk.n - right
    pair_right, pair_wrong = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (right - 1) * (pair_right - area**2) + (wrong - 1) * (pair_wrong - area**2)
    return math.sqrt(max(0.0, variance) / (right * wrong))
