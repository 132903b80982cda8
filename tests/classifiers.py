"""Made classifiers, calibrated and not, and the kinds of bins that they are judged in."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelsmooth.calibration import (
    Scheme,
    softmax,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
SCHEMES: tuple[Scheme, ...] = ("equal-width", "equal-mass")


def two_classes(confidence: ArrayLike, correct: ArrayLike) -> tuple[Floats, Ints]:
    """Probabilities (N, 2) and labels (N,) with these top-label confidences from 0.5 up."""
    confidence = np.asarray(confidence, np.float64)
    return np.stack([confidence, 1 - confidence], axis=1), 1 - np.asarray(correct, np.intp)


def classifier(seed: int, n: int = 500, classes: int = 4, scale: float = 1.0) -> tuple[Floats, Ints]:
    """Probabilities (N, K) and labels that follow logits of a different scale."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(n, classes)) * 2
    labels = np.argmax(logits + generator.gumbel(size=logits.shape), axis=1)
    return softmax(scale * logits), labels
