"""Calibration errors of many draws of the labels from a model's own probabilities, every label of every draw.

Legend: N examples, K classes, M bins, D draws of labels. The cells depend on the probabilities alone, so all draws
share them.
"""

from collections.abc import Iterator

import numpy as np

from labelsmooth.calibration import BLOCK, FloatArray, IntArray, bin_index
from labelsmooth.cells import SCHEMES, class_cells, class_errors, class_index_of, event_cells, top_errors
from labelsmooth.smooth_ece import smooth_ece, smooth_ece_of_draws


def errors_of_draws(
    probs: FloatArray, labels: IntArray, bins: int, draws: int, generator: np.random.Generator
) -> tuple[dict[str, float], dict[str, FloatArray]]:
    """Errors of the labels (N,) at the probabilities (N, K), and those (D,) of draws, each under its name."""
    confidence, prediction = probs.max(axis=1), probs.argmax(axis=1)
    top_index = {scheme: bin_index(confidence, bins, scheme) for scheme in SCHEMES}
    index = {scheme: class_index_of(probs, bins, scheme) for scheme in SCHEMES}

    def errors(labels: IntArray) -> dict[str, FloatArray]:
        """Every error (D,) of labels (D, N)."""
        correct = labels == prediction
        top = {scheme: event_cells(confidence, correct, top_index[scheme], bins) for scheme in SCHEMES}
        classes = {scheme: class_cells(probs, labels, index[scheme], bins) for scheme in SCHEMES}
        return top_errors(top) | class_errors(classes) | {"smECE": smooth_ece_of_draws(confidence, correct)}

    observed = {name: float(value[0]) for name, value in errors(labels[None]).items()}
    observed["smECE"] = smooth_ece(confidence, labels == prediction).value
    drawn = [errors(block) for block in drawn_labels(probs, draws, generator)]
    return observed, {name: np.concatenate([block[name] for block in drawn]) for name in observed}


def drawn_labels(probs: FloatArray, draws: int, generator: np.random.Generator) -> Iterator[IntArray]:
    """Labels (D, N) from their probabilities (N, K), block by block; the same for every size of block."""
    edges = probs.cumsum(axis=1)
    total, edges = edges[:, -1], edges[:, :-1]  # printed probabilities do not sum to 1 exactly
    rows = max(1, BLOCK // max(1, len(probs)))
    for start in range(0, draws, rows):
        uniform = generator.random((min(rows, draws - start), len(probs))) * total
        labels = np.zeros(uniform.shape, np.intp)
        for edge in edges.T:
            labels += edge <= uniform
        yield labels
