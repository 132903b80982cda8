"""Malformed files of predictions: what the library, the commands and the page refuse with one clear line."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import hostile_arrays
import hostile_text
import numpy as np
from hostile_kinds import Made
from hypothesis import strategies as st
from prediction_files import File


@dataclass(frozen=True)
class Hostile:
    """Malformed files, the kind of what is wrong, and what the refusal must contain."""

    kind: str
    files: tuple[File, ...]
    says: tuple[str, ...]


# Public functions of the two modules that give `Made` are kinds, named like them; `MORE` holds those made in a loop.
KINDS: dict[str, Callable[[np.random.Generator], Made]] = {
    **{
        name.replace("_", " "): maker
        for module in (hostile_text, hostile_arrays)
        for name, maker in vars(module).items()
        if not name.startswith("_") and getattr(maker, "__annotations__", {}).get("return") == Made
    },
    **hostile_text.MORE,
    **hostile_arrays.MORE,
}


def hostile(kind: str, seed: int) -> Hostile:
    """The malformed files of a kind that belong to a seed."""
    return Hostile(kind, *KINDS[kind](np.random.default_rng([zlib.crc32(kind.encode()), seed])))


def hostile_files() -> st.SearchStrategy[Hostile]:
    """Malformed files of any kind."""
    return st.builds(hostile, st.sampled_from(sorted(KINDS)), st.integers(0, 2**32 - 1))


def corpus(of_each: int) -> list[Hostile]:
    """The first malformed files of every kind, no two the same; always the same list."""
    return list(dict.fromkeys(hostile(kind, seed) for kind in KINDS for seed in range(of_each)))


CORPUS = corpus(3)
