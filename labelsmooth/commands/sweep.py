"""`sweep`: a grid of epsilons, where each measure is best, and what that says."""

import argparse

from labelsmooth.commands.options import add_setup_options, setup_of
from labelsmooth.commands.tables import COLUMNS, about, aligned, best_temperature, notes, number
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.sweep import EPSILONS, RANKED, Sweep, best_of, conclusion, sweep, to_csv, to_json

HELP = "train a grid of epsilons, and print where each measure is best"


def add_options(command: argparse.ArgumentParser) -> None:
    """The setup with a grid of epsilons, and the form of the output."""
    add_setup_options(command, epsilons=EPSILONS)
    form = command.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="print one row a seed and epsilon as CSV")
    form.add_argument("--json", action="store_true", help="print the setup, the best epsilons and the rows as JSON")


def setup(options: argparse.Namespace) -> TrainingSetup:
    """What to train: hard labels too where the grid lacks them, in rising order, with few snapshots."""
    grid = options.epsilons if 0 in options.epsilons else [0.0, *options.epsilons]
    return setup_of(options, epsilons=tuple(sorted(grid)), film=False)


def text(options: argparse.Namespace, setup: TrainingSetup, last: Snapshot) -> str:
    """What to print."""
    if options.csv:
        return to_csv(last, setup).rstrip("\n")
    if options.json:
        return to_json(last, setup)
    numbers = sweep(last, setup)
    below = notes(setup, last, diverged="they are left out")
    marks = ">: the best mean. Chance: the median ECE that a calibrated model would show, first seed."
    return "\n".join([about(setup, last), *aligned(_rows(numbers, last)), marks, *below, *conclusion(numbers)])


def _rows(sweep: Sweep, last: Snapshot) -> list[list[str]]:
    """A header, then one row an epsilon, with a mark before the best mean of each measure."""
    assert last.best is not None
    bests = {name: best_of(sweep, name) for name in RANKED}
    rows = [["epsilon", *COLUMNS.values(), "chance", "best T"]]
    for column, epsilon in enumerate(sweep.epsilons):
        cells = [f"{epsilon:g}"]
        for name in COLUMNS:
            best = bests.get(name)
            mark = ">" if best is not None and best.index == column else ""
            cells.append(mark + number(sweep.lines[name].centre[column]))
        rows.append([*cells, number(sweep.null_median[column]), best_temperature(last.best, column)])
    return rows
