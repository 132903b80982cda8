"""Crowds of visitors: of one link or of many, coming and going, and one who drags while others watch."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.serving import Server, Watch, browse
from benchmarks.visitor import Visitor

PATIENCE = 120.0  # seconds after which a visitor counts as failed
RUN = ""  # the default story
LONG = "epochs=400&seeds=20&batch_size=16"


@dataclass(frozen=True)
class Crowd:
    """What visitors met who stayed until all had seen their run to its end."""

    visitors: list[Visitor]
    failures: list[str]
    trainings: int
    finished: list[float]  # seconds from coming to the end of the run, of each
    health: list[float]  # seconds of each answer
    growth: float  # MB of memory for each visitor

    @property
    def first_frames(self) -> list[float]:
        """Seconds from connecting to the first frame of the run."""
        return [visitor.first_frame for visitor in self.visitors if visitor.first_frame == visitor.first_frame]

    @property
    def digests(self) -> set[str]:
        """All numbers on the screens: one for each different screen."""
        return {visitor.screen.digest for visitor in self.visitors}

    @property
    def positions(self) -> set[str]:
        """The places in the queue that somebody was told."""
        return {said for visitor in self.visitors for said in visitor.alerts if "in the queue" in said}


async def warm(server: Server, query: str = RUN) -> None:
    """One visitor: the imports, and memory that every later run needs too."""
    async with Visitor(server.url, query=f"seed=9000&{query}") as visitor:
        await visitor.until(visitor.complete, PATIENCE)


async def crowd(server: Server, queries: Sequence[str], seconds: float, *, assets: bool = False) -> Crowd:
    """A visitor for each query, arriving evenly; they leave together when all are served."""
    visitors = [Visitor(server.url, query=query) for query in queries]
    started, before = len(server.events("started")), server.memory
    async with Watch(server) as watch:
        stays = [_stay(visitor, place * seconds / len(visitors), assets) for place, visitor in enumerate(visitors)]
        finished = await asyncio.gather(*stays)
        growth = (server.memory - before) / len(visitors)
    failures = [problem for visitor in visitors for problem in visitor.problems]
    await asyncio.gather(*(visitor.leave() for visitor in visitors))
    trainings = len(server.events("started")) - started
    return Crowd(visitors, failures, trainings, list(finished), watch.health, growth)


async def _stay(visitor: Visitor, delay: float, assets: bool) -> float:
    """Come after a delay and see the whole run; the seconds that it took."""
    await asyncio.sleep(delay)
    began = time.perf_counter()
    try:
        if assets:
            visitor.cookies |= await browse(visitor.url)
        await visitor.come()
        await visitor.until(visitor.complete, PATIENCE)
    except (OSError, TimeoutError) as problem:
        visitor.problems.append(f"{problem!r}: {visitor}")
    return time.perf_counter() - began


@dataclass(frozen=True)
class Soak:
    """What minutes of coming and going left behind."""

    visits: int
    failures: list[str]
    slope: float  # MB a minute, over the second half
    memory: tuple[float, float]  # MB after the first half and at the end
    threads: tuple[int, int]  # before, and at the end once all had left
    health: list[float]


async def soak(server: Server, minutes: float, *, at_once: int = 10, links: int = 12, query: str = RUN) -> Soak:
    """Visitors who open one of a few links, stay some seconds and leave; some come back."""
    chance = random.Random(0)
    before, until = server.threads, time.perf_counter() + 60 * minutes
    failures: list[str] = []
    visits = 0

    async def come_and_go() -> None:
        nonlocal visits
        while time.perf_counter() < until:
            visitor = Visitor(server.url, query=f"seed={100 * chance.randrange(links)}&{query}")
            try:
                for _ in range(chance.choice((1, 1, 2))):
                    await visitor.come()
                    await asyncio.sleep(chance.uniform(0.5, 6.0))
                    await visitor.leave()
                    await asyncio.sleep(0.5)
            except OSError as problem:
                visitor.problems.append(repr(problem))
            visits += 1
            failures.extend(visitor.problems)

    async with Watch(server) as watch:
        await asyncio.gather(*(come_and_go() for _ in range(at_once)))
        await asyncio.sleep(3)
        threads = server.threads
    when, memory = np.array(watch.memory).T
    late = when > when[-1] / 2
    slope = float(np.polyfit(when[late], memory[late], 1)[0] * 60)
    return Soak(visits, failures, slope, (float(memory[late][0]), float(memory[-1])), (before, threads), watch.health)


@dataclass(frozen=True)
class Drag:
    """What a visitor who drags does to the server and to those who watch."""

    moves: int
    started: int
    dropped: int  # runs that were stopped, or never left the queue
    wasted: list[float]  # seconds of one core spent on each run that was dropped
    alone: list[float]  # seconds of each tick of those who watch, without the dragger
    beside: list[float]  # the same while somebody drags
    failures: list[str]


async def drag(server: Server, seconds: float, *, watchers: int = 3, query: str = RUN, long: str = LONG) -> Drag:
    """Some watch long runs; then one more moves epsilon as fast as the network takes it."""
    watching = [Visitor(server.url, query=f"seed={300 + 30 * place}&{long}") for place in range(watchers)]
    dragger = Visitor(server.url, query=f"seed=7&{query}")
    counted = {name: len(server.events(name)) for name in ("started", "stopped")}

    async def watched(doing: Callable[[], object]) -> list[float]:
        for visitor in watching:
            visitor.waited.clear()
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            doing()
            await asyncio.sleep(0.03)
            if doing is not idle:
                await dragger.move("Smoothing ε", f"{next(values):g}")
        return [wait for visitor in watching for wait in visitor.waited]

    def idle() -> None:
        """Nobody drags."""

    steps = [place / 200 for place in range(1, 101)]
    values = (step for _ in range(1_000_000) for step in (*steps, *reversed(steps)))
    moves = 0

    def count() -> None:
        nonlocal moves
        moves += 1

    for visitor in watching:
        await visitor.come()
        await visitor.until(lambda visitor=visitor: visitor.shown, PATIENCE)  # type: ignore[misc]
    alone = await watched(idle)
    await dragger.come()
    await dragger.until(dragger.complete, PATIENCE)
    beside = await watched(count)
    await dragger.until(dragger.complete, PATIENCE)
    for visitor in (*watching, dragger):
        await visitor.leave()
    dropped = server.events("stopped")[counted["stopped"] :]
    return Drag(
        moves,
        len(server.events("started")) - counted["started"],
        len(dropped),
        [entry["seconds"] for entry in dropped],
        alone,
        beside,
        [problem for visitor in (*watching, dragger) for problem in visitor.problems],
    )
