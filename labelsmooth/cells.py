"""Calibration errors as what they all are: a few sums over cells of probabilities.

Legend: N examples, K classes, M bins, C cells: M bins of one event, or M bins of each of K classes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from labelsmooth.calibration import (
    FloatArray,
    IntArray,
    Scheme,
    ascending,
    bin_index,
    bin_sums,
    event_sums,
    inner_edges,
)

SCHEMES: tuple[Scheme, Scheme] = ("equal-width", "equal-mass")


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of probabilities: examples (C,) and sums of probability (C,) in each, and of events (..., C)."""

    count: IntArray
    expected: FloatArray
    happened: FloatArray

    @property
    def filled(self) -> FloatArray:
        """Examples (C,), 1 for an empty cell, so that its means are 0; nan where there are no rows at all."""
        return np.maximum(self.count, 1.0) if self.count.any() else np.full(len(self.count), math.nan)

    @property
    def weight(self) -> FloatArray:
        """Share of the examples (C,)."""
        return self.count / (self.count.sum() or math.nan)

    @property
    def frequency(self) -> FloatArray:
        """Frequency of the event (..., C)."""
        return self.happened / self.filled

    @property
    def gap(self) -> FloatArray:
        """Frequency less mean probability (..., C)."""
        return (self.happened - self.expected) / self.filled


def event_cells(confidence: FloatArray, correct: NDArray[np.generic], index: IntArray, bins: int) -> Cells:
    """Cells of the confidences (N,) of one event, in bins (N,), and of what happened (..., N)."""
    happened = bin_sums(np.broadcast_to(index, correct.shape), correct, bins)
    return Cells(np.bincount(index, minlength=bins), bin_sums(index, confidence, bins), happened)


def binned_event(confidence: FloatArray, correct: FloatArray, bins: int, scheme: Scheme) -> Cells:
    """Cells of the confidences (N,) of one event that happened or not (N,), chunk by chunk."""
    ordered = ascending(confidence) if scheme == "equal-mass" else confidence
    count, happened, expected, _ = event_sums(confidence, correct, inner_edges(ordered, bins, scheme))
    return Cells(count.astype(np.intp), expected, happened)


def class_index_of(probs: FloatArray, bins: int, scheme: Scheme) -> IntArray:
    """The cell (N, K) of each probability: the bins of class 0, then those of class 1, and so on."""
    by_class = [bins * k + bin_index(column, bins, scheme) for k, column in enumerate(probs.T)]
    return np.stack(by_class, axis=1)


def class_cells(probs: FloatArray, labels: IntArray, index: IntArray, bins: int) -> Cells:
    """Cells of all classes' probabilities (N, K), with their index (N, K), and of labels (..., N)."""
    cells = bins * probs.shape[1]
    hit = index[np.arange(len(probs)), labels]
    happened = bin_sums(hit, np.ones(hit.shape), cells)
    return Cells(np.bincount(index.ravel(), minlength=cells), bin_sums(index.ravel(), probs.ravel(), cells), happened)


def ece(cells: Cells) -> FloatArray:
    """Mean absolute gap (...,) over examples, and over classes where the cells are those of all classes."""
    return np.asarray(np.abs(cells.gap) @ cells.weight)


def mean_gap(cells: Cells) -> FloatArray:
    """Mean absolute gap (...,) over cells."""
    return np.asarray(np.abs(cells.gap).mean(axis=-1))


def largest_gap(cells: Cells) -> FloatArray:
    """Largest absolute gap (...,)."""
    return np.asarray(np.abs(cells.gap).max(axis=-1))


def rms(cells: Cells) -> FloatArray:
    """Root-mean-square gap (...,) over examples."""
    return np.sqrt(np.square(cells.gap) @ cells.weight)


def rms_debiased(cells: Cells) -> FloatArray:
    """Root-mean-square gap (...,) less the noise; 0 where that leaves nothing."""
    return np.sqrt(np.maximum(debiased_square(cells), 0))


def debiased_square(cells: Cells) -> FloatArray:
    """Mean square gap (...,) less the variance of the frequencies, which may leave a negative number."""
    noise = cells.frequency * (1 - cells.frequency) / np.maximum(cells.count - 1, 1)
    return np.asarray(((np.square(cells.gap) - noise) * (cells.count > 1)) @ cells.weight)


def debiased(cells: Cells) -> FloatArray:
    """Mean absolute gap (...,), less by how much normal noise in the frequencies would raise it."""
    gap = np.abs(cells.gap)
    noise = np.sqrt(cells.frequency * (1 - cells.frequency) / cells.filled)
    # Without noise the ratio is 0 or huge, with erf 1, and either way the expectation is the gap itself.
    ratio = gap / np.maximum(noise, 1e-100) / math.sqrt(2)
    expected = noise * math.sqrt(2 / math.pi) * np.exp(-np.square(ratio)) + gap * special.erf(ratio)
    return np.asarray((2 * gap - expected) @ cells.weight)


def top_errors(cells: Mapping[Scheme, Cells]) -> dict[str, FloatArray]:
    """The errors (...,) of `calibration_table` in bins of the top label, by name."""
    return {
        "ECE, equal width": ece(cells["equal-width"]),
        "ECE, equal mass": ece(cells["equal-mass"]),
        "ECE, debiased": debiased(cells["equal-mass"]),
        "RMS error": rms(cells["equal-mass"]),
        "RMS error, debiased": rms_debiased(cells["equal-mass"]),
        "MCE": largest_gap(cells["equal-width"]),
    }


def class_errors(cells: Mapping[Scheme, Cells]) -> dict[str, FloatArray]:
    """Those in bins of all classes."""
    return {"class-wise ECE": ece(cells["equal-width"]), "ACE": mean_gap(cells["equal-mass"])}
