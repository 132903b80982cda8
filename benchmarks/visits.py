"""What is done in a page of "Train live" while it is measured: loads, changes, retrainings, ticks."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.browsing import LIVE, WATCH
from benchmarks.report import Times
from benchmarks.serving import QUICK
from benchmarks.unwatched import STEPS, Unwatched
from benchmarks.visitor import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Page

COLD, NEW, AGAIN = "server start to first frame", "first frame, new visitor", "first frame, visitor who returns"
MOMENT_NEW, MOMENT_AGAIN = "a link to an epoch, new visitor", "a link to an epoch, visitor who returns"
CHANGED, HELD = "release of the ε slider to first new frame", "release to the last frame in the browser"
TICKED, TICKED_LONG = (f"tick, sent to answered: {what}" for what in ("the default story", "a long run"))
CONTROLS = ", until all controls are there too"
# The page's clock at the first frame and when all controls were there, and what long tasks took.
SEEN = """[
  Math.min(...Object.values(watched.runs).map(run => run.first ?? Infinity)),
  watched.controls,
  watched.tasks.map(([, took]) => took),
]"""
# Once more runs than so many were there and the last one is whole: its times, and when the mouse was let go.
HELD_RUN = """(runs => runs.length > {} && runs.at(-1).held ?
  [runs.at(-1).first, runs.at(-1).held, watched.released ?? 0] : null)(Object.values(watched.runs))"""
# Where the handle of epsilon is, and a share of its track: left, right, height.
GRIP = """share => {
  const handle = document.querySelector("input[aria-label='Smoothing ε']").getBoundingClientRect();
  const track = document.querySelector("[class*=st-key-epsilon]").getBoundingClientRect();
  return [handle.x + handle.width / 2, track.x + share * track.width, handle.y + handle.height / 2];
}"""


@dataclass(frozen=True)
class Plan:
    """How often everything is done, and on which link."""

    cold: int = 1
    loads: int = 3
    changes: int = 12
    counted: int = 4  # changes whose messages, or ticks, are looked at
    ticks: float = 10.0  # seconds
    retrainings: int = 50
    query: str = ""  # the default story
    moment: str = "epoch=43&shown=1-2-3&bins=20"  # one epoch of it
    brief: str = "epochs=10&seeds=1"  # retrained
    training: str = "epochs=400&seeds=20&batch_size=16"  # longer than the ticks


SHORT = Plan(cold=1, loads=1, changes=1, counted=1, ticks=1.2, retrainings=2, query=QUICK, brief=QUICK)


@dataclass(frozen=True)
class Heap:
    """What a page holds after each retraining, once garbage is collected: bytes of JavaScript, and nodes."""

    bytes: list[float]
    nodes: list[float]

    @staticmethod
    def slope(values: list[float]) -> float:
        """Growth for each retraining; the first fifth fills caches."""
        late = values[len(values) // 5 :]
        return float(np.polyfit(range(len(late)), late, 1)[0])


def cold(browser: Unwatched, url: str, began: float) -> float:
    """Seconds from a time of the clock until a new visitor has the first frame of this server on screen."""
    seen = "Object.values(watched.runs).map(run => performance.timeOrigin + run.first).find(Boolean)"
    return float(browser.visit(url, f"({WATCH})()", seen, new=True)) / 1000 - began


def loads(
    browser: Unwatched, url: str, plan: Plan, times: Times, names: tuple[str, str], before: Sequence[str]
) -> list[float]:
    """First frames of one who returns and of new visitors, in turn; the long tasks of a new visitor's page.

    The browser is led there `before`, each time until a run has what is said there: "first" frame, all "held".
    """

    def visit(wish: str, *, new: bool) -> Any:
        return browser.visit(
            url,
            f"({WATCH})()",
            f"watched.controls && Object.values(watched.runs).some(run => run.{wish}) ? {SEEN} : null",
            new=new,
        )

    for wish in before:
        visit(wish, new=False)
    tasks: list[float] = []
    for _ in range(plan.loads):
        for name, new in zip(names, (False, True), strict=True):
            first, controls, long = visit("first", new=new)
            times.seconds[name].append(first / 1000)
            times.seconds[name + CONTROLS].append(controls / 1000)
            tasks += [duration / 1000 for duration in long] if new else []
    return tasks


def changes(browser: Unwatched, url: str, plan: Plan, times: Times) -> list[float]:
    """Control changes until the first and the last frame of the new run; the long tasks meanwhile."""
    tasks: list[float] = []
    with browser.opened(url, f"({WATCH})()", new=False) as tab:
        tab.until(HELD_RUN.format(0))
        time.sleep(2)
        for number in range(plan.changes):
            tab.drag(*tab.until(f"({GRIP})({share(number)})"))
            first, held, released = tab.until(HELD_RUN.format(number + 1))
            times.seconds[CHANGED].append((first - released) / 1000)
            times.seconds[HELD].append((held - released) / 1000)
            time.sleep(1.5)
            tasks += [took / 1000 for began, took in tab.until("watched.tasks") if began >= released]
    return tasks


def share(number: int) -> float:
    """Of the slider's track, where epsilon is dragged to: each time to another value."""
    return 0.3 + 0.08 * (number % 4) + 0.005 * number


def counted_change(page: "Page", number: int) -> None:
    """Drag epsilon once in a page whose messages are read, until all of the new run is there."""
    before = page.locator(LIVE).get_attribute("data-run")
    left, right, height = page.evaluate(GRIP, share(number))
    page.mouse.move(left, height)
    page.mouse.down()
    page.mouse.move(right, height, steps=STEPS)
    page.mouse.up()
    until_whole(page, before)


def until_whole(page: "Page", before: str | None) -> None:
    """Wait until all of a run that follows another is in the browser."""
    page.wait_for_selector(f'{LIVE}:not([data-run="{before}"])[data-shown]')
    run = page.locator(LIVE).get_attribute("data-run")
    page.wait_for_function(f"watched.runs['{run}']?.held", timeout=60_000)


def retrainings(page: "Page", plan: Plan) -> Heap:
    """New seeds, one after the other, each seen to the end."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    heap = Heap([], [])
    for _ in range(plan.retrainings):
        before = page.locator(LIVE).get_attribute("data-run")
        page.get_by_role("button", name="New seed").click()
        until_whole(page, before)
        page.wait_for_selector(f'{LIVE}[data-ticking="false"]')
        session.send("HeapProfiler.collectGarbage")
        named = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
        heap.bytes.append(named["JSHeapUsedSize"])
        heap.nodes.append(named["Nodes"])
    return heap


async def ticks(url: str, plan: Plan, times: Times) -> None:
    """Seconds from each tick of the only visitor to the end of its answer: of short runs, and of a long one."""
    async with Visitor(url, query=plan.query) as visitor:
        await visitor.until(visitor.complete)
        visitor.waited.clear()
        for number in range(plan.counted):
            await visitor.move("Smoothing ε", f"{0.2 + 0.05 * number:g}")
            await visitor.until(visitor.complete)
        times.seconds[TICKED] += visitor.waited
    async with Visitor(url, query=plan.training) as visitor:
        await visitor.until(lambda: visitor.shown)
        visitor.waited.clear()
        await asyncio.sleep(plan.ticks)
        times.seconds[TICKED_LONG] += visitor.waited
