"""Pictures of a run are made once, whoever asks and however the run has come in."""

import math
from typing import Any

import numpy as np
import pytest

from labelsmooth.calibration import null_ece, softmax
from labelsmooth.dashboard.gallery import Gallery, null_bands, optima
from labelsmooth.setups import TrainingSetup
from labelsmooth.training import train

SETUP = TrainingSetup(dataset="moons", train_size=60, hidden=(8,), epochs=4, seeds=(0, 1))


def test_frames_do_not_depend_on_how_the_run_came_in() -> None:
    snapshots = tuple(train(SETUP))
    at_once, one_by_one = Gallery(SETUP, (0, 1)), Gallery(SETUP, (0, 1))
    for count in range(1, len(snapshots) + 1):
        last = one_by_one.wall(snapshots[:count], "own")
    whole = at_once.wall(snapshots, "own")
    assert (last.live, last.curves, last.boundary) == (whole.live, whole.curves, whole.boundary)
    assert last.boundary is not None
    assert len(last.live.frames) == len(last.boundary.frames) == len(last.curves.frames) == 5


def test_all_viewers_get_the_same_objects() -> None:
    gallery, snapshots = Gallery(SETUP, (0, 1)), tuple(train(SETUP))
    own = gallery.wall(snapshots, "own")
    assert gallery.wall(snapshots, "common") is not own
    assert gallery.wall(snapshots, "own") is own
    # Somebody whose page is a tick behind gets a shorter film with the same frames.
    assert gallery.wall(snapshots[:2], "own").live.frames == own.live.frames[:2]


@pytest.mark.parametrize(("convention", "train_gap", "test_gap", "train_loss"), [
    ("uniform", (math.inf, 4.510860), (2.772589, 2.544678), (0, 0.500288)),
    ("others", (math.inf, 4.394449), (2.772589, 2.519998), (0, 0.544805)),
])  # fmt: skip
def test_optima_are_those_of_memorised_and_of_noisy_labels(
    convention: Any, train_gap: tuple[float, float], test_gap: tuple[float, float], train_loss: tuple[float, float]
) -> None:
    found = optima(TrainingSetup(label_noise=0.4, epsilons=(0.0, 0.1), convention=convention))
    np.testing.assert_allclose(found.train_gap, train_gap, atol=1e-6)
    np.testing.assert_allclose(found.test_gap, test_gap, atol=1e-6)
    np.testing.assert_allclose(found.train_loss, train_loss, atol=1e-6)


def test_clean_labels_ask_for_no_particular_test_gap() -> None:
    assert all(math.isnan(gap) for gap in optima(TrainingSetup(label_noise=0.0)).test_gap)


def test_the_last_wall_stays_for_whoever_waits() -> None:
    gallery, snapshots = Gallery(SETUP, (0, 1)), tuple(train(SETUP))
    assert gallery.latest() is None
    gallery.wall(snapshots[:2], "common")
    last = gallery.wall(snapshots, "own")
    assert gallery.latest() is last
    assert last.snapshot is snapshots[-1]


def test_each_model_has_its_own_null_band() -> None:
    *_, last = train(SETUP)
    hard, smoothed = null_bands(last)
    assert Gallery(SETUP, (0, 1)).wall([last], "own").null == (hard, smoothed)
    assert hard == null_ece(softmax(last.test.logits[0]).max(-1))
    assert hard != smoothed
    assert 0 < smoothed.low < smoothed.median < smoothed.high


def test_the_caption_tells_the_numbers_of_the_shown_seed() -> None:
    snapshots = tuple(train(SETUP))
    caption = Gallery(SETUP, (0, 1)).wall(snapshots, "own").live.frames[-1]["caption"]
    hard, smoothed = 100 * snapshots[-1].accuracy[0]
    assert f"Seed 0: accuracy {hard:.1f} % hard, {smoothed:.1f} % smoothed" in caption


def test_what_a_follower_makes_ahead_is_what_is_hung() -> None:
    ahead, snapshots = Gallery(SETUP, (0, 1)), tuple(train(SETUP))
    ahead.develop(snapshots)
    made = ahead._album.pages(snapshots)
    hung = ahead.wall(snapshots, "own")
    assert all(frame is page.live for frame, page in zip(hung.live.frames, made, strict=True))
    assert hung.null is made[-1].null
