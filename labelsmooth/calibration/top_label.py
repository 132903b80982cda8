"""The top label of every row in one pass over the probabilities, which are checked on the way.

Legend: N examples, K classes.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelsmooth.calibration.arrays import (
    FloatArray,
    IntArray,
    are_probabilities,
    by_class,
    check_labels,
    check_shape,
    refuse_probabilities,
)
from labelsmooth.rows import over_rows


def top_label(probs: ArrayLike, labels: ArrayLike) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Confidence in float64 and whether the first largest probability is the label's, (N,), of what a caller gave.

    Probabilities (N, K) are converted chunk by chunk: of single precision there is never a whole copy.
    """
    probs = np.asarray(probs)
    check_shape("probabilities", probs)
    labels = check_labels(labels, *probs.shape)
    confidence, correct = np.empty(len(probs)), np.empty(len(probs), np.bool_)

    def fill(rows: slice) -> bool:
        p = by_class(probs[rows])
        confidence[rows], correct[rows] = _top(p, labels[rows])
        return are_probabilities(p, confidence[rows].max(initial=0))

    if not all(over_rows(fill, *probs.shape)):
        refuse_probabilities(probs)
    return confidence, correct


def _top(p: FloatArray, labels: IntArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Largest value of each column of (K, N), and whether the first that is so large is the label's."""
    columns = np.arange(len(labels))
    # In rows seen from the side `argmax` is quick; in all else it takes longer than the rest together.
    if p.strides[0] != p.itemsize:
        top = p.max(axis=0)
        if np.count_nonzero(p == top) == len(labels):
            return top, p[labels, columns] == top
    first = p.argmax(axis=0)
    return p[first, columns], first == labels
