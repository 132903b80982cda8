"""Who is let in: nobody where the server is set up wrongly, and nobody who calls it by a name that it must not have."""

import logging
from functools import cache

import streamlit as st
from streamlit import net_util

from labelsmooth.dashboard.journal import runs_log
from labelsmooth.hosting import hosting

WRONG = "This server shows no page, because settings in its environment are wrong:"
OTHER_NAME = "This server does not answer under the name in this address."

_log = logging.getLogger(__name__)


def _unknown() -> None:
    """The address of this machine in the outside world."""


# For each page of another site that tries to connect, Streamlit would ask a host in the internet for it, and serve
# nobody for up to two seconds.
net_util.get_external_ip = _unknown


def admit() -> None:
    """Let a visit go on, or end it with plain sentences."""
    try:
        settings = hosting()
    except ValueError as wrong:
        _tell_the_log(str(wrong))
        _refuse(WRONG, *str(wrong).splitlines())
    if not settings.allows(st.context.headers.get("Host")):
        _refuse(OTHER_NAME)


def _refuse(*sentences: str) -> None:
    # As text: what a sentence repeats must not become anything else.
    for sentence in sentences:
        st.text(sentence)
    st.stop()


@cache
def _tell_the_log(problems: str) -> None:
    """Once, not at each visit."""
    runs_log()
    for problem in problems.splitlines():
        _log.error(problem)
