"""Penultimate clusters of both models in training and test part, and what the bias does to them.

Legend: N examples, n examples drawn of a class, H penultimate units, K classes, C = 2 or 3 classes shown,
D = H + 1: features with a constant 1, and templates with their bias.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from labelsmooth.geometry import NEGLIGIBLE, TemplatePlane, template_plane
from labelsmooth.snapshots import Part, Snapshot

DRAWN = 150  # examples in a part, all classes alike: four panels of more make a film too heavy


@dataclass(frozen=True, eq=False)
class Cluster:
    """Examples of one class in one part: points (n, 3), and each (n,) their rows, right labels and predictions.

    The class is that of the label given. The third coordinate is 0 where a model has no `rest`.
    """

    label: int
    points: np.ndarray
    rows: np.ndarray
    clean: np.ndarray
    predicted: np.ndarray

    @property
    def wrong(self) -> np.ndarray:
        """Where (n,) the label given is not the right one."""
        return self.clean != self.label


@dataclass(frozen=True, eq=False)
class ModelClusters:
    """One model: clusters of both parts, templates (C, 2) at their scale, its plane, and the third axis `rest` (H,).

    `rest` is the main direction of what the plane leaves of the test part: None for two classes, which have it in
    their plane, for fewer than three units, and without spread.
    """

    train: tuple[Cluster, ...]
    test: tuple[Cluster, ...]
    templates: np.ndarray
    plane: TemplatePlane
    rest: np.ndarray | None


@dataclass(frozen=True, eq=False)
class ClusterPicture:
    """Both models after one epoch: trained on hard labels, and smoothed."""

    epoch: int
    hard: ModelClusters
    smoothed: ModelClusters

    @property
    def solid(self) -> bool:
        """Whether there is a third dimension to look at."""
        return self.hard.rest is not None and self.smoothed.rest is not None


def cluster_picture(
    snapshot: Snapshot, shown: Sequence[int], with_bias: bool, previous: ClusterPicture | None = None
) -> ClusterPicture:
    """The first and the last epsilon of one epoch; `previous` keeps the orientation of the axes without a template.

    With the bias a template has it as one more coordinate and features a constant 1 there; without, templates are
    the weights alone.
    """
    before = (None, None) if previous is None else (previous.hard, previous.smoothed)
    hard, smoothed = (
        _model(snapshot, column, shown, with_bias, model) for column, model in zip((0, -1), before, strict=True)
    )
    return ClusterPicture(snapshot.epoch, hard, smoothed)


def _model(
    snapshot: Snapshot, column: int, shown: Sequence[int], with_bias: bool, previous: ModelClusters | None
) -> ModelClusters:
    """All clusters of one epsilon in one system of axes."""
    features = snapshot.test.features[column, np.concatenate(_drawn(snapshot.test, shown))].astype(np.float64)
    plane = _plane(snapshot, column, shown, with_bias, None if previous is None else previous.plane)
    rest = None
    if len(shown) == 3 and features.shape[1] >= 3:
        rest = _main_rest(plane, features, with_bias, None if previous is None else previous.rest)
    third = np.zeros(features.shape[1]) if rest is None else rest
    middle = features.mean(axis=0) @ third

    def clusters(part: Part) -> tuple[Cluster, ...]:
        found = []
        for label, rows in zip(shown, _drawn(part, shown), strict=True):
            of_class = part.features[column, rows]
            points = np.column_stack([plane.project(of_class), of_class @ third - middle])
            predicted = part.logits[column, rows].argmax(axis=1)
            found.append(Cluster(label, points, rows, part.clean_labels[rows], predicted))
        return tuple(found)

    train, test = clusters(snapshot.train), clusters(snapshot.test)
    flat = np.concatenate([cluster.points[:, :2] for cluster in (*train, *test)])
    # Of two classes only x belongs to the templates: y would make their segment too long.
    flat *= [1.0, 1.0 if len(shown) > 2 else 0.0]
    return ModelClusters(train, test, plane.templates_at_scale_of(flat), plane, rest)


def _drawn(part: Part, shown: Sequence[int]) -> list[np.ndarray]:
    """Rows of the first examples of each class, by the label given: the same ones at every epoch."""
    return [np.flatnonzero(part.labels == label)[: DRAWN // len(shown)] for label in shown]


def _plane(
    snapshot: Snapshot, column: int, shown: Sequence[int], with_bias: bool, previous: TemplatePlane | None = None
) -> TemplatePlane:
    """The plane of the templates of one epsilon, with or without their biases."""
    two = len(shown) == 2
    return template_plane(
        snapshot.weights[column].T,
        shown,
        snapshot.biases[column] if with_bias else None,
        features=snapshot.test.features[column, np.concatenate(_drawn(snapshot.test, shown))] if two else None,
        previous=previous,
    )


def _axes(plane: TemplatePlane, with_bias: bool) -> np.ndarray:
    """The orthonormal axes (D, 2) of the plane of three classes; of two classes only the first column is one."""
    return np.vstack([plane.basis, plane.offset * with_bias])


def _main_rest(
    plane: TemplatePlane, features: np.ndarray, with_bias: bool, previous: np.ndarray | None
) -> np.ndarray | None:
    """The first principal axis (H,) of features (n, H) without their part in the plane, None without spread."""
    axes = _axes(plane, with_bias)
    points = np.column_stack([features - features.mean(axis=0), np.zeros(len(features))])
    rest = points - points @ axes @ axes.T
    # Examples are few and units may be many: the matrix of scalar products of examples is the small one.
    last = len(rest) - 1
    (variance,), vectors = eigh(rest @ rest.T, subset_by_index=[last, last])
    if variance <= (NEGLIGIBLE * np.linalg.norm(points)) ** 2:
        return None
    axis = (rest.T @ vectors[:, 0])[:-1] / math.sqrt(variance)
    reference = np.ones(len(axis)) if previous is None else previous
    return -axis if axis @ reference < 0 else axis


def image_codes(snapshot: Snapshot, shown: Sequence[int], side: int = 8) -> dict[str, int | list[str]]:
    """The drawn examples as pictures of side x side pixels: a string each, one digit to the base 17 a pixel."""
    digits = np.array(list("0123456789abcdefg"))

    def codes(part: Part) -> list[str]:
        pixels = part.inputs[np.concatenate(_drawn(part, shown))]  # in 0..1, as 17 levels
        assert pixels.shape[1] == side**2, f"inputs of {pixels.shape[1]} features are no {side} x {side} pictures"
        return ["".join(row) for row in digits[np.rint(pixels * 16).astype(int)]]

    return {"side": side, "train": codes(snapshot.train), "test": codes(snapshot.test)}


@dataclass(frozen=True)
class BiasShare:
    """What the bias does to the picture of one model.

    `angle` is the largest angle between the planes with and without it, in degrees, in the space of features and a
    constant 1 (of two classes: between their x axes). `shift` is the root-mean-square way that test examples of the
    classes shown move, over their root-mean-square distance from the origin with the bias. `changed` is the share of
    them for which another of the classes shown has the largest logit once the bias is left out.
    """

    angle: float
    shift: float
    changed: float


def bias_share(snapshot: Snapshot, shown: Sequence[int]) -> tuple[BiasShare, BiasShare]:
    """What the bias does to the pictures of hard labels and smoothed."""
    hard, smoothed = (_bias_share(snapshot, column, shown) for column in (0, -1))
    return hard, smoothed


def _bias_share(snapshot: Snapshot, column: int, shown: Sequence[int]) -> BiasShare:
    part = snapshot.test
    rows = np.isin(part.labels, shown)
    kept = slice(None) if len(shown) == 3 else slice(1)  # of two classes only x belongs to the templates
    planes = [(_plane(snapshot, column, shown, with_bias), with_bias) for with_bias in (True, False)]
    true, bare = (_axes(*plane)[:, kept] for plane in planes)
    features = np.column_stack([part.features[column, rows], np.ones(rows.sum())])
    points, moved = features @ true, features @ (true - bare)
    radius = np.linalg.norm(points)
    logits = part.logits[column, rows][:, list(shown)]
    without = logits - snapshot.biases[column, list(shown)]
    smallest = np.linalg.svd(true.T @ bare, compute_uv=False).min()
    return BiasShare(
        angle=math.degrees(math.acos(min(smallest, 1.0))),
        shift=float(np.linalg.norm(moved) / radius) if radius > 0 else 0.0,
        changed=float(np.mean(logits.argmax(1) != without.argmax(1))),
    )


def bias_sentence(hard: BiasShare, smoothed: BiasShare) -> str:
    """What leaving the bias out of the templates changes, in numbers."""
    return (
        f"Without the bias the plane is turned by {hard.angle:.1f}° on hard labels and {smoothed.angle:.1f}° smoothed, "
        f"the test examples move by {hard.shift:.1%} and {smoothed.shift:.1%} of their distance from the origin, and "
        f"for {hard.changed:.1%} and {smoothed.changed:.1%} of them another of the classes shown seems to win. With "
        "the bias the origin is where the classes shown have equal logits; without it that holds only before the bias."
    ).replace("%", " %")
