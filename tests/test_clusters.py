"""Clusters of both parts lie in one plane, the bias moves them as computed by hand, and sentences go either way."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from conftest import MakeSnapshot

from labelsmooth.clusters import (
    DRAWN,
    bias_sentence,
    bias_share,
    cluster_picture,
    image_codes,
)
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Part, Snapshot
from labelsmooth.tightness import cluster_sentences
from labelsmooth.training import train

SHOWN = (3, 5, 8)
SQRT2 = math.sqrt(2)
# Templates (-1, 0, 0), (1, 0, 0), (0, 3, 0) with biases -1, 1, 0, and one example a class.
WEIGHTS = np.array([[-1.0, 0, 0], [1, 0, 0], [0, 3, 0]]).T
BIASES = np.array([-1.0, 1, 0])
FEATURES = np.array([[1.0, 0, 0], [0, 2, 0], [-0.2, 0, 5]])


@cache
def run(dataset: str = "digits", units: int = 16) -> tuple[Snapshot, ...]:
    return tuple(train(TrainingSetup(dataset, train_size=600, hidden=(units,), epochs=2, seeds=(0, 1))))


def by_hand(make_snapshot: MakeSnapshot, features: np.ndarray = FEATURES) -> Snapshot:
    """Two equal models with the weights above, without bias in the smoothed one."""
    labels = np.arange(len(features)) % 3
    biases = np.stack([BIASES, 0 * BIASES])
    logits = features @ WEIGHTS + biases[:, None]
    part = Part(features, logits, np.stack([features] * 2), labels, labels)
    return make_snapshot(test=part, train=part, weights=np.stack([WEIGHTS] * 2), biases=biases)


@pytest.mark.parametrize(
    ("with_bias", "expected"),
    # right = (1, 0, 0, 1) / sqrt 2 with the bias and (1, 0, 0) without, up = (0, 1, 0, 0)
    [(True, [[SQRT2, 0], [1 / SQRT2, 2], [0.8 / SQRT2, 0]]), (False, [[1, 0], [0, 2], [-0.2, 0]])],
)
def test_points_with_and_without_the_bias_by_hand(
    make_snapshot: MakeSnapshot, with_bias: bool, expected: list[list[float]]
) -> None:
    model = cluster_picture(by_hand(make_snapshot), (0, 1, 2), with_bias).hard
    for clusters in (model.train, model.test):
        np.testing.assert_allclose([cluster.points[0, :2] for cluster in clusters], expected, atol=1e-12)


@pytest.mark.parametrize("with_bias", [True, False])
def test_drawn_points_times_templates_are_the_logits_of_the_classes_shown(with_bias: bool) -> None:
    snapshot = run()[-1]
    picture = cluster_picture(snapshot, SHOWN, with_bias)
    for column, model in ((0, picture.hard), (-1, picture.smoothed)):
        for part, clusters in ((snapshot.train, model.train), (snapshot.test, model.test)):
            for cluster in clusters:
                logits = part.logits[column, cluster.rows][:, SHOWN] - (not with_bias) * snapshot.biases[column, SHOWN]
                products = cluster.points[:, :2] @ model.plane.templates.T
                np.testing.assert_allclose(products, logits - logits.mean(1, keepdims=True), atol=1e-4)


def test_a_cluster_holds_the_first_examples_given_its_label() -> None:
    first, last = (cluster_picture(snapshot, SHOWN, True) for snapshot in (run()[0], run()[-1]))
    snapshot = run()[-1]
    for name in ("train", "test"):
        part = getattr(snapshot, name)
        for column, model in ((0, "hard"), (1, "smoothed")):
            for cluster, label in zip(getattr(getattr(last, model), name), SHOWN, strict=True):
                assert cluster.label == label
                assert len(cluster.rows) == min(DRAWN // 3, np.sum(part.labels == label)) == len(cluster.points)
                assert set(part.labels[cluster.rows]) == {label}
                np.testing.assert_array_equal(cluster.clean, part.clean_labels[cluster.rows])
                np.testing.assert_array_equal(cluster.predicted, part.logits[column, cluster.rows].argmax(1))
    assert [c.rows.tolist() for c in first.hard.train] == [c.rows.tolist() for c in last.smoothed.train]
    assert any(cluster.wrong.any() for cluster in last.hard.train)
    assert not any(cluster.wrong.any() for cluster in last.hard.test)


@pytest.mark.parametrize("with_bias", [True, False])
def test_depth_is_what_the_plane_leaves(make_snapshot: MakeSnapshot, with_bias: bool) -> None:
    # The first unit is constant, the second lies in the plane, so the third is all that is left.
    features = np.array([[2.0, 1, 4], [2, -1, 0], [2, 5, -1]])
    model = cluster_picture(by_hand(make_snapshot, features), (0, 1, 2), with_bias).hard
    np.testing.assert_allclose([cluster.points[0, 2] for cluster in model.test], [3, -1, -2], atol=1e-12)


def test_depth_has_the_largest_spread_of_all_axes_orthogonal_to_the_plane() -> None:
    model = cluster_picture(run()[-1], SHOWN, False).smoothed
    assert model.rest is not None
    np.testing.assert_allclose(model.plane.basis.T @ model.rest, 0, atol=1e-9)
    rows = np.concatenate([cluster.rows for cluster in model.test])
    centred = run()[-1].test.features[-1, rows].astype(float)
    centred -= centred.mean(axis=0)
    rest = centred - centred @ model.plane.basis @ model.plane.basis.T
    depth = np.concatenate([cluster.points[:, 2] for cluster in model.test])
    assert np.square(depth).sum() == pytest.approx(np.linalg.norm(rest, 2) ** 2)


def test_depth_keeps_the_sign_of_the_picture_before() -> None:
    snapshot = run()[-1]
    picture = cluster_picture(snapshot, SHOWN, True)
    assert picture.solid
    assert picture.hard.rest is not None
    turned = replace(picture, hard=replace(picture.hard, rest=-picture.hard.rest))
    after = cluster_picture(snapshot, SHOWN, True, turned)
    for before, other, sign in ((picture.hard, after.hard, -1), (picture.smoothed, after.smoothed, 1)):
        for cluster, same in zip(before.train, other.train, strict=True):
            np.testing.assert_allclose(same.points, cluster.points * [1, 1, sign], atol=1e-9)


def test_two_classes_and_two_units_have_no_depth_and_a_steady_second_axis() -> None:
    assert not cluster_picture(run(units=2)[-1], SHOWN, True).solid
    picture = cluster_picture(run("moons")[-1], (0, 1), True)
    assert not picture.solid
    basis = picture.hard.plane.basis * [1, -1]
    turned = replace(picture, hard=replace(picture.hard, plane=replace(picture.hard.plane, basis=basis)))
    after = cluster_picture(run("moons")[-1], (0, 1), True, turned)
    np.testing.assert_allclose(after.hard.plane.basis, basis, atol=1e-9)
    # The templates of two classes are a segment as long as the points are wide, whatever their height.
    assert np.ptp(picture.hard.templates[:, 1]) == pytest.approx(0)


def test_codes_are_the_pixels_of_the_drawn_examples() -> None:
    snapshot = run()[-1]
    codes = image_codes(snapshot, SHOWN)
    picture = cluster_picture(snapshot, SHOWN, True)
    for name, part in (("train", snapshot.train), ("test", snapshot.test)):
        rows = np.concatenate([cluster.rows for cluster in getattr(picture.hard, name)])
        lists = codes[name]
        assert isinstance(lists, list)
        pixels = [[int(digit, 17) / 16 for digit in code] for code in lists]
        np.testing.assert_array_equal(pixels, part.inputs[rows])


def test_the_share_of_the_bias_by_hand(make_snapshot: MakeSnapshot) -> None:
    hard, smoothed = bias_share(by_hand(make_snapshot), (0, 1, 2))
    # right turns from (1, 0, 0, 0) to (1, 0, 0, 1) / sqrt 2, up stays
    assert hard.angle == pytest.approx(45)
    # x of the points: sqrt 2, 1 / sqrt 2, .8 / sqrt 2 instead of 1, 0, -.2; y: 0, 2, 0
    moved = (SQRT2 - 1) ** 2 + 1 / 2 + (0.8 / SQRT2 + 0.2) ** 2
    assert hard.shift == pytest.approx(math.sqrt(moved / (2 + 1 / 2 + 4 + 0.32)))
    # logits (-2, 2, 0), (-1, 1, 6), (-.8, .8, 0); without the bias (-1, 1, 0), (0, 0, 6), (.2, -.2, 0)
    assert hard.changed == pytest.approx(1 / 3)
    assert (smoothed.angle, smoothed.shift, smoothed.changed) == pytest.approx((0, 0, 0), abs=1e-5)
    sentence = bias_sentence(hard, smoothed)
    for text in ("45.0° on hard labels and 0.0° smoothed", "42.9 % and 0.0 % of their distance", "33.3 % and 0.0 %"):
        assert text in sentence


def test_the_share_of_the_bias_of_two_classes_is_along_their_templates(make_snapshot: MakeSnapshot) -> None:
    hard, smoothed = bias_share(by_hand(make_snapshot), (0, 1))
    assert hard.angle == pytest.approx(45)
    assert hard.shift == pytest.approx(math.sqrt(((SQRT2 - 1) ** 2 + 1 / 2) / (2 + 1 / 2)))
    # (0, 2, 0): logits (-1, 1) with the bias, (0, 0) without, which goes to the first
    assert hard.changed == pytest.approx(1 / 2)
    assert smoothed.shift == pytest.approx(0, abs=1e-9)


def measured(make_snapshot: MakeSnapshot, within: list[list[float]], between: float = 2.0) -> tuple[str, ...]:
    """The sentences on these within-class distances (S, 2); half of them on the training part."""
    width = np.array(within)
    whole = {"within": width, "between": np.full_like(width, between)}
    whole |= {f"train_{name}": values / (2 if name == "within" else 1) for name, values in whole.items()}
    setup = TrainingSetup(seeds=tuple(range(len(width))))
    snapshot = make_snapshot(0.5, seeds=len(width), **whole)
    return cluster_sentences(snapshot, setup)


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        (
            [[2.0, 1.0], [2.1, 1.1], [1.9, 0.9]],
            "the smoothed model has the tighter clusters by the distances; NC1 leaves it undecided. ",
        ),
        (
            [[1.0, 2.0], [1.1, 2.1], [0.9, 1.9]],
            "the hard-label model has the tighter clusters by the distances; NC1 leaves it undecided. ",
        ),
        ([[1.0, 2.0], [2.0, 1.0], [1.5, 1.5]], "it stays undecided which"),
        ([[1.0, 2.0]], "(one seed: no interval)"),
    ],
)
def test_a_sentence_can_turn_out_either_way(
    make_snapshot: MakeSnapshot, within: list[list[float]], expected: str
) -> None:
    for sentence in measured(make_snapshot, within):
        assert expected in sentence


def test_measures_that_disagree_are_both_told(make_snapshot: MakeSnapshot) -> None:
    width = np.array([[2.0, 1.0], [2.1, 1.1], [1.9, 0.9]])
    snapshot = make_snapshot(0.5, seeds=3, within=width, between=np.full_like(width, 2.0), nc1=width[:, ::-1])
    test, _ = cluster_sentences(snapshot, TrainingSetup(seeds=(0, 1, 2)))
    told = (
        "On the test part the smoothed model has the tighter clusters by the distances, the hard-label model by NC1. "
    )
    assert test.startswith(told)


def test_sentences_tell_each_part_by_its_own_numbers(make_snapshot: MakeSnapshot) -> None:
    test, training = measured(make_snapshot, [[2.0, 1.0], [2.1, 1.1], [1.9, 0.9]])
    assert test.startswith("On the test part ")
    assert "from 1.00 to 0.50, by −0.50" in test
    assert "labels given" in training
    assert "from 0.500 to 0.250, by −0.250" in training


@pytest.mark.parametrize(("between", "expected"), [(0.0, "nothing can be compared"), (2.0, "by −0.50")])
def test_seeds_without_clusters_do_not_count(make_snapshot: MakeSnapshot, between: float, expected: str) -> None:
    within = [[2.0, 1.0], [2.1, 1.1], [1.9, 0.9], [math.nan, 1.0]]
    sentence = measured(make_snapshot, within, between)[0]
    assert expected in sentence
    assert ("Without 1 of 4 seeds" in sentence) == (between > 0)
