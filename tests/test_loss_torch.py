"""The loss inside torch's machinery: autocast, graphs of torch.compile and torch.export, transforms of torch.func."""

import math
import os
import shutil
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labelsmooth.loss import LabelSmoothingLoss
from labelsmooth.targets import smooth_targets

K = 5
KINDS: list[dict[str, Any]] = [
    {},
    {"convention": "others", "divergence": "kl", "reduction": "none"},
    {"weight": torch.tensor([0.2, 1.0, 3.0, 0.0, 1.5]), "reduction": "sum"},
    {"prior": torch.tensor([0.5, 0.1, 0.0, 0.3, 0.1])},
]
LABELS = torch.tensor([3, 0, 1, -100, 4, 2, 2])
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind) or "uniform")


def logits() -> Tensor:
    """Logits (7, K), wanting a gradient."""
    return (torch.randn(7, K, generator=torch.Generator().manual_seed(0)) * 3).requires_grad_()


def value_and_gradient(loss: Any) -> tuple[Tensor, Tensor]:
    """Loss with NaN in the ignored row, and the gradient of its sum on the logits."""
    z = logits().detach().masked_fill(LABELS.unsqueeze(1) == -100, math.nan).requires_grad_()
    value = loss(z, LABELS)
    return value, torch.autograd.grad(value.sum(), z)[0]


def test_under_autocast_the_loss_is_single_precision_and_off_by_no_more_than_its_logits() -> None:
    torch.manual_seed(0)
    model, inputs, labels = nn.Linear(20, K), torch.randn(64, 20), torch.arange(64) % K
    loss = LabelSmoothingLoss(0.1)
    exact, parameters = model(inputs), list(model.parameters())
    with torch.autocast("cpu", torch.bfloat16):
        rounded = model(inputs)
        value = loss(rounded, labels)
        torchs = F.cross_entropy(rounded, labels, label_smoothing=0.1)
    assert (rounded.dtype, value.dtype, torchs.dtype) == (torch.bfloat16, torch.float32, torch.float32)
    torch.testing.assert_close(value, torchs)
    torch.testing.assert_close(value, loss(rounded.float(), labels))
    # The gradient p - q sums to 2 at most in absolute value.
    error = (rounded - exact).abs().max()
    assert 0 < (value - loss(exact, labels)).abs() <= 2 * error
    for found, expected in zip(
        torch.autograd.grad(value, parameters), torch.autograd.grad(loss(exact, labels), parameters), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=0.02, atol=0.02)


@every_kind
def test_the_loss_is_one_graph_with_the_same_value_and_gradient(kind: dict[str, Any]) -> None:
    loss = LabelSmoothingLoss(0.1, **kind)
    graph = torch.compile(loss, backend="aot_eager", fullgraph=True)
    found = value_and_gradient(graph)
    torch.testing.assert_close(found, value_and_gradient(loss))
    assert found[1].isfinite().all()


# The message is about torch's own code, which the compiler loads.
@pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")
@pytest.mark.skipif(shutil.which(os.environ.get("CXX", "g++")) is None, reason="torch.compile needs a C++ compiler")
def test_compiled_the_loss_is_the_same_and_still_refuses_a_label_out_of_range() -> None:
    loss = LabelSmoothingLoss(0.1)
    compiled, z = torch.compile(loss, fullgraph=True), logits().detach()
    torch.testing.assert_close(compiled(z, LABELS), loss(z, LABELS))
    for wrong in (K, -1):
        with pytest.raises(RuntimeError, match="out of bounds"):
            compiled(z, torch.full((7,), wrong))


@every_kind
def test_the_loss_can_be_exported(kind: dict[str, Any]) -> None:
    loss, z = LabelSmoothingLoss(0.1, **kind), logits().detach()
    exported = torch.export.export(loss, (z, LABELS)).module()
    all_kept = LABELS.clamp(min=0)
    torch.testing.assert_close(exported(z, all_kept), loss(z, all_kept))
    torch.testing.assert_close(exported(z * 2, LABELS), loss(z * 2, LABELS))


@every_kind
def test_vmap_gives_the_losses_one_by_one(kind: dict[str, Any]) -> None:
    loss = LabelSmoothingLoss(0.1, **kind)
    z = logits().detach()
    one_by_one = torch.stack([loss(*each) for each in zip(z, LABELS, strict=True)])
    torch.testing.assert_close(torch.vmap(loss)(z, LABELS), one_by_one, equal_nan=True)
    models = torch.stack([z, z * 2])
    torch.testing.assert_close(
        torch.vmap(loss, in_dims=(0, None))(models, LABELS), torch.stack([loss(m, LABELS) for m in models])
    )


def test_gradients_of_torch_func_are_probabilities_minus_targets() -> None:
    z, labels = logits().detach(), LABELS.clamp(min=0)
    loss, each = LabelSmoothingLoss(0.2), LabelSmoothingLoss(0.2, reduction="none")
    expected = z.softmax(1) - torch.vmap(lambda label: smooth_targets(label, K, 0.2))(labels)
    torch.testing.assert_close(torch.vmap(torch.func.grad(loss))(z, labels), expected)
    torch.testing.assert_close(torch.func.grad(loss)(z, labels), expected / 7)
    kept = (LABELS != -100).unsqueeze(1)
    hidden = torch.vmap(torch.func.grad(LabelSmoothingLoss(0.2, reduction="sum")))(
        z.masked_fill(~kept, math.nan), LABELS
    )
    torch.testing.assert_close(hidden, expected * kept)
    rows = torch.arange(7)
    torch.testing.assert_close(torch.func.jacrev(each)(z, labels)[rows, rows], expected)
    p = z[0].softmax(0)
    second = torch.func.jacrev(torch.func.grad(loss))(z[0], labels[0])
    torch.testing.assert_close(second, p.diag() - p.outer(p))


def test_vmap_refuses_a_label_out_of_range() -> None:
    for wrong in (K, -1):
        with pytest.raises(RuntimeError, match="out of bounds"):
            torch.vmap(LabelSmoothingLoss(0.1))(logits(), torch.full((7,), wrong))


def test_a_meta_device_knows_the_shape_alone() -> None:
    loss = LabelSmoothingLoss(0.1, reduction="none")
    assert loss(logits().to("meta"), LABELS.to("meta")).shape == (7,)
