"""Laws of how a run ends: what diverged keeps its last good numbers and touches no neighbour, and closing stops."""

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import pytest
from trained_runs import SMALL, assert_same, last_of, numbers

from labelsmooth.cluster_measures import CLUSTER_MEASURES
from labelsmooth.snapshots import NEVER
from labelsmooth.training import _Trainer, train


def test_without_a_film_a_run_that_diverges_at_once_keeps_the_numbers_of_its_start() -> None:
    setup = replace(SMALL, learning_rate=1e4, epochs=20)
    (start, *_), last = list(train(setup)), last_of(replace(setup, film=False))
    assert last.epoch == 1
    assert np.all(last.diverged == 1)
    for seed, column in np.ndindex(2, 2):
        lost, kept = numbers(last, seed, column), numbers(start, seed, column)
        for name in (*CLUSTER_MEASURES, *(f"train_{name}" for name in CLUSTER_MEASURES)):
            assert np.isnan(lost.pop(name))
        assert lost.pop("diverged") == 1
        lost = {name: value for name, value in lost.items() if not name.startswith("best")}
        assert lost.keys() < kept.keys()
        assert_same(lost, kept)


def test_without_a_film_a_run_that_diverges_at_once_does_not_hold_up_its_neighbours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setup = replace(SMALL, film=False)
    healthy, train_epoch = last_of(setup), _Trainer.train_epoch

    def poisoned(trainer: _Trainer) -> None:
        train_epoch(trainer)
        trainer.network.weights[0][1] = np.nan

    monkeypatch.setattr(_Trainer, "train_epoch", poisoned)
    last = last_of(setup)
    np.testing.assert_array_equal(last.diverged, [[NEVER, 1], [NEVER, NEVER]])
    for seed, column in ((0, 0), (1, 0), (1, 1)):
        assert_same(numbers(last, seed, column), numbers(healthy, seed, column))


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_divergence_ends_with_the_last_good_snapshot(optimizer: str) -> None:
    *before, last = train(replace(SMALL, learning_rate=1e3, optimizer=optimizer, epochs=20))
    assert last.finished
    assert 0 < last.epoch < 20
    assert np.all(last.diverged != NEVER)
    for seed, column in np.ndindex(2, 2):
        good = before[last.diverged[seed, column] - 1]
        assert good.diverged[seed, column] == NEVER
        kept = numbers(last, seed, column)
        assert_same({name: value for name, value in kept.items() if name != "diverged"}, numbers(good, seed, column))
        unknown = {name for name, value in kept.items() if not np.all(np.isfinite(value))}
        # A dead network has equal class means, and so no NC1.
        lost = {f"best {name}" for name in ("temperature", "ece", "nll", "brier", "confidence")}
        assert lost <= unknown <= lost | {"nc1", "train_nc1"}


@pytest.mark.parametrize("poison", [np.nan, np.inf, 3e38])
def test_a_run_that_diverges_does_not_touch_its_neighbours(poison: float, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = replace(SMALL, dataset="moons", epochs=6)
    healthy = list(train(setup))
    train_epoch, count = _Trainer.train_epoch, iter(range(1, 7))

    def poisoned(trainer: _Trainer) -> None:
        train_epoch(trainer)
        if next(count) == 3:
            trainer.network.weights[0][1] = poison

    monkeypatch.setattr(_Trainer, "train_epoch", poisoned)
    last = last_of(setup)
    np.testing.assert_array_equal(last.diverged, [[NEVER, 3], [NEVER, NEVER]])
    for seed, column in ((0, 0), (1, 0), (1, 1)):
        assert_same(numbers(last, seed, column), numbers(healthy[-1], seed, column))
    kept = numbers(last, 0, 1)
    assert_same({name: value for name, value in kept.items() if name != "diverged"}, numbers(healthy[2], 0, 1))


def test_the_trainer_is_never_ahead_of_its_snapshots_and_stops_when_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    train_epoch, trained = _Trainer.train_epoch, list[None]()
    monkeypatch.setattr(_Trainer, "train_epoch", lambda trainer: trained.append(train_epoch(trainer)))
    snapshots = train(replace(SMALL, epochs=60))
    for snapshot in snapshots:
        assert len(trained) == snapshot.epoch
        if snapshot.epoch == 28:
            break
    assert isinstance(snapshots, Generator)
    snapshots.close()
    assert list(snapshots) == []
    assert len(trained) == 28
