"""A page that is opened without any choice is sent on to the address in which all of them stand.

Streamlit itself would write them there as one more step in the browser's history, and the first press of Back would
change nothing that can be seen.
"""

from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from labelsmooth.dashboard.settings import Settings


def entrance() -> Middleware:
    """What answers browsers that ask for a page alone."""
    return Middleware(_Entrance)


class _Entrance:
    """Sends bare addresses on, relative to themselves: a proxy may serve the app under another path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._defaults = RedirectResponse(f"?{urlencode(Settings().to_query())}", headers={"Cache-Control": "no-store"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        bare = scope["type"] == "http" and scope["method"] == "GET" and not scope["query_string"]
        bare = bare and "/_stcore/" not in scope["path"]  # also where a browser looks whether the server is well
        # A browser that opens a page says so; what programs and pages ask for is left alone.
        opens = bare and "text/html" in Headers(scope=scope).get("Accept", "")
        await (self._defaults if opens else self._app)(scope, receive, send)
