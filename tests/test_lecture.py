"""The view for a lecture: which parts each page keeps, and that everything comes back."""

from typing import Any, NamedTuple

import pytest
from open_pages import APP, QUICK, chosen, films, metrics, settled, told, visited, widget
from streamlit.testing.v1 import AppTest

from labelsmooth.dashboard.presets import PRESETS


class Page(NamedTuple):
    """A page with a main film: its file, that film, all films of the full view, the measures in its strip."""

    file: str
    film: str
    others: tuple[str, ...]
    measures: int = 0
    concludes: str = "95 % interval"


PAGES = [
    Page("experiment/train_live", "live", ("curves",), 5),
    Page("experiment/drag_epsilon", "sweep", ("measures",), concludes="lowest at epsilon"),
    Page("experiment/clusters", "clusters", ("collapse",)),
    Page("experiment/calibration", "reliability", ("losses", "risk"), concludes="The seeds cannot tell smoothing"),
    Page("understand/theory", "target", ("hard", "measured hard", "measured little", "loss", "optimum"), concludes=""),
]


def lecture(file: str, **query: str) -> AppTest:
    """A page at rest, in a lecture."""
    page = visited(mode="lecture", **query)
    page.switch_page(f"{file}.py").run()
    return page if file.startswith("understand") else settled(page)


def keys(page: AppTest) -> list[str]:
    """The films of a page."""
    return [film["key"] for film in films(page)]


def folded(page: AppTest) -> set[str]:
    """The labels of what is in an expander of the sidebar."""
    widgets: Any = page.sidebar.expander
    return {
        each.label for box in widgets for kind in ("slider", "select_slider", "selectbox") for each in box.get(kind)
    }


@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.film)
def test_a_page_keeps_its_main_film_its_first_words_and_epsilon(shown: Page) -> None:
    page = lecture(shown.file)
    assert keys(page) == [shown.film]
    assert len(metrics(page)) == shown.measures
    assert shown.concludes in told(page)
    assert not page.main.expander
    assert not page.main.subheader
    assert not page.get("download_button")
    assert [each.label for each in page.main.select_slider] == ["Smoothing ε"]
    assert [each.label for each in page.main.selectbox] == ["Story"]
    sidebar = {each.label for kind in (page.sidebar.slider, page.sidebar.selectbox) for each in kind}
    assert {"Data set", "Training examples", "Epochs"} <= folded(page)
    assert sidebar <= folded(page)


@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.film)
def test_everything_comes_back_with_one_click(shown: Page) -> None:
    page = lecture(shown.file, epsilon="0.2")
    lecture_said = told(page)
    widget(page.button, "Everything").click().run()
    if not shown.file.startswith("understand"):
        settled(page)
    assert page.query_params["mode"] == "full"
    assert page.query_params["epsilon"] == "0.2"
    assert {shown.film, *shown.others} <= set(keys(page))
    assert len(told(page)) > len(lecture_said)
    assert [each.value for each in page.sidebar.subheader] == ["Data"]
    assert "Everything" not in {each.label for each in page.button}


def test_the_presets_are_a_menu_that_keeps_the_view() -> None:
    page = AppTest.from_file(str(APP), default_timeout=60)
    page.query_params["mode"] = "lecture"
    page.run()
    menu = widget(page.selectbox, "Story")
    assert menu.options == [preset.title for preset in PRESETS.values()]
    assert menu.value == "noisy labels"
    menu.set_value("two moons").run()
    assert chosen(page).dataset == "moons"
    assert chosen(page).lecture
    assert widget(page.selectbox, "Story").value == "two moons"
    widget(page.select_slider, "Smoothing ε").set_value(0.3).run()
    assert page.query_params["epsilon"] == "0.3"
    assert widget(page.selectbox, "Story").value == "two moons"


def test_a_moment_for_a_lecture() -> None:
    page = lecture("experiment/clusters", epochs="12", epoch="7")
    assert films(page)[0]["start"] == "7"
    assert page.query_params["mode"] == "lecture"
    assert QUICK["hidden"] == page.query_params["hidden"]


@pytest.mark.parametrize("file", ["understand/in_your_code", "understand/claims", "apply/your_data"])
def test_a_page_without_a_main_film_keeps_all(file: str) -> None:
    page, full = lecture(file), visited()
    full.switch_page(f"{file}.py").run()
    assert not page.exception
    assert keys(page) == keys(full)
    assert told(page) == told(full)
