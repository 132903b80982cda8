"""What is trained in the benchmark of the trainer, how the pages train it, and what that takes besides time."""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from benchmarks.report import peak_megabytes
from labelsmooth.dashboard.runs import Registry
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot, snapshot_epochs
from labelsmooth.training import _Trainer, train_by_epoch

WORKERS = 2
SHAPES = {2: (1, 2), 10: (5, 2), 20: (10, 2), 105: (5, 21), 1000: (50, 20)}  # runs: seeds and epsilons
HIDDEN = {"digits": (64, 64), "moons": (32, 32)}
MEMORY_EPOCHS = 2  # no more memory is needed later


def setup_of(work: str, runs: int, epochs: int, *, film: bool = False) -> TrainingSetup:
    """So many runs of one work, on clean labels."""
    seeds, epsilons = SHAPES[runs]
    return TrainingSetup(
        work,
        train_size=1078,
        label_noise=0.0,
        hidden=HIDDEN[work],
        batch_size=128,
        epochs=epochs,
        seeds=tuple(range(seeds)),
        epsilons=tuple(n / 50 for n in range(epsilons)),
        film=film,
    )


def trained(setup: TrainingSetup, train: Callable[[TrainingSetup], Iterator[Snapshot | None]]) -> None:
    """Train as the pages do, in a registry of its own."""
    registry = Registry(train, workers=WORKERS)
    try:
        run = registry.join(setup, "benchmark")
        while not run.ended:
            run.wait(sys.maxsize, timeout=1)
            registry.join(setup, "benchmark")
        assert run.state == "finished", run.error
    finally:
        registry.close()


def bare_training(setup: TrainingSetup) -> Iterator[None]:
    """The training without a look at it."""
    trainer = _Trainer(setup)
    for _ in range(setup.epochs):
        yield None
        trainer.train_epoch()


def looking_share(setup: TrainingSetup) -> float:
    """Share of one core's time that snapshots and temperatures of a group take."""
    group = next(iter(setup.groups()))
    trainer = _Trainer(group)
    shape = len(group.seeds), len(group.epsilons)
    shown = snapshot_epochs(group.epochs, film=group.film)
    training = looking = 0.0
    for epoch in range(group.epochs + 1):
        start = time.thread_time()
        if epoch:
            trainer.train_epoch()
        between = time.thread_time()
        if epoch in shown:
            trainer.snapshot(epoch)
        if epoch == group.epochs:
            trainer.best_temperature(np.zeros(shape, dtype=bool))
        training, looking = training + between - start, looking + time.thread_time() - between
    return looking / (training + looking)


def growth_of_memory(runs: int) -> float:
    """How much the peak memory of a new process grows when it trains so many runs on digits."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_growth, runs).result()


def _growth(runs: int) -> float:
    trained(setup_of("digits", 2, 1), train_by_epoch)
    before = peak_megabytes()
    trained(setup_of("digits", runs, MEMORY_EPOCHS), train_by_epoch)
    return peak_megabytes() - before
