"""When messages go: the first picture ahead of the page around it, and all of them before a script ends.

A browser draws what has come all at once: with the first picture comes a sidebar of twenty widgets, and the picture is
on screen when they are. So where a visit begins with both the picture gets a head start.

When the next run begins, Streamlit drops what it has not sent yet of the last one, and whatever was dropped is then
taken off the page: a tick that waits while a page is drawn would cost the page its last elements.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, local

from streamlit import runtime
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import get_script_run_ctx

from labelsmooth.dashboard.turns import stepping_aside

PATIENCE = 2.0  # seconds; to a browser that is gone nothing is ever sent
AGAIN = 0.002  # seconds between two looks
HEAD_START = 0.4  # seconds that a browser on a slow machine needs for a picture

_mine = local()  # a script is a thread


@contextmanager
def head_start(*, wanted: bool) -> Iterator[None]:
    """Give the first picture that is shown in here a head start, if it is `wanted` and there is a browser."""
    _mine.wanted = wanted and _session() is not None
    try:
        yield
    finally:
        _mine.wanted = False


def let_it_appear() -> None:
    """Behind a picture: where it has a head start, send nothing more for a while."""
    if getattr(_mine, "wanted", False):
        _mine.wanted = False
        with stepping_aside():
            time.sleep(HEAD_START)


def wait_until_sent() -> None:
    """Wait until nothing of this session waits to be sent."""
    session, sent = _session(), Event()
    if session is None:
        return

    def look() -> None:
        if session._browser_queue.is_empty():
            sent.set()
        else:
            session._event_loop.call_later(AGAIN, look)

    # Behind the messages of the script itself, which the loop has not taken yet.
    session._call_soon_on_event_loop(look)
    with stepping_aside():
        sent.wait(PATIENCE)


def _session() -> AppSession | None:
    """The session whose script this is; None in a test without a server."""
    context = get_script_run_ctx()
    sessions = getattr(runtime.get_instance(), "_session_mgr", None) if runtime.exists() else None
    if context is None or sessions is None:
        return None
    known = sessions.get_session_info(context.session_id)
    return None if known is None else known.session
