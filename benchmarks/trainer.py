"""What one network costs in a batch of R, beside a plain PyTorch loop: `python -m benchmarks.trainer`.

Every contender trains the same networks in the same process, in turn, on one torch thread a worker; the table shows
medians. Snapshots are what the pages show: all measures and the first seed's logits after every epoch.
"""

import os
import platform
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from labelsmooth.datasets import make_split
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import merge
from labelsmooth.training import _Trainer, train

WORKERS = 2
REPEATS = {2: 5, 20: 5, 100: 3}
LOOP_REPEATS = {2: 5, 20: 3, 100: 1}  # so slow that less will do


def setup_of(runs: int) -> TrainingSetup:
    """Half of the runs on hard labels, half smoothed: 64-64-64-10 on all the digits that may be trained on."""
    return TrainingSetup(train_size=1078, batch_size=128, epochs=40, seeds=tuple(range(runs // 2)))


def batched(setup: TrainingSetup) -> None:
    """All runs as one batch, without a look at them."""
    trainer = _Trainer(setup)
    for _ in range(setup.epochs):
        trainer.train_epoch()


def batched_with_snapshots(setup: TrainingSetup) -> None:
    """All runs as one batch, with a snapshot of every epoch."""
    for _ in train(setup):
        pass


def side_by_side(setup: TrainingSetup) -> None:
    """As the dashboard does it: a group of seeds for each worker in turn, snapshots merged."""
    with ThreadPoolExecutor(WORKERS) as pool:
        for parts in zip(*pool.map(lambda group: list(train(group)), setup.groups()), strict=True):
            merge(parts)


def plain_loop(setup: TrainingSetup) -> None:
    """The textbook: network by network, batches of tensors, autograd, Adam and the built-in loss."""
    for seed in setup.seeds:
        split = make_split(setup.dataset, setup.train_size, setup.label_noise, seed)
        x, labels = torch.from_numpy(split.x_train), torch.from_numpy(split.train_given)
        for epsilon in setup.epsilons:
            torch.manual_seed(seed)
            model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
            optimizer = torch.optim.Adam(model.parameters(), lr=setup.learning_rate)
            for _ in range(setup.epochs):
                for batch in torch.split(torch.randperm(len(x)), setup.batch_size):
                    optimizer.zero_grad()
                    loss = F.cross_entropy(model(x[batch]), labels[batch], label_smoothing=epsilon)
                    torch.autograd.backward(loss)
                    optimizer.step()


CONTENDERS: dict[str, tuple[Callable[[TrainingSetup], None], dict[int, int]]] = {
    "batched, training alone": (batched, REPEATS),
    "batched, with snapshots": (batched_with_snapshots, REPEATS),
    f"groups on {WORKERS} threads, with snapshots": (side_by_side, REPEATS),
    "PyTorch loop, one by one, training alone": (plain_loop, LOOP_REPEATS),
}


def measure() -> dict[tuple[str, int], float]:
    """Median seconds of each contender for each number of runs."""
    for contender, _ in CONTENDERS.values():
        contender(setup_of(2))
    seconds: dict[tuple[str, int], list[float]] = defaultdict(list)
    for repeat in range(max(REPEATS.values())):
        for runs in REPEATS:
            for name, (contender, repeats) in CONTENDERS.items():
                if repeat < repeats[runs]:
                    start = time.perf_counter()
                    contender(setup_of(runs))
                    seconds[name, runs].append(time.perf_counter() - start)
    return {key: statistics.median(values) for key, values in seconds.items()}


def table(seconds: dict[tuple[str, int], float]) -> str:
    """Seconds in all, milliseconds a run, and how many times faster than the loop."""
    *_, loop = CONTENDERS
    lines = ["| | " + " | ".join(f"{runs} runs" for runs in REPEATS) + " |", "|---" * (1 + len(REPEATS)) + "|"]
    for name in CONTENDERS:
        cells = []
        for runs in REPEATS:
            taken = seconds[name, runs]
            cells.append(f"{taken:.2f} s, {1000 * taken / runs:.0f} ms a run, x {seconds[loop, runs] / taken:.1f}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def machine() -> str:
    """What was measured on."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()}; Python {platform.python_version()}, "
        f"torch {torch.__version__}, numpy {np.__version__}"
    )


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    before, _, _ = os.getloadavg()
    seconds = measure()
    print(table(seconds))
    print(f"\n{machine()}; load average before: {before:.1f}. Medians of {REPEATS}, loop {LOOP_REPEATS}, by runs.")


if __name__ == "__main__":
    main()
