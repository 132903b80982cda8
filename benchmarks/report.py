"""What a benchmark found: tables, bars that it must clear, and plots of cost against size."""

import math
import os
import platform
import resource
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import Literal

BEND = 0.3  # by which the power of a size changes where a curve is said to bend


@dataclass(frozen=True)
class Bar:
    """A figure, and the limit that it is held to: "at least" or "at most"."""

    name: str
    value: float
    kind: Literal["at least", "at most"]
    limit: float
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure is on the right side."""
        return self.value >= self.limit if self.kind == "at least" else self.value <= self.limit

    def cells(self) -> list[str]:
        """A row of the table of bars."""
        limit = f"{self.kind} {self.limit:g}{self.unit}"
        return [self.name, f"{self.value:.3g}{self.unit}", limit, "met" if self.met else "**missed**"]


@dataclass(frozen=True)
class Curve:
    """Cost against size, for one plot: a line a contender, each of (size, cost) points."""

    name: str  # of the file, as "trainer-runs"
    title: str
    size: str
    cost: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    limit: str = ""  # why it bends where it does, and what it could not fall below


@dataclass(frozen=True)
class Finding:
    """What one benchmark found: text in Markdown, bars, and curves."""

    title: str
    text: str
    bars: Sequence[Bar] = ()
    curves: Sequence[Curve] = ()


@dataclass
class Times:
    """Seconds of contenders that were measured in turn, by contender."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def median(self, name: str) -> float:
        """The middle of what was measured."""
        return statistics.median(self.seconds[name])

    def ratio(self, slow: str, fast: str) -> float:
        """How many times as long one takes as another: the median over turns, which stand close in time."""
        return statistics.median(a / b for a, b in zip(self.seconds[slow], self.seconds[fast], strict=False))

    def told(self, name: str, scale: float = 1000) -> str:
        """The median, the least and the most, scaled: milliseconds unless told otherwise."""
        low, middle, high = (scale * f(self.seconds[name]) for f in (min, statistics.median, max))
        return f"{middle:.3g} ({low:.3g} to {high:.3g})"


def in_turn(contenders: Mapping[str, Callable[[], object]], turns: int, *, warm: bool = True) -> Times:
    """Call every contender once to warm up, unless that is done, then all of them turn after turn."""
    times = Times()
    for work in contenders.values() if warm else ():
        work()
    for _ in range(turns):
        for name, work in contenders.items():
            start = time.perf_counter()
            work()
            times.seconds[name].append(time.perf_counter() - start)
    return times


def peak_megabytes() -> float:
    """Largest memory that this process has held; where only getrusage tells, a new process begins with its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def machine(*packages: str) -> str:
    """What was measured on, and versions."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    found = [f"Python {platform.python_version()}"]
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} not installed")
    return f"{model}, {os.cpu_count()} cores, {platform.system()}; {', '.join(found)}"


def growth(curve: Curve) -> str:
    """How cost grows with size, line by line: the exponent of the size between two points, and where it changes."""
    told = []
    for name, points in curve.lines.items():
        steps = [
            (low, high, math.log(b / a) / math.log(high / low))
            for (low, a), (high, b) in pairwise(points)
            if a > 0 and b > 0
        ]
        if steps:
            spans = ", ".join(f"{power:.2f} from {low:,g} to {high:,g}" for low, high, power in steps)
            powers = [power for _, _, power in steps]
            bend = " (bends)" if max(powers) - min(powers) > BEND else ""
            told.append(f"{name} {spans}{bend}")
    return f"{curve.cost} as a power of {curve.size}: {'; '.join(told)}. {curve.limit}".strip()


def as_text(found: Finding) -> str:
    """A finding in Markdown."""
    parts = [f"## {found.title}", found.text]
    if found.bars:
        head = ("bar", "measured", "limit", "")
        rows = [bar.cells() for bar in found.bars]
        parts.append(table(head, rows))
    return "\n\n".join(parts)
