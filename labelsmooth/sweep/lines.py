"""The numbers of a sweep: each measure against epsilon, over the seeds whose runs did not diverge.

Legend: S seeds, E epsilons in rising order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelsmooth.calibration import FloatArray, null_ece, softmax
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import NEVER, Snapshot

EPSILONS = tuple(n / 40 for n in range(21))  # 0 to 0.5
Statistic = Callable[[FloatArray], Any]
DRAWS = 300  # of the ECE by chance: enough for the ends of its band on a screen
SCALED = ("nll", "brier", "ece", "confidence")  # what temperature scaling changes: accuracy it does not


@dataclass(frozen=True, eq=False)
class Line:
    """One measure against epsilon.

    `values` is (S, E), nan for a run that diverged; `centre`, `low` and `high` (E,) are its mean over seeds (of
    temperatures the median), lowest and highest seed, nan where no run is left. `scaled` (S,) is the measure of
    each seed's hard-label model after temperature scaling, nan where there is none.
    """

    name: str
    values: FloatArray
    scaled: FloatArray
    centre: FloatArray
    low: FloatArray
    high: FloatArray

    @property
    def reference(self) -> float:
        """Mean over seeds of the hard-label model after temperature scaling, or nan."""
        return float(over_seeds(np.mean, self.scaled[:, None])[0])


@dataclass(frozen=True, eq=False)
class Sweep:
    """Every measure of one snapshot against epsilon.

    `epsilons` is (E,), rising; `lines` holds "accuracy", SCALED and "temperature"; `diverged` (S, E) marks the runs
    left out; `at_bound` (E,) counts the seeds whose best temperature is only a bound; `null_*` (E,) are median and
    5 % to 95 % quantiles of the ECE that a calibrated model with the confidences of the first seed shows by chance,
    nan before the end.
    """

    epsilons: FloatArray
    seeds: tuple[int, ...]
    epoch: int
    finished: bool
    lines: dict[str, Line]
    diverged: np.ndarray
    at_bound: np.ndarray
    null_median: FloatArray
    null_low: FloatArray
    null_high: FloatArray

    @property
    def zero(self) -> int:
        """Where in the grid the hard labels are."""
        return int(np.flatnonzero(self.epsilons == 0)[0])


def sweep(snapshot: Snapshot, setup: TrainingSetup, null: bool = True, by_chance: FloatArray | None = None) -> Sweep:
    """The lines of a snapshot; with `null` and at the end the band of chance too, some milliseconds an epsilon.

    `by_chance` is that band where it is known already, as `chance` gives it: of a snapshot without its logits.
    """
    if 0 not in setup.epsilons:
        raise ValueError(f"epsilons must contain 0, the hard labels; got {setup.epsilons}")
    order = np.argsort(setup.epsilons)
    zero = setup.epsilons.index(0)
    lost = snapshot.diverged[:, order] != NEVER
    best = snapshot.best
    unknown = np.full(lost.shape, np.nan)
    lines = {"accuracy": _line("accuracy", snapshot.accuracy[:, order], lost)}
    for name in SCALED:
        scaled = None if best is None else best.arrays[name][:, zero]
        lines[name] = _line(name, getattr(snapshot, name)[:, order], lost, scaled)
    temperature = unknown if best is None else best.temperature[:, order]
    lines["temperature"] = _line("temperature", temperature, lost, statistic=np.median)
    if by_chance is None:
        by_chance = chance(snapshot, setup) if null and snapshot.finished else np.full((3, len(order)), np.nan)
    return Sweep(
        epsilons=np.array(setup.epsilons, np.float64)[order],
        seeds=setup.seeds,
        epoch=snapshot.epoch,
        finished=snapshot.finished,
        lines=lines,
        diverged=lost,
        at_bound=np.zeros(len(order), int) if best is None else np.count_nonzero(best.at_bound[:, order], axis=0),
        null_median=by_chance[0],
        null_low=by_chance[1],
        null_high=by_chance[2],
    )


def over_seeds(statistic: Statistic, values: FloatArray) -> FloatArray:
    """A statistic (E,) of those of the values (S, E) that there are, nan where there is none."""
    known = [column[np.isfinite(column)] for column in values.T]
    return np.array([statistic(column) if column.size else np.nan for column in known])


def _line(
    name: str, values: FloatArray, lost: np.ndarray, scaled: FloatArray | None = None, statistic: Statistic = np.mean
) -> Line:
    """The line of values (S, E) without those of lost runs."""
    values = np.where(lost, np.nan, values)
    return Line(
        name,
        values,
        np.full(len(values), np.nan) if scaled is None else scaled,
        over_seeds(statistic, values),
        over_seeds(np.min, values),
        over_seeds(np.max, values),
    )


def chance(snapshot: Snapshot, setup: TrainingSetup) -> FloatArray:
    """Median, low and high (3, E) of the first seed's ECE by chance, nan for its runs that diverged.

    Every epsilon has the same random numbers, so that the band is as smooth as the confidences are.
    """
    order = np.argsort(setup.epsilons)
    bands = [null_ece(softmax(snapshot.test.logits[column]).max(axis=1), draws=DRAWS) for column in order]
    numbers = np.array([(band.median, band.low, band.high) for band in bands])
    return np.where(snapshot.diverged[0, order] != NEVER, np.nan, numbers.T)
