"""Visits of the dashboard in headless Chromium: what is on screen when, and what crosses the network for it."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.screen import reels_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, WebSocket

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
WIDE: "ViewportSize" = {"width": 1400, "height": 900}
LIVE = ".st-key-live .film"
NONE = "There is no Chromium, or no Playwright, on this machine: nothing was measured."
# Runs before the page's own code: for each run of the film the page's time when its first frame was on screen and when
# all its frames were there; the time when all controls were, and when the mouse was last let go; the tasks that held
# the page for more than 50 ms; charts that were drawn and are blank.
WATCH = """() => {
  window.watched = { runs: {}, tasks: [], blanks: 0, controls: undefined, released: undefined };
  const { runs, tasks } = watched, drawn = new Set();
  new PerformanceObserver(list => {
    for (const { startTime, duration } of list.getEntries()) tasks.push([startTime, duration]);
  }).observe({ type: "longtask", buffered: true });
  addEventListener("pointerup", ({ timeStamp }) => (watched.released = timeStamp), true);
  const look = () => {
    requestAnimationFrame(look);
    for (const chart of document.querySelectorAll(".film-chart")) {
      if (chart.querySelector(".trace")) drawn.add(chart);
    }
    for (const chart of drawn) if (chart.isConnected && !chart.querySelector(".trace")) watched.blanks += 1;
    // The last of the sidebar are in three folds.
    if (document.querySelectorAll("[data-testid=stSidebar] [data-testid=stExpander]").length > 2) {
      watched.controls ??= performance.now();
    }
    const film = document.querySelector(".st-key-live .film");
    if (!film?.querySelector(".trace") || !film.dataset.shown) return;
    const run = (runs[film.dataset.run] ??= {});
    const whole = +film.dataset.have > +film.querySelector(".film-scrub").max;
    // A timeout set while a frame is prepared comes after it is painted.
    setTimeout(() => {
      run.first ??= performance.now();
      if (whole) run.held ??= performance.now();
    });
  };
  requestAnimationFrame(look);
}"""


def available() -> bool:
    """Whether there are a browser and what drives it."""
    return shutil.which("chromium") is not None and find_spec("playwright") is not None


@contextmanager
def chromium(*flags: str) -> Iterator["Browser"]:
    """A browser, with more flags; its first context keeps files on disk, scripts compiled, as browsers do."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sync_playwright() as playwright:
        profile = playwright.chromium.launch_persistent_context(
            folder, executable_path=shutil.which("chromium"), args=[*FLAGS, *flags], viewport=WIDE
        )
        assert profile.browser is not None
        yield profile.browser
        profile.close()


@dataclass
class Wire:
    """What a page's websocket brings, to be read when the clock no longer runs."""

    received: list[bytes] = field(default_factory=list)
    sent: int = 0  # messages

    def listen(self, page: "Page") -> None:
        """Note the messages of a page's websockets; before it opens an address."""
        page.on("websocket", self._open)

    def clear(self) -> None:
        """Forget what has come so far."""
        self.received.clear()
        self.sent = 0

    @property
    def size(self) -> int:
        """Bytes received."""
        return sum(map(len, self.received))

    def films(self) -> Iterator[bytes]:
        """Each message to a film."""
        for received in self.received:
            component = ForwardMsg.FromString(received).delta.new_element.bidi_component
            if component.component_name == "film":
                yield component.bytes

    def film_bytes(self) -> dict[str, int]:
        """Bytes for each film, by its key."""
        sizes: Counter[str] = Counter()
        for message in self.films():
            sizes[reels_of(message).facts["key"]] += len(message)
        return dict(sizes)

    def twice(self) -> int:
        """How many frames of a film came again although they had come, and figures that were there but for a change."""
        seen: Counter[tuple[str, ...]] = Counter()
        for message in self.films():
            facts, frames, figure, _ = reels_of(message)
            start = facts["first"]
            seen.update((facts["key"], facts["run"], str(start + at), frame) for at, frame in enumerate(frames))
            if figure is not None:
                seen[facts["key"], facts["run"]] += 1
        return sum(count - 1 for count in seen.values())

    def _open(self, socket: "WebSocket") -> None:
        socket.on("framereceived", self._hear)
        socket.on("framesent", self._say)

    def _hear(self, data: str | bytes) -> None:
        assert isinstance(data, bytes), "Streamlit speaks in bytes"
        self.received.append(data)

    def _say(self, _: str | bytes) -> None:
        self.sent += 1


def opened(context: "BrowserContext", url: str, wire: Wire | None = None) -> "Page":
    """A page that has its first frame on screen, and is watched."""
    page = context.new_page()
    page.add_init_script(f"({WATCH})()")
    if wire is not None:
        wire.listen(page)
    page.goto(url)
    page.wait_for_function("Object.values(watched.runs).some(run => run.first)", timeout=60_000)
    return page


def first_load(browser: "Browser", url: str) -> tuple[int, int]:
    """Files and bytes that a new visitor's browser fetches, as they cross the network."""
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    sizes: list[float] = []

    def finished(event: dict[str, Any]) -> None:
        sizes.append(event["encodedDataLength"])

    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", finished)
    page.goto(url)
    page.wait_for_selector(f"{LIVE}[data-shown] .trace", timeout=60_000)
    page.wait_for_timeout(2000)
    context.close()
    return len(sizes), round(sum(sizes))
