"""Smooth calibration error: the ECE with a kernel instead of bins, whose bandwidth follows from the data.

Legend: N examples, G steps of the grid on [0, 1], so G + 1 points and as many cosine modes, P points of the curve.

A Gaussian that is reflected at both ends of [0, 1] is what heat does on a rod that loses none, so smoothing is a
factor for each cosine mode. Examples are therefore shared out once between the two grid points around them, and each
bandwidth after that costs one cosine transform, whatever N is. Directly, one bandwidth would cost N times G kernels.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from labelsmooth.calibration import FloatArray, bin_sums, check_confidence, check_correct
from labelsmooth.rows import over_rows

STEPS = 4096  # the error of a value s is below 0.1 / (s STEPS^2): 1e-7 at s = 0.1, 1e-6 at 0.01
DRAW_STEPS = 1024  # for the many draws of a null distribution, whose own spread is far above that error
CURVE_STEPS = 256  # of the curve: it is to be drawn
TOLERANCE = 1e-10  # of the fixed point
MARGIN = 1e-13  # keeps both ends of the search off the root, which is 0 where no residual is left
NO_DENSITY = 1e-6  # below it, rounding in the transform would show as accuracy


@dataclass(frozen=True, eq=False)
class SmoothECE:
    """Smooth calibration error, and the smoothed reliability curve behind it: the result of `smooth_ece`.

    Formula: accuracy(t) = sum_i a_i K(t, c_i) / sum_i K(t, c_i), density(t) = (1/N) sum_i K(t, c_i), with the kernel
    K of `smooth_ece` at the bandwidth found.

    Attributes:
        value: smooth calibration error, a fraction; like all that follows but t it is nan without rows.
        t: confidences from 0 to 1 for drawing, (P,).
        accuracy: smoothed accuracy at t, (P,), a fraction; nan where no example is near.
        density: of the confidences at t, (P,), per unit of confidence: its integral over [0, 1] is 1.
        bandwidth: of the kernel, in units of confidence: the same number as value, by definition.

    Example:
        >>> curve = smooth_ece([0.75] * 4, [1, 1, 0, 0])
        >>> float(curve.t[128]), round(float(curve.accuracy[128]), 6), round(curve.bandwidth, 6)
        (0.5, 0.5, 0.25)

    Source: Blasiok, Nakkiran 2023, arXiv 2309.12236, smooth reliability diagram.
    """

    value: float
    t: FloatArray
    accuracy: FloatArray
    density: FloatArray

    @property
    def bandwidth(self) -> float:
        """Standard deviation of the kernel, which the value fixes."""
        return self.value


def smooth_ece(confidence: ArrayLike, correct: ArrayLike) -> SmoothECE:
    """Smooth calibration error: the mean distance of a kernel-smoothed curve from the diagonal, without bins.

    Formula: smECE_s = int_0^1 |(1/N) sum_i (c_i - a_i) K_s(t, c_i)| dt falls as s rises; the value is the one s
    with smECE_s = s. K_s(t, c) = sum_m phi_s(t - c - 2m) + phi_s(t + c - 2m), m over all integers, is a Gaussian of
    standard deviation s, reflected at 0 and 1. |mean(c - a)| <= value <= mean |c - a|, and it is |mean(c - a)| when
    all c - a have one sign.

    Args:
        confidence: probabilities of the event in [0, 1], shape (N,): top-label confidences, or those of one class.
        correct: 1 or True where the event happened, else 0 or False, shape (N,).

    Returns:
        `SmoothECE`, with a value from 0 to 1. Without rows it is nan.

    Raises:
        ValueError: shapes, confidences or correct out of range.

    Example:
        >>> round(smooth_ece([0.25, 0.75], [1, 0]).value, 6)
        0.358655

    Source: Blasiok, Nakkiran 2023, arXiv 2309.12236, SmoothECE with the reflected Gaussian kernel. Their package
    `relplot` cuts the kernel at a distance of one half, which shows in values above 0.15.
    """
    confidence = check_confidence(confidence)
    correct = check_correct(correct, len(confidence))
    t = np.arange(CURVE_STEPS + 1) / CURVE_STEPS
    if not len(confidence):
        blank = np.full(len(t), math.nan)
        return SmoothECE(value=math.nan, t=t, accuracy=blank, density=blank)
    n = len(confidence)

    def shared(rows: slice) -> FloatArray:
        c, a = confidence[rows], correct[rows]
        return _shared_out(c, np.stack([a, np.ones(len(c)), a - c]), STEPS)

    hits, everyone, residuals = _modes_of(np.asarray(sum(over_rows(shared, n, 3))), n)
    value = _fixed_point(residuals)
    drawn = slice(None, None, STEPS // CURVE_STEPS)
    density = np.maximum(_smoothed(everyone, value)[drawn], 0)
    known = np.where(density >= NO_DENSITY, density, math.nan)
    accuracy = np.clip(_smoothed(hits, value)[drawn] / known, 0, 1)
    return SmoothECE(value=float(value), t=t, accuracy=accuracy, density=density)


def smooth_ece_of_draws(confidence: FloatArray, correct: NDArray[np.bool_]) -> FloatArray:
    """Smooth calibration errors (...,) of many draws of correct (..., N) at the same confidences (N,).

    They are taken on a coarser grid than that of `smooth_ece`, and are nan without rows.
    """
    if not len(confidence):
        return np.full(correct.shape[:-1], math.nan)
    return smooth_ece_of_sums(confidence, correct - confidence, len(confidence))


def smooth_ece_of_sums(confidence: FloatArray, residuals: FloatArray, n: int) -> FloatArray:
    """Smooth calibration errors (...,) of N examples from sums of correct - confidence (..., C) at confidences (C,)."""
    return _fixed_point(_modes_of(_shared_out(confidence, residuals, DRAW_STEPS), n))


def _shared_out(confidence: FloatArray, values: FloatArray, steps: int) -> FloatArray:
    """Sums (..., G + 1) of values (..., C) that stand at the confidences (C,), between the grid points around them."""
    position = confidence * steps
    left = np.minimum(position.astype(np.intp), steps - 1)
    share = position - left
    index = np.broadcast_to(left, values.shape)
    return bin_sums(index, values * (1 - share), steps + 1) + bin_sums(index + 1, values * share, steps + 1)


def _modes_of(sums: FloatArray, n: int) -> FloatArray:
    """Cosine modes (..., G + 1), over N, of sums (..., G + 1) at the grid points."""
    steps = sums.shape[-1] - 1
    sums[..., [0, -1]] *= 2  # the cell of an end point is half as wide
    return np.asarray(fft.dct(sums * (steps / n), type=1))


def _smoothed(modes: FloatArray, bandwidth: FloatArray) -> FloatArray:
    """What the modes (..., G + 1) stand for on the grid, smoothed with a bandwidth (...,).

    The kernel is the random walk on the grid, which has the Gaussian's variance and is never negative: a Gaussian cut
    off at G modes ripples where it is narrower than a step, and the bounds of `smooth_ece` would not hold.
    """
    steps = modes.shape[-1] - 1
    rate = np.square(steps * bandwidth)[..., None] * (1 - np.cos(np.arange(steps + 1) * (np.pi / steps)))
    return np.asarray(fft.idct(modes * np.exp(-rate), type=1))


def _excess(modes: FloatArray, bandwidth: FloatArray) -> FloatArray:
    """smECE_s - s (...,) of modes (..., G + 1) at the bandwidths s (...,)."""
    size = np.abs(_smoothed(modes, bandwidth))
    return np.trapezoid(size, dx=1 / (size.shape[-1] - 1)) + MARGIN - bandwidth


def _fixed_point(modes: FloatArray) -> FloatArray:
    """The s (...,) with smECE_s = s for modes (..., G + 1), all at once by the Illinois form of false position."""
    low = np.zeros(modes.shape[:-1])
    high = low + 2.0
    at_low, at_high, side = _excess(modes, low), _excess(modes, high), low
    while True:
        s = (low * at_high - high * at_low) / (at_high - at_low)
        at_s = _excess(modes, s)
        if (np.abs(at_s) < TOLERANCE).all():
            return np.clip(s - MARGIN, 0, 1)
        new_side = np.sign(at_s)
        # An end that stays a second time counts half, or it would stay for ever.
        stays = np.where(new_side == side, 0.5, 1.0)
        low, at_low, high, at_high = (
            np.where(at_s > 0, s, low),
            np.where(at_s > 0, at_s, at_low * stays),
            np.where(at_s > 0, high, s),
            np.where(at_s > 0, at_high * stays, at_s),
        )
        side = new_side
