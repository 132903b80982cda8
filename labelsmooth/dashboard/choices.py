"""Kinds of choice: how the text of one is read, to the nearest valid value, and written."""

import re
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labelsmooth.setups import RANGES

Reading = tuple[Any, str]  # the nearest valid value, or None if none is near; what was wrong, or ""


@dataclass(frozen=True)
class Spec(ABC):
    """One choice: what a widget calls it, what it explains, and how its text is read and written."""

    label: str
    help: str

    @abstractmethod
    def read(self, text: str) -> Reading:
        """The nearest valid value, and what was wrong with the text."""

    def write(self, value: Any) -> str:
        """The text that reads as this value."""
        return str(value)

    def shown(self, value: Any) -> Any:
        """What a widget shows of this value."""
        return value


@dataclass(frozen=True)
class Number(Spec):
    """One of ascending numbers: a range of whole ones, or the steps of a scale."""

    options: Sequence[float]
    owner: str = "this page"  # who sets the limits

    def read(self, text: str) -> Reading:
        if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", text, re.IGNORECASE):
            return None, "is not a number"
        number = float(text)
        if number > self.options[-1]:
            return self.options[-1], f"is more than {self.owner} allows"
        if number < self.options[0]:
            return self.options[0], f"is less than {self.owner} allows"
        above = bisect_left(self.options, number)
        nearest = min(self.options[max(above - 1, 0) : above + 1], key=lambda option: abs(option - number))
        # Widgets may return 0.30000000000000004 for 0.3: that is nobody's mistake.
        exact = abs(nearest - number) <= 1e-12 * abs(number)
        return nearest, "" if exact else "lies between two steps"


@dataclass(frozen=True)
class Choice(Spec):
    """One of a few words, each with the text that a menu shows for it."""

    options: Mapping[str, str]

    def read(self, text: str) -> Reading:
        return (text, "") if text in self.options else (None, "is not one of the choices")


@dataclass(frozen=True)
class Flag(Spec):
    """Yes or no."""

    def read(self, text: str) -> Reading:
        return (text == "yes", "") if text in ("yes", "no") else (None, "is neither yes nor no")

    def write(self, value: Any) -> str:
        return "yes" if value else "no"


@dataclass(frozen=True)
class Wholes(Spec):
    """Whole numbers joined by hyphens; a widget may hold them as such a text or as any sequence."""

    def write(self, value: Any) -> str:
        return value if isinstance(value, str) else "-".join(map(str, value))

    def shown(self, value: Any) -> str:
        return self.write(value)

    def _split(self, text: str) -> tuple[int, ...]:
        """The numbers; none of them if the text is anything else."""
        is_list = re.fullmatch(r"\d+(-\d+)*", text)
        return tuple(map(int, text.split("-"))) if is_list else ()


@dataclass(frozen=True)
class Widths(Wholes):
    """Widths of the hidden layers, each clipped on its own."""

    def read(self, text: str) -> Reading:
        (low, high), (least, most) = RANGES["width"], RANGES["layers"]
        given = self._split(text)
        used = tuple(int(min(max(width, low), high)) for width in given[: int(most)])
        problem = f"is not {least} to {most} widths from {low} to {high}"
        return used or None, "" if used and used == given else problem


@dataclass(frozen=True)
class Classes(Wholes):
    """Different classes of a data set, in the order left, right, top."""

    owner: str
    count: int
    usual: tuple[int, ...]

    def read(self, text: str) -> Reading:
        given = self._split(text)
        fits = len(given) == len(set(given)) == len(self.usual) and max(given) < self.count
        problem = f"is not {len(self.usual)} different classes of {self.owner}, 0 to {self.count - 1}"
        return (given, "") if fits else (self.usual, problem)
