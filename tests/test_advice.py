"""Advice follows from the numbers, and every outcome can be said."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from labelsmooth.advice import KEEP, advice, auroc_error
from labelsmooth.estimators import Estimate
from labelsmooth.selective import RiskCoverage, risk_coverage
from labelsmooth.snapshots import BestTemperature, Part, Snapshot

MakeSnapshot = Callable[..., Snapshot]
SPREAD = np.array([-0.002, 0.0, 0.002])
SEEN, CHANCE = 0.0, 0.5  # p values
N = 400


def part(confidence: tuple[float, float], accuracy: tuple[float, float], n: int = N) -> Part:
    """Test examples of two classes at one confidence a model, of which so many are right."""
    logits = np.zeros((2, n, 2))
    for column in (0, 1):
        right = np.arange(n) < accuracy[column] * n
        logits[column, np.arange(n), np.where(right, 0, 1)] = math.log(confidence[column] / (1 - confidence[column]))
    none = np.zeros((2, 0))
    return Part(none, logits, none, np.zeros(n, int), np.zeros(n, int))


def mixed(n: int = N) -> Part:
    """Half of the examples at confidence .99, the others at .51, and three of four right in each."""
    even = part((0.99, 0.99), (0.75, 0.75), n // 2)
    odd = part((0.51, 0.51), (0.75, 0.75), n // 2)
    return replace(
        even,
        logits=np.concatenate([even.logits, odd.logits], 1),
        labels=np.zeros(n, int),
    )


def table(values: tuple[float, ...], p_values: tuple[float, ...] = (SEEN, SEEN, SEEN)) -> tuple[Estimate, ...]:
    names = ("ECE, equal width", "smECE", "MCE")
    return tuple(
        Estimate(name, value, 0.03, 0.02, 0.04, p) for name, value, p in zip(names, values, p_values, strict=True)
    )


def risk(auroc: float = 0.8, aurc: float = 0.1, accuracy: float = 0.75, n: int = N) -> RiskCoverage:
    none = np.zeros(0)
    return RiskCoverage(none, none, none, aurc, aurc, auroc, accuracy, n)


def best(ece: tuple[float, float], nll: tuple[float, float], seeds: int) -> BestTemperature:
    """Fitted temperatures 2 and .5 with these means over seeds."""
    shape = np.ones((seeds, 1))
    return BestTemperature(
        temperature=shape * [2.0, 0.5],
        ece=shape * ece,
        nll=shape * nll,
        brier=shape * nll,
        confidence=shape * ece,
        at_bound=np.zeros((seeds, 2), int),
        no_errors=np.zeros((seeds, 2), bool),
        examples=300,
    )


def run(
    make: MakeSnapshot,
    ece: tuple[float, float] = (0.2, 0.05),
    nll: tuple[float, float] = (1.5, 1.1),
    after: tuple[tuple[float, float], tuple[float, float]] | None = ((0.05, 0.05), (1.1, 1.1)),
    test: Part | None = None,
    seeds: int = 3,
) -> Snapshot:
    """A finished snapshot with these means of both models, before and `after` their temperatures."""
    spread = SPREAD[:, None] * [1, -1] if seeds == 3 else np.zeros((seeds, 2))
    return make(
        seeds=seeds,
        ece=spread + ece,
        nll=spread + nll,
        test=part((0.9, 0.6), (0.75, 0.75)) if test is None else test,
        best=None if after is None else best(*after, seeds=seeds),
    )


def found(snapshot: Snapshot, **changes: Any) -> Snapshot:
    """The same with other fields of its fitted temperatures."""
    assert snapshot.best is not None
    return replace(snapshot, best=replace(snapshot.best, **changes))


def said(
    snapshot: Snapshot,
    tables: tuple[tuple[Estimate, ...], tuple[Estimate, ...]] | None = None,
    risks: tuple[RiskCoverage, RiskCoverage] | None = None,
) -> tuple[str, ...]:
    default = table((0.2, 0.2, 0.2)), table((0.1, 0.1, 0.1))
    paragraphs = advice(snapshot, tables or default, risks or (risk(), risk()))
    text = " ".join(paragraphs)
    assert "nan" not in text
    assert "inf" not in text
    assert all(paragraph.endswith(".") for paragraph in paragraphs)
    return paragraphs


@pytest.mark.parametrize(
    ("confidence", "p_value", "state"),
    [
        (0.9, SEEN, "is over-confident: mean confidence 0.900 at accuracy 0.750, ECE 0.150 where chance alone gives "
         "0.020 to 0.040 (p < 0.01)"),
        (0.6, SEEN, "is under-confident: mean confidence 0.600 at accuracy 0.750"),
        (0.9, CHANCE, "leans to over-confidence, though its ECE is no more than chance makes it"),
        (0.6, CHANCE, "leans to under-confidence, though its ECE is no more than chance makes it"),
        (0.75, CHANCE, "shows no miscalibration beyond chance: mean confidence 0.750 at accuracy 0.750"),
        (0.75, 0.05, "shows no miscalibration beyond chance"),
        (None, SEEN, "is miscalibrated, too sure of some predictions and not sure enough of others: mean confidence "
         "0.750 at accuracy 0.750"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("column", [0, 1])
def test_each_model_has_its_state(
    confidence: float | None, p_value: float, state: str, column: int, make_snapshot: MakeSnapshot
) -> None:
    test = mixed() if confidence is None else part((confidence, confidence), (0.75, 0.75))
    mine, other = table((0.15, 0.1, 0.1), (p_value,) * 3), table((0.15, 0.1, 0.1), (0.33,) * 3)
    tables = (mine, other) if column == 0 else (other, mine)
    _, first, *_ = said(run(make_snapshot, test=test), tables)
    assert f"The {('hard-label', 'smoothed')[column]} model {state}" in first
    assert "(p = 0.33)" in first
    assert first.startswith("On the seed shown, in 15 bins and without a temperature: ")


@pytest.mark.parametrize(
    ("hard", "smoothed", "sentence"),
    [
        ((0.2, 0.2, 0.2), (0.1, 0.1, 0.1), "By all 3 estimators the smoothed model has the lower error; "),
        ((0.1, 0.1, 0.1), (0.2, 0.2, 0.2), "By all 3 estimators the hard-label model has the lower error; "),
        ((0.2, 0.2, 0.1), (0.1, 0.1, 0.2),
         "By 2 of 3 estimators the smoothed model has the lower error, for the hard-label model MCE; "),
        ((0.2, 0.1, 0.1), (0.1002, 0.1003, 0.0998), "By 1 of 3 estimators the smoothed model has the lower error; "),
    ],
    ids=["smoothed", "hard", "disagree", "alike to three digits"],
)  # fmt: skip
def test_estimators_are_counted_and_not_taken_for_more(
    hard: tuple[float, ...], smoothed: tuple[float, ...], sentence: str, make_snapshot: MakeSnapshot
) -> None:
    first = said(run(make_snapshot), (table(hard), table(smoothed)))[1]
    assert first.endswith(f"{sentence}how much of that is chance, one seed does not tell.")


def test_equal_estimators_are_called_the_same(make_snapshot: MakeSnapshot) -> None:
    first = said(run(make_snapshot), (table((0.2, 0.2, 0.2)), table((0.2, 0.2, 0.2004))))[1]
    assert first.endswith("All 3 estimators are the same for both.")


def test_what_a_temperature_buys_each_model(make_snapshot: MakeSnapshot) -> None:
    snapshot = run(make_snapshot, (0.2, 0.05), (1.5, 1.1), ((0.05, 0.0501), (1.1, 1.2)))
    assert said(snapshot)[2] == (
        "Over 3 seeds, dividing the logits by a temperature fitted on 300 validation examples takes the hard-label "
        "model (median T = 2.00) from ECE 0.200 to 0.050 (better) and from NLL 1.500 to 1.100 (better); the smoothed "
        "model (median T = 0.50) from ECE 0.050 to 0.050 (undecided) and from NLL 1.100 to 1.200 (worse)."
    )


def test_a_temperature_at_its_bound_is_told(make_snapshot: MakeSnapshot) -> None:
    snapshot = found(
        run(make_snapshot),
        temperature=np.array([[0.05, 20.0], [0.05, 0.5], [0.05, 0.6]]),
        at_bound=np.array([[-1, 1], [-1, 0], [-1, 0]]),
        no_errors=np.array([[True, False]] * 3),
    )
    text = said(snapshot)[2]
    assert "the hard-label model (T at its bound 0.05 in every seed, where validation has no errors)" in text
    assert "the smoothed model (median T = 0.60; at its bound 20 in 1 of 3 seeds)" in text


HARD = {remedy: keep.capitalize() for remedy, keep in KEEP.items()}
BETTER, SAME, WORSE = 0.05, 0.1, 0.2  # of smoothing, where the rival has .1


@pytest.mark.parametrize(
    ("smoothed", "hard", "rival", "choice"),
    [
        ((BETTER, BETTER), 0.3, "with their temperature", "Smooth the labels: that has the better ECE and NLL."),
        ((BETTER, SAME), 0.3, "with their temperature", "Smooth the labels: that has the better ECE."),
        ((SAME, BETTER), 0.3, "with their temperature", "Smooth the labels: that has the better NLL."),
        ((WORSE, WORSE), 0.3, "with their temperature", f"{HARD['helps']}: smoothing has the worse ECE and NLL."),
        ((WORSE, SAME), 0.3, "with their temperature", f"{HARD['helps']}: smoothing has the worse ECE."),
        ((WORSE, WORSE), 0.1, "with their temperature", f"{HARD['neither']}: smoothing has the worse ECE and NLL."),
        ((BETTER, WORSE), 0.3, "with their temperature",
         f"It depends on what counts: for ECE smooth the labels, for NLL {KEEP['helps']}."),
        ((WORSE, BETTER), 0.3, "with their temperature",
         f"It depends on what counts: for NLL smooth the labels, for ECE {KEEP['helps']}."),
        ((SAME, SAME), 0.3, "with their temperature",
         f"The seeds cannot tell smoothing from hard labels at their best: it is simplest to {KEEP['helps']}."),
        # A temperature that makes .08 of hard labels into .1: these are at their best without it.
        ((BETTER, BETTER), 0.08, "as they are, since their temperature only harms",
         "Smooth the labels: that has the better ECE and NLL."),
        ((SAME, SAME), 0.08, "as they are, since their temperature only harms",
         f"{HARD['harms']}: smoothing has the worse ECE and NLL."),
        ((0.08, 0.08), 0.08, "as they are, since their temperature only harms",
         f"The seeds cannot tell smoothing from hard labels at their best: it is simplest to {KEEP['harms']}."),
    ],
)  # fmt: skip
def test_smoothing_or_temperature(
    smoothed: tuple[float, float], hard: float, rival: str, choice: str, make_snapshot: MakeSnapshot
) -> None:
    (ece, nll) = smoothed
    first, _, _, text, _ = said(run(make_snapshot, (hard, ece), (hard, nll), ((0.1, 0.1), (0.1, 0.1))))
    assert text.startswith(f"Over 3 seeds, smoothing against hard labels {rival}: ECE {ece:.3f} against ")
    assert first == choice
    assert "95 % interval" in text


def test_the_difference_is_the_paired_one_over_seeds(make_snapshot: MakeSnapshot) -> None:
    smoothed, scaled = np.array([0.05, 0.07, 0.06]), np.array([0.04, 0.05, 0.06])
    snapshot = replace(run(make_snapshot), ece=np.stack([np.full(3, 0.3), smoothed], 1))
    snapshot = found(snapshot, ece=np.stack([scaled, scaled], 1))
    interval = stats.ttest_rel(smoothed, scaled).confidence_interval(0.95)
    low, high = f"{interval.low:+.3f}".replace("-", "−"), f"{interval.high:+.3f}"
    assert f"ECE 0.060 against 0.050, +0.010 (95 % interval {low} to {high}: undecided)" in said(snapshot)[3]


def test_one_seed_decides_nothing(make_snapshot: MakeSnapshot) -> None:
    choice, _, temperature, numbers, _ = said(run(make_snapshot, seeds=1))
    assert "(T = 2.00) from ECE 0.200 to 0.050 and from NLL 1.500 to 1.100;" in temperature
    assert "(one seed: no interval)" in numbers
    assert choice == "One seed cannot tell smoothing from a temperature: train more seeds."


def test_without_temperatures_nothing_is_said_of_them(make_snapshot: MakeSnapshot) -> None:
    lost = np.full((3, 2), np.nan)
    for snapshot in (run(make_snapshot, after=None), found(run(make_snapshot), temperature=lost)):
        state, ranking = said(snapshot)
        assert "temperature" not in ranking
        assert "temperature fitted" not in state


def test_a_seed_without_a_temperature_is_left_out(make_snapshot: MakeSnapshot) -> None:
    lost = np.array([[2.0, 0.5], [2.0, 0.5], [2.0, np.nan]])
    values = np.where(np.isnan(lost), np.nan, 0.05)
    _, _, temperature, numbers, _ = said(found(run(make_snapshot), temperature=lost, ece=values, nll=values))
    assert "the smoothed model (median T = 0.50) from ECE 0.051 to 0.050" in temperature
    assert "ECE 0.051 against 0.050" in numbers


@pytest.mark.parametrize(
    ("hard", "smoothed", "phrases"),
    [
        (risk(0.9, 0.05), risk(0.7, 0.1),
         ["the hard-label model ranks its errors better (AUROC 0.900 hard labels, 0.700 smoothed)",
          "is 0.0500 on hard labels and 0.1000 smoothed"]),
        (risk(0.7, 0.05), risk(0.9, 0.1),
         ["the smoothed model ranks its errors better", "is 0.0500 on hard labels"]),
        (risk(0.80, 0.1), risk(0.82, 0.05),
         ["both models rank their errors about equally well (AUROC 0.800 hard labels, 0.820 smoothed: within chance)",
          "is 0.1000 on hard labels and 0.0500 smoothed"]),
        (risk(0.8, 0.1), risk(0.8, 0.1), ["within chance", "is 0.1000 on hard labels and 0.1000 smoothed"]),
        (risk(math.nan, 0.0, 1.0), risk(0.8, 0.1),
         ["The hard-label model does not have both right and wrong predictions: no ranking to compare."]),
        (risk(0.8, 0.1), risk(math.nan, 0.0, 1.0),
         ["The smoothed model does not have both right and wrong predictions: no ranking to compare."]),
        (risk(math.nan, 1.0, 0.0), risk(math.nan, 0.0, 1.0),
         ["Neither model has both right and wrong predictions: no ranking to compare."]),
    ],
    ids=["hard", "smoothed", "equal", "same", "hard without errors", "smoothed without errors", "neither"],
)  # fmt: skip
def test_which_model_ranks_its_errors_better(
    hard: RiskCoverage, smoothed: RiskCoverage, phrases: list[str], make_snapshot: MakeSnapshot
) -> None:
    text = said(run(make_snapshot), risks=(hard, smoothed))[-1]
    for phrase in phrases:
        assert phrase in text


def test_the_error_of_an_auroc_is_its_spread_over_samples() -> None:
    generator = np.random.default_rng(0)
    areas = []
    for _ in range(400):
        score = np.concatenate([generator.normal(1, 1, 120), generator.normal(0, 1, 60)])
        areas.append(risk_coverage(score, np.arange(180) < 120).auroc)
    error = auroc_error(risk(float(np.mean(areas)), accuracy=120 / 180, n=180))
    assert error == pytest.approx(np.std(areas), rel=0.15)
    assert auroc_error(risk(1.0)) == 0
