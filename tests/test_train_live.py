"""The page "Train live" without a browser: what a widget changes, in the strip and in the figure."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from open_pages import films, metrics, opened, said, settled, visited, whole, widget

from labelsmooth.dashboard import desk, server
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.training import train

SMOOTHED_MEAN = 11  # the trace of the live film that stands at the smoothed model's mean confidence


def test_epsilon_changes_the_metric_and_the_figure_alike() -> None:
    page = opened(seeds="1")  # the figure is of one seed, the metric of all
    before = metrics(page)["Mean confidence"]
    settled(widget(page.select_slider, "Smoothing ε").set_value(0.4).run())
    after = metrics(page)["Mean confidence"]
    last = whole(page)["live"]["frames"][-1]
    (drawn, _) = last["data"][SMOOTHED_MEAN]["x"]
    assert last["name"] == "3"
    assert after.split(" → ")[1] == f"{100 * drawn:.1f} %"
    assert after != before
    assert after.split(" → ")[0] == before.split(" → ")[0]  # hard labels are what they were
    assert page.query_params["epsilon"] == "0.4"


def test_the_address_shows_somebody_else_the_same() -> None:
    first = opened(epsilon="0.2", dataset="wine", train_size="60", seed="7")
    second = opened(**first.query_params)
    assert metrics(second) == metrics(first)
    assert [film["run"] for film in films(second)] == [film["run"] for film in films(first)]
    assert not said(second)


def test_a_message_that_crosses_the_new_address_undoes_nothing() -> None:
    page = opened()
    page.run()
    before = dict(page.query_params)
    widget(page.select_slider, "Smoothing ε").set_value(0.4).run()
    page.query_params = before
    page.run()
    assert widget(page.select_slider, "Smoothing ε").value == 0.4
    assert page.query_params["epsilon"] == "0.4"


def test_an_earlier_address_brings_earlier_settings_back(monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened()
    before = dict(page.query_params)
    widget(page.select_slider, "Smoothing ε").set_value(0.4).run()
    page.query_params = before
    monkeypatch.setattr(desk, "went_back", lambda: True)
    page.run()
    assert widget(page.select_slider, "Smoothing ε").value == 0.1
    assert not said(page)


def test_the_bare_address_of_a_known_visitor_means_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(epsilon="0.3")
    monkeypatch.setattr(desk, "went_back", lambda: True)
    page.query_params = {}
    page.run().run()
    assert widget(page.select_slider, "Smoothing ε").value == 0.1
    assert not page.query_params  # or Back could never leave the site


def test_a_preset_sets_all_that_it_names_and_reset_goes_back() -> None:
    page = opened()
    stories: Any = page.get("button_group")[0]
    stories.set_value("two moons").run()
    assert widget(page.selectbox, "Data set").value == "moons"
    assert widget(page.slider, "Training examples").value == 200
    widget(page.button, "Reset").click().run()
    assert widget(page.selectbox, "Data set").value == "digits"
    assert widget(page.slider, "Training examples").value == 1000


def test_a_new_seed_is_one_that_no_run_has_used() -> None:
    page = opened(seeds="2", seed="5")
    widget(page.button, "New seed").click().run()
    assert page.query_params["seed"] == "7"


def test_a_smaller_data_set_clips_the_training_size_and_says_so() -> None:
    page = opened(train_size="500")
    settled(widget(page.selectbox, "Data set").set_value("iris").run())
    assert widget(page.slider, "Training examples").value == 90
    assert "500" in said(page)
    assert "90" in said(page)


def test_two_dimensions_have_a_decision_boundary() -> None:
    assert [film["key"] for film in films(opened(dataset="moons"))] == ["live", "boundary", "curves"]
    assert [film["key"] for film in films(opened())] == ["live", "curves"]


def test_a_class_picked_twice_changes_places() -> None:
    page = opened(shown="3-5-8")
    widget(page.selectbox, "Class on the left").set_value(8).run()
    assert page.query_params["shown"] == "8-5-3"


def test_words_in_place_of_widths_lose_nothing() -> None:
    page = opened(hidden="20-10")
    widget(page.text_input, "Hidden layers").set_value("many").run()
    assert widget(page.text_input, "Hidden layers").value == "20-10"
    assert "many" in said(page)


def test_epsilon_zero_says_that_both_models_are_the_same() -> None:
    page = opened(epsilon="0")
    assert any("both models are the same" in info.value for info in page.info)
    (before, after) = metrics(page)["Accuracy"].removesuffix(" %").split(" → ")
    assert before == after


def test_divergence_ends_in_a_warning_with_the_last_good_numbers() -> None:
    page = opened(learning_rate="1000", epochs="30", hidden="64-64")
    assert any("networks diverged" in warning.value for warning in page.warning)
    assert "nan" not in str(metrics(page)).lower()


def test_a_training_that_fails_is_tried_once_and_again_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[TrainingSetup] = []

    def failing(setup: TrainingSetup) -> Iterator[Snapshot]:
        started.append(setup)
        yield next(iter(train(setup)))
        raise ValueError("a detail for the log alone")

    monkeypatch.setattr(server, "train_by_epoch", failing)
    server.registry.clear()
    try:
        page = opened(seed="123")
        for _ in range(5):
            page.run()
        assert "ValueError" in page.error[0].value
        assert "detail" not in page.error[0].value
        assert len(started) == 1
        settled(widget(page.button, "Try again").click().run())
        assert len(started) == 2
    finally:
        server.registry.clear()


def test_the_last_picture_stays_until_the_next_training_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(seed="321")
    drawn = films(page)
    begin = threading.Event()

    def slow(setup: TrainingSetup) -> Iterator[Snapshot]:
        begin.wait(30)
        yield from train(setup)

    monkeypatch.setattr(server, "train_by_epoch", slow)
    server.registry.clear()
    try:
        widget(page.select_slider, "Smoothing ε").set_value(0.33).run()
        assert [film["run"] for film in films(page)] == [film["run"] for film in drawn]
        begin.set()
        settled(page)
        assert [film["run"] for film in films(page)] != [film["run"] for film in drawn]
    finally:
        server.registry.clear()


@pytest.mark.parametrize(
    "query",
    [
        {"epsilon": "nan", "seed": "-1", "dataset": "<script>alert(1)</script>"},
        {"epochs": "1e400", "hidden": "0-0-0-0-0-0", "shown": "1-1-1"},
        {"v": "99", "nonsense": "\u202e" * 50, "train_size": "9" * 5000},
    ],
)
def test_a_broken_link_opens_with_what_was_corrected(query: dict[str, str]) -> None:
    page = visited(**query)
    assert not page.exception
    assert said(page)
