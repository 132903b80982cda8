"""How far confidence is from accuracy: bins, reliability curve, ECE, and the ECE that chance alone makes.

Legend: N examples, K classes, M bins. c is the top-label confidence, a is 1 where the prediction is right.
Everything is float64: a float32 confidence that should lie on an edge falls on either side of it.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Scheme = Literal["equal-width", "equal-mass"]

SUM_TOLERANCE = 1e-3  # of a row of probabilities: half precision and printed digits pass, logits do not
BLOCK = 1 << 20  # random numbers held at a time: 8 MB
TIE = 1e-12  # two ways to add up the same ECE differ by rounding only


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


def softmax(logits: ArrayLike) -> FloatArray:
    """Probabilities of logits (..., K) over the last axis, in float64; a logit of -inf has probability 0.

    >>> softmax([0.0, float("-inf"), 0.0]).tolist()
    [0.5, 0.0, 0.5]
    """
    return np.asarray(special.softmax(np.asarray(logits, np.float64), axis=-1))


def log_softmax(logits: ArrayLike) -> FloatArray:
    """Log-probabilities of logits (..., K) over the last axis, in float64."""
    return np.asarray(special.log_softmax(np.asarray(logits, np.float64), axis=-1))


def nll(log_probs: ArrayLike, labels: ArrayLike) -> float:
    """Negative log-likelihood: mean of -log p of the label, from log-probabilities.

    Formula: -(1/N) sum_i log p_i(y_i).

    Args:
        log_probs: log-probabilities, shape (N, K), K >= 2, what `log_softmax` gives: neither logits nor
            probabilities.
        labels: integers in 0..K-1, shape (N,).

    Returns:
        Nats, from 0 up; inf where a label has probability 0; nan without rows.

    Raises:
        ValueError: shapes or labels out of range; NaN; rows whose probabilities do not sum to 1 within 0.001.

    Example:
        >>> round(nll(log_softmax([[0.0, 0.0], [5.0, 5.0]]), [0, 1]), 6)
        0.693147

    Source: Guo et al. 2017, arXiv 1706.04599, section 2.
    """
    log_probs = check_matrix("log-probabilities", log_probs)
    labels = check_labels(labels, *log_probs.shape)
    _check_sums("log-probabilities", np.exp(np.minimum(log_probs, 1.0)))
    return _mean(-log_probs[np.arange(len(labels)), labels])


def brier_score(probs: ArrayLike, labels: ArrayLike) -> float:
    """Brier score over all classes: the squared distance between probabilities and the one-hot label.

    Formula: (1/N) sum_i sum_k (p_i(k) - [k = y_i])^2. Of two classes it is twice the score of one of them.

    Args:
        probs: probabilities in [0, 1], shape (N, K), K >= 2, rows sum to 1 within 0.001.
        labels: integers in 0..K-1, shape (N,).

    Returns:
        A number in [0, 2] without unit; nan without rows.

    Raises:
        ValueError: shapes, probabilities or labels out of range.

    Example:
        >>> brier_score([[0.5, 0.5], [0.0, 1.0]], [0, 0])
        1.25

    Source: Brier 1950, Monthly Weather Review 78.
    """
    probs = check_probabilities(probs)
    labels = check_labels(labels, *probs.shape)
    on_label = probs[np.arange(len(labels)), labels]
    return _mean(np.square(probs).sum(axis=1) - 2 * on_label + 1)


def bin_index(confidence: ArrayLike, bins: int, scheme: Scheme = "equal-width") -> IntArray:
    """The bin 0..M-1 of each confidence; equal-width takes any shape, equal-mass (N,).

    Equal width: the number of edges i/M, 0 < i < M, below c: bins are (i/M, (i+1)/M], and 0 is in the first.
    Equal mass: floor(M #{c_j < c} / N), so ties are never split and a bin may stay empty.
    """
    confidence = np.asarray(confidence, np.float64)
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    if scheme == "equal-width":
        return np.searchsorted(width_edges(bins), confidence, side="left")
    if scheme != "equal-mass":
        raise ValueError(f"scheme must be 'equal-width' or 'equal-mass', got {scheme!r}")
    return np.searchsorted(mass_edges(np.sort(confidence), bins), confidence, side="left")


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
    runs = math.prod(lead)
    flat = index.reshape(runs, n) + bins * np.arange(runs)[:, None]
    sums = np.bincount(flat.ravel(), weights=values.ravel(), minlength=runs * bins)
    return sums.astype(np.float64, copy=False).reshape(*lead, bins)


def ece_of_runs(confidence: ArrayLike, correct: ArrayLike, bins: int = 15) -> FloatArray:
    """Equal-width ECE (...,) of many runs at once, exactly that of `reliability_curve`.

    `confidence` and `correct` are (..., N). Values are not checked: a run with a NaN has the ECE nan, and the
    others have theirs. Without rows all are nan.
    """
    confidence = np.asarray(confidence, np.float64)
    residual = np.asarray(correct) - confidence
    return _ece(bin_sums(bin_index(confidence, bins), residual, bins), confidence.shape[-1])


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
    probs = check_probabilities(probs)
    labels = check_labels(labels, *probs.shape)
    return event_reliability(probs.max(axis=1), probs.argmax(axis=1) == labels, bins, scheme, level)


def event_reliability(
    confidence: FloatArray, event: NDArray[np.bool_], bins: int, scheme: Scheme, level: float
) -> ReliabilityCurve:
    """Reliability of the probabilities (N,) of an event against whether it happened (N,)."""
    index = bin_index(confidence, bins, scheme)
    count = np.bincount(index, minlength=bins)
    happened = np.bincount(index[event], minlength=bins)
    low, high = clopper_pearson(happened, count, level)
    gaps = bin_sums(index, event - confidence, bins)
    return ReliabilityCurve(
        bin_count=count,
        bin_confidence=_ratio(bin_sums(index, confidence, bins), count),
        bin_accuracy=_ratio(happened, count),
        bin_low=low,
        bin_high=high,
        bin_edges=_bin_edges(confidence, count, scheme),
        ece=float(_ece(gaps, len(event))),
        mce=float(np.nanmax(_ratio(np.abs(gaps), count))) if len(event) else math.nan,
        accuracy=_mean(event),
        confidence=_mean(confidence),
        n=len(event),
    )


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

    Formula: a_i ~ Bernoulli(c_i), independent, in the same bins; the ECE of each of many such draws.

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
    eces = _simulate_ece(confidence, index, bins, draws, np.random.default_rng(seed))
    low, median, high = np.quantile(eces, [(1 - level) / 2, 0.5, (1 + level) / 2]).tolist()
    p_value = None if observed is None else _mean((eces >= observed - TIE)[np.isfinite(eces)])
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
        eces.append(_ece(right.astype(np.float32) @ members - expected, len(confidence)))
    return np.concatenate(eces)


def _ece(gaps: FloatArray, n: int) -> FloatArray:
    """ECE (...,) from the sums of a - c in each bin (..., M)."""
    return np.asarray(np.abs(gaps).sum(axis=-1) / (n or math.nan))


def _bin_edges(confidence: FloatArray, count: IntArray, scheme: Scheme) -> FloatArray:
    """Edges (M + 1,) from 0 to 1 between which the bins lie."""
    bins = len(count)
    if scheme == "equal-width":
        return np.arange(bins + 1) / bins
    ordered = np.concatenate([[0.0], np.sort(confidence), [1.0]])
    below = count.cumsum()[:-1]
    return np.concatenate([[0.0], (ordered[below] + ordered[below + 1]) / 2, [1.0]])


def _ratio(sums: NDArray[np.generic], count: IntArray) -> FloatArray:
    """Means (M,) from sums and counts, nan for an empty bin."""
    return np.asarray(sums / np.where(count > 0, count, math.nan))


def _mean(values: NDArray[np.generic]) -> float:
    """Mean of an array, nan without rows."""
    return float(values.mean()) if values.size else math.nan


def check_matrix(name: str, values: ArrayLike) -> FloatArray:
    """Float64 matrix (N, K) with at least two classes."""
    matrix = np.asarray(values, np.float64)
    if matrix.ndim != 2 or matrix.shape[1] < 2:
        raise ValueError(f"{name} must have shape (N, K) with K >= 2, got {matrix.shape}")
    return matrix


def check_labels(labels: ArrayLike, n: int, classes: int) -> IntArray:
    """Integer labels (N,) in 0..K-1."""
    labels = np.asarray(labels)
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be integers of shape ({n},), got {labels.dtype} of shape {labels.shape}")
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        raise ValueError(f"labels must be in 0..{classes - 1}, got {labels[outside][0]}")
    return labels.astype(np.intp)


def check_probabilities(probs: ArrayLike) -> FloatArray:
    """Float64 probabilities (N, K) in [0, 1] whose rows sum to 1."""
    probs = check_matrix("probabilities", probs)
    _check_range("probabilities", probs)
    _check_sums("probabilities", probs)
    return probs


def check_confidence(confidence: ArrayLike) -> FloatArray:
    """Float64 confidences (N,) in [0, 1]."""
    confidence = np.asarray(confidence, np.float64)
    if confidence.ndim != 1:
        raise ValueError(f"confidence must have shape (N,), got {confidence.shape}")
    _check_range("confidence", confidence)
    return confidence


def check_correct(correct: ArrayLike, n: int) -> FloatArray:
    """Float64 zeros and ones (N,)."""
    correct = np.asarray(correct, np.float64)
    if correct.shape != (n,):
        raise ValueError(f"correct must have shape ({n},), got {correct.shape}")
    other = (correct != 0) & (correct != 1)
    if other.any():
        raise ValueError(f"correct must be 0 or 1, got {correct[other][0]}")
    return correct


def _check_range(name: str, values: FloatArray) -> None:
    """Refuse values outside [0, 1]; NaN among them."""
    inside = (values >= 0) & (values <= 1)
    if not inside.all():
        raise ValueError(f"{name} must be in [0, 1], got {values[~inside][0]}")


def _check_sums(name: str, probs: FloatArray) -> None:
    """Refuse rows (N, K) of probabilities that do not sum to 1; NaN among them."""
    sums = probs.sum(axis=1)
    off = ~(np.abs(sums - 1) <= SUM_TOLERANCE)
    if off.any():
        raise ValueError(f"rows of {name} must sum to 1 within {SUM_TOLERANCE} as probabilities, got {sums[off][0]}")
