"""Laws of the training setup: what it refuses, and that its groups are the whole."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import numpy as np
import pytest

from labelsmooth import setups
from labelsmooth.setups import RUNS_A_GROUP, TrainingSetup
from labelsmooth.snapshots import MEASURES, BestTemperature, merge
from labelsmooth.training import train

NAN = float("nan")
NOT_WHOLE = [2.0, NAN, True, "2", None, np.int64(20)]
NOT_A_NUMBER = [NAN, True, "0.1", None, 1j]
REFUSED: list[tuple[str, str, list[Any]]] = [
    ("dataset", "dataset must be one of digits, wine, .*, hard", ["mnist", "", None, ["digits"]]),
    ("classes", "classes must be a whole number between 2 and 10", [1, 11, *NOT_WHOLE[:-1]]),
    ("train_size", "train_size must be a whole number between 20 and 1078", [19, 1079, -1, *NOT_WHOLE]),
    ("label_noise", "label_noise must be a number between 0 and 0.8", [-0.01, 0.81, *NOT_A_NUMBER]),
    ("noisy_validation", "noisy_validation must be a bool", [1, "yes", None]),
    ("epsilons", "epsilons must be a tuple", [0.1, [0.0, 0.1], None]),
    ("epsilons", "epsilon must be a number between -0.5 and 1", [(x,) for x in (-0.51, 1.01, *NOT_A_NUMBER)]),
    ("epsilons", "epsilons must all differ", [(0.1, 0.1), (0, 0.1, 0.0)]),
    ("epsilons", "runs must be a whole number between 1 and 2000", [()]),
    ("convention", "convention must be one of uniform, others", ["torch", None]),
    ("seeds", "seeds must be a tuple", [0, [0], range(3)]),
    ("seeds", "seed must be a whole number between 0 and 2147483647", [(x,) for x in (-1, 2**31, *NOT_WHOLE)]),
    ("seeds", "seeds must all differ", [(1, 2, 1)]),
    ("seeds", "runs must be a whole number between 1 and 2000", [(), tuple(range(1001))]),
    ("hidden", "hidden must be a tuple", [64, [64], None]),
    ("hidden", "layers must be a whole number between 1 and 4", [(), (8,) * 5]),
    ("hidden", "width must be a whole number between 2 and 512", [(64, x) for x in (1, 513, *NOT_WHOLE)]),
    ("activation", "activation must be one of relu, tanh", ["gelu", None]),
    ("epochs", "epochs must be a whole number between 1 and 1000", [0, 1001, *NOT_WHOLE]),
    ("batch_size", "batch_size must be a whole number between 4 and 1024", [3, 1025, *NOT_WHOLE]),
    ("learning_rate", "learning_rate must be a number between 1e-05 and 10000", [0, 1e-6, 2e4, *NOT_A_NUMBER]),
    ("weight_decay", "weight_decay must be a number between 0 and 1", [-1e-9, 1.1, *NOT_A_NUMBER]),
    ("optimizer", "optimizer must be one of adam, sgd", ["lion", None]),
    ("film", "film must be a bool", [0, "no", None]),
]

# What a sentence that starts with this word reports of the value; any other reports all of it.
RECEIVED: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("epsilon", "seed", "width"), lambda values: values[-1]),
    "layers": len,
    "runs": lambda values: 2 * len(values),
}


def test_every_field_has_a_range() -> None:
    assert {name for name, _, _ in REFUSED} == {field.name for field in fields(TrainingSetup)}


@pytest.mark.parametrize(("name", "problem", "values"), REFUSED, ids=[f"{name}: {text}" for name, text, _ in REFUSED])
def test_what_is_out_of_range_is_refused_with_the_range_and_the_value(
    name: str, problem: str, values: list[Any]
) -> None:
    received = RECEIVED.get(problem.split(maxsplit=1)[0], lambda value: value)
    for value in values:
        with pytest.raises(ValueError, match=problem) as error:
            TrainingSetup(**{name: value})
        assert str(error.value).endswith(f"; got {received(value)!r}")


@pytest.mark.parametrize(
    "fields",
    [
        {"label_noise": 0.8, "epsilons": (-0.5, 0, 1.0), "seeds": (0, 2**31 - 1)},
        {"hidden": (2, 512, 2, 512), "epochs": 1000, "batch_size": 4, "learning_rate": 1e-5, "weight_decay": 1},
        {"hidden": (2,), "epochs": 1, "batch_size": 1024, "learning_rate": 1e4, "train_size": 20},
        {"dataset": "blobs", "classes": 10, "train_size": 20},
        {"dataset": "spirals", "classes": 5, "train_size": 10},
        {"dataset": "iris", "classes": 10, "train_size": 6},
        {"epsilons": tuple(n / 2000 for n in range(1000)), "seeds": (0, 1)},
    ],
)
def test_the_ends_of_every_range_are_allowed(fields: dict[str, Any]) -> None:
    setup = TrainingSetup(**fields)
    assert setup.runs == len(setup.seeds) * len(setup.epsilons)


@pytest.mark.parametrize(("dataset", "most", "least"), [("blobs", 10, 2), ("spirals", 5, 2)])
def test_a_data_set_limits_its_classes(dataset: str, most: int, least: int) -> None:
    with pytest.raises(ValueError, match=f"classes must be a whole number between {least} and {most}; got {most + 1}"):
        TrainingSetup(dataset=dataset, classes=most + 1)
    with pytest.raises(ValueError, match=f"train_size must be a whole number between {2 * most} and 1200; got 4"):
        TrainingSetup(dataset=dataset, classes=most, train_size=4)


def test_equal_setups_are_one_key_and_cannot_change() -> None:
    setup = TrainingSetup()
    known = {setup: "default"}
    assert known[TrainingSetup(dataset="digits", epsilons=(0, 0.1))] == "default"
    assert replace(setup, epochs=7) not in known
    with pytest.raises(FrozenInstanceError):
        setup.epochs = 7  # type: ignore[misc]


@pytest.mark.parametrize("epsilons", [1, 2, 7, 26])
def test_groups_are_the_seeds_in_order_in_equal_parts(epsilons: int) -> None:
    for seeds in (1, 2, 5, 12, 13, 20, 26, 71):
        setup = TrainingSetup(seeds=tuple(range(3, 3 + seeds)), epsilons=tuple(n / 100 for n in range(epsilons)))
        groups = list(setup.groups())
        assert sum((group.seeds for group in groups), ()) == setup.seeds
        assert {replace(group, seeds=setup.seeds) for group in groups} == {setup}
        sizes = [len(group.seeds) for group in groups]
        assert max(sizes) == 1 or max(sizes) * epsilons <= RUNS_A_GROUP
        assert len(groups) == 1 or sum(sizes) > (len(groups) - 1) * max(sizes)


@pytest.mark.parametrize(("seeds", "sizes"), [(9, [9]), (10, [5, 5]), (11, [6, 5]), (12, [6, 6]), (13, [7, 6])])
def test_from_twenty_runs_on_two_cores_share_the_work(seeds: int, sizes: list[int]) -> None:
    assert [len(group.seeds) for group in TrainingSetup(seeds=tuple(range(seeds))).groups()] == sizes


def test_groups_merged_are_the_setup_trained_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setups, "RUNS_A_GROUP", 4)
    setup = TrainingSetup(dataset="moons", train_size=70, hidden=(9,), epochs=25, seeds=(4, 2, 9, 0, 1))
    groups = list(setup.groups())
    assert [group.seeds for group in groups] == [(4, 2), (9, 0), (1,)]
    films = zip(*map(train, groups), strict=True)
    for whole, parts in zip(train(setup), films, strict=True):
        merged = merge(parts)
        assert (merged.epoch, merged.finished) == (whole.epoch, whole.finished)
        for name in (*MEASURES, "diverged", "weights", "biases"):
            np.testing.assert_array_equal(getattr(merged, name), getattr(whole, name))
        for part in ("test", "train"):
            for field in fields(whole.test):
                ours, theirs = (getattr(getattr(s, part), field.name) for s in (merged, whole))
                np.testing.assert_array_equal(ours, theirs)
        assert merged.grid is not None
        assert whole.grid is not None
        np.testing.assert_array_equal(merged.grid.logits, whole.grid.logits)
        assert (merged.best is None) == (whole.best is None)
    for field in fields(BestTemperature):
        np.testing.assert_array_equal(getattr(merged.best, field.name), getattr(whole.best, field.name))
