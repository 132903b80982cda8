"""The ECE that chance alone makes: that of a perfectly calibrated model with the same confidences.

Legend: N examples, M bins, D draws.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labelsmooth.calibration.arrays import FloatArray, IntArray, check_confidence
from labelsmooth.calibration.bins import TIE, Scheme, bin_index, bin_sums, ece_of_sums, mean
from labelsmooth.rows import over_rows

BLOCK = 1 << 20  # random numbers held at a time: 8 MB
WHOLE = 20_000  # examples of which every label is drawn every time
STEPS = 1024  # of confidence within which those of more examples are taken to be equal


@dataclass(frozen=True)
class NullECE:
    """Median and central interval of the ECE of a calibrated model: the result of `null_ece`.

    Formula: quantiles over draws of the ECE; p_value = share of draws with ECE >= observed.

    Attributes:
        median: of the ECE, a fraction; like the next two nan without rows.
        low: lower end of the interval, a fraction.
        high: upper end of the interval, a fraction.
        p_value: a fraction, None where no ECE was observed.

    Example:
        >>> null_ece([1.0, 1.0])
        NullECE(median=0.0, low=0.0, high=0.0, p_value=None)

    Source: Broecker, Smith 2007, Weather and Forecasting 22, consistency resampling.
    """

    median: float
    low: float
    high: float
    p_value: float | None


def null_ece(
    confidence: ArrayLike,
    bins: int = 15,
    scheme: Scheme = "equal-width",
    draws: int = 1000,
    seed: int | np.random.Generator = 0,
    level: float = 0.9,
    observed: float | None = None,
) -> NullECE:
    """The ECE that a perfectly calibrated model with these confidences would show by chance.

    Formula: a_i ~ Bernoulli(c_i), independent, in the same bins; the ECE of each of many such draws. Of more than
    20,000 examples, those of a bin whose confidences lie in the same of 1024 narrow cells are drawn together, as a
    binomial of their mean, whose variance is right to 1e-6 of one per example.

    Args:
        confidence: top-label confidences in [0, 1], shape (N,).
        bins: M, at least 1.
        scheme: "equal-width" or "equal-mass".
        draws: number of draws, at least 1.
        seed: an integer, or a generator that is drawn from.
        level: of the central interval, in (0, 1): 0.9 is from the 5 % to the 95 % quantile.
        observed: the ECE of the model itself, in [0, 1]; None for no p_value.

    Returns:
        `NullECE`, fractions; `p_value` is the share of draws at least as large as `observed`, so that 0 says
        less than about 1 in `draws`, and None without it. Without rows all are nan.

    Raises:
        ValueError: shape, confidences, bins, scheme, draws, level or observed out of range.

    Example:
        >>> band = null_ece([0.8, 0.8], observed=0.8)
        >>> round(band.median, 6), 0.02 < band.p_value < 0.06
        (0.2, True)

    Source: Broecker, Smith 2007, Weather and Forecasting 22, consistency resampling, here of the ECE and with
    the confidences held fixed.
    """
    confidence = check_confidence(confidence)
    if draws < 1:
        raise ValueError(f"draws must be at least 1, got {draws}")
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    if len(confidence) and observed is not None and not 0 <= observed <= 1:
        raise ValueError(f"observed must be in [0, 1], got {observed}")
    index = bin_index(confidence, bins, scheme)
    simulate = _simulate_ece if len(confidence) <= WHOLE else _simulate_cells
    eces = simulate(confidence, index, bins, draws, np.random.default_rng(seed))
    low, median, high = np.quantile(eces, [(1 - level) / 2, 0.5, (1 + level) / 2]).tolist()
    p_value = None if observed is None else mean((eces >= observed - TIE)[np.isfinite(eces)])
    return NullECE(median=median, low=low, high=high, p_value=p_value)


def _simulate_ece(
    confidence: FloatArray, index: IntArray, bins: int, draws: int, generator: np.random.Generator
) -> FloatArray:
    """ECE (draws,) of a calibrated model, block by block; the same numbers for every size of block."""
    members = (index[:, None] == np.arange(bins)).astype(np.float32)  # counts are exact in float32 up to 2^24
    expected = bin_sums(index, confidence, bins)
    rows = max(1, BLOCK // max(1, len(confidence)))
    eces = []
    for start in range(0, draws, rows):
        right = generator.random((min(rows, draws - start), len(confidence))) < confidence
        eces.append(ece_of_sums(right.astype(np.float32) @ members - expected, len(confidence)))
    return np.concatenate(eces)


def _simulate_cells(
    confidence: FloatArray, index: IntArray, bins: int, draws: int, generator: np.random.Generator
) -> FloatArray:
    """As `_simulate_ece`, of binomial counts in narrow cells of each bin."""
    size = bins * STEPS

    def sums(rows: slice) -> FloatArray:
        c = confidence[rows]
        cell = index[rows] * STEPS + np.minimum(c * STEPS, STEPS - 1).astype(np.intp)
        return np.stack([np.bincount(cell, minlength=size), np.bincount(cell, c, size)])

    count, expected = np.asarray(sum(over_rows(sums, len(confidence), 1)))
    filled = np.flatnonzero(count)
    count, expected, bin_of = count[filled], expected[filled], filled // STEPS
    # A mean of ones can be rounded above 1.
    chance, members = np.minimum(expected / count, 1), (bin_of[:, None] == np.arange(bins)).astype(np.float64)
    rows = max(1, BLOCK // len(filled))
    eces = []
    for start in range(0, draws, rows):
        right = generator.binomial(count.astype(np.int64), chance, (min(rows, draws - start), len(filled)))
        eces.append(ece_of_sums((right - expected) @ members, len(confidence)))
    return np.concatenate(eces)
