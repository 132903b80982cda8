"""How far confidence is from accuracy: the reliability curve in bins, with ECE and MCE.

Legend: N examples, K classes, M bins. c is the top-label confidence, a is 1 where the prediction is right.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelsmooth.calibration.arrays import FloatArray, IntArray, check_labels, check_probabilities
from labelsmooth.calibration.bins import Scheme, ascending, ece_of_sums, event_sums, inner_edges, mean, ratio
from labelsmooth.calibration.intervals import clopper_pearson
from labelsmooth.calibration.top_label import top_label


@dataclass(frozen=True, eq=False)
class ReliabilityCurve:
    """Reliability bin by bin, and the numbers over all rows: the result of `reliability_curve`.

    Formula: of bin B_m, acc(B_m) = mean a_i and conf(B_m) = mean c_i; ECE and MCE as in `reliability_curve`.

    Attributes:
        bin_count: number of examples, (M,); 0 for an empty bin.
        bin_confidence: mean confidence, (M,), a fraction; nan for an empty bin.
        bin_accuracy: accuracy, (M,), a fraction; nan for an empty bin.
        bin_low: lower end of the Clopper-Pearson interval of `bin_accuracy`, (M,); 0 for an empty bin.
        bin_high: upper end of that interval, (M,); 1 for an empty bin.
        bin_edges: edges of the bins from 0 to 1, (M + 1,); those of equal-mass bins lie half way between the
            examples that they separate.
        ece: expected calibration error, a fraction; like the next three nan without rows.
        mce: maximum calibration error, a fraction.
        accuracy: share of right predictions.
        confidence: mean confidence, a fraction.
        n: number of rows.

    Example:
        >>> curve = reliability_curve([[0.9, 0.1], [0.3, 0.7]], [0, 0], bins=2)
        >>> curve.bin_accuracy.tolist(), curve.bin_edges.tolist()
        ([nan, 0.5], [0.0, 0.5, 1.0])

    Source: Guo et al. 2017, arXiv 1706.04599, section 2.
    """

    bin_count: IntArray
    bin_confidence: FloatArray
    bin_accuracy: FloatArray
    bin_low: FloatArray
    bin_high: FloatArray
    bin_edges: FloatArray
    ece: float
    mce: float
    accuracy: float
    confidence: float
    n: int


def reliability_curve(
    probs: ArrayLike,
    labels: ArrayLike,
    bins: int = 15,
    scheme: Scheme = "equal-width",
    level: float = 0.95,
) -> ReliabilityCurve:
    """Accuracy against confidence in bins of top-label confidence, with ECE and MCE.

    Formula: ECE = sum_m |B_m|/N |acc(B_m) - conf(B_m)|, MCE = max_m |acc(B_m) - conf(B_m)|. Equal-width bins
    are (m/M, (m+1)/M], and 0 is in the first; equal-mass bins cut the ranks of the confidences into M parts
    and never split ties.

    Args:
        probs: probabilities in [0, 1], shape (N, K), K >= 2, rows sum to 1 within 0.001.
        labels: integers in 0..K-1, shape (N,).
        bins: M, at least 1.
        scheme: "equal-width" or "equal-mass".
        level: of the intervals, in (0, 1).

    Returns:
        `ReliabilityCurve`, all fractions from 0 to 1. The prediction is the first largest probability.
        Without rows every count is 0, and every mean, ECE and MCE is nan.

    Raises:
        ValueError: shapes, probabilities, labels, bins, scheme or level out of range.

    Example:
        >>> curve = reliability_curve([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]], [0, 1, 0], bins=2)
        >>> curve.bin_count.tolist(), round(curve.ece, 6), round(curve.accuracy, 6)
        ([0, 3], 0.133333, 0.666667)

    Source: Guo et al. 2017, arXiv 1706.04599, section 2; equal mass: Nixon et al. 2019, arXiv 1904.01685.
    """
    return event_reliability(*top_label(probs, labels), bins, scheme, level)


def class_reliability(
    probs: ArrayLike,
    labels: ArrayLike,
    class_index: int,
    bins: int = 15,
    scheme: Scheme = "equal-width",
    level: float = 0.95,
) -> ReliabilityCurve:
    """Frequency of one class against its probability, in bins of that probability.

    Formula: `reliability_curve` with c_i = p_i(k) and a_i = [y_i = k].

    Args:
        probs: probabilities in [0, 1], shape (N, K), K >= 2, rows sum to 1 within 0.001.
        labels: integers in 0..K-1, shape (N,).
        class_index: k, in 0..K-1.
        bins: M, at least 1.
        scheme: "equal-width" or "equal-mass".
        level: of the intervals, in (0, 1).

    Returns:
        `ReliabilityCurve`, all fractions from 0 to 1; its accuracy is the frequency of the class, its confidence the
        mean of the class's probability. Without rows every count is 0, and every mean, ECE and MCE is nan.

    Raises:
        ValueError: shapes, probabilities, labels, class_index, bins, scheme or level out of range.

    Example:
        >>> curve = class_reliability([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]], [0, 1, 0], class_index=1, bins=2)
        >>> curve.bin_count.tolist(), curve.bin_accuracy.tolist(), curve.bin_confidence.round(6).tolist()
        ([1, 2], [0.0, 0.5], [0.1, 0.75])

    Source: Kull et al. 2019, arXiv 1910.12656, section 2.
    """
    probs = check_probabilities(probs)
    labels = check_labels(labels, *probs.shape)
    if not 0 <= class_index < probs.shape[1]:
        raise ValueError(f"class_index must be in 0..{probs.shape[1] - 1}, got {class_index}")
    return event_reliability(probs[:, class_index], labels == class_index, bins, scheme, level)


def event_reliability(
    confidence: FloatArray, event: NDArray[np.bool_], bins: int, scheme: Scheme, level: float
) -> ReliabilityCurve:
    """Reliability of the probabilities (N,) of an event against whether it happened (N,)."""
    ordered = ascending(confidence) if scheme == "equal-mass" else confidence
    edges = inner_edges(ordered, bins, scheme)
    sums = event_sums(confidence, event, edges)
    count, happened = sums[:2].astype(np.intp)
    low, high = clopper_pearson(happened, count, level)
    gaps, n = sums[3], len(event)
    return ReliabilityCurve(
        bin_count=count,
        bin_confidence=ratio(sums[2], count),
        bin_accuracy=ratio(happened, count),
        bin_low=low,
        bin_high=high,
        bin_edges=_bin_edges(ordered, count, scheme),
        ece=float(ece_of_sums(gaps, n)),
        mce=float(np.nanmax(ratio(np.abs(gaps), count))) if n else math.nan,
        accuracy=mean(event),
        confidence=mean(confidence),
        n=n,
    )


def _bin_edges(ordered: FloatArray, count: IntArray, scheme: Scheme) -> FloatArray:
    """Edges (M + 1,) from 0 to 1 between which the bins lie; of equal mass from sorted confidences (N,)."""
    bins = len(count)
    if scheme == "equal-width":
        return np.arange(bins + 1) / bins
    ordered = np.concatenate([[0.0], ordered, [1.0]])
    below = count.cumsum()[:-1]
    return np.concatenate([[0.0], (ordered[below] + ordered[below + 1]) / 2, [1.0]])
