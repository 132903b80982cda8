"""The smoothed loss and its gradient in one pass over the logits: the one fast path of `LabelSmoothingLoss`.

Dimensions: N positions, K classes.
    logits   (N, K)
    labels   (N,)
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

# Logits at a time: the last step still finds them in the cache, and each step is worth calling the threads together.
CHUNK = 2**20


def fused_losses(logits: Tensor, labels: Tensor, kept: Tensor | None, on: float, off: float, scale: float) -> Tensor:
    """Losses (N, ...) times `scale` from logits (N, K, ...), under targets of `on` on the label and `off` elsewhere.

    Positions that are not `kept` (N, ...) have loss 0 and gradient 0, whatever their logits.
    """
    rows = logits.movedim(1, -1).reshape(-1, logits.shape[1])
    hidden = None if kept is None else ~kept.reshape(-1)
    wanted = torch.is_grad_enabled() and logits.requires_grad
    losses, _ = FusedLoss.apply(rows, labels.reshape(-1), hidden, on, off, scale, wanted)  # type: ignore[no-untyped-call]
    return losses.view(labels.shape)


class FusedLoss(torch.autograd.Function):
    """The same of logits (N, K), and the gradient of each loss on its own logits (N, K), empty unless `wanted`.

    The gradient, scale (p - q), is written into one tensor like the logits while the loss is computed: the way back has
    nothing left to do. Positions that are `hidden` (N,) have loss 0 and gradient 0.
    """

    @staticmethod
    def forward(
        logits: Tensor, labels: Tensor, hidden: Tensor | None, on: float, off: float, scale: float, wanted: bool
    ) -> tuple[Tensor, Tensor]:
        """See the class."""
        exact = torch.promote_types(logits.dtype, torch.float32)
        losses = torch.empty(len(logits), dtype=exact, device=logits.device)
        gradient = torch.empty_like(logits) if wanted else logits.new_empty(0)
        rows = max(CHUNK // logits.shape[1], 1)
        # Half precision is computed elsewhere and rounded once.
        direct = wanted and logits.dtype == exact
        scratch = None if direct else logits.new_empty(rows, logits.shape[1], dtype=exact)
        for start in range(0, len(logits), rows):
            part = slice(start, start + rows)
            z, label = logits[part], labels[part].unsqueeze(1)
            work = gradient[part] if scratch is None else scratch[: len(z)]
            picked, total = _log_probs(z, label, work, wanted)
            # With as much on the label as elsewhere it has no term of its own, which could be 0 times infinity.
            losses[part] = picked.mul_(off - on) if on != off else 0
            if off:
                losses[part].sub_(total, alpha=off)
            if wanted:
                torch.add(work.new_tensor(-off * scale), work, alpha=scale, out=work)
                work.scatter_add_(1, label, work.new_tensor((off - on) * scale).expand_as(label))
                if not direct:
                    gradient[part] = work
        losses.mul_(scale)
        if hidden is not None:
            losses.masked_fill_(hidden, 0)
            gradient = gradient.masked_fill_(hidden.unsqueeze(1), 0) if wanted else gradient
        return losses, gradient

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        """Keep the gradient, and what it is made of for those who differentiate it again."""
        logits, labels, hidden, *ctx.settings = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(logits, labels, hidden)
        # Not saved the usual way: whoever is given it may write into it, so it is given away once.
        ctx.gradient = output[1] if ctx.settings.pop() else None

    @staticmethod
    def backward(ctx: Any, outer: Tensor | None, _: None = None) -> tuple[Tensor | None, ...]:
        """The gradient on the logits, from that on the losses (N,)."""
        if outer is None or not ctx.needs_input_grad[0]:
            return (None,) * 7
        logits, labels, hidden = ctx.saved_tensors
        gradient, ctx.gradient = ctx.gradient, None
        # A second way back, or one that will be differentiated itself, goes through steps that autograd knows.
        if gradient is None or torch.is_grad_enabled():
            gradient = _gradient(logits, labels, hidden, *ctx.settings)
            gradient = (gradient * outer.unsqueeze(1)).to(logits.dtype)
        elif not _all_one(outer):
            gradient.mul_(outer.unsqueeze(1))
        return gradient, *(None,) * 6


def is_plain(logits: Tensor) -> bool:
    """Whether logits are numbers in memory, neither under a transform of `torch.func` nor with a tangent."""
    return (
        logits.device.type == "cpu"
        and not torch._C._functorch.is_functorch_wrapped_tensor(logits)
        and forward_ad.unpack_dual(logits).tangent is None  # type: ignore[no-untyped-call]
    )


def _log_probs(z: Tensor, label: Tensor, work: Tensor, wanted: bool) -> tuple[Tensor, Tensor]:
    """Log-probability of the label (n, 1) and the sum over all classes, from logits z (n, K): both (n,).

    What this leaves in `work` (n, K) are the probabilities, if `wanted`.
    """
    if not wanted:
        torch.log_softmax(z, 1, dtype=work.dtype, out=work)
        return work.gather(1, label).squeeze(1), work.sum(1)
    # Exponentials cost most, and are found once. Less the greatest, or the sum would lose digits of logits far from 0.
    work.copy_(z)
    work.sub_(work.amax(1, keepdim=True))
    picked, total = work.gather(1, label).squeeze(1), work.sum(1)
    torch.softmax(work, 1, out=work)
    # The greatest was 0, so that its probability is 1 over the sum of the exponentials.
    log_top = work.amax(1).log_()
    return picked.add_(log_top), total.add_(log_top, alpha=z.shape[1])


def _gradient(logits: Tensor, labels: Tensor, hidden: Tensor | None, on: float, off: float, scale: float) -> Tensor:
    """scale (p - q) (N, K), in steps that can be differentiated."""
    exact = torch.promote_types(logits.dtype, torch.float32)
    logits = logits if hidden is None else logits.masked_fill(hidden.unsqueeze(1), 0)
    p = torch.softmax(logits, 1, dtype=exact)
    index = labels.unsqueeze(1)
    gradient = (p - off).scatter_add(1, index, p.new_full(index.shape, off - on)) * scale
    return gradient if hidden is None else gradient.masked_fill(hidden.unsqueeze(1), 0)


def _all_one(outer: Tensor) -> bool:
    """Whether this is one number, 1, seen everywhere: what comes back through a sum that nobody scales."""
    return outer.stride() == (0,) and len(outer) > 0 and outer[0].item() == 1
