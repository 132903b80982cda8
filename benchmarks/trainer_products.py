"""The matrix products of a training without anything between them, and as many operations at the machine's peak."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import torch
from torch import Tensor

from benchmarks.trainer_work import HIDDEN, WORKERS
from labelsmooth.network import BatchedMLP, padded
from labelsmooth.setups import TrainingSetup

SIDE = 1024  # of large matrices
UNITS = (64, *HIDDEN["digits"], 10)


def steps_of(setup: TrainingSetup) -> dict[int, int]:
    """Size of a batch: how many of them one run goes through."""
    full, rest = divmod(setup.train_size, setup.batch_size)
    return {size: setup.epochs * times for size, times in {setup.batch_size: full, rest: 1}.items() if size}


def flop(setup: TrainingSetup) -> int:
    """Additions and multiplications of all products of a training on digits, padding left out."""
    weights = [fan_in * fan_out for fan_in, fan_out in pairwise(UNITS)]
    # Forward, weights' gradients, and the gradient behind every layer but the first.
    return 2 * setup.runs * setup.epochs * setup.train_size * (3 * sum(weights) - weights[0])


def every_product(setup: TrainingSetup) -> Callable[[], None]:
    """All products of a training, in the trainer's shapes and memory, each worker with as many of them."""
    runs = next(iter(setup.groups())).runs

    def share(_: int) -> None:
        network = BatchedMLP(UNITS, runs)
        gradients = [torch.empty_like(weight) for weight in network.weights]
        for size, steps in steps_of(setup).items():
            x, memory = torch.rand(runs, padded(size), UNITS[0]), network.memory(padded(size))
            for place in (*memory.states, *memory.behind, memory.delta):
                place.zero_()
            for _ in range(round(steps * setup.runs / runs / WORKERS)):
                one_step(network, [x.mT, *memory.states], [*memory.behind, memory.delta], gradients)

    return on_all_workers(share)


def one_step(network: BatchedMLP, states: list[Tensor], deltas: list[Tensor], gradients: list[Tensor]) -> None:
    """Forward and backward, products only."""
    for layer, weight in enumerate(network.weights):
        torch.bmm(weight, states[layer], out=states[layer + 1])
    for layer in reversed(range(len(network.weights))):
        torch.bmm(deltas[layer], states[layer].mT, out=gradients[layer])
        if layer:
            torch.bmm(network.weights[layer].mT, deltas[layer], out=deltas[layer - 1])


def fastest_product(setup: TrainingSetup) -> Callable[[], None]:
    """As many operations as those products have, in large products on all workers."""
    times = round(flop(setup) / (2 * SIDE**3) / WORKERS)

    def large(_: int) -> None:
        a, b, out = (torch.rand(SIDE, SIDE) for _ in range(3))
        for _ in range(times):
            torch.mm(a, b, out=out)

    return on_all_workers(large)


def on_all_workers(share: Callable[[int], None]) -> Callable[[], None]:
    """Each worker's share at once."""

    def work() -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(share, range(WORKERS)))

    return work
