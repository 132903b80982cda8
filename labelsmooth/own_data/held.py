"""A data set of one's own, and those that somebody in this process holds, by their names.

Legend: N examples, D features, K classes.
"""

import hashlib
import json
import math
import re
import threading
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakSet

import numpy as np


class DataGoneError(ValueError):
    """Nobody in this process holds the data of this name any more."""


@dataclass(frozen=True, eq=False)
class OwnData:
    """Features x (N, D) in float64, nan where a value is missing; labels y (N,) in 0..K-1; names of both.

    `title` is the name of the file, `understood` says how it was read, one sentence each.
    """

    title: str
    x: np.ndarray
    y: np.ndarray
    classes: tuple[str, ...]
    features: tuple[str, ...]
    understood: tuple[str, ...] = ()

    @cached_property
    def name(self) -> str:
        """What a setup and a link call these data: the same for the same values and names, whatever the file is."""
        names = json.dumps([self.classes, self.features])
        digest = hashlib.sha256(names.encode())
        # One bit pattern for each missing value, and one for zero.
        digest.update((np.where(np.isnan(self.x), np.nan, self.x) + 0.0).astype("<f8").tobytes())
        digest.update(self.y.astype("<i8").tobytes())
        return f"own-{digest.hexdigest()[:12]}"

    @property
    def counts(self) -> np.ndarray:
        """Examples (K,) of each class."""
        return np.bincount(self.y, minlength=len(self.classes))

    @property
    def largest_classes(self) -> tuple[int, ...]:
        """The three, or two, with the most examples."""
        return tuple(sorted(np.argsort(-self.counts, kind="stable")[:3].tolist()))

    @property
    def smallest_train_size(self) -> int:
        """Fewest training examples of which a stratified split has one of each class."""
        return max(2 * len(self.classes), math.ceil(len(self.y) / self.counts.min()))

    @property
    def nbytes(self) -> int:
        """Bytes that these data keep alive."""
        return self.x.nbytes + self.y.nbytes


_held: WeakSet[OwnData] = WeakSet()
_lock = threading.Lock()


def is_own(name: str) -> bool:
    """Whether this is a name for data of one's own, held or not."""
    return re.fullmatch("own-[0-9a-f]{12}", name) is not None


def register(own: OwnData) -> str:
    """The name by which these data are found in this process for as long as the caller holds them."""
    with _lock:
        _held.add(own)
    return own.name


def find(name: str) -> OwnData:
    """The data of this name; `DataGoneError` where nobody holds them."""
    with _lock:
        found = next((own for own in list(_held) if own.name == name), None)
    if found is None:
        raise DataGoneError(f"the data {name} are not here: own data are kept only as long as somebody uses them")
    return found
