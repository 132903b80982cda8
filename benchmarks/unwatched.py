"""Pages in Chromium without a debugger, whose presence alone makes the first run of a large script twice as long.

Playwright listens to the console and to errors of every page, for which Chromium looks up where each error was thrown,
caught ones too; in plotly.js that means to parse the file again. Here the browser is only told where to go
and what the mouse does, and asked now and then whether the page is done.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from websockets.sync.client import ClientConnection, connect

START, PATIENCE = 30.0, 60.0  # seconds that the browser may take to start, and a page
SETTLED = 1.5  # seconds in which a new window draws its own frame: whoever opens a link has one already
STEPS = 4  # of a mouse that drags


class Tab:
    """A page, what it is asked and what is done in it."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask

    def until(self, wish: str) -> Any:
        """Ask now and then until an expression has a value: that value."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            value = self._ask("Runtime.evaluate", expression=wish, returnByValue=True)["result"].get("value")
            if value is not None:
                return value
            time.sleep(0.25)
        raise RuntimeError(f"the page does not come to {wish}")

    def drag(self, left: float, right: float, height: float) -> None:
        """Press the mouse at one place, move it to another at the same height, and let go."""
        for number in range(STEPS + 1):
            at = left + (right - left) * number / STEPS
            self._mouse("mouseMoved", at, height, buttons=min(number, 1))
            if number == 0:
                self._mouse("mousePressed", at, height, buttons=1)
        self._mouse("mouseReleased", right, height, buttons=0)

    def _mouse(self, deed: str, x: float, y: float, buttons: int) -> None:
        self._ask("Input.dispatchMouseEvent", type=deed, x=x, y=y, button="left", buttons=buttons, clickCount=1)


class Unwatched:
    """A browser that pages are opened in, one after the other, over its DevTools protocol."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._last = 0

    @contextmanager
    def opened(self, url: str, script: str, *, new: bool) -> Iterator[Tab]:
        """Open an address, with a script that runs before the page's own.

        With `new` the visitor's browser has never been there, else it has what earlier visits have left.
        """
        private = {"browserContextId": self._ask("Target.createBrowserContext")["browserContextId"]} if new else {}
        target = self._ask("Target.createTarget", url="about:blank", **private)["targetId"]
        time.sleep(SETTLED)
        session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable", session)
        self._ask("Page.addScriptToEvaluateOnNewDocument", session, source=script)
        self._ask("Page.navigate", session, url=url)
        yield Tab(partial(self._ask, session=session))
        self._ask("Target.closeTarget", targetId=target)
        if new:
            self._ask("Target.disposeBrowserContext", **private)

    def visit(self, url: str, script: str, wish: str, *, new: bool) -> Any:
        """What a wish comes to in a page that is then closed."""
        with self.opened(url, script, new=new) as tab:
            return tab.until(wish)

    def _ask(self, method: str, session: str = "", **params: Any) -> Any:
        self._last += 1
        message = {"id": self._last, "method": method, "params": params} | ({"sessionId": session} if session else {})
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]


@contextmanager
def unwatched(flags: list[str]) -> Iterator[Unwatched]:
    """A browser with a profile of its own."""
    program = shutil.which("chromium")
    assert program is not None, "whoever measures has looked for it"
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = [
            *flags,
            "--window-size=1400,900",
            "--remote-debugging-port=0",
            f"--user-data-dir={folder}",
            "about:blank",
        ]
        process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            port, path = _address(Path(folder) / "DevToolsActivePort")
            with connect(f"ws://127.0.0.1:{port}{path}", max_size=None, proxy=None) as socket:
                yield Unwatched(socket)
        finally:
            process.terminate()
            process.wait()


def _address(file: Path) -> tuple[str, str]:
    """What the browser writes once it listens: its port, and where."""
    until = time.monotonic() + START
    while time.monotonic() < until:
        if file.exists() and len(lines := file.read_text().splitlines()) == 2:
            return lines[0], lines[1]
        time.sleep(0.05)
    raise RuntimeError("the browser does not listen")
