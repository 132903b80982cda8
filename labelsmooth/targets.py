"""Smoothed targets.

Dimensions: N examples, K classes, d1, d2, ... further positions (time, height, width); classes come second.
    labels   (N,),   (N, d1, ...)    or ()
"""

import torch
from torch import Tensor

from labelsmooth.conventions import Convention, target_probabilities
from labelsmooth.loss_inputs import check_length, check_prior, checked_labels


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
    check_prior(prior, convention)
    dtype = dtype or torch.get_default_dtype()
    like = torch.empty(0, dtype=dtype, device=labels.device)
    on, off = masses(epsilon, num_classes, convention, prior, like)
    labels = checked_labels(labels, num_classes)
    class_dim = min(1, labels.ndim)
    shape = [*labels.shape[:1], num_classes, *labels.shape[1:]]
    column = [num_classes if dim == class_dim else 1 for dim in range(len(shape))]
    index = labels.unsqueeze(class_dim)
    return off.view(column).expand(shape).scatter(class_dim, index, on[index])


def masses(
    epsilon: float, num_classes: int, convention: Convention, prior: Tensor | None, like: Tensor
) -> tuple[Tensor, Tensor]:
    """Target mass of each class where it is the label and where it is not, both (K,), like a tensor."""
    label, other = target_probabilities(epsilon, num_classes, convention)
    if prior is None:
        return like.new_full((num_classes,), label), like.new_full((num_classes,), other)
    check_length("prior", prior, num_classes)
    off = epsilon * prior.to(like)
    return 1 - epsilon + off, off
