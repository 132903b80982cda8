"""Laws of the trainer: what a run's numbers depend on, and what smoothing does to them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from trained_runs import SHAPES, SMALL, assert_same, last_of, numbers

from labelsmooth.conventions import Convention, minimum_loss, optimal_logit_gap
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import MEASURES
from labelsmooth.training import _Trainer, train


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


# What a run's numbers depend on.


@pytest.mark.parametrize("shape", SHAPES)
def test_a_run_alone_is_the_run_in_any_batch_to_the_last_bit(shape: str, threads: Callable[[int], None]) -> None:
    setup = SHAPES[shape]
    threads(2)
    many = last_of(replace(setup, epsilons=(0.0, 0.05, 0.1, 0.2, 0.3), seeds=(0, 1, 2)))
    pair = last_of(replace(setup, epsilons=(0.0, 0.1), seeds=(1, 2)))
    assert torch.get_num_threads() == 2
    alone_on_two = last_of(replace(setup, epsilons=(0.1,), seeds=(1,)))
    threads(1)
    alone = last_of(replace(setup, epsilons=(0.1,), seeds=(1,)))
    assert_same(numbers(alone, 0, 0), numbers(pair, 0, 1))
    assert_same(numbers(alone, 0, 0), numbers(alone_on_two, 0, 0))
    assert_same(numbers(alone, 0, 0), numbers(many, 1, 2))
    assert_same(numbers(pair, 1, 0), numbers(many, 2, 0))


def test_the_same_setup_gives_the_same_numbers_also_side_by_side(threads: Callable[[int], None]) -> None:
    threads(2)
    alone = last_of(SMALL)
    with ThreadPoolExecutor(2) as pool:
        for snapshot in pool.map(last_of, [SMALL] * 4):
            for seed, column in np.ndindex(2, 2):
                assert_same(numbers(snapshot, seed, column), numbers(alone, seed, column))


def test_the_epsilons_of_a_seed_start_alike_and_the_seeds_do_not() -> None:
    start = next(train(replace(SMALL, epsilons=(0.0, 0.1, 0.5), label_noise=0.0)))
    for name in MEASURES:
        values = getattr(start, name)
        if name != "train_loss":
            assert np.all(values == values[:, :1]), name
        assert np.all(values[0] != values[1]), name
    for shown in (start.test.logits, start.train.features, start.weights):
        assert np.all(shown == shown[:1])


def test_every_seed_goes_through_the_examples_in_its_own_order() -> None:
    first, second = (order.permutation(60) for order in _Trainer(SMALL).orders)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(("name", "settings"), [("Adam", {}), ("SGD", {"momentum": 0.9})])
def test_steps_are_those_of_the_optimizers_of_torch(name: str, settings: dict[str, float]) -> None:
    trainer = _Trainer(replace(SMALL, optimizer=name.lower(), weight_decay=0.1))
    twin = trainer.network.parameters.clone()
    optimizer = getattr(torch.optim, name)([twin], lr=SMALL.learning_rate, weight_decay=0.1, **settings)
    for _ in range(5):
        trainer.network.gradients.normal_()
        twin.grad = trainer.network.gradients.clone()
        trainer.step()
        optimizer.step()
        torch.testing.assert_close(trainer.network.parameters, twin)


def test_training_imports_no_compiler() -> None:
    """Streamlit's threads must not import, and torch._dynamo alone takes as long as a training."""
    program = """
import sys
from labelsmooth.setups import TrainingSetup
from labelsmooth.training import train
for optimizer in ("adam", "sgd"):
    list(train(TrainingSetup("wine", train_size=60, epochs=1, optimizer=optimizer)))
assert "torch._dynamo" not in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


@pytest.mark.parametrize(
    "change",
    [
        {"label_noise": 0.3}, {"convention": "others"}, {"hidden": (12, 9)}, {"activation": "tanh"},
        {"batch_size": 15}, {"learning_rate": 4e-3}, {"weight_decay": 0.1}, {"optimizer": "sgd"}, {"train_size": 61},
    ],
    ids=str,
)  # fmt: skip
def test_every_choice_changes_the_numbers(change: dict[str, Any]) -> None:
    smoothed, changed = (last_of(setup).train_loss[:, 1] for setup in (SMALL, replace(SMALL, **change)))
    assert np.all(smoothed != changed)


# What smoothing does.


def test_default_story_goes_the_way_of_its_table() -> None:
    last = last_of(replace(TrainingSetup(), seeds=(0, 1, 2), epsilons=(0.0, 0.1, 0.2)))
    assert last.best is not None
    for falls in (last.confidence, last.best.temperature, last.train_logit_gap):
        assert np.all(np.diff(falls.mean(0)) < 0)
    for name in ("ece", "nll"):
        hard, smoothed, _ = getattr(last, name).mean(0)
        assert smoothed < hard
    assert last.confidence[:, 0].mean() > last.accuracy[:, 0].mean() + 0.1


def test_on_clean_digits_smoothing_makes_calibration_worse() -> None:
    last = last_of(TrainingSetup(label_noise=0.0, train_size=600, epochs=50, seeds=(0, 1, 2)))
    assert np.all(last.ece[:, 1] > last.ece[:, 0] + 0.03)
    assert np.all(last.confidence[:, 1] < last.accuracy[:, 1])


@pytest.mark.parametrize("convention", ["uniform", "others"])
def test_logit_gap_reaches_its_optimum_on_separable_data(convention: Convention) -> None:
    epsilons = (0.05, 0.2)
    last = last_of(
        TrainingSetup("wine", train_size=100, label_noise=0, epochs=300, seeds=(0,), epsilons=epsilons,
                      convention=convention)
    )  # fmt: skip
    for column, epsilon in enumerate(epsilons):
        optimum = optimal_logit_gap(epsilon, 3, convention)
        assert last.train_logit_gap[0, column] == pytest.approx(optimum, rel=0.02)
        assert 0 < last.train_loss[0, column] - minimum_loss(epsilon, 3, convention) < 0.002
