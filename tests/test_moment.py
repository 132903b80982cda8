"""A moment of a film in the page's address: where it comes from, and what the film is told."""

from typing import Any

import pytest
from open_pages import films, frame, left, metrics, opened, told, visited, whole, widget
from streamlit.testing.v1 import AppTest

PAGES = [("train_live", "live"), ("clusters", "clusters")]
STORY = {"epochs": "12", "seeds": "1"}


def first(page: AppTest) -> dict[str, Any]:
    """The film that the others follow."""
    return films(page)[0]


def leave(page: AppTest, key: str, frame: str, when: int) -> AppTest:
    """Leave a film at a frame, or let it play on."""
    page.session_state[key] = left(frame, when)
    return page.run()


@pytest.mark.parametrize(("file", "key"), PAGES)
def test_where_a_film_is_left_is_in_the_address_until_it_plays_on(file: str, key: str) -> None:
    page = opened(file, **STORY)
    assert (first(page)["start"], first(page)["autoplay"], first(page)["heard"]) == (None, True, None)
    page = leave(page, key, "7", 1)
    assert page.query_params["epoch"] == "7"
    assert (first(page)["start"], first(page)["heard"]) == ("7", 1)
    page = leave(page, key, "8", 2)
    assert page.query_params["epoch"] == first(page)["start"] == "8"
    page = leave(page, key, "", 3)
    assert page.query_params["epoch"] == "-1"
    assert (first(page)["start"], first(page)["heard"]) == (None, 3)


@pytest.mark.parametrize(("file", "key"), PAGES)
def test_a_link_to_a_moment_opens_at_it_also_while_its_run_is_young(file: str, key: str) -> None:
    page = visited(file, **STORY, epoch="12", seed="77")
    for film in films(page)[:1]:
        assert (film["key"], film["start"]) == (key, "12")
    page = opened(file, **STORY, epoch="12")
    shown = whole(page)
    assert [film["start"] for film in shown.values() if film["follow"] is None] == ["12"]
    assert all("12" in [frame["name"] for frame in film["frames"]] for film in shown.values())
    assert page.query_params["epoch"] == "12"


def test_the_strip_has_the_numbers_of_the_epoch_where_the_film_was_left() -> None:
    page = opened(**STORY)
    ended = metrics(page)
    assert "Epoch 12 of 12, the newest" in told(page)
    left_at = metrics(leave(page, "live", "7", 1))
    film = whole(page)["live"]
    assert "Epoch 7 of 12, where the film was left" in told(page)
    assert all(measured != ended[name] for name, measured in left_at.items())
    hard, smoothed = left_at["Accuracy"].removesuffix(" %").split(" → ")
    assert f"accuracy {hard} % hard, {smoothed} % smoothed" in frame(film, "7")["caption"]
    assert metrics(leave(page, "live", "", 2)) == ended


def test_another_epsilon_stays_at_the_moment_and_another_story_plays() -> None:
    page = opened(**STORY, epoch="7")
    run = first(page)["run"]
    widget(page.select_slider, "Smoothing ε").set_value(0.3).run()
    assert first(page)["start"] == "7"
    assert page.query_params["epoch"] == "7"
    stories: Any = page.get("button_group")[0]
    stories.set_value("two moons").run()
    assert page.query_params["epoch"] == "-1"
    assert all(film["start"] is None and film["run"] != run for film in films(page)[:1])


def test_no_widget_is_put_up_anew_where_a_film_is_left() -> None:
    page = opened(**STORY)
    keys = [each.key for each in (*page.select_slider, *page.slider, *page.selectbox)]
    leave(page, "live", "7", 1)
    assert [each.key for each in (*page.select_slider, *page.slider, *page.selectbox)] == keys
