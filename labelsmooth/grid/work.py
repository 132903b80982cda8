"""One group trained, as numbers that fit a line of JSON; and the results of a setting's groups as one outcome.

Legend: S seeds, E epsilons.
"""

import ctypes
import math
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from labelsmooth.calibration import FloatArray
from labelsmooth.grid.plan import Group, versions
from labelsmooth.own_data.held import OwnData, register
from labelsmooth.snapshots import MEASURES, BestTemperature, Part, Snapshot, merge
from labelsmooth.sweep import chance
from labelsmooth.training import train

Result = dict[str, Any]
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
KEPT, LARGEST_MMAP_THRESHOLD = 256 * 2**20, 32 * 2**20  # bytes; the second is the most that glibc takes
KINDS: Mapping[str, type] = {"diverged": int, "at_bound": int, "no_errors": bool}  # all else is float, and null is nan


@dataclass(frozen=True, eq=False)
class Outcome:
    """All seeds of a setting at their last epoch, without what pictures need, and the first seed's chance (3, E)."""

    snapshot: Snapshot
    chance: FloatArray


def train_group(group: Group, expected: Mapping[str, str], own: OwnData | None = None) -> Result:
    """Train a group to the end on one thread, on data of one's own if they are given.

    ValueError where the libraries here are not those `expected`.
    """
    if own is not None:
        register(own)  # by their name in the setup, until this returns
    if (here := versions()) != expected:
        raise ValueError(f"workers must have {_told(expected)}, for the same results; one has {_told(here)}")
    _keep_freed_memory()
    with threadpool_limits(1):
        *_, last = train(group.setup)
        assert last.best is not None
        by_chance = lists(chance(last, group.setup)) if group.first else None
    return {
        "key": group.key,
        "epoch": last.epoch,
        "validation_examples": last.best.examples,
        "measures": {name: lists(getattr(last, name)) for name in (*MEASURES, "diverged")},
        "best": {name: lists(values) for name, values in last.best.arrays.items()},
        "chance": by_chance,
    }


def _keep_freed_memory() -> None:
    """Undo a setting with which Dask starts its workers: glibc would ask the kernel for every tensor anew.

    That doubled the time of a training.
    """
    if "MALLOC_TRIM_THRESHOLD_" in os.environ and sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc has it, other C libraries may not
        if mallopt is not None:
            mallopt(M_TRIM_THRESHOLD, KEPT)
            mallopt(M_MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD)


def outcome_of(results: Sequence[Result]) -> Outcome:
    """One setting from the results of its groups, in order."""
    # A group whose runs have all diverged ends early, and keeps its numbers.
    epoch = max(result["epoch"] for result in results)
    merged = merge([replace(_snapshot(result), epoch=epoch) for result in results])
    return Outcome(merged, np.array(results[0]["chance"], float))


def _told(libraries: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in libraries.items())


def _snapshot(result: Result) -> Snapshot:
    """The numbers of a group at its last epoch."""
    nothing = np.empty(0)
    part = Part(nothing, nothing, nothing, nothing, nothing)
    measures: dict[str, Any] = {name: _array(name, values) for name, values in result["measures"].items()}
    best: dict[str, Any] = {name: _array(name, values) for name, values in result["best"].items()}
    return Snapshot(
        epoch=result["epoch"],
        finished=True,
        test=part,
        train=part,
        weights=nothing,
        biases=nothing,
        best=BestTemperature(**best, examples=result["validation_examples"]),
        **measures,
    )


def lists(values: np.ndarray) -> list[list[float | None]]:
    """Values (S, E) for JSON, which has no NaN: what a run that diverged does not have is null."""
    return [[value if math.isfinite(value) else None for value in row] for row in values.tolist()]


def _array(name: str, values: list[list[float | None]]) -> np.ndarray:
    """A table from JSON, with the numbers and the kind that it had."""
    return np.array(values, KINDS.get(name, float))
