"""What a claim is: a sentence with its source, and the contrasts that decide it."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Contrast:
    """A paired difference, `after` less `before`, and the region (low, high) where the claim says that it lies.

    `after` and `before` name numbers that the experiment measures of each seed; without `before` the difference is
    to 0. `scale`, `unit` and `digits` are for showing it; `source` is the same difference in the source, on the shown
    scale, where there is one. One that does not decide is shown beside the others and has no part in the verdict.
    """

    text: str
    after: str
    before: str | None
    low: float
    high: float
    scale: float = 1.0
    unit: str = ""
    digits: int = 3
    decides: bool = True
    source: float | None = None

    @property
    def region(self) -> str:
        """Where the claim says that the difference lies, in words."""
        low, high = (f"{self.scale * end:.3g}".replace("-", "\N{MINUS SIGN}") for end in (self.low, self.high))
        if math.isinf(self.high):
            return f"above {low}{self.unit}"
        return f"below {high}{self.unit}" if math.isinf(self.low) else f"from {low} to {high}{self.unit}"


@dataclass(frozen=True)
class Line:
    """Measured numbers in a row: at each x the one of that name. `smoothed` says whose colour it has."""

    title: str
    points: tuple[tuple[float, str], ...]
    smoothed: bool = True


@dataclass(frozen=True)
class Profile:
    """Lines over one x, and perhaps a level to compare them with: a measured number by its name, or a number."""

    title: str
    x_title: str
    lines: tuple[Line, ...]
    level: str | float | None = None
    level_title: str = ""

    @property
    def names(self) -> set[str]:
        """The measured numbers that it shows."""
        named = {name for line in self.lines for _, name in line.points}
        return named | ({self.level} if isinstance(self.level, str) else set())


@dataclass(frozen=True)
class Claim:
    """What a paper says, the figure that it gives, and how it is tested here.

    `figure` is the figure in the source in words, `test` the experiment in words, and `note` what a reader has to
    know of both, such as who contests it. `profile` is drawn beside the contrasts where there is one.
    """

    title: str
    sentence: str
    source: str
    figure: str
    test: str
    contrasts: tuple[Contrast, ...]
    note: str
    profile: Profile | None = None

    @property
    def names(self) -> set[str]:
        """The measured numbers that it asks for."""
        sides = {side for contrast in self.contrasts for side in (contrast.after, contrast.before) if side}
        return sides | (set() if self.profile is None else self.profile.names)


def name_at(measure: str, epsilon: float, **also: float) -> str:
    """The name of one measured number: "accuracy at 0.1, noise 0.4"."""
    return ", ".join([f"{measure} at {epsilon:g}", *(f"{what} {value:g}" for what, value in also.items())])
