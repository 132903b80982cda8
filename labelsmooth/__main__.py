"""The command line: `python -m labelsmooth train` runs what the pages run, without a browser."""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from labelsmooth.comparison import compare, signed
from labelsmooth.datasets import DATASETS
from labelsmooth.setups import ACTIVATIONS, CONVENTIONS, OPTIMIZERS, TrainingSetup
from labelsmooth.snapshots import MEASURES, NEVER, BestTemperature, Snapshot
from labelsmooth.training import train

COLUMNS = {
    "accuracy": "accuracy",
    "nll": "NLL",
    "brier": "Brier",
    "ece": "ECE",
    "confidence": "confidence",
    "train_logit_gap": "train gap",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give the exit code: 2 for a setup that cannot be."""
    options = vars(_parser().parse_args(arguments))
    as_json = options.pop("json")
    del options["command"]
    first, count = options.pop("seed"), options["seeds"]
    options["seeds"] = tuple(range(first, first + count))
    options |= {name: tuple(options[name]) for name in ("epsilons", "hidden")}
    try:
        setup = TrainingSetup(**options)
    except ValueError as error:
        print(f"labelsmooth train: {error}", file=sys.stderr)
        return 2
    last = _train_with_progress(setup)
    print(json.dumps(_record(setup, last), indent=2, allow_nan=False) if as_json else _table(setup, last))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m labelsmooth", description=__doc__)
    command = parser.add_subparsers(dest="command", required=True).add_parser(
        "train", help="train hard labels and smoothed ones, and print what was measured"
    )
    default = TrainingSetup()
    for name, choices in {
        "dataset": DATASETS,
        "convention": CONVENTIONS,
        "activation": ACTIVATIONS,
        "optimizer": OPTIMIZERS,
    }.items():
        command.add_argument(f"--{name}", choices=list(choices), default=getattr(default, name))
    for name in ("classes", "train-size", "epochs", "batch-size"):
        command.add_argument(f"--{name}", type=int, default=getattr(default, name.replace("-", "_")))
    for name in ("label-noise", "learning-rate", "weight-decay"):
        command.add_argument(f"--{name}", type=float, default=getattr(default, name.replace("-", "_")))
    command.add_argument("--noisy-validation", action="store_true", help="label noise on validation data too")
    for name, kind in (("epsilons", float), ("hidden", int)):
        command.add_argument(f"--{name}", type=kind, nargs="+", default=getattr(default, name))
    command.add_argument("--seed", type=int, default=0, help="the first seed")
    command.add_argument("--seeds", type=int, default=len(default.seeds), help="how many seeds")
    command.add_argument("--json", action="store_true", help="print the last snapshot's numbers as JSON")
    return parser


def _train_with_progress(setup: TrainingSetup) -> Snapshot:
    """Train to the end; a bar on standard error where somebody watches it."""
    for last in train(setup):
        if sys.stderr.isatty():
            done = round(30 * last.epoch / setup.epochs)
            bar = "#" * done + "." * (30 - done)
            end = "\n" if last.finished else ""
            print(f"\r[{bar}] epoch {last.epoch} of {setup.epochs}", end=end, file=sys.stderr, flush=True)
    return last


def _record(setup: TrainingSetup, last: Snapshot) -> dict[str, Any]:
    """The setup and every measure (seeds, epsilons) as JSON takes them."""
    assert last.best is not None
    numbers = {name: getattr(last, name) for name in (*MEASURES, "diverged")} | {
        "best_temperature": last.best.temperature,
        "ece_at_best_temperature": last.best.ece,
        "nll_at_best_temperature": last.best.nll,
        "best_temperature_at_bound": last.best.at_bound,
        "no_validation_errors": last.best.no_errors,
    }
    about = {"setup": asdict(setup), "epoch": last.epoch, "validation_examples": last.best.examples}
    return about | {name: _lists(value) for name, value in numbers.items()}


def _lists(values: np.ndarray) -> list[list[float | None]]:
    """Values (S, E) for JSON, which has no NaN: what a run that diverged does not have is null."""
    return [[value if math.isfinite(value) else None for value in row] for row in values.tolist()]


def _table(setup: TrainingSetup, last: Snapshot) -> str:
    """One row an epsilon: means over seeds, the median best temperature, the paired change of accuracy and ECE."""
    assert last.best is not None
    header = ["epsilon", *COLUMNS.values(), "best T", "ECE at T", "change of accuracy", "change of ECE"]
    rows = [header]
    for column, epsilon in enumerate(setup.epsilons):
        means = [_mean(getattr(last, name)[:, column]) for name in COLUMNS]
        best = [_best_temperature(last.best, column), _mean(last.best.ece[:, column])]
        changes = [_change(last, name, column) for name in ("accuracy", "ece")]
        rows.append([f"{epsilon:g}", *means, *best, *changes])
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    diverged = int(np.sum(last.diverged != NEVER))
    notes = [f"{diverged} of {setup.runs} runs diverged: their last good epoch is shown."] if diverged else []
    stopped = last.best.at_bound != 0
    if stopped.any():
        bounds = " or ".join(f"{bound:g}" for bound in np.unique(last.best.temperature[stopped]))
        notes.append(f"*: T is at its bound, {bounds}, in {stopped.sum()} of {setup.runs} runs; the best lies beyond.")
    if len(setup.seeds) > 1:
        notes.append("Best T: the median over the seeds.")
        notes.append("Changes: paired, against the first epsilon, with half their 95 % t interval.")
    seeds = "one seed" if len(setup.seeds) == 1 else f"means over {len(setup.seeds)} seeds"
    about = f"{setup.dataset}, epoch {last.epoch}; {seeds}; on the test part, but the train gap"
    return "\n".join([about, *lines, *notes])


def _mean(values: np.ndarray) -> str:
    """Mean over seeds (S,) but those without a value, as text."""
    known = values[np.isfinite(values)]
    return f"{known.mean():.3f}" if known.size else "-"


def _best_temperature(best: BestTemperature, column: int) -> str:
    """Median over seeds of an epsilon's temperatures but those of lost runs; marked where any is at its bound."""
    temperature = best.temperature[:, column]
    known = temperature[np.isfinite(temperature)]
    mark = "*" if best.at_bound[:, column].any() else ""
    return f"{np.median(known):.3f}{mark}" if known.size else "-"


def _change(last: Snapshot, measure: str, column: int) -> str:
    if column == 0:
        return ""
    values = getattr(last, measure)
    result = compare(values[:, 0], values[:, column])
    spread = f" ± {result.half_width:.3f}" if result.seeds > 1 else ""
    return signed(result.difference) + spread


if __name__ == "__main__":
    sys.exit(main())
