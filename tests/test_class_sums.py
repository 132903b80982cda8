"""Laws of the sums that are taken chunk by chunk: they are those of all rows at once, however many classes."""

import numpy as np
import pytest
from classifiers import classifier

from labelsmooth import rows
from labelsmooth.calibration import Scheme, bin_index, null_ece, reliability_curve
from labelsmooth.calibration import null as null_module
from labelsmooth.cells import SCHEMES, class_cells, class_index_of
from labelsmooth.class_sums import FEW, binned_classes


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("classes", [2, FEW, FEW + 1, 100])
@pytest.mark.parametrize("bins", [1, 15, 80])
def test_the_cells_are_those_of_an_index_of_every_value(
    classes: int, bins: int, scheme: Scheme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "CHUNK", 1000)
    probs, labels = classifier(classes, 300, classes)
    probs[::7] = 1 / classes  # ties
    probs[1] = np.eye(classes)[0]
    cells = binned_classes(probs, labels, bins, scheme)
    expected = class_cells(probs, labels, class_index_of(probs, bins, scheme), bins)
    np.testing.assert_array_equal(cells.count, expected.count)
    np.testing.assert_array_equal(cells.happened, expected.happened)
    np.testing.assert_allclose(cells.expected, expected.expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("classes", [3, 70])
def test_the_curve_of_chunks_is_that_of_all_rows(classes: int, scheme: Scheme, monkeypatch: pytest.MonkeyPatch) -> None:
    probs, labels = classifier(1, 400, classes)
    probs[:50] = 1 / classes  # the first of the largest is predicted
    whole = reliability_curve(probs, labels, scheme=scheme)
    index = bin_index(probs.max(axis=1), 15, scheme)
    correct = probs.argmax(axis=1) == labels
    assert whole.bin_count.tolist() == np.bincount(index, minlength=15).tolist()
    assert whole.accuracy == correct.mean()
    monkeypatch.setattr(rows, "CHUNK", 50)
    for name, value in vars(reliability_curve(probs, labels, scheme=scheme)).items():
        np.testing.assert_allclose(value, getattr(whole, name), rtol=1e-12, atol=1e-15, err_msg=name)


def test_single_precision_counts_as_the_numbers_it_holds() -> None:
    probs, labels = classifier(2)
    single = probs.astype(np.float32)
    assert reliability_curve(single, labels).ece == reliability_curve(single.astype(np.float64), labels).ece


@pytest.mark.parametrize("row", [0, 350])
def test_one_broken_row_in_any_chunk_is_refused(row: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "CHUNK", 50)
    probs, labels = classifier(3)
    for broken, message in (([1.5, -0.5, 0, 0], "got 1.5"), ([0.5, 0.4, 0, 0], "got 0.9"), ([np.nan] * 4, "got nan")):
        wrong = probs.copy()
        wrong[row] = broken
        with pytest.raises(ValueError, match=message):
            reliability_curve(wrong, labels)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_null_of_narrow_cells_is_that_of_every_label(scheme: Scheme, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quantiles of 3000 draws each; the standard error of a tail is some 1 % of it."""
    confidence = classifier(4, 2000)[0].max(axis=1)
    every = null_ece(confidence, scheme=scheme, draws=3000)
    monkeypatch.setattr(null_module, "WHOLE", 0)
    cells = null_ece(confidence, scheme=scheme, draws=3000)
    assert cells != every
    assert (cells.low, cells.median, cells.high) == pytest.approx((every.low, every.median, every.high), rel=0.04)
    monkeypatch.setattr(null_module, "BLOCK", 5000)
    assert null_ece(confidence, scheme=scheme, draws=3000) == cells
    assert null_ece([1.0] * 9, observed=0.0).p_value == 1
    assert np.isnan(null_ece([]).median)
