"""Smoothed targets, and the loss that trains on them.

Dimensions: N examples, K classes, d1, d2, ... further positions (time, height, width); classes come second.
    logits   (N, K), (N, K, d1, ...) or (K,)
    labels   (N,),   (N, d1, ...)    or ()
"""

import math
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labelsmooth.conventions import (
    Convention,
    Divergence,
    check_choice,
    check_epsilon,
    target_probabilities,
)

Reduction = Literal["mean", "sum", "none"]


def smooth_targets(
    labels: Tensor,
    num_classes: int,
    epsilon: float,
    convention: Convention = "uniform",
    *,
    prior: Tensor | None = None,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """Smoothed target distribution of every label.

    Formula: q = (1 - eps) onehot + eps u, where u is 1/K on every class ("uniform"), 1/(K - 1) on every class
    but the label ("others"), or the prior.

    Args:
        labels: integers in 0..K-1, shape (N,), (N, d1, ...) or ().
        num_classes: K, at least 1. With one class the target is 1 whatever epsilon is.
        epsilon: smoothing, at most 1. A negative one sharpens: the label gets over 1, others less than 0.
        convention: "uniform" or "others".
        prior: u itself, shape (K,), non-negative, summing to 1; only with "uniform", in place of 1/K.
        dtype: floating dtype of the result; torch's default dtype if None.

    Returns:
        Probabilities, shape (N, K), (N, K, d1, ...) or (K,), summing to 1 over K; what
        `torch.nn.functional.cross_entropy` takes as probability targets.

    Raises:
        ValueError: epsilon NaN, infinite or above 1; labels out of range or not integers; a wrong prior;
            num_classes below 1; unknown convention.

    Example:
        >>> smooth_targets(torch.tensor([0, 2]), 4, 0.2)
        tensor([[0.8500, 0.0500, 0.0500, 0.0500],
                [0.0500, 0.0500, 0.8500, 0.0500]])
        >>> smooth_targets(torch.tensor([0]), 4, 0.3, "others")
        tensor([[0.7000, 0.1000, 0.1000, 0.1000]])

    Source: Szegedy et al. 2016, arXiv 1512.00567, section 7.
    """
    _check_prior(prior, convention)
    dtype = dtype or torch.get_default_dtype()
    like = torch.empty(0, dtype=dtype, device=labels.device)
    on, off = _masses(epsilon, num_classes, convention, prior, like)
    labels = _checked_labels(labels, num_classes)
    class_dim = min(1, labels.ndim)
    shape = [*labels.shape[:1], num_classes, *labels.shape[1:]]
    column = [num_classes if dim == class_dim else 1 for dim in range(len(shape))]
    index = labels.unsqueeze(class_dim)
    return off.view(column).expand(shape).scatter(class_dim, index, on[index])


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
        _check_prior(prior, convention)
        _check_weight(weight)
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
        _check_logits(logits, labels)
        if logits.ndim == 1:
            losses = self.forward(logits.unsqueeze(0), labels.unsqueeze(0))
            return losses.squeeze(0) if self.reduction == "none" else losses
        labels = _checked_labels(labels, logits.shape[1], self.ignore_index)
        kept = labels != self.ignore_index
        # Hidden before the softmax, not after, or a NaN in an ignored row would come back as a NaN gradient.
        logits = logits if _any(~kept) is False else logits.masked_fill(~kept.unsqueeze(1), 0)
        labels = labels.masked_fill(~kept, 0)
        log_probs = F.log_softmax(logits, 1, dtype=torch.promote_types(logits.dtype, torch.float32))
        return self._reduce(self._losses(log_probs, labels), labels, kept)

    def _losses(self, log_probs: Tensor, labels: Tensor) -> Tensor:
        """Loss of every position (N, ...) from log-probabilities (N, K, ...)."""
        num_classes, index = log_probs.shape[1], labels.unsqueeze(1)
        on, off = _masses(self.epsilon, num_classes, self.convention, self.prior, log_probs)
        if self.weight is not None:
            _check_length("weight", self.weight, num_classes)
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


def _masses(
    epsilon: float, num_classes: int, convention: Convention, prior: Tensor | None, like: Tensor
) -> tuple[Tensor, Tensor]:
    """Target mass of each class where it is the label and where it is not, both (K,), like a tensor."""
    label, other = target_probabilities(epsilon, num_classes, convention)
    if prior is None:
        return like.new_full((num_classes,), label), like.new_full((num_classes,), other)
    _check_length("prior", prior, num_classes)
    off = epsilon * prior.to(like)
    return 1 - epsilon + off, off


def _product(mass: Tensor, log_probs: Tensor) -> Tensor:
    """Mass times log-probability, and 0 where there is no mass, even at log 0."""
    return torch.where(mass == 0, 0.0, mass * log_probs)


def _floors(on: Tensor, off: Tensor) -> Tensor:
    """Smallest cross-entropy for each label (K,): -sum_k a_k log(a_k / A), a the masses, A their sum."""
    total = off.sum() - off + on
    logs = torch.xlogy(off, off)
    return torch.xlogy(total, total) - (logs.sum() - logs + torch.xlogy(on, on))


def _check_logits(logits: Tensor, labels: Tensor) -> None:
    """Raise ValueError unless logits are floating and the shapes fit each other."""
    if not logits.is_floating_point():
        raise ValueError(f"logits must be floating point; got {logits.dtype}")
    if logits.ndim == 0 or logits.shape[min(1, logits.ndim - 1)] == 0:
        raise ValueError(f"logits must have shape (N, K), (N, K, d1, ...) or (K,), K >= 1; got {tuple(logits.shape)}")
    expected = () if logits.ndim == 1 else (logits.shape[0], *logits.shape[2:])
    if labels.shape != expected:
        raise ValueError(
            f"labels must have shape {tuple(expected)} for logits {tuple(logits.shape)}; got {tuple(labels.shape)}"
        )


def _checked_labels(labels: Tensor, num_classes: int, ignore_index: int | None = None) -> Tensor:
    """Labels as int64, or ValueError unless they are integers in 0..K-1 or ignore_index."""
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise ValueError(f"labels must be integers; got {labels.dtype}")
    labels = labels.long()
    wrong = (labels < 0) | (labels >= num_classes)
    also = ""
    if ignore_index is not None:
        wrong &= labels != ignore_index
        also = f" or ignore_index={ignore_index}"
    if _any(wrong):
        raise ValueError(f"labels must be in 0..{num_classes - 1}{also}; got {labels[wrong][0].item()}")
    return labels


def _any(condition: Tensor) -> bool | None:
    """Whether any entry is true; None where values are out of sight: in a graph, under vmap, on the meta device."""
    # A look would break the graph; vmap and the meta device raise RuntimeError at one.
    if torch.compiler.is_compiling():
        return None
    try:
        return bool(condition.any())
    except RuntimeError:
        return None


def _check_prior(prior: Tensor | None, convention: Convention) -> None:
    """Raise ValueError unless the prior is a distribution over classes and has no rival."""
    if prior is None:
        return
    if convention != "uniform":
        raise ValueError(f"a prior needs convention='uniform', whose 1/K it replaces; got {convention!r}")
    if prior.ndim != 1 or not prior.is_floating_point():
        raise ValueError(f"prior must be floating, of shape (K,); got {prior.dtype} {tuple(prior.shape)}")
    total = prior.double().sum().item()
    if not bool((prior >= 0).all()) or abs(total - 1) > 1e-5:
        raise ValueError(f"prior must be non-negative and sum to 1; got {prior.tolist()}, sum {total:g}")


def _check_weight(weight: Tensor | None) -> None:
    """Raise ValueError unless the weights are one finite, non-negative number a class."""
    if weight is not None and (weight.ndim != 1 or not bool(((weight >= 0) & torch.isfinite(weight)).all())):
        raise ValueError(f"weight must be (K,), non-negative and finite; got {weight.tolist()}")


def _check_length(name: str, vector: Tensor, num_classes: int) -> None:
    """Raise ValueError unless a vector has one entry a class."""
    if len(vector) != num_classes:
        raise ValueError(f"{name} must have K = {num_classes} entries; got {len(vector)}")
