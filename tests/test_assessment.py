"""An assessment is its building blocks, on the right rows."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike

from labelsmooth.assessment.assess import assess
from labelsmooth.assessment.judged import Assessment
from labelsmooth.assessment.records import to_csv, to_json
from labelsmooth.calibration import Scheme, brier_score, log_softmax, nll, reliability_curve, softmax
from labelsmooth.comparison import compare
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
    judged = validation if validated else predictions
    assert found.fitted_errors == (judged.logits.argmax(axis=1) != judged.labels).sum()
    assert found.seed == 3


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"bins": 0}, r"bins must be in 1\.\.1000, got 0"),
        ({"bins": 1001}, r"bins must be in 1\.\.1000, got 1001"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
    ],
)
def test_numbers_out_of_range_are_refused(numbers: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        assess(honest(5), **numbers)  # type: ignore[arg-type]


def test_the_validation_set_may_be_the_test_set_and_on_the_other_scale_of_probabilities() -> None:
    given = honest(50)
    assert assess(given, honest(50)).validation_is_test
    for other in (honest(50, factor=2), honest(49), replace(given, labels=(given.labels + 1) % 4)):
        assert not assess(given, other).validation_is_test
    probs = of_probabilities([[0.9, 0.1], [0.4, 0.6]], [0, 0])
    assert assess(probs, replace(probs, scale="log-probabilities")).fitted_errors == 1


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
        (said([[0, 1]], [0]), said([[0, 1, 2]], [0]), "the validation set must have .* 2 classes .*, got 3 classes"),
        (
            said([[0, 1]], [0]),
            replace(said([[0, 1]], [0]), classes=("b", "a")),
            r"'a', 'b'\), got 2 classes \('b', 'a'",
        ),
        (said([[0, 1]], [0]), said([[-1, -1]], [0], "probabilities"), "the predictions, logits, got probabilities"),
        (said([[-1, -1]], [0], "log-probabilities"), said([[0, 1]], [0]), "log-probabilities, got logits"),
    ],
)
def test_sets_that_do_not_fit_are_refused(
    predictions: Predictions, validation: Predictions | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        assess(predictions, validation)


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
