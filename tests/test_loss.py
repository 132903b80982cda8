"""Laws of the smoothed loss: against torch, against its own definition, against arithmetic and gradients."""

from collections.abc import Callable
from functools import partial
from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labelsmooth.conventions import Convention, minimum_loss, optimal_logit_gap
from labelsmooth.loss import LabelSmoothingLoss, Reduction
from labelsmooth.targets import smooth_targets

K = 5
WEIGHT = torch.tensor([0.2, 1.0, 3.0, 0.0, 1.5], dtype=torch.float64)
PRIOR = torch.tensor([0.5, 0.1, 0.0, 0.3, 0.1], dtype=torch.float64)
REDUCTIONS: tuple[Reduction, ...] = get_args(Reduction)
CONVENTIONS: tuple[Convention, ...] = get_args(Convention)
SHAPES = [(7, K), (4, K, 3), (2, K, 3, 2), (K,)]

close = partial(torch.testing.assert_close, rtol=1e-12, atol=1e-12)


def batch(shape: tuple[int, ...] = (7, K), seed: int = 0) -> tuple[Tensor, Tensor]:
    """Logits of a shape, wanting a gradient, and labels that hold every kept class of WEIGHT."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(shape, generator=generator, dtype=torch.float64) * 3
    places = () if len(shape) == 1 else (shape[0], *shape[2:])
    return logits.requires_grad_(), torch.randint(0, 3, places, generator=generator)


def value_and_gradient(loss: Callable[..., Any], logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Loss, and the gradient of a fixed mix of its entries on the logits."""
    value = loss(logits, labels)
    mix = torch.linspace(1, 2, value.numel(), dtype=value.dtype).view(value.shape)
    return value, torch.autograd.grad((value * mix).sum(), logits)[0]


def by_definition(loss: LabelSmoothingLoss, logits: Tensor, labels: Tensor) -> Tensor:
    """-sum_k w_k q_k log p_k with dense targets, terms without mass left out: (N, ...)."""
    q = smooth_targets(labels, logits.shape[1], loss.epsilon, loss.convention, prior=loss.prior, dtype=torch.float64)
    mass = q if loss.weight is None else q * loss.weight.view(-1, *[1] * (logits.ndim - 2))
    return -torch.where(mass == 0, 0.0, mass * logits.log_softmax(1)).sum(1)


@pytest.mark.parametrize("ignored", [False, True], ids=["all kept", "some ignored"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["no weight", "weight"])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_uniform_is_torch_in_value_and_gradient(
    shape: tuple[int, ...], reduction: Reduction, weight: Tensor | None, ignored: bool
) -> None:
    logits, labels = batch(shape)
    if ignored and labels.ndim:
        labels.view(-1)[::3] = -100
    for epsilon in (0.0, 0.1, 1.0):
        ours = LabelSmoothingLoss(epsilon, weight=weight, reduction=reduction)
        torchs = nn.CrossEntropyLoss(weight, label_smoothing=epsilon, reduction=reduction)
        close(value_and_gradient(ours, logits, labels), value_and_gradient(torchs, logits, labels))


@pytest.mark.parametrize("ignore_index", [1, 255])
def test_any_number_can_be_the_ignored_label_and_as_a_class_it_still_gets_its_share(
    ignore_index: int,
) -> None:
    logits, labels = batch()
    labels[labels == 1] = ignore_index
    ours, torchs = (
        LabelSmoothingLoss(0.3, ignore_index=ignore_index),
        nn.CrossEntropyLoss(ignore_index=ignore_index, label_smoothing=0.3),
    )
    assert (labels == ignore_index).any()
    close(value_and_gradient(ours, logits, labels), value_and_gradient(torchs, logits, labels))


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_epsilon_zero_is_cross_entropy(convention: Convention, reduction: Reduction) -> None:
    logits, labels = batch()
    ours = LabelSmoothingLoss(0.0, convention, reduction=reduction)
    torchs = partial(F.cross_entropy, reduction=reduction)
    close(value_and_gradient(ours, logits, labels), value_and_gradient(torchs, logits, labels))


@pytest.mark.parametrize("epsilon", [-0.4, 0.0, 0.1, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["no weight", "weight"])
@pytest.mark.parametrize("kind", [{"convention": "uniform"}, {"convention": "others"}, {"prior": PRIOR}], ids=str)
@pytest.mark.parametrize("shape", SHAPES[:3])
def test_closed_form_is_the_definition(
    shape: tuple[int, ...], kind: dict[str, Any], weight: Tensor | None, epsilon: float
) -> None:
    logits, labels = batch(shape)
    loss = LabelSmoothingLoss(epsilon, **kind, weight=weight, reduction="none")
    close(
        value_and_gradient(loss, logits, labels),
        value_and_gradient(partial(by_definition, loss), logits, labels),
    )


@pytest.mark.parametrize("kind", [{}, {"convention": "others"}, {"prior": PRIOR}], ids=str)
def test_gradient_is_probability_minus_target(kind: dict[str, Any]) -> None:
    logits, labels = batch()
    _, gradient = value_and_gradient(LabelSmoothingLoss(0.2, **kind, reduction="sum"), logits, labels)
    close(gradient, logits.softmax(1) - smooth_targets(labels, K, 0.2, **kind, dtype=torch.float64))
    assert gradient.abs().max() <= 1


@pytest.mark.parametrize("divergence", ["cross_entropy", "kl"])
@pytest.mark.parametrize("kind", [{"weight": WEIGHT}, {"convention": "others"}, {"prior": PRIOR}], ids=str)
def test_gradient_is_the_numerical_one(kind: dict[str, Any], divergence: Any) -> None:
    logits, labels = batch((3, K))
    loss = LabelSmoothingLoss(0.3, **kind, divergence=divergence, reduction="none")
    assert torch.autograd.gradcheck(lambda z: loss(z, labels), logits)


def test_a_constant_on_the_logits_changes_nothing() -> None:
    logits, labels = batch()
    loss = LabelSmoothingLoss(0.1, weight=WEIGHT)
    close(loss(logits + torch.arange(7.0).unsqueeze(1) * 100, labels), loss(logits, labels), rtol=1e-10)


def test_log_probabilities_do_as_well_as_logits() -> None:
    logits, labels = batch()
    close(LabelSmoothingLoss(0.1)(logits.log_softmax(1), labels), LabelSmoothingLoss(0.1)(logits, labels))


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_permuting_classes_permutes_the_gradient(convention: Convention) -> None:
    logits, labels = batch()
    order = torch.tensor([3, 0, 4, 1, 2])
    loss = LabelSmoothingLoss(0.2, convention)
    value, gradient = value_and_gradient(loss, logits, labels)
    moved = logits.detach()[:, order].requires_grad_()
    close(value_and_gradient(loss, moved, order.argsort()[labels]), (value, gradient[:, order]))


def at_gap(gap: float, num_classes: int = K) -> Tensor:
    """Logits (1, K) with the gap between class 0 and every other class."""
    return F.pad(torch.tensor([[gap]], dtype=torch.float64), (0, num_classes - 1))


@pytest.mark.parametrize("num_classes", [2, 3, 10, 1000])
@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("divergence", ["cross_entropy", "kl"])
def test_smallest_loss_is_the_floor_at_the_optimal_gap(
    divergence: Any, convention: Convention, num_classes: int
) -> None:
    loss, label = LabelSmoothingLoss(0.1, convention, divergence=divergence), torch.tensor([0])
    floor = minimum_loss(0.1, num_classes, convention, divergence)
    best = at_gap(optimal_logit_gap(0.1, num_classes, convention), num_classes).requires_grad_()
    value, gradient = value_and_gradient(loss, best, label)
    assert value.item() == pytest.approx(floor, abs=1e-12)
    assert gradient.abs().max() < 1e-12
    noise = torch.randn(1, num_classes, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert loss(best + 0.1 * noise, label) > floor


def test_a_negative_epsilon_has_no_floor_and_no_bounded_gradient() -> None:
    loss, label = LabelSmoothingLoss(-0.2), torch.tensor([0])
    values = [loss(at_gap(gap), label).item() for gap in (10.0, 100.0, 1000.0)]
    # -(1 - eps) log p_0 vanishes; -eps/K sum_k log p_k = .04 * 4 * -gap is left.
    assert values == pytest.approx([-1.6, -16.0, -160.0], abs=1e-3)
    _, gradient = value_and_gradient(loss, at_gap(-1000.0).requires_grad_(), label)
    assert gradient[0, 0].item() == pytest.approx(-1.16)


def test_kl_is_cross_entropy_minus_the_entropy_of_the_target() -> None:
    logits, labels = batch((2, K, 3))
    kinds: list[dict[str, Any]] = [{}, {"convention": "others"}, {"prior": PRIOR}]
    for kind in kinds:
        kl = LabelSmoothingLoss(0.2, **kind, divergence="kl", reduction="none")
        targets = smooth_targets(labels, K, 0.2, **kind, dtype=torch.float64)
        close(kl(logits, labels), F.kl_div(logits.log_softmax(1), targets, reduction="none").sum(1))
        ce = LabelSmoothingLoss(0.2, **kind, reduction="none")
        close(value_and_gradient(kl, logits, labels)[1], value_and_gradient(ce, logits, labels)[1])


def test_weighted_kl_is_the_divergence_from_the_moved_optimum() -> None:
    logits, labels = batch()
    mass = smooth_targets(labels, K, 0.2, dtype=torch.float64) * WEIGHT
    total = mass.sum(1, keepdim=True)
    by_hand = total.squeeze(1) * F.kl_div(logits.log_softmax(1), mass / total, reduction="none").sum(1)
    kl = LabelSmoothingLoss(0.2, weight=WEIGHT, divergence="kl", reduction="none")
    close(kl(logits, labels), by_hand)
    close(kl((mass / total).log(), labels), torch.zeros(7, dtype=torch.float64))
    mean = LabelSmoothingLoss(0.2, weight=WEIGHT, divergence="kl")(logits, labels)
    close(mean, by_hand.sum() / WEIGHT[labels].sum())


@pytest.mark.parametrize(
    ("convention", "by_hand"),
    [("uniform", 0.0095 / (0.0095 + 0.0495)), ("others", 0.0090 / (0.0090 + 0.0990))],
)
def test_class_weights_move_the_optimum(convention: Convention, by_hand: float) -> None:
    weight = torch.tensor([0.01, 0.99], dtype=torch.float64)
    loss, label = LabelSmoothingLoss(0.1, convention, weight=weight), torch.tensor([0])
    optimum = torch.tensor([[by_hand, 1 - by_hand]], dtype=torch.float64).log().requires_grad_()
    _, gradient = value_and_gradient(loss, optimum, label)
    assert gradient.abs().max() < 1e-12
    assert by_hand == pytest.approx({"uniform": 0.161017, "others": 0.083333}[convention], abs=5e-7)


@pytest.mark.parametrize(("ratio", "sign"), [(18.9, 1), (19.1, -1)])
def test_the_wrong_class_wins_once_the_weights_outdo_the_target(ratio: float, sign: int) -> None:
    weight = torch.tensor([1.0, ratio], dtype=torch.float64)  # q_0/q_1 = .95/.05 = 19
    _, gradient = value_and_gradient(
        LabelSmoothingLoss(0.1, weight=weight), at_gap(0.0, 2).requires_grad_(), torch.tensor([0])
    )
    assert -gradient[0, 0] * sign > 0  # the way down leads towards class 0, or away from it


class Origin(nn.Module):
    """The module this project started from: its formula, with today's word for the reduction."""

    def __init__(self, size: int, smoothing: float) -> None:
        super().__init__()
        self.size, self.smoothing = size, smoothing

    def forward(self, log_probs: Tensor, labels: Tensor) -> Tensor:
        true = torch.full_like(log_probs, self.smoothing / (self.size - 1))
        true[torch.arange(len(labels)), labels] = 1 - self.smoothing
        return F.kl_div(log_probs, true, reduction="sum")


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("size", [2, 5])
def test_others_kl_sum_is_the_module_this_project_started_from(size: int, epsilon: float) -> None:
    logits, labels = batch((7, size))
    labels = labels.clamp(max=size - 1)
    log_probs = logits.detach().log_softmax(1).requires_grad_()
    ours = LabelSmoothingLoss(epsilon, "others", divergence="kl", reduction="sum")
    value, gradient = value_and_gradient(ours, log_probs, labels)
    theirs, their_gradient = value_and_gradient(Origin(size, epsilon), log_probs, labels)
    close(value, theirs)
    # Theirs is -q, on log-probabilities as free numbers; ours p - q, on what log-softmax makes of them.
    close(gradient, log_probs.exp() + their_gradient)


def test_torch_divides_kl_by_all_entries_under_the_name_of_mean() -> None:
    logits, labels = batch()
    log_probs = logits.log_softmax(1)
    targets = smooth_targets(labels, K, 0.1, dtype=torch.float64)
    ours = LabelSmoothingLoss(0.1, divergence="kl")(logits, labels)
    close(ours, F.kl_div(log_probs, targets, reduction="batchmean"))
    with pytest.warns(UserWarning, match="batchmean"):
        close(ours / K, F.kl_div(log_probs, targets, reduction="mean"))
