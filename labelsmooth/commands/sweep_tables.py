"""Sweeps as plain text: one setting epsilon by epsilon, or many settings and the best epsilon of each."""

from collections.abc import Iterable, Sequence

from labelsmooth.commands.tables import COLUMNS, about, aligned, best_temperature, notes, number
from labelsmooth.grid import Outcome
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.sweep import RANKED, Sweep, best_of, conclusion, sweep

VARIES = ("dataset", "label_noise", "train_size")


def varied(settings: Sequence[TrainingSetup]) -> list[str]:
    """What the settings differ in."""
    return [name for name in VARIES if len({getattr(setup, name) for setup in settings}) > 1]


def one_setting(setup: TrainingSetup, outcome: Outcome) -> str:
    """A table of epsilons, and what it says."""
    last = outcome.snapshot
    numbers = sweep(last, setup, by_chance=outcome.chance)
    below = notes(setup, last, diverged="they are left out")
    marks = ">: the best mean. Chance: the median ECE that a calibrated model would show, first seed."
    return "\n".join([about(setup, last), *aligned(_rows(numbers, last)), marks, *below, *conclusion(numbers)])


def many_settings(settings: Sequence[TrainingSetup], outcomes: Iterable[Outcome]) -> str:
    """One row a setting: the best mean of each measure, and the epsilon that has it."""
    names, seeds, lost = varied(settings), len(settings[0].seeds), 0
    rows = [[name.replace("_", " ") for name in names]]
    for measure in RANKED:
        rows[0] += [COLUMNS[measure], "at"]
    for setup, outcome in zip(settings, outcomes, strict=True):
        numbers = sweep(outcome.snapshot, setup, null=False)
        lost += int(numbers.diverged.sum())
        varying = [getattr(setup, name) for name in names]
        rows.append([value if isinstance(value, str) else f"{value:g}" for value in varying] + _bests(numbers))
    means = f"Best means over {seeds} seeds" if seeds > 1 else "Best of one seed"
    lines = [f"{means}, on the test part, and at which epsilon; *: the seeds can tell it from hard labels."]
    if lost:
        lines.append(f"{lost} of {sum(setup.runs for setup in settings)} runs diverged: they are left out.")
    return "\n".join([*aligned(rows), *lines])


def _bests(numbers: Sweep) -> list[str]:
    """The best of each measure and its epsilon, marked where that is told from hard labels; dashes where none is."""
    cells = list[str]()
    for measure in RANKED:
        best = best_of(numbers, measure)
        if best is None:
            cells += ["-", "-"]
        else:
            told = best.hard is not None and best.hard.decided
            cells += [number(best.value), f"{best.epsilon:g}{'*' if told else ''}"]
    return cells


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
