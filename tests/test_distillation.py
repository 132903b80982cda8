"""Laws of other objectives of the trainer: students of a teacher, and the confidence penalty."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from labelsmooth.confidence_penalty import entropy_gradient, train_with_penalty
from labelsmooth.datasets import make_split
from labelsmooth.distillation import distil
from labelsmooth.network import BatchedMLP, pad_examples
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import MEASURES, Snapshot
from labelsmooth.training import networks_by_epoch, train

# A batch of everything, with padding behind it: one step is one epoch.
SETUP = TrainingSetup("iris", train_size=61, hidden=(9,), epsilons=(0.0, 0.2), seeds=(3,), epochs=6, batch_size=16)
STEP = replace(SETUP, batch_size=64, epochs=1, optimizer="sgd", learning_rate=0.5)


def last_of(snapshots: Iterator[Snapshot]) -> Snapshot:
    *_, last = snapshots
    return last


def assert_same(first: Snapshot, second: Snapshot) -> None:
    for name in MEASURES:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), err_msg=name)
    np.testing.assert_array_equal(first.test.logits, second.test.logits)


@pytest.fixture(scope="module")
def teacher() -> np.ndarray:
    """Logits (N, K) of a wider network on the training part."""
    return last_of(train(replace(SETUP, hidden=(20,), epochs=20))).train.logits[0]


def after_one_step(column: int, loss: Any) -> list[torch.Tensor]:
    """Weights and biases after a step of gradient descent by autograd, in float64, from the trainer's first ones."""
    split = make_split("iris", STEP.train_size, STEP.label_noise, 3)
    network = BatchedMLP((4, 9, 3), 1)
    network.initialise([np.random.default_rng([3, 1])])
    layers = zip(network.weights, network.biases, strict=True)
    parameters = [each[0].double().requires_grad_() for layer in layers for each in layer]
    first, first_bias, second, second_bias = parameters
    hidden = torch.relu(torch.from_numpy(split.x_train).double() @ first.T + first_bias.T)
    logits = hidden @ second.T + second_bias.T
    labels = torch.from_numpy(split.train_given)
    loss(logits, labels, STEP.epsilons[column]).backward()
    return [each.detach() - STEP.learning_rate * each.grad for each in parameters if each.grad is not None]


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor, epsilon: float) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(logits, labels, label_smoothing=epsilon)


def assert_stepped(last: Snapshot, column: int, expected: list[torch.Tensor]) -> None:
    np.testing.assert_allclose(last.weights[column], expected[2].T, atol=1e-6)
    np.testing.assert_allclose(last.biases[column], expected[3][:, 0], atol=1e-6)


@pytest.mark.parametrize("column", [0, 1])
def test_a_step_of_a_student_is_that_of_autograd(column: int, teacher: np.ndarray) -> None:
    def loss(logits: torch.Tensor, labels: torch.Tensor, epsilon: float) -> torch.Tensor:
        wanted = torch.softmax(torch.from_numpy(teacher).double() / 3, 1)
        from_teacher = -(wanted * torch.log_softmax(logits / 3, 1)).sum(1).mean()
        return 0.3 * cross_entropy(logits, labels, epsilon) + 0.7 * 9 * from_teacher

    last = last_of(distil(STEP, teacher, temperature=3.0, weight=0.7))
    assert_stepped(last, column, after_one_step(column, loss))


@pytest.mark.parametrize("column", [0, 1])
def test_a_step_with_the_penalty_is_that_of_autograd(column: int) -> None:
    def loss(logits: torch.Tensor, labels: torch.Tensor, epsilon: float) -> torch.Tensor:
        log_probs = torch.log_softmax(logits, 1)
        entropy = -(log_probs.exp() * log_probs).sum(1)
        return cross_entropy(logits, labels, epsilon) - 0.8 * entropy.mean()

    assert_stepped(last_of(train_with_penalty(STEP, 0.8)), column, after_one_step(column, loss))


def test_the_gradient_of_the_entropy_is_that_of_autograd() -> None:
    logits = (4 * torch.randn(3, 5, 7, generator=torch.Generator().manual_seed(0))).double().requires_grad_()
    log_probs = torch.log_softmax(logits, 1)
    negative_entropy = (log_probs.exp() * log_probs).sum()
    (expected,) = torch.autograd.grad(negative_entropy, logits)
    torch.testing.assert_close(entropy_gradient(logits.detach()), expected)
    # By hand: at p = (3/4, 1/4) it is p_1 p_2 log(p_1 / p_2) on the first logit, less that on the second.
    two = entropy_gradient(torch.tensor([[[3.0], [1.0]]]).double().log())
    assert two.flatten().tolist() == pytest.approx([3 / 16 * np.log(3), -3 / 16 * np.log(3)])


def test_distillation_at_weight_0_is_plain_training(teacher: np.ndarray) -> None:
    plain = last_of(train(SETUP))
    assert_same(last_of(distil(SETUP, teacher, temperature=5.0, weight=0.0)), plain)
    assert np.any(last_of(distil(SETUP, teacher, weight=0.01)).test.logits != plain.test.logits)


def test_a_penalty_of_0_is_plain_training() -> None:
    plain = last_of(train(SETUP))
    assert_same(last_of(train_with_penalty(SETUP, 0.0)), plain)
    assert np.all(last_of(train_with_penalty(SETUP, 1.0)).confidence < plain.confidence)


def test_a_student_ends_with_the_probabilities_of_its_teacher(teacher: np.ndarray) -> None:
    setup = replace(SETUP, hidden=(64,), epochs=300, epsilons=(0.0,))
    last = last_of(distil(setup, teacher, temperature=2.0, weight=1.0))
    probs = [torch.softmax(torch.from_numpy(z), 1) for z in (last.train.logits[0], teacher)]
    assert (probs[0] - probs[1]).abs().mean() < 0.02
    plain = last_of(train(setup)).train.logits[0]
    assert (torch.softmax(torch.from_numpy(plain), 1) - probs[1]).abs().mean() > 0.1


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"student": replace(SETUP, seeds=(3, 4))}, "must have one seed"),
        ({"teacher_logits": np.zeros((60, 3))}, r"of shape \(61, 3\); got shape \(60, 3\)"),
        ({"teacher_logits": np.full((61, 3), np.nan)}, "must be finite"),
        ({"temperature": 0.0}, "temperature must be above 0"),
        ({"temperature": np.inf}, "temperature must be above 0"),
        ({"weight": 1.1}, r"weight must be in \[0, 1\]; got 1.1"),
    ],
)
def test_what_cannot_be_distilled_is_refused(change: dict[str, Any], problem: str) -> None:
    arguments: dict[str, Any] = {"student": SETUP, "teacher_logits": np.zeros((61, 3))}
    with pytest.raises(ValueError, match=problem):
        distil(**arguments | change)


@pytest.mark.parametrize("beta", [-0.1, np.nan, np.inf])
def test_a_penalty_that_cannot_be_is_refused(beta: float) -> None:
    with pytest.raises(ValueError, match="beta must be a number at least 0"):
        train_with_penalty(SETUP, beta)


def test_networks_by_epoch_are_those_of_the_snapshots() -> None:
    shown = [snapshot for snapshot in train(SETUP) if snapshot.epoch]
    inputs = pad_examples(torch.from_numpy(shown[0].test.inputs)[None]).expand(2, -1, -1)
    for snapshot, network in zip(shown, networks_by_epoch(SETUP), strict=True):
        logits = network.activations(inputs)[-1][..., : len(snapshot.test.labels)]
        np.testing.assert_allclose(logits.transpose(1, 2), snapshot.test.logits, atol=1e-5)
