"""The negative log-likelihood of softmax(b z) and its derivatives by b, each in one pass over the rows.

Legend: N examples, K classes, F folds. Logits are checked: finite or -inf, and finite at every label.
Inside a pass they lie class by class, (K, N), where sums over few classes are many times faster.
The first derivative is the mean of E_p z - z_y, and those above are the means of the cumulants of z under p.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from labelsmooth.calibration import FloatArray, IntArray
from labelsmooth.rows import over_rows


def loss_at(logits: FloatArray, labels: IntArray, b: float) -> float:
    """Negative log-likelihood in nats of softmax(b z), nan without rows."""

    def total(rows: slice) -> float:
        z, at_label = shifted(logits[rows], labels[rows])
        return float((np.log(np.exp(b * z).sum(axis=0)) - b * at_label).sum())

    return sum(over_rows(total, *logits.shape)) / (len(labels) or math.nan)


def derivatives(logits: FloatArray, labels: IntArray, b: float) -> list[float]:
    """The first four derivatives of the loss, not defined without rows."""

    def sums(rows: slice) -> FloatArray:
        return np.array([value.sum() for value in _cumulants(*shifted(logits[rows], labels[rows]), b)])

    return [float(value) / len(labels) for value in np.asarray(sum(over_rows(sums, *logits.shape)))]


def derivatives_of_folds(logits: FloatArray, labels: IntArray, b: float, fold: IntArray, folds: int) -> FloatArray:
    """Sums (F, 4) over each fold (N,) of the first four derivatives of the loss."""

    def sums(rows: slice) -> FloatArray:
        values = _cumulants(*shifted(logits[rows], labels[rows]), b)
        return np.stack([np.bincount(fold[rows], value, folds) for value in values], axis=1)

    return np.asarray(sum(over_rows(sums, *logits.shape)))


def step_to_root(slope: ArrayLike, second: ArrayLike, third: ArrayLike, fourth: ArrayLike) -> FloatArray:
    """How far b is from the root of the slope, taken as a cubic around b; nan or infinite where the loss is flat."""
    slope, second, third, fourth = (np.asarray(value, np.float64) for value in (slope, second, third, fourth))
    step = np.zeros(slope.shape)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _ in range(4):  # each is more exact by one power of the step, which is small where it is of use
            step = -(slope + step**2 * (third / 2 + step * fourth / 6)) / second
    return np.asarray(step)


def shifted(logits: FloatArray, labels: IntArray) -> tuple[FloatArray, FloatArray]:
    """Logits (K, N) with a maximum of 0 in each row, so that no exponential overflows, and those of the labels (N,)."""
    z = np.ascontiguousarray(logits.T)
    z = z - z.max(axis=0)
    return z, z[labels, np.arange(len(labels))]


def without_masks(z: FloatArray) -> FloatArray:
    """Logits with 0 for -inf: a masked class has weight 0, and 0 * -inf is NaN."""
    masked = np.isneginf(z)
    return np.where(masked, 0.0, z) if masked.any() else z


def _cumulants(z: FloatArray, at_label: FloatArray, b: float) -> list[FloatArray]:
    """E_p z - z_y (N,), then the variance, the third and the fourth cumulant of z (K, N)."""
    weights = np.exp(b * z)
    z = without_masks(z)
    total = weights.sum(axis=0)
    mean = (weights * z).sum(axis=0) / total
    z = z - mean
    central = []
    with np.errstate(over="ignore", invalid="ignore"):  # of huge logits the higher ones are beyond float64
        for _ in range(4):
            weights *= z
            central.append(weights.sum(axis=0) / total)
        central[3] -= 3 * np.square(central[1])
    return [mean - at_label, *central[1:]]
