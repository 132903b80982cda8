"""Fixtures that several test files share."""

import gc
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labelsmooth.snapshots import MEASURES, NEVER, Grid, Part, Snapshot

MakeSnapshot = Callable[..., Snapshot]
MAIN = sys.modules["__main__"]


def pytest_collection_finish() -> None:
    """What the imports made stays to the end, and looking for garbage in it takes longer than many a test."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """A page test leaves its script as `__main__`, which every process that is spawned later would run again."""
    sys.modules["__main__"] = MAIN


@pytest.fixture(scope="session")
def make_snapshot() -> MakeSnapshot:
    """A snapshot of S seeds and E epsilons whose every number is `value` but for the fields given."""

    def make(value: float = 0.0, seeds: int = 3, epsilons: int = 2, **fields: Any) -> Snapshot:
        def full(*shape: int) -> np.ndarray:
            return np.full(shape, value)

        part = Part(full(5, 2), full(epsilons, 5, 3), full(epsilons, 5, 4), np.zeros(5, int), np.zeros(5, int))
        numbers: dict[str, Any] = {name: full(seeds, epsilons) for name in MEASURES}
        numbers |= {"epoch": 1, "finished": False, "diverged": np.full((seeds, epsilons), NEVER)}
        numbers |= {"weights": full(epsilons, 4, 3), "biases": full(epsilons, 3), "test": part, "train": part}
        numbers |= {"grid": Grid(np.arange(2.0), np.arange(2.0), full(epsilons, 4, 3))}
        return Snapshot(**numbers | fields)

    return make
