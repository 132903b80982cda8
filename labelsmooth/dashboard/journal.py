"""What happens to runs: counted, and one line of JSON each on standard error. Nothing in it tells who or whose data."""

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue
from typing import Any, Literal, get_args

from labelsmooth.dashboard.life import at_end
from labelsmooth.own_data.held import is_own
from labelsmooth.setups import TrainingSetup

Event = Literal["started", "joined", "finished", "failed", "stopped", "abandoned", "refused"]
EVENTS: tuple[Event, ...] = get_args(Event)


class Journal:
    """Counts what happens to runs, in any thread; with a `log` it also writes a line of each."""

    def __init__(self, log: logging.Logger | None = None) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(EVENTS, 0)

    @property
    def counts(self) -> dict[Event, int]:
        """How often each has happened."""
        with self._lock:
            return self._counts.copy()

    def note(self, event: Event, setup: TrainingSetup, *, seconds: float, queue: int) -> None:
        """Something has happened to the run of a setup, `seconds` of one core after its start, `queue` others wait."""
        with self._lock:
            self._counts[event] += 1
        if self._log is not None:
            self._log.info(event, extra={"run": about(setup) | {"seconds": round(seconds, 3), "queue": queue}})


def about(setup: TrainingSetup) -> dict[str, Any]:
    """What a line says of a setup."""
    return {
        "run": sha256(repr(setup).encode()).hexdigest()[:12],
        "dataset": "own" if is_own(setup.dataset) else setup.dataset,
        "networks": setup.runs,
        "epochs": setup.epochs,
    }


class Lines(logging.Formatter):
    """A record as one line of JSON; a traceback is a text in it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line without its end."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry: dict[str, Any] = {"time": time}
        if hasattr(record, "run"):
            entry |= {"event": record.getMessage(), **record.run}
        else:
            entry |= {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry)


class _ToStandardError(logging.Handler):
    """Writes each record as it is to the standard error of the process, whoever stands in for it in Python."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if sys.__stderr__ is not None:
                # In one piece: other threads write there too.
                sys.__stderr__.write(f"{record.getMessage()}\n")
                sys.__stderr__.flush()
        except Exception:
            self.handleError(record)


@cache
def _writer() -> QueueListener:
    """A thread that writes all that this package logs as lines of JSON: whoever logs never waits for a slow reader."""
    handler = QueueHandler(SimpleQueue())
    handler.setFormatter(Lines())
    logging.getLogger("labelsmooth").addHandler(handler)
    listener = QueueListener(handler.queue, _ToStandardError())
    listener.start()
    at_end(listener.stop)  # which writes what is still waiting
    return listener


def runs_log() -> logging.Logger:
    """The log of runs, which this process writes from now on, like all that this package logs, as lines of JSON."""
    _writer()
    log = logging.getLogger("labelsmooth.runs")
    log.setLevel(logging.INFO)
    return log
