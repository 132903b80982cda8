"""Two processes of torch.distributed: the gradient of the loss, and the calibration error of all rows."""

import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import start_processes
from torch.nn.parallel import DistributedDataParallel

from labelsmooth.calibration import reliability_curve, softmax
from labelsmooth.loss import LabelSmoothingLoss
from labelsmooth.streaming import CalibrationError

WORLD = 2
EQUAL = (slice(0, 8), slice(8, 16))
UNEQUAL = (slice(0, 11), slice(11, 16))


def job() -> tuple[nn.Module, Tensor, Tensor]:
    """A model, inputs (16, 6) and labels (16,) of 4 classes: the same in every process."""
    generator = torch.Generator().manual_seed(0)
    model = nn.Linear(6, 4)
    for parameter in model.parameters():
        nn.init.normal_(parameter, generator=generator)
    return model, torch.randn(16, 6, generator=generator), torch.arange(16) % 4


def gradient(model: nn.Module, loss: Tensor) -> Tensor:
    """The gradient of the loss on all parameters, in one vector."""
    model.zero_grad()
    torch.autograd.backward(loss)
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters() if parameter.grad is not None])


def work(rank: int, folder: Path) -> None:
    """What each of the processes does; it saves what it found."""
    if sys.platform == "linux":
        os.environ["GLOO_SOCKET_IFNAME"] = "lo"  # the machine's own name need not resolve
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=WORLD)
    bare, inputs, labels = job()
    model = DistributedDataParallel(bare)
    mine, fewer = EQUAL[rank], UNEQUAL[rank]
    found: dict[str, Any] = {
        "mean": gradient(model, LabelSmoothingLoss(0.1)(model(inputs[mine]), labels[mine])),
        # Of unequal shares the gradients are averaged as if they were equal; sums make up for it.
        "sum": gradient(
            model,
            LabelSmoothingLoss(0.1, reduction="sum")(model(inputs[fewer]), labels[fewer]) * WORLD / len(labels),
        ),
    }
    metric = CalibrationError(bins=5, scale="logits")
    metric.update(bare(inputs[fewer]), labels[fewer])
    metric.across_processes()
    found["whole"] = metric.across_processes().state_dict()  # asking twice counts nothing twice
    found["own"] = metric.state_dict()
    with pytest.raises(ValueError, match="got shape"):
        CalibrationError(bins=5 + rank, scale="logits").across_processes()
    torch.save(found, folder / f"{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of the processes found."""
    folder = tmp_path_factory.mktemp("processes")
    # One server imports what both of them need.
    multiprocessing.set_forkserver_preload(["pytest", "torch.nn.parallel", "labelsmooth.loss", "labelsmooth.streaming"])
    start_processes(work, (folder,), nprocs=WORLD, start_method="forkserver")  # type: ignore[no-untyped-call]
    return [torch.load(folder / f"{rank}.pt") for rank in range(WORLD)]


def test_the_gradient_is_that_of_one_process_on_the_whole_batch(found: list[dict[str, Any]]) -> None:
    model, inputs, labels = job()
    whole = gradient(model, LabelSmoothingLoss(0.1)(model(inputs), labels))
    for each in found:
        torch.testing.assert_close(each["mean"], whole)
        torch.testing.assert_close(each["sum"], whole)


def test_the_calibration_error_is_that_of_all_rows_in_every_process(found: list[dict[str, Any]]) -> None:
    model, inputs, labels = job()
    expected = reliability_curve(softmax(model(inputs).detach()), labels, bins=5)
    assert torch.equal(found[0]["whole"]["sums"], found[1]["whole"]["sums"])
    assert [int(each["own"]["sums"][0].sum()) for each in found] == [11, 5]
    metric = CalibrationError(bins=5, scale="logits")
    metric.load_state_dict(found[0]["whole"])
    curve = metric.compute()
    assert curve.bin_count.tolist() == expected.bin_count.tolist()
    np.testing.assert_allclose(curve.bin_confidence, expected.bin_confidence, rtol=1e-12)
    assert (curve.ece, curve.accuracy) == pytest.approx((expected.ece, expected.accuracy), abs=1e-12)
