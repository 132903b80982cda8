"""The loss at its edges: targets by hand, infinite logits, nothing to average, wrong input."""

import math
from functools import partial
from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labelsmooth.conventions import Convention, minimum_loss
from labelsmooth.loss import LabelSmoothingLoss, Reduction
from labelsmooth.targets import smooth_targets

INF, NAN = math.inf, math.nan
CONVENTIONS: tuple[Convention, ...] = get_args(Convention)
ZERO = torch.tensor([0])
row = partial(torch.tensor, dtype=torch.float64)
close = partial(torch.testing.assert_close, rtol=1e-12, atol=1e-12, equal_nan=True)


def loss_and_gradient(loss: nn.Module, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Loss, and the gradient of its sum on the logits."""
    logits = logits.clone().requires_grad_()
    value = loss(logits, labels)
    return value, torch.autograd.grad(value.sum(), logits)[0]


def test_targets_by_hand() -> None:
    labels, double = torch.tensor([1]), torch.float64
    close(smooth_targets(labels, 4, 0.2, dtype=double), row([[0.05, 0.85, 0.05, 0.05]]))
    close(smooth_targets(labels, 4, 0.3, "others", dtype=double), row([[0.1, 0.7, 0.1, 0.1]]))
    prior = row([0.5, 0.25, 0.25, 0.0])
    close(smooth_targets(labels, 4, 0.2, prior=prior, dtype=double), row([[0.1, 0.85, 0.05, 0.0]]))
    close(smooth_targets(labels, 4, -0.4, dtype=double), row([[-0.1, 1.3, -0.1, -0.1]]))


@pytest.mark.parametrize("shape", [(7, 5), (4, 5, 3), (2, 5, 3, 2), (5,)])
def test_targets_are_what_torch_takes_as_probabilities(shape: tuple[int, ...]) -> None:
    logits = torch.linspace(-3, 2, math.prod(shape), dtype=torch.float64).view(shape).sin()
    labels = (logits.sum(min(1, len(shape) - 1)) * 100).long() % 5
    weight = row([0.2, 1.0, 3.0, 0.0, 1.5])
    targets = smooth_targets(labels, 5, 0.2, dtype=torch.float64)
    assert targets.shape == logits.shape
    assert smooth_targets(labels, 5, 0.2).dtype == torch.float32
    soft = F.cross_entropy(logits, targets, weight, reduction="sum")
    close(soft, LabelSmoothingLoss(0.2, weight=weight, reduction="sum")(logits, labels))
    # The sums agree; the mean of probability targets counts positions, where that of labels counts weights.
    close(F.cross_entropy(logits, targets, weight), soft / labels.numel())
    close(LabelSmoothingLoss(0.2, weight=weight)(logits, labels), soft / weight[labels].sum())


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("epsilon", [-0.5, 0.0, 0.3, 1.0])
def test_one_class_leaves_nothing_to_lose(convention: Convention, epsilon: float) -> None:
    logits, labels = torch.randn(3, 1), torch.zeros(3, dtype=torch.long)
    assert smooth_targets(labels, 1, epsilon, convention).tolist() == [[1.0]] * 3
    assert LabelSmoothingLoss(epsilon, convention)(logits, labels).item() == 0
    assert math.copysign(1, minimum_loss(epsilon, 1, convention)) == 1


LOG = math.log(1 + math.exp(-1))  # -log of the larger of softmax(0, 1)


@pytest.mark.parametrize(
    ("logits", "epsilon", "kind", "expected", "torchs"),
    [
        ((0, 1, -INF), 0.0, {}, 1 + LOG, "same"),
        ((0, 1, -INF), 0.1, {}, INF, "same"),
        ((-INF, 1, 0), 0.1, {}, INF, "same"),
        ((-INF, 1, 0), 1.0, {}, INF, "nan"),  # torch: 0 * inf
        ((-INF, 1, 0), 1.0, {"convention": "others"}, (LOG + 1 + LOG) / 2, None),
        ((-INF, 1, 0), 0.9, {"convention": "others"}, INF, None),
        ((-INF, 1, 0), -0.1, {}, INF, None),
        ((0, 1, -INF), -0.1, {}, -INF, None),
        ((0, 1, -INF), 0.1, {"weight": row([1, 1, 0])}, 0.9 * (1 + LOG) + 0.1 / 3 * (1 + 2 * LOG), "nan"),
        ((0, 1, -INF), 0.1, {"prior": row([0.5, 0.5, 0])}, 0.95 * (1 + LOG) + 0.05 * LOG, None),
        ((0, 1, INF), 0.1, {}, NAN, "same"),
        ((0, 1, NAN), 0.0, {}, NAN, "same"),
    ],
)
def test_infinite_logits(
    logits: tuple[float, ...], epsilon: float, kind: dict[str, Any], expected: float, torchs: str | None
) -> None:
    ours, gradient = loss_and_gradient(LabelSmoothingLoss(epsilon, **kind, reduction="sum"), row([logits]), ZERO)
    close(ours, row(expected))
    if not math.isnan(expected):
        mass = smooth_targets(
            ZERO, 3, epsilon, kind.get("convention", "uniform"), prior=kind.get("prior"), dtype=torch.float64
        ) * kind.get("weight", 1)
        close(gradient, row([logits]).softmax(1) * mass.sum() - mass)
    if torchs is not None:
        theirs = F.cross_entropy(row([logits]), ZERO, kind.get("weight"), label_smoothing=epsilon)
        assert math.isnan(theirs) if torchs == "nan" else theirs.item() == pytest.approx(expected, nan_ok=True)


def test_a_masked_logit_of_minus_1e30_is_finite_and_huge() -> None:
    assert LabelSmoothingLoss(0.1)(row([[0, 1, -1e30]]), ZERO).item() == pytest.approx(1e30 / 30)


def test_the_gradient_of_an_infinite_loss_is_the_one_torch_gives() -> None:
    _, gradient = loss_and_gradient(LabelSmoothingLoss(0.1), row([[0, 1, -INF]]), ZERO)
    torch.testing.assert_close(gradient, row([[-0.664392, 0.697725, -0.033333]]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("garbage", [NAN, INF, -INF])
@pytest.mark.parametrize("divergence", ["cross_entropy", "kl"])
def test_an_ignored_row_is_as_if_it_were_not_there(garbage: float, divergence: Any) -> None:
    logits = row([[1, 2, 3], [garbage] * 3, [0, 1, 0]])
    labels = torch.tensor([2, -100, 0])
    loss = LabelSmoothingLoss(0.1, divergence=divergence)
    value, gradient = loss_and_gradient(loss, logits, labels)
    rest, rest_gradient = loss_and_gradient(loss, logits[[0, 2]], labels[[0, 2]])
    close((value, gradient[[0, 2]], gradient[1]), (rest, rest_gradient, torch.zeros(3, dtype=torch.float64)))
    each = LabelSmoothingLoss(0.1, divergence=divergence, reduction="none")(logits, labels)
    assert each[1] == 0


@pytest.mark.parametrize(("reduction", "expected"), [("mean", NAN), ("sum", 0.0), ("none", [0.0, 0.0])])
@pytest.mark.parametrize("divergence", ["cross_entropy", "kl"])
def test_all_ignored_is_nan_zero_or_zeros_with_gradient_zero(
    divergence: Any, reduction: Reduction, expected: Any
) -> None:
    logits, labels = row([[1, 2], [3, 4]]), torch.tensor([-100, -100])
    loss = LabelSmoothingLoss(0.1, divergence=divergence, reduction=reduction)
    value, gradient = loss_and_gradient(loss, logits, labels)
    close((value, gradient), (row(expected), torch.zeros_like(logits)))
    if divergence == "cross_entropy":
        torchs = nn.CrossEntropyLoss(label_smoothing=0.1, reduction=reduction)
        close(loss_and_gradient(torchs, logits, labels), (value, gradient))


@pytest.mark.parametrize(("reduction", "expected"), [("mean", NAN), ("sum", 0.0), ("none", [])])
def test_no_rows(reduction: Reduction, expected: Any) -> None:
    logits, labels = row([]).view(0, 3), torch.tensor([], dtype=torch.long)
    close(LabelSmoothingLoss(0.1, reduction=reduction)(logits, labels), row(expected))
    close(F.cross_entropy(logits, labels, reduction=reduction), row(expected))


def test_only_labels_of_weight_zero_give_nan_and_no_gradient() -> None:
    value, gradient = loss_and_gradient(LabelSmoothingLoss(0.1, weight=row([0, 1])), row([[1, 2]]), ZERO)
    close((value, gradient), (row(NAN), row([[0, 0]])))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_single(dtype: torch.dtype) -> None:
    logits = (torch.linspace(-4, 4, 400).view(40, 10).sin() * 5).to(dtype)
    labels = torch.arange(40) % 10
    loss = LabelSmoothingLoss(0.1)
    assert loss(logits, labels).dtype == torch.float32
    close(loss(logits, labels), loss(logits.float(), labels))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert loss(logits, labels).dtype == F.cross_entropy(logits, labels).dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32])
def test_any_integer_labels_do(dtype: torch.dtype) -> None:
    logits, labels = row([[1, 2, 0], [0, 1, 5]]), torch.tensor([2, 0])
    close(LabelSmoothingLoss(0.1)(logits, labels.to(dtype)), LabelSmoothingLoss(0.1)(logits, labels))


def test_weight_and_prior_travel_with_the_module() -> None:
    loss = LabelSmoothingLoss(0.1, prior=row([0.4, 0.6]), weight=row([1, 2]))
    assert set(loss.state_dict()) == {"prior", "weight"}
    assert set(dict(loss.float().named_buffers()).values()) == {loss.prior, loss.weight}
    assert loss.weight is not None
    assert loss.weight.dtype == torch.float32
    assert LabelSmoothingLoss(0.1).state_dict() == {}


def test_the_settings_are_printed() -> None:
    assert str(LabelSmoothingLoss(0.1, "others", weight=row([1, 2]), ignore_index=0)) == (
        "LabelSmoothingLoss(0.1, convention='others', divergence='cross_entropy', ignore_index=0, "
        "reduction='mean', weight=(2,))"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epsilon": NAN}, "at most 1; got nan"),
        ({"epsilon": 1.1}, "at most 1; got 1.1"),
        ({"epsilon": -INF}, "finite and at most 1; got -inf"),
        ({"epsilon": -0.1, "divergence": "kl"}, r"\[0, 1\] for 'kl'.*got -0.1"),
        ({"convention": "other"}, "uniform, others; got 'other'"),
        ({"divergence": "ce"}, "cross_entropy, kl; got 'ce'"),
        ({"reduction": "batchmean"}, "mean, sum, none; got 'batchmean'"),
        ({"prior": row([0.5, 0.6])}, "sum to 1.*1.1"),
        ({"prior": row([1.5, -0.5])}, "non-negative.*-0.5"),
        ({"prior": row([NAN, 1])}, "non-negative.*nan"),
        ({"prior": row([[1.0]])}, r"shape \(K,\); got torch.float64 \(1, 1\)"),
        ({"prior": torch.tensor([1, 0])}, "floating.*torch.int64"),
        ({"prior": row([0.5, 0.5]), "convention": "others"}, "needs convention='uniform'.*got 'others'"),
        ({"weight": row([1, -1])}, "non-negative and finite.*-1.0"),
        ({"weight": row([1, INF])}, "non-negative and finite.*inf"),
        ({"weight": row(1)}, r"\(K,\).*got 1.0"),
    ],
)
def test_wrong_settings_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LabelSmoothingLoss(**{"epsilon": 0.1, **arguments})


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        (torch.zeros(2, 3), torch.tensor([0, 3]), r"0\.\.2 or ignore_index=-100; got 3"),
        (torch.zeros(2, 3), torch.tensor([-1, 0]), "got -1"),
        (torch.zeros(2, 3), torch.tensor([0.0, 1.0]), "integers; got torch.float32"),
        (torch.zeros(2, 3), torch.tensor([True, False]), "integers; got torch.bool"),
        (torch.zeros(2, 3), torch.tensor([0]), r"shape \(2,\) for logits \(2, 3\); got \(1,\)"),
        (torch.zeros(2, 3, 4), torch.zeros(2, 3).long(), r"shape \(2, 4\).*got \(2, 3\)"),
        (torch.zeros(3), torch.tensor([0]), r"shape \(\) for logits \(3,\); got \(1,\)"),
        (torch.zeros(()), torch.tensor(0), r"got \(\)"),
        (torch.zeros(2, 0), torch.tensor([0, 0]), r"K >= 1; got \(2, 0\)"),
        (torch.zeros(2, 3).long(), torch.tensor([0, 0]), "floating point; got torch.int64"),
    ],
)
def test_wrong_input_is_refused(logits: Tensor, labels: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LabelSmoothingLoss(0.1)(logits, labels)


def test_weight_prior_and_targets_need_as_many_entries_as_classes() -> None:
    for kind in ("weight", "prior"):
        wrong: dict[str, Any] = {kind: row([0.5, 0.5])}
        with pytest.raises(ValueError, match=f"{kind} must have K = 3 entries; got 2"):
            LabelSmoothingLoss(0.1, **wrong)(row([[0, 0, 0]]), ZERO)
    with pytest.raises(ValueError, match=r"0\.\.2; got -100"):
        smooth_targets(torch.tensor([-100]), 3, 0.1)
