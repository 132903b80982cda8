"""The options that describe a training setup, the same for every command."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from labelsmooth.commands.files import read_file
from labelsmooth.datasets import DATASETS, largest_train_size
from labelsmooth.own_data.held import OwnData, register
from labelsmooth.own_data.preparing import Missing, prepare
from labelsmooth.predictions.words import quoted
from labelsmooth.setups import ACTIVATIONS, CONVENTIONS, OPTIMIZERS, TrainingSetup

_WHOLE = ("classes", "train_size", "epochs", "batch_size")
_REAL = ("label_noise", "learning_rate", "weight_decay")


def add_setup_options(command: argparse.ArgumentParser, **changed: Any) -> None:
    """An option for every choice of a setup; `changed` are defaults other than those of `TrainingSetup`.

    Where a default is a tuple the option takes one value or more.
    """
    default = vars(TrainingSetup()) | changed
    _add_data_options(command, default["dataset"])
    for name, choices in {"convention": CONVENTIONS, "activation": ACTIVATIONS, "optimizer": OPTIMIZERS}.items():
        command.add_argument(f"--{name}", choices=list(choices), default=default[name])
    kinds = dict.fromkeys(_WHOLE, int) | dict.fromkeys(_REAL, float) | {"epsilons": float, "hidden": int}
    for name, kind in kinds.items():
        usual = default[name]
        many = "+" if isinstance(usual, tuple) else None
        command.add_argument(f"--{name.replace('_', '-')}", type=kind, nargs=many, default=usual)
    command.add_argument("--noisy-validation", action="store_true", help="label noise on validation data too")
    command.add_argument("--seed", type=int, default=0, help="the first seed")
    command.add_argument("--seeds", type=int, default=len(default["seeds"]), help="how many seeds")
    command.set_defaults(usual={name: default[name] for name in ("dataset", "label_noise", "train_size")})


def _add_data_options(command: argparse.ArgumentParser, usual: str | tuple[str, ...]) -> None:
    source = command.add_mutually_exclusive_group()
    many = "+" if isinstance(usual, tuple) else None
    source.add_argument("--dataset", choices=list(DATASETS), nargs=many, default=usual)
    source.add_argument("--data", type=Path, metavar="FILE", help="data of your own: a table as CSV, TSV or Parquet")
    command.add_argument("--label", metavar="COLUMN", help="the column of your data with the classes")
    command.add_argument(
        "--missing",
        choices=get_args(Missing),
        default="refuse",
        help="what to do where a value of your data is missing; imputing takes the mean of the training part",
    )
    command.add_argument("--columns", nargs="+", metavar="COLUMN", help="what to learn from; else all but the label")
    command.add_argument("--without", nargs="+", metavar="COLUMN", default=[], help="columns of your data to leave out")
    command.set_defaults(own_data=None)


def setup_of(options: argparse.Namespace, **changed: Any) -> TrainingSetup:
    """The setup that the options describe, with some fields changed; ValueError where it cannot be."""
    take_data(options)
    names = {field.name for field in fields(TrainingSetup)} & vars(options).keys()
    chosen = {name: getattr(options, name) for name in names}
    chosen |= {name: tuple(getattr(options, name)) for name in ("epsilons", "hidden")}
    chosen["seeds"] = tuple(range(options.seed, options.seed + options.seeds))
    return TrainingSetup(**chosen | changed)


def take_data(options: argparse.Namespace) -> None:
    """Read data of one's own, where the options name a file; what is not given follows from them.

    They are held by `options.own_data`, and so until the command ends.
    """
    if options.data is None:
        for name in ("label", "columns", "without"):
            if getattr(options, name):
                raise ValueError(f"--{name} is of --data, which is not given")
    if options.data is None or options.own_data is not None:
        return
    options.own_data = _own_data(options)
    name = register(options.own_data)
    instead = {
        "dataset": name,
        "label_noise": 0.0,
        "train_size": min(TrainingSetup.train_size, largest_train_size(name)),
    }
    for choice, value in instead.items():
        usual = options.usual[choice]
        # An option that is not given has its default, the same object.
        if getattr(options, choice) is usual:
            setattr(options, choice, (value,) if isinstance(usual, tuple) else value)


def _own_data(options: argparse.Namespace) -> OwnData:
    """The data set in the file of the options."""
    if options.label is None:
        raise ValueError("--data needs --label, the column with the classes")
    table = read_file(options.data)
    unknown = [name for name in options.without if name not in (*table.columns, *table.unusable)]
    if unknown:
        raise ValueError(f"{options.data.name}: there is no column {quoted(unknown[0])} to leave out")
    wanted = table.names if options.columns is None else options.columns
    left = [name for name in wanted if name not in (options.label, *options.without)]
    # None lets `prepare` leave out what numbers the rows.
    return prepare(table, options.label, options.missing, left if options.columns or options.without else None)
