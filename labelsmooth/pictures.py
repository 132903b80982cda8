"""The numbers behind the pictures of one snapshot: clusters, confidence histogram, reliability.

Legend: E epsilons, N examples, n examples drawn of a class, H penultimate units, K classes, M bins.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelsmooth.calibration import ReliabilityCurve, reliability_curve, softmax
from labelsmooth.geometry import TemplatePlane, template_plane
from labelsmooth.snapshots import Part, Snapshot

BINS = 15
DRAWN = 120  # examples a class: more would only hide each other


@dataclass(frozen=True, eq=False)
class ModelPicture:
    """One model: points (n, 2) of each projected class, their templates (2 or 3, 2), and its reliability."""

    clusters: tuple[np.ndarray, ...]
    templates: np.ndarray
    plane: TemplatePlane
    curve: ReliabilityCurve

    @property
    def share(self) -> np.ndarray:
        """Share (M,) of the test examples in each bin of confidence."""
        return self.curve.bin_count / self.curve.n

    @property
    def radius(self) -> float:
        """Root-mean-square distance of all points from the origin; 1 where all lie in it."""
        points = np.concatenate(self.clusters)
        return float(np.sqrt(np.square(points).sum() / max(len(points), 1))) or 1.0


@dataclass(frozen=True, eq=False)
class Picture:
    """Both models after one epoch: trained on hard labels, and smoothed."""

    epoch: int
    hard: ModelPicture
    smoothed: ModelPicture


def picture(snapshot: Snapshot, classes: Sequence[int], previous: Picture | None = None) -> Picture:
    """The test part of the first and the last epsilon; `previous` keeps the orientation of two classes."""
    before = (None, None) if previous is None else (previous.hard, previous.smoothed)
    hard, smoothed = (
        model_picture(snapshot, column, classes, model) for column, model in zip((0, -1), before, strict=True)
    )
    return Picture(snapshot.epoch, hard, smoothed)


def epsilon_pictures(snapshot: Snapshot, classes: Sequence[int]) -> tuple[ModelPicture, ...]:
    """The test part of every epsilon, E pictures; that of two classes is oriented like its neighbour."""
    pictures: list[ModelPicture] = []
    for column in range(len(snapshot.weights)):
        pictures.append(model_picture(snapshot, column, classes, pictures[-1] if pictures else None))
    return tuple(pictures)


def model_picture(
    snapshot: Snapshot, column: int, classes: Sequence[int], previous: ModelPicture | None = None
) -> ModelPicture:
    """The test part of one epsilon; `previous`, the picture before it, keeps the orientation of two classes."""
    part = snapshot.test
    rows = _drawn_rows(part, classes)
    features = part.features[column]
    plane = template_plane(
        snapshot.weights[column].T,
        classes,
        snapshot.biases[column],
        features=features[np.concatenate(rows)] if len(classes) == 2 else None,
        previous=None if previous is None else previous.plane,
    )
    clusters = tuple(plane.project(features[of_class]) for of_class in rows)
    # Of two classes only x belongs to the templates: y would make their segment too long.
    in_plane = np.array([1.0, 1.0 if len(classes) > 2 else 0.0])
    templates = plane.templates_at_scale_of(np.concatenate(clusters) * in_plane)
    curve = reliability_curve(softmax(part.logits[column]), part.labels, BINS)
    return ModelPicture(clusters, templates, plane, curve)


def _drawn_rows(part: Part, classes: Sequence[int]) -> list[np.ndarray]:
    """Rows of the first DRAWN examples of each class."""
    return [np.flatnonzero(part.labels == label)[:DRAWN] for label in classes]
