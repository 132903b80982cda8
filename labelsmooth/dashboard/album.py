"""Something made of every snapshot of a run: made once, in order, for all viewers and all ticks of their pages."""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from labelsmooth.snapshots import Snapshot

Page = TypeVar("Page")


class Album(Generic[Page]):
    """Grows with its run, in whichever thread asks first; `make` gets a snapshot and the page before it, if any."""

    def __init__(self, make: Callable[[Snapshot, Page | None], Page]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._pages: list[Page] = []

    def pages(self, snapshots: Sequence[Snapshot]) -> list[Page]:
        """The pages of these snapshots, the first ones of the run."""
        with self._lock:
            for snapshot in snapshots[len(self._pages) :]:
                self._pages.append(self._make(snapshot, self._pages[-1] if self._pages else None))
            return self._pages[: len(snapshots)]
