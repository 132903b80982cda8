"""Where the penultimate features lie: the plane of the templates, class separation, neural collapse.

Legend: N examples, H penultimate units, K classes, D = H or H + 1. A template is a class's row of the last
layer's weights, with the class's bias as one more coordinate where biases are given; features then get a
constant 1 there. So the logit of a class is the scalar product of its template and the features.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

# A length this much smaller than the others at hand is rounding; float32 weights resolve 1e-7.
NEGLIGIBLE = 1e-9


@dataclass(frozen=True, eq=False)
class TemplatePlane:
    """Axes and offset of the plane of two or three templates, and these templates: the result of `template_plane`.

    Formula: features x are drawn at x @ basis + offset.

    Attributes:
        classes: the two or three classes, in the order asked for.
        basis: axes of the plane, (H, 2), orthonormal where templates have no bias.
        offset: where the features 0 lie, (2,), in the unit of the features.
        templates: the templates in the plane, (3, 2) or (2, 2), in the order of `classes`, seen from their
            centroid.
        degenerate: whether weights and features left an axis free: it is then an arbitrary direction, or
            zero where H = 1.

    Example:
        >>> plane = template_plane([[-1.0, 0.0], [1.0, 0.0], [0.0, 3.0]], classes=(0, 1, 2))
        >>> plane.basis.tolist(), plane.offset.tolist(), plane.degenerate
        ([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], False)

    Source: Mueller, Kornblith, Hinton 2019, arXiv 1906.02629, section 2.
    """

    classes: tuple[int, ...]
    basis: FloatArray
    offset: FloatArray
    templates: FloatArray
    degenerate: bool

    def project(self, features: ArrayLike) -> FloatArray:
        """Coordinates (N, 2) in the plane of penultimate features (N, H)."""
        return _matrix("features", features, len(self.basis)) @ self.basis + self.offset

    def templates_at_scale_of(self, points: ArrayLike) -> FloatArray:
        """The triangle of templates, resized to the root-mean-square radius of points (N, 2) of the plane."""
        size, radius = (np.linalg.norm(a) / np.sqrt(max(len(a), 1)) for a in (self.templates, np.asarray(points)))
        return self.templates * (radius / size if size > 0 and radius > 0 else 1.0)


def template_plane(
    weights: ArrayLike,
    classes: Sequence[int],
    biases: ArrayLike | None = None,
    features: ArrayLike | None = None,
    previous: TemplatePlane | None = None,
) -> TemplatePlane:
    """The plane through the templates of three classes A, B, C, turned so that A is left, B right and C up.

    Formula: right = (t_B - t_A) / |t_B - t_A|; up = the part of t_C - t_A orthogonal to it, at length 1. An
    example x is drawn at (x . right, x . up), a template at the coordinates of t_k - mean(t_A, t_B, t_C): to
    shift all templates changes no probability. The scalar product of the two drawn vectors is then the logit
    z_k - mean(z_A, z_B, z_C). So in the origin the three logits are equal, where a point lies around it tells
    which of the three classes wins, and no frame of a film depends on which examples are shown. The axes
    change smoothly with the templates as long as A, B and C are not on one line.

    For two classes x is (z_B - z_A) / |t_B - t_A| and y the first principal component of what is left of
    `features`, which are centred in y. In a film the sign of y is that of the `previous` plane; otherwise the
    coordinates of the axis have a positive sum.

    Args:
        weights: of the last layer, shape (K, H), one row a class (transpose a layer that stores (H, K)).
        classes: two or three different ones in 0..K-1, in the order A, B, C.
        biases: shape (K,); without them the logits above are those before the bias.
        features: penultimate features, shape (N, H); for two classes only.
        previous: the plane of the frame before; for two classes only.

    Returns:
        `TemplatePlane`, in the unit of the features. Templates that are equal or on one line leave an axis
        free: it becomes a fixed arbitrary direction, `degenerate` is true, and nothing is raised.

    Raises:
        ValueError: shapes that do not fit; values that are not finite; classes that repeat or are out of
            range; two classes without features.

    Example:
        >>> plane = template_plane([[-1.0, 0.0], [1.0, 0.0], [0.0, 3.0]], classes=(0, 1, 2))
        >>> plane.templates.tolist()
        [[-1.0, -1.0], [1.0, -1.0], [0.0, 2.0]]
        >>> plane.project([[0.0, 5.0]]).tolist()
        [[0.0, 5.0]]

    Source: Mueller, Kornblith, Hinton 2019, arXiv 1906.02629, section 2; orientation and centring are ours.
    """
    weights = _matrix("weights", weights, None)
    units = weights.shape[1]
    templates = _extended(weights, biases)[_check_classes(classes, len(weights))]
    negligible = NEGLIGIBLE * np.linalg.norm(templates, axis=1).max()
    right = _direction(templates[1] - templates[0], negligible)
    x_axis = np.eye(templates.shape[1])[0] if right is None else right
    up, y_mean = None, 0.0
    if len(templates) == 3:
        up = _direction(_orthogonal_part(templates[2] - templates[0], x_axis), negligible)
    elif features is None:
        raise ValueError("the plane of two classes needs features of shape (N, H), got none")
    else:
        points = _extended(_matrix("features", features, units), None if biases is None else 1.0)
        up = _main_direction(points, x_axis)
        if up is not None:
            reference = np.ones(units) if previous is None else previous.basis[:, 1]
            up = -up if up[:units] @ reference < 0 else up
            y_mean = float(points.mean(axis=0) @ up)
    axes = np.stack([x_axis, _any_orthogonal(x_axis) if up is None else up], axis=1)
    return TemplatePlane(
        classes=tuple(int(k) for k in classes),
        basis=axes[:units],
        offset=axes[units:].sum(axis=0) - [0.0, y_mean],
        templates=(templates - templates.mean(axis=0)) @ axes,
        degenerate=right is None or up is None,
    )


def class_separation(features: ArrayLike, labels: ArrayLike) -> float:
    """Share of the cosine distance between examples that lies between classes, blind to the features' scale.

    Formula: R^2 = 1 - d_within / d_total, with d_within the mean over classes of the mean of 1 - cos(x, x')
    over all ordered pairs of that class, a row with itself included, and d_total the same over all pairs of
    classes. On rows of length 1 with class means mu_k: 1 - (1 - mean |mu_k|^2) / (1 - |mean mu_k|^2).

    Args:
        features: penultimate features, shape (N, H), not centred. A row of zeros has cosine 0 to all.
        labels: integers, shape (N,).

    Returns:
        A number up to 1 (classes are single directions) without unit; 0 for one class; nan without rows or
        where all rows are parallel.

    Raises:
        ValueError: shapes that do not fit; features that are not finite.

    Example:
        >>> class_separation([[1, 0], [0, 1], [-1, 0], [0, -1]], [0, 0, 1, 1])
        0.5

    Source: Kornblith et al. 2021, arXiv 2010.16402, the index of class separation.
    """
    rows, index = _grouped(features, labels)
    if len(rows) == 0:
        return float("nan")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    means = _class_means(rows / np.where(lengths > 0, lengths, 1.0), index)
    total = 1 - np.square(means.mean(axis=0)).sum()
    if total < 1e-12:  # parallel rows: what is left is rounding
        return float("nan")
    return float(1 - (1 - np.square(means).sum(axis=1).mean()) / total)


def neural_collapse(features: ArrayLike, labels: ArrayLike) -> float:
    """NC1: how wide classes are against the distances between them, 0 when every class is one point.

    Formula: tr(W B^+) / K, with W the mean over classes of the class covariance (divided by n_k), B the
    covariance of the K class means and B^+ its pseudo-inverse, in which eigenvalues below 1e-12 of the
    largest count as zero.

    Args:
        features: penultimate features, shape (N, H).
        labels: integers, shape (N,); K counts the classes that occur.

    Returns:
        A number >= 0 without unit; nan without rows or where all class means are equal.

    Raises:
        ValueError: shapes that do not fit; features that are not finite.

    Example:
        >>> round(neural_collapse([[-1.5], [-0.5], [0.5], [1.5]], [0, 0, 1, 1]), 6)
        0.125

    Source: Papyan, Han, Donoho 2020, arXiv 2008.08186, NC1.
    """
    rows, index = _grouped(features, labels)
    if len(rows) == 0:
        return float("nan")
    means = _class_means(rows, index)
    _, size, axes = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)
    if size[0] <= NEGLIGIBLE * np.linalg.norm(means):
        return float("nan")
    kept = size > 1e-6 * size[0]
    # In the axes of B, its inverse is diagonal, K / size^2: no H x H matrix is ever built.
    spread = _class_means(np.square((rows - means[index]) @ axes[kept].T), index).mean(axis=0)
    return float((spread / np.square(size[kept])).sum())


def _direction(vector: FloatArray, negligible: float) -> FloatArray | None:
    """A vector (D,) at length 1, None where it is too short to have a direction."""
    length = np.linalg.norm(vector)
    return vector / length if length > negligible else None


def _orthogonal_part(vectors: FloatArray, axis: FloatArray) -> FloatArray:
    """What is left of vectors (..., D) without their part along a unit vector (D,)."""
    return vectors - np.multiply.outer(vectors @ axis, axis)


def _any_orthogonal(axis: FloatArray) -> FloatArray:
    """A fixed unit vector (D,) orthogonal to another; zero for D = 1, where there is none."""
    leans_least = np.eye(len(axis))[np.argmin(np.abs(axis))]
    rest = _orthogonal_part(leans_least, axis)
    return rest / max(float(np.linalg.norm(rest)), 0.5)


def _main_direction(points: FloatArray, axis: FloatArray) -> FloatArray | None:
    """First principal component (D,) of points (N, D) orthogonal to a unit vector, None without spread."""
    if len(points) == 0:
        return None
    rest = _orthogonal_part(points - points.mean(axis=0), axis)
    last = points.shape[1] - 1
    (variance,), vectors = eigh(rest.T @ rest, subset_by_index=[last, last])
    if variance <= (NEGLIGIBLE * np.linalg.norm(points)) ** 2:
        return None
    return _direction(_orthogonal_part(vectors[:, 0], axis), 0.0)


def _class_means(rows: FloatArray, index: IntArray) -> FloatArray:
    """Means (K, D) of the rows (N, D) of each class 0..K-1."""
    return np.stack([rows[index == k].mean(axis=0) for k in range(index.max() + 1)])


def _grouped(features: ArrayLike, labels: ArrayLike) -> tuple[FloatArray, IntArray]:
    """Checked features (N, H) and the index (N,) of each label among those that occur."""
    rows = _matrix("features", features, None)
    labels = np.asarray(labels)
    if labels.shape != (len(rows),):
        raise ValueError(f"labels must have shape ({len(rows)},), got {labels.shape}")
    return rows, np.unique(labels, return_inverse=True)[1]


def _extended(rows: FloatArray, last: ArrayLike | None) -> FloatArray:
    """Rows (N, H) with one more coordinate, of shape (N,) or one number for all; unchanged for None."""
    if last is None:
        return rows
    column = np.asarray(last, np.float64)
    if column.shape not in ((), (len(rows),)) or not np.isfinite(column).all():
        raise ValueError(f"biases must be finite, of shape ({len(rows)},), got {column} of shape {column.shape}")
    return np.column_stack([rows, np.broadcast_to(column, len(rows))])


def _check_classes(classes: Sequence[int], num_classes: int) -> list[int]:
    """Two or three different classes in range, as a list that indexes rows."""
    chosen = list(classes)
    if len(chosen) not in (2, 3) or len(set(chosen)) < len(chosen):
        raise ValueError(f"classes must be two or three different ones, got {chosen}")
    if not all(0 <= k < num_classes for k in chosen):
        raise ValueError(f"classes must be in 0..{num_classes - 1}, got {chosen}")
    return chosen


def _matrix(name: str, values: ArrayLike, units: int | None) -> FloatArray:
    """Finite float64 matrix, with the number of columns checked where it is known."""
    matrix = np.asarray(values, np.float64)
    if matrix.ndim != 2 or matrix.shape[1] == 0 or units not in (None, matrix.shape[1]):
        raise ValueError(f"{name} must have shape (N, {units or 'H'}), got {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} must be finite, got {matrix[~np.isfinite(matrix)][0]}")
    return matrix
