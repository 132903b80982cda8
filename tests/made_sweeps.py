"""Snapshots of sweeps whose numbers are made."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import NEVER, BestTemperature, Snapshot

MakeSnapshot = Callable[..., Snapshot]
EPSILONS = (0.0, 0.1, 0.2, 0.3)
SEEDS = 4


def paired(*means: float, spread: float = 0.0, seeds: int = SEEDS) -> np.ndarray:
    """Values (S, E) with these means: seeds shift all epsilons alike, and each on its own by about `spread`."""
    together = np.linspace(-0.01, 0.01, seeds)[:, None]
    own = spread * np.cos(np.arange(seeds * len(means)) ** 2).reshape(seeds, -1)
    return np.array(means) + together + own - own.mean(axis=0)


def trained(make: MakeSnapshot, epsilons: tuple[float, ...] = EPSILONS, scaled: Any = 0.5, **numbers: Any) -> Any:
    """A finished snapshot and its setup; `scaled` is every measure after temperature scaling, None for unfinished."""
    seeds = next((len(values) for values in numbers.values() if isinstance(values, np.ndarray)), SEEDS)
    shape = (seeds, len(epsilons))
    best = None
    if scaled is not None:
        after = np.broadcast_to(np.asarray(scaled, float), shape)
        flags = {"at_bound": np.zeros(shape, int), "no_errors": np.zeros(shape, bool)}
        measured = dict.fromkeys(["ece", "nll", "brier", "confidence"], after)
        temperature = np.arange(1.0, 1 + seeds * len(epsilons)).reshape(shape)
        best = BestTemperature(temperature=temperature, **measured, **flags, examples=9)
    snapshot = make(0.5, seeds=seeds, epsilons=len(epsilons), finished=scaled is not None, best=best)
    return replace(snapshot, **numbers), TrainingSetup(epsilons=epsilons, seeds=tuple(range(seeds)), film=False)


def lost(*runs: tuple[int, int], seeds: int = SEEDS, epsilons: int = len(EPSILONS)) -> np.ndarray:
    """The epochs of divergence (S, E): 7 for these runs."""
    diverged = np.full((seeds, epsilons), NEVER)
    for run in runs:
        diverged[run] = 7
    return diverged


DECIDED = paired(0.3, 0.1, 0.2, 0.4)
LOOSE = paired(0.3, 0.29, 0.31, 0.3, spread=0.1)
