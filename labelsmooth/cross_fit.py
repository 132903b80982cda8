"""Temperatures by cross-fitting: every row is scaled by a temperature that was fitted without it.

Legend: N examples, K classes, F folds. b = 1/T, as in the fit itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labelsmooth.calibration import FloatArray, IntArray
from labelsmooth.likelihood import derivatives_of_folds, step_to_root
from labelsmooth.temperature import BOUNDS, NEAR, SEARCHED, TemperatureFit, check_logits, fit_temperature


@dataclass(frozen=True, eq=False)
class CrossFit:
    """Temperatures (F,) that were each fitted without one fold, and the fold (N,) of each row, 0..F-1.

    `temperatures[fold]` (N,) is what to divide the logits of each row by.
    """

    temperatures: FloatArray
    fold: IntArray


def cross_fit_temperature(
    logits: ArrayLike,
    labels: ArrayLike,
    folds: int = 5,
    seed: int = 0,
    whole: TemperatureFit | None = None,
) -> CrossFit:
    """For each of F random folds of as good as equal size what `fit_temperature` finds on the others.

    Logits (N, K) and labels (N,) are those of `fit_temperature`, as is what it refuses; F is at least 2.
    `whole` is its result for all rows, where that is known. A flat fit has the temperature 1.

    >>> cross = cross_fit_temperature([[0.0, 1.0]] * 8, [1, 1, 1, 0] * 2, folds=2)
    >>> cross.fold.tolist(), cross.temperatures.round(3).tolist()
    ([0, 0, 1, 0, 1, 0, 1, 1], [0.91, 0.91])
    """
    if folds < 2:
        raise ValueError(f"folds must be at least 2, got {folds}")
    logits, labels = check_logits(logits, labels)
    fold = np.random.default_rng(seed).permutation(np.arange(len(labels)) % folds)
    near = np.full(folds, np.nan)
    if logits.size > SEARCHED:
        whole = whole or fit_temperature(logits, labels)
        if whole.optimum == "finite" and whole.at_bound is None:
            near = _near(logits, labels, fold, folds, 1 / whole.temperature)
    far = ~((near >= BOUNDS[0]) & (near <= BOUNDS[1]))
    for number in np.flatnonzero(far):
        rest = fold != number
        near[number] = fit_temperature(logits[rest], labels[rest]).temperature
    return CrossFit(near, fold)


def _near(logits: FloatArray, labels: IntArray, fold: IntArray, folds: int, b: float) -> FloatArray:
    """Temperatures (F,) from the root b of all rows: the slope of the others is a cubic around it, in a single pass.

    nan where the root is too far away for that.
    """
    sums = derivatives_of_folds(logits, labels, b, fold, folds)
    step = step_to_root(*(sums.sum(axis=0) - sums).T)
    return np.where(np.abs(step) < NEAR * b, 1 / (b + step), np.nan)
