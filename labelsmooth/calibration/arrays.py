"""What comes in: arrays of probabilities, confidences and labels, checked, and the softmax that makes probabilities.

Legend: N examples, K classes.
Everything is float64: a float32 confidence that should lie on an edge falls on either side of it.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from labelsmooth.rows import over_rows

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

SUM_TOLERANCE = 1e-3  # of a row of probabilities: half precision and printed digits pass, logits do not
FEW = 16  # classes: where a row is that short, the largest along it is found more slowly than across a copy of rows


def softmax(logits: ArrayLike) -> FloatArray:
    """Probabilities of logits (..., K) over the last axis, in float64; a logit of -inf has probability 0.

    >>> softmax([0.0, float("-inf"), 0.0]).tolist()
    [0.5, 0.0, 0.5]
    """
    return np.asarray(special.softmax(np.asarray(logits, np.float64), axis=-1))


def log_softmax(logits: ArrayLike) -> FloatArray:
    """Log-probabilities of logits (..., K) over the last axis, in float64."""
    return np.asarray(special.log_softmax(np.asarray(logits, np.float64), axis=-1))


def check_matrix(name: str, values: ArrayLike) -> FloatArray:
    """Float64 matrix (N, K) with at least two classes."""
    matrix = np.asarray(values, np.float64)
    check_shape(name, matrix)
    return matrix


def check_shape(name: str, matrix: NDArray[np.generic]) -> None:
    """Refuse what is not (N, K) with at least two classes."""
    if matrix.ndim != 2 or matrix.shape[1] < 2:
        raise ValueError(f"{name} must have shape (N, K) with K >= 2, got {matrix.shape}")


def check_labels(labels: ArrayLike, n: int, classes: int) -> IntArray:
    """Integer labels (N,) in 0..K-1."""
    labels = np.asarray(labels)
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be integers of shape ({n},), got {labels.dtype} of shape {labels.shape}")
    if n and not (labels.min() >= 0 and labels.max() < classes):
        outside = (labels < 0) | (labels >= classes)
        raise ValueError(f"labels must be in 0..{classes - 1}, got {labels[outside][0]}")
    return labels.astype(np.intp, copy=False)


def check_probabilities(probs: ArrayLike) -> FloatArray:
    """Float64 probabilities (N, K) in [0, 1] whose rows sum to 1."""
    probs = check_matrix("probabilities", probs)

    def look(rows: slice) -> bool:
        p = by_class(probs[rows])
        return are_probabilities(p, p.max(initial=0))

    if not all(over_rows(look, *probs.shape)):
        refuse_probabilities(probs)
    return probs


def by_class(rows: NDArray[np.generic]) -> FloatArray:
    """Rows (N, K) in float64 with classes first, (K, N), laid out so that reductions over the classes are fast."""
    if rows.shape[1] > FEW:
        return np.asarray(rows, np.float64).T
    return np.array(rows.T, np.float64, order="C")


def are_probabilities(probs: FloatArray, largest: float) -> bool:
    """Whether all columns of (K, N) are probabilities: a quick look; `refuse_probabilities` tells why not."""
    sums = np.einsum("kn->n", probs)  # fast in either layout, which .sum is not
    near = sums.min(initial=1) >= 1 - SUM_TOLERANCE and sums.max(initial=1) <= 1 + SUM_TOLERANCE
    return bool(near and probs.min(initial=0) >= 0 and largest <= 1)


def refuse_probabilities(probs: ArrayLike) -> None:
    """ValueError that tells of the first of (N, K) that is out of range."""
    probs = np.asarray(probs, np.float64)
    _check_range("probabilities", probs)
    check_sums("probabilities", probs)


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
    if not (values.min(initial=0) >= 0 and values.max(initial=0) <= 1):
        inside = (values >= 0) & (values <= 1)
        raise ValueError(f"{name} must be in [0, 1], got {values[~inside][0]}")


def check_sums(name: str, probs: FloatArray) -> None:
    """Refuse rows (N, K) of probabilities that do not sum to 1; NaN among them."""
    sums = probs.sum(axis=1)
    off = ~(np.abs(sums - 1) <= SUM_TOLERANCE)
    if off.any():
        raise ValueError(f"rows of {name} must sum to 1 within {SUM_TOLERANCE} as probabilities, got {sums[off][0]}")
