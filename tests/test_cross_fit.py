"""Laws of cross-fitted temperatures: no row has a say in its own."""

from unittest.mock import Mock

import numpy as np
import pytest
from numpy.typing import NDArray

from labelsmooth import cross_fit, rows, temperature
from labelsmooth.cross_fit import cross_fit_temperature
from labelsmooth.temperature import fit_temperature

INF = float("inf")


def validation(n: int, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Logits (N, K) twice as large as those that the labels follow."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(n, 4)) * 2
    return 2 * logits, np.argmax(logits + generator.gumbel(size=logits.shape), axis=1)


@pytest.mark.parametrize(("n", "folds", "chunk", "near"), [(300, 5, 2**18, 0), (40, 3, 20, 0), (200_000, 4, 2**15, 4)])
def test_each_temperature_is_the_fit_without_its_fold(
    n: int, folds: int, chunk: int, near: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fits of few rows are made one by one; those of many are all found near that of all rows."""
    for module, name in ((rows, "CHUNK"), (temperature, "SEARCHED"), (cross_fit, "SEARCHED")):
        monkeypatch.setattr(module, name, chunk)
    logits, labels = validation(n)
    one_by_one = Mock(wraps=fit_temperature)
    monkeypatch.setattr(cross_fit, "fit_temperature", one_by_one)
    cross = cross_fit_temperature(logits, labels, folds, whole=fit_temperature(logits, labels))
    assert one_by_one.call_count == folds - near
    alone = [fit_temperature(logits[cross.fold != fold], labels[cross.fold != fold]) for fold in range(folds)]
    assert cross.temperatures.tolist() == pytest.approx([fit.temperature for fit in alone], rel=1e-9)
    assert len(set(cross.temperatures)) == folds


def test_folds_are_as_good_as_equal_and_follow_the_seed() -> None:
    logits, labels = validation(103)
    first, again, other = (cross_fit_temperature(logits, labels, seed=seed) for seed in (3, 3, 4))
    assert sorted(np.bincount(first.fold).tolist()) == [20, 20, 21, 21, 21]
    assert first.fold.tolist() == again.fold.tolist() != other.fold.tolist()
    assert first.temperatures.tolist() == again.temperatures.tolist()


@pytest.mark.parametrize(
    ("logits", "labels", "temperatures"),
    [
        (np.zeros((0, 3)), np.zeros(0, np.intp), [1, 1]),
        ([[1.0, 1.0]] * 4, [0, 1, 0, 1], [1, 1]),
        ([[0.0, 1.0]] * 4, [1] * 4, [0.05, 0.05]),
        ([[0.0, 1.0]], [0], [1, 20]),  # one row: a fold without others is flat
    ],
    ids=["no rows", "flat", "at the bound", "one row"],
)
def test_folds_without_a_finite_optimum(
    logits: NDArray[np.float64], labels: NDArray[np.intp], temperatures: list[float]
) -> None:
    assert cross_fit_temperature(logits, labels, 2).temperatures.tolist() == temperatures


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="folds must be at least 2, got 1"):
        cross_fit_temperature([[0.0, 1.0]], [0], folds=1)
    with pytest.raises(ValueError, match="logits must be finite or -inf, got inf"):
        cross_fit_temperature([[0.0, INF]], [0])
