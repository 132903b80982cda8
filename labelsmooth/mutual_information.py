"""How much a network's output still tells which example it came from.

Legend: N examples.
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from labelsmooth.calibration import FloatArray


def mutual_information(outputs: ArrayLike, means: ArrayLike, variance: float | None = None) -> float:
    """An estimate of the mutual information between an example and the output of a network on a copy of it.

    Formula: (1/N) sum_x [-(f_x - mu_x)^2 / (2 s^2) - log (1/N) sum_x' exp(-(f_x - mu_x')^2 / (2 s^2))], with
    s^2 = (1/N) sum_x (f_x - mu_x)^2: the mean of log p(f | x) - log p(f), where p(f | x) is normal around mu_x.

    Args:
        outputs: f_x, the output on one randomly changed copy of each example, shape (N,), N >= 1, in any unit.
        means: mu_x, the mean output over many such copies, shape (N,), in the unit of the outputs.
        variance: s^2, above 0, in the square of that unit; None for the one of the formula.

    Returns:
        The estimate in nats: at most log N, at least 0 where f = mu, and otherwise possibly below 0. Two far and
        narrow clusters give the entropy of their sizes, log 2 where these are equal.

    Raises:
        ValueError: shapes that differ or are not (N,); numbers that are not finite; a variance that is not above 0,
            as that of the formula where f = mu for every example.

    Example:
        >>> round(mutual_information([-1.0, 1.0], [-1.0, 1.0], variance=1.0), 6)
        0.566219

    Source: Mueller, Kornblith, Hinton 2019, arXiv 1906.02629, the estimate behind figure 6, whose inner sum has x
    where x' stands here: see `information_as_printed`.
    """
    f, mu, variance = _checked(outputs, means, variance)
    exponents = -np.square(f[:, None] - mu) / (2 * variance)  # (N, N)
    return float((np.diagonal(exponents) - logsumexp(exponents, axis=1)).mean() + math.log(len(f)))


def information_as_printed(outputs: ArrayLike, means: ArrayLike) -> float:
    """The formula as the paper prints it, with x in the inner sum too: by Jensen's inequality never above 0.

    Outputs, means and errors are those of `mutual_information`, and the variance is the one of its formula.
    """
    f, mu, variance = _checked(outputs, means, None)
    exponents = -np.square(f - mu) / (2 * variance)  # (N,)
    return float(exponents.mean() - logsumexp(exponents) + math.log(len(f)))


def _checked(outputs: ArrayLike, means: ArrayLike, variance: float | None) -> tuple[FloatArray, FloatArray, float]:
    """Float64 outputs and means (N,), and the variance."""
    f, mu = np.asarray(outputs, np.float64), np.asarray(means, np.float64)
    if f.ndim != 1 or f.shape != mu.shape or f.size == 0:
        raise ValueError(f"outputs and means must have the same shape (N,), N >= 1; got {f.shape} and {mu.shape}")
    if not (np.isfinite(f).all() and np.isfinite(mu).all()):
        raise ValueError("outputs and means must be finite; got nan or inf")
    used = float(np.square(f - mu).mean()) if variance is None else variance
    if not 0 < used < math.inf:
        raise ValueError(f"the variance must be above 0 and finite; got {used}")
    return f, mu, used
