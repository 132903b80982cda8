"""The page "Clusters" without a browser: what is drawn and said is what the training measured."""

import re
from typing import Any

import numpy as np
import pytest
from open_pages import chosen, frame, opened, settled, told, traces, trained_on, whole, widget
from trained_runs import last_of

from labelsmooth.clusters import cluster_picture
from labelsmooth.dashboard import server
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.training import train

PAGE = "clusters"
SETUP = TrainingSetup(train_size=200, hidden=(16,), epochs=3, seeds=(0, 1))
BIAS, DEPTH = "The bias is part of the template", "Third dimension"


@pytest.fixture(scope="module")
def trained() -> list[Snapshot]:
    return list(train(SETUP))


def corners(film: dict[str, Any], name: str) -> list[np.ndarray]:
    """The templates (C, 2) of both models in a frame: those of training and test part are the same."""
    moment = frame(film, name)["data"]
    places = [k for k, trace in enumerate(film["figure"]["data"]) if trace.get("name") == "templates"]
    first, second, third, fourth = (np.column_stack([moment[k]["x"][:-1], moment[k]["y"][:-1]]) for k in places)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(third, fourth)
    return [first, third]


def assert_drawn(film: dict[str, Any], snapshot: Snapshot, shown: tuple[int, ...], bias: bool) -> None:
    picture = cluster_picture(snapshot, shown, bias)
    for found, model in zip(corners(film, str(snapshot.epoch)), (picture.hard, picture.smoothed), strict=True):
        np.testing.assert_allclose(found, model.templates, atol=1e-3 * np.abs(found).max())


def test_captions_and_curves_are_the_numbers_of_the_training(trained: list[Snapshot]) -> None:
    page = opened(PAGE)
    assert trained_on(page) == SETUP
    shown = whole(page)
    assert [each["name"] for each in shown["clusters"]["frames"]] == ["0", "1", "2", "3"]
    for snapshot, each in zip(trained, shown["clusters"]["frames"], strict=True):
        separation, nc1 = snapshot.separation[0], snapshot.nc1[0]
        assert each["caption"] == (
            f"Seed 0, test part: class separation R² {separation[0]:.3g} hard, {separation[1]:.3g} smoothed; "
            f"NC1 {nc1[0]:.3g} hard, {nc1[1]:.3g} smoothed"
        )
    lines = list(traces(shown["collapse"], mode="lines", xaxis="x"))
    means = np.array([snapshot.separation.mean(0) for snapshot in trained]).T
    for of_model in means:
        assert any(line["y"] == pytest.approx(of_model, abs=1e-3) for line in lines)
    assert shown["collapse"]["follow"] == "clusters"


def test_a_picked_class_is_drawn(trained: list[Snapshot]) -> None:
    page = opened(PAGE)
    before = whole(page)["clusters"]
    assert_drawn(before, trained[-1], (3, 5, 0), bias=True)
    widget(page.selectbox, "Class on the left").set_value(8).run()
    after = whole(page)["clusters"]
    assert page.query_params["shown"] == "8-5-0"
    assert_drawn(after, trained[-1], (8, 5, 0), bias=True)
    names = [trace["name"] for trace in traces(after, xaxis="x2")]
    assert names == ["digit 8", "digit 5", "digit 0", "templates"]
    assert after["run"] != before["run"]
    widget(page.selectbox, "Class on the right").set_value(0).run()  # two change places
    assert page.query_params["shown"] == "8-0-5"
    assert_drawn(whole(page)["clusters"], trained[-1], (8, 0, 5), bias=True)


def test_the_bias_changes_the_figure_and_not_the_measures(trained: list[Snapshot]) -> None:
    page = opened(PAGE)
    before, sentences = whole(page)["clusters"], told(page)
    widget(page.toggle, BIAS).set_value(False).run()
    after = whole(page)["clusters"]
    assert page.query_params["bias"] == "no"
    assert_drawn(after, trained[-1], (3, 5, 0), bias=False)
    assert all(np.abs(a - b).max() > 1e-3 for a, b in zip(corners(before, "3"), corners(after, "3"), strict=True))
    assert [each["caption"] for each in after["frames"]] == [each["caption"] for each in before["frames"]]
    assert told(page) == sentences


def test_a_common_scale_has_one_range_for_all_panels() -> None:
    page = opened(PAGE)

    def ranges() -> list[list[float]]:
        layout = whole(page)["clusters"]["figure"]["layout"]
        return [layout[axis]["range"] for axis in ("xaxis", "xaxis2", "xaxis3", "xaxis4")]

    own = ranges()
    assert own[0] == own[1]
    widget(page.selectbox, "Scale of the clusters").set_value("common").run()
    first, *others = ranges()
    assert others == [first] * 3
    assert first[0] <= min(low for low, _ in own)


def test_a_third_dimension_is_one_more_picture(trained: list[Snapshot]) -> None:
    page = opened(PAGE)
    assert list(whole(page)) == ["clusters", "collapse"]
    widget(page.toggle, DEPTH).set_value(True).run()
    shown = whole(page)
    assert list(shown) == ["clusters", "solid", "collapse"]
    assert "after epoch 3" in shown["solid"]["alt"]
    heights = np.concatenate([trace["z"] for trace in traces(shown["solid"], type="scatter3d", mode="markers")])
    picture = cluster_picture(trained[-1], (3, 5, 0), with_bias=True)
    points = [cluster.points for model in (picture.hard, picture.smoothed) for cluster in model.test]
    np.testing.assert_allclose(np.abs(heights), np.abs(np.concatenate(points)[:, 2]), atol=1e-2, rtol=1e-2)


@pytest.mark.parametrize("query", [{"dataset": "moons"}, {"hidden": "16-2"}])
def test_where_there_is_no_third_dimension_the_page_says_why(query: dict[str, str]) -> None:
    page = opened(PAGE, depth="yes", **query)
    assert "solid" not in whole(page)
    assert "A third dimension needs three classes and three units" in told(page)


def test_two_classes_have_no_choice_of_classes_and_a_line_of_templates() -> None:
    page = opened(PAGE, dataset="moons")
    assert not [box for box in page.selectbox if box.label.startswith("Class on")]
    shown = whole(page)["clusters"]
    names = [trace["name"] for trace in traces(shown, xaxis="x2")]
    assert names == ["upper moon", "lower moon", "templates"]
    for found in corners(shown, "3"):
        assert found[:, 1] == pytest.approx(0)
    assert chosen(page).shown == (0, 1)


def test_there_is_no_conclusion_before_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "train_by_epoch", lambda setup: iter([next(iter(train(setup)))]))
    server.registry.clear()
    try:
        page = opened(PAGE)
        assert whole(page)["clusters"]["frames"]
        assert "Without the bias" not in told(page)
    finally:
        server.registry.clear()


@pytest.mark.parametrize(("seeds", "over"), [("1", "With one seed, smoothing"), ("2", "Over 2 seeds, smoothing")])
def test_the_conclusion_says_over_how_many_seeds_and_what(seeds: str, over: str) -> None:
    page = opened(PAGE, seeds=seeds)
    assert over in told(page)
    assert "On the training part" in told(page)
    assert "Without the bias the plane is turned" in told(page)
    said = re.search(r"epsilon [\d.]+ changed class separation R² from ([\d.]+) to ([\d.]+)", told(page))
    assert said is not None
    separation = last_of(trained_on(page)).separation.mean(0)
    assert [*map(float, said.groups())] == pytest.approx(separation, abs=5e-4)


def test_another_epsilon_changes_titles_captions_and_conclusion() -> None:
    page = opened(PAGE)
    before = whole(page)["clusters"]["frames"][-1]["caption"]
    settled(widget(page.select_slider, "Smoothing ε").set_value(0.4).run())
    shown = whole(page)["clusters"]
    titles = [note["text"] for note in shown["figure"]["layout"]["annotations"]]
    assert "Smoothed, ε = 0.4, test part" in titles
    assert "with epsilon 0.4 changed" in told(page)
    hard, smoothed = (
        re.findall(r"[\d.]+ (?:hard|smoothed)", text) for text in (before, shown["frames"][-1]["caption"])
    )
    assert hard[::2] == smoothed[::2]  # hard labels are what they were
    assert hard[1::2] != smoothed[1::2]


def test_epsilon_zero_says_that_both_models_are_the_same() -> None:
    page = opened(PAGE, epsilon="0")
    assert "both models are the same" in told(page)
    assert "smoothing with epsilon 0" not in told(page)
