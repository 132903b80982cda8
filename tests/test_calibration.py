"""Laws of the bins, the reliability curve, ECE, NLL and Brier score."""

from collections.abc import Callable

import numpy as np
import pytest
from classifiers import SCHEMES, classifier, two_classes
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

from labelsmooth import rows
from labelsmooth.calibration import (
    Scheme,
    ascending,
    bin_index,
    bins,
    brier_score,
    clopper_pearson,
    ece_of_runs,
    log_softmax,
    nll,
    null_ece,
    reliability_curve,
    softmax,
)


@pytest.mark.parametrize("bins", range(1, 101))
def test_an_edge_belongs_to_the_bin_below_it(bins: int) -> None:
    whole = np.arange(1, bins + 1)
    edges = np.array([i / bins for i in whole])
    assert bin_index(edges, bins).tolist() == (whole - 1).tolist()
    assert bin_index(np.nextafter(edges[:-1], 2), bins).tolist() == whole[:-1].tolist()
    assert bin_index([0.0, 5e-324, 1.0], bins).tolist() == [0, 0, bins - 1]


@pytest.mark.parametrize(
    ("confidence", "correct", "bins", "ece"),
    [
        # (0, .2]: .2 wide of 1; (.2, .4]: .4 of 0; (.4, .6]: 1.1 of 1; (.6, .8]: 1.5 of 1; (.8, 1]: 1 of 1
        ([0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 1], [1, 0, 1, 0, 1, 0, 1], 5, (0.8 + 0.4 + 0.1 + 0.5 + 0) / 7),
        ([0, 0.2, 0.2, 0.4, 0.6, 0.8, 1], [1, 0, 0, 1, 0, 1, 0], 5, (0.6 + 0.6 + 0.6 + 0.2 + 1) / 7),
        ([0, 0, 0.25, 0.25, 0.5, 0.75, 1], [1, 1, 0, 0, 0, 1, 0], 4, (1.5 + 0.5 + 0.25 + 1) / 7),
        ([0, 1, 1, 1, 1], [1, 0, 0, 1, 1], 2, (1 + 2) / 5),
        ([0, 0], [0, 0], 3, 0.0),
        ([1, 1], [0, 1], 3, 0.5),
    ],
    ids=["A", "B", "C", "zero is kept", "all at 0", "all at 1"],
)
def test_ece_on_the_edges_by_hand(confidence: list[float], correct: list[int], bins: int, ece: float) -> None:
    assert ece_of_runs(confidence, correct, bins) == pytest.approx(ece, abs=1e-12)


@pytest.mark.parametrize(
    ("confidence", "bins", "ece"),
    [
        ([0.5, 0.6, 0.7, 0.8, 0.9, 1.0], [0, 0, 1, 1, 2, 2], (0.1 + 0.5 + 0.9) / 6),
        ([0.5, 0.6, 0.6, 0.6, 0.9, 0.95], [0, 0, 0, 0, 2, 2], (0.7 + 0.85) / 6),
    ],
    ids=["no ties", "ties stay whole"],
)
def test_equal_mass_by_hand(confidence: list[float], bins: list[int], ece: float) -> None:
    probs, labels = two_classes(confidence, [1, 0, 1, 1, 1, 0])
    curve = reliability_curve(probs, labels, bins=3, scheme="equal-mass")
    assert bin_index(confidence, 3, "equal-mass").tolist() == bins
    assert curve.bin_count.tolist() == np.bincount(bins, minlength=3).tolist()
    assert curve.ece == pytest.approx(ece, abs=1e-12)


def test_equal_mass_does_not_depend_on_the_order_of_rows() -> None:
    confidence = np.random.default_rng(0).integers(0, 20, 100) / 20
    order = np.random.default_rng(1).permutation(100)
    assert (bin_index(confidence, 7, "equal-mass")[order] == bin_index(confidence[order], 7, "equal-mass")).all()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("bins", [1, 4, 15])
def test_the_curve_is_what_a_loop_over_bins_finds(scheme: Scheme, bins: int) -> None:
    probs, labels = classifier(0)
    curve = reliability_curve(probs, labels, bins, scheme)
    confidence, correct = probs.max(axis=1), probs.argmax(axis=1) == labels
    gaps = np.zeros(bins)
    for m in range(bins):
        inside = (confidence > curve.bin_edges[m]) & (confidence <= curve.bin_edges[m + 1])
        assert curve.bin_count[m] == inside.sum()
        if inside.any():
            assert curve.bin_confidence[m] == pytest.approx(confidence[inside].mean())
            assert curve.bin_accuracy[m] == pytest.approx(correct[inside].mean())
            gaps[m] = abs(correct[inside].mean() - confidence[inside].mean())
    assert curve.ece == pytest.approx((curve.bin_count / len(labels)) @ gaps)
    assert curve.mce == pytest.approx(gaps.max())
    assert (curve.accuracy, curve.confidence) == pytest.approx((correct.mean(), confidence.mean()))
    assert curve.n == curve.bin_count.sum() == len(labels)


def test_the_curve_is_that_of_scikit_learn() -> None:
    probs, labels = classifier(1)
    curve = reliability_curve(probs, labels, bins=10)
    accuracy, confidence = calibration_curve(probs.argmax(axis=1) == labels, probs.max(axis=1), n_bins=10)
    filled = curve.bin_count > 0
    np.testing.assert_allclose(curve.bin_accuracy[filled], accuracy)
    np.testing.assert_allclose(curve.bin_confidence[filled], confidence)


def test_an_empty_bin_is_blank() -> None:
    probs, labels = two_classes([0.6, 0.9], [1, 1])
    curve = reliability_curve(probs, labels, bins=2)
    assert curve.bin_count.tolist() == [0, 2]
    assert np.isnan([curve.bin_confidence[0], curve.bin_accuracy[0]]).all()
    assert (curve.bin_low[0], curve.bin_high[0]) == (0, 1)
    assert curve.mce == pytest.approx(0.25)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_rows_have_no_measures(scheme: Scheme) -> None:
    labels = np.zeros(0, np.intp)
    curve = reliability_curve(np.zeros((0, 3)), labels, scheme=scheme)
    assert curve.n == curve.bin_count.sum() == 0
    assert len(curve.bin_edges) == 16
    assert np.isnan([curve.ece, curve.mce, curve.accuracy, curve.confidence]).all()
    band = null_ece(np.zeros(0), scheme=scheme, observed=curve.ece)
    assert str(band) == "NullECE(median=nan, low=nan, high=nan, p_value=nan)"
    assert np.isnan([nll(np.zeros((0, 3)), labels), brier_score(np.zeros((0, 3)), labels)]).all()
    assert np.isnan(ece_of_runs(np.zeros((4, 0)), np.zeros((4, 0)))).tolist() == [True] * 4


def test_ece_of_runs_is_bit_for_bit_that_of_each_run() -> None:
    runs = [[classifier(10 * i + j, n=101) for j in range(3)] for i in range(2)]
    confidence = np.array([[probs.max(axis=1) for probs, _ in row] for row in runs])
    correct = np.array([[probs.argmax(axis=1) == labels for probs, labels in row] for row in runs])
    alone = [[reliability_curve(probs, labels, bins=15).ece for probs, labels in row] for row in runs]
    assert ece_of_runs(confidence, correct, 15).tolist() == alone


def test_a_nan_stays_in_its_own_run() -> None:
    ece = ece_of_runs([[0.9, np.nan], [0.9, 0.9]], [[True, True], [True, True]])
    assert np.isnan(ece[0])
    assert ece[1] == pytest.approx(0.1)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("bins", [1, 2, 15, 40])
@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_ece_lies_between_the_overall_gap_and_mce(scale: float, bins: int, scheme: Scheme) -> None:
    probs, labels = classifier(2, scale=scale)
    curve = reliability_curve(probs, labels, bins, scheme)
    assert abs(curve.accuracy - curve.confidence) <= curve.ece + 1e-12
    assert curve.ece <= curve.mce + 1e-12


def test_ece_is_the_overall_gap_when_all_bins_err_to_one_side() -> None:
    curve = reliability_curve(*classifier(3, scale=0.2))
    filled = curve.bin_count > 0
    assert (curve.bin_accuracy > curve.bin_confidence)[filled].all()
    assert curve.ece == pytest.approx(curve.accuracy - curve.confidence, abs=1e-12)


@pytest.mark.parametrize("bins", [1, 3, 5, 16])
def test_doubling_the_bins_never_lowers_ece(bins: int) -> None:
    probs, labels = classifier(4)
    curves = [reliability_curve(probs, labels, bins * 2**k).ece for k in range(5)]
    assert (np.diff(curves) >= -1e-12).all()
    assert curves[-1] > curves[0]


def test_equal_mass_edges_separate_the_bins() -> None:
    probs, labels = two_classes([0.5, 0.6, 0.6, 0.6, 0.9, 0.95], [1] * 6)
    curve = reliability_curve(probs, labels, 3, "equal-mass")
    assert curve.bin_edges == pytest.approx([0, 0.75, 0.75, 1])


def test_softmax_is_float64_and_masks_minus_infinity() -> None:
    probs = softmax(np.array([[0, np.log(3), -np.inf], [1000, 1000, 1000]], np.float32))
    assert probs.dtype == np.float64
    assert probs[0] == pytest.approx([0.25, 0.75, 0], abs=1e-7)
    assert probs[1] == pytest.approx([1 / 3] * 3, abs=1e-15)
    assert np.exp(log_softmax([0, np.log(3), -np.inf])) == pytest.approx(probs[0], abs=1e-7)


def test_nll_by_hand_and_by_scikit_learn() -> None:
    assert nll(np.log([[0.5, 0.5], [0.2, 0.8]]), [0, 0]) == pytest.approx((np.log(2) + np.log(5)) / 2)
    assert nll([[0.0, -np.inf]], [1]) == np.inf
    probs, labels = classifier(7)
    assert nll(np.log(probs), labels) == pytest.approx(log_loss(labels, probs, labels=range(4)))


def test_brier_score_sums_over_all_classes() -> None:
    rows, labels = [[1.0, 0.0, 0.0], [0.2, 0.3, 0.5]], [1, 2]
    assert brier_score(rows, labels) == pytest.approx((1 + 1 + 0.04 + 0.09 + 0.25) / 2)
    probs, found = classifier(8)
    assert brier_score(probs, found) == pytest.approx(((probs - np.eye(4)[found]) ** 2).sum() / 500)


GOOD = np.array([[0.5, 0.5], [0.1, 0.9]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: reliability_curve([0.5, 0.5], [0, 1]), r"shape \(N, K\) with K >= 2, got \(2,\)"),
        (lambda: reliability_curve([[1.0]], [0]), r"K >= 2, got \(1, 1\)"),
        (lambda: reliability_curve([[1.5, -0.5]], [0]), r"in \[0, 1\], got 1.5"),
        (lambda: reliability_curve([[np.nan, 1.0]], [0]), r"in \[0, 1\], got nan"),
        (lambda: reliability_curve([[0.5, 0.4]], [0]), "sum to 1 within 0.001 .* got 0.9"),
        (lambda: reliability_curve(GOOD, [0]), r"integers of shape \(2,\), got int64 of shape \(1,\)"),
        (lambda: reliability_curve(GOOD, [0.0, 1.0]), "integers of shape .* got float64"),
        (lambda: reliability_curve(GOOD, [0, 2]), r"labels must be in 0\.\.1, got 2"),
        (lambda: brier_score(GOOD, [-1, 0]), r"labels must be in 0\.\.1, got -1"),
        (lambda: reliability_curve(GOOD, [0, 1], bins=0), "bins must be at least 1, got 0"),
        (lambda: bin_index([0.5], 3, "width"), "'equal-width' or 'equal-mass', got 'width'"),  # type: ignore[arg-type]
        (lambda: reliability_curve(GOOD, [0, 1], level=1), r"level must be in \(0, 1\), got 1"),
        (lambda: nll(GOOD, [0, 1]), "log-probabilities must sum to 1"),
        (lambda: nll([[800.0, 0.0]], [0]), "log-probabilities must sum to 1"),
        (lambda: nll([[np.nan, 0.0]], [1]), "got nan"),
        (lambda: clopper_pearson(3, 2), "whole numbers from 0 to trials, got 3.0 of 2.0"),
        (lambda: clopper_pearson(0.5, 2), "whole numbers from 0 to trials, got 0.5 of 2.0"),
        (lambda: null_ece([0.5, 1.1]), r"confidence must be in \[0, 1\], got 1.1"),
        (lambda: null_ece(GOOD), r"confidence must have shape \(N,\), got \(2, 2\)"),
        (lambda: null_ece([0.5], draws=0), "draws must be at least 1, got 0"),
        (lambda: null_ece([0.5], level=0), r"level must be in \(0, 1\), got 0"),
        (lambda: null_ece([0.5], observed=3.0), r"observed must be in \[0, 1\], got 3.0"),
    ],
)
def test_errors_name_the_range_and_the_value(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("n", [1, 2, 13, 300])
@pytest.mark.parametrize("bins", [1, 2, 7, 40])
def test_equal_mass_bins_are_shares_of_the_ranks(n: int, bins: int) -> None:
    confidence = np.random.default_rng(n * bins).integers(0, 30, n) / 30  # with ties
    below = (confidence < confidence[:, None]).sum(axis=1)
    assert bin_index(confidence, bins, "equal-mass").tolist() == (bins * below // n).tolist()


@pytest.mark.parametrize("classes", [2, 3, 16, 17, 40, 300])
def test_the_prediction_is_the_first_of_equal_probabilities(classes: int) -> None:
    generator = np.random.default_rng(classes)
    raw = generator.integers(1, 4, (500, classes)).astype(np.float64)
    probs = raw / raw.sum(axis=1, keepdims=True)
    first = probs.argmax(axis=1)
    last = classes - 1 - probs[:, ::-1].argmax(axis=1)
    assert reliability_curve(probs, first).accuracy == 1
    assert reliability_curve(probs, last).accuracy == (first == last).mean()
    assert reliability_curve(np.asfortranarray(probs), last).accuracy == (first == last).mean()


@pytest.mark.parametrize("n", [0, 1, 5, 1000])
def test_parts_that_are_sorted_alone_come_together_in_order(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bins, "ALONE", 10)
    monkeypatch.setattr(rows, "CORES", 3)
    values = np.random.default_rng(n).integers(0, 50, n) / 50
    assert ascending(values).tolist() == sorted(values.tolist())
