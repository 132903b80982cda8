"""What browsers load beside Streamlit's own files: plotly.js and the dashboard's code, from memory, and early."""

import gzip
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import plotly
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

_HERE = Path(__file__).parent
_CODE = (
    *("show.js", "film.js", "changed.js", "controls.js", "chart.js", "hovercard.js"),
    *("history.js", "library.js", "stillness.js", "film.css"),
)
# Chromium then compiles all of the file beside the page while it comes in. Without it most is compiled where it is
# first called, and the page stood still for half a second; other browsers read a comment.
_EAGER = b"//# allFunctionsCalledOnLoad\n"
# Not asked of the machine, which may have been told otherwise.
_KINDS = {".js": "text/javascript", ".css": "text/css"}
# Names hold a digest, so a browser may keep a file for good.
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Public:
    """The files by their address relative to the app, and which of them films ask for by name."""

    files: dict[str, bytes]
    library: str  # plotly.js
    code: str  # of films; it imports the rest


@cache
def public() -> Public:
    """What is served, the same as long as the installed plotly and the dashboard are."""
    script = _EAGER + (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()
    library = f"public/plotly-{_digest(script)}.js"
    code = {name: (_HERE / name).read_bytes() for name in _CODE}
    folder = f"public/film-{_digest(*code.values())}"
    return Public(
        {library: script} | {f"{folder}/{name}": content for name, content in code.items()},
        library,
        f"{folder}/{_CODE[0]}",
    )


def routes() -> list[Route]:
    """Where a server answers with these files."""
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    begin = f"{base and '/' + base}/"
    files = [Route(begin + address, _answer(address, content)) for address, content in public().files.items()]
    # Elsewhere Streamlit answers with its page, which no browser could take for a script.
    return [*files, Route(f"{begin}public/{{rest:path}}", _unknown)]


def announced() -> Middleware:
    """Browsers are told with the page which of the files to fetch and compile while Streamlit itself begins.

    Relative to the page, as Streamlit's own files are: a proxy may serve the app under a path that it does not know.
    """
    how = {public().library: "preload; as=script"} | {
        address: "preload; as=style" if address.endswith(".css") else "modulepreload"
        for address in public().files
        if address != public().library
    }
    return Middleware(_Announcing, links=", ".join(f"<{address}>; rel={rel}" for address, rel in how.items()))


def _digest(*contents: bytes) -> str:
    return sha256(b"".join(contents)).hexdigest()[:12]


def _answer(address: str, content: bytes) -> Callable[[Request], Awaitable[Response]]:
    """What answers requests for a file, which is packed once and not for every visitor."""
    packed = gzip.compress(content, mtime=0)
    kind = _KINDS[Path(address).suffix]

    async def answer(request: Request) -> Response:
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return Response(packed, headers=_HEADERS | {"Content-Encoding": "gzip"}, media_type=kind)
        return Response(content, headers=_HEADERS, media_type=kind)

    return answer


async def _unknown(_: Request) -> Response:
    """What answers for the file of another version, say."""
    return PlainTextResponse("Not found", status_code=404, headers={"Cache-Control": "no-store"})


class _Announcing:
    """Adds links to answers that are pages."""

    def __init__(self, app: ASGIApp, links: str) -> None:
        self._app = app
        self._links = links

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("Content-Type", "").startswith("text/html"):
                    headers.append("Link", self._links)
                    # A browser that is told that its page has not changed would go by the links it came with.
                    del headers["ETag"], headers["Last-Modified"]
            await send(message)

        await self._app(scope, receive, sent if scope["type"] == "http" else send)
