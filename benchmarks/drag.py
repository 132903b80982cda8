"""How a film feels under the hand: python -m benchmarks.drag starts a server, drags, and prints.

The films over epsilon and over temperature, wide and narrow: how long a frame takes from the pointer's movement until
it is on screen, frames a second, tasks over 50 ms, and the websocket messages meanwhile.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.browsing import NONE, WATCH, Wire, available, chromium
from benchmarks.frame_times import RATE, RECORD, middle_and_p95
from benchmarks.report import Bar, Finding, as_text, table
from benchmarks.serving import QUICK, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TITLE = "Dragging a film in headless Chromium"
FILMS = {"sweep": "drag_epsilon", "reliability": "calibration"}
WIDTHS = (1000, 400)
MEDIAN, P95 = 40, 66  # milliseconds


@dataclass(frozen=True)
class Dragged:
    """One film at one width, under a hand; milliseconds."""

    page: str
    pixels: int
    times: list[float]
    rate: float  # frames a second
    tasks: list[float]  # of more than 50 ms
    sent: int  # messages to the server

    @property
    def name(self) -> str:
        """Which film it was."""
        return f"{self.page}, {self.pixels} pixels"

    def cells(self) -> tuple[str, ...]:
        """A row of the table."""
        median, p95 = middle_and_p95(self.times)
        longest = f"{len(self.tasks)}, at most {max(self.tasks):.0f} ms" if self.tasks else "none"
        return (
            self.name,
            f"{median:.0f}",
            f"{p95:.0f}",
            str(len(self.times)),
            f"{self.rate:.1f}",
            longest,
            str(self.sent),
        )


def measure(short: bool) -> Finding:
    """Every film at every width, or one for a moment."""
    cases = [(key, width) for key in FILMS for width in WIDTHS]
    if not available():
        return Finding(TITLE, NONE)
    with chromium() as browser, serving() as server:
        if short:
            found = [dragged(browser, f"{server.url}/calibration?{QUICK}", "reliability", 1000, rounds=1)]
        else:
            found = [dragged(browser, f"{server.url}/{FILMS[key]}", key, width) for key, width in cases]
    head = ("film", "median, ms", "p95, ms", "n", "frames a second", "tasks over 50 ms", "messages")
    return Finding(TITLE, table(head, [each.cells() for each in found]), () if short else bars(found))


def bars(found: list[Dragged]) -> list[Bar]:
    """The same for every film."""
    held = []
    for each in found:
        median, p95 = middle_and_p95(each.times)
        held.append(Bar(f"{each.name}: median", median, "at most", MEDIAN, " ms"))
        held.append(Bar(f"{each.name}: p95", p95, "at most", P95, " ms"))
    return [*held, Bar("messages while a film is dragged", sum(each.sent for each in found), "at most", 0)]


def dragged(browser: "Browser", url: str, key: str, width: int, *, rounds: int = 2) -> Dragged:
    """One film, from left to right and back a few times."""
    # As wide as the film is to be: the page has margins, and beside it a sidebar where there is room.
    page = browser.new_context(viewport={"width": width + (400 if width > 640 else 32), "height": 900}).new_page()
    page.add_init_script(f"({WATCH})()")
    wire, film = Wire(), f".st-key-{key} .film"
    wire.listen(page)
    page.goto(url)
    page.wait_for_selector(f'{film}[data-ticking="false"] .trace', state="attached", timeout=90_000)
    page.wait_for_timeout(2000)
    drag(page, film, wire, rounds)
    times = page.evaluate("frameTimes.took")
    rate = page.locator(film).evaluate(RATE)
    tasks = page.evaluate("watched.tasks.filter(([start]) => start > frameTimes.began).map(([, took]) => took)")
    sent = wire.sent
    page.mouse.up()
    pixels = page.locator(f"{film} .film-chart").evaluate("chart => chart.clientWidth")
    page.context.close()
    return Dragged(FILMS[key], pixels, times, rate, tasks, sent)


def drag(page: "Page", film: str, wire: Wire, rounds: int) -> None:
    """Move the pointer along the whole range a frame at a time, there and back, and hold it there."""
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
    wire.clear()
    for _ in range(rounds):
        page.mouse.move(right, height, steps=steps)
        page.mouse.move(left, height, steps=steps)
    page.wait_for_timeout(500)


if __name__ == "__main__":
    print(as_text(measure(short=False)))
