"""The measures that a snapshot holds, for R runs at once, from their logits.

Legend: R runs, N examples, K classes; examples last, as the network has them. Results are float64 arrays (R,).
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from labelsmooth.calibration import ece_of_runs
from labelsmooth.snapshots import BestTemperature
from labelsmooth.temperature import fit_temperature


class _Scored(NamedTuple):
    """Log-probabilities (R, K, N); of each example (R, N): the label's, confidence, correctness, logit gap."""

    log_probs: np.ndarray
    on_label: np.ndarray
    confidence: np.ndarray
    correct: np.ndarray
    gap: np.ndarray


def _score(logits: Tensor, labels: Tensor) -> _Scored:
    """Compare finite logits (R, K, N) with labels (R, N); in float64, as the edges of bins need it."""
    log_probs = torch.log_softmax(logits.double(), 1)
    on_label = log_probs.gather(1, labels[:, None])[:, 0]
    top, predicted = log_probs.max(1)
    # Logits and log-probabilities differ by the same number in all classes, so their gaps are the same.
    others = (log_probs.sum(1) - on_label) / (logits.shape[1] - 1)
    arrays = log_probs, on_label, top.exp(), predicted == labels, on_label - others
    return _Scored(*(array.numpy() for array in arrays))


def held_out_measures(logits: Tensor, labels: Tensor) -> dict[str, np.ndarray]:
    """Measures on the test part, whose labels are clean."""
    scored = _score(logits, labels)
    squares = np.exp(2 * scored.log_probs).sum(1)
    return {
        "accuracy": scored.correct.mean(-1),
        "nll": -scored.on_label.mean(-1),
        "brier": (squares - 2 * np.exp(scored.on_label) + 1).mean(-1),
        "ece": ece_of_runs(scored.confidence, scored.correct),
        "confidence": scored.confidence.mean(-1),
        "test_logit_gap": scored.gap.mean(-1),
    }


def training_measures(logits: Tensor, labels: Tensor, targets: np.ndarray) -> dict[str, np.ndarray]:
    """Measures on the training part against the labels given; targets (R, 2): on the label, on each other.

    The loss is each run's own smoothed cross-entropy, whose floor is not 0 but the entropy of the target.
    """
    scored = _score(logits, labels)
    on_label, on_other = targets.T[..., None]
    loss = -(on_label - on_other) * scored.on_label - on_other * scored.log_probs.sum(1)
    return {
        "train_loss": loss.mean(-1),
        "train_accuracy": scored.correct.mean(-1),
        "train_logit_gap": scored.gap.mean(-1),
    }


def fitted_temperatures(
    validation: Tensor, validation_labels: Tensor, test: Tensor, test_labels: Tensor
) -> BestTemperature:
    """Fit each run's temperature on its validation logits (R, K, N) and apply it to its test logits."""
    fits = [
        fit_temperature(logits.T, labels)
        for logits, labels in zip(validation.double().numpy(), validation_labels.numpy(), strict=True)
    ]
    temperature = np.array([fit.temperature for fit in fits])
    scaled = held_out_measures(test.double() / torch.from_numpy(temperature)[:, None, None], test_labels)
    return BestTemperature(
        temperature,
        **{name: scaled[name] for name in ("ece", "nll", "brier", "confidence")},
        at_bound=np.array([{"lower": -1, None: 0, "upper": 1}[fit.at_bound] for fit in fits]),
        no_errors=np.array([fit.optimum == "zero" for fit in fits]),
        examples=validation.shape[-1],
    )
