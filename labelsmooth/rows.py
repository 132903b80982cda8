"""Passes over many rows in chunks that fit the cache, side by side on all cores: no temporary is as large as the data.

Where a result is a sum, its order of adding depends on the numbers of rows and columns alone, never on the cores.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

CHUNK = 1 << 16  # values of a chunk: half a megabyte, so that it stays in the second cache with a few copies of it

Part = TypeVar("Part")
Result = TypeVar("Result")


def chunks_of(rows: slice, columns: int) -> list[slice]:
    """Consecutive slices of rows with about CHUNK values each; of no rows a single empty one."""
    step = max(1, CHUNK // max(1, columns))
    return [slice(start, min(start + step, rows.stop)) for start in range(rows.start, rows.stop, step)] or [rows]


def side_by_side(function: Callable[[Part], Result], parts: Iterable[Part]) -> list[Result]:
    """What a function that numpy spends its time in makes of each part, in their order."""
    parts = list(parts)
    if len(parts) == 1:
        return [function(parts[0])]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, parts))


def over_rows(function: Callable[[slice], Result], rows: int, columns: int) -> list[Result]:
    """What a function makes of each chunk of rows, in their order; it may write to those rows of an array."""
    return side_by_side(function, chunks_of(slice(0, rows), columns))
