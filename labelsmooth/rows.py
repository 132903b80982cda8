"""Passes over many rows in chunks that fit the cache, side by side on all cores: no temporary is as large as the data.

Where a result is a sum, its order of adding depends on the numbers of rows and columns alone, never on the cores.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

CHUNK = 1 << 18  # values of a chunk: 2 MB stay in the last cache, and fewer calls wait for the interpreter's lock
CORES = os.cpu_count() or 1

Part = TypeVar("Part")
Result = TypeVar("Result")


def chunks_of(rows: slice, columns: int) -> list[slice]:
    """Consecutive slices of rows with about CHUNK values each; of no rows a single empty one."""
    step = max(1, CHUNK // max(1, columns))
    return [slice(start, min(start + step, rows.stop)) for start in range(rows.start, rows.stop, step)] or [rows]


def side_by_side(function: Callable[[Part], Result], parts: Iterable[Part]) -> list[Result]:
    """What a function that numpy spends its time in makes of each part, in their order.

    The caller works too, and whoever is free takes the next part: a task for each would cost more than many a part,
    since queues and futures hold the interpreter's lock while the others wait for it.
    """
    parts = list(parts)
    helpers = min(CORES, len(parts)) - 1
    if helpers < 1:
        return [function(part) for part in parts]
    turns = iter(range(len(parts)))  # the interpreter's lock gives each number to one thread

    def work() -> dict[int, Result]:
        try:
            return {turn: function(parts[turn]) for turn in turns}
        except BaseException:
            for _ in turns:  # nobody begins another part
                pass
            raise

    with ThreadPoolExecutor(helpers) as pool:
        others = [pool.submit(work) for _ in range(helpers)]
        found = work()
        for other in others:
            found |= other.result()
    return [found[turn] for turn in range(len(parts))]


def shared(values: NDArray[Any], least: int) -> list[NDArray[Any]]:
    """Views of values (N,), one for each core, but for few values fewer: of about `least` at least."""
    return np.array_split(values, min(CORES, 1 + len(values) // least))


def over_rows(function: Callable[[slice], Result], rows: int, columns: int) -> list[Result]:
    """What a function makes of each chunk of rows, in their order; it may write to those rows of an array."""
    return side_by_side(function, chunks_of(slice(0, rows), columns))
