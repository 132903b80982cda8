"""Laws of the binned calibration errors, by class and for the top label, and of their table with chance values."""

import itertools
from collections.abc import Callable

import calibration as kumar
import numpy as np
import pytest
import relplot
from classifiers import SCHEMES, Floats, Ints, classifier
from numpy.typing import ArrayLike, NDArray

from labelsmooth import cells
from labelsmooth.calibration import Scheme, class_reliability, ece_of_runs, reliability_curve, softmax
from labelsmooth.estimators import (
    adaptive_classwise_ece,
    calibration_table,
    classwise_ece,
    debiased_ece,
    rms_calibration_error,
)
from labelsmooth.smooth_ece import smooth_ece

NAMES = (
    "ECE, equal width", "ECE, equal mass", "ECE, debiased", "RMS error", "RMS error, debiased", "class-wise ECE", "ACE",
    "smECE", "MCE",
)  # fmt: skip


def top(probs: Floats, labels: Ints) -> tuple[Floats, NDArray[np.bool_]]:
    """Top-label confidence and correctness, both (N,)."""
    return probs.max(axis=1), probs.argmax(axis=1) == labels


def second_class(p: ArrayLike) -> Floats:
    """Probabilities (N, 2) with these of class 1."""
    return np.stack([1 - np.asarray(p), np.asarray(p)], axis=1)


# The hand example of the debiased errors: frequency .5 in both bins, means .4 and .9.
FLAT: tuple[list[float], list[int]] = ([0.4] * 4 + [0.9] * 4, [1, 1, 0, 0] * 2)
# Class-wise: three classes, two bins; of all classes in ranges: two classes, two ranges.
THREE = (np.array([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]), np.array([0, 1, 1, 2]))
TWO = (np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]]), np.array([0, 1, 1, 0]))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (rms_calibration_error(*FLAT, 2, debias=False), np.sqrt((0.1**2 + 0.4**2) / 2)),
        # Each frequency .5 of 4 has variance .25 / 3.
        (rms_calibration_error(*FLAT, 2), np.sqrt((0.1**2 + 0.4**2) / 2 - 0.25 / 3)),
        (rms_calibration_error(*FLAT, 2, "equal-width"), np.sqrt(1 / 600)),
        (rms_calibration_error([0.6, 0.9], [1, 0], 2), 0.0),  # bins of one example say nothing
        (rms_calibration_error([0.6, 0.9], [1, 0], 2, debias=False), np.sqrt((0.16 + 0.81) / 2)),
        (rms_calibration_error([0.5] * 4, [1, 0, 1, 0]), 0.0),  # 0 - .25 / 3 is clipped
        (debiased_ece(*FLAT, 2, "equal-width"), 0.186580),
        # Gap 0 and noise sqrt(.25 / 4): 0 - .25 sqrt(2 / pi).
        (debiased_ece([0.5] * 4, [1, 0, 1, 0]), -0.25 * np.sqrt(2 / np.pi)),
        (debiased_ece([0.8, 0.8], [1, 1]), 0.2),  # no noise is seen, none is taken away
        (classwise_ece(*THREE, 2), (0.15 + 0.125 + 0.175) / 3),
        (reliability_curve(*THREE, 2).ece, 0.075),
        # Both classes: of ranges {.3, .4} and {.8, .9} one gap is .5 - .35, the other .85 - .5.
        (adaptive_classwise_ece(*TWO, 2), (0.15 + 0.35) / 2),
        # Four ranges for two distinct values: two stay empty and count 0.
        (adaptive_classwise_ece([[0.5, 0.5], [0.5, 0.5], [0.9, 0.1]], [0, 0, 0], 4), (0.5 + 0.1) * 2 / 8),
    ],
)
def test_values_by_hand(value: float, expected: float) -> None:
    assert value == pytest.approx(expected, abs=1e-6)


def gaps(index: Ints, confidence: Floats, correct: Floats) -> float:
    """ECE from bins (N,); rows in bin -1 are dropped, but still counted."""
    return sum(abs((correct - confidence)[index == m].sum()) for m in range(index.max() + 1)) / len(index)


def left_open(c: Floats, a: Floats, bins: int) -> float:
    """Bins (low, high]: a confidence of 0 is in none (Guo's own code)."""
    return gaps(np.searchsorted(np.arange(bins + 1) / bins, c, side="left") - 1, c, a)


def right_open(c: Floats, a: Floats, bins: int) -> float:
    """Bins [low, high) with float32 edges: a confidence of 1 has a bin of its own (torchmetrics)."""
    edges = np.linspace(0, 1, bins + 1, dtype=np.float32)
    return gaps(np.searchsorted(edges, c.astype(np.float32), side="right") - 1, c, a)


def histogram(c: Floats, a: Floats, bins: int) -> float:
    """Bins [low, high), the last one closed (netcal)."""
    return float(np.abs(np.histogram(c, bins, (0, 1), weights=a - c)[0]).sum() / len(c))


@pytest.mark.parametrize(
    ("confidence", "correct", "bins", "expected"),
    [
        ([0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 1], [1, 0, 1, 0, 1, 0, 1], 5, (1.8, 1.8, 1.8, 2.0, 2.4, 2.4)),
        ([0, 0.2, 0.2, 0.4, 0.6, 0.8, 1], [1, 0, 0, 1, 0, 1, 0], 5, (3.0, 3.0, 2.8, 3.8, 2.6, 2.2)),
        ([0, 0, 0.25, 0.25, 0.5, 0.75, 1], [1, 1, 0, 0, 0, 1, 0], 4, (3.25, 3.25, 2.25, 4.25, 4.25, 3.75)),
    ],
    ids=["A", "B", "C"],
)
def test_packages_differ_on_the_edges(
    confidence: list[float], correct: list[int], bins: int, expected: tuple[float, ...]
) -> None:
    c, a = np.array(confidence, float), np.array(correct, float)
    found = (
        float(ece_of_runs(c, a, bins)),
        kumar.get_ece(c, a.astype(int), num_bins=bins),
        left_open(c, a, bins),
        right_open(c, a, bins),
        relplot.metrics.binnedECE(c, a, bins),
        histogram(c, a, bins),
    )
    assert [len(c) * value for value in found] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("classes", [2, 5])
def test_errors_are_those_of_kumar(classes: int, scale: float) -> None:
    """Equal mass agrees where the bins divide the rows and there are no ties."""
    probs, labels = classifier(classes, 450, classes, scale)
    confidence, correct = top(probs, labels)
    binnings = {"equal-width": kumar.utils.get_equal_prob_bins, "equal-mass": kumar.utils.get_equal_bins}
    for scheme in SCHEMES:
        for debias in (False, True):
            theirs = kumar.utils.lower_bound_scaling_top_ce(
                probs, labels, p=2, debias=debias, num_bins=15, binning_scheme=binnings[scheme]
            )
            ours = rms_calibration_error(confidence, correct, 15, scheme, debias)
            assert ours == pytest.approx(theirs, abs=1e-9)
        theirs = kumar.utils.lower_bound_scaling_ce(
            probs, labels, p=1, debias=False, num_bins=15, binning_scheme=binnings[scheme], mode="marginal"
        )
        assert classwise_ece(probs, labels, 15, scheme) == pytest.approx(theirs, abs=1e-9)
    assert reliability_curve(probs, labels).ece == pytest.approx(kumar.get_ece(probs, labels), abs=1e-9)
    mass = reliability_curve(probs, labels, scheme="equal-mass").ece
    assert mass == pytest.approx(kumar.get_ece_em(probs, labels), abs=1e-9)


def test_the_debiased_ece_is_what_kumar_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their normal numbers come from the global generator, which the test puts back."""
    monkeypatch.setattr(np.random, "normal", np.random.default_rng(0).normal)
    probs, labels = classifier(0, n=450)
    theirs = np.mean([kumar.get_ece_em(probs, labels, debias=True) for _ in range(10)])
    assert debiased_ece(*top(probs, labels)) == pytest.approx(theirs, abs=5e-4)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_class_wise_errors_are_means_over_class_reliability(scheme: Scheme) -> None:
    probs, labels = classifier(3, n=450)
    curves = [class_reliability(probs, labels, k, 15, scheme) for k in range(4)]
    assert classwise_ece(probs, labels, 15, scheme) == pytest.approx(np.mean([curve.ece for curve in curves]))
    gap = np.abs([curve.bin_accuracy - curve.bin_confidence for curve in curves])
    if scheme == "equal-mass":
        assert adaptive_classwise_ece(probs, labels, 15) == pytest.approx(gap.mean())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_class_reliability_of_a_class_always_predicted_is_top_label_reliability(scheme: Scheme) -> None:
    probs = second_class(np.random.default_rng(0).uniform(0.51, 1, 80))
    labels = np.random.default_rng(1).integers(0, 2, 80)
    ours, top_label = class_reliability(probs, labels, 1, 6, scheme), reliability_curve(probs, labels, 6, scheme)
    for name, value in vars(top_label).items():
        np.testing.assert_array_equal(getattr(ours, name), value)


def test_class_reliability_by_hand() -> None:
    curve = class_reliability(*THREE, class_index=1, bins=2)
    assert curve.bin_count.tolist() == [3, 1]
    assert curve.bin_accuracy.tolist() == pytest.approx([1 / 3, 1])
    assert curve.bin_confidence.tolist() == pytest.approx([0.7 / 3, 0.8])
    assert (curve.accuracy, curve.confidence, curve.n) == pytest.approx((0.5, 0.375, 4))


def two_class_errors(p: ArrayLike, labels: list[int] | Ints, bins: int) -> tuple[float, float, float]:
    """ECE of class 0, of class 1, and of the top label."""
    probs = second_class(p)
    by_class = [class_reliability(probs, labels, k, bins).ece for k in (0, 1)]
    return by_class[0], by_class[1], reliability_curve(probs, labels, bins).ece


@pytest.mark.parametrize("bins", [1, 2, 5, 8, 15])
@pytest.mark.parametrize("seed", range(5))
def test_two_classes_mirror_each_other_and_bound_the_top_label(seed: int, bins: int) -> None:
    generator = np.random.default_rng(seed)
    p, labels = generator.random(60), generator.integers(0, 2, 60)
    first, second, top_label = two_class_errors(p, labels, bins)
    assert first == pytest.approx(second)
    if bins % 2 == 0:
        assert top_label <= second + 1e-12
    _, second, top_label = two_class_errors((1 + p) / 2, labels, bins)  # class 1 is always predicted
    assert top_label == pytest.approx(second)


@pytest.mark.parametrize(
    ("p", "labels", "bins", "errors"),
    [
        ([0.4, 0.5], [1, 0], 5, (0.05, 0.55, 0.05)),  # on an edge: .4 is in a bin without .5, .6 in that of .5
        ([0.8, 0.2], [1, 1], 2, (0.5, 0.5, 0.3)),
        ([0.48, 0.52], [1, 0], 15, (0.0, 0.0, 0.52)),  # an odd number of bins has one across 1/2
    ],
)
def test_two_class_errors_need_not_agree(
    p: list[float], labels: list[int], bins: int, errors: tuple[float, ...]
) -> None:
    assert two_class_errors(p, labels, bins) == pytest.approx(errors)


@pytest.mark.parametrize(("p", "n"), [(0.7, 5), (0.05, 4), (1.0, 3)])
def test_the_debiased_square_has_the_square_of_the_gap_as_its_mean(p: float, n: int) -> None:
    """Over all 2^n outcomes of n events of probability p, told as .6."""
    mean = 0.0
    for outcome in itertools.product((0.0, 1.0), repeat=n):
        found = cells.Cells(np.array([n]), np.array([0.6 * n]), np.array([sum(outcome)]))
        mean += float(np.prod([p if event else 1 - p for event in outcome]) * cells.debiased_square(found))
    assert mean == pytest.approx((p - 0.6) ** 2, abs=1e-12)


def test_the_debiased_ece_removes_part_of_what_chance_adds() -> None:
    generator = np.random.default_rng(0)
    confidence = generator.uniform(0.1, 1, 300)
    draws = generator.random((400, 300)) < confidence
    debiased = np.median([debiased_ece(confidence, draw, 15, "equal-width") for draw in draws])
    assert np.median(ece_of_runs(np.broadcast_to(confidence, draws.shape), draws)) == pytest.approx(0.071, abs=0.004)
    assert debiased == pytest.approx(0.043, abs=0.004)


def test_a_temperature_moves_no_example_of_two_classes_between_bins_of_equal_mass() -> None:
    probs, labels = classifier(0, n=450, classes=2)
    before = class_reliability(probs, labels, 1, 9, "equal-mass")
    after = class_reliability(softmax(np.log(probs) / 3), labels, 1, 9, "equal-mass")
    assert (before.bin_count == after.bin_count).all()
    np.testing.assert_array_equal(before.bin_accuracy, after.bin_accuracy)
    assert before.ece < after.ece  # but their confidences move


def singles(probs: Floats, labels: Ints, bins: int) -> list[float]:
    """The values of the table, one by one."""
    confidence, correct = top(probs, labels)
    curve = reliability_curve(probs, labels, bins)
    return [
        curve.ece,
        reliability_curve(probs, labels, bins, "equal-mass").ece,
        debiased_ece(confidence, correct, bins),
        rms_calibration_error(confidence, correct, bins, debias=False),
        rms_calibration_error(confidence, correct, bins),
        classwise_ece(probs, labels, bins),
        adaptive_classwise_ece(probs, labels, bins),
        smooth_ece(confidence, correct).value,
        curve.mce,
    ]


def test_no_rows_have_no_errors() -> None:
    probs, labels = np.zeros((0, 3)), np.zeros(0, np.intp)
    assert np.isnan(singles(probs, labels, 15)).all()
    for row in calibration_table(probs, labels):
        assert np.isnan([row.value, row.null_median, row.null_low, row.null_high, row.p_value]).all()
    assert class_reliability(probs, labels, 0).n == 0


GOOD, LABELS = np.array([[0.5, 0.5], [0.1, 0.9]]), np.array([0, 1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rms_calibration_error([1.5], [1]), r"confidence must be in \[0, 1\], got 1.5"),
        (lambda: rms_calibration_error([0.5], [0.5]), "correct must be 0 or 1, got 0.5"),
        (lambda: rms_calibration_error([0.5], [1], bins=0), "bins must be at least 1, got 0"),
        (lambda: debiased_ece(GOOD, [1, 0]), r"confidence must have shape \(N,\), got \(2, 2\)"),
        (lambda: debiased_ece([0.5], [1], scheme="mass"), "got 'mass'"),  # type: ignore[arg-type]
        (lambda: classwise_ece([[0.5, 0.4]], [0]), "sum to 1 within 0.001 .* got 0.9"),
        (lambda: classwise_ece(GOOD, LABELS, bins=-1), "bins must be at least 1, got -1"),
        (lambda: adaptive_classwise_ece(GOOD, [0, 2]), r"labels must be in 0\.\.1, got 2"),
        (lambda: adaptive_classwise_ece(GOOD, LABELS, ranges=0), "ranges must be at least 1, got 0"),
        (lambda: class_reliability(GOOD, LABELS, 2), r"class_index must be in 0\.\.1, got 2"),
        (lambda: class_reliability(GOOD, LABELS, -1), r"class_index must be in 0\.\.1, got -1"),
        (lambda: class_reliability(GOOD, LABELS, 0, level=1), r"level must be in \(0, 1\), got 1"),
        (lambda: calibration_table(GOOD, LABELS, draws=0), "draws must be at least 1, got 0"),
        (lambda: calibration_table(GOOD, LABELS, bins=0), "bins must be at least 1, got 0"),
        (lambda: calibration_table([[1.0]], [0]), r"K >= 2, got \(1, 1\)"),
    ],
)
def test_errors_name_the_range_and_the_value(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
