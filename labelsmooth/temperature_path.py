"""What dividing the logits by a temperature does to a trained model: its measures and its reliability, step by step.

Legend: T temperatures, N examples, K classes, M bins.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from labelsmooth.calibration import (
    FloatArray,
    IntArray,
    ReliabilityCurve,
    Scheme,
    bin_index,
    check_labels,
    check_matrix,
    ece_of_runs,
    event_reliability,
    softmax,
)
from labelsmooth.smooth_ece import SmoothECE, smooth_ece

Event = int | Literal["top label"]  # whose probability is judged: that of a class, or of the predicted one

TEMPERATURES = tuple(float(f"{10 ** (step / 20):.3g}") for step in range(-20, 21))
LEVEL = 0.95  # of the bins' intervals
BAND = 0.9  # of the consistency band: what a calibrated model's bins would show nine times out of ten
ENOUGH = 10.0  # examples that the smooth curve averages over, below which it says nothing


@dataclass(frozen=True, eq=False)
class TemperaturePath:
    """Measures of one model at every temperature: the result of `temperature_path`.

    Formula: those of `nll`, `brier_score` and `reliability_curve`, of the probabilities softmax(z / t).

    Attributes:
        temperatures: t, shape (T,), without unit.
        nll: negative log-likelihood, (T,), in nats; like all that follow nan without rows.
        brier: Brier score, (T,), in [0, 2].
        ece: expected calibration error of the top label, (T,), a fraction.
        accuracy: (T,), a fraction: the same number at every temperature.
        confidence: mean confidence, (T,), a fraction.

    Example:
        >>> path = temperature_path([[0.0, 1.0]], [1], [1.0])
        >>> path.accuracy.tolist()
        [1.0]

    Source: Guo et al. 2017, arXiv 1706.04599, section 4.2.
    """

    temperatures: FloatArray
    nll: FloatArray
    brier: FloatArray
    ece: FloatArray
    accuracy: FloatArray
    confidence: FloatArray


@dataclass(frozen=True, eq=False)
class ReliabilityMoment:
    """One model at one temperature: its reliability, and what a calibrated model's would look like.

    `nll` is that of the model, whatever the event. `edges` (M + 1,) are those of the bins, but equal-mass bins end at
    the outermost examples. `band_low` and `band_high` (M,) hold a bin's accuracy with a chance of at least 90 % if its
    confidences are right; nan for an empty bin. `histogram` (M,) counts examples in bins of equal width in any case.
    """

    temperature: float
    nll: float
    curve: ReliabilityCurve
    edges: FloatArray
    band_low: FloatArray
    band_high: FloatArray
    histogram: IntArray
    smooth: SmoothECE

    @property
    def smooth_accuracy(self) -> FloatArray:
        """The smooth curve at `smooth.t`, nan where it rests on too few examples or beyond the outermost bins.

        An average under a Gaussian kernel of width s is as uncertain as one of 2 sqrt(pi) s N density examples.
        """
        t, means = self.smooth.t, self.curve.bin_confidence[self.curve.bin_count > 0]
        examples = 2 * math.sqrt(math.pi) * self.smooth.bandwidth * self.curve.n * self.smooth.density
        known = (examples >= ENOUGH) & (t >= means.min(initial=1)) & (t <= means.max(initial=0))
        return np.where(known, self.smooth.accuracy, np.nan)


def name_of(temperature: float) -> str:
    """The name of a temperature's frame in every film."""
    return f"{temperature:g}"


def temperature_path(
    logits: ArrayLike, labels: ArrayLike, temperatures: ArrayLike = TEMPERATURES, bins: int = 15
) -> TemperaturePath:
    """The measures of a classifier whose logits are divided by each of many temperatures.

    Formula: p = softmax(z / t); NLL, Brier score, equal-width ECE, accuracy and mean confidence of p. The NLL is
    convex in 1 / t. The prediction is the first largest logit, which no temperature changes.

    Args:
        logits: shape (N, K), K >= 2, -inf for a masked class.
        labels: integers in 0..K-1, shape (N,).
        temperatures: t > 0 and finite, shape (T,).
        bins: of the ECE, at least 1.

    Returns:
        `TemperaturePath` of arrays (T,); NLL in nats, inf where a label has the logit -inf.

    Raises:
        ValueError: shapes, labels, temperatures or bins out of range; logits that are NaN or +inf.

    Example:
        >>> path = temperature_path([[0.0, 1.0]] * 4, [1, 1, 1, 0], [0.5, 0.910239, 2.0])
        >>> path.nll.round(3).tolist(), path.ece.round(3).tolist()
        ([0.627, 0.562, 0.599], [0.131, 0.0, 0.128])

    Source: Guo et al. 2017, arXiv 1706.04599, section 4.2.
    """
    logits, labels, temperatures = _checked(logits, labels, temperatures)
    top = logits.max(axis=1, keepdims=True)
    scaled = (logits - top) / temperatures[:, None, None]  # (T, N, K), the largest of each row at 0
    weights = np.exp(scaled)
    total = weights.sum(axis=2)
    at_label = np.arange(len(labels)), labels
    probability = weights[:, *at_label] / total
    losses = np.log(total) - scaled[:, *at_label]
    squares = np.square(weights).sum(axis=2) / np.square(total)
    confidence = 1 / total
    correct = np.broadcast_to(logits.argmax(axis=1) == labels, confidence.shape)
    nll, brier, accuracy, mean = (
        _mean(values) for values in (losses, squares - 2 * probability + 1, correct, confidence)
    )
    return TemperaturePath(temperatures, nll, brier, ece_of_runs(confidence, correct, bins), accuracy, mean)


def reliability_moments(
    logits: ArrayLike,
    labels: ArrayLike,
    temperatures: Sequence[float] = TEMPERATURES,
    event: Event = "top label",
    bins: int = 15,
    scheme: Scheme = "equal-width",
) -> list[ReliabilityMoment]:
    """Reliability of logits (N, K) against labels (N,) at every temperature.

    The event is the top label, or a class: then "confidence" is its probability and "accuracy" its frequency.
    """
    logits, labels, _ = _checked(logits, labels, temperatures)
    if event != "top label" and not 0 <= event < logits.shape[1]:
        raise ValueError(f"event must be 'top label' or a class in 0..{logits.shape[1] - 1}, got {event}")
    path = temperature_path(logits, labels, temperatures, bins)
    moments = []
    for temperature, nll in zip(temperatures, path.nll.tolist(), strict=True):
        probs = softmax(logits / temperature)
        if event == "top label":
            confidence, happened = probs.max(axis=1), logits.argmax(axis=1) == labels
        else:
            confidence, happened = probs[:, event], labels == event
        moments.append(reliability_moment(temperature, nll, confidence, happened, bins, scheme))
    return moments


def reliability_moment(
    temperature: float, nll: float, confidence: FloatArray, happened: np.ndarray, bins: int, scheme: Scheme
) -> ReliabilityMoment:
    """Reliability of the probabilities (N,) of an event against whether it happened (N,), at one temperature."""
    curve = event_reliability(confidence, happened, bins, scheme, LEVEL)
    edges = curve.bin_edges
    if scheme == "equal-mass":
        edges = edges.clip(confidence.min(initial=1), confidence.max(initial=0))
    histogram = np.bincount(bin_index(confidence, bins), minlength=bins)
    smooth = smooth_ece(confidence, happened)
    return ReliabilityMoment(temperature, nll, curve, edges, *consistency_band(curve), histogram, smooth)


def consistency_band(curve: ReliabilityCurve) -> tuple[FloatArray, FloatArray]:
    """Lower and upper end (M,) of what the bins' accuracies would be if their confidences were right.

    The number of right answers in a bin is Poisson-binomial; it is taken to be binomial with the bin's mean
    confidence, which has the same mean and, unless bins are very wide, hardly a larger spread.
    """
    confidence = np.minimum(curve.bin_confidence, 1.0)  # the mean of ones can be rounded above 1
    low, high = (stats.binom.ppf(q, curve.bin_count, confidence) for q in ((1 - BAND) / 2, (1 + BAND) / 2))
    return low / curve.bin_count.clip(1), high / curve.bin_count.clip(1)


def _checked(logits: ArrayLike, labels: ArrayLike, temperatures: ArrayLike) -> tuple[FloatArray, IntArray, FloatArray]:
    """The arguments as arrays (N, K), (N,) and (T,)."""
    logits, temperatures = check_matrix("logits", logits), np.asarray(temperatures, np.float64)
    if not (logits < math.inf).all():
        raise ValueError(f"logits must be finite or -inf, got {logits[~(logits < math.inf)][0]}")
    if temperatures.ndim != 1 or not (temperatures > 0).all() or not np.isfinite(temperatures).all():
        raise ValueError(f"temperatures must be above 0, finite and of shape (T,), got {temperatures}")
    return logits, check_labels(labels, *logits.shape), temperatures


def _mean(values: np.ndarray) -> FloatArray:
    """Means (T,) of values (T, N), nan without rows."""
    return np.asarray(values.sum(axis=1) / (values.shape[1] or math.nan))
