"""How the dashboard bears many visitors: python -m benchmarks.load [viewers|same|different|soak|drag|all] starts a
server, drives real websocket sessions against it, and prints.

viewers, unless told otherwise: first frames and health against how many open one link within seconds. same: many open
one within a minute. different: each has a link of its own. soak: they come and go for minutes. drag: one moves epsilon
as fast as possible while others watch. The server and its visitors share this machine.
"""

import argparse
import asyncio
from collections.abc import Sequence

import numpy as np

from benchmarks.crowds import RUN, Crowd, crowd, drag, soak, warm
from benchmarks.report import Bar, Curve, Finding, as_text, machine, table
from benchmarks.serving import QUICK, Server, serving

TITLE = "Viewers of one link"
VIEWERS = (1, 10, 100, 200)
SECONDS = 12.0  # within which they come
SINGLE = ("same", "different", "drag", "soak")
FIRST, HEALTH = 1000, 100  # milliseconds, of 95 in 100


def measure(short: bool) -> Finding:
    """First frames and the server's health against viewers who open one link within seconds."""
    counts, seconds, query = ((1, 3), 1.0, QUICK) if short else (VIEWERS, SECONDS, RUN)
    with serving() as server:
        asyncio.run(warm(server, query))
        crowds = {
            count: asyncio.run(crowd(server, [f"seed={20 * place}&{query}"] * count, seconds))
            for place, count in enumerate(counts)
        }
        tracebacks = server.tracebacks
    failures = sorted({failure for found in crowds.values() for failure in found.failures})
    text = (
        f"Each number of viewers opens a link of its own, evenly over {seconds:g} s; all stay to the end of the run. "
        f"{tracebacks} tracebacks in the server's log."
    )
    rows = [cells(count, found) for count, found in crowds.items()]
    head = (
        "viewers",
        "first frame, ms: p50",
        "p95",
        "end of the run, s: p50",
        "health, ms: p95",
        "MB each",
        "failures",
    )
    text = "\n\n".join([text, table(head, rows), *failures[:5]])
    return Finding(TITLE, text, () if short else bars(crowds, tracebacks), () if short else curves(crowds))


def cells(count: int, found: Crowd) -> tuple[str, ...]:
    """A row of the table."""
    return (
        str(count),
        f"{quantile(found.first_frames, 0.5):.0f}",
        f"{quantile(found.first_frames, 0.95):.0f}",
        f"{quantile(found.finished, 0.5) / 1000:.1f}",
        f"{quantile(found.health, 0.95):.0f}",
        f"{found.growth:.2f}",
        str(len(found.failures)),
    )


def quantile(seconds: Sequence[float], share: float) -> float:
    """Milliseconds that this share keeps; nan of nothing."""
    return float(1000 * np.quantile(seconds, share)) if seconds else float("nan")


def bars(crowds: dict[int, Crowd], tracebacks: int) -> list[Bar]:
    """What the largest crowd is served like, and that nobody fails."""
    most = max(crowds)
    return [
        Bar(f"first frame of {most} viewers, p95", quantile(crowds[most].first_frames, 0.95), "at most", FIRST, " ms"),
        Bar(f"health with {most} viewers, p95", quantile(crowds[most].health, 0.95), "at most", HEALTH, " ms"),
        Bar("viewers who failed", sum(len(found.failures) for found in crowds.values()), "at most", 0),
        Bar("different screens of one link", max(len(found.digests) for found in crowds.values()), "at most", 1),
        Bar("tracebacks", tracebacks, "at most", 0),
    ]


def curves(crowds: dict[int, Crowd]) -> list[Curve]:
    """First frames and health against viewers."""

    def line(name: str, share: float) -> list[tuple[float, float]]:
        return [(count, quantile(getattr(found, name), share)) for count, found in crowds.items()]

    lines = {
        "first frame, median": line("first_frames", 0.5),
        "first frame, 95 of 100": line("first_frames", 0.95),
        "health, 95 of 100": line("health", 0.95),
    }
    title = f"Viewers of one link who come within {SECONDS:g} s"
    return [Curve("load-viewers", title, "viewers", "milliseconds", lines)]


# The single cases


def told(name: str, seconds: Sequence[float]) -> None:
    """One line: median, 95th percentile and most, in milliseconds."""
    if not seconds:
        print(f"{name:48s} none")
        return
    middle, high, most = (1000 * np.quantile(seconds, share) for share in (0.5, 0.95, 1.0))
    print(f"{name:48s} p50 {middle:7.0f}   p95 {high:7.0f}   most {most:7.0f} ms   (n = {len(seconds)})")


def tell_crowd(found: Crowd) -> None:
    """What a crowd met."""
    print(f"{len(found.visitors)} visitors, {found.trainings} trainings, {len(found.failures)} failures")
    for failure in sorted(set(found.failures))[:5]:
        print(f"    {failure}")
    told("connecting to first frame", found.first_frames)
    told("coming to the end of the run", found.finished)
    told("health", found.health)
    print(f"memory for each visitor {found.growth:.2f} MB; {len(found.digests)} different screens")
    if found.positions:
        print(f"{len(found.positions)} places in the queue were told: {min(found.positions)}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", default="viewers", choices=("viewers", *SINGLE, "all"))
    parser.add_argument("--visitors", type=int, help="of one link (200), or with a link each (20)")
    parser.add_argument("--seconds", type=float, default=60.0, help="within which the visitors of one link arrive")
    parser.add_argument("--minutes", type=float, default=10.0, help="of coming and going")
    parser.add_argument("--query", default=RUN, help="what is trained, as in a link; the default story unless given")
    parser.add_argument("--assets", action="store_true", help="visitors of one link first load what a browser loads")
    options = parser.parse_args()
    if options.what in ("viewers", "all"):
        print(as_text(measure(short=False)))
    for what in SINGLE if options.what == "all" else {options.what} & {*SINGLE}:
        print(f"== {what}")
        with serving() as server:
            asyncio.run(_measure(what, server, options))
            print(f"{server.tracebacks} tracebacks in the server's log")
    print(machine("streamlit"))


async def _measure(what: str, server: Server, options: argparse.Namespace) -> None:
    query = options.query
    await warm(server, query)
    if what == "same":
        links = [f"seed=77&{query}"] * (options.visitors or 200)
        tell_crowd(await crowd(server, links, options.seconds, assets=options.assets))
    elif what == "different":
        links = [f"seed={100 + 20 * place}&{query}" for place in range(options.visitors or 20)]
        tell_crowd(await crowd(server, links, 1.0))
    elif what == "soak":
        rest = await soak(server, options.minutes, query=query)
        print(f"{rest.visits} visits, {len(rest.failures)} failures {sorted(set(rest.failures))[:3]}")
        print(
            f"memory {rest.memory[0]:.0f} to {rest.memory[1]:.0f} MB in the second half, {rest.slope:+.2f} MB a minute"
        )
        print(f"threads {rest.threads[0]} before, {rest.threads[1]} after")
        told("health", rest.health)
    else:
        found = await drag(server, min(options.seconds, 20.0), query=query)
        print(
            f"{found.moves} moves, {found.started} trainings, {found.dropped} dropped, {len(found.failures)} failures"
        )
        told("core seconds spent on a run that was dropped", found.wasted)
        told("ticks of those who watch, before", found.alone)
        told("ticks of those who watch, while one drags", found.beside)


if __name__ == "__main__":
    main()
