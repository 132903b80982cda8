"""The threads that train: behind all others of the process, whose work a visitor waits for."""

import os
import sys
from collections.abc import Callable
from threading import Thread

# More is worse on a machine with other things to do: who waits for its turn may hold the interpreter meanwhile.
BEHIND = 10  # ranks


def started(work: Callable[[], None], number: int) -> list[Thread]:
    """So many threads that do this work."""
    threads = [Thread(target=_behind, args=(work,), name=f"training-{n}", daemon=True) for n in range(number)]
    for thread in threads:
        thread.start()
    return threads


def _behind(work: Callable[[], None]) -> None:
    # Elsewhere a rank is that of the whole process.
    if sys.platform == "linux":
        os.nice(BEHIND)
    work()
