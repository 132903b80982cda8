"""What R networks cost when they are trained together, beside what people would use: `python -m benchmarks.trainer`.

Ours is what the pages do: groups of seeds in the dashboard's registry on as many workers as there are cores, with the
few snapshots of a sweep and the temperatures at its end. The others train alone and look at nothing.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial

import torch

from benchmarks.report import Bar, Curve, Finding, Times, as_text, in_turn, table
from benchmarks.trainer_jax import jax_scan
from benchmarks.trainer_peers import loop_on_tensors, loop_with_dataloader, scikit_learn, torch_func
from benchmarks.trainer_products import every_product, fastest_product
from benchmarks.trainer_work import (
    WORKERS,
    bare_training,
    growth_of_memory,
    looking_share,
    setup_of,
    trained,
)
from labelsmooth.setups import TrainingSetup
from labelsmooth.training import train_by_epoch

OURS, ALONE = "ours", "ours, training alone"
LOOP, LOADER, SKLEARN = "PyTorch loop on tensors", "PyTorch loop with DataLoader", "scikit-learn MLPClassifier"
FUNC, JAX, COMPILED = "torch.func, vmap", "JAX jit(vmap(scan))", "JAX with its compile time"
PRODUCTS, PEAK = "its matrix products alone", "as many FLOP in products of 1024 x 1024"
ONE_BY_ONE = {LOOP: loop_on_tensors, LOADER: loop_with_dataloader, SKLEARN: scikit_learn}
NETWORKS = 2  # of those trained one by one: the others cost as much each
TURNS = {1000: 1}  # else 3
FEWER, FEWEST = 8, 20  # times fewer epochs for what takes minutes: torch.func, at 105 runs, and JAX at 1000
WHY = (
    "A network alone costs the same every time (power 0). A step of a group has a fixed cost, that of its twenty calls "
    "of torch, which few networks share: hence the fall. From two groups on both cores are busy; of 20 networks these "
    "are small, and between calls each waits for Python's one interpreter. Groups that fit the cache keep the cost "
    "flat; the limit is the rate of the matrix products."
)
WHY_MEMORY = (
    "Few networks hide in what the process has already asked for. Of many, each holds its parameters, their gradients "
    "and Adam's two moments, and its measures; data and working memory are of the groups being trained."
)
MEMORY = (2, 105, 1000)  # runs whose memory is measured
Contender = tuple[Callable[[], object], float]  # and what its time is multiplied by
Costs = dict[tuple[str, int], dict[str, float]]  # work and runs -> contender -> seconds


def contenders_of(work: str, runs: int, epochs: int) -> tuple[dict[str, Contender], float | None]:
    """All that train these runs, and the seconds that JAX takes to compile; None without JAX."""
    setup = setup_of(work, runs, epochs)
    contenders: dict[str, Contender] = {OURS: (lambda: trained(setup, train_by_epoch), 1)}
    if runs in (2, 105):
        few = setup_of(work, NETWORKS, epochs)
        for name, train in ONE_BY_ONE.items():
            contenders[name] = partial(train, few), runs / NETWORKS
    if runs <= 105:
        short = setup_of(work, runs, max(1, epochs // (FEWEST if runs == 105 else FEWER)))
        contenders[FUNC] = partial(on_all_cores, short), epochs / short.epochs
    short = setup_of(work, runs, max(1, epochs // FEWER)) if runs == 1000 else setup
    start = time.perf_counter()
    try:
        contenders[JAX] = jax_scan(short), epochs / short.epochs
    except ImportError:
        return contenders, None
    return contenders, time.perf_counter() - start


def on_all_cores(setup: TrainingSetup) -> None:
    """torch.func with as many threads as cores."""
    torch.set_num_threads(WORKERS)
    torch_func(setup)
    torch.set_num_threads(1)


def measure_costs(short: bool, epochs: int) -> tuple[Costs, Times]:
    """Seconds of every contender for every number of runs, and the turns of 105 runs on digits."""
    costs: Costs = {}
    middle = Times()
    works = {"digits": (2,)} if short else {"digits": (2, 10, 20, 105, 1000), "moons": (2, 105, 1000)}
    for work, sizes in works.items():
        for runs in sizes:
            scaled, compiling = contenders_of(work, runs, epochs)
            contenders = {name: train for name, (train, _) in scaled.items()}
            if (work, runs) == ("digits", 105):
                setup = setup_of(work, runs, epochs)
                contenders[ALONE] = partial(trained, setup, bare_training)
                contenders[PRODUCTS] = every_product(setup)
                contenders[PEAK] = fastest_product(setup)
            # The pair comes first and warms all up.
            times = in_turn(contenders, TURNS.get(runs, 3) if not short else 1, warm=runs == 2 and not short)
            found = {name: scale * times.median(name) for name, (_, scale) in scaled.items()}
            if compiling is not None:
                found[COMPILED] = found[JAX] + compiling
            costs[work, runs] = found
            if (work, runs) == ("digits", 105):
                middle = times
                found[ALONE] = times.median(ALONE)
    return costs, middle


def cost_table(costs: Costs) -> str:
    """A row a contender: seconds in all and milliseconds a run."""
    names = dict.fromkeys(name for found in costs.values() for name in found)
    rows = []
    for name in names:
        cells = [name]
        for (_, runs), found in costs.items():
            taken = found.get(name)
            cells.append("" if taken is None else f"{taken:.3g} s, {1000 * taken / runs:.3g} ms a run")
        rows.append(cells)
    return table(["", *(f"{work}, {runs} runs" for work, runs in costs)], rows)


def curves_of(costs: Costs, memory: Mapping[int, float]) -> list[Curve]:
    """Milliseconds a run against runs, for both works, and megabytes against runs."""
    curves = []
    for work in ("digits", "moons"):
        lines: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for (of, runs), found in costs.items():
            for name in (OURS, JAX, COMPILED, FUNC, LOOP, LOADER, SKLEARN):
                if of == work and name in found:
                    lines[name].append((runs, 1000 * found[name] / runs))
        curves.append(Curve(f"trainer-{work}", f"Training on {work}", "networks", "ms a network", dict(lines), WHY))
    line = {OURS: list(memory.items())}
    curves.append(Curve("trainer-memory", "Memory of a training", "networks", "MB beyond the start", line, WHY_MEMORY))
    return curves


def bars_of(costs: Costs, middle: Times, looking: float) -> list[Bar]:
    """What the trainer is held to; of JAX only where it is installed."""
    at_105, ours = costs["digits", 105], costs["digits", 105][OURS]
    flat = [costs["digits", runs][OURS] / runs for runs in (20, 105, 1000)]
    bars = [
        Bar(f"105 runs: times faster than {name}", at_105[name] / ours, "at least", limit)
        for name, limit in {LOOP: 9, LOADER: 14, SKLEARN: 5, JAX: 1, COMPILED: 2}.items()
        if name in at_105
    ]
    return [
        *bars,
        Bar("105 runs: share of the rate of its products", 100 * middle.ratio(PRODUCTS, ALONE), "at least", 50, " %"),
        Bar("105 runs: share of the rate of large products", 100 * middle.ratio(PEAK, ALONE), "at least", 50, " %"),
        Bar("2 runs", 1000 * costs["digits", 2][OURS], "at most", 150, " ms"),
        Bar("cost a run, 20 to 1000 runs: dearest over cheapest", max(flat) / min(flat), "at most", 1.15),
        Bar("105 runs: share of the time for looking", 100 * looking, "at most", 15, " %"),
    ]


def measure(short: bool) -> Finding:
    """Everything; short: two runs and few epochs, which judges no times."""
    torch.set_num_threads(1)
    epochs = 3 if short else 40
    costs, middle = measure_costs(short, epochs)
    lines = [
        f"Seconds on {WORKERS} cores, and milliseconds a network: {epochs} epochs in batches of 128 of 1078 examples, "
        "digits 64-64-64-10, moons 2-32-32-2. Medians of turns, of 1000 runs one turn. Loops and scikit-learn train "
        f"{NETWORKS} networks on one core, one after the other, times runs / {NETWORKS}. torch.func is measured on "
        f"{max(1, epochs // FEWER)} epochs, of 105 runs on {max(1, epochs // FEWEST)}, JAX with 1000 runs on "
        f"{max(1, epochs // FEWER)}, and "
        "both are multiplied; loops, scikit-learn and torch.func have no 1000 runs, which would take minutes. "
        "(A second process would nearly halve the time of loops and scikit-learn.)",
        cost_table(costs),
    ]
    if not any(JAX in found for found in costs.values()):
        lines.append("JAX is not installed.")
    if short:
        return Finding("Trainer", "\n\n".join(lines))
    shares = {film: looking_share(setup_of("digits", 105, epochs, film=film)) for film in (False, True)}
    memory = {runs: growth_of_memory(runs) for runs in MEMORY}
    lines.append(
        f"Of the time of one core, {100 * shares[False]:.0f} % goes into the snapshots of a sweep; "
        f"with a film, a snapshot of every epoch, {100 * shares[True]:.0f} %. Memory beyond the start: "
        + ", ".join(f"{runs} runs {megabytes:.0f} MB" for runs, megabytes in memory.items())
        + "."
    )
    lines.append(
        "105 runs on digits, seconds in turn: "
        + "; ".join(f"{name} {middle.told(name, 1)}" for name in (OURS, ALONE, PRODUCTS, PEAK))
        + "."
    )
    return Finding("Trainer", "\n\n".join(lines), bars_of(costs, middle, shares[False]), curves_of(costs, memory))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trainer", description=__doc__)
    parser.add_argument("--short", action="store_true", help="two runs and few epochs, nothing judged")
    print(as_text(measure(parser.parse_args().short)))


if __name__ == "__main__":
    main()
