"""`train`: a few epsilons, each compared with the first."""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from labelsmooth.commands.options import add_setup_options, setup_of
from labelsmooth.commands.output import add_output_options, need_figures, write_html
from labelsmooth.commands.tables import COLUMNS, about, aligned, best_temperature, mean, notes
from labelsmooth.commands.training import train_with_bar
from labelsmooth.comparison import compare, signed
from labelsmooth.datasets import classes_shown
from labelsmooth.grid.work import lists
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import MEASURES, Snapshot
from labelsmooth.sweep import best_temperature_columns, to_csv

HELP = "train hard labels and smoothed ones, and print what was measured"
EXAMPLES = (
    "train --dataset wine --train-size 100 --label-noise 0",
    "train --epsilons 0 0.05 0.1 0.2 --seeds 10 --csv > runs.csv",
    "train --html film.html",
)
TRAIN_COLUMNS = {**COLUMNS, "train_logit_gap": "train gap"}


def add_options(command: argparse.ArgumentParser) -> None:
    """The setup, and the form of the output."""
    add_setup_options(command)
    add_output_options(command, "what was measured of each seed and epsilon")


def run(options: argparse.Namespace) -> Iterator[str]:
    """Train, and say what was measured."""
    if options.html:
        need_figures()
    setup = setup_of(options)
    snapshots = train_with_bar(setup)
    if options.csv:
        yield to_csv(snapshots[-1], setup).rstrip("\n")
    else:
        yield (_json if options.json else _table)(setup, snapshots[-1])
    if options.html:
        write_html(options.html, _page(setup, snapshots))


def _page(setup: TrainingSetup, snapshots: Sequence[Snapshot]) -> str:
    """The film of the training."""
    from labelsmooth.figures.export import film_html
    from labelsmooth.figures.films import training_film

    title = f"Label smoothing on {setup.dataset}, epoch by epoch"
    shown = classes_shown(setup.dataset, setup.classes)
    moving, frames = training_film(setup, snapshots, shown)
    return film_html(moving, frames, title, start=frames[-1]["name"], prefix="epoch ")


def _json(setup: TrainingSetup, last: Snapshot) -> str:
    """The setup and every measure (S, E)."""
    assert last.best is not None
    numbers = {name: getattr(last, name) for name in (*MEASURES, "diverged")} | best_temperature_columns(last.best)
    record = {"setup": asdict(setup), "epoch": last.epoch, "validation_examples": last.best.examples}
    return json.dumps(record | {name: lists(value) for name, value in numbers.items()}, indent=2, allow_nan=False)


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
