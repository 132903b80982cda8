"""Valid predictions for `hostile_text` and `hostile_arrays` to break; `hostile` is what tests import."""

import numpy as np
from prediction_files import File, Sample, rows_of, sample

from labelsmooth.predictions.given import SCALES, Scale

# The files, and what the refusal must contain.
Made = tuple[tuple[File, ...], tuple[str, ...]]


def some(generator: np.random.Generator, scale: Scale | None = None) -> Sample:
    """Valid predictions to break."""
    return sample(generator, scale or SCALES[generator.integers(3)], int(generator.integers(6, 12)), 3)


def table(generator: np.random.Generator, scale: Scale | None = None, **how: bool) -> list[list[str]]:
    """Valid cells to break."""
    return rows_of(some(generator, scale), **how)


def cut(generator: np.random.Generator, content: bytes) -> bytes:
    """The start of a file."""
    return content[: int(generator.integers(8, len(content) - 1))]
