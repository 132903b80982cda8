"""The three sides that a claim can take: larger, smaller, or about as large."""

import math
from typing import Any

from labelsmooth.claims.claim import Contrast, name_at

POINTS: dict[str, Any] = {"scale": 100.0, "unit": " points", "digits": 2}  # how a difference of fractions is shown


def above(text: str, after: str, before: str | None, low: float = 0.0, **shown: Any) -> Contrast:
    """The claim says that the difference is larger than `low`."""
    return _contrast(text, after, before, low, math.inf, shown)


def below(text: str, after: str, before: str | None, high: float = 0.0, **shown: Any) -> Contrast:
    """The claim says that the difference is smaller than `high`."""
    return _contrast(text, after, before, -math.inf, high, shown)


def within(text: str, after: str, before: str | None, low: float, high: float, **shown: Any) -> Contrast:
    """The claim says that the difference lies between two margins."""
    return _contrast(text, after, before, low, high, shown)


def _contrast(text: str, after: str, before: str | None, low: float, high: float, shown: dict[str, Any]) -> Contrast:
    return Contrast(text, after, before, low, high, **shown)


def over_epsilon(measure: str, epsilons: tuple[float, ...], **also: float) -> tuple[tuple[float, str], ...]:
    """The points of a line over epsilon."""
    return tuple((epsilon, name_at(measure, epsilon, **also)) for epsilon in epsilons)
