"""The desk under the pages, without a browser: what it keeps from one to the next, and links that are broken."""

from typing import Any

import pytest
from open_pages import QUICK, chosen, opened, said, settled, visited, widget

from labelsmooth.dashboard.presets import PRESETS, Preset
from labelsmooth.dashboard.settings import Settings
from labelsmooth.dashboard.specs import SPECS

PAGES = pytest.mark.parametrize("file", ["drag_epsilon", "clusters", "calibration"])


def test_a_story_clicked_again_keeps_its_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    settings, _ = Settings.from_query(QUICK)
    monkeypatch.setitem(PRESETS, "quick", Preset("Quick", "Which question does it ask?", settings))
    page = visited()
    stories: Any = page.get("button_group")[0]
    assert stories.value == "quick"
    stories.set_value(None).run()
    again: Any = page.get("button_group")[0]
    assert again.value == "quick"
    assert chosen(page) == settings


def test_a_toggle_and_a_click_at_once_both_count() -> None:
    page = opened(seed="5")
    widget(page.toggle, "Noise in the validation labels too").set_value(True)
    widget(page.select_slider, "Label noise").set_value(0.1)
    widget(page.button, "New seed").click()
    settled(page.run())
    for name, text in (("noisy_validation", "yes"), ("label_noise", "0.1"), ("seed", "7")):
        assert page.query_params[name] == text
    assert widget(page.toggle, "Noise in the validation labels too").value is True
    assert widget(page.select_slider, "Label noise").value == 0.1


def test_choices_of_one_page_are_those_of_the_next() -> None:
    page = opened("calibration")
    widget(page.slider, "Bins").set_value(9).run()
    page.query_params = {}  # as a browser does between pages
    page.switch_page("experiment/clusters.py").run()
    widget(page.select_slider, "Smoothing ε").set_value(0.3).run()
    page.query_params = {}
    page.switch_page("experiment/calibration.py").run()
    settled(page)
    assert widget(page.slider, "Bins").value == 9
    assert (page.query_params["bins"], page.query_params["epsilon"]) == ("9", "0.3")


@PAGES
@pytest.mark.parametrize(
    "query",
    [
        {"bins": "0", "binning": "wide", "event": "11", "temperature": "nan", "score": "x", "coverage": "2",
         "steps": "7", "map_over": "seeds", "map_measure": "f1", "bias": "maybe", "depth": "1", "negative": "-1",
         "epsilon": "-0.2"},
        {"bins": "9" * 5000, "binning": "\u202e" * 50, "event": "-1", "temperature": "0",
         "score": "<script>alert(1)</script>", "coverage": "1e400", "steps": "-1e9", "map_over": "\x00",
         "map_measure": "[a](javascript:b)", "bias": "", "depth": "None", "negative": "\ud7ff", "epsilon": "-inf"},
    ],
    ids=["wrong", "hostile"],
)  # fmt: skip
def test_a_broken_link_opens_each_page_with_what_was_corrected(file: str, query: dict[str, str]) -> None:
    page = opened(file, **query)
    assert not page.exception
    assert chosen(page).corrected() == (chosen(page), [])
    for name in query:
        assert f"{SPECS[name].label}: " in said(page)
    assert len(page.text) == len(query)
    assert chosen(page).epsilon in (0.0, 0.1)
