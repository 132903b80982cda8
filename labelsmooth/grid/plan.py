"""What a sweep trains: settings, cut into groups of runs that can be trained anywhere and in any order."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from importlib.metadata import version
from itertools import product
from typing import Any

from labelsmooth.setups import TrainingSetup

FORMAT = 1  # of a group's result: one of another format is of another plan
LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn")


@dataclass(frozen=True)
class Group:
    """Whole seeds of one setting; `first` where its first seed is the setting's first, whose chance is measured."""

    setup: TrainingSetup
    first: bool

    @cached_property
    def key(self) -> str:
        """Names the group in a record: equal for equal groups only."""
        return _digest({"format": FORMAT, "setup": asdict(self.setup), "first": self.first})


@dataclass(frozen=True)
class Plan:
    """All settings of a sweep; they differ in what is varied, and share epsilons, seeds and everything else."""

    settings: tuple[TrainingSetup, ...]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Setting by setting, in the order of the seeds."""
        return tuple(group for setup in self.settings for group in groups_of(setup))

    @cached_property
    def key(self) -> str:
        """Names the plan in a record: equal for equal groups in equal order only."""
        return _digest([group.key for group in self.groups])


def groups_of(setup: TrainingSetup) -> Iterator[Group]:
    """The groups of one setting."""
    for part in setup.groups():
        yield Group(part, first=part.seeds[0] == setup.seeds[0])


def settings_of(make: Callable[..., TrainingSetup], choices: Mapping[str, Sequence[Any]]) -> tuple[TrainingSetup, ...]:
    """What `make` gives for every combination of the choices, each once.

    ValueError where there cannot be one, with the name of the data set where there are several.
    """
    several = len(choices.get("dataset", ())) > 1
    settings = list[TrainingSetup]()
    for values in product(*choices.values()):
        chosen = dict(zip(choices, values, strict=True))
        try:
            settings.append(make(**chosen))
        except ValueError as problem:
            raise ValueError(f"{chosen['dataset']}: {problem}" if several else str(problem)) from problem
    return tuple(dict.fromkeys(settings))


@cache  # reading them takes longer than a small training
def versions() -> dict[str, str]:
    """The libraries whose rounding and random numbers are in every result."""
    return {name: version(name) for name in LIBRARIES}


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
