"""The threads that train while others of the process serve pages: behind those, whose work a visitor waits for."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

# More is worse on a machine with other things to do: who waits for its turn may hold the interpreter, or a lock that
# a page needs.
BEHIND = 10  # ranks


def started(work: Callable[[], None], name: str) -> Thread:
    """A thread that does this work."""
    thread = Thread(target=_behind, args=(work,), name=name, daemon=True)
    thread.start()
    return thread


def _behind(work: Callable[[], None]) -> None:
    # Elsewhere a rank is that of the whole process, and some systems forbid another one: training goes on all the same.
    if sys.platform == "linux":
        with suppress(OSError):
            os.nice(BEHIND)
    work()
