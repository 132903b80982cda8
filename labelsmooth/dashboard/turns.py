"""Scripts take turns: a few run at once, the others wait in the order in which they came.

Streamlit starts a thread for each visitor's script, and all of them share one interpreter. A hundred that run at once
take turns of microseconds, all of them are late, their next ticks find them unfinished, Streamlit begins them anew, and
nobody is served. A few at a time each end soon, and whoever waits loses nothing by it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Semaphore, local

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

TURNS = 2  # they share one interpreter: more are slower for all, and beside a single slow one nobody would be served
_turns = Semaphore(TURNS)
_mine = local()
_run = ScriptRunner._run_script


def take_turns() -> None:
    """Let scripts of pages and of their fragments run a few at a time from now on."""
    ScriptRunner._run_script = _in_turn  # type: ignore[method-assign, assignment]


@contextmanager
def stepping_aside() -> Iterator[None]:
    """Let others have the turn of this script while it only waits."""
    if not getattr(_mine, "turn", False):
        yield
        return
    _turns.release()
    try:
        yield
    finally:
        _turns.acquire()


def _in_turn(runner: ScriptRunner, data: RerunData) -> None:
    with _turns:
        _mine.turn = True
        try:
            _run(runner, data)
        finally:
            _mine.turn = False
