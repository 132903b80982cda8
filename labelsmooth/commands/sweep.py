"""`sweep`: a grid of epsilons in one setting or many, on one machine or more, where each measure is best."""

import argparse
import signal
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from joblib import cpu_count

from labelsmooth.commands.errors import CommandError
from labelsmooth.commands.options import add_setup_options, setup_of, take_data
from labelsmooth.commands.output import add_output_options, need_figures, new_file, write_html
from labelsmooth.commands.progress import bar
from labelsmooth.commands.sweep_tables import VARIES, many_settings, one_setting, varied
from labelsmooth.commands.training import train_with_bar
from labelsmooth.datasets import classes_shown
from labelsmooth.grid import LostError, Outcome, Plan, Record, begin, outcome_of, resume, run_groups, settings_of
from labelsmooth.grid.plan import groups_of
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.sweep import EPSILONS, as_csv, as_json, records, summary, to_csv, to_json

HELP = "train a grid of epsilons in one setting or many, and print where each measure is best"
EXAMPLES = (
    "sweep --csv > sweep.csv",
    "sweep --html film.html",
    "sweep --dataset digits hard --label-noise 0 0.2 0.4 --train-size 200 1000 --seeds 10 --record noise.jsonl",
    "sweep --seeds 90 --scheduler tcp://127.0.0.1:8786",
)
SHOWN_FIRST = 0.1  # the epsilon that a film starts with, or the nearest there is


def add_options(command: argparse.ArgumentParser) -> None:
    """The setup with a grid of epsilons, of which three choices may have several values; where and how it is run."""
    several = {name: (getattr(TrainingSetup, name),) for name in VARIES}
    add_setup_options(command, epsilons=EPSILONS, **several)
    add_output_options(command, "every seed and epsilon")
    command.add_argument(
        "--record",
        type=new_file,
        default=Path("sweep.jsonl"),
        metavar="FILE",
        help="keeps every group that is finished",
    )
    command.add_argument("--resume", action="store_true", help="go on with the record, if there is one")
    where = command.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, default=cpu_count(), help="processes on this machine")
    where.add_argument(
        "--scheduler", metavar="ADDRESS", help="of your own Dask cluster, like tcp://host:8786: it runs code for you"
    )


def run(options: argparse.Namespace) -> Iterator[str]:
    """Train what the record does not have yet, and say what came out."""
    settings = settings_wanted(options)
    if options.workers < 1:
        raise ValueError(f"workers must be at least 1; got {options.workers}")
    if options.html:
        if len(settings) > 1:
            raise ValueError(f"html takes one setting, whose film it shows; got {len(settings)}")
        need_figures()
    if options.scheduler:
        _need_dask()
    record = (resume if options.resume else begin)(options.record, Plan(settings))
    with closing(record.file):
        _train(Plan(settings), record, options.workers, options.scheduler)
        outcomes = (_outcome(record, setup) for setup in settings)
        if len(settings) > 1:
            yield from _texts(options, settings, outcomes)
            return
        (setup,), (outcome,) = settings, outcomes
    yield _text(options, setup, outcome)
    if options.html:
        write_html(options.html, _film(setup, outcome.snapshot))


def settings_wanted(options: argparse.Namespace) -> tuple[TrainingSetup, ...]:
    """What to train: hard labels too where the grid lacks them, in rising order, with few snapshots."""
    grid = options.epsilons if 0 in options.epsilons else [0.0, *options.epsilons]
    make = partial(setup_of, options, epsilons=tuple(sorted(grid)), film=False)
    take_data(options)
    return settings_of(make, {name: getattr(options, name) for name in VARIES})


def _train(plan: Plan, record: Record, workers: int, scheduler: str | None) -> None:
    """Train the groups that the record lacks; interrupted, it says how to go on."""
    left = [group for group in plan.groups if group not in record]
    try:
        with (
            _stopped_as_by_hand(),
            bar(len(plan.groups), "groups", f"{sum(setup.runs for setup in plan.settings)} networks") as shown,
        ):
            shown.update(len(plan.groups) - len(left))
            with closing(run_groups(left, workers, scheduler)) as results:
                for result in results:
                    record.add(result)
                    shown.update()
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted: {_kept(plan, record)}") from None
    except LostError as lost:
        raise CommandError(f"{lost}; {_kept(plan, record)}") from lost
    finally:
        if not record.places:
            record.path.unlink()  # it would only be in the way of the next sweep


def _kept(plan: Plan, record: Record) -> str:
    """What is finished, and how to go on."""
    record.read_again()
    if not record.places:
        return f"none of {len(plan.groups)} groups is finished"
    groups = f"{len(record.places)} of {len(plan.groups)} groups"
    return f"{groups} are finished and kept in {record.path}; the same command with --resume goes on"


@contextmanager
def _stopped_as_by_hand() -> Iterator[None]:
    """A request to end, as `kill` and cluster managers send it, is like Ctrl-C."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _need_dask() -> None:
    """Refuse before any work where a cluster cannot be talked to."""
    try:
        import distributed  # noqa: F401
    except ModuleNotFoundError as missing:
        raise CommandError("--scheduler needs Dask: pip install 'labelsmooth[cluster]'") from missing


def _outcome(record: Record, setup: TrainingSetup) -> Outcome:
    return outcome_of([record.result(group) for group in groups_of(setup)])


def _text(options: argparse.Namespace, setup: TrainingSetup, outcome: Outcome) -> str:
    """One setting in the form that was asked for."""
    if options.csv:
        return to_csv(outcome.snapshot, setup).rstrip("\n")
    return to_json(outcome.snapshot, setup) if options.json else one_setting(setup, outcome)


def _texts(
    options: argparse.Namespace, settings: Sequence[TrainingSetup], outcomes: Iterator[Outcome]
) -> Iterator[str]:
    """Many settings: one table, a list, or rows with what varies in front."""
    each = zip(settings, outcomes, strict=True)
    if options.json:
        yield as_json([summary(outcome.snapshot, setup) for setup, outcome in each])
    elif options.csv:
        for number, (setup, outcome) in enumerate(each):
            front = {name: getattr(setup, name) for name in varied(settings)}
            rows = [front | row for row in records(outcome.snapshot, setup)]
            yield as_csv(rows, header=number == 0).rstrip("\n")
    else:
        yield many_settings(settings, outcomes)


def _film(setup: TrainingSetup, numbers: Snapshot) -> str:
    """The film over epsilon; its first seed is trained again for what pictures need, which no record has."""
    from labelsmooth.figures.export import film_html
    from labelsmooth.figures.films import sweep_film

    first = train_with_bar(replace(setup, seeds=setup.seeds[:1]))[-1]
    snapshot = replace(
        numbers, test=first.test, train=first.train, weights=first.weights, biases=first.biases, grid=first.grid
    )
    shown = classes_shown(setup.dataset, setup.classes)
    start = min(setup.epsilons, key=lambda epsilon: abs(epsilon - SHOWN_FIRST))
    title = f"Label smoothing on {setup.dataset}: drag epsilon"
    return film_html(*sweep_film(setup, snapshot, shown), title, start=f"{start:g}")
