"""Proper scores of all classes: negative log-likelihood and Brier score.

Legend: N examples, K classes.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from labelsmooth.calibration.arrays import by_class, check_labels, check_matrix, check_probabilities, check_sums
from labelsmooth.calibration.bins import mean
from labelsmooth.rows import over_rows


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
        >>> from labelsmooth.calibration import log_softmax
        >>> round(nll(log_softmax([[0.0, 0.0], [5.0, 5.0]]), [0, 1]), 6)
        0.693147

    Source: Guo et al. 2017, arXiv 1706.04599, section 2.
    """
    log_probs = check_matrix("log-probabilities", log_probs)
    labels = check_labels(labels, *log_probs.shape)
    check_sums("log-probabilities", np.exp(np.minimum(log_probs, 1.0)))
    return mean(-log_probs[np.arange(len(labels)), labels])


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

    def total(rows: slice) -> float:
        p = by_class(probs[rows])
        on_label = p[labels[rows], np.arange(p.shape[1])]
        return float((np.einsum("kn,kn->n", p, p) - 2 * on_label + 1).sum())

    return sum(over_rows(total, *probs.shape)) / (len(labels) or math.nan)
