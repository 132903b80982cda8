"""What is trained: every choice that changes a number, validated, hashable, and free of torch."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, get_args

from labelsmooth.conventions import Convention
from labelsmooth.datasets import DATASETS, dataset_of, largest_train_size, smallest_train_size
from labelsmooth.own_data.held import is_own

CONVENTIONS = get_args(Convention)
ACTIVATIONS = ("relu", "tanh")
OPTIMIZERS = ("adam", "sgd")

# name: (smallest, largest) of every numeric choice that does not depend on the data set
RANGES: dict[str, tuple[float, float]] = {
    "label_noise": (0.0, 0.8),
    "epsilon": (-0.5, 1.0),
    "width": (2, 512),
    "layers": (1, 4),
    "epochs": (1, 1000),
    "batch_size": (4, 1024),
    "learning_rate": (1e-5, 1e4),
    "weight_decay": (0.0, 1.0),
    "seed": (0, 2**31 - 1),
    "runs": (1, 2000),
}

ANY_CLASSES = (2, 10)  # of data sets that ignore `classes`
RUNS_A_GROUP = 25  # at most, unless a seed has more: about as many networks as fit the cache of a core
RUNS_FOR_TWO = 20  # from here on two groups, one a core: half of fewer would mostly wait for Python


@dataclass(frozen=True)
class TrainingSetup:
    """One experiment: R = seeds x epsilons networks on one data set; the first seed is the one displayed.

    Formula: R = S * E, the numbers of seeds and of epsilons. Seeds differ in split, noise, first weights and order
    of batches; the epsilons of one seed share all of these, so that comparing them is paired.

    Attributes:
        dataset: a name in `labelsmooth.datasets.DATASETS`, or the name that `register` gave data of one's own, which
            must be held until the training has begun.
        classes: K where the data set leaves a choice, its `choose_classes`; the others have theirs.
        train_size: number of training examples, from 2 a class (in data of one's own: as many as give the rarest class
            one) to 60 % of the data set.
        label_noise: share of training labels drawn anew over all K classes, in [0, 0.8].
        noisy_validation: whether validation labels get that noise too.
        epsilons: smoothings, shape (E,), all different, in [-0.5, 1].
        convention: "uniform" or "others".
        seeds: shape (S,), all different, in 0..2^31 - 1; S * E at most 2000.
        hidden: units of each hidden layer: 1 to 4 layers of 2 to 512.
        activation: "relu" or "tanh".
        epochs: passes over the training part, 1 to 1000.
        batch_size: examples a step, 4 to 1024.
        learning_rate: step size, in [1e-5, 1e4].
        weight_decay: how much of the parameters is added to their gradient, in [0, 1].
        optimizer: "adam", or "sgd" with momentum 0.9.
        film: whether every epoch of a film is kept; otherwise a few snapshots, of which a dashboard's run holds
            the newest. No number of an epoch depends on it.

    Raises:
        ValueError: a field out of its range or of the wrong type.

    Example:
        >>> TrainingSetup("iris", train_size=60, epsilons=(0.0, 0.1, 0.2), seeds=(0, 1)).runs
        6

    Source: Kingma, Ba 2015, arXiv 1412.6980, algorithm 1 (Adam); data from scikit-learn, the spirals are ours.
    """

    dataset: str = "digits"
    classes: int = 3  # where the data set leaves a choice
    train_size: int = 1000
    label_noise: float = 0.4
    noisy_validation: bool = False
    epsilons: tuple[float, ...] = (0.0, 0.1)
    convention: Convention = "uniform"
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    hidden: tuple[int, ...] = (64, 64)
    activation: str = "relu"
    epochs: int = 100
    batch_size: int = 64
    learning_rate: float = 5e-3
    weight_decay: float = 0.0
    optimizer: str = "adam"
    film: bool = True

    def __post_init__(self) -> None:
        if not (isinstance(self.dataset, str) and is_own(self.dataset)):
            _check_member("dataset", self.dataset, DATASETS)
        _check_member("convention", self.convention, CONVENTIONS)
        _check_member("activation", self.activation, ACTIVATIONS)
        _check_member("optimizer", self.optimizer, OPTIMIZERS)
        kinds = {"hidden": tuple, "epsilons": tuple, "seeds": tuple, "noisy_validation": bool, "film": bool}
        for name, kind in kinds.items():
            if not isinstance(getattr(self, name), kind):
                raise ValueError(f"{name} must be a {kind.__name__}; got {getattr(self, name)!r}")
        _check_between("classes", self.classes, *(dataset_of(self.dataset).choose_classes or ANY_CLASSES), whole=True)
        smallest = smallest_train_size(self.dataset, self.classes)
        _check_between("train_size", self.train_size, smallest, largest_train_size(self.dataset), whole=True)
        for name in ("label_noise", "learning_rate", "weight_decay"):
            _check_between(name, getattr(self, name), *RANGES[name])
        for name in ("epochs", "batch_size"):
            _check_between(name, getattr(self, name), *RANGES[name], whole=True)
        _check_between("layers", len(self.hidden), *RANGES["layers"], whole=True)
        for width in self.hidden:
            _check_between("width", width, *RANGES["width"], whole=True)
        for epsilon in self.epsilons:
            _check_between("epsilon", epsilon, *RANGES["epsilon"])
        for seed in self.seeds:
            _check_between("seed", seed, *RANGES["seed"], whole=True)
        _check_between("runs", self.runs, *RANGES["runs"], whole=True)
        for name in ("seeds", "epsilons"):
            if len(set(getattr(self, name))) != len(getattr(self, name)):
                raise ValueError(f"{name} must all differ; got {getattr(self, name)}")

    @property
    def runs(self) -> int:
        """How many networks are trained."""
        return len(self.seeds) * len(self.epsilons)

    def groups(self) -> Iterator["TrainingSetup"]:
        """The same experiment in equal parts: whole seeds, at most RUNS_A_GROUP networks each, in order."""
        most = max(1, RUNS_A_GROUP // len(self.epsilons))
        parts = math.ceil(len(self.seeds) / most)
        if self.runs >= RUNS_FOR_TWO:
            parts = max(parts, min(2, len(self.seeds)))
        size = math.ceil(len(self.seeds) / parts)
        for start in range(0, len(self.seeds), size):
            yield replace(self, seeds=self.seeds[start : start + size])


def _check_member(name: str, value: Any, allowed: Collection[str]) -> None:
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")


def _check_between(name: str, value: Any, low: float, high: float, *, whole: bool = False) -> None:
    kind = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
        number = "a whole number" if whole else "a number"
        raise ValueError(f"{name} must be {number} between {low:.10g} and {high:.10g}; got {value!r}")
