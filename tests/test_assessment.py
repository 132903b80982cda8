"""An assessment is its building blocks, on the right rows."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy import stats

from labelsmooth.assessment.assess import assess
from labelsmooth.assessment.comparing import Pair, pair_of
from labelsmooth.assessment.judged import Assessment
from labelsmooth.assessment.losses import losses_at
from labelsmooth.assessment.records import to_csv, to_json
from labelsmooth.calibration import Scheme, brier_score, log_softmax, nll, reliability_curve, softmax
from labelsmooth.comparison import Comparison, compare, compare_unpaired
from labelsmooth.cross_fit import cross_fit_temperature
from labelsmooth.estimators import calibration_table
from labelsmooth.predictions.given import Predictions, Scale
from labelsmooth.selective import SCORES, confidence_score, risk_coverage
from labelsmooth.temperature import fit_temperature


def said(logits: ArrayLike, labels: ArrayLike, scale: Scale = "logits") -> Predictions:
    logits = np.array(logits, float)
    return Predictions(logits, np.array(labels, np.intp), tuple("abcdefgh"[: logits.shape[1]]), scale)


def honest(rows: int = 2000, classes: int = 4, factor: float = 1.0, seed: int = 3) -> Predictions:
    """Labels drawn from a model's own probabilities, whose logits are then multiplied."""
    generator = np.random.default_rng(seed)
    logits = 1.5 * generator.normal(size=(rows, classes))
    labels = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)
    return said(factor * logits, labels)


def of_probabilities(probs: ArrayLike, labels: ArrayLike) -> Predictions:
    with np.errstate(divide="ignore"):
        return said(np.log(probs), labels, "probabilities")


@pytest.fixture(scope="module")
def calibrated() -> Assessment:
    return assess(honest())


def test_a_model_whose_labels_are_drawn_from_it_is_calibrated(calibrated: Assessment) -> None:
    assert not calibrated.before.gap.decided
    assert calibrated.ece(calibrated.before).p_value > 0.05
    assert calibrated.fit.temperature == pytest.approx(1, abs=0.05)
    assert calibrated.nll_change is not None
    assert not calibrated.nll_change.decided


@pytest.mark.parametrize("factor", [3, 1 / 3])
def test_a_factor_on_the_logits_is_found_as_temperature_and_undone(calibrated: Assessment, factor: float) -> None:
    scaled = assess(honest(factor=factor))
    assert scaled.fit.temperature == pytest.approx(factor * calibrated.fit.temperature)
    assert np.sign(scaled.before.gap.difference) == np.sign(factor - 1)
    assert scaled.before.gap.decided
    assert scaled.after is not None
    assert calibrated.after is not None
    assert scaled.after.nll == pytest.approx(calibrated.after.nll)
    assert scaled.after.curve.ece == pytest.approx(calibrated.after.curve.ece, abs=1e-3)
    assert scaled.after.curve.accuracy == scaled.before.curve.accuracy == calibrated.before.curve.accuracy


@pytest.mark.parametrize(("scheme", "validated"), [("equal-width", False), ("equal-mass", True)])
def test_an_assessment_is_its_building_blocks(scheme: Scheme, validated: bool) -> None:
    predictions, validation = honest(400, factor=2), honest(300, factor=2, seed=1)
    found = assess(predictions, validation if validated else None, bins=7, scheme=scheme, seed=3)
    logits, labels = predictions.logits, predictions.labels
    if validated:
        assert found.fit == fit_temperature(validation.logits, validation.labels)
        assert (found.validation_rows, found.fitted_rows, found.fold_temperatures) == (300, 300, ())
        divisor = np.full(400, found.fit.temperature)
    else:
        crossed = cross_fit_temperature(logits, labels, seed=3)
        assert found.fit == fit_temperature(logits, labels)
        assert (found.validation_rows, found.fitted_rows) == (0, 400)
        assert found.fold_temperatures == tuple(crossed.temperatures)
        assert found.fold_temperatures == pytest.approx([found.fit.temperature] * 5, rel=0.1)
        divisor = crossed.temperatures[crossed.fold]
    correct = logits.argmax(axis=1) == labels
    losses = []
    for state, scaled in ((found.before, logits), (found.after, logits / divisor[:, None])):
        assert state is not None
        probs = softmax(scaled)
        curve = reliability_curve(probs, labels, 7, scheme)
        assert state.curve.bin_count.tolist() == curve.bin_count.tolist()
        assert state.curve.ece == pytest.approx(curve.ece)
        assert state.curve.accuracy == curve.accuracy  # a temperature changes no prediction
        for ours, theirs in zip(state.estimates, calibration_table(probs, labels, 7, seed=3), strict=True):
            assert ours.name == theirs.name
            assert ours.value == pytest.approx(theirs.value)
            assert ours.null_median == pytest.approx(theirs.null_median)
        assert found.ece(state).value == pytest.approx(curve.ece)
        assert state.nll == pytest.approx(nll(log_softmax(scaled), labels))
        assert state.brier == pytest.approx(brier_score(probs, labels))
        assert state.gap.difference == pytest.approx(curve.confidence - curve.accuracy)
        assert state.gap.half_width == pytest.approx(compare(correct * 1.0, probs.max(axis=1)).half_width)
        losses.append(-log_softmax(scaled)[np.arange(400), labels])
    assert found.nll_change is not None
    assert found.nll_change.half_width == pytest.approx(compare(*losses).half_width)
    assert found.brier_change is not None
    assert found.after is not None
    assert found.brier_change.difference == pytest.approx(found.after.brier - found.before.brier)
    assert set(found.risks) == set(SCORES)
    for score, risk in found.risks.items():
        assert risk.aurc == risk_coverage(confidence_score(logits, score), correct).aurc
    assert found.labelled.sum() == found.predicted.sum() == found.rows
    assert found.errors == (~correct).sum()


def test_the_hand_case() -> None:
    """ln 3 = logit of three of four."""
    found = assess(said([[0, 1]] * 4, [1, 1, 1, 0]))
    assert found.fit.temperature == pytest.approx(1 / np.log(3))
    assert (found.labelled.tolist(), found.predicted.tolist(), found.errors) == ([1, 3], [0, 4], 1)
    validated = assess(said([[0, 1]] * 4, [1, 1, 1, 0]), said([[0, 1]] * 4, [1, 1, 1, 0]))
    assert validated.after is not None
    assert validated.after.curve.confidence == pytest.approx(0.75)
    assert validated.after.nll == pytest.approx(np.log(4) - 0.75 * np.log(3))
    assert validated.after.brier == pytest.approx(0.375)


@pytest.mark.parametrize("rows", [1, 3])
def test_fewer_rows_than_folds_are_assessed(rows: int) -> None:
    found = assess(said([[0, 1, 3], [2, 0, 0], [0, 0, 1]][:rows], [1, 0, 2][:rows]))
    assert found.after is not None
    assert found.after.curve.n == rows
    assert np.isfinite(found.after.nll)


@pytest.mark.parametrize("logits", [[[0.0, 0.0]], [[0.0, 0.0, -np.inf]]])
def test_a_score_that_says_nothing_is_left_out(logits: list[list[float]]) -> None:
    assert tuple(assess(said(logits, [1])).risks) == ("probability", "margin", "entropy")


def test_a_label_of_probability_zero_counts_in_all_but_the_likelihood() -> None:
    probs = [[0.6, 0.4, 0.0], [0.9, 0.1, 0.0], [0.3, 0.7, 0.0], [0.2, 0.6, 0.2]] * 10
    labels = [0, 1, 2, 1] * 10
    predictions = of_probabilities(probs, labels)
    found, possible = assess(predictions), np.array([True, True, False, True] * 10)
    assert found.before.nll == np.inf
    assert found.before.brier == pytest.approx(brier_score(probs, labels))
    assert (found.impossible, found.fitted_rows, found.rows) == (10, 30, 40)
    assert found.fit == fit_temperature(predictions.logits[possible], predictions.labels[possible])
    assert found.nll_change is not None
    assert found.nll_change.seeds == 30
    assert found.nll_change.hard == pytest.approx(-np.log([0.6, 0.1, 0.6]).mean())
    assert (found.row_temperatures[~possible] == found.fit.temperature).all()


@pytest.mark.parametrize(
    ("predictions", "rows"),
    [(said([[1, 1, 1]] * 5, [0, 1, 2, 0, 1]), 5), (of_probabilities([[1.0, 0.0], [0.0, 1.0]], [1, 0]), 0)],
    ids=["constant", "impossible"],
)
def test_without_a_temperature_there_is_no_state_after_it(predictions: Predictions, rows: int) -> None:
    found = assess(predictions)
    assert found.fit.flat
    assert (found.after, found.nll_change, found.brier_change) == (None, None, None)
    assert found.fitted_rows == rows


def test_printed_probabilities_stay_in_their_bins_and_tie() -> None:
    """.8, .6 and .4 are edges of five bins; the logarithm and back misses them by a digit."""
    generator = np.random.default_rng(0)
    probs = np.array([[0.8, 0.1, 0.1], [0.1, 0.3, 0.6], [0.3, 0.4, 0.3], [0.2, 0.8, 0.0]] * 25)
    probs = generator.permuted(probs, axis=1)
    labels = generator.integers(0, 3, 100)
    for scheme in ("equal-width", "equal-mass"):
        found = assess(of_probabilities(probs, labels), bins=5, scheme=scheme)
        curve = reliability_curve(probs, labels, 5, scheme)
        assert found.before.curve.bin_count.tolist() == curve.bin_count.tolist()
        assert found.before.curve.ece == pytest.approx(curve.ece)


@pytest.mark.parametrize(
    ("predictions", "validation", "message"),
    [
        (said(np.zeros((0, 2)), []), None, "at least one row, got 0"),
        (said([[0, 1]], [0]), said(np.zeros((0, 2)), []), "validation set must have at least one row, got 0"),
        (said([[0, 1]], [0]), said([[0, 1, 2]], [0]), "must have 2 classes, got 3"),
        (said([[0, 1]], [0]), replace(said([[0, 1]], [0]), classes=("a", "z")), "class 1 must be b, got z"),
    ],
)
def test_sets_that_do_not_fit_are_refused(
    predictions: Predictions, validation: Predictions | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        assess(predictions, validation)


def pair(first: Predictions, second: Predictions) -> Pair:
    return pair_of(first, second, assess(first, name="hard"), assess(second, name="smoothed"))


def test_the_same_rows_are_compared_row_by_row() -> None:
    first, second = honest(300, factor=3), replace(honest(300), logits=honest(300).logits[:, ::-1].copy())
    found = pair(first, second)
    assert found.paired
    right = [predictions.logits.argmax(axis=1) == predictions.labels for predictions in (first, second)]
    witness = stats.ttest_rel(right[1] * 1.0, right[0] * 1.0).confidence_interval(0.95)
    assert (found.accuracy.low, found.accuracy.high) == pytest.approx((witness.low, witness.high))
    plain = [-log_softmax(predictions.logits)[np.arange(300), first.labels] for predictions in (first, second)]
    assert found.as_they_are.nll is not None
    assert found.as_they_are.nll.half_width == pytest.approx(compare(*plain).half_width)
    crossed = cross_fit_temperature(first.logits, first.labels)
    scaled = log_softmax(first.logits / crossed.temperatures[crossed.fold, None])
    assert found.rivals is not None
    assert found.rivals.nll is not None
    assert found.rivals.nll.hard == pytest.approx(nll(scaled, first.labels))
    assert found.rivals.nll.smoothed == pytest.approx(plain[1].mean())
    assert found.rivals.gap.hard == pytest.approx(np.exp(scaled.max(axis=1)).mean() - right[0].mean())
    assert found.scaled is not None
    assert found.scaled.brier.hard == found.rivals.brier.hard


def test_other_rows_are_compared_as_samples() -> None:
    first, second = honest(300, factor=3), honest(200, seed=1)
    found = pair(first, second)
    assert (found.paired, found.rows) == (False, (300, 200))
    losses = [losses_at(predictions, np.ones(1))[1].brier for predictions in (second, first)]
    witness = stats.ttest_ind(*losses, equal_var=False).confidence_interval(0.95)
    brier = found.as_they_are.brier
    assert (brier.low, brier.high) == pytest.approx((witness.low, witness.high))


def test_welch_by_hand_and_by_samples() -> None:
    """(0, 2) and (1, 5): variances 2 and 8, error sqrt(5), 25 / (1 + 16) degrees of freedom."""
    found = compare_unpaired(np.array([0.0, 2.0]), np.array([1.0, 5.0]))
    assert (found.hard, found.smoothed, found.difference, found.seeds) == (1, 3, 2, 2)
    assert found.half_width == pytest.approx(stats.t.ppf(0.975, 25 / 17) * 5**0.5)
    assert compare_unpaired(np.ones(1), np.ones(5)).half_width == np.inf
    assert compare_unpaired(np.ones(3), np.zeros(4)).half_width == 0
    generator = np.random.default_rng(0)
    samples = [(generator.normal(size=8), generator.normal(1, 3, size=20)) for _ in range(1000)]
    covered = [result.low <= 1 <= result.high for result in (compare_unpaired(*sample) for sample in samples)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.02)


def test_impossible_labels_of_either_model_are_left_out_of_a_paired_likelihood() -> None:
    first = of_probabilities([[0.5, 0.5], [1.0, 0.0], [0.9, 0.1], [0.4, 0.6]] * 5, [0, 1, 1, 1] * 5)
    second = of_probabilities([[0.0, 1.0], [0.5, 0.5], [0.8, 0.2], [0.3, 0.7]] * 5, [0, 1, 1, 1] * 5)
    judged = assess(first), assess(second)
    found = pair_of(first, second, *judged)
    assert found.left_out == (10, 10)
    assert found.as_they_are.nll is not None
    assert found.as_they_are.nll.seeds == 10
    other = replace(second, labels=second.labels[::-1], logits=second.logits[::-1])
    assert pair_of(first, other, judged[0], judged[1]).left_out == (5, 5)


def strict(text: str) -> object:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(
    "predictions",
    [
        of_probabilities([[1.0, 0.0], [0.0, 1.0]], [1, 0]),
        said([[0, 1]], [1]),
    ],
    ids=["impossible", "one row"],
)
def test_records_hold_every_number_and_parse_strictly(predictions: Predictions) -> None:
    found = assess(predictions, name='a "name", with comma')
    record = strict(to_json(found))
    assert isinstance(record, dict)
    lines = list(csv.DictReader(io.StringIO(to_csv(found))))
    assert {line["model"] for line in lines} == {record["name"]} == {found.name}
    assert record["before"]["nll"] == (found.before.nll if np.isfinite(found.before.nll) else None)
    assert record["before"]["reliability"]["bin_count"] == found.before.curve.bin_count.tolist()
    assert record["temperature"]["temperature"] == found.fit.temperature
    assert (record["after"] is None) == found.fit.flat == (not any(line["state"] == "after" for line in lines))
    for estimate in record["before"]["errors"]:
        (line,) = (x for x in lines if (x["state"], x["measure"]) == ("before", estimate["name"]))
        assert [float(line[name]) for name in ("value", "null_low", "p_value")] == [
            estimate[name] for name in ("value", "null_low", "p_value")
        ]
    assert not any(cell in ("nan", "inf", "None") for line in lines for cell in line.values())


def test_a_temperature_that_harms_or_has_no_end_is_no_rival() -> None:
    predictions = honest(60)
    found = assess(predictions)
    worse = Comparison(0.5, 0.7, 0.2, 0.01, 60)
    harmed = pair_of(predictions, predictions, replace(found, nll_change=worse, brier_change=worse), found)
    assert harmed.rivals is None
    assert harmed.scaled is not None
    endless = replace(found, fit=replace(found.fit, optimum="zero"))
    assert pair_of(predictions, predictions, found, endless).scaled is None
    assert pair_of(predictions, predictions, endless, found).rivals is None
