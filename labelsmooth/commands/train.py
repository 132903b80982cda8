"""`train`: a few epsilons, each compared with the first."""

import argparse
import json
import math
from dataclasses import asdict

import numpy as np

from labelsmooth.commands.options import add_setup_options, setup_of
from labelsmooth.commands.tables import COLUMNS, about, aligned, best_temperature, mean, notes
from labelsmooth.comparison import compare, signed
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import MEASURES, Snapshot
from labelsmooth.sweep import best_temperature_columns

HELP = "train hard labels and smoothed ones, and print what was measured"
TRAIN_COLUMNS = {**COLUMNS, "train_logit_gap": "train gap"}


def add_options(command: argparse.ArgumentParser) -> None:
    """The setup, and whether to print JSON."""
    add_setup_options(command)
    command.add_argument("--json", action="store_true", help="print the last snapshot's numbers as JSON")


def setup(options: argparse.Namespace) -> TrainingSetup:
    """What to train."""
    return setup_of(options)


def text(options: argparse.Namespace, setup: TrainingSetup, last: Snapshot) -> str:
    """What to print."""
    return _json(setup, last) if options.json else _table(setup, last)


def _json(setup: TrainingSetup, last: Snapshot) -> str:
    """The setup and every measure (S, E)."""
    assert last.best is not None
    numbers = {name: getattr(last, name) for name in (*MEASURES, "diverged")} | best_temperature_columns(last.best)
    record = {"setup": asdict(setup), "epoch": last.epoch, "validation_examples": last.best.examples}
    return json.dumps(record | {name: _lists(value) for name, value in numbers.items()}, indent=2, allow_nan=False)


def _lists(values: np.ndarray) -> list[list[float | None]]:
    """Values (S, E) for JSON, which has no NaN: what a run that diverged does not have is null."""
    return [[value if math.isfinite(value) else None for value in row] for row in values.tolist()]


def _table(setup: TrainingSetup, last: Snapshot) -> str:
    """One row an epsilon: means over seeds, the median best temperature, the paired change of accuracy and ECE."""
    assert last.best is not None
    header = ["epsilon", *TRAIN_COLUMNS.values(), "best T", "ECE at T", "change of accuracy", "change of ECE"]
    rows = [header]
    for column, epsilon in enumerate(setup.epsilons):
        means = [mean(getattr(last, name)[:, column]) for name in TRAIN_COLUMNS]
        best = [best_temperature(last.best, column), mean(last.best.ece[:, column])]
        changes = [_change(last, name, column) for name in ("accuracy", "ece")]
        rows.append([f"{epsilon:g}", *means, *best, *changes])
    below = notes(setup, last, diverged="their last good epoch is shown")
    if len(setup.seeds) > 1:
        below.append("Changes: paired, against the first epsilon, with half their 95 % t interval.")
    return "\n".join([f"{about(setup, last)}, but the train gap", *aligned(rows), *below])


def _change(last: Snapshot, measure: str, column: int) -> str:
    if column == 0:
        return ""
    values = getattr(last, measure)
    result = compare(values[:, 0], values[:, column])
    spread = f" ± {result.half_width:.3f}" if result.seeds > 1 else ""
    return signed(result.difference) + spread
