"""Laws of the calibration error of a stream: any split is the whole, and what is refused leaves no trace."""

import copy
import io
import math
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from labelsmooth.calibration import FloatArray, IntArray, ReliabilityCurve, log_softmax, reliability_curve, softmax
from labelsmooth.predictions.given import SCALES, Scale
from labelsmooth.streaming import CalibrationError

INF, NAN = math.inf, math.nan
N = 200


def batch(n: int = N, classes: int = 4) -> tuple[FloatArray, IntArray]:
    """Over-confident logits (N, K) and labels (N,)."""
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(n, classes))
    return 3 * logits, (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)


def fed(values: Any, labels: Any, bins: int = 15, scale: Scale = "logits") -> CalibrationError:
    metric = CalibrationError(bins, scale=scale)
    metric.update(values, labels)
    return metric


def assert_same(found: ReliabilityCurve, expected: ReliabilityCurve) -> None:
    assert (found.n, found.bin_count.tolist()) == (expected.n, expected.bin_count.tolist())
    for name, value in vars(expected).items():
        np.testing.assert_allclose(getattr(found, name), value, rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("cuts", [[], [0, 0], [1, 2, 3], [50, 100, 150], [199, 200]], ids=str)
@pytest.mark.parametrize("scale", SCALES)
def test_batches_and_merged_parts_in_any_split_are_the_whole(scale: Scale, cuts: list[int]) -> None:
    logits, labels = batch()
    values = {"logits": logits, "log-probabilities": log_softmax(logits), "probabilities": softmax(logits)}[scale]
    one, merged = CalibrationError(scale=scale), CalibrationError(scale=scale)
    parts = list(zip(np.split(values, cuts), np.split(labels, cuts), strict=True))
    for part, truth in parts:
        one.update(part, truth)
    for part, truth in reversed(parts):
        merged.merge(fed(part, truth, scale=scale))
    expected = reliability_curve(softmax(logits), labels)
    assert (expected.bin_count == 0).any()
    assert_same(one.compute(), expected)
    assert_same(merged.compute(), expected)


def test_bins_and_level_are_those_of_the_curve() -> None:
    logits, labels = batch()
    assert_same(
        fed(logits, labels, bins=7).compute(level=0.5), reliability_curve(softmax(logits), labels, 7, level=0.5)
    )


@pytest.mark.parametrize("bins", [1, 15])
def test_no_rows_have_no_measures(bins: int) -> None:
    nothing = np.zeros((0, 3)), np.zeros(0, int)
    expected = reliability_curve(*nothing, bins)
    assert math.isnan(expected.ece)
    assert_same(CalibrationError(bins, scale="logits").compute(), expected)
    assert_same(fed(*nothing, bins=bins).compute(), expected)


def test_confidence_on_an_edge_belongs_below_it_also_in_single_precision() -> None:
    third, labels = torch.zeros(4, 3), torch.zeros(4, dtype=torch.long)
    assert third.softmax(1).double().max() > 1 / 3  # rounded to single precision it is beyond the edge
    curves = [fed(third, labels, 3).compute(), fed(third.log_softmax(1), labels, 3, "log-probabilities").compute()]
    assert [curve.bin_count.tolist() for curve in curves] == [[4, 0, 0]] * 2
    tenths = np.array([[0.6, 0.4], [0.4, 0.6], [0.8, 0.2], [1.0, 0.0], [0.5, 0.5]])
    # (.4, .6]: 1.7 of 2; (.6, .8]: .8 of 1; (.8, 1]: 1 of 0
    curve = fed(tenths, [0, 0, 0, 1, 0], 5, "probabilities").compute()
    assert curve.bin_count.tolist() == [0, 0, 3, 1, 1]
    assert (curve.ece, curve.mce) == pytest.approx(((0.3 + 0.2 + 1) / 5, 1.0))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("integer", [torch.int64, torch.int32, torch.uint8])
def test_tensors_of_any_dtype_count_as_the_numbers_they_hold(dtype: torch.dtype, integer: torch.dtype) -> None:
    logits, labels = batch()
    values = torch.tensor(logits, dtype=dtype, requires_grad=True)
    metric = fed(values, torch.tensor(labels, dtype=integer))
    assert_same(metric.compute(), reliability_curve(softmax(values.detach().double().numpy()), labels))
    assert values.grad is None


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("width", [0.0, 1.0, 4.0])
def test_what_a_dtype_rounds_off_is_not_held_against_the_rows(width: float, dtype: torch.dtype) -> None:
    logits = torch.randn(64, 1000, generator=torch.Generator().manual_seed(0)) * width
    labels = torch.zeros(64, dtype=torch.long)
    exact = fed(logits, labels).compute().confidence
    values: dict[Scale, Tensor] = {"log-probabilities": logits.log_softmax(1), "probabilities": logits.softmax(1)}
    for scale, exactly in values.items():
        found = fed(exactly.to(dtype), labels, scale=scale).compute()
        assert found.confidence == pytest.approx(exact, rel=4 * torch.finfo(dtype).eps)


def test_a_masked_class_has_no_probability() -> None:
    assert fed([[0.0, 0.0, -INF]], [0]).compute().confidence == 0.5
    assert fed([[math.log(0.5), math.log(0.5), -INF]], [0], scale="log-probabilities").compute().n == 1


def test_memory_does_not_grow() -> None:
    metric = CalibrationError(scale="logits")
    size = len(pickle.dumps(metric))
    for _ in range(5):
        metric.update(*batch())
    assert metric.compute().n == 5 * N
    assert len(pickle.dumps(metric)) == size


def test_what_is_saved_goes_on_where_it_was() -> None:
    metric, other = fed(*batch()), fed([[5.0, 0.0, 0.0, 0.0]], [0])
    buffer = io.BytesIO()
    torch.save(metric.state_dict(), buffer)
    buffer.seek(0)
    other.load_state_dict(torch.load(buffer))
    copies = [other, copy.deepcopy(metric), pickle.loads(pickle.dumps(metric))]
    state = metric.state_dict()
    metric.reset()
    assert str(metric) == "CalibrationError(bins=15, scale='logits', n=0)"
    twice, labels = (np.concatenate([part, part]) for part in batch())
    for each in copies:
        each.update(*batch())
        assert_same(each.compute(), fed(twice, labels).compute())
    assert state["sums"][0].sum() == N  # neither reset nor update reach into it


def test_in_one_process_across_processes_is_a_copy() -> None:
    metric = fed(*batch())
    whole = metric.across_processes()
    metric.reset()
    assert whole.compute().n == N


@pytest.mark.parametrize(
    ("scale", "values", "labels", "message"),
    [
        ("logits", [[0, NAN]], [0], "logits must be finite.*largest is nan"),
        ("logits", [[0, INF]], [0], "largest is inf"),
        ("logits", [[0, 0], [-INF, -INF]], [0, 0], "largest is -inf"),
        ("logits", [0.0, 1.0], [0], r"logits must have shape \(N, K\) with K >= 2, got \(2,\)"),
        ("logits", [[0.0]], [0], r"got \(1, 1\)"),
        ("logits", [[0, 0]], [2], r"labels must be in 0\.\.1, got 2"),
        ("logits", [[0, 0]], [-1], "got -1"),
        ("logits", [[0, 0]], [0.0], "labels must be integers.*got float64"),
        ("logits", [[0, 0]], [0, 1], r"of shape \(1,\), got int64 of shape \(2,\)"),
        ("log-probabilities", [[1.0, 3.0]], [0], "rows of log-probabilities must sum to 1 within 0.001.*got"),
        ("log-probabilities", [[NAN, 0]], [0], "got nan"),
        ("log-probabilities", [[1e9, 0]], [0], "got 3.7"),
        ("probabilities", [[1.5, -0.5]], [0], r"probabilities must be in \[0, 1\], got 1.5"),
        ("probabilities", [[NAN, 1]], [0], "got nan"),
        ("probabilities", [[0.5, 0.4]], [0], "must sum to 1 within 0.001.*got 0.9"),
    ],
)
@pytest.mark.parametrize("as_tensors", [False, True], ids=["arrays", "tensors"])
def test_a_wrong_batch_is_refused_and_leaves_no_trace(
    as_tensors: bool, scale: Scale, values: ArrayLike, labels: ArrayLike, message: str
) -> None:
    metric = CalibrationError(scale=scale)
    given: list[NDArray[Any] | Tensor] = [np.asarray(values, np.float64), np.asarray(labels)]
    if as_tensors:
        given = [torch.tensor(each) for each in given]
    with pytest.raises(ValueError, match=message):
        metric.update(*given)
    assert metric.compute().n == 0


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="bins must be at least 1, got 0"):
        CalibrationError(0, scale="logits")
    wrong: Any = "logit"
    with pytest.raises(ValueError, match=r"logits, log-probabilities, probabilities; got 'logit'"):
        CalibrationError(scale=wrong)
    metric, other = fed([[0.0, 0.0]], [0], 3), CalibrationError(4, scale="logits")
    message = r"3 bins, shape \(3, 3\), got shape \(3, 4\)"
    with pytest.raises(ValueError, match=message):
        metric.merge(other)
    with pytest.raises(ValueError, match=message):
        metric.load_state_dict(other.state_dict())
    assert metric.compute().n == 1
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\), got 1"):
        metric.compute(level=1.0)
