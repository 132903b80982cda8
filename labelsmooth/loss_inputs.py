"""What the loss and its targets take, and how they say no.

Dimensions: N examples, K classes, d1, d2, ... further positions.
    logits   (N, K), (N, K, d1, ...) or (K,)
    labels   (N,),   (N, d1, ...)    or ()
"""

import torch
from torch import Tensor

from labelsmooth.conventions import Convention


def check_logits(logits: Tensor, labels: Tensor) -> None:
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


def checked_labels(labels: Tensor, num_classes: int, ignore_index: int | None = None) -> Tensor:
    """Labels as int64, or ValueError unless they are integers in 0..K-1 or ignore_index."""
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise ValueError(f"labels must be integers; got {labels.dtype}")
    labels = labels.long()
    wrong = (labels < 0) | (labels >= num_classes)
    also = ""
    if ignore_index is not None:
        wrong &= labels != ignore_index
        also = f" or ignore_index={ignore_index}"
    if any_true(wrong):
        raise ValueError(f"labels must be in 0..{num_classes - 1}{also}; got {labels[wrong][0].item()}")
    return labels


def any_true(condition: Tensor) -> bool | None:
    """Whether any entry is true; None where values are out of sight."""
    found = value_of(condition.any())
    return None if found is None else bool(found)


def value_of(single: Tensor) -> int | None:
    """A whole number; None where values are out of sight: in a graph, under vmap, on the meta device."""
    # A look would break the graph; vmap and the meta device raise RuntimeError at one.
    if torch.compiler.is_compiling():
        return None
    try:
        return int(single)
    except RuntimeError:
        return None


def check_prior(prior: Tensor | None, convention: Convention) -> None:
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


def check_weight(weight: Tensor | None) -> None:
    """Raise ValueError unless the weights are one finite, non-negative number a class."""
    if weight is not None and (weight.ndim != 1 or not bool(((weight >= 0) & torch.isfinite(weight)).all())):
        raise ValueError(f"weight must be (K,), non-negative and finite; got {weight.tolist()}")


def check_length(name: str, vector: Tensor, num_classes: int) -> None:
    """Raise ValueError unless a vector has one entry a class."""
    if len(vector) != num_classes:
        raise ValueError(f"{name} must have K = {num_classes} entries; got {len(vector)}")
