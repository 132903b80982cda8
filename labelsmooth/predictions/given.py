"""What a classifier said of some examples, and what these are: one form for every file and every array.

Legend: N examples, K classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from labelsmooth.calibration import FloatArray, IntArray, softmax
from labelsmooth.predictions.columns import exact_floats
from labelsmooth.predictions.scales import SCALES, Place, Scale, check_scale, to_logits
from labelsmooth.predictions.words import listed, quoted

__all__ = ["SCALES", "Predictions", "Scale", "from_arrays", "same_classes"]


@dataclass(frozen=True, eq=False)
class Predictions:
    """Logits (N, K) in float64, -inf where a class has probability 0; labels (N,) in 0..K-1; K class names.

    `scale` is the one that the numbers were given on. Logits are kept as they are; of the others they are the
    log-probabilities of the rows divided by their sums.
    """

    logits: FloatArray
    labels: IntArray
    classes: tuple[str, ...]
    scale: Scale

    @property
    def probabilities(self) -> FloatArray:
        """Probabilities (N, K)."""
        return softmax(self.logits)

    @property
    def nbytes(self) -> int:
        """Bytes that these predictions keep alive."""
        return self.logits.nbytes + self.labels.nbytes


def from_arrays(
    values: ArrayLike, labels: ArrayLike, scale: Scale, classes: Sequence[str] | None = None
) -> Predictions:
    """Predictions of a model as arrays, checked.

    Formula: logits = values, or log(p / sum p) of probabilities p, or log-probabilities minus log sum exp.

    Args:
        values: one number a class, shape (N, K), N >= 1, K >= 2, on the scale: finite, or -inf for a class of
            probability 0; rows of (log-)probabilities sum to 1 within 0.001, or within 0.05 where that is as near as
            numbers rounded to two or more digits come.
        labels: integers in 0..K-1, shape (N,).
        scale: "logits", "log-probabilities" or "probabilities".
        classes: K different names; "0", "1", ... without.

    Returns:
        `Predictions`, logits (N, K) in nats.

    Raises:
        ValueError: anything of that broken, with the first row, counted from 1, and the class.

    Example:
        >>> from_arrays([[0.5, 0.5], [0.0, 1.0]], [0, 1], "probabilities").logits.round(4).tolist()
        [[-0.6931, -0.6931], [-inf, 0.0]]

    Source: softmax(log p) = p.
    """
    matrix = np.asarray(values)
    if matrix.dtype.kind not in "biuf" or matrix.ndim != 2 or matrix.shape[1] < 2 or not len(matrix):
        form = f"{matrix.dtype} of shape {matrix.shape}"
        raise ValueError(f"values must be numbers of shape (N, K) with N >= 1 and K >= 2, got {form}")
    if scale not in SCALES:
        raise ValueError(f"scale must be one of {', '.join(SCALES)}, got {quoted(scale)}")
    n, k = matrix.shape
    names = tuple(str(name) for name in (range(k) if classes is None else classes))
    if len(set(names)) != k:
        raise ValueError(f"classes must be {k} different names, got {len(names)}: {listed(names)}")
    truth = np.asarray(labels)
    if truth.shape != (n,) or truth.dtype.kind not in "iu":
        raise ValueError(f"labels must be integers of shape ({n},), got {truth.dtype} of shape {truth.shape}")
    place = Place("values", names)
    outside = (truth < 0) | (truth >= k)
    if outside.any():
        row = int(outside.argmax())
        raise replace(place, name="labels").refuse(row, f"holds {truth[row]}; labels must be in 0..{k - 1}")
    return prepared(exact_floats("values", matrix, "the matrix"), truth.astype(np.intp), names, scale, place)


def prepared(values: FloatArray, labels: IntArray, classes: tuple[str, ...], scale: Scale, place: Place) -> Predictions:
    """Predictions of values (N, K) in C order, as sums depend on it to the last bit; checked for their scale only."""
    assert values.flags.c_contiguous
    check_scale(values, scale, place)
    return Predictions(to_logits(values, scale), labels, classes, scale)


def same_classes(
    first: Predictions, second: Predictions, names: tuple[str, str] = ("first", "second")
) -> tuple[Predictions, str | None]:
    """The second set with its classes in the order of the first, and a sentence where they had to be moved.

    `names` is what messages call the two sets.

    Raises:
        ValueError: one line; the two sets know different classes.
    """
    if first.classes == second.classes:
        return second, None
    one, other = names
    must = f"the {one} and the {other} set must have the same classes"
    if len(first.classes) != len(second.classes):
        raise ValueError(f"{must}: there are {len(first.classes)} and {len(second.classes)}")
    missing = [name for name in first.classes if name not in second.classes]
    if missing:
        more = [name for name in second.classes if name not in first.classes]
        raise ValueError(f"{must}: only the {one} has {listed(missing, 3)}, only the {other} {listed(more, 3)}")
    order = np.array([second.classes.index(name) for name in first.classes], np.intp)
    moved = replace(
        second,
        logits=np.ascontiguousarray(second.logits[:, order]),
        labels=np.argsort(order)[second.labels],
        classes=first.classes,
    )
    said = f"the {other} set names the classes in another order; its columns were put into that of the {one}"
    return moved, said
