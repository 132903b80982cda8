"""What is said of a model follows from its numbers, and every outcome can be said."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from labelsmooth.assessment.assess import assess
from labelsmooth.assessment.judged import Assessment, State
from labelsmooth.assessment.scaling import CONCLUSIONS, Worth, worth
from labelsmooth.assessment.words import INSTEAD, SMOOTHING, verdict
from labelsmooth.comparison import Comparison
from labelsmooth.predictions.given import Predictions
from labelsmooth.selective import risk_coverage
from labelsmooth.temperature import TemperatureFit

SEEN, CHANCE = 0.0, 0.5  # p values
FIT = TemperatureFit(1.5, 0.5, 0.4, at_bound=None, optimum="finite")
ZERO = TemperatureFit(0.05, 0.5, 0.1, at_bound="lower", optimum="zero")
FLAT = TemperatureFit(1.0, 0.5, 0.5, at_bound=None, optimum=None)


def change(difference: float, half: float = 0.01, before: float = 0.5, rows: int = 400) -> Comparison:
    return Comparison(before, before + difference, difference, half, rows)


@pytest.fixture(scope="module")
def base() -> Assessment:
    """400 rows of three classes, half of them right."""
    generator = np.random.default_rng(0)
    labels = np.arange(400) % 3
    return assess(Predictions(np.eye(3)[labels] + generator.normal(size=(400, 3)), labels, ("a", "b", "c"), "logits"))


def state(base: State, gap: Comparison, ece: float = CHANCE, classes: float = CHANCE) -> State:
    p_values = {"ECE, equal width": ece, "class-wise ECE": classes}
    estimates = tuple(replace(estimate, p_value=p_values.get(estimate.name, CHANCE)) for estimate in base.estimates)
    return replace(base, gap=gap, estimates=estimates)


def scaled(base: Assessment, nll: float, brier: float = 0.0, fit: TemperatureFit = FIT, **fields: Any) -> Assessment:
    """With these changes of both losses by a temperature."""
    return replace(base, fit=fit, nll_change=change(nll), brier_change=change(brier), **fields)


def unscaled(base: Assessment, **fields: Any) -> Assessment:
    return replace(base, after=None, fit=FLAT, nll_change=None, brier_change=None, **fields)


@pytest.mark.parametrize(
    ("difference", "p_value", "says", "way"),
    [
        (0.1, SEEN, "the model is over-confident: mean confidence 0.600 at accuracy 0.500, +0.100 (95 %", "over"),
        (-0.1, SEEN, "the model is under-confident: mean confidence 0.400 at accuracy 0.500, −0.100 (95 %", "under"),
        (0.005, SEEN, "too sure of some predictions and not sure enough of others", "mixed"),
        (0.1, CHANCE, "leans to over-confidence, though", "perhaps over"),
        (-0.1, CHANCE, "leans to under-confidence, though", "perhaps under"),
        (0.005, CHANCE, "shows no miscalibration beyond chance", "none"),
    ],
)
def test_the_state_decides_which_way_smoothing_would_push(
    base: Assessment, difference: float, p_value: float, says: str, way: str
) -> None:
    words = verdict(replace(base, before=state(base.before, change(difference), p_value)))
    assert says in words[0]
    (smoothing,) = (paragraph for paragraph in words if paragraph.startswith("Label smoothing"))
    assert [key for key, text in SMOOTHING.items() if text in smoothing] == [way]


def test_rounding_is_no_lean(base: Assessment) -> None:
    assert "shows no miscal" in verdict(replace(base, before=state(base.before, change(1e-16, half=0.0))))[0]


@pytest.mark.parametrize(("difference", "little"), [(0.005, True), (0.05, False)])
def test_a_gap_that_is_seen_and_tiny_matters_little(base: Assessment, difference: float, little: bool) -> None:
    words = verdict(replace(base, before=state(base.before, change(difference, half=0.001), SEEN)))
    assert ("matters little" in words[0]) == little


@pytest.mark.parametrize(
    ("nll", "brier", "fit", "expected"),
    [
        (-0.1, -0.1, FIT, "better"),
        (-0.1, 0.0, FIT, "better"),
        (0.1, 0.002, FIT, "worse"),
        (-0.1, 0.1, FIT, "both"),
        (0.002, -0.002, FIT, "undecided"),
        (0.002, -0.1, FIT, "open"),
        (0.1, -0.002, FIT, "open"),
        (-0.1, -0.1, ZERO, "unbounded"),
    ],
)
def test_what_a_temperature_is_worth(
    base: Assessment, nll: float, brier: float, fit: TemperatureFit, expected: Worth
) -> None:
    found = scaled(base, nll, brier, fit)
    assert worth(found) == expected
    words = " ".join(verdict(found))
    assert [key for key, text in CONCLUSIONS.items() if text in words] == [expected]
    assert [key for key, text in INSTEAD.items() if f"a prediction{text}." in words] == [expected]


@pytest.mark.parametrize(
    ("folds", "fit", "expected"),
    [
        ((0.05, 0.69), FIT, "unstable"),
        ((1.4, 20.0), FIT, "unstable"),
        ((1.4, 1.6), FIT, "better"),
        ((0.05, 0.05), replace(ZERO, optimum="finite"), "better"),
        ((0.05, 0.05), ZERO, "unbounded"),
    ],
)
def test_a_fold_at_a_bound_that_the_whole_is_not_at_makes_the_temperature_of_no_use(
    base: Assessment, folds: tuple[float, ...], fit: TemperatureFit, expected: Worth
) -> None:
    found = scaled(base, -0.1, -0.1, fit, fold_temperatures=folds)
    assert worth(found) == expected
    words = " ".join(verdict(found))
    assert CONCLUSIONS[expected] in words
    assert ("After the temperature" in words) == (expected == "better")


def test_one_error_among_sure_rows_does_not_make_a_temperature_pay() -> None:
    """Without the fold of the error the fit goes to the bound, so the error costs most where the mean loss falls."""
    generator = np.random.default_rng(0)
    labels = np.arange(200) % 3
    logits = 4 * np.eye(3)[labels] + 0.5 * generator.normal(size=(200, 3))
    labels[0] = 1
    found = assess(Predictions(logits, labels, ("a", "b", "c"), "logits"))
    assert found.errors == 1
    assert min(found.fold_temperatures) == 0.05 < found.fit.temperature
    words = " ".join(verdict(found))
    assert "Only 1 prediction is wrong" in words
    assert "hangs on single rows" in words
    assert "pays" not in words
    assert "apply it first" not in words


@pytest.mark.parametrize(
    ("fit", "says"),
    [
        (FIT, "T = 1.50 (less confidence)"),
        (replace(FIT, temperature=0.5), "T = 0.50 (more confidence)"),
        (replace(FIT, temperature=1.01), "T = 1.01 (as good as 1)"),
        (ZERO, "T = 0.05 (the lowest tried: in no row of the fit is any logit larger than that of the label, so"),
        (replace(ZERO, optimum="finite"), "T = 0.05 (the lowest tried: the best lies beyond)"),
        (
            TemperatureFit(20.0, 1, 1, "upper", "infinite"),
            "T = 20.00 (the highest tried: the logits tell the",
        ),
    ],
)
def test_a_temperature_says_where_it_stopped(base: Assessment, fit: TemperatureFit, says: str) -> None:
    assert f"Divide the logits by {says}" in " ".join(verdict(scaled(base, -0.1, fit=fit)))


def test_losses_are_told_with_their_interval_or_as_unchanged(base: Assessment) -> None:
    words = " ".join(verdict(scaled(base, -0.1, 0.0001, fold_temperatures=(1.2, 1.4))))
    assert "the NLL goes from 0.500 to 0.400, −0.100 (95 % interval −0.110 to −0.090)" in words
    assert "the Brier score stays 0.500" in words
    assert "each row with the temperature of the other folds (1.20 to 1.40)" in words
    validated = " ".join(verdict(scaled(base, 0.005, validation_rows=70, fitted_rows=70)))
    assert "fitted on 70 validation rows: the NLL" in validated
    assert "+0.005 (95 % interval −0.005 to +0.015: undecided)" in validated
    assert "other folds" not in validated


@pytest.mark.parametrize(
    ("fitted", "validation", "says"),
    [
        (0, 0, "No temperature can be fitted: the label of every row has"),
        (0, 5, "No temperature can be fitted: the label of every validation row has"),
        (400, 0, "Every temperature is equally good"),
    ],
)
def test_no_temperature_says_why(base: Assessment, fitted: int, validation: int, says: str) -> None:
    words = " ".join(verdict(unscaled(base, fitted_rows=fitted, validation_rows=validation)))
    assert says in words
    assert "Without a temperature the model shows" in words
    assert "costs no retraining" not in words


@pytest.mark.parametrize(
    ("ece", "classes", "remedies"),
    [(SEEN, CHANCE, ["isotonic"]), (CHANCE, SEEN, ["vector"]), (SEEN, SEEN, ["isotonic", "vector"]), (0.3, 0.3, [])],
)
def test_what_remains_decides_the_remedy(base: Assessment, ece: float, classes: float, remedies: list[str]) -> None:
    assert base.after is not None
    found = scaled(base, -0.1, after=state(base.after, change(0.0), ece, classes))
    (remains,) = (paragraph for paragraph in verdict(found) if paragraph.startswith("After the temperature"))
    assert [name for name in ("isotonic", "vector") if name in remains] == remedies
    assert ("no miscalibration beyond chance" in remains) == (not remedies)


@pytest.mark.parametrize(
    ("score", "says"),
    [
        (np.arange(400) < 200, "AUROC, 95 % interval 1.000 to 1.000: better than a random order)"),
        (np.arange(400) >= 200, "0.000 to 0.000: worse than a random order)"),
        (np.arange(400) % 2, "not told from a random order)"),
    ],
)
def test_the_ranking_is_judged_against_a_random_order(base: Assessment, score: np.ndarray, says: str) -> None:
    risk = risk_coverage(score, np.arange(400) < 200)
    assert says in verdict(replace(base, risks={"probability": risk}))[-1]


def with_accuracy(base: Assessment, right: int, rows: int = 400) -> Assessment:
    curve = replace(base.before.curve, accuracy=right / rows)
    return replace(base, rows=rows, fitted_rows=rows, before=replace(base.before, curve=curve))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"rows": 99, "fitted_rows": 99}, "99 rows tell little"),
        ({"rows": 1, "fitted_rows": 1}, "One row tells nothing"),
        ({"validation_rows": 400, "validation_is_test": True}, "The validation set is the test set itself: the numb"),
        ({"validation_rows": 400, "fitted_errors": 9}, "In the validation set only 9 predictions are wrong: the temp"),
        ({"predicted": np.array([0, 400, 0])}, "Only one class is ever predicted: b."),
        ({"labelled": np.array([0, 400, 0])}, "No label is a, c (2 of 3 classes)"),
        ({"impossible": 1}, "the label of 1 row the probability 0: the NLL is infinite at every temperature. That row"),
        ({"impossible": 3, "fitted_rows": 397}, "fitted on the 397 rows of 400 whose label is possible"),
        ({"validation_rows": 50, "fitted_rows": 49}, "fitted on the 49 rows of 50 whose label is possible"),
        ({"classes": ("a", "b"), "labelled": np.ones(2), "predicted": np.ones(2)}, "Of two classes the Brier score"),
    ],
)
def test_what_is_special_is_said(base: Assessment, fields: dict[str, Any], says: str) -> None:
    assert says not in " ".join(verdict(base))
    assert says in verdict(replace(base, **fields))[1]


def test_many_missing_classes_are_not_all_named(base: Assessment) -> None:
    names = tuple(f"c{k}" for k in range(8))
    words = " ".join(verdict(replace(base, classes=names, labelled=np.zeros(8, int), predicted=np.ones(8, int))))
    assert "No label is c0, c1, c2, c3, c4, ... (8 of 8 classes)" in words


@pytest.mark.parametrize(
    ("right", "says"),
    [
        (400, "No prediction is wrong"),
        (0, "No prediction is right: the columns must stand in the order"),
        (60, "The accuracy is below that of guessing, 0.333: the columns"),
        (130, None),
        (390, None),
        (391, "Only 9 predictions are wrong: "),
        (399, "Only 1 prediction is wrong: "),
    ],
)
def test_errors_at_their_ends_are_said(base: Assessment, right: int, says: str | None) -> None:
    words = " ".join(verdict(with_accuracy(base, right)))
    found = [text for text in ("No prediction is", "below that of guessing", "Only") if text in words]
    assert bool(found) == (says is not None)
    assert says is None or says in words


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        ([[0.0, 1.0]], [1]),
        ([[0.0, 1.0]], [0]),
        ([[0.0, 0.0], [0.0, 0.0]], [1, 0]),
        ([[0.0, -np.inf], [-np.inf, 0.0]], [1, 0]),
        ([[0.0, -np.inf], [-np.inf, 0.0], [0.0, 0.0]], [0, 0, 0]),
        ([[0.0, 1.0, 2.0]] * 3, [2, 2, 2]),
    ],
)
def test_the_smallest_cases_read_as_sentences(logits: list[list[float]], labels: list[int]) -> None:
    values = np.array(logits)
    words = " ".join(verdict(assess(Predictions(values, np.array(labels), tuple("abc"[: values.shape[1]]), "logits"))))
    assert re.search(r"\bnan\b|\binf\b|None|[{}]|  |\.\.(?!\.)", words) is None, words
    assert "one seed" not in words
