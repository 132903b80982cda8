"""A model of one's own over temperature, from so many of its rows that it can be watched.

Legend: N rows, K classes, T temperatures.
"""

from dataclasses import dataclass

import numpy as np

from labelsmooth.assessment.losses import losses_at
from labelsmooth.calibration import IntArray, Scheme, ece_of_runs
from labelsmooth.predictions.given import Predictions
from labelsmooth.temperature_path import (
    TEMPERATURES,
    Event,
    ReliabilityMoment,
    TemperaturePath,
    reliability_moment,
)

FILM_ROWS = 20_000  # more would move no point by a pixel
FILM_CELLS = 2_000_000  # rows times classes: about a second for all temperatures


@dataclass(frozen=True, eq=False)
class TemperatureFilm:
    """Reliability at every temperature, the losses beside it, and those at the fitted temperature if there is one.

    All of them are of the same `rows` out of `whole`, drawn at random with `seed` where these are not all.
    """

    moments: tuple[ReliabilityMoment, ...]
    path: TemperaturePath
    fitted: TemperaturePath | None
    rows: int
    whole: int
    seed: int

    @property
    def sentence(self) -> str:
        """Which rows the film is of."""
        if self.rows == self.whole:
            return f"The film over temperature is of all {self.whole:,} rows."
        return (
            f"The film over temperature is of {self.rows:,} of the {self.whole:,} rows, drawn at random with seed "
            f"{self.seed}, so its numbers differ a little from those of all rows."
        )


def film_rows(rows: int, classes: int, seed: int = 0) -> IntArray | slice:
    """Which rows a film is of: all, or as many at random, in their order, as `FILM_ROWS` and `FILM_CELLS` allow."""
    most = min(FILM_ROWS, FILM_CELLS // classes)
    if rows <= most:
        return slice(None)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def temperature_film(
    predictions: Predictions,
    bins: int = 15,
    scheme: Scheme = "equal-width",
    event: Event = "top label",
    *,
    fitted: float | None = None,
    seed: int = 0,
) -> TemperatureFilm:
    """Predictions at every temperature of `TEMPERATURES`, and their losses at a `fitted` one.

    The event is the top label, or a class as in `reliability_moments`.
    """
    whole, classes = predictions.logits.shape
    if event != "top label" and not 0 <= event < classes:
        raise ValueError(f"event must be 'top label' or a class in 0..{classes - 1}, got {event}")
    rows = film_rows(whole, classes, seed)
    part = Predictions(predictions.logits[rows], predictions.labels[rows], predictions.classes, predictions.scale)
    steps = [_step(part, temperature, bins, scheme, event) for temperature in TEMPERATURES]
    return TemperatureFilm(
        moments=tuple(moment for moment, _ in steps),
        path=_joined([path for _, path in steps]),
        fitted=None if fitted is None else _step(part, fitted, bins, scheme, event)[1],
        rows=len(part.labels),
        whole=whole,
        seed=seed,
    )


def _step(
    part: Predictions, temperature: float, bins: int, scheme: Scheme, event: Event
) -> tuple[ReliabilityMoment, TemperaturePath]:
    """Reliability of an event, and all losses, at one temperature."""
    probs, losses = losses_at(part, np.array([temperature]))
    correct = part.logits.argmax(axis=1) == part.labels
    path = TemperaturePath(
        temperatures=np.array([temperature]),
        nll=np.array([losses.nll.mean()]),
        brier=np.array([losses.brier.mean()]),
        ece=ece_of_runs(losses.confidence[None], correct[None], bins),
        accuracy=np.array([correct.mean()]),
        confidence=np.array([losses.confidence.mean()]),
    )
    confidence, happened = losses.confidence, correct
    if event != "top label":
        confidence, happened = probs[:, event], part.labels == event
    return reliability_moment(temperature, float(path.nll[0]), confidence, happened, bins, scheme), path


def _joined(paths: list[TemperaturePath]) -> TemperaturePath:
    """One path (T,) of single points."""
    return TemperaturePath(*(np.concatenate([vars(path)[name] for path in paths]) for name in vars(paths[0])))
