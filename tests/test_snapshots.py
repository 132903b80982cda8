"""Laws of snapshots: how groups become one, what a diverged run keeps, and what it all weighs."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import MEASURES, NEVER, BestTemperature, Snapshot, keep_last_good, merge
from labelsmooth.training import train

MakeSnapshot = Callable[..., Snapshot]


def arrays(value: Any) -> Iterator[np.ndarray]:
    """All arrays inside a dataclass, inside its dataclasses too."""
    if isinstance(value, np.ndarray):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from arrays(getattr(value, field.name))


def best(value: float, seeds: int) -> BestTemperature:
    names = ("temperature", "ece", "nll", "at_bound", "no_errors", "brier", "confidence")
    return BestTemperature(**{name: np.full((seeds, 2), value + n) for n, name in enumerate(names)}, examples=7)


def test_merging_stacks_the_seeds_and_shows_the_first_part(make_snapshot: MakeSnapshot) -> None:
    parts = [make_snapshot(1.0, seeds=2), make_snapshot(2.0, seeds=1), make_snapshot(3.0, seeds=3)]
    merged = merge(parts)
    for name in MEASURES:
        np.testing.assert_array_equal(getattr(merged, name), [[n, n] for n in (1, 1, 2, 3, 3, 3)])
    assert merged.diverged.shape == (6, 2)
    for name in ("test", "train", "weights", "biases", "grid"):
        assert getattr(merged, name) is getattr(parts[0], name)
    assert merge(parts[:1]) is parts[0]


def test_merging_is_finished_when_every_part_is(make_snapshot: MakeSnapshot) -> None:
    early = make_snapshot(1.0, seeds=2, finished=True, best=best(1.0, 2))
    late = make_snapshot(2.0, seeds=1, finished=True, best=best(2.0, 1))
    for parts in ([early, replace(late, finished=False, best=None)], [replace(late, finished=False, best=None), early]):
        assert (merge(parts).finished, merge(parts).best) == (False, None)
    merged = merge([early, late])
    assert merged.finished
    assert merged.best is not None
    np.testing.assert_array_equal(merged.best.temperature, [[1, 1], [1, 1], [2, 2]])
    np.testing.assert_array_equal(merged.best.nll, [[3, 3], [3, 3], [4, 4]])
    np.testing.assert_array_equal(merged.best.at_bound, [[4, 4], [4, 4], [5, 5]])
    np.testing.assert_array_equal(merged.best.confidence, [[7, 7], [7, 7], [8, 8]])
    assert merged.best.examples == 7


def test_parts_of_different_epochs_are_not_merged(make_snapshot: MakeSnapshot) -> None:
    with pytest.raises(AssertionError):
        merge([make_snapshot(epoch=1), make_snapshot(epoch=2)])


def test_a_diverged_run_keeps_its_last_good_numbers_for_good(make_snapshot: MakeSnapshot) -> None:
    def film(*states: list[list[int]]) -> Any:
        shown = make_snapshot(0.0, seeds=2)
        for epoch, diverged in enumerate(states, start=1):
            shown = keep_last_good(
                make_snapshot(float(epoch), seeds=2, epoch=epoch, diverged=np.array(diverged)), shown
            )
        return shown

    # Seed 0, epsilon 1 diverges at 2 and seems well again at 3; seed 1, epsilon 0 diverges at 3.
    shown = film([[NEVER, NEVER]] * 2, [[NEVER, 2], [NEVER, NEVER]], [[NEVER, NEVER], [3, NEVER]])
    assert shown.epoch == 3
    np.testing.assert_array_equal(shown.diverged, [[NEVER, 2], [3, NEVER]])
    for name in MEASURES:
        np.testing.assert_array_equal(getattr(shown, name), [[3, 1], [2, 3]])
    for array in (shown.weights, shown.biases, shown.grid.logits, shown.test.logits, shown.train.features):
        np.testing.assert_array_equal(array[0], 3)
        np.testing.assert_array_equal(array[1], 1)


def test_without_divergence_nothing_is_copied(make_snapshot: MakeSnapshot) -> None:
    new = make_snapshot(2.0)
    assert keep_last_good(new, make_snapshot(1.0)) is new


@pytest.mark.parametrize("dataset", ["moons", "wine"])
def test_bytes_are_those_of_the_arrays_that_no_other_snapshot_has(dataset: str) -> None:
    film = list(train(TrainingSetup(dataset=dataset, train_size=60, hidden=(8,), epochs=3, seeds=(0, 1))))
    shared = {id(array) for array in arrays(film[0])} & {id(array) for array in arrays(film[1])}
    assert len(shared) >= 5
    for snapshot in film:
        assert snapshot.nbytes == sum(array.nbytes for array in arrays(snapshot) if id(array) not in shared)
        # None is a window into something larger.
        for array in arrays(snapshot):
            base = array if array.base is None else array.base
            assert id(array) in shared or base.nbytes == array.nbytes
