"""What other libraries mean by epsilon: their formulas, transcribed, against this loss and the conversion."""

import math
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labelsmooth.libraries import LIBRARIES, convert_epsilon
from labelsmooth.loss import LabelSmoothingLoss

close = partial(torch.testing.assert_close, rtol=1e-12, atol=1e-12)


def kl_with_padding(logits: Tensor, label: int, epsilon: float) -> Tensor:
    """Annotated Transformer and old OpenNMT-py: column 0 is padding, eps/(V - 2), KL summed."""
    size = len(logits) + 1
    log_probs = F.pad(logits, (1, 0), value=-1e30).log_softmax(0)
    true = torch.full_like(log_probs, epsilon / (size - 2))
    true[1 + label], true[0] = 1 - epsilon, 0
    return F.kl_div(log_probs, true, reduction="sum")


def dense(logits: Tensor, label: int, epsilon: float) -> Tensor:
    """Keras and optax: smooth the one-hot vector, then cross-entropy."""
    hot = F.one_hot(torch.tensor(label), len(logits)).double()
    return -((hot * (1 - epsilon) + epsilon / len(logits)) * logits.log_softmax(0)).sum()


def builtin(logits: Tensor, label: int, epsilon: float) -> Tensor:
    """PyTorch itself, which OpenNMT-py calls since 2022 and Liger reproduces."""
    return F.cross_entropy(logits, torch.tensor(label), label_smoothing=epsilon)


def timm(logits: Tensor, label: int, epsilon: float) -> Tensor:
    """Mean of -log p, which is S/K as Hugging Face writes it."""
    log_probs = logits.log_softmax(0)
    return (1 - epsilon) * -log_probs[label] + epsilon * -log_probs.mean()


def fairseq(logits: Tensor, label: int, epsilon: float) -> Tensor:
    """Share e = eps/(K - 1) on S, whose own label term is taken off the first one."""
    log_probs, e = logits.log_softmax(0), epsilon / (len(logits) - 1)
    return (1 - epsilon - e) * -log_probs[label] + e * -log_probs.sum()


def flash(logits: Tensor, label: int, epsilon: float) -> Tensor:
    """Without a softmax: lse - eps mean z - (1 - eps) z_y."""
    return logits.logsumexp(0) - epsilon * logits.mean() - (1 - epsilon) * logits[label]


def apex(logits: Tensor, label: int, epsilon: float) -> Tensor:
    """The same, grouped the other way."""
    lse = logits.logsumexp(0)
    return epsilon * (lse - logits.mean()) + (1 - epsilon) * (lse - logits[label])


def origin(logits: Tensor, label: int, epsilon: float) -> Tensor:
    """KL to eps/(K - 1) everywhere but at the label."""
    true = torch.full_like(logits, epsilon / (len(logits) - 1))
    true[label] = 1 - epsilon
    return F.kl_div(logits.log_softmax(0), true, reduction="sum")


FORMULAS: dict[str, Callable[[Tensor, int, float], Tensor]] = {
    "torch": builtin,
    "opennmt": builtin,
    "liger": builtin,
    "timm": timm,
    "huggingface": timm,
    "keras": dense,
    "optax": dense,
    "fairseq": fairseq,
    "flash-attention": flash,
    "apex": apex,
    "origin": origin,
    "annotated-transformer": kl_with_padding,
    "opennmt-legacy": kl_with_padding,
}


def logits_of(num_classes: int) -> Tensor:
    """Some logits (K,), wanting a gradient."""
    return (torch.arange(num_classes, dtype=torch.float64).sin() * 3).requires_grad_()


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("num_classes", [2, 5])
def test_each_formula_is_this_loss_in_its_convention(num_classes: int, name: str) -> None:
    logits, library = logits_of(num_classes), LIBRARIES[name]
    kl = library.loss.startswith("KL")
    ours = LabelSmoothingLoss(0.1, library.convention, divergence="kl" if kl else "cross_entropy")
    close(FORMULAS[name](logits, 1, 0.1), ours(logits, torch.tensor(1)))


@pytest.mark.parametrize("source", LIBRARIES)
@pytest.mark.parametrize("num_classes", [2, 5])
def test_a_converted_epsilon_gives_the_same_gradient_in_every_library(num_classes: int, source: str) -> None:
    logits = logits_of(num_classes)
    (wanted,) = torch.autograd.grad(FORMULAS[source](logits, 1, 0.1), logits)
    for target in LIBRARIES:
        converted = convert_epsilon(0.1, num_classes, source, target)
        (got,) = torch.autograd.grad(FORMULAS[target](logits, 1, converted), logits)
        close(got, wanted)
        assert convert_epsilon(converted, num_classes, target, source) == pytest.approx(0.1, abs=1e-15)


@pytest.mark.parametrize("epsilon", [0.05, 0.1, 0.3, 0.9])
def test_conversion_by_hand(epsilon: float) -> None:
    assert convert_epsilon(epsilon, 10, "torch", "fairseq") == pytest.approx(epsilon * 0.9, abs=1e-15)
    assert convert_epsilon(epsilon, 2, "torch", "origin") == pytest.approx(epsilon / 2, abs=1e-15)
    assert convert_epsilon(epsilon / 2, 2, "origin", "torch") == pytest.approx(epsilon, abs=1e-15)
    assert convert_epsilon(epsilon, 10, "torch", "keras") == epsilon
    assert convert_epsilon(epsilon, 10, "annotated-transformer", "origin") == epsilon


def test_the_exact_limit_converts_to_one_whatever_the_rounding() -> None:
    for num_classes in range(2, 200):
        assert convert_epsilon((num_classes - 1) / num_classes, num_classes, "origin", "torch") == 1


@pytest.mark.parametrize(
    ("epsilon", "num_classes", "source", "target", "message"),
    [
        (
            0.9,
            5,
            "origin",
            "torch",
            r"in \[0, 1\] for torch; 0.9 of origin would be 1.125 there with 5 classes",
        ),
        (0.8, 5, "fairseq", "timm", r"in \(-inf, 1\) for timm; 0.8 of fairseq would be 1 there"),
        (-0.2, 5, "timm", "torch", r"in \[0, 1\] for torch; -0.2 of timm would be -0.2 there"),
        (-0.2, 5, "timm", "origin", "for origin; -0.2 of timm would be -0.16 there"),
        (-0.2, 5, "torch", "timm", r"in \[0, 1\] for torch; got -0.2"),
        (1.0, 5, "timm", "torch", r"in \(-inf, 1\) for timm; got 1.0"),
        (1.1, 5, "keras", "optax", r"in \(-inf, 1\] for keras; got 1.1"),
        (math.nan, 5, "timm", "optax", "for timm; got nan"),
        (-math.inf, 5, "timm", "optax", "for timm; got -inf"),
        (0.1, 1, "torch", "annotated-transformer", "num_classes must be at least 2; got 1"),
        (0.1, 5, "jax", "torch", "source must be one of torch, .*; got 'jax'"),
        (0.1, 5, "torch", "jax", "target must be one of torch, .*; got 'jax'"),
    ],
)
def test_what_has_no_equivalent_is_refused(
    epsilon: float, num_classes: int, source: str, target: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        convert_epsilon(epsilon, num_classes, source, target)


def test_a_negative_epsilon_converts_between_libraries_that_act_on_it() -> None:
    assert convert_epsilon(-0.2, 5, "timm", "fairseq") == pytest.approx(-0.16)
    acting = {name for name, library in LIBRARIES.items() if library.accepts_negative}
    logits = logits_of(5)
    hard = builtin(logits, 1, 0.0)
    for name in LIBRARIES:
        sharpened = FORMULAS[name](logits, 1, -0.2)
        acts = bool(torch.isfinite(sharpened)) and sharpened.item() != pytest.approx(hard.item())
        # The kernel of flash-attention, unlike its formula, smooths only above 0.
        assert acts == (name in acting or name == "flash-attention")


@pytest.mark.parametrize("num_classes", [3, 5, 11])
def test_the_annotated_transformer_also_pushes_padding_down(num_classes: int) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, num_classes + 1, generator=generator, dtype=torch.float64)
    labels = torch.arange(6) % num_classes + 1  # column 0 is padding
    true = torch.full_like(logits, 0.1 / (num_classes + 1 - 2))
    true[torch.arange(6), labels] = 0.9
    true[:, 0] = 0
    theirs = F.kl_div(logits.log_softmax(1), true, reduction="sum")
    ours = LabelSmoothingLoss(0.1, "others", divergence="kl", reduction="sum")(logits[:, 1:], labels - 1)
    close(theirs, ours - torch.log(1 - logits.softmax(1)[:, 0]).sum())


def annotated_transformer(log_probs: Tensor, labels: Tensor, padding: int = 0) -> Tensor:
    """Its module as it is called, (B, V) and (B,): KL summed, rows labelled padding emptied; epsilon 0.1."""
    true = torch.full_like(log_probs, 0.1 / (log_probs.shape[1] - 2))
    true.scatter_(1, labels[:, None], 0.9)
    true[:, padding] = 0
    true[labels == padding] = 0
    return F.kl_div(log_probs, true, reduction="sum")


def test_the_annotated_transformer_divides_by_zero_with_two_classes() -> None:
    with pytest.raises(ZeroDivisionError):
        annotated_transformer(torch.zeros(1, 2), torch.tensor([1]))


def test_the_annotated_transformer_is_nan_where_padding_is_impossible() -> None:
    logits = torch.tensor([[-math.inf, 1, 0, 2]])
    assert annotated_transformer(logits.log_softmax(1), torch.tensor([1])).isnan()
    logits[0, 0] = -1e30
    assert annotated_transformer(logits.log_softmax(1), torch.tensor([1])).isfinite()


@pytest.mark.parametrize("padding", [0, 2])
def test_the_annotated_transformer_trains_the_class_at_padding_idx_with_loss_zero(padding: int) -> None:
    logits = torch.stack([logits_of(5), logits_of(5) + 1]).detach().requires_grad_()
    labels = torch.tensor([padding, 1])
    loss = annotated_transformer(logits.log_softmax(1), labels, padding)
    close(loss, annotated_transformer(logits[1:].log_softmax(1), labels[1:], padding))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert gradient.any(dim=1).tolist() == [False, True]


@pytest.mark.parametrize("epsilon", [-0.5, -math.inf, math.nan])
def test_torch_silently_ignores_an_epsilon_below_zero_or_nan(epsilon: float) -> None:
    logits, label = logits_of(5), torch.tensor(1)
    close(nn.CrossEntropyLoss(label_smoothing=epsilon)(logits, label), -logits.log_softmax(0)[1])


def test_torch_refuses_an_epsilon_above_one_only_when_called() -> None:
    loss = nn.CrossEntropyLoss(label_smoothing=1.5)
    with pytest.raises(RuntimeError, match=r"label_smoothing must be between 0.0 and 1.0"):
        loss(logits_of(5), torch.tensor(1))
