"""The command line: `python -m labelsmooth train` runs what the pages run, without a browser."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from labelsmooth.comparison import compare, signed
from labelsmooth.datasets import DATASETS
from labelsmooth.setups import ACTIVATIONS, CONVENTIONS, OPTIMIZERS, TrainingSetup
from labelsmooth.snapshots import MEASURES, NEVER, Snapshot
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
    print(json.dumps(_record(setup, last), indent=2) if as_json else _table(setup, last))
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
    }
    return {"setup": asdict(setup), "epoch": last.epoch} | {
        name: value.tolist() for name, value in numbers.items()
    }


def _table(setup: TrainingSetup, last: Snapshot) -> str:
    """One row an epsilon: means over seeds, the paired change of accuracy and ECE, the best temperature."""
    assert last.best is not None
    header = ["epsilon", *COLUMNS.values(), "best T", "ECE at T", "change of accuracy", "change of ECE"]
    rows = [header]
    for column, epsilon in enumerate(setup.epsilons):
        means = [f"{getattr(last, name)[:, column].mean():.3f}" for name in COLUMNS]
        best = [f"{values[:, column].mean():.3f}" for values in (last.best.temperature, last.best.ece)]
        rows.append(
            [f"{epsilon:g}", *means, *best, *(_change(last, name, column) for name in ("accuracy", "ece"))]
        )
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    diverged = int(np.sum(last.diverged != NEVER))
    notes = [f"{diverged} of {setup.runs} runs diverged: their last good epoch is shown."] if diverged else []
    about = f"{setup.dataset}, {len(setup.seeds)} seeds, epoch {last.epoch}; test part, means over seeds"
    return "\n".join([about, *lines, "Changes: paired, against the first epsilon, 95 % t interval.", *notes])


def _change(last: Snapshot, measure: str, column: int) -> str:
    if column == 0:
        return ""
    values = getattr(last, measure)
    result = compare(values[:, 0], values[:, column])
    return f"{signed(result.difference)} +- {result.half_width:.3f}"


if __name__ == "__main__":
    sys.exit(main())
