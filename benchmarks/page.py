"""How the dashboard feels in a browser: python -m benchmarks.page starts a server, measures and prints.

Cold and warm first frames, a control change until the first frame of the new run, the last frame of the default
story, blank frames, the fragment's ticks, and the bytes of one film.
Medians with their range; the machine stands in the last line.
"""

import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from labelsmooth.snapshots import snapshot_epochs

ROOT = Path(__file__).parents[1]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
LIVE = ".st-key-live .film"
REPEATS = 7
FRAMES = len(snapshot_epochs(100))  # of the default story
# Times, in the page's clock, at which a run showed its first frame and held its last one; and charts that were drawn
# and are gone or without traces.
WATCH = """frames => {
  window.seen = {};
  window.blanks = 0;
  const drawn = new Set();
  const look = () => {
    requestAnimationFrame(look);
    for (const key of ["live", "curves"]) {
      const traces = document.querySelector(`.st-key-${key} .film-chart .trace`);
      if (traces) drawn.add(key);
      else if (drawn.has(key)) window.blanks += 1;
    }
    const film = document.querySelector(".st-key-live .film");
    if (!film?.querySelector(".trace") || !film.dataset.shown) return;
    const run = (window.seen[film.dataset.run] ??= { first: performance.now() });
    if (film.dataset.playing === "false") run.last ??= performance.now();
    if (+film.dataset.have >= frames) run.held ??= performance.now();
  };
  look();
}"""


@contextmanager
def server() -> Iterator[tuple[str, float]]:
    """A fresh server: its address, and the time at which it was started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"]
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *options],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    while not _healthy(url):
        time.sleep(0.02)
    yield url, started
    process.terminate()
    process.wait()


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
            return True
    except urllib.error.URLError:
        return False


def first_frame(browser: Browser, url: str) -> tuple[Page, float]:
    """Open a page; seconds from the request to the first frame on screen."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    began = time.perf_counter()
    page.goto(url)
    page.wait_for_selector(f"{LIVE}[data-shown] .trace", timeout=60_000)
    return page, time.perf_counter() - began


def change(page: Page, share: float) -> tuple[float, float, str]:
    """Drag epsilon to a share of its track; seconds from release to first new frame, and to holding the last one."""
    before = page.locator(LIVE).get_attribute("data-run")
    handle = page.get_by_role("slider", name="Smoothing ε").bounding_box()
    track = page.locator("[class*=st-key-epsilon]").bounding_box()
    assert handle is not None
    assert track is not None
    height = handle["y"] + handle["height"] / 2
    page.mouse.move(handle["x"] + handle["width"] / 2, height)
    page.mouse.down()
    page.mouse.move(track["x"] + share * track["width"], height, steps=4)
    released = page.evaluate("performance.now()")
    page.mouse.up()
    page.wait_for_selector(f'{LIVE}:not([data-run="{before}"])[data-shown]')
    run = page.locator(LIVE).get_attribute("data-run") or ""
    page.wait_for_function(f"window.seen['{run}'] && window.seen['{run}'].held", timeout=60_000)
    times = page.evaluate(f"window.seen['{run}']")
    return (times["first"] - released) / 1000, (times["held"] - released) / 1000, run


def bursts(arrivals: Sequence[tuple[float, int]], quiet: float = 0.15) -> list[list[tuple[float, int]]]:
    """Groups of messages that came without a pause: one tick of the fragment each, unless it is a single message."""
    groups: list[list[tuple[float, int]]] = []
    for when, size in arrivals:
        if not groups or when - groups[-1][-1][0] > quiet:
            groups.append([])
        groups[-1].append((when, size))
    return groups


def told(name: str, seconds: Sequence[float]) -> None:
    """One line: median, least and most, in milliseconds."""
    low, middle, high = (1000 * f(seconds) for f in (min, statistics.median, max))
    print(f"{name:55s} {middle:7.0f} ms   ({low:.0f} to {high:.0f}, n = {len(seconds)})")


def measure_loads(browser: Browser) -> None:
    """First frames: of a server that has just been started, and of one that has served before."""
    cold, warm = [], []
    for _ in range(3):
        with server() as (url, started):
            page, _ = first_frame(browser, url)
            cold.append(time.perf_counter() - started)
            page.context.close()
    told("server start to first frame, cold", cold)
    with server() as (url, _):
        first_frame(browser, url)[0].context.close()
        for _ in range(REPEATS):
            page, seconds = first_frame(browser, url)
            warm.append(seconds)
            page.context.close()
    told("page load to first frame, warm", warm)


def measure_changes(page: Page, url: str) -> None:
    """Control changes: until the first and the last frame of the new run, and what crosses the websocket for it."""
    arrivals: list[tuple[float, int]] = []

    def note(data: str | bytes) -> None:
        arrivals.append((time.perf_counter(), len(data)))

    page.on("websocket", lambda socket: socket.on("framereceived", note))
    page.goto(url)
    page.wait_for_selector(f"{LIVE}[data-shown] .trace")
    page.wait_for_timeout(6000)
    page.evaluate(WATCH, FRAMES)
    firsts, helds, ticks, sizes = [], [], [], []
    for number in range(REPEATS):
        arrivals.clear()
        first, held, _ = change(page, 0.3 + 0.08 * number)
        page.wait_for_timeout(1500)
        groups = bursts(arrivals)
        firsts.append(first)
        helds.append(held)
        ticks += [group[-1][0] - group[0][0] for group in groups[1:-1] if len(group) > 1]
        sizes.append(sum(size for _, size in arrivals))
    told("release of the epsilon slider to first new frame", firsts)
    told("release of the slider to the last frame in the browser", helds)
    told("one tick of the fragment, first to last message", ticks)
    kilobytes = statistics.median(sizes) / 1000
    print(f"{'bytes over the websocket for one change, film included':55s} {kilobytes:7.0f} KB")
    print(f"{'painted frames with a blank chart while streaming':55s} {page.evaluate('window.blanks'):7d}")


def main() -> None:
    """Measure and print."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        measure_loads(browser)
        with server() as (url, _):
            first_frame(browser, url)[0].context.close()
            measure_changes(browser.new_context(viewport={"width": 1400, "height": 900}).new_page(), url)
        browser.close()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}"
    )


if __name__ == "__main__":
    main()
