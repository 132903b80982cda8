"""The beginning and the end of a server: a browser where somebody sits before it, and nothing cut off in the middle."""

import asyncio
import atexit
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from streamlit import config
from streamlit.cli_util import open_browser
from streamlit.web.server.server_util import get_display_address, get_url

_endings: list[Callable[[], None]] = []


def at_end(ending: Callable[[], None]) -> None:
    """Do this once when the server ends, the latest first."""
    _endings.append(ending)


@atexit.register
def end() -> None:
    """Do what waits for the end."""
    while _endings:
        _endings.pop()()


@asynccontextmanager
async def life(_: object) -> AsyncIterator[None]:
    """What Streamlit does itself for a script, and not for an `st.App`: a browser is opened.

    At a signal the process dies without Python's own endings, so they are done before.
    """
    if not config.get_option("server.headless"):
        asyncio.get_running_loop().call_soon(open_browser, _address())
    yield
    # A training ends with its epoch, and visitors are still told so meanwhile.
    await asyncio.to_thread(end)


def _address() -> str:
    """Where a browser on this machine finds the server."""
    for name in ("browser.serverAddress", "server.address"):
        if config.is_manually_set(name):
            return get_url(get_display_address(config.get_option(name)))
    return get_url("localhost")
