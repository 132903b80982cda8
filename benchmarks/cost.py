"""The estimate of what a training costs beside what it does cost, on one core: `python -m benchmarks.cost`.

Processor seconds of the real trainer, group after group, as a worker of the dashboard counts them.
"""

import platform
import time
from dataclasses import replace

import torch
from threadpoolctl import threadpool_limits

from labelsmooth.dashboard.cost import seconds
from labelsmooth.setups import TrainingSetup
from labelsmooth.training import train_by_epoch

EPSILONS = tuple(n / 40 for n in range(21))
SWEEP = TrainingSetup(epsilons=EPSILONS, epochs=20, film=False)
SETUPS = {
    "the first page": TrainingSetup(),
    "one network": TrainingSetup(seeds=(0,), epsilons=(0.0,)),
    "sweep": SWEEP,
    "sweep of 26 epsilons, 20 seeds, 10 epochs": replace(
        SWEEP, epsilons=tuple(n / 50 for n in range(26)), seeds=tuple(range(20)), epochs=10
    ),
    "little data": TrainingSetup(train_size=120, batch_size=32),
    "two moons": TrainingSetup("moons", train_size=200, hidden=(32, 32), batch_size=32),
    "hard task": TrainingSetup("hard", batch_size=128),
    "iris, sweep": replace(SWEEP, dataset="iris", train_size=60),
    "narrow": TrainingSetup(hidden=(4,), epochs=50),
    "wide": TrainingSetup(hidden=(512, 512), epochs=10),
    "wide and deep": TrainingSetup(hidden=(512,) * 4, seeds=(0,), epochs=10),
    "batches of 4": TrainingSetup(batch_size=4, epochs=10),
    "batches of 1024": TrainingSetup(batch_size=1024),
    "tanh, SGD": TrainingSetup(activation="tanh", optimizer="sgd", epochs=50),
    "five epochs": TrainingSetup(epochs=5),
}


def measured(setup: TrainingSetup) -> float:
    """Processor seconds of this thread for the whole training."""
    start = time.thread_time()
    for group in setup.groups():
        for _ in train_by_epoch(group):
            pass
    return time.thread_time() - start


def main() -> None:
    """Print a table, and the largest ratio."""
    threadpool_limits(1)
    measured(TrainingSetup(epochs=1))
    print(f"{platform.machine()}, torch {torch.__version__}\n")
    print("| setup | estimated, s | measured, s | ratio |\n|---|---|---|---|")
    ratios = []
    for name, setup in SETUPS.items():
        estimate, took = seconds(setup), measured(setup)
        ratios.append(estimate / took)
        print(f"| {name} | {estimate:.2f} | {took:.2f} | {ratios[-1]:.2f} |", flush=True)
    print(f"\nRatios from {min(ratios):.2f} to {max(ratios):.2f}.")


if __name__ == "__main__":
    main()
