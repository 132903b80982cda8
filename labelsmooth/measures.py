"""The measures that a snapshot holds, for R runs at once, from their logits.

Legend: R runs, N examples, K classes. Results are float64 arrays (R,).
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from labelsmooth.calibration import ece_of_runs
from labelsmooth.snapshots import BestTemperature
from labelsmooth.temperature import fit_temperature


class _Scored(NamedTuple):
    """Probabilities (R, N, K) and their logarithms; of each row (R, N): the label's log, correctness, gap."""

    probs: np.ndarray
    log_probs: np.ndarray
    label_log_prob: np.ndarray
    correct: np.ndarray
    gap: np.ndarray


def _score(logits: Tensor, labels: Tensor) -> _Scored:
    """Compare finite logits (R, N, K) with labels (R, N); in float64, as the edges of bins need it."""
    wide = logits.double()
    log_probs = torch.log_softmax(wide, -1)
    on_label = torch.take_along_dim(wide, labels[..., None], -1)[..., 0]
    others = (wide.sum(-1) - on_label) / (wide.shape[-1] - 1)
    return _Scored(
        log_probs.exp().numpy(),
        log_probs.numpy(),
        torch.take_along_dim(log_probs, labels[..., None], -1)[..., 0].numpy(),
        (wide.argmax(-1) == labels).numpy(),
        (on_label - others).numpy(),
    )


def held_out_measures(logits: Tensor, labels: Tensor) -> dict[str, np.ndarray]:
    """Measures on the test part, whose labels are clean."""
    scored = _score(logits, labels)
    confidence = scored.probs.max(-1)
    label_prob = np.exp(scored.label_log_prob)
    return {
        "accuracy": scored.correct.mean(-1),
        "nll": -scored.label_log_prob.mean(-1),
        "brier": ((scored.probs**2).sum(-1) - 2 * label_prob + 1).mean(-1),
        "ece": ece_of_runs(confidence, scored.correct),
        "confidence": confidence.mean(-1),
        "test_logit_gap": scored.gap.mean(-1),
    }


def training_measures(logits: Tensor, labels: Tensor, targets: np.ndarray) -> dict[str, np.ndarray]:
    """Measures on the training part against the labels given; targets (R, 2): on the label, on each other.

    The loss is each run's own smoothed cross-entropy, whose floor is not 0 but the entropy of the target.
    """
    scored = _score(logits, labels)
    on_label, on_other = targets.T[..., None]
    loss = -(on_label - on_other) * scored.label_log_prob - on_other * scored.log_probs.sum(-1)
    return {
        "train_loss": loss.mean(-1),
        "train_accuracy": scored.correct.mean(-1),
        "train_logit_gap": scored.gap.mean(-1),
    }


def fitted_temperatures(
    validation: Tensor, validation_labels: Tensor, test: Tensor, test_labels: Tensor
) -> BestTemperature:
    """Fit each run's temperature on its validation logits (R, N, K) and apply it to its test logits."""
    fitted = np.array(
        [
            fit_temperature(logits, labels).temperature
            for logits, labels in zip(validation.double().numpy(), validation_labels.numpy(), strict=True)
        ]
    )
    scored = _score(test.double() / torch.from_numpy(fitted)[:, None, None], test_labels)
    ece = ece_of_runs(scored.probs.max(-1), scored.correct)
    return BestTemperature(fitted, ece, -scored.label_log_prob.mean(-1))
