"""Intervals of a probability that is seen as a count."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from labelsmooth.calibration.arrays import FloatArray


def clopper_pearson(successes: ArrayLike, trials: ArrayLike, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Exact interval of a probability after x successes in n trials; it never collapses to a point.

    Formula: low = Beta^-1(a/2; x, n-x+1), or 0 at x = 0; high = Beta^-1(1-a/2; x+1, n-x), or 1 at x = n; with
    a = 1 - level.

    Args:
        successes: x, whole numbers in 0..n, any shape that broadcasts with that of trials.
        trials: n, whole numbers from 0 up.
        level: of the interval, in (0, 1).

    Returns:
        (low, high), probabilities in [0, 1], arrays of the common shape; 0 and 1 where n = 0.

    Raises:
        ValueError: more successes than trials; negative or broken counts; level out of range.

    Example:
        >>> low, high = clopper_pearson([10, 5], [10, 10])
        >>> low.round(4).tolist(), high.round(4).tolist()
        ([0.6915, 0.1871], [1.0, 0.8129])

    Source: Clopper, Pearson 1934, Biometrika 26.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    x, n = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(trials, np.float64))
    wrong = ~((x >= 0) & (x <= n) & (x % 1 == 0) & (n % 1 == 0))
    if wrong.any():
        raise ValueError(f"successes must be whole numbers from 0 to trials, got {x[wrong][0]} of {n[wrong][0]}")
    tail = (1 - level) / 2
    # At x = 0 and x = n the distribution does not exist: any other will do, since its value is dropped.
    low = np.where(x == 0, 0.0, special.betaincinv(np.maximum(x, 1), n - x + 1, tail))
    high = np.where(x == n, 1.0, special.betainccinv(x + 1, np.maximum(n - x, 1), tail))
    return low, high
