"""Laws of passes in chunks: order, faults, and results that depend on neither chunks nor cores."""

import time

import numpy as np
import pytest
from classifiers import SCHEMES, classifier

from labelsmooth import rows
from labelsmooth.calibration import Scheme, bins, reliability_curve
from labelsmooth.rows import over_rows, side_by_side


@pytest.mark.parametrize("cores", [1, 2, 5])
def test_results_stand_in_the_order_of_their_parts(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "CORES", cores)
    assert side_by_side(lambda part: 2 * part, range(100)) == list(range(0, 200, 2))
    assert side_by_side(str, []) == []
    inner = side_by_side(lambda part: side_by_side(lambda own: own * part, range(3)), range(4))  # waits for nobody
    assert inner == [[0, part, 2 * part] for part in range(4)]


@pytest.mark.parametrize("cores", [1, 2, 5])
@pytest.mark.parametrize("bad", [0, 1, 7])
def test_a_fault_reaches_the_caller_whoever_meets_it(cores: int, bad: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "CORES", cores)
    begun: list[int] = []

    def work(part: int) -> float:
        begun.append(part)
        time.sleep(0.001 * (part != bad))
        return 1 / (part - bad)

    with pytest.raises(ZeroDivisionError):
        side_by_side(work, range(1000))
    # Others may have begun theirs meanwhile, but nobody begins all that is left.
    assert len(begun) < 1000


def test_every_row_is_in_one_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "CHUNK", 20)
    found = over_rows(lambda chunk: list(range(chunk.start, chunk.stop)), 103, 3)
    assert [row for chunk in found for row in chunk] == list(range(103))
    assert max(map(len, found)) == 6


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("classes", [4, 40])
def test_the_curve_is_the_same_on_any_number_of_cores(
    classes: int, scheme: Scheme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "CHUNK", 100)
    probs, labels = classifier(5, 600, classes)
    curves = []
    for cores in (1, 3):
        monkeypatch.setattr(rows, "CORES", cores)
        monkeypatch.setattr(bins, "ALONE", 10)
        curves.append(reliability_curve(probs, labels, scheme=scheme))
    for first, second in zip(*(vars(curve).values() for curve in curves), strict=True):
        np.testing.assert_array_equal(first, second)
