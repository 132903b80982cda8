"""The losses of every row at a temperature, from one pass over the logits.

Legend: N rows, K classes.
"""

from dataclasses import dataclass

import numpy as np

from labelsmooth.calibration import FloatArray
from labelsmooth.predictions.given import Predictions
from labelsmooth.rows import over_rows

DIGITS = 12


@dataclass(frozen=True, eq=False)
class Losses:
    """Of every row (N,): confidence, NLL in nats (inf for a label of probability 0), Brier score."""

    confidence: FloatArray
    nll: FloatArray
    brier: FloatArray


def possible(predictions: Predictions) -> np.ndarray:
    """Whether each label (N,) has a probability above 0."""
    rows = np.arange(len(predictions.labels))
    return ~np.isneginf(predictions.logits[rows, predictions.labels])


def losses_at(predictions: Predictions, temperature: FloatArray) -> tuple[FloatArray, Losses]:
    """Probabilities (N, K) of the logits divided by the rows' temperatures, (N,) or (1,), and their losses."""
    n, classes = predictions.logits.shape
    probs = np.empty((n, classes))
    losses = Losses(np.empty(n), np.empty(n), np.empty(n))
    divisor = np.broadcast_to(temperature, (n,))

    def fill(rows: slice) -> None:
        logits = predictions.logits[rows]
        block, labels = probs[rows], predictions.labels[rows]
        at = np.arange(len(labels))
        np.subtract(logits, logits.max(axis=1, keepdims=True), out=block)
        block /= divisor[rows, None]
        on_label = block[at, labels]
        np.exp(block, out=block)
        total = block.sum(axis=1)
        block /= total[:, None]
        losses.confidence[rows] = 1 / total  # the largest logit is 0
        losses.nll[rows] = np.log(total) - on_label
        losses.brier[rows] = np.einsum("nk,nk->n", block, block) - 2 * block[at, labels] + 1
        if predictions.scale != "logits":
            # Printed probabilities lie on edges of bins, and tie; their logarithms lost that in the last digits.
            block[:] = block.round(DIGITS)
            losses.confidence[rows] = losses.confidence[rows].round(DIGITS)

    over_rows(fill, n, classes)
    return probs, losses
