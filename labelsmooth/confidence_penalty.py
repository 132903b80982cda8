"""The confidence penalty: cross-entropy less beta times the entropy of the prediction.

Legend: R runs, B examples of a batch, K classes.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.training import train_by_epoch


def train_with_penalty(setup: TrainingSetup, beta: float) -> Iterator[Snapshot]:
    """Train with a bonus for entropy, as an alternative to smoothing the labels.

    Formula: loss = cross-entropy - beta H(p), with H(p) = -sum_k p_k log p_k; its gradient on logit k is
    p_k - q_k + beta p_k (log p_k + H(p)).

    Args:
        setup: what is trained; its epsilons smooth the labels besides, so (0.0,) gives the penalty alone.
        beta: weight of the entropy, at least 0, without unit; 0 is plain training, bit for bit.

    Returns:
        Snapshots as those of `train`; `train_loss` is the cross-entropy without the penalty, in nats.

    Raises:
        ValueError: beta below 0 or not finite.

    Example:
        >>> *_, last = train_with_penalty(TrainingSetup("iris", train_size=60, seeds=(0,), epochs=2), 0.1)
        >>> last.epoch, last.finished
        (2, True)

    Source: Pereyra et al. 2017, arXiv 1701.06548, section 3.
    """
    if not 0 <= beta < math.inf:
        raise ValueError(f"beta must be a number at least 0; got {beta}")

    def objective(gradient: Tensor, logits: Tensor, _rows: Tensor) -> Tensor:
        return gradient + beta * entropy_gradient(logits)

    return (snapshot for snapshot in train_by_epoch(setup, objective) if snapshot is not None)


def entropy_gradient(logits: Tensor) -> Tensor:
    """The gradient of -H(p) on the logits, both (R, K, B): p_k (log p_k + H)."""
    log_probs = torch.log_softmax(logits, 1)
    probs = log_probs.exp()
    # The mean of log p over the classes is -H.
    return probs * (log_probs - (probs * log_probs).sum(1, keepdim=True))
