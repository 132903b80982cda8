"""The family of calibration errors beside the ECE, and what each of them shows by chance alone.

Legend: N examples, K classes, M bins, D draws of labels.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labelsmooth.calibration import (
    TIE,
    FloatArray,
    Scheme,
    check_confidence,
    check_correct,
    check_labels,
    check_probabilities,
)
from labelsmooth.cells import (
    Cells,
    binned_event,
    debiased,
    ece,
    mean_gap,
    rms,
    rms_debiased,
)
from labelsmooth.class_sums import binned_classes
from labelsmooth.null_draws import errors_of_draws
from labelsmooth.null_recombined import errors_of_recombined_draws

NAMES = (
    "ECE, equal width", "ECE, equal mass", "ECE, debiased", "RMS error", "RMS error, debiased", "class-wise ECE", "ACE",
    "smECE", "MCE",
)  # fmt: skip
LOW, HIGH = 0.05, 0.95  # quantiles of the null distribution
DRAWS = 200  # of labels: more would not be seen in three digits of a table
WHOLE = 20_000  # rows of which every label is drawn every time


@dataclass(frozen=True)
class Estimate:
    """One calibration error beside its values under perfect calibration: a row of `calibration_table`.

    Formula: quantiles over draws of the labels from the model's own probabilities; p_value = share of draws with an
    error >= value.

    Attributes:
        name: of the estimator.
        value: on the labels given, a fraction (a debiased ECE can be a little below 0); like the rest nan without
            rows.
        null_median: median over draws, a fraction.
        null_low: 5 % quantile over draws, a fraction.
        null_high: 95 % quantile over draws, a fraction.
        p_value: a fraction; 0 says less than about 1 in the number of draws.

    Example:
        >>> calibration_table([[1.0, 0.0], [0.0, 1.0]], [0, 1])[0]
        Estimate(name='ECE, equal width', value=0.0, null_median=0.0, null_low=0.0, null_high=0.0, p_value=1.0)

    Source: Broecker, Smith 2007, Weather and Forecasting 22, consistency resampling.
    """

    name: str
    value: float
    null_median: float
    null_low: float
    null_high: float
    p_value: float


def rms_calibration_error(
    confidence: ArrayLike,
    correct: ArrayLike,
    bins: int = 15,
    scheme: Scheme = "equal-mass",
    debias: bool = True,
) -> float:
    """Root-mean-square calibration error over bins, by default less what chance alone adds to its square.

    Formula: sqrt(max(0, sum_m |B_m|/N [(acc - conf)^2 - acc (1 - acc)/(|B_m| - 1)])), with acc and conf of the bin;
    without debias the second term in brackets is left out. With it, a bin of one example counts 0.

    Args:
        confidence: probabilities of the event in [0, 1], shape (N,): top-label confidences, or those of one class.
        correct: 1 or True where the event happened, else 0 or False, shape (N,).
        bins: M, at least 1.
        scheme: "equal-width" or "equal-mass".
        debias: whether to subtract the expectation of the sampling noise.

    Returns:
        A fraction from 0 to 1; 0 where noise explains all that is seen; nan without rows.

    Raises:
        ValueError: shapes, confidences, correct, bins or scheme out of range.

    Example:
        >>> confidence, correct = [0.4] * 4 + [0.9] * 4, [1, 1, 0, 0] * 2
        >>> round(rms_calibration_error(confidence, correct, bins=2), 6)
        0.040825
        >>> round(rms_calibration_error(confidence, correct, bins=2, debias=False), 6)
        0.291548

    Source: Kumar, Liang, Ma 2019, arXiv 1909.10155, section 5.
    """
    cells = _checked_event_cells(confidence, correct, bins, scheme)
    return float(rms_debiased(cells) if debias else rms(cells))


def debiased_ece(
    confidence: ArrayLike,
    correct: ArrayLike,
    bins: int = 15,
    scheme: Scheme = "equal-mass",
) -> float:
    """ECE less an estimate of what chance alone adds to it.

    Formula: sum_m |B_m|/N (2 |d| - E|X|) with d = acc - conf of the bin, X normal around d with variance
    s^2 = acc (1 - acc)/|B_m|, and E|X| = s sqrt(2/pi) exp(-d^2/(2 s^2)) + |d| erf(|d|/(s sqrt 2)). That takes away
    some 40 % of the bias of the ECE, not all.

    Args:
        confidence: probabilities of the event in [0, 1], shape (N,): top-label confidences, or those of one class.
        correct: 1 or True where the event happened, else 0 or False, shape (N,).
        bins: M, at least 1.
        scheme: "equal-width" or "equal-mass".

    Returns:
        A fraction up to 1, which can be a little below 0; nan without rows.

    Raises:
        ValueError: shapes, confidences, correct, bins or scheme out of range.

    Example:
        >>> round(debiased_ece([0.4] * 4 + [0.9] * 4, [1, 1, 0, 0] * 2, bins=2), 6)
        0.18658

    Source: Kumar, Liang, Ma 2019, arXiv 1909.10155; their package `uncertainty-calibration` draws X at random, here
    its expectation is taken.
    """
    return float(debiased(_checked_event_cells(confidence, correct, bins, scheme)))


def classwise_ece(probs: ArrayLike, labels: ArrayLike, bins: int = 15, scheme: Scheme = "equal-width") -> float:
    """Mean over the classes of the ECE of each class's probability.

    Formula: (1/K) sum_k sum_m |B_mk|/N |freq_k(B_mk) - conf_k(B_mk)|: in the bins of class k, the frequency of the
    label k against the mean of p_i(k).

    Args:
        probs: probabilities in [0, 1], shape (N, K), K >= 2, rows sum to 1 within 0.001.
        labels: integers in 0..K-1, shape (N,).
        bins: M of each class, at least 1.
        scheme: "equal-width" or "equal-mass".

    Returns:
        A fraction from 0 to 1; nan without rows.

    Raises:
        ValueError: shapes, probabilities, labels, bins or scheme out of range.

    Example:
        >>> probs = [[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]
        >>> round(classwise_ece(probs, [0, 1, 1, 2], bins=2), 6)
        0.15

    Source: Kull et al. 2019, arXiv 1910.12656, section 2.
    """
    return float(ece(_checked_class_cells(probs, labels, bins, scheme)))


def adaptive_classwise_ece(probs: ArrayLike, labels: ArrayLike, ranges: int = 15) -> float:
    """Adaptive calibration error (ACE): mean gap over all classes and ranges of equally many examples.

    Formula: (1/(K R)) sum_k sum_r |freq_k(r) - conf_k(r)|, with R ranges cut from the ranks of p_i(k). Ties are
    never split; a range that this leaves empty counts 0.

    Args:
        probs: probabilities in [0, 1], shape (N, K), K >= 2, rows sum to 1 within 0.001.
        labels: integers in 0..K-1, shape (N,).
        ranges: R of each class, at least 1.

    Returns:
        A fraction from 0 to 1; nan without rows.

    Raises:
        ValueError: shapes, probabilities, labels or ranges out of range.

    Example:
        >>> round(adaptive_classwise_ece([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]], [0, 1, 1, 0], ranges=2), 6)
        0.25

    Source: Nixon et al. 2019, arXiv 1904.01685, Adaptive Calibration Error.
    """
    if ranges < 1:
        raise ValueError(f"ranges must be at least 1, got {ranges}")
    return float(mean_gap(_checked_class_cells(probs, labels, ranges, "equal-mass")))


def calibration_table(
    probs: ArrayLike, labels: ArrayLike, bins: int = 15, draws: int = DRAWS, seed: int | np.random.Generator = 0
) -> tuple[Estimate, ...]:
    """Nine calibration errors of one model, each beside what it would be if the model were perfectly calibrated.

    Formula: labels y_i ~ p_i, independent and whole, with the probabilities held fixed; every error of each of many
    such draws. Up to 20,000 rows they are the same draws for all errors. Of more rows, where each draw of all labels
    would take as long as everything else together, the top label is drawn as the number of right ones in some thousand
    narrow cells of confidence, a binomial, and for all classes the rows are cut at random into blocks whose labels are
    drawn 8 times; every further draw takes each block from one of those at random.

    Args:
        probs: probabilities in [0, 1], shape (N, K), K >= 2, rows sum to 1 within 0.001.
        labels: integers in 0..K-1, shape (N,).
        bins: M, at least 1; also the ranges of the ACE.
        draws: D, at least 1.
        seed: an integer, or a generator that is drawn from.

    Returns:
        Nine `Estimate`, fractions: of the top label the ECE in bins of equal width and of equal mass, the debiased
        ECE, the root-mean-square error as it is and debiased (these three of equal mass), the smooth ECE and the
        MCE (equal width); of all classes the class-wise ECE (equal width) and the ACE. The draws of the smooth ECE
        are taken on a coarser grid than its value, an error far below their spread.

    Raises:
        ValueError: shapes, probabilities, labels, bins or draws out of range.

    Example:
        >>> table = calibration_table([[0.8, 0.2]] * 50 + [[0.4, 0.6]] * 50, [0] * 50 + [1] * 50)
        >>> for row in table[-3:]:
        ...     print(f"{row.name}: {row.value:.2f}, by chance {row.null_median:.2f}, p {row.p_value:.2f}")
        ACE: 0.04, by chance 0.01, p 0.00
        smECE: 0.30, by chance 0.04, p 0.00
        MCE: 0.40, by chance 0.06, p 0.00

    Source: those of the single estimators; Broecker, Smith 2007, Weather and Forecasting 22, consistency resampling.
    """
    probs = check_probabilities(probs)
    labels = check_labels(labels, *probs.shape)
    if draws < 1:
        raise ValueError(f"draws must be at least 1, got {draws}")
    errors = errors_of_draws if len(probs) <= WHOLE else errors_of_recombined_draws
    observed, drawn = errors(probs, labels, bins, draws, np.random.default_rng(seed))
    return tuple(_estimate(name, observed[name], drawn[name]) for name in NAMES)


def _estimate(name: str, value: float, null: FloatArray) -> Estimate:
    """A value beside the median, the 5 and 95 % quantiles and the tail of its null distribution (D,)."""
    low, median, high = np.quantile(null, [LOW, 0.5, HIGH]).tolist()
    p_value = math.nan if math.isnan(value) else float((null >= value - TIE).mean())
    return Estimate(name, value, null_median=median, null_low=low, null_high=high, p_value=p_value)


def _checked_event_cells(confidence: ArrayLike, correct: ArrayLike, bins: int, scheme: Scheme) -> Cells:
    """Cells of one event from what a caller gave."""
    confidence = check_confidence(confidence)
    correct = check_correct(correct, len(confidence))
    return binned_event(confidence, correct, bins, scheme)


def _checked_class_cells(probs: ArrayLike, labels: ArrayLike, bins: int, scheme: Scheme) -> Cells:
    """Cells of all classes from what a caller gave."""
    probs = check_probabilities(probs)
    labels = check_labels(labels, *probs.shape)
    return binned_classes(probs, labels, bins, scheme)
