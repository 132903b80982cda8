"""How a film feels under the hand: python -m benchmarks.drag starts a server, drags, and prints.

The films over epsilon and over temperature, wide and narrow: how long a frame takes from the pointer's movement until
it is on screen, frames a second, and the websocket messages meanwhile. The machine stands in the last line.
"""

import os
import platform
import shutil
import time

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.frame_times import RATE, RECORD, middle_and_p95
from benchmarks.page import FLAGS, server

FILMS = {"sweep": "drag_epsilon", "reliability": "calibration"}
WIDTHS = (1000, 400)
ROUNDS = 4  # there and back


def drag(page: Page, film: str, messages: list[str | bytes]) -> None:
    """Move the pointer along the whole range a frame at a time, there and back, before it is released."""
    scrub = page.locator(f"{film} .film-scrub")
    scrub.scroll_into_view_if_needed()
    box = scrub.bounding_box()
    assert box is not None
    left, right, height = box["x"] + 8, box["x"] + box["width"] - 8, box["y"] + box["height"] / 2
    steps = int(scrub.get_attribute("max") or 0)
    page.mouse.move(left, height)
    page.mouse.down()
    page.wait_for_timeout(500)
    page.locator(film).evaluate(RECORD)
    messages.clear()
    for _ in range(ROUNDS):
        page.mouse.move(right, height, steps=steps)
        page.mouse.move(left, height, steps=steps)
    page.wait_for_timeout(500)


def measure(browser: Browser, url: str, key: str, width: int) -> None:
    """One film at one width: a line."""
    messages: list[str | bytes] = []
    # As wide as the film is to be: the page has margins, and beside it a sidebar where there is room.
    page = browser.new_context(viewport={"width": width + (400 if width > 640 else 32), "height": 900}).new_page()

    def keep(sent: str | bytes) -> None:
        messages.append(sent)

    page.on("websocket", lambda socket: socket.on("framesent", keep))
    page.goto(f"{url}/{FILMS[key]}")
    film = f".st-key-{key} .film"
    page.wait_for_selector(f'{film}[data-ticking="false"] .trace', state="attached", timeout=90_000)
    page.wait_for_timeout(2000)
    drag(page, film, messages)
    times = page.evaluate("frameTimes.took")
    rate = page.locator(film).evaluate(RATE)
    sent = len(messages)
    page.mouse.up()
    median, p95 = middle_and_p95(times)
    wide = page.locator(f"{film} .film-chart").evaluate("chart => chart.clientWidth")
    print(
        f"{FILMS[key]:13s} {wide:5d} pixels   median {median:4.0f} ms, p95 {p95:4.0f} ms (n = {len(times)})   "
        f"{rate:4.1f} frames a second   {sent} messages"
    )
    page.context.close()


def main() -> None:
    """Measure and print."""
    with sync_playwright() as playwright, server() as (url, _):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page()
        page.goto(url)
        page.wait_for_selector("h1")
        page.close()
        for key in FILMS:
            for width in WIDTHS:
                measure(browser, url, key, width)
        browser.close()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}"
    )


if __name__ == "__main__":
    main()
