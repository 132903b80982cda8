"""What a sweep gains from workers: `python -m benchmarks.grid`.

The same groups are trained in this process, in joblib's worker processes, and on a local Dask cluster of processes, in
turn. Workers are started and warm before the clock runs; what that takes is shown too. Seconds are the least of the
repeats; efficiency is the time in this process over workers times their time, both of one run of this script.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from benchmarks.report import machine
from labelsmooth.grid import Group, run_groups
from labelsmooth.grid.plan import groups_of
from labelsmooth.setups import TrainingSetup

REPEATS = 2
EPSILONS = tuple(n / 50 for n in range(25))  # with a seed a group, which has 25 networks then
DIGITS = TrainingSetup(train_size=1078, batch_size=128, epochs=40, epsilons=EPSILONS, seeds=tuple(range(4)), film=False)
SIZES = {
    "tiny: 2 networks, iris, 1 epoch": TrainingSetup(
        "iris", train_size=60, hidden=(4,), epochs=1, seeds=tuple(range(20)), film=False
    ),
    "25 networks, digits, 40 epochs": DIGITS,
}


def groups_for(setup: TrainingSetup) -> list[Group]:
    """A group a seed: the trainer would put several seeds of few epsilons into one."""
    return [group for seed in setup.seeds for group in groups_of(replace(setup, seeds=(seed,)))]


def seconds(groups: Sequence[Group], where: dict[str, Any]) -> float:
    """How long it takes until the last group has arrived."""
    start = time.perf_counter()
    assert len(list(run_groups(groups, **where))) == len(groups)
    return time.perf_counter() - start


def measure(places: dict[str, dict[str, Any]]) -> dict[tuple[str, str], float]:
    """Least seconds of every size at every place."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(REPEATS):
        for size, setup in SIZES.items():
            for place, where in places.items():
                found[size, place].append(seconds(groups_for(setup), where))
    return {key: min(values) for key, values in found.items()}


def main() -> None:
    """Measure and print."""
    warm = groups_for(replace(SIZES["tiny: 2 networks, iris, 1 epoch"], seeds=(0, 1)))
    print(f"{machine('torch', 'numpy')}\n")
    places: dict[str, dict[str, Any]] = {"this process": {}, "joblib, 2 workers": {"workers": 2}}
    started = {"this process": seconds(warm, {}), "joblib, 2 workers": seconds(warm, {"workers": 2})}
    dask: Any = import_module("distributed")
    clusters = {}
    for workers in (1, 2):
        start = time.perf_counter()
        cluster = dask.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=":0"
        )
        place = f"Dask, {workers} worker{'s' * (workers > 1)}"
        places[place] = {"scheduler": cluster.scheduler_address}
        seconds(warm, places[place])
        clusters[place], started[place] = cluster, time.perf_counter() - start
    try:
        print(table(measure(places), started))
    finally:
        for cluster in clusters.values():
            cluster.close()


def table(taken: dict[tuple[str, str], float], started: dict[str, float]) -> str:
    """A row a place: start, then milliseconds a group beyond those in this process, or efficiency, of each size."""
    lines = ["| | start | " + " | ".join(SIZES) + " |", "|---" * (2 + len(SIZES)) + "|"]
    for place, start in started.items():
        cells = [f"{start:.1f} s"]
        for size, setup in SIZES.items():
            here, there, groups = taken[size, "this process"], taken[size, place], len(groups_for(setup))
            workers = 2 if "2" in place else 1
            each, beyond = 1000 * there / groups, 1000 * (workers * there - here) / groups
            cells.append(
                f"{each:.0f} ms a group"
                if place == "this process"
                else f"{each:.0f} ms a group, efficiency {here / (workers * there):.2f}, {beyond:+.0f} ms of a worker"
            )
        lines.append(f"| {place} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
