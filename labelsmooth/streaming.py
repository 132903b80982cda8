"""Calibration error of rows that come batch by batch: the sums of each bin are all that is kept.

Legend: N examples of a batch, K classes, M bins.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from labelsmooth.calibration import (
    SUM_TOLERANCE,
    FloatArray,
    ReliabilityCurve,
    bin_index,
    bin_sums,
    check_labels,
    check_matrix,
    clopper_pearson,
    softmax,
)
from labelsmooth.conventions import check_choice
from labelsmooth.predictions.given import SCALES, Scale


class CalibrationError:
    """Reliability curve, ECE and MCE of rows that come batch by batch, in constant memory.

    Formula: of each bin B_m it keeps |B_m|, the sum of a_i and the sum of c_i, where c is the confidence and a is 1
    where the prediction is right; `merge` adds them up. Then acc, conf, ECE and MCE are those of
    `reliability_curve`, in bins of equal width: those of equal mass need all rows at once.

    Args:
        bins: M, at least 1.
        scale: of values, "logits", "log-probabilities" or "probabilities". Logits are best: the softmax is taken in
            float64, so that a confidence on an edge falls on its right side. Log-probabilities are normalised,
            probabilities taken as they are.
        values: of `update`; an array or a tensor on any device, of any floating dtype, shape (N, K), K >= 2. Logits are
            finite or -inf for a masked class; probabilities are in [0, 1] and rows sum to 1 within 0.001, or what
            their dtype rounds off.
        labels: of `update`; integers in 0..K-1, shape (N,).
        level: of the Clopper-Pearson intervals of `compute`, in (0, 1).

    Returns:
        `compute` returns a `ReliabilityCurve` of all rows so far, all fractions from 0 to 1: counts are those of
        `reliability_curve`, the rest differs by rounding. `across_processes` returns a new object with the rows of all
        processes of torch.distributed.

    Raises:
        ValueError: bins, scale, level, shapes, values or labels out of range; another number of bins in `merge` and
            `load_state_dict`. A batch that is refused leaves no trace.

    Example:
        >>> metric = CalibrationError(bins=2, scale="probabilities")
        >>> metric.update([[0.9, 0.1], [0.3, 0.7]], [0, 1])
        >>> metric.update([[0.2, 0.8]], [0])
        >>> metric
        CalibrationError(bins=2, scale='probabilities', n=3)
        >>> curve = metric.compute()
        >>> curve.bin_count.tolist(), round(curve.ece, 6), round(curve.accuracy, 6)
        ([0, 3], 0.133333, 0.666667)

    Source: Guo et al. 2017, arXiv 1706.04599, section 2.
    """

    def __init__(self, bins: int = 15, *, scale: Scale) -> None:
        check_choice("scale", scale, SCALES)
        if bins < 1:
            raise ValueError(f"bins must be at least 1, got {bins}")
        self.bins = bins
        self.scale: Scale = scale
        self._sums = np.zeros((3, bins))  # counts and right predictions, exact up to 2^53, and confidences

    def __repr__(self) -> str:
        return f"CalibrationError(bins={self.bins}, scale={self.scale!r}, n={self._sums[0].sum():.0f})"

    def update(self, values: Tensor | ArrayLike, labels: Tensor | ArrayLike) -> None:
        """Add a batch: values (N, K) on the scale and labels (N,)."""
        probs = _probabilities(values, self.scale)
        labels = check_labels(_on_host(labels), *probs.shape)
        confidence, correct = probs.max(axis=1), probs.argmax(axis=1) == labels
        index = bin_index(confidence, self.bins)
        self._sums += [bin_sums(index, each, self.bins) for each in (np.ones_like(index), correct, confidence)]

    def merge(self, other: "CalibrationError") -> None:
        """Add the rows of another object with as many bins, on whatever scale they came."""
        self._check_shape(other._sums)
        self._sums += other._sums

    def compute(self, level: float = 0.95) -> ReliabilityCurve:
        """The curve of all rows so far; without rows every count is 0, and every mean, ECE and MCE is nan."""
        count, correct = self._sums[:2].astype(np.intp)
        confidence = self._sums[2]
        low, high = clopper_pearson(correct, count, level)
        in_bin, n = np.where(count > 0, count, math.nan), int(count.sum())
        gaps, total = np.abs(correct - confidence), n or math.nan
        return ReliabilityCurve(
            bin_count=count,
            bin_confidence=confidence / in_bin,
            bin_accuracy=correct / in_bin,
            bin_low=low,
            bin_high=high,
            bin_edges=np.arange(self.bins + 1) / self.bins,
            ece=float(gaps.sum() / total),
            mce=float(np.nanmax(gaps / in_bin)) if n else math.nan,
            accuracy=float(correct.sum() / total),
            confidence=float(confidence.sum() / total),
            n=n,
        )

    def reset(self) -> None:
        """Forget all rows."""
        self._sums[:] = 0

    def state_dict(self) -> dict[str, Tensor]:
        """A copy of the sums, (3, M), for `torch.save`."""
        return {"sums": torch.tensor(self._sums)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from where `state_dict` was taken, in place of the rows so far."""
        sums = state["sums"].numpy(force=True)
        self._check_shape(sums)
        self._sums = sums.astype(np.float64)

    # The annotation is quoted because builds of torch without its distributed part lack the name.
    def across_processes(self, group: "dist.ProcessGroup | None" = None) -> "CalibrationError":
        """A new object with the rows of all processes of a group; every one of them has to call this.

        This object keeps its own rows, so one may go on and ask again. Where torch.distributed has not been started,
        the result is a copy. Rows that a `DistributedSampler` repeats to fill up a batch count as often as they come.
        """
        parts: list[Any] = [self]
        if dist.is_available() and dist.is_initialized():
            parts = [None] * dist.get_world_size(group)
            dist.all_gather_object(parts, self, group)
        whole = CalibrationError(self.bins, scale=self.scale)
        for part in parts:
            whole.merge(part)
        return whole

    def _check_shape(self, sums: NDArray[Any]) -> None:
        """Refuse sums of another number of bins."""
        if sums.shape != self._sums.shape:
            raise ValueError(f"sums must be of {self.bins} bins, shape {self._sums.shape}, got shape {sums.shape}")


def _on_host(values: Tensor | ArrayLike) -> NDArray[Any]:
    """A tensor of any device or dtype, or an array, as an array; what is floating in float64 if it was a tensor."""
    if not isinstance(values, Tensor):
        return np.asarray(values)
    # On the host first: some devices have no float64. NumPy in turn has no bfloat16.
    values = values.detach().cpu()
    return (values.double() if values.is_floating_point() else values).numpy()


def _rounding(values: Tensor | ArrayLike) -> float:
    """The largest relative error that the dtype of values makes; 0 of integers."""
    if isinstance(values, Tensor):
        return torch.finfo(values.dtype).eps / 2 if values.is_floating_point() else 0.0
    dtype = np.asarray(values).dtype
    return float(np.finfo(dtype).eps) / 2 if dtype.kind == "f" else 0.0


def _probabilities(values: Tensor | ArrayLike, scale: Scale) -> FloatArray:
    """Probabilities (N, K) in float64 of values (N, K) on a scale, or ValueError."""
    matrix = check_matrix(scale, _on_host(values))
    if scale == "logits":
        top = matrix.max(axis=1)
        if not np.isfinite(top).all():
            wrong = top[~np.isfinite(top)][0]
            raise ValueError(
                f"logits must be finite, or -inf but not in a whole row, got a row whose largest is {wrong}"
            )
        return softmax(matrix)
    probs = matrix
    if scale == "log-probabilities":
        probs = np.exp(np.minimum(matrix, 1.0))  # what is above 1 is wrong anyway, and could overflow
    elif not ((matrix >= 0) & (matrix <= 1)).all():
        raise ValueError(f"probabilities must be in [0, 1], got {matrix[~((matrix >= 0) & (matrix <= 1))][0]}")
    # An error of r in each log p moves the sum of p by up to r times the entropy, which is log K at most.
    tolerance = SUM_TOLERANCE + _rounding(values) * max(1.0, math.log(matrix.shape[1]))
    sums = probs.sum(axis=1)
    off = ~(np.abs(sums - 1) <= tolerance)
    if off.any():
        raise ValueError(f"rows of {scale} must sum to 1 within {tolerance:.2g} as probabilities, got {sums[off][0]}")
    return softmax(matrix) if scale == "log-probabilities" else probs
