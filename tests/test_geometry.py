"""Laws of the template plane, class separation and neural collapse."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist
from sklearn.decomposition import PCA

from labelsmooth.geometry import TemplatePlane, class_separation, neural_collapse, template_plane

Floats = NDArray[np.float64]
CLASSES = (3, 5, 8)


def network(seed: int, units: int = 16, examples: int = 60) -> tuple[Floats, Floats, Floats]:
    """Weights (10, H), biases (10,) and non-negative features (N, H)."""
    generator = np.random.default_rng(seed)
    features = np.maximum(generator.normal(size=(examples, units)) * np.arange(1, units + 1), 0)
    return generator.normal(size=(10, units)), generator.normal(size=10), features


def rotation(seed: int, size: int) -> Floats:
    """A random orthogonal matrix."""
    return np.asarray(np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0])


def grouped(seed: int) -> tuple[Floats, NDArray[np.intp]]:
    """Features (N, H) of four classes of different sizes."""
    generator = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2, 3], [5, 9, 14, 3])
    return generator.normal(size=(31, 6)) + generator.normal(size=(4, 6))[labels] * 2, labels


@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_class_a_is_left_b_right_c_up_and_the_triangle_keeps_its_shape(seed: int, with_bias: bool) -> None:
    weights, biases, _ = network(seed)
    plane = template_plane(weights, CLASSES, biases if with_bias else None)
    (ax, ay), (bx, by), (_, cy) = plane.templates
    assert ax < bx
    assert ay == pytest.approx(by)
    assert cy > ay
    templates = np.column_stack([weights, biases]) if with_bias else weights
    np.testing.assert_allclose(pdist(plane.templates), pdist(templates[list(CLASSES)]))
    np.testing.assert_allclose(plane.templates.sum(axis=0), 0, atol=1e-12)
    axes = np.vstack([plane.basis, plane.offset])
    np.testing.assert_allclose(axes.T @ axes, np.eye(2), atol=1e-12)
    assert not plane.degenerate


def test_plane_by_hand() -> None:
    plane = template_plane([[0, 0, 3], [4, 0, 3], [1, 6, 3]], classes=(0, 1, 2))
    np.testing.assert_allclose(plane.basis, [[1, 0], [0, 1], [0, 0]])
    np.testing.assert_allclose(plane.templates, [[-5 / 3, -2], [7 / 3, -2], [-2 / 3, 4]])
    np.testing.assert_allclose(plane.project([[7, 8, 9]]), [[7, 8]])
    swapped = template_plane([[0, 0, 3], [4, 0, 3], [1, 6, 3]], classes=(1, 0, 2))
    np.testing.assert_allclose(swapped.project([[7, 8, 9]]), [[-7, 8]])


@pytest.mark.parametrize("classes", [CLASSES, (5, 3)])
@pytest.mark.parametrize("with_bias", [False, True])
def test_point_times_template_is_the_centred_logit(classes: tuple[int, ...], with_bias: bool) -> None:
    weights, biases, features = network(0)
    biases = biases if with_bias else np.zeros(10)
    plane = template_plane(weights, classes, biases if with_bias else None, features)
    logits = (features @ weights.T + biases)[:, list(classes)]
    np.testing.assert_allclose(
        plane.project(features) @ plane.templates.T,
        logits - logits.mean(axis=1, keepdims=True),
        atol=1e-10 * np.abs(logits).max(),
    )


def test_a_rotation_of_the_units_changes_nothing() -> None:
    weights, biases, features = network(1)
    turn = rotation(2, 16)
    for classes, sign_is_free in ((CLASSES, False), ((0, 9), True)):
        points, turned = (
            template_plane(weights @ q, classes, biases, features @ q).project(features @ q) for q in (np.eye(16), turn)
        )
        if sign_is_free:
            points, turned = np.abs(points), np.abs(turned)
        np.testing.assert_allclose(turned, points, atol=1e-9)


@pytest.mark.parametrize("with_bias", [False, True])
def test_a_small_change_of_the_templates_moves_the_picture_a_little(with_bias: bool) -> None:
    start, biases, features = network(3)
    end, later_biases, _ = network(4)
    frames = []
    for t in np.linspace(0, 1, 501):
        moved = (1 - t) * biases + t * later_biases if with_bias else None
        plane = template_plane((1 - t) * start + t * end, CLASSES, moved)
        frames.append(np.vstack([plane.project(features), 10 * plane.templates]))
    steps = np.linalg.norm(np.diff(frames, axis=0), axis=(1, 2))
    way = np.linalg.norm(frames[-1] - frames[0])
    assert steps.max() < 0.01 * way
    assert way > 0.5 * np.linalg.norm(frames[0])


def test_two_classes_show_the_logit_difference_and_the_main_direction_of_the_rest() -> None:
    weights, biases, features = network(5)
    plane = template_plane(weights, (2, 7), features=features)
    x, y = plane.project(features).T
    difference = weights[7] - weights[2]
    length = float(np.linalg.norm(difference))
    np.testing.assert_allclose(x, features @ difference / length)
    rest = features - np.outer(features @ difference, difference) / length**2
    peer = PCA(1, svd_solver="full").fit_transform(rest)[:, 0]
    np.testing.assert_allclose(y, peer * np.sign(peer @ y), atol=1e-9)
    np.testing.assert_allclose(plane.templates, np.outer([-length / 2, length / 2], [1, 0]), atol=1e-12)
    assert plane.basis[:, 1].sum() > 0
    assert y.mean() == pytest.approx(0)
    shown = template_plane(weights, (2, 7), biases, features).project(features)[:, 0]
    with_bias = np.hypot(length, biases[7] - biases[2])
    np.testing.assert_allclose(shown, (features @ difference + biases[7] - biases[2]) / with_bias)


def test_the_film_of_two_classes_never_flips() -> None:
    spread = np.random.default_rng(0).normal(size=(40, 1))
    weights = np.array([[-1.0, 0, 0], [1.0, 0, 0]])
    alone, film = [], []
    previous: TemplatePlane | None = None
    for angle in np.linspace(0, 2 * np.pi, 200):
        features = spread * np.array([0, np.cos(angle), np.sin(angle)])
        previous = template_plane(weights, (0, 1), features=features, previous=previous)
        film.append(previous.project(features))
        alone.append(template_plane(weights, (0, 1), features=features).project(features))
    largest_step = [np.abs(np.diff(frames, axis=0)).max() for frames in (film, alone)]
    assert largest_step[0] < 0.01
    assert largest_step[1] > 1  # what the previous plane is for: on its own, a frame cannot know


@pytest.mark.parametrize("units", [1, 2, 5])
@pytest.mark.parametrize("classes", [(0, 1, 2), (0, 1)])
@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize("kind", ["zero", "equal", "collinear", "first two equal"])
def test_degenerate_templates_draw_something_finite(
    kind: str, with_bias: bool, classes: tuple[int, ...], units: int
) -> None:
    one, two = np.random.default_rng(units).normal(size=(2, units + 1))
    templates = {
        "zero": np.zeros((3, units + 1)),
        "equal": np.stack([one, one, one]),
        "collinear": np.stack([one, 2 * one, 4 * one]),
        "first two equal": np.stack([one, one, two]),
    }[kind]
    features = np.outer(np.arange(4.0), np.zeros(units))  # a dead layer
    plane = template_plane(templates[:, :-1], classes, templates[:, -1] if with_bias else None, features)
    assert plane.degenerate
    assert np.isfinite(plane.project(features)).all()
    axes = np.vstack([plane.basis, plane.offset]) if with_bias else plane.basis
    np.testing.assert_allclose(axes.T @ axes, np.diag([1, len(axes) > 1]), atol=1e-12)
    chosen = templates[list(classes), : units + with_bias]
    np.testing.assert_allclose(pdist(plane.templates), pdist(chosen), atol=1e-12)


def test_two_classes_without_rows_have_a_free_axis() -> None:
    plane = template_plane(np.eye(2), (0, 1), features=np.zeros((0, 2)))
    assert plane.degenerate
    assert plane.project(np.zeros((0, 2))).shape == (0, 2)


def test_templates_are_resized_to_the_radius_of_the_points() -> None:
    plane = template_plane([[-1, -1], [1, -1], [0, 2]], (0, 1, 2))
    points = np.array([[3.0, 4.0], [0.0, 5.0]])
    resized = plane.templates_at_scale_of(points)
    assert np.square(resized).sum(axis=1).mean() == pytest.approx(25)
    np.testing.assert_allclose(resized, plane.templates * 5 / np.sqrt(8 / 3))
    for nothing in (np.zeros((0, 2)), np.zeros((4, 2))):
        np.testing.assert_array_equal(plane.templates_at_scale_of(nothing), plane.templates)


@pytest.mark.parametrize(
    ("features", "labels", "separation"),
    [
        ([(1, 0), (0, 1), (-1, 0), (0, -1)], [0, 0, 1, 1], 1 - 0.5 / 1),
        ([(3, 0), (0, 0.1), (0, 7), (0, 2)], [4, 4, 9, 9], 1 - 0.25 / 0.375),
        ([(1, 0), (2, 0), (0, 3), (0, 4)], [0, 0, 1, 1], 1.0),
        ([(1, 0), (0, 1)], [0, 0], 0.0),
        ([(0, 0), (1, 0)], [0, 1], 1 - 0.5 / 0.75),
        ([(1, 2), (2, 4), (0.1, 0.2)], [0, 1, 1], np.nan),
        (np.zeros((0, 2)), [], np.nan),
    ],
    ids=["by hand", "scale", "single directions", "one class", "zero row", "parallel", "no rows"],
)
def test_class_separation_by_hand(features: Floats, labels: list[int], separation: float) -> None:
    assert class_separation(features, labels) == pytest.approx(separation, nan_ok=True)


def test_class_separation_is_the_mean_over_all_pairs() -> None:
    features, labels = grouped(0)
    distance = cdist(features, features, "cosine")
    blocks = [[distance[np.ix_(labels == j, labels == k)].mean() for k in range(4)] for j in range(4)]
    expected = 1 - np.trace(blocks) / 4 / np.mean(blocks)
    assert class_separation(features, labels) == pytest.approx(expected)
    assert class_separation(7 * features @ rotation(1, 6), labels + 5) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("features", "labels", "nc1"),
    [
        ([(-1.5,), (-0.5,), (0.5,), (1.5,)], [0, 0, 1, 1], 1 / 8),
        ([(2, 0), (4, 0), (0, 2), (0, 4), (-3, -3), (-3, -3)], [0, 0, 1, 1, 2, 2], 4 / 81),
        ([(-1, 5), (-1, -5), (1, 5), (1, -5)], [0, 0, 1, 1], 0.0),
        ([(1, 0), (1, 0), (0, 1)], [3, 3, 8], 0.0),
        ([(-1, 0), (1, 0), (0, -1), (0, 1)], [0, 0, 1, 1], np.nan),
        ([(0.1, 0.7)] * 7, [0, 0, 0, 1, 1, 1, 1], np.nan),
        ([(1, 0), (0, 1)], [0, 0], np.nan),
        (np.zeros((0, 2)), [], np.nan),
    ],
    ids=[
        "1-D",
        "2-D",
        "spread off the axis",
        "collapsed",
        "equal means",
        "dead layer",
        "one class",
        "no rows",
    ],
)
def test_neural_collapse_by_hand(features: Floats, labels: list[int], nc1: float) -> None:
    assert neural_collapse(features, labels) == pytest.approx(nc1, abs=1e-12, nan_ok=True)


def test_neural_collapse_is_the_trace_with_the_pseudo_inverse() -> None:
    features, labels = grouped(1)
    means = np.array([features[labels == k].mean(axis=0) for k in range(4)])
    within = np.mean([np.cov(features[labels == k].T, bias=True) for k in range(4)], axis=0)
    between = np.cov(means.T, bias=True)
    expected = np.trace(within @ np.linalg.pinv(between, rcond=1e-12, hermitian=True)) / 4
    assert neural_collapse(features, labels) == pytest.approx(expected)
    assert neural_collapse(7 * features @ rotation(1, 6) + 3, labels + 5) == pytest.approx(expected)


WEIGHTS = np.eye(4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: template_plane(WEIGHTS, (0, 1, 4)), r"in 0\.\.3, got \[0, 1, 4\]"),
        (lambda: template_plane(WEIGHTS, (0, 1, 1)), r"two or three different ones, got \[0, 1, 1\]"),
        (lambda: template_plane(WEIGHTS, (0,)), r"two or three different ones, got \[0\]"),
        (lambda: template_plane(WEIGHTS[0], (0, 1, 2)), r"weights must have shape \(N, H\), got \(4,\)"),
        (lambda: template_plane(WEIGHTS * np.nan, (0, 1, 2)), "weights must be finite, got nan"),
        (lambda: template_plane(WEIGHTS, (0, 1, 2), [1.0, 2.0]), r"biases must be finite, of shape \(4,\)"),
        (lambda: template_plane(WEIGHTS, (0, 1)), r"needs features of shape \(N, H\), got none"),
        (lambda: template_plane(WEIGHTS, (0, 1), features=np.ones((2, 3))), r"shape \(N, 4\), got \(2, 3\)"),
        (
            lambda: template_plane(WEIGHTS, (0, 1, 2)).project(np.ones((2, 3))),
            r"shape \(N, 4\), got \(2, 3\)",
        ),
        (lambda: class_separation(WEIGHTS, [0, 1]), r"labels must have shape \(4,\), got \(2,\)"),
        (lambda: neural_collapse([[np.inf]], [0]), "features must be finite, got inf"),
    ],
)
def test_errors_name_the_range_and_the_value(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
