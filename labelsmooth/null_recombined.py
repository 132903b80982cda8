"""Calibration errors of many draws of the labels of very many rows, of which only a few are drawn row by row.

Legend: N examples, K classes, M bins, D draws, F narrow cells of one event; B blocks of rows, R draws of each.

The narrow cells of an event lie between all edges that matter: those of the bins of equal width and of equal mass, and
for the top label those of a fine grid. Every error follows from the sums in them.

The top label: with all confidences of a cell nearly equal, its number of right predictions is binomial.

All classes: one label is a hit in one class and a miss in the others, so no class can be drawn alone. R labels of a row
come from one uniform number and the R - 1 at equal steps around it, each a proper draw by itself. A draw of all rows
takes each block from one of the R at random: again a proper draw, and two of them share a block only by chance. The
steps keep the mean over the R, around which such draws lie, close to that of all draws. Rows come to their blocks at
random: of rows in the order of their confidence, a few blocks would hold all that is left to chance, and so there would
be but a few different draws.
"""

from dataclasses import dataclass

import numpy as np

from labelsmooth.calibration import BLOCK, FloatArray, IntArray, Scheme, ascending, bin_sums, mass_edges, width_edges
from labelsmooth.cells import Cells, class_errors, top_errors
from labelsmooth.rows import chunks_of, over_rows, side_by_side
from labelsmooth.smooth_ece import DRAW_STEPS, smooth_ece, smooth_ece_of_sums

DRAWN = 8  # R
BLOCKS = 64  # B: there are 8^64 ways to take them
HELD = 1 << 24  # numbers of hits held, at 4 bytes


@dataclass(frozen=True, eq=False)
class Narrow:
    """Narrow cells of one or of K events: inner edges (K, F - 1), and the bin 0..K M - 1 of each cell (K F,)."""

    edges: FloatArray
    bin_of: dict[Scheme, IntArray]
    bins: int  # K M

    def cells(self, count: FloatArray, expected: FloatArray, happened: FloatArray) -> dict[Scheme, Cells]:
        """Bins from examples and sums of probability (K F,) of the narrow cells, and what happened there (..., K F)."""
        found: dict[Scheme, Cells] = {}
        for scheme, index in self.bin_of.items():
            size, sums = (bin_sums(index, values, self.bins) for values in (count, expected))
            hits = bin_sums(np.broadcast_to(index, happened.shape), happened, self.bins)
            found[scheme] = Cells(size.astype(np.intp), sums, hits)
        return found


def narrow_cells(mass: FloatArray, bins: int, more: FloatArray) -> Narrow:
    """Narrow cells between the edges of equal mass (K, M - 1), those of equal width, and more of them."""
    width = width_edges(bins)
    common = np.concatenate([width, more])
    edges = np.sort(np.concatenate([mass, np.broadcast_to(common, (len(mass), len(common)))], axis=1), axis=1)
    top = np.concatenate([edges, np.full((len(mass), 1), np.inf)], axis=1)
    first = bins * np.arange(len(mass))[:, None]
    by_mass = np.stack([np.searchsorted(own, ends) for own, ends in zip(mass, top, strict=True)])
    bin_of: dict[Scheme, IntArray] = {
        "equal-width": (first + np.searchsorted(width, top)).ravel(),
        "equal-mass": (first + by_mass).ravel(),
    }
    return Narrow(edges, bin_of, bins * len(mass))


def errors_of_recombined_draws(
    probs: FloatArray, labels: IntArray, bins: int, draws: int, generator: np.random.Generator
) -> tuple[dict[str, float], dict[str, FloatArray]]:
    """Errors of the labels (N,) at the probabilities (N, K), and those (D,) of draws, each under its name."""
    observed, drawn = _top_errors(_top_label(probs, labels), bins, draws, generator)
    of_classes, drawn_of_classes = _class_errors(probs, labels, bins, draws, generator)
    every = {name: float(value) for name, value in (observed | of_classes).items()}
    return every, drawn | drawn_of_classes


def _top_label(probs: FloatArray, labels: IntArray) -> FloatArray:
    """Confidence, its share of the sum of its row (printed digits leave it off 1), and 1 where it is right: (3, N)."""
    found = np.empty((3, len(probs)))

    def fill(rows: slice) -> None:
        prediction = probs[rows].argmax(axis=1)
        confidence = probs[rows][np.arange(len(prediction)), prediction]
        found[:, rows] = confidence, confidence / probs[rows].sum(axis=1), prediction == labels[rows]

    over_rows(fill, *probs.shape)
    return found


def _top_errors(
    top_label: FloatArray, bins: int, draws: int, generator: np.random.Generator
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Errors of the top label from what `_top_label` found (3, N), and those (D,) of draws."""
    confidence, _, correct = top_label
    n = len(confidence)
    mass = mass_edges(ascending(confidence), bins)[None]
    narrow = narrow_cells(mass, bins, np.arange(1, DRAW_STEPS) / DRAW_STEPS)
    size = narrow.edges.size + 1

    def sums(rows: slice) -> FloatArray:
        index = np.searchsorted(narrow.edges[0], confidence[rows])
        return np.stack(
            [
                np.bincount(index, minlength=size),
                *(np.bincount(index, values, size) for values in top_label[:, rows]),
            ]
        )

    count, expected, likely, happened = sum(over_rows(sums, n, 1), np.zeros((4, size)))
    filled = np.maximum(count, 1)
    drawn = generator.binomial(count.astype(np.int64), np.minimum(likely / filled, 1), (draws, size)).astype(np.float64)
    observed = top_errors(narrow.cells(count, expected, happened)) | {
        "smECE": np.asarray(smooth_ece(confidence, correct).value)
    }
    smooth = smooth_ece_of_sums(expected / filled, drawn - expected, n)
    return observed, top_errors(narrow.cells(count, expected, drawn)) | {"smECE": smooth}


def _class_errors(
    probs: FloatArray, labels: IntArray, bins: int, draws: int, generator: np.random.Generator
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Errors of all classes, and those (D,) of draws."""
    n, classes = probs.shape
    mass = np.stack(side_by_side(lambda k: mass_edges(np.sort(probs[:, k]), bins), range(classes)))
    narrow = narrow_cells(mass, bins, np.zeros(0))
    size = classes * (narrow.edges.shape[1] + 1)
    blocks = max(2, min(BLOCKS, n, HELD // (DRAWN * size)))
    bounds = (np.arange(blocks + 1) * n // blocks).tolist()
    order = generator.permutation(n)
    seeds = generator.integers(2**63, size=blocks).tolist()
    hits = np.zeros((blocks, DRAWN, size), np.int32)

    def sums(block: int) -> FloatArray:
        own = np.random.default_rng(seeds[block])
        found = np.zeros((3, size))
        # In order, as neighbours are read faster.
        members = np.sort(order[slice(*bounds[block : block + 2])])
        for part in chunks_of(slice(0, len(members)), classes):
            rows = members[part]
            found += _chunk_sums(probs[rows], labels[rows], narrow.edges, own, hits[block])
        return found

    count, expected, happened = sum(side_by_side(sums, range(blocks)), np.zeros((3, size)))
    drawn = []
    taken = generator.integers(DRAWN, size=(draws, blocks))
    for part in np.array_split(taken, -(-draws * size // BLOCK)):
        recombined = np.stack([hits[np.arange(blocks), row].sum(axis=0) for row in part]).astype(np.float64)
        drawn.append(class_errors(narrow.cells(count, expected, recombined)))
    observed = class_errors(narrow.cells(count, expected, happened))
    return observed, {name: np.concatenate([part[name] for part in drawn]) for name in observed}


def _chunk_sums(
    probs: FloatArray, labels: IntArray, edges: FloatArray, generator: np.random.Generator, hits: IntArray
) -> FloatArray:
    """Examples, sums of probability and events (3, K F) of a chunk; adds the R draws of its labels to hits (R, K F)."""
    n, classes = probs.shape
    by_class = np.ascontiguousarray(probs.T)
    index = np.zeros(by_class.shape, np.min_scalar_type(edges.shape[1]))
    for edge in edges.T:
        index += edge[:, None] < by_class
    narrow = edges.shape[1] + 1
    cell = index + narrow * np.arange(classes)[:, None]
    rows = np.arange(n)
    size = classes * narrow

    limits = by_class.cumsum(axis=0)
    uniform = generator.random(n)
    for number in range(len(hits)):
        level = uniform + number / DRAWN
        level -= level >= 1
        level *= limits[-1]  # printed probabilities do not sum to 1 exactly
        label = np.add.reduce(limits[:-1] <= level, axis=0, dtype=np.min_scalar_type(classes))
        hits[number] += np.bincount(cell[label, rows], minlength=size)
    flat = cell.ravel()
    return np.stack(
        [
            np.bincount(flat, minlength=size),
            np.bincount(flat, by_class.ravel(), size),
            np.bincount(cell[labels, rows], minlength=size),
        ]
    )
