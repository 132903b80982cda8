"""The options that describe a training setup, the same for every command."""

import argparse
from dataclasses import fields
from typing import Any

from labelsmooth.datasets import DATASETS
from labelsmooth.setups import ACTIVATIONS, CONVENTIONS, OPTIMIZERS, TrainingSetup


def add_setup_options(command: argparse.ArgumentParser, **changed: Any) -> None:
    """An option for every choice of a setup; `changed` are defaults other than those of `TrainingSetup`."""
    default = vars(TrainingSetup()) | changed
    for name, choices in {
        "dataset": DATASETS,
        "convention": CONVENTIONS,
        "activation": ACTIVATIONS,
        "optimizer": OPTIMIZERS,
    }.items():
        command.add_argument(f"--{name}", choices=list(choices), default=default[name])
    for name in ("classes", "train-size", "epochs", "batch-size"):
        command.add_argument(f"--{name}", type=int, default=default[name.replace("-", "_")])
    for name in ("label-noise", "learning-rate", "weight-decay"):
        command.add_argument(f"--{name}", type=float, default=default[name.replace("-", "_")])
    command.add_argument("--noisy-validation", action="store_true", help="label noise on validation data too")
    for name, kind in (("epsilons", float), ("hidden", int)):
        command.add_argument(f"--{name}", type=kind, nargs="+", default=default[name])
    command.add_argument("--seed", type=int, default=0, help="the first seed")
    command.add_argument("--seeds", type=int, default=len(default["seeds"]), help="how many seeds")


def setup_of(options: argparse.Namespace, **changed: Any) -> TrainingSetup:
    """The setup that the options describe, with some fields changed; ValueError where it cannot be."""
    names = {field.name for field in fields(TrainingSetup)} & vars(options).keys()
    chosen = {name: getattr(options, name) for name in names}
    chosen |= {name: tuple(getattr(options, name)) for name in ("epsilons", "hidden")}
    chosen["seeds"] = tuple(range(options.seed, options.seed + options.seeds))
    return TrainingSetup(**chosen | changed)
