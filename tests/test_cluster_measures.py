"""Laws of the cluster measures of many runs: hand values, the functions for one run, and what a run cannot do."""

from typing import Any

import numpy as np
import pytest
import torch

from labelsmooth.cluster_measures import cluster_measures
from labelsmooth.geometry import class_separation, neural_collapse

NAN = np.nan
Points = list[tuple[float, ...]]
# points, labels, and the measures by hand
HAND: list[tuple[Points, list[int], dict[str, float]]] = [
    ([(-1.5,), (-0.5,), (0.5,), (1.5,)], [0, 0, 1, 1], {"nc1": 1 / 8, "within": 0.5, "between": 2, "separation": 1}),
    ([(2, 0), (4, 0), (0, 2), (0, 4), (-3, -3), (-3, -3)], [0, 0, 1, 1, 2, 2],
     {"nc1": 4 / 81, "within": (2 / 3) ** 0.5, "between": ((18 + 45 + 45) / 3) ** 0.5}),
    ([(-1, 5), (-1, -5), (1, 5), (1, -5)], [1, 1, 0, 0], {"nc1": 0, "within": 5, "between": 2}),
    ([(1, 0), (0, 1), (-1, 0), (0, -1)], [0, 0, 1, 1], {"separation": 1 - 0.5 / 1}),
    ([(3, 0), (0, 0.1), (0, 7), (0, 2)], [0, 0, 1, 1], {"separation": 1 - 0.25 / 0.375}),
    # Classes of unequal size count alike, and a label that does not occur counts nothing.
    ([(0,), (2,), (5,)], [0, 0, 3], {"within": ((1 + 0) / 2) ** 0.5, "between": 4, "nc1": 0.5 / (2 * 2**2)}),
    ([(0,), (3,), (6,)], [2, 0, 1], {"within": 0, "between": ((9 + 9 + 36) / 3) ** 0.5, "nc1": 0}),
    # Where there is nothing to measure.
    ([(1, 2), (3, 4)], [1, 1], {"separation": 0, "within": 2**0.5, "between": NAN, "nc1": NAN}),
    ([(1, 0), (3, 0)], [0, 1], {"separation": NAN, "within": 0, "between": 2, "nc1": 0}),
    ([(0, 0), (0, 0)], [0, 1], {"separation": 0, "within": 0, "between": 0, "nc1": NAN}),
    ([(3, 0), (0, 0)], [0, 0], {"separation": 0, "within": 1.5}),
]  # fmt: skip


def run_by_run(features: torch.Tensor, labels: torch.Tensor) -> dict[str, list[float]]:
    """The same measures from the functions for one run, and from all pairs and all rows."""
    found: dict[str, list[float]] = {"separation": [], "within": [], "between": [], "nc1": []}
    for rows, index in zip(features.mT.double().numpy(), labels.numpy(), strict=True):
        groups = [rows[index == k] for k in np.unique(index)]
        means = [group.mean(0) for group in groups]
        spread = [np.square(group - mean).sum(1).mean() for group, mean in zip(groups, means, strict=True)]
        pairs = [np.square(a - b).sum() for a in means for b in means if a is not b]
        found["separation"].append(class_separation(rows, index))
        found["nc1"].append(neural_collapse(rows, index))
        found["within"].append(float(np.sqrt(np.mean(spread))))
        found["between"].append(float(np.sqrt(np.mean(pairs))) if pairs else NAN)
    return found


def assert_close(measured: dict[str, np.ndarray], expected: dict[str, Any]) -> None:
    assert measured.keys() == {"separation", "within", "between", "nc1"}
    for name, values in expected.items():
        assert measured[name].dtype == np.float64
        np.testing.assert_allclose(measured[name], values, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize(("points", "labels", "expected"), HAND)
def test_hand_values(points: Points, labels: list[int], expected: dict[str, float]) -> None:
    features = torch.tensor([points] * 2, dtype=torch.float64).mT
    measured = cluster_measures(features, torch.tensor([labels] * 2))
    assert_close(measured, {name: [value] * 2 for name, value in expected.items()})


@pytest.mark.parametrize(("units", "examples", "classes"), [(64, 300, 10), (7, 57, 3), (2, 101, 5), (33, 16, 2)])
def test_measures_are_those_of_each_run_alone(units: int, examples: int, classes: int) -> None:
    random = np.random.default_rng(0)
    labels = random.integers(classes, size=(5, examples))
    labels[1] = random.choice([0, classes - 1], examples)
    sizes = np.array([1e-3, 1, 1, 30, 1e4])[:, None, None]
    centres = random.normal(size=(5, classes, units)).transpose(0, 2, 1)
    near = np.take_along_axis(centres, labels[:, None], 2) + random.normal(0, 0.2, (5, units, examples))
    features = torch.from_numpy(np.maximum(sizes * near, 0).astype(np.float32))
    given = torch.from_numpy(labels)
    assert_close(cluster_measures(features, given), run_by_run(features, given))


def test_classes_that_are_points_far_away_have_no_width() -> None:
    """Far: what float64 loses of the squares must stay below what float32 features can tell."""
    centres = 1000 + torch.eye(4)[:, :3]
    labels = torch.arange(3).repeat(1, 20)
    measured = cluster_measures(centres[:, labels[0]][None], labels)
    assert measured["nc1"] == pytest.approx(0, abs=1e-9)
    assert measured["within"] == pytest.approx(0, abs=1e-4)
    assert measured["between"] == pytest.approx(2**0.5, rel=1e-9)


def test_scale_changes_distances_alone_and_a_turn_changes_nothing() -> None:
    features, labels = torch.randn(3, 6, 50, dtype=torch.float64), torch.arange(50).repeat(3, 1) % 4
    turn, _ = torch.linalg.qr(torch.randn(6, 6, dtype=torch.float64))
    before, after = cluster_measures(features, labels), cluster_measures(7 * turn @ features, labels)
    assert_close(after, {name: (7 if name in ("within", "between") else 1) * before[name] for name in before})


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, 3e38])
def test_a_run_whose_features_overflow_is_unknown_and_its_neighbours_are_not(poison: float) -> None:
    features, labels = torch.randn(3, 5, 40), torch.arange(40).repeat(3, 1) % 3
    healthy = cluster_measures(features, labels)
    features[1] *= poison
    measured = cluster_measures(features, labels)
    for name, values in measured.items():
        np.testing.assert_array_equal(values[[0, 2]], healthy[name][[0, 2]])
        assert np.isnan(values[1])
