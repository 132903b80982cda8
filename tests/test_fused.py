"""Laws of the fast path: it is the smoothed loss, chunk by chunk, and its gradient is made once and given away."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import forward_ad

import labelsmooth.fused
import labelsmooth.loss
from labelsmooth.fused import FusedLoss, is_plain
from labelsmooth.loss import LabelSmoothingLoss
from labelsmooth.targets import smooth_targets

IGNORED = -100
CASES: list[dict[str, Any]] = [
    {"epsilon": 0.0},
    {"epsilon": 0.1},
    {"epsilon": 1.0},
    {"epsilon": 0.3, "convention": "others"},
    {"epsilon": 0.2, "divergence": "kl"},
    {"epsilon": 0.1, "reduction": "sum"},
    {"epsilon": 0.1, "reduction": "none"},
]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows at a time, of which the last are fewer; and nothing is left to the way for few logits."""
    monkeypatch.setattr(labelsmooth.fused, "CHUNK", 3 * 7)
    monkeypatch.setattr(labelsmooth.loss, "SMALL", 0)


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Tensor, Tensor]]:
    """What the fast path has returned: losses and gradients."""
    results: list[tuple[Tensor, Tensor]] = []
    apply = FusedLoss.apply

    def noted(*inputs: Any) -> tuple[Tensor, Tensor]:
        results.append(apply(*inputs))  # type: ignore[no-untyped-call]
        return results[-1]

    monkeypatch.setattr(FusedLoss, "apply", noted)
    return results


def drawn(rows: int = 11, classes: int = 7, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Logits that want a gradient, and labels of which two are ignored."""
    generator = torch.Generator().manual_seed(0)
    logits = (4 * torch.randn(rows, classes, generator=generator, dtype=torch.float64)).to(dtype).requires_grad_()
    labels = torch.randint(classes, (rows,), generator=generator)
    labels[[1, -1]] = IGNORED
    return logits, labels


def by_definition(logits: Tensor, labels: Tensor, case: dict[str, Any]) -> Tensor:
    """The loss from targets and log-probabilities."""
    kept = labels != IGNORED
    targets = smooth_targets(
        labels.clamp(min=0), logits.shape[1], case["epsilon"], case.get("convention", "uniform"), dtype=logits.dtype
    )
    losses = -(targets * logits.log_softmax(1)).sum(1)
    if case.get("divergence") == "kl":
        losses = losses + torch.xlogy(targets, targets).sum(1)
    losses = losses * kept
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / kept.sum()}[case.get("reduction", "mean")]


def pull(loss: Tensor) -> Tensor:
    """A number made of a loss of any shape, whose gradient differs from position to position."""
    return (loss * torch.arange(1.0, 1.0 + loss.numel(), dtype=loss.dtype).view(loss.shape)).sum()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_value_and_gradient_are_those_of_the_definition(case: dict[str, Any], applied: list[Any]) -> None:
    logits, labels = drawn()
    ours, expected = LabelSmoothingLoss(**case)(logits, labels), by_definition(logits, labels, case)
    torch.testing.assert_close(ours, expected, rtol=1e-12, atol=1e-12)
    gradients = [torch.autograd.grad(pull(loss), logits)[0] for loss in (ours, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-12)
    assert len(applied) == 1


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_gradient_and_its_own_gradient_are_those_of_differences(case: dict[str, Any]) -> None:
    logits, labels = drawn(5, 4)

    def loss(logits: Tensor) -> Tensor:
        result: Tensor = LabelSmoothingLoss(**case)(logits, labels[:5])
        return result

    # The second way back is another one, and rounds otherwise.
    assert torch.autograd.gradcheck(loss, (logits,), nondet_tol=1e-12)
    assert torch.autograd.gradgradcheck(loss, (logits,))


def test_the_gradient_is_p_minus_target_over_the_count() -> None:
    logits = torch.tensor([[0.0, 0.0], [0.0, float("nan")], [0.0, torch.log(torch.tensor(3.0)).item()]])
    logits.requires_grad_()
    loss = LabelSmoothingLoss(0.2)(logits, torch.tensor([0, IGNORED, 1]))
    (gradient,) = torch.autograd.grad(loss, logits)
    # p is (1/2, 1/2) and (1/4, 3/4); the targets are (.9, .1) and (.1, .9); two positions count.
    expected = torch.tensor([[-0.2, 0.2], [0.0, 0.0], [0.075, -0.075]])
    torch.testing.assert_close(gradient, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("scale", [1.0, 0.25])
def test_the_gradient_is_given_away_not_copied(scale: float, applied: list[tuple[Tensor, Tensor]]) -> None:
    logits, labels = drawn()
    torch.autograd.backward(LabelSmoothingLoss(0.1)(logits, labels) * scale)
    ((_, buffer),) = applied
    assert logits.grad is not None
    assert logits.grad.data_ptr() == buffer.data_ptr()


def test_a_second_way_back_is_right_whatever_became_of_the_first_gradient() -> None:
    logits, labels = drawn()
    loss = LabelSmoothingLoss(0.1)(logits, labels)
    (first,) = torch.autograd.grad(loss, logits, retain_graph=True)
    kept = first.clone()
    first.zero_()
    (second,) = torch.autograd.grad(loss, logits)
    torch.testing.assert_close(second, kept, rtol=1e-12, atol=1e-15)


def test_what_comes_from_outside_has_a_gradient_too() -> None:
    logits, labels = drawn()
    found = []
    for loss in (LabelSmoothingLoss(0.1)(logits, labels), by_definition(logits, labels, {"epsilon": 0.1})):
        outer = torch.ones((), dtype=torch.float64, requires_grad=True)
        (gradient,) = torch.autograd.grad(loss, logits, outer, create_graph=True)
        found.append(torch.autograd.grad(gradient.square().sum(), outer)[0])
    torch.testing.assert_close(*found, rtol=1e-12, atol=1e-12)


def test_nobody_who_wants_no_gradient_pays_for_one(applied: list[tuple[Tensor, Tensor]]) -> None:
    logits, labels = drawn()
    with torch.no_grad():
        alone = LabelSmoothingLoss(0.1)(logits, labels)
    assert LabelSmoothingLoss(0.1)(logits.detach(), labels) == alone
    assert [gradient.numel() for _, gradient in applied] == [0, 0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_never_less_accurate_than_the_built_in_loss(dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelsmooth.fused, "CHUNK", 2**16)
    logits, labels = drawn(400, 3000, dtype)
    labels = labels.clamp(min=0)
    exact = logits.detach().double().requires_grad_()
    right = F.cross_entropy(exact, labels, label_smoothing=0.1)
    (slope,) = torch.autograd.grad(right, exact)

    def errors(loss: Callable[[Tensor, Tensor], Tensor]) -> tuple[float, float]:
        value = loss(logits, labels)
        (gradient,) = torch.autograd.grad(value, logits)
        return (value - right).abs().item(), (gradient.double() - slope).abs().mean().item()

    ours = errors(LabelSmoothingLoss(0.1))
    theirs = errors(lambda z, y: F.cross_entropy(z, y, label_smoothing=0.1))
    # As good to the last bit of the result.
    assert ours[0] <= theirs[0] + torch.finfo(torch.float32).eps * right.item()
    assert ours[1] <= 1.01 * theirs[1]


# torch's own decompositions, which it imports for tangents.
@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
def test_transforms_and_tangents_take_the_other_path(applied: list[Any]) -> None:
    logits, labels = drawn(4, 3)
    logits, labels = logits.detach(), labels.clamp(min=0)[:4]
    loss = LabelSmoothingLoss(0.1, "others")

    def expected(z: Tensor) -> Tensor:
        return by_definition(z, labels, {"epsilon": 0.1, "convention": "others"})

    hessians = [torch.func.hessian(f)(logits) for f in (lambda z: loss(z, labels), expected)]
    torch.testing.assert_close(*hessians, rtol=1e-12, atol=1e-12)
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(logits, torch.ones_like(logits))  # type: ignore[no-untyped-call]
        assert not is_plain(dual)
        tangent = forward_ad.unpack_dual(loss(dual, labels)).tangent  # type: ignore[no-untyped-call]
    torch.testing.assert_close(tangent, torch.zeros((), dtype=torch.float64), rtol=0, atol=1e-12)
    assert not applied


def test_positions_behind_the_classes_are_positions() -> None:
    logits, labels = drawn(12)
    flat = LabelSmoothingLoss(0.1, reduction="none")(logits, labels)
    shaped = LabelSmoothingLoss(0.1, reduction="none")(logits.view(3, 4, 7).movedim(2, 1), labels.view(3, 4))
    torch.testing.assert_close(shaped, flat.view(3, 4), rtol=0, atol=0)
