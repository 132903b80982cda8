"""Claims and experiments that train little or nothing."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from labelsmooth.claims.contrasts import above, below, within
from labelsmooth.claims.laboratory import EASY
from labelsmooth.claims.trainings import (
    Measured,
)

TINY: dict[str, Any] = {"train_size": 60, "hidden": (8,), "epochs": 4}
SMALL = replace(EASY, **TINY)


def around(mean: float, spread: float, seeds: int = 12) -> list[float | None]:
    """Made values with this mean, half of them below it."""
    return [mean + spread * (-1) ** n for n in range(seeds)]


ABOVE, BELOW = above("up", "after", "before"), below("down", "after", "before", -1.0)
ALIKE = within("alike", "after", "before", -0.5, 0.5)


@dataclass(frozen=True)
class Made:
    """An experiment that trains nothing and writes down what it is asked for."""

    effect: float
    asked: Callable[[int], object]

    def measure(self, seed: int) -> Measured:
        self.asked(seed)
        return {"before": float(seed), "after": seed + self.effect + 0.1 * (-1) ** seed, "lost": math.nan}
