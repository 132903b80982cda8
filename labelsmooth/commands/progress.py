"""A bar for what takes long, on standard error and only where somebody watches it."""

import sys
from typing import Any

from tqdm import tqdm


def bar(total: int, unit: str, what: str = "") -> "tqdm[Any]":
    """A bar that counts up to `total`; silent where standard error is no terminal."""
    return tqdm(
        total=total,
        unit=unit,
        desc=what or None,
        disable=not sys.stderr.isatty(),
        file=sys.stderr,
        leave=False,
        mininterval=0,  # updates are few, and none should be left out
        bar_format="{desc:<24.24} {percentage:3.0f} % |{bar:30}| {n_fmt} of {total_fmt} {unit} [{remaining} left]",
    )
