"""The loss that trains on smoothed targets.

Dimensions: N examples, K classes, d1, d2, ... further positions (time, height, width); classes come second.
    logits   (N, K), (N, K, d1, ...) or (K,)
    labels   (N,),   (N, d1, ...)    or ()
"""

import math
from contextlib import suppress
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labelsmooth.conventions import (
    Convention,
    Divergence,
    check_choice,
    check_epsilon,
    minimum_loss,
    target_probabilities,
)
from labelsmooth.fused import fused_losses, is_plain
from labelsmooth.loss_inputs import (
    any_true,
    check_length,
    check_logits,
    check_prior,
    check_weight,
    checked_labels,
    value_of,
)
from labelsmooth.targets import masses

Reduction = Literal["mean", "sum", "none"]
SMALL = 2**15  # logits, up to which the fewest steps are the fastest way


class LabelSmoothingLoss(nn.Module):
    """Cross-entropy (or KL divergence) from smoothed labels, without ever building the N x K targets.

    Formula: -(1 - eps) w_y log p_y - eps sum_k u_k w_k log p_k = -sum_k w_k q_k log p_k, with u and q as in
    `smooth_targets`, p = softmax(logits), class weights w. "kl" subtracts the smallest value this can take:
    the floor is 0, the gradient stays. Without weights that is cross-entropy - H(q) = KL(q || p), with them
    it is A KL(a/A || p), where a_k = w_k q_k and A = sum_k a_k. Without weights the gradient on the logits is
    p - q; weights MOVE the optimum, from p = q to p = a/A.

    Args:
        epsilon: smoothing, at most 1. A negative one (Wei et al. 2022, arXiv 2106.04149) sharpens the target;
            the loss then has no lower bound, so train few epochs. "cross_entropy" only.
        convention: "uniform" (eps/K on every class, as torch does) or "others" (eps/(K - 1) off the label).
        prior: u, shape (K,), non-negative, summing to 1; only with "uniform", in place of 1/K.
        divergence: "cross_entropy" or "kl".
        weight: class weights w, shape (K,), non-negative and finite.
        ignore_index: label of positions that get loss 0 and gradient 0, even where their logits are NaN.
        reduction: "mean" (over kept positions; with weights, over the sum of their w_y), "sum" or "none". Means of
            unequal batches do not average to that of the whole: over processes or accumulated steps divide sums by
            the number of all kept positions.
        logits: of the call; floating, shape (N, K), (N, K, d1, ...) or (K,). Log-probabilities do as well,
            being their own log-softmax. Half precision is computed, and the loss returned, in float32.
        labels: of the call; integers in 0..K-1 or ignore_index, shape (N,), (N, d1, ...) or ().

    Returns:
        Loss in nats: a scalar, or the shape of labels for "none". The mean over nothing (no rows, all
        ignored, or only labels of weight 0) is nan with gradient 0. A class of target mass 0 or weight 0 adds
        nothing, whatever its logit; any other class at -inf makes the loss infinite, the gradient stays
        finite; a logit that is NaN or +inf makes its position nan.

    Raises:
        ValueError: epsilon NaN, infinite or above 1, or negative with "kl"; labels out of range; wrong shape
            or dtype; wrong weight or prior; unknown convention, divergence or reduction.
        RuntimeError: labels out of range where their values are out of sight: in a graph of torch.compile or
            torch.export and under torch.vmap it is torch itself that refuses them, by its own words.

    Example:
        >>> logits = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 3.0]])
        >>> labels = torch.tensor([0, 2])
        >>> LabelSmoothingLoss(0.1)(logits, labels)
        tensor(0.3547)
        >>> torch.nn.CrossEntropyLoss(label_smoothing=0.1)(logits, labels)
        tensor(0.3547)
        >>> origin = LabelSmoothingLoss(0.1, "others", divergence="kl", reduction="sum")
        >>> origin(logits.log_softmax(1), labels)
        tensor(0.0706)

    Source: Szegedy et al. 2016, arXiv 1512.00567, section 7; weights and means of torch.nn.CrossEntropyLoss.
    """

    weight: Tensor | None
    prior: Tensor | None

    def __init__(
        self,
        epsilon: float,
        convention: Convention = "uniform",
        *,
        prior: Tensor | None = None,
        divergence: Divergence = "cross_entropy",
        weight: Tensor | None = None,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        check_choice("convention", convention, get_args(Convention))
        check_choice("divergence", divergence, get_args(Divergence))
        check_choice("reduction", reduction, get_args(Reduction))
        check_epsilon(epsilon, divergence)
        check_prior(prior, convention)
        check_weight(weight)
        self.epsilon = epsilon
        self.convention: Convention = convention
        self.divergence: Divergence = divergence
        self.ignore_index = ignore_index
        self.reduction: Reduction = reduction
        self.register_buffer("prior", prior)
        self.register_buffer("weight", weight)

    def extra_repr(self) -> str:
        """The settings, as `print(loss)` shows them."""
        words = (
            f"{self.epsilon}, convention={self.convention!r}, divergence={self.divergence!r}, "
            f"ignore_index={self.ignore_index}, reduction={self.reduction!r}"
        )
        for name in ("prior", "weight"):
            vector = getattr(self, name)
            words += "" if vector is None else f", {name}=({len(vector)},)"
        return words

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss of logits (N, K, ...) under labels (N, ...); see the class."""
        check_logits(logits, labels)
        if self._is_short(logits, labels):
            with suppress(IndexError):  # of a label that is out of range, which is said below
                return self._short(logits, labels)
        if logits.ndim == 1:
            losses = self.forward(logits.unsqueeze(0), labels.unsqueeze(0))
            return losses.squeeze(0) if self.reduction == "none" else losses
        labels = checked_labels(labels, logits.shape[1], self.ignore_index)
        kept = labels != self.ignore_index
        ignored = any_true(~kept)
        labels = labels.masked_fill(~kept, 0)
        if ignored is not None and is_plain(logits) and self._alike(logits.shape[1]):
            return self._fused(logits, labels, kept if ignored else None)
        # Hidden before the softmax, not after, or a NaN in an ignored row would come back as a NaN gradient.
        logits = logits if ignored is False else logits.masked_fill(~kept.unsqueeze(1), 0)
        log_probs = F.log_softmax(logits, 1, dtype=torch.promote_types(logits.dtype, torch.float32))
        return self._reduce(self._losses(log_probs, labels), labels, kept)

    def _is_short(self, logits: Tensor, labels: Tensor) -> bool:
        """Whether logits are few, and the loss is the usual one: then every step counts, even a look at a setting."""
        settings = self._buffers  # which a module is slow to answer for by their names
        if not (
            logits.ndim == 2
            and 0 < logits.numel() <= SMALL
            and logits.device.type == "cpu"
            and labels.dtype == torch.int64
            and self.convention == "uniform"
            and self.divergence == "cross_entropy"
            and 0 <= self.epsilon < 1
            and settings["prior"] is None
            and settings["weight"] is None
            and self.ignore_index < 0
        ):
            return False
        # An ignored label is below 0. One that is too large is seen by the loss itself.
        lowest = value_of(labels.amin())
        return lowest is not None and lowest >= 0

    def _short(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss in the fewest steps that autograd can follow, fewer than torch's own takes; none is ignored."""
        log_probs = torch.log_softmax(logits, 1, dtype=torch.promote_types(logits.dtype, torch.float32))
        loss = F.nll_loss(log_probs, labels, reduction=self.reduction)
        if self.epsilon == 0:
            return loss
        if self.reduction == "mean":
            on_all = log_probs.mean()
        else:
            on_all = (log_probs.sum() if self.reduction == "sum" else log_probs.sum(1)) / logits.shape[1]
        return torch.sub(loss * (1 - self.epsilon), on_all, alpha=self.epsilon)

    def _alike(self, num_classes: int) -> bool:
        """Whether all classes but the label are treated alike, and no two terms can be infinite against each other."""
        return self.weight is None and self.prior is None and not self._label_apart(num_classes)

    def _fused(self, logits: Tensor, labels: Tensor, kept: Tensor | None) -> Tensor:
        """The loss on the fast path; `kept` (N, ...) where a position is ignored."""
        num_classes = logits.shape[1]
        count = labels.numel() if kept is None else int(kept.sum())
        # Known beforehand, the mean costs no way over the gradient.
        scale = 1 / max(count, 1) if self.reduction == "mean" else 1.0
        on, off = target_probabilities(self.epsilon, num_classes, self.convention)
        losses = fused_losses(logits, labels, kept, on, off, scale)
        if self.divergence == "kl":
            losses = losses - scale * minimum_loss(self.epsilon, num_classes, self.convention)
            losses = losses if kept is None else losses.masked_fill(~kept, 0)
        if self.reduction == "none":
            return losses
        return losses.sum() if self.reduction == "sum" or count else losses.sum() + math.nan

    def _losses(self, log_probs: Tensor, labels: Tensor) -> Tensor:
        """Loss of every position (N, ...) from log-probabilities (N, K, ...)."""
        num_classes, index = log_probs.shape[1], labels.unsqueeze(1)
        on, off = masses(self.epsilon, num_classes, self.convention, self.prior, log_probs)
        if self.weight is not None:
            check_length("weight", self.weight, num_classes)
            weight = self.weight.to(log_probs)
            on, off = on * weight, off * weight
        picked = log_probs.gather(1, index).squeeze(1)
        at_label = on - off
        if self._label_apart(num_classes):
            log_probs, at_label = log_probs.scatter(1, index, 0.0), on
        losses = -_product(at_label[labels], picked) - self._spread(log_probs, off)
        return losses - _floors(on, off)[labels] if self.divergence == "kl" else losses

    def _label_apart(self, num_classes: int) -> bool:
        """Whether the label's two terms have opposite signs, so that a logit of -inf would give inf - inf."""
        return self.epsilon < 0 or (self.convention == "others" and self.epsilon * num_classes >= num_classes - 1)

    def _spread(self, log_probs: Tensor, off: Tensor) -> Tensor:
        """Sum of mass (K,) times log-probability (N, K, ...) over the classes: (N, ...)."""
        if self.weight is None and self.prior is None:
            return _product(off[0], log_probs.sum(1))
        return _product(off.view(-1, *[1] * (log_probs.ndim - 2)), log_probs).sum(1)

    def _reduce(self, losses: Tensor, labels: Tensor, kept: Tensor) -> Tensor:
        """Put ignored positions to 0 and reduce (N, ...) as asked."""
        losses = losses.masked_fill(~kept, 0)
        if self.reduction == "none":
            return losses
        if self.reduction == "sum":
            return losses.sum()
        counts = kept if self.weight is None else self.weight[labels].masked_fill(~kept, 0)
        total = counts.sum().to(losses)
        # Dividing by 0 and then hiding it would still send nan into the gradient.
        mean = losses.sum() / total.masked_fill(total == 0, 1)
        return mean.masked_fill(total == 0, math.nan)


def _product(mass: Tensor, log_probs: Tensor) -> Tensor:
    """Mass times log-probability, and 0 where there is no mass, even at log 0."""
    return torch.where(mass == 0, 0.0, mass * log_probs)


def _floors(on: Tensor, off: Tensor) -> Tensor:
    """Smallest cross-entropy for each label (K,): -sum_k a_k log(a_k / A), a the masses, A their sum."""
    total = off.sum() - off + on
    logs = torch.xlogy(off, off)
    return torch.xlogy(total, total) - (logs.sum() - logs + torch.xlogy(on, on))
