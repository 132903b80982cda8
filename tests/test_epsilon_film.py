"""The film over epsilon: one picture an epsilon, steady from one to the next, and a page that needs no network."""

import json
import re
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from plotly.offline import get_plotlyjs

from labelsmooth.figures.epsilon import EpsilonView, epsilon_captions, epsilon_figure, epsilon_frames
from labelsmooth.figures.export import film_html
from labelsmooth.figures.style import Frame, Moving
from labelsmooth.pictures import ModelPicture, epsilon_pictures, model_picture, picture
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import NEVER, Snapshot
from labelsmooth.training import train

EPSILONS = (-0.1, 0.0, 0.05, 0.1, 0.2, 0.4)
ZERO = EPSILONS.index(0)
SHOWN = {"digits": (3, 5, 8), "moons": (0, 1)}
BOTH = pytest.mark.parametrize("dataset", ["digits", "moons"])


def setup_of(dataset: str) -> TrainingSetup:
    return TrainingSetup(dataset, train_size=100, hidden=(16,), epochs=4, seeds=(7,), epsilons=EPSILONS)


@cache
def last(dataset: str) -> Snapshot:
    *_, snapshot = train(setup_of(dataset))
    return snapshot


@cache
def pictures(dataset: str) -> tuple[ModelPicture, ...]:
    return epsilon_pictures(last(dataset), SHOWN[dataset])


@cache
def film(dataset: str) -> tuple[Moving, list[Frame]]:
    names = tuple(f"class {label}" for label in SHOWN[dataset])
    captions = epsilon_captions(last(dataset), setup_of(dataset))
    moving = epsilon_figure(pictures(dataset), EpsilonView(names, EPSILONS))
    return moving, epsilon_frames(pictures(dataset), EPSILONS, captions)


def panel_data(dataset: str, frame: Frame) -> dict[str, list[Any]]:
    """What a frame says of each panel, by the x axis of that."""
    found: dict[str, list[Any]] = {"x": [], "x2": [], "x3": [], "x4": []}
    for number, data in zip(frame["traces"], frame["data"], strict=True):
        found[film(dataset)[0].figure["data"][number]["xaxis"]].append(data)
    return found


def test_three_classes_lie_left_right_and_up_at_every_epsilon() -> None:
    for model in pictures("digits"):
        a, b, c = model.plane.templates
        assert a[0] < b[0]
        assert a[1] == pytest.approx(b[1])
        assert c[1] > a[1]


def test_two_classes_do_not_flip_from_one_epsilon_to_the_next() -> None:
    # The axes of x stand still, those of y turn by 162 degrees: alone, the last one would point the other way.
    noise = np.random.default_rng(0).normal(size=(40, 2)) * [1.0, 3.0]
    angles = np.linspace(0, 0.9 * np.pi, 10)
    turned = np.stack([np.stack([noise[:, 0], *noise[:, 1] * [[np.cos(a)], [np.sin(a)]]], 1) for a in angles])
    base = last("moons")
    labels = np.arange(40) % 2
    part = replace(base.test, features=turned, logits=turned[..., :2], labels=labels)
    weights = np.broadcast_to(np.array([[-1.0, 1.0], [0, 0], [0, 0]]), (10, 3, 2))
    snapshot = replace(base, test=part, weights=weights, biases=np.zeros((10, 2)))
    axes = [model.plane.basis[:, 1] for model in epsilon_pictures(snapshot, (0, 1))]
    assert all(before @ after > 0.8 for before, after in pairwise(axes))
    assert axes[-1] @ model_picture(snapshot, -1, (0, 1)).plane.basis[:, 1] < -0.99


def test_trained_models_of_two_classes_do_not_flip() -> None:
    assert all(a.plane.basis[:, 1] @ b.plane.basis[:, 1] >= 0 for a, b in pairwise(pictures("moons")))


@BOTH
def test_every_projection_is_orthonormal(dataset: str) -> None:
    for model in pictures(dataset):
        x, y = model.plane.basis.T
        bias = model.plane.offset[0]  # the part of x along the constant 1 of the biases
        assert x @ x + bias**2 == pytest.approx(1)
        y_bias = -(x @ y) / bias  # what makes the axes orthogonal
        assert y @ y + y_bias**2 == pytest.approx(1)
        if len(SHOWN[dataset]) == 3:
            assert y_bias == pytest.approx(model.plane.offset[1])


def test_the_live_film_shows_the_same_models() -> None:
    live = picture(last("digits"), SHOWN["digits"])
    for ours, theirs in ((pictures("digits")[0], live.hard), (pictures("digits")[-1], live.smoothed)):
        np.testing.assert_array_equal(np.concatenate(ours.clusters), np.concatenate(theirs.clusters))
        np.testing.assert_array_equal(ours.share, theirs.share)


@BOTH
def test_frames_are_named_after_ascending_epsilons(dataset: str) -> None:
    assert [frame["name"] for frame in film(dataset)[1]] == ["-0.1", "0", "0.05", "0.1", "0.2", "0.4"]


@BOTH
def test_every_panel_changes_from_frame_to_frame(dataset: str) -> None:
    for before, after in pairwise(film(dataset)[1]):
        old, new = panel_data(dataset, before), panel_data(dataset, after)
        assert all(old[panel] != new[panel] for panel in ("x", "x2", "x3", "x4"))


@BOTH
def test_at_epsilon_zero_the_moving_model_is_the_still_one(dataset: str) -> None:
    moving, frames = film(dataset)
    still_bar, *still = (trace for trace in moving.figure["data"] if trace.get("legendgroup") == "hard labels")
    untouched = [t for k, t in enumerate(moving.figure["data"]) if k not in frames[ZERO]["traces"]]
    mean, curve, points, diagonal = untouched
    bars, confidence, _, moving_curve, moving_points = frames[ZERO]["data"][-5:]
    assert (still, still_bar["y"], mean["x"]) == ([], bars["y"], confidence["x"])
    assert (curve["x"], curve["y"]) == (moving_curve["x"], moving_curve["y"])
    assert points["marker"]["size"] == moving_points["marker"]["size"]
    assert diagonal["x"] == diagonal["y"] == [0, 1]


def test_own_scale_has_radius_one_and_common_scale_the_activations() -> None:
    for model, frame in zip(pictures("digits"), film("digits")[1], strict=True):
        own, common = (frame["data"][start : start + 4] for start in (0, 4))
        for label, points in enumerate(model.clusters):
            count = len(own[label]["x"])
            assert count == min(30, len(points))
            for scale, data in ((model.radius, own), (1.0, common)):
                expected = points[:count] / scale
                drawn = np.stack([data[label]["x"], data[label]["y"]], 1)
                np.testing.assert_allclose(drawn, expected, atol=0.006 * np.abs(expected).max())
        corners = np.stack([own[3]["x"], own[3]["y"]])[:, :3]
        assert np.square(corners).sum(0).mean() == pytest.approx(1, abs=0.01)
    everything = np.concatenate(pictures("digits")[0].clusters)
    assert pictures("digits")[0].radius == pytest.approx(np.sqrt(np.square(everything).sum(1).mean()))


def test_points_in_the_origin_have_no_scale_of_their_own() -> None:
    model = pictures("digits")[0]
    assert replace(model, clusters=(np.zeros((3, 2)),)).radius == 1


@BOTH
def test_axes_hold_all_epsilons_and_the_common_scale_those_from_zero_on(dataset: str) -> None:
    moving, frames = film(dataset)
    layout = moving.figure["layout"]
    for axis, letter, first in (("x", "x", 0), ("y", "y", 0), ("x2", "x", ZERO), ("y2", "y", ZERO)):
        low, high = layout[f"{letter}axis{axis[1:]}"]["range"]
        panel = "x" + axis[1:]
        values = [v for frame in frames[first:] for data in panel_data(dataset, frame)[panel] for v in data[letter]]
        assert low <= min(values) < max(values) <= high < 3 * max(map(abs, values))
    assert "Clusters, common scale of ε ≥ 0" in [note["text"] for note in layout["annotations"]]
    assert layout["yaxis3"]["range"][1] >= max(max(frame["data"][-5]["y"]) for frame in frames)


@BOTH
def test_a_film_is_valid_small_and_moves_without_a_redraw(dataset: str) -> None:
    moving, frames = film(dataset)
    data = moving.figure["data"]
    assert {trace["type"] for trace in data} == {"scatter", "bar"}
    bars = {number for number, trace in enumerate(data) if trace["type"] == "bar"}
    assert all(bars <= set(frame["traces"]) for frame in frames), "plotly.js drops bars that a frame leaves out"
    assert len(json.dumps(frames, allow_nan=False)) * 21 / len(frames) < 150_000
    figure = moving.plotly(frames, "epsilon = ")  # plotly refuses what it does not know
    assert figure.layout.sliders[0].currentvalue.prefix == "epsilon = "
    figure.update_layout(moving.narrow)


def test_a_caption_tells_the_numbers_of_the_shown_seed() -> None:
    snapshot = last("digits")
    diverged = np.full((1, len(EPSILONS)), NEVER)
    diverged[0, 0] = 3
    lost, hard, *_ = epsilon_captions(replace(snapshot, diverged=diverged), setup_of("digits"))
    accuracy, nll, ece, confidence = (getattr(snapshot, m)[0, ZERO] for m in ("accuracy", "nll", "ece", "confidence"))
    assert hard == (
        f"Seed 7: accuracy {100 * accuracy:.1f} %; NLL {nll:.3f}; ECE {ece:.3f}; mean confidence {confidence:.3f}"
    )
    assert lost.endswith("; diverged at epoch 3")


@pytest.mark.parametrize("epsilons", [(0.1, 0.0), (0.0, 0.0), (0.1, 0.2), ()])
def test_epsilons_ascend_and_hold_zero(epsilons: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="epsilons must be ascending and hold 0; got"):
        EpsilonView(("a", "b"), epsilons)


def test_the_page_fetches_nothing_and_says_what_it_is() -> None:
    moving, frames = film("moons")
    page = film_html(moving, frames, "Film <1> & more", "0.1")
    assert page.count(get_plotlyjs()) == 1
    ours = page.replace(get_plotlyjs(), "")
    assert "http:" not in ours
    assert "https:" not in ours
    assert re.findall(r"(?:\bsrc|href)\s*=|url\(|import\b", ours) == []
    assert ours.startswith('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">')
    assert "<title>Film &lt;1&gt; &amp; more</title>" in ours
    assert '"displaylogo":false,"showSendToCloud":false' in ours
    assert '"start":"0.1"' in ours


def test_no_text_leaves_the_script_it_stands_in() -> None:
    moving, frames = film("moons")
    evil = "</script><img src=x>"
    page = film_html(moving, [{**frame, "caption": evil} for frame in frames], evil)
    assert evil not in page
    assert page.count("</script") == film_html(moving, frames, "plain").count("</script") == 2


def test_a_film_starts_at_a_frame_that_it_has() -> None:
    with pytest.raises(ValueError, match=r"start must be one of -0.1, 0, .*; got '0.3'"):
        film_html(*film("moons"), "title", "0.3")
