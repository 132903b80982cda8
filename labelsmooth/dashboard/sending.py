"""A script ends when all that it shows is on its way.

When the next run begins, Streamlit drops what it has not sent yet of the last one, and whatever was dropped is then
taken off the page: a tick that waits while a page is drawn would cost the page its last elements.
"""

from threading import Event

from streamlit import runtime
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import get_script_run_ctx

from labelsmooth.dashboard.turns import stepping_aside

PATIENCE = 2.0  # seconds; to a browser that is gone nothing is ever sent
AGAIN = 0.002  # seconds between two looks


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
