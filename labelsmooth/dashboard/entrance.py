"""A page that is opened with some of the choices, or none, is sent on to the address in which all of them stand.

Streamlit itself would write them there as one more step in the browser's history, and the first press of Back would
change nothing that can be seen.
"""

from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from labelsmooth.dashboard.settings import Settings

LONGEST = 2000  # characters of an address that is looked at; all choices take about 700
_STREAMLITS = ("embed", "embed_options")  # which Streamlit reads itself, and keeps
_NO_PAGES = ("/_stcore/", "/media/", "/public/")  # though a browser may open them like one


def entrance() -> Middleware:
    """What answers browsers that ask for a page alone."""
    return Middleware(_Entrance)


def whole(query: str) -> str:
    """The query with every choice that says the same; "" where it is that already, or has to be corrected aloud.

    >>> whole("epsilon=0.3&mode=lecture")[:34], whole("epsilon=9")
    ('v=1&dataset=digits&classes=3&train', '')
    """
    if len(query) > LONGEST:
        return ""
    link = parse_qs(query, keep_blank_values=True)
    kept = {name: link.pop(name) for name in _STREAMLITS if name in link}
    settings, said = Settings.from_query(link)
    choices = settings.to_query()
    if said or link == {name: [value] for name, value in choices.items()}:
        return ""
    return urlencode(choices | kept, doseq=True)


class _Entrance:
    """Sends addresses on, relative to themselves: a proxy may serve the app under another path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A browser that opens a page says so; what programs and pages ask for is left alone.
        page = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        page = page and "text/html" in Headers(scope=scope).get("Accept", "")
        page = page and not any(folder in scope["path"] for folder in _NO_PAGES)
        to = whole(scope["query_string"].decode("latin-1")) if page else ""
        answer = RedirectResponse(f"?{to}", headers={"Cache-Control": "no-store"}) if to else self._app
        await answer(scope, receive, send)
