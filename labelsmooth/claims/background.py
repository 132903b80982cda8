"""Testing a claim while nobody waits: one at a time for a whole server, shared by all who look."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from labelsmooth.claims.record import Entry
from labelsmooth.claims.running import Progress, retest
from labelsmooth.workers import started

SEEDS = tuple(range(100, 110))  # none of a record's, so that it is another sample

_log = logging.getLogger(__name__)


@dataclass
class Job:
    """One test of a claim: how far it is, and its entry or what went wrong once it has ended."""

    name: str
    done: int = 0
    total: int = len(SEEDS)
    entry: Entry | None = None
    error: str | None = None  # one sentence for a person

    @property
    def ended(self) -> bool:
        """Whether nothing will come any more."""
        return self.entry is not None or self.error is not None


class _StoppedError(Exception):
    """The server closes."""


class Background:
    """At most one test at a time, in one thread of its own; the last one of each claim is remembered."""

    def __init__(self, test: Callable[[str, tuple[int, ...], int, Progress], Entry] = retest) -> None:
        self._test = test
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def job(self, name: str) -> Job | None:
        """The test of this claim that is running or, else, ended last."""
        return self._jobs.get(name)

    @property
    def running(self) -> Job | None:
        """The test that has not ended."""
        return next((job for job in list(self._jobs.values()) if not job.ended), None)

    def start(self, name: str) -> bool:
        """Test this claim, anew if it was tested before; False if another one is being tested, or this one already."""
        with self._lock:
            if self._closed or self.running is not None:
                return False
            job = Job(name)
            self._thread = started(partial(self._run, job), f"claim {name}")
            self._jobs[name] = job
            return True

    def close(self) -> None:
        """End after the seed that is being measured, and wait for that."""
        with self._lock:
            self._closed = True
        if self._thread is not None:
            self._thread.join()

    def _run(self, job: Job) -> None:
        def progress(_name: str, done: int, total: int) -> None:
            if self._closed:
                raise _StoppedError
            job.done, job.total = done, total

        try:
            job.entry = self._test(job.name, SEEDS, 1, progress)
        except _StoppedError:
            job.error = "The server was closed."
        except Exception as problem:
            _log.exception("testing a claim failed: %s", job.name)
            job.error = f"The test ended with an error ({type(problem).__name__}). Details are in the server's log."
