"""How the dashboard feels in a browser: first frames, changes, ticks, memory and bytes of "Train live".

`python -m benchmarks.page` starts servers, visits them in headless Chromium and prints; server and browser share this
machine. A new visitor's browser has no file of the dashboard; one that returns has all of them, on disk.
"""

import asyncio
import time
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.browsing import FLAGS, NONE, Wire, available, chromium, first_load, opened
from benchmarks.report import Bar, Finding, Times, as_text, table
from benchmarks.serving import serving
from benchmarks.unwatched import unwatched
from benchmarks.visits import (
    AGAIN,
    CHANGED,
    COLD,
    MOMENT_AGAIN,
    MOMENT_NEW,
    NEW,
    SHORT,
    TICKED,
    TICKED_LONG,
    Heap,
    Plan,
    changes,
    cold,
    counted_change,
    loads,
    retrainings,
    ticks,
)

TITLE = "The page in headless Chromium"
FIRST, MOMENT, CHANGE, TICK = 1000, 2000, 300, 15  # milliseconds
GROWTH = 10  # KB for each retraining, of which a film alone has hundreds
# What a page holds would else be hidden by machine code, of which a browser makes 80 KB more at each retraining.
UNCOMPILED = "--js-flags=--no-opt --no-maglev --no-sparkplug"
WHILE = {NEW: "while the page loads", CHANGED: "from a release to the last frame"}


@dataclass
class Found:
    """All that was measured: seconds, long tasks by what was done, and what crossed the network."""

    times: Times
    tasks: dict[str, list[float]]
    heap: Heap
    film: dict[str, int]  # bytes of each film for one change
    wire: int  # bytes of the websocket for one change
    twice: int
    blanks: int
    files: tuple[int, int]  # number and bytes of a first load


def measure(short: bool) -> Finding:
    """Everything once in the short form, which judges nothing."""
    plan, times, tasks = SHORT if short else Plan(), Times(), dict[str, list[float]]()
    if not available():
        return Finding(TITLE, NONE)
    with ExitStack() as servers:
        with unwatched(FLAGS) as browser:
            for _ in range(plan.cold):
                servers.close()
                began = time.time()
                url = servers.enter_context(serving()).url
                times.seconds[COLD].append(cold(browser, f"{url}/?{plan.query}", began))
            # A browser keeps a script compiled when it is used again.
            before = ("held", "first", "first")[: plan.loads]
            tasks[NEW] = loads(browser, f"{url}/?{plan.query}", plan, times, (AGAIN, NEW), before)
            tasks[CHANGED] = changes(browser, f"{url}/?{plan.query}", plan, times)
            if not short:  # the same code on another link
                loads(browser, f"{url}/?{plan.moment}", plan, times, (MOMENT_AGAIN, MOMENT_NEW), ("held",))
        asyncio.run(ticks(url, plan, times))
        found = visits(url, plan, times, tasks)
    return Finding(TITLE, told(found), () if short else bars(found))


def visits(url: str, plan: Plan, times: Times, tasks: dict[str, list[float]]) -> Found:
    """What is done in a page, and what crosses the network for it."""
    link = f"{url}/?{plan.query}"
    with chromium() as browser:
        files = first_load(browser, link)
        wire = Wire()
        page = opened(browser.contexts[0], link, wire)
        page.wait_for_function("Object.values(watched.runs)[0].held")
        page.wait_for_timeout(2000)
        wire.clear()
        for number in range(plan.counted):
            # Epsilons that nobody has trained yet: of others all frames would come at once.
            counted_change(page, plan.changes + number)
            page.wait_for_timeout(1500)
        film, size, twice = wire.film_bytes(), wire.size, wire.twice()
        blanks = page.evaluate("watched.blanks")
    with chromium(UNCOMPILED) as browser:
        heap = retrainings(opened(browser.contexts[0], f"{url}/?{plan.brief}"), plan)
    each = {key: round(count / plan.counted) for key, count in film.items()}
    return Found(times, tasks, heap, each, round(size / plan.counted), twice, blanks, files)


def bars(found: Found) -> list[Bar]:
    """What the page is held to."""
    # A run that is done with its first answer has no ticks.
    ms = {name: 1000 * found.times.median(name) for name, seconds in found.times.seconds.items() if seconds}
    limits = {
        AGAIN: FIRST,
        NEW: FIRST,
        MOMENT_AGAIN: MOMENT,
        MOMENT_NEW: MOMENT,
        CHANGED: CHANGE,
        TICKED: TICK,
        TICKED_LONG: TICK,
    }
    return [
        *(Bar(name, ms[name], "at most", limit, " ms") for name, limit in limits.items() if name in ms),
        Bar(
            "JavaScript heap, growth for each retraining",
            found.heap.slope(found.heap.bytes) / 1000,
            "at most",
            GROWTH,
            " KB",
        ),
        Bar("frames or figures sent twice", found.twice, "at most", 0),
        Bar("painted frames with a blank chart", found.blanks, "at most", 0),
    ]


def told(found: Found) -> str:
    """What was measured, as tables."""
    times = found.times
    rows = [(name, times.told(name), str(len(seconds))) for name, seconds in times.seconds.items() if seconds]
    kilobytes = {f"the film `{key}`, one change": size for key, size in found.film.items()}
    kilobytes |= {"all messages, one change": found.wire}
    files, size = found.files
    kilobytes |= {f"first load of a new visitor, {files} files, as they cross the network": size}
    parts = [
        table(("what", "milliseconds: median (least to most)", "n"), rows),
        table(("what", "KB"), [(name, f"{size / 1000:.0f}") for name, size in kilobytes.items()]),
        "\n".join(f"Tasks over 50 ms {WHILE[name]}: {told_tasks(found, name)}." for name in found.tasks),
        f"JavaScript heap over {len(found.heap.bytes)} retrainings, garbage collected after each, without the machine "
        f"code that a browser makes of what runs often: "
        f"{found.heap.bytes[0] / 1e6:.1f} to {found.heap.bytes[-1] / 1e6:.1f} MB, "
        f"{found.heap.slope(found.heap.bytes) / 1000:+.1f} KB and "
        f"{found.heap.slope(found.heap.nodes):+.1f} nodes each.",
    ]
    return "\n\n".join(parts)


def told_tasks(found: Found, name: str) -> str:
    """How many long tasks there were each time, and how long the longest was."""
    tasks, often = found.tasks[name], len(found.times.seconds[name])
    longest = f", the longest {1000 * max(tasks):.0f} ms" if tasks else ""
    return f"{len(tasks) / often:.1f} each time, {1000 * sum(tasks) / often:.0f} ms together{longest}"


if __name__ == "__main__":
    print(as_text(measure(short=False)))
