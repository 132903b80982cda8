"""What a server is doing at one moment, in numbers; nothing in them tells who visits it."""

import json
import os
import threading
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from labelsmooth.dashboard.journal import Event, Journal
from labelsmooth.dashboard.schedule import Standing
from labelsmooth.hosting import Hosting

_STATM = Path("/proc/self/statm")


@dataclass(frozen=True)
class Vitals:
    """Seconds since the start, visitors who are connected, runs, bytes, threads, and what has happened to runs so far.

    `memory_bytes` are those of the whole process in RAM, None where the system does not tell.
    """

    uptime_seconds: int
    visitors: int
    runs: Standing
    events: dict[Event, int]
    uploads_bytes: int
    uploads_most_bytes: int
    memory_bytes: int | None
    threads: int
    settings: Hosting

    def to_json(self) -> str:
        """All of it as text."""
        return json.dumps(asdict(self), indent=1)

    def rows(self) -> dict[str, str]:
        """All that is no event and no setting, by its name, in words."""
        runs = self.runs
        memory = "unknown" if self.memory_bytes is None else f"{_mb(self.memory_bytes)} MB"
        return {
            "Up for": str(timedelta(seconds=self.uptime_seconds)),
            "Looking at a run": str(runs.viewers),
            "Finished runs kept": f"{runs.kept}, {_mb(runs.kept_bytes)} of {_mb(runs.most_bytes)} MB",
            "Uploads": f"{_mb(self.uploads_bytes)} of {_mb(self.uploads_most_bytes)} MB",
            "Memory of the process": memory,
            "Threads": f"{self.threads}, of which {self.settings.trainers} train",
            "Training allowed": f"{self.settings.training_seconds} s of one core a request",
        }


class Presence:
    """How many visitors are connected, counted in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def change(self, by: int) -> None:
        """More of them, or less."""
        with self._lock:
            self.count += by


def vitals(
    began: float, visitors: int, runs: Standing, journal: Journal, uploads: tuple[int, int], settings: Hosting
) -> Vitals:
    """The numbers of now; `began` is the monotonic time of the start, `uploads` are bytes in use and at most."""
    return Vitals(
        uptime_seconds=int(time.monotonic() - began),
        visitors=visitors,
        runs=runs,
        events=journal.counts,
        uploads_bytes=uploads[0],
        uploads_most_bytes=uploads[1],
        memory_bytes=_memory(),
        threads=threading.active_count(),
        settings=settings,
    )


def _memory() -> int | None:
    """Bytes of this process in RAM, where Linux tells them."""
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if _STATM.exists() else None


def _mb(nbytes: int) -> str:
    return f"{nbytes / 2**20:.0f}"
