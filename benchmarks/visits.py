"""What is done in a page of "Train live" while it is measured: loads, changes, retrainings, ticks."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.browsing import LIVE, WATCH, Wire, long_tasks
from benchmarks.report import Times
from benchmarks.serving import QUICK
from benchmarks.unwatched import Unwatched
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


@dataclass(frozen=True)
class Plan:
    """How often everything is done, and on which link."""

    cold: int = 1
    loads: int = 3
    changes: int = 4
    ticks: float = 10.0  # seconds
    retrainings: int = 50
    query: str = ""  # the default story
    moment: str = "epoch=43&shown=1-2-3&bins=20"  # one epoch of it
    brief: str = "epochs=10&seeds=1"  # retrained
    training: str = "epochs=400&seeds=20&batch_size=16"  # longer than the ticks


SHORT = Plan(cold=1, loads=1, changes=1, ticks=1.2, retrainings=2, query=QUICK, brief=QUICK)


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


def changes(page: "Page", wire: Wire, plan: Plan, times: Times) -> list[float]:
    """Control changes until the first and the last frame of the new run; the long tasks meanwhile."""
    wire.clear()
    tasks = []
    for number in range(plan.changes):
        first, held, released = change(page, 0.3 + 0.08 * number)
        times.seconds[CHANGED].append(first)
        times.seconds[HELD].append(held)
        page.wait_for_timeout(1500)
        tasks += long_tasks(page, released)
    return tasks


def change(page: "Page", share: float) -> tuple[float, float, float]:
    """Drag epsilon to a share of its track; seconds to the first and the last new frame, and when it was released."""
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
    seen = whole_run(page, before)
    return (seen["first"] - released) / 1000, (seen["held"] - released) / 1000, released


def whole_run(page: "Page", before: str | None) -> dict[str, float]:
    """Wait until all of a run that follows another is in the browser; the page's times."""
    page.wait_for_selector(f'{LIVE}:not([data-run="{before}"])[data-shown]')
    run = page.locator(LIVE).get_attribute("data-run")
    page.wait_for_function(f"watched.runs['{run}']?.held", timeout=60_000)
    seen: dict[str, float] = page.evaluate(f"watched.runs['{run}']")
    return seen


def retrainings(page: "Page", plan: Plan) -> Heap:
    """New seeds, one after the other, each seen to the end."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    heap = Heap([], [])
    for _ in range(plan.retrainings):
        before = page.locator(LIVE).get_attribute("data-run")
        page.get_by_role("button", name="New seed").click()
        whole_run(page, before)
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
        for number in range(plan.changes):
            await visitor.move("Smoothing ε", f"{0.2 + 0.05 * number:g}")
            await visitor.until(visitor.complete)
        times.seconds[TICKED] += visitor.waited
    async with Visitor(url, query=plan.training) as visitor:
        await visitor.until(lambda: visitor.shown)
        visitor.waited.clear()
        await asyncio.sleep(plan.ticks)
        times.seconds[TICKED_LONG] += visitor.waited
