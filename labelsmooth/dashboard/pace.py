"""How often pages tick: the more of them watch trainings, the less often each, so that trainings have the server.

A tick that is late finds the next one waiting. Streamlit then drops what has not been sent yet, the browser asks for it
again, and a server with many viewers would be busy with that alone.
"""

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

from labelsmooth.dashboard.server import registry

FASTEST, SLOWEST = 0.5, 16.0  # seconds between two ticks of a page
APART = 0.2  # seconds between any two ticks of the server, of which one takes 0.01 to 0.03
CHANGE = 1.5  # times faster or slower: less is not worth a message
_TOLD = "beats"  # in the session: what the browser was told, by fragment, and to all of them with the page


def beat(more: bool) -> float | None:
    """Seconds between the ticks of a fragment that is declared now; None if there is nothing more to come."""
    if not more:
        return None
    seconds = _wanted()
    st.session_state[_TOLD] = {"": seconds}
    return seconds


def keep_pace() -> None:
    """Within a fragment that ticks: tell the browser of another pace, which Streamlit does with whole pages alone."""
    context, fragment = get_script_run_ctx(), ThreadState.get().fragment_id
    if context is None or fragment is None:
        return
    told, wanted = st.session_state[_TOLD], _wanted()
    if 1 / CHANGE < wanted / told.get(fragment, told[""]) < CHANGE:
        return
    told[fragment] = wanted
    message = ForwardMsg()
    message.auto_rerun.interval = wanted
    message.auto_rerun.fragment_id = fragment
    context.enqueue(message)


def _wanted() -> float:
    return min(max(APART * registry().watchers, FASTEST), SLOWEST)
