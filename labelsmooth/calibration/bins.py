"""Bins of confidence: where each one lies, sums in them, and the ECE that follows from those.

Legend: N examples, M bins.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelsmooth.calibration.arrays import FloatArray, IntArray
from labelsmooth.rows import over_rows, shared, side_by_side

Scheme = Literal["equal-width", "equal-mass"]

COMPARED = 64  # edges up to which comparing with each is faster than a search, whose branches cannot be foreseen
ALONE = 1 << 15  # values that one core sorts before another has started
TIE = 1e-12  # two ways to add up the same ECE differ by rounding only


def bin_index(confidence: ArrayLike, bins: int, scheme: Scheme = "equal-width") -> IntArray:
    """The bin 0..M-1 of each confidence; equal-width takes any shape, equal-mass (N,).

    Equal width: the number of edges i/M, 0 < i < M, below c: bins are (i/M, (i+1)/M], and 0 is in the first.
    Equal mass: floor(M #{c_j < c} / N), so ties are never split and a bin may stay empty.
    """
    confidence = np.asarray(confidence, np.float64)
    ordered = ascending(confidence) if scheme == "equal-mass" else confidence
    return number_below(inner_edges(ordered, bins, scheme), confidence)


def ascending(values: FloatArray) -> FloatArray:
    """Values (N,) in order: each core sorts a part of them, and a stable sort merges the runs that it finds."""
    ordered = np.array(values)
    side_by_side(np.ndarray.sort, shared(ordered, ALONE))
    ordered.sort(kind="stable")
    return ordered


def inner_edges(confidence: FloatArray, bins: int, scheme: Scheme) -> FloatArray:
    """Inner edges (M - 1,) of the bins of confidences (N,), which are sorted if bins are of equal mass."""
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    if scheme == "equal-width":
        return width_edges(bins)
    if scheme != "equal-mass":
        raise ValueError(f"scheme must be 'equal-width' or 'equal-mass', got {scheme!r}")
    return mass_edges(confidence, bins)


def number_below(edges: FloatArray, values: FloatArray) -> IntArray:
    """How many of sorted edges (E,) lie below each value (...,); all of them below nan."""
    if len(edges) > COMPARED:
        return np.searchsorted(edges, values, side="left")
    flat, found = values.reshape(-1), np.empty(values.size, np.intp)

    def fill(rows: slice) -> None:
        found[rows] = _compared(edges[:, None], flat[rows])

    over_rows(fill, values.size, 1)
    return found.reshape(values.shape)


def numbers_below(edges: FloatArray, values: FloatArray) -> IntArray:
    """As `number_below`, of as many events as rows: edges (K, E), values (K, N)."""
    if edges.shape[1] > COMPARED:
        return np.stack([np.searchsorted(own, row, side="left") for own, row in zip(edges, values, strict=True)])
    return _compared(edges.T[:, :, None], values)


def _compared(edges: FloatArray, values: FloatArray) -> IntArray:
    """Number of edges (E, ...) below values (...,), by comparison with each of them."""
    above = np.zeros(values.shape, np.uint8)
    for edge in edges:
        above += values <= edge
    return np.subtract(len(edges), above, dtype=np.intp)


def width_edges(bins: int) -> FloatArray:
    """Inner edges (M - 1,) of equal-width bins: the bin of c is the number of edges below it."""
    return np.arange(1, bins) / bins  # by division: linspace and ceil(c * M) put some i/M into the wrong bin


def mass_edges(ordered: FloatArray, bins: int) -> FloatArray:
    """Inner edges (M - 1,) of equal-mass bins from sorted confidences (N,): the bin of c is the number below it.

    floor(M #{c_j < c} / N) >= m says that at least ceil(m N / M) examples are below c, and so that one is.
    """
    n = len(ordered)
    return ordered[-(-np.arange(1, bins) * n // bins) - 1] if n else np.zeros(bins - 1)


def bin_sums(index: IntArray, values: NDArray[np.generic], bins: int) -> FloatArray:
    """Sums (..., M) of values (..., N) by their bin (..., N), in one pass over all leading axes."""
    *lead, n = index.shape
    if not lead:
        return np.bincount(index, values, bins).astype(np.float64, copy=False)
    runs = math.prod(lead)
    flat = index.reshape(runs, n) + bins * np.arange(runs)[:, None]
    sums = np.bincount(flat.ravel(), weights=values.ravel(), minlength=runs * bins)
    return sums.astype(np.float64, copy=False).reshape(*lead, bins)


def event_sums(confidence: FloatArray, event: NDArray[np.generic], edges: FloatArray) -> FloatArray:
    """Of each bin between inner edges (M - 1,) the sums of 1, a, c and a - c, (4, M), chunk by chunk of (N,).

    Two of them are counted and the others follow: `bincount` holds the interpreter's lock, so no core can help it.
    """
    bins = len(edges) + 1

    def sums(rows: slice) -> FloatArray:
        c, a = confidence[rows], np.asarray(event[rows], np.bool_)
        index = number_below(edges, c)
        gaps = bin_sums(index, a - c, bins)
        missed, happened = np.bincount(2 * index + a, minlength=2 * bins).reshape(bins, 2).T
        return np.stack([missed + happened, happened, happened - gaps, gaps])

    return np.asarray(sum(over_rows(sums, len(confidence), 1)))


def ece_of_runs(confidence: ArrayLike, correct: ArrayLike, bins: int = 15) -> FloatArray:
    """Equal-width ECE (...,) of many runs at once, exactly that of `reliability_curve`.

    `confidence` and `correct` are (..., N). Values are not checked: a run with a NaN has the ECE nan, and the
    others have theirs. Without rows all are nan.
    """
    confidence = np.asarray(confidence, np.float64)
    residual = np.asarray(correct) - confidence
    return ece_of_sums(bin_sums(bin_index(confidence, bins), residual, bins), confidence.shape[-1])


def ece_of_sums(gaps: FloatArray, n: int) -> FloatArray:
    """ECE (...,) from the sums of a - c in each bin (..., M)."""
    return np.asarray(np.abs(gaps).sum(axis=-1) / (n or math.nan))


def ratio(sums: NDArray[np.generic], count: IntArray) -> FloatArray:
    """Means (M,) from sums and counts, nan for an empty bin."""
    return np.asarray(sums / np.where(count > 0, count, math.nan))


def mean(values: NDArray[np.generic]) -> float:
    """Mean of an array, nan without rows."""
    return float(values.mean()) if values.size else math.nan
