"""Laws of the batched network: its hand-written gradients, its initialisation, and where its numbers lie."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from labelsmooth.conventions import Convention
from labelsmooth.loss import LabelSmoothingLoss
from labelsmooth.network import ROWS, BatchedMLP, pad_examples
from labelsmooth.setups import TrainingSetup
from labelsmooth.training import _Trainer

HIDDEN = [(7,), (16, 5), (6, 33, 8), (5, 4, 3, 6)]


@pytest.fixture
def float64() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def network(sizes: tuple[int, ...], runs: int, activation: str) -> BatchedMLP:
    made = BatchedMLP(sizes, runs, activation)
    made.initialise([np.random.default_rng(run) for run in range(runs)])
    for bias in made.biases:
        bias.copy_(torch.linspace(-0.2, 0.3, bias.numel()).view_as(bias))
    return made


def learn(made: BatchedMLP, x: Tensor, delta: Tensor) -> list[Tensor]:
    """The activations of inputs (R, B, D), after the gradients for them are written."""
    memory = made.memory(x.shape[1])
    memory.rows.copy_(x.flatten(0, 1))
    states = made.activations(memory.inputs, out=memory.states)
    made.backward(memory, delta)
    return states


def plain_logits(x: Tensor, weights: list[Tensor], biases: list[Tensor], activation: str) -> Tensor:
    """Logits (N, K) of one run from its inputs (N, D), as a textbook has it."""
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = getattr(torch, activation)(F.linear(x, weight, bias[:, 0]))
    return F.linear(x, weights[-1], biases[-1][:, 0])


@pytest.mark.parametrize("convention", ["uniform", "others"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
def test_training_follows_the_gradient_of_the_public_loss(
    hidden: tuple[int, ...], activation: str, convention: Convention
) -> None:
    setup = TrainingSetup(
        dataset="wine", train_size=90, hidden=hidden, activation=activation, epsilons=(0.0, 0.1, -0.2, 0.9),
        convention=convention, seeds=(3, 4), batch_size=1024,
    )  # fmt: skip
    trainer = _Trainer(setup)
    leaves = [
        [layer.clone().requires_grad_() for layer in layers]
        for layers in (trainer.network.weights, trainer.network.biases)
    ]
    trainer.train_epoch()
    # The one batch of this epoch was the whole training part.
    written = [trainer.network._weight_gradients, trainer.network._bias_gradients]
    for run in range(setup.runs):
        loss = LabelSmoothingLoss(setup.epsilons[run % 4], convention=convention)
        data = trainer.data["x_train"][run // 4], trainer.data["train_given"][run // 4]
        weights, biases = ([layer[run] for layer in layers] for layers in leaves)
        loss(plain_logits(data[0], weights, biases, activation), data[1]).backward()
    for layers, gradients in zip(leaves, written, strict=True):
        for layer, gradient in zip(layers, gradients, strict=True):
            assert layer.grad is not None
            assert torch.count_nonzero(layer.grad) > 0
            torch.testing.assert_close(gradient, layer.grad, rtol=1e-4, atol=1e-7)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
def test_gradients_are_numerical_gradients(hidden: tuple[int, ...], activation: str) -> None:
    made = network((3, *hidden, 4), 2, activation)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, ROWS, 3, generator=generator)
    delta = torch.randn(2, 4, ROWS, generator=generator)
    learn(made, x, delta)
    step = 1e-6
    for place in torch.randperm(len(made.parameters), generator=generator)[:60]:
        ends = []
        for move in (step, -2 * step):
            made.parameters[place] += move
            ends.append((made.activations(x)[-1] * delta).sum())
        made.parameters[place] += step
        assert made.gradients[place] == pytest.approx((ends[0] - ends[1]).item() / (2 * step), abs=1e-6)
    assert torch.count_nonzero(made.gradients) > 20


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_activations_are_those_of_each_network_alone(activation: str) -> None:
    made = network((3, 8, 5, 4), 3, activation)
    x = torch.randn(3, 21, 3, generator=torch.Generator().manual_seed(1))
    states = made.activations(pad_examples(x))
    assert [tuple(state.shape) for state in states] == [(3, units, 32) for units in (3, 8, 5, 4)]
    for run in range(3):
        weights, biases = ([layer[run] for layer in layers] for layers in (made.weights, made.biases))
        torch.testing.assert_close(states[-1][run, :, :21].T, plain_logits(x[run], weights, biases, activation))
    some = slice(1, 3)
    fewer = made.activations(pad_examples(x)[some], some)
    assert all(torch.equal(chosen, every[some]) for chosen, every in zip(fewer, states, strict=True))


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_memory_used_again_changes_no_number(activation: str) -> None:
    made, x = network((3, 8, 5, 4), 2, activation), torch.rand(2, ROWS, 3)
    fresh, memory = made.activations(x), made.memory(ROWS)
    memory.rows.copy_(x.flatten(0, 1))
    for places in (*memory.states, *memory.behind):
        places.fill_(torch.nan)
    for _ in range(2):
        written = made.activations(memory.inputs, out=memory.states)
        assert all(torch.equal(a, b) for a, b in zip(written, fresh, strict=True))
        assert [state.data_ptr() for state in written[1:]] == [place.data_ptr() for place in memory.states]
        made.backward(memory, torch.ones(2, 4, ROWS))
        assert made.gradients.isfinite().all()


def test_a_dead_unit_learns_nothing() -> None:
    made = network((3, 8, 4), 2, "relu")
    made.biases[0][:, 2:] = -100.0
    x = torch.rand(2, ROWS, 3)
    states = learn(made, x, torch.ones(2, 4, ROWS))
    assert torch.count_nonzero(states[1][:, 2:]) == 0
    for layer, alive in ((made._weight_gradients[0], slice(2)), (made._bias_gradients[0], slice(2))):
        assert torch.count_nonzero(layer[:, alive]) > 0
        assert torch.count_nonzero(layer[:, 2:]) == 0
    assert torch.count_nonzero(made._weight_gradients[1][..., 2:]) == 0


def test_initialisation_is_he_uniform_and_a_generator_says_everything() -> None:
    made = BatchedMLP((200, 100, 50, 10), 3)
    made.initialise([np.random.default_rng(seed) for seed in (5, 5, 6)])
    for weight, fan_in in zip(made.weights, (200, 100, 50), strict=True):
        assert weight.abs().max() <= np.sqrt(6 / fan_in)
        assert weight.std().item() == pytest.approx(np.sqrt(2 / fan_in), rel=0.05)
        assert torch.equal(weight[0], weight[1])
        assert not torch.equal(weight[1], weight[2])
    assert all(torch.count_nonzero(bias) == 0 for bias in made.biases)


@pytest.mark.parametrize("sizes", [(64, 64, 64, 10), (2, 7, 3, 2), (13, 33, 5)], ids=str)
def test_every_run_starts_a_cache_line_and_overlaps_nothing(sizes: tuple[int, ...]) -> None:
    made = BatchedMLP(sizes, 5)
    layers = [layer for pair in zip(made.weights, made.biases, strict=True) for layer in pair]
    assert all(run.data_ptr() % 64 == 0 for layer in layers for run in layer)
    for number, layer in enumerate(layers, start=1):
        layer.fill_(number)
    assert all(torch.all(layer == number) for number, layer in enumerate(layers, start=1))
    count = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))
    assert torch.count_nonzero(made.parameters) == 5 * count


@pytest.mark.parametrize("rows", [1, 16, 17])
def test_padding_examples_are_zeros_behind(rows: int) -> None:
    x = torch.rand(2, rows, 3)
    padded = pad_examples(x)
    assert padded.shape[1] % ROWS == 0
    assert padded.shape[1] < rows + ROWS
    assert torch.equal(padded[:, :rows], x)
    assert torch.count_nonzero(padded[:, rows:]) == 0
