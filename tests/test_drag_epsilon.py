"""The page "Drag epsilon" without a browser: one frame an epsilon, and the same numbers everywhere."""

import csv
import io
import shlex
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from open_pages import (
    chosen,
    frame,
    left,
    opened,
    settled,
    told,
    traces,
    trained_on,
    visited,
    whole,
    widget,
)
from streamlit.testing.v1 import AppTest
from trained_runs import last_of

from labelsmooth.__main__ import main
from labelsmooth.dashboard import downloads, maps, server
from labelsmooth.dashboard.guide import NEGATIVE
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.sweep import to_csv
from labelsmooth.training import train_by_epoch

PAGE = "drag_epsilon"
EPSILONS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
SETUP = TrainingSetup(train_size=200, hidden=(16,), epochs=3, seeds=(0, 1), epsilons=EPSILONS, film=False)
OPTIONS = shlex.split("sweep --train-size 200 --hidden 16 --epochs 3 --seeds 2 --epsilons 0 0.1 0.2 0.3 0.4 0.5 --csv")
TINY = {"dataset": "iris", "train_size": "60", "epochs": "2", "seeds": "1"}
Maker = Callable[[], str]


@pytest.fixture(scope="module")
def trained() -> Snapshot:
    return last_of(SETUP)


@pytest.fixture
def taken_home(monkeypatch: pytest.MonkeyPatch) -> dict[str, Maker]:
    """What makes each download, by its label."""
    found: dict[str, Maker] = {}

    def button(label: str, make: Maker, *_: str, **__: str) -> None:
        found[label] = make

    monkeypatch.setattr(downloads, "st", SimpleNamespace(container=st.container, download_button=button))
    return found


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Trainings that show one snapshot and end no sooner than this event."""
    go_on = threading.Event()

    def train(setup: TrainingSetup) -> Iterator[Snapshot | None]:
        for snapshot in train_by_epoch(setup):
            yield snapshot
            while snapshot is not None and not go_on.wait(0.01):
                yield None

    monkeypatch.setattr(server, "train_by_epoch", train)
    server.registry.clear()
    yield go_on
    go_on.set()
    server.registry.clear()


def slider(page: AppTest) -> Any:
    return widget(page.select_slider, "Smoothing ε")


def best_drawn(film: dict[str, Any], panel: str) -> tuple[float, float]:
    """Epsilon and value under the star of a panel of measures."""
    (star,) = traces(film, name="best epsilon", xaxis=panel)
    return star["x"][0], star["y"][0]


def test_the_film_has_a_frame_for_every_epsilon_named_like_it() -> None:
    page = opened(PAGE, epsilon="0.27")
    shown = whole(page)
    for key in ("sweep", "measures"):
        assert [each["name"] for each in shown[key]["frames"]] == ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]
        assert shown[key]["done"]
    assert shown["sweep"]["start"] == "0.3"
    assert shown["measures"]["follow"] == "sweep"
    slider(page).set_value(0.42).run()
    moved = whole(page)["sweep"]
    assert moved["start"] == "0.4"
    assert moved["run"] == shown["sweep"]["run"]  # epsilon is not what the sweep is trained for
    widget(page.select_slider, "Epsilons from 0 to 0.5").set_value(11)
    settled(page.run())
    assert [each["name"] for each in whole(page)["sweep"]["frames"]][:3] == ["0", "0.05", "0.1"]


def test_page_training_download_and_command_line_have_the_same_numbers(
    trained: Snapshot, taken_home: dict[str, Maker], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = opened(PAGE)
    assert trained_on(page) == SETUP
    assert main([*OPTIONS, "--record", str(tmp_path / "record")]) == 0
    printed = capsys.readouterr().out
    assert taken_home["Sweep as CSV"]() == to_csv(trained, SETUP) == printed
    rows = {row["epsilon"]: row for row in csv.DictReader(io.StringIO(printed)) if row["seed"] == "0"}
    shown = whole(page)["sweep"]
    for column, epsilon in enumerate(EPSILONS):
        moment, row = frame(shown, f"{epsilon:g}"), rows[str(epsilon)]
        accuracy, nll, ece, confidence = (float(row[name]) for name in ("accuracy", "nll", "ece", "confidence"))
        assert accuracy == trained.accuracy[0, column]
        assert moment["caption"] == (
            f"Seed 0: accuracy {100 * accuracy:.1f} %; NLL {nll:.3f}; ECE {ece:.3f}; mean confidence {confidence:.3f}"
        )
        means = [data["x"] for data in moment["data"].values() if data.keys() == {"x"}]
        assert means == [[pytest.approx(confidence, abs=1e-6)] * 2]


def test_a_choice_changes_the_conclusion_and_the_curves_alike() -> None:
    page = opened(PAGE)
    before = told(page)
    settled(widget(page.select_slider, "Label noise").set_value(0.0).run())
    assert told(page) != before
    shown, last = whole(page)["measures"], last_of(trained_on(page))
    (line,) = traces(shown, name="smoothed", xaxis="x")
    assert line["y"] == pytest.approx(last.accuracy.mean(0), abs=1e-6)
    epsilon, accuracy = best_drawn(shown, "x")
    assert f"Accuracy is highest at epsilon {epsilon:g} ({100 * accuracy:.1f} %" in told(page)
    assert accuracy == max(line["y"])
    epsilon, ece = best_drawn(shown, "x4")
    assert f"ECE is lowest at epsilon {epsilon:g} ({ece:.3f}" in told(page)


def test_negative_epsilons_are_a_second_half_of_the_film_and_explained() -> None:
    page = opened(PAGE, negative="yes")
    shown = whole(page)["sweep"]
    names = [each["name"] for each in shown["frames"]]
    assert names == ["-0.5", "-0.4", "-0.3", "-0.2", "-0.1", "0", "0.1", "0.2", "0.3", "0.4", "0.5"]
    assert NEGATIVE in told(page)
    slider(page).set_value(-0.2).run()
    assert whole(page)["sweep"]["start"] == "-0.2"
    assert page.query_params["epsilon"] == "-0.2"
    settled(widget(page.toggle, "Negative ε too").set_value(False).run())
    assert NEGATIVE not in told(page)
    assert chosen(page).epsilon == 0.0
    assert len(whole(page)["sweep"]["frames"]) == 6


def test_where_a_film_is_left_becomes_the_epsilon_of_the_page() -> None:
    page = opened(PAGE)
    page.session_state["sweep"] = left("0.2", 1)
    page.run()
    assert page.query_params["epsilon"] == "0.2"
    assert slider(page).value == 0.2
    slider(page).set_value(0.35).run()  # the film's word is not heard twice
    assert page.query_params["epsilon"] == "0.35"
    page.session_state["sweep"] = left("0.2", 2)
    page.run()
    assert slider(page).value == 0.2
    assert whole(page)["sweep"]["start"] == "0.2"


def test_the_viewer_of_a_map_leaves_when_no_map_is_wanted(slow: threading.Event) -> None:
    maps._rows.clear()
    slow.set()
    page = opened(PAGE, **TINY)
    slow.clear()
    widget(page.selectbox, "Map").set_value("label_noise").run()
    first = next(iter(chosen(page).map_rows().values()))
    run = server.registry().join(first, "somebody else")
    server.registry().leave("somebody else")
    assert not run.ended
    widget(page.selectbox, "Map").set_value("none").run()
    assert run.state == "stopped"
    assert "of the map." not in told(page)


def test_a_sweep_says_how_far_it_is_and_can_be_taken_home_when_it_is_finished(slow: threading.Event) -> None:
    page = visited(PAGE)
    for _ in range(200):
        if "Epoch " in told(page):
            break
        page.run()
    assert "Epoch 1 of 3; 6 epsilons; film: seed 0, curves: means over 2 seeds" in told(page)
    assert "Training 12 networks" in page.get("progress")[0].proto.text
    assert not page.get("download_button")
    assert {each["name"]: each["caption"][:7] for each in whole(page)["sweep"]["frames"]}["0.5"] == "Seed 0:"
    slow.set()
    settled(page)
    assert "Epoch 3 of 3; " in told(page)
    assert not page.get("progress")
    labels = [button.label for button in page.get("download_button")]
    assert labels == ["Sweep as CSV", "Sweep as JSON", "Film as HTML"]


def test_the_film_to_take_home_begins_where_the_page_stands(taken_home: dict[str, Maker]) -> None:
    page = opened(PAGE, epsilon="0.3")
    caption = frame(whole(page)["sweep"], "0.3")["caption"]
    html = taken_home["Film as HTML"]()
    assert caption in html
    assert "drag epsilon" in html


def test_a_sweep_that_fails_says_so_and_is_tried_again_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[TrainingSetup] = []

    def failing(setup: TrainingSetup) -> Iterator[Snapshot | None]:
        if len(setup.epsilons) > 2:
            begun.append(setup)
            if len(begun) == 1:
                raise ValueError("a detail for the log alone")
        yield from train_by_epoch(setup)

    monkeypatch.setattr(server, "train_by_epoch", failing)
    server.registry.clear()
    try:
        page = opened(PAGE, seed="123")
        page.run()
        assert "ValueError" in page.error[0].value
        assert "detail" not in page.error[0].value
        assert not page.get("download_button")
        settled(widget(page.button, "Try again").click().run())
        assert begun == [trained_on(page)] * 2
        assert not page.error
        assert len(page.get("download_button")) == 3
    finally:
        server.registry.clear()


@pytest.mark.parametrize(
    ("query", "clusters"),
    [
        ({"dataset": "moons"}, ["upper moon", "lower moon"]),
        ({"seeds": "1"}, ["digit 3", "digit 5", "digit 0"]),
        ({"dataset": "blobs", "classes": "5", "shown": "4-0-2"}, ["class 4", "class 0", "class 2"]),
        ({"epsilon": "0.0"}, ["digit 3", "digit 5", "digit 0"]),
    ],
)
def test_every_kind_of_data_and_one_seed_have_a_sweep(query: dict[str, str], clusters: list[str]) -> None:
    page = opened(PAGE, **query)
    shown = whole(page)["sweep"]
    names = [trace.get("name") for trace in traces(shown, xaxis="x")]
    assert names[: len(clusters)] == clusters
    assert "Accuracy is highest at epsilon 0" in told(page)
    numbers = last_of(trained_on(page)).accuracy[0]
    captions = [each["caption"] for each in shown["frames"]]
    assert all(f"accuracy {100 * number:.1f} %" in caption for number, caption in zip(numbers, captions, strict=True))
    assert chosen(page).to_query().items() >= query.items()
