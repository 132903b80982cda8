"""The module this project started from, the built-in loss and ours on one random batch, and the way between them.

Dimensions: N examples, K classes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from labelsmooth.conventions import as_uniform, check_classes
from labelsmooth.loss import LabelSmoothingLoss

EXAMPLES = 8
SPREAD = 2.0  # standard deviation of the random logits
LARGEST_SEED = 2**63 - 1


class LabelSmoothing(nn.Module):
    """KL divergence from smoothed labels (N,) to log-probabilities (N, K), summed over batch and classes."""

    def __init__(self, size: int, smoothing: float = 0.0) -> None:
        super().__init__()
        self.size, self.smoothing = size, smoothing
        self.criterion = nn.KLDivLoss(reduction="sum")  # size_average=False, as it is spelled today
        self.true_dist: Tensor | None = None

    def forward(self, log_probs: Tensor, labels: Tensor) -> Tensor:
        """The loss, and the targets kept as `true_dist` (N, K)."""
        spread = torch.full_like(log_probs, self.smoothing / (self.size - 1))
        self.true_dist = spread.scatter(1, labels.unsqueeze(1), 1 - self.smoothing)
        return self.criterion(log_probs, self.true_dist)


@dataclass(frozen=True, eq=False)
class Scored:
    """One loss of the batch: how it is written, its value, and its gradient on the logits (N, K)."""

    call: str
    value: float
    gradient: np.ndarray


@dataclass(frozen=True)
class Step:
    """One change on the way from the module to the built-in loss, and the value after it."""

    change: str
    call: str
    value: float


@dataclass(frozen=True, eq=False)
class SideBySide:
    """The batch, its losses, and the way between them.

    `module` equals `others`, and `builtin` equals `uniform`. `matched` is the built-in loss with the epsilon
    `equal_epsilon` of the same target; less the smallest possible loss and times N it is the module again.
    """

    logits: np.ndarray  # (N, K)
    labels: np.ndarray  # (N,)
    module: Scored
    others: Scored
    builtin: Scored
    uniform: Scored
    way: tuple[Step, ...]
    equal_epsilon: float
    matched: float


def side_by_side(num_classes: int, epsilon: float, seed: int = 0) -> SideBySide:
    """The losses of one random batch of `EXAMPLES` examples.

    Formula: `LabelSmoothing` as in the class; the others as in `LabelSmoothingLoss`.

    Args:
        num_classes: K, at least 2.
        epsilon: smoothing in [0, 1]: the KL divergence of the module has no value below 0.
        seed: of logits and labels, 0..2**63 - 1.

    Returns:
        Values in nats and gradients, all computed in float64.

    Raises:
        ValueError: anything out of its range.

    Example:
        >>> batch = side_by_side(10, 0.1)
        >>> abs(batch.module.value - batch.others.value) < 1e-9, abs(batch.builtin.value - batch.uniform.value) < 1e-9
        (True, True)

    Source: the module as this project found it; torch.nn.CrossEntropyLoss.
    """
    check_classes(num_classes, at_least=2)
    if not 0 <= epsilon <= 1:
        raise ValueError(f"epsilon must be in [0, 1], as the module has no loss elsewhere; got {epsilon}")
    if not 0 <= seed <= LARGEST_SEED:
        raise ValueError(f"seed must be in 0..{LARGEST_SEED}; got {seed}")
    generator = torch.Generator().manual_seed(seed)
    logits = SPREAD * torch.randn(EXAMPLES, num_classes, generator=generator, dtype=torch.float64)
    labels = torch.randint(num_classes, (EXAMPLES,), generator=generator)
    module = LabelSmoothing(num_classes, epsilon)

    def scored(call: str, loss: Callable[[Tensor, Tensor], Tensor]) -> Scored:
        variable = logits.clone().requires_grad_()
        value = loss(variable, labels)
        (gradient,) = torch.autograd.grad(value, variable)
        return Scored(call, value.item(), gradient.numpy())

    e = f"{epsilon:g}"
    equal = as_uniform(epsilon, num_classes, "others")
    return SideBySide(
        logits=logits.numpy(),
        labels=labels.numpy(),
        module=scored(f"LabelSmoothing({num_classes}, {e})", lambda z, y: module(z.log_softmax(1), y)),
        others=scored(
            f'LabelSmoothingLoss({e}, "others", divergence="kl", reduction="sum")',
            LabelSmoothingLoss(epsilon, "others", divergence="kl", reduction="sum"),
        ),
        builtin=scored(f"CrossEntropyLoss(label_smoothing={e})", nn.CrossEntropyLoss(label_smoothing=epsilon)),
        uniform=scored(f"LabelSmoothingLoss({e})", LabelSmoothingLoss(epsilon)),
        way=_way(epsilon, logits, labels),
        equal_epsilon=equal,
        # Above 1 the label is the least likely class, and the built-in loss has no such target.
        matched=nn.CrossEntropyLoss(label_smoothing=equal)(logits, labels).item() if equal <= 1 else float("nan"),
    )


def _way(epsilon: float, logits: Tensor, labels: Tensor) -> tuple[Step, ...]:
    """One argument changed at a time, from the module's loss to the built-in one."""
    losses = (
        ("as the module", f'({epsilon:g}, "others", divergence="kl", reduction="sum")',
         LabelSmoothingLoss(epsilon, "others", divergence="kl", reduction="sum")),
        ("mean instead of sum", f'({epsilon:g}, "others", divergence="kl")',
         LabelSmoothingLoss(epsilon, "others", divergence="kl")),
        ("cross-entropy instead of KL", f'({epsilon:g}, "others")', LabelSmoothingLoss(epsilon, "others")),
        ("ε/K instead of ε/(K-1)", f"({epsilon:g})", LabelSmoothingLoss(epsilon)),
    )  # fmt: skip
    return tuple(
        Step(change, f"LabelSmoothingLoss{arguments}", loss(logits, labels).item())
        for change, arguments, loss in losses
    )
