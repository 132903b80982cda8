"""Cells of the probabilities of all classes, of very many rows or classes: chunk by chunk, with no index of each value.

Legend: N examples, K classes, M bins.
"""

from itertools import pairwise

import numpy as np

from labelsmooth.calibration import (
    FloatArray,
    IntArray,
    Scheme,
    bin_sums,
    inner_edges,
    mass_edges,
    numbers_below,
    width_edges,
)
from labelsmooth.cells import Cells
from labelsmooth.rows import over_rows, side_by_side

FEW = 64  # classes: of more, nearly all probabilities lie in the first bin
HELD = 1 << 22  # values that are sorted at a time: 32 MB, or a class


def binned_classes(probs: FloatArray, labels: IntArray, bins: int, scheme: Scheme) -> Cells:
    """Cells of all classes' probabilities (N, K) and of labels (N,)."""
    inner_edges(probs[:, 0], bins, scheme)  # refuses what they cannot be
    if scheme == "equal-mass":
        return _by_mass(probs, labels, bins)
    chunk_sums = _every_value if probs.shape[1] <= FEW else _above_the_first

    def sums(rows: slice) -> FloatArray:
        return chunk_sums(probs[rows], labels[rows], bins)

    count, happened, expected = np.asarray(sum(over_rows(sums, *probs.shape)))
    return Cells(count.astype(np.intp), expected, happened)


def _every_value(probs: FloatArray, labels: IntArray, bins: int) -> FloatArray:
    """Examples, events and sums of probability (3, K M) in bins of equal width."""
    p = np.ascontiguousarray(probs.T)
    classes, n = p.shape
    index = numbers_below(np.broadcast_to(width_edges(bins), (classes, bins - 1)), p)
    index += bins * np.arange(classes)[:, None]
    cells = index.ravel(), index[labels, np.arange(n)]
    return _counted(*cells, p.ravel(), bins * classes)


def _above_the_first(probs: FloatArray, labels: IntArray, bins: int) -> FloatArray:
    """As `_every_value`; a row has fewer than M values beyond the first bin, and the others need only be added up."""
    n, classes = probs.shape
    edges = width_edges(bins)
    flat = probs.ravel()
    beyond = np.flatnonzero(flat > edges[0]) if bins > 1 else np.zeros(0, np.intp)
    values = flat[beyond]
    cell = beyond % classes * bins + np.searchsorted(edges, values)
    hit = labels * bins + np.searchsorted(edges, probs[np.arange(n), labels])
    found = _counted(cell, hit, values, bins * classes)
    first = probs.copy()
    first.ravel()[beyond] = 0
    found[0, ::bins] = n - found[0].reshape(classes, bins).sum(axis=1)
    found[2, ::bins] = first.sum(axis=0)
    return found


def _counted(index: IntArray, hit: IntArray, values: FloatArray, size: int) -> FloatArray:
    """Numbers and sums of values by their cell, and between them the events by theirs."""
    return np.stack(
        [np.bincount(index, minlength=size), np.bincount(hit, minlength=size), bin_sums(index, values, size)]
    )


def _by_mass(probs: FloatArray, labels: IntArray, bins: int) -> Cells:
    """In bins of equal mass, where each class is sorted, a bin is a stretch of it, and only labels need a search."""
    n, classes = probs.shape
    step = max(1, HELD // max(1, n))

    def stretches(own: slice) -> tuple[FloatArray, IntArray, FloatArray]:
        """Inner edges (k, M - 1), examples (k, M) and sums of probability (k, M) of some classes."""
        ordered = np.sort(np.ascontiguousarray(probs[:, own].T), axis=1)
        edges = np.stack([mass_edges(row, bins) for row in ordered])
        ends = np.stack([np.searchsorted(row, inner, side="right") for row, inner in zip(ordered, edges, strict=True)])
        cuts = np.pad(ends, ((0, 0), (1, 1)), constant_values=((0, 0), (0, n)))
        sums = [[row[a:b].sum() for a, b in pairwise(cut)] for row, cut in zip(ordered, cuts, strict=True)]
        return edges, np.diff(cuts), np.array(sums)

    parts = side_by_side(stretches, [slice(k, min(k + step, classes)) for k in range(0, classes, step)])
    edges, count, expected = (np.concatenate(each) for each in zip(*parts, strict=True))

    def hits(rows: slice) -> FloatArray:
        own = labels[rows]
        at_label = probs[rows][np.arange(len(own)), own]
        index = own * bins + np.add.reduce(edges[own] < at_label[:, None], axis=1, dtype=np.intp)
        return np.bincount(index, minlength=bins * classes).astype(np.float64)

    happened = np.asarray(sum(over_rows(hits, n, bins)))
    return Cells(count.ravel(), expected.ravel(), happened)
