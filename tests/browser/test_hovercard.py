"""The card beside the pointer: what it tells of an example, and that it stays where a viewer can read it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import Serve, Visit, app_of
from .pages import CARD, DRAWN_IN, place, point_at

if TYPE_CHECKING:
    from playwright.sync_api import Page

DEMO = Path(__file__).with_name("hovercard_demo.py")
MOVING, STILL = ".st-key-moving .film", ".st-key-still .film"
WRONG = 3  # the first trace of wrong labels, after those of three classes
TEMPLATES = 6

# Whether the chart of a film has been laid out anew for a window: not wider than it, nor a narrow one in a wide one.
FITS = """([film, width]) => {
  const drawn = document.querySelector(`${film} .main-svg`).clientWidth;
  return drawn <= width && (drawn > 360) === (width > 360);
}"""
# What Plotly takes to be under the pointer, as the figure tells it.
EXPECTED = """chart => {
  const [{ curveNumber, pointNumber }] = chart._hoverdata;
  const { meta, customdata, type } = chart.data[curveNumber];
  const { classes, images } = chart.layout.meta;
  const [place, ...more] = customdata[pointNumber];
  const lines = [meta.label, ...more, `predicted: ${classes[parseInt(meta.predicted[pointNumber], 36)]}`];
  return { lines, picture: images?.[meta.part][place] };
}"""


@pytest.fixture(scope="module")
def demo(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The demo, served."""
    return serve(app_of(DEMO, tmp_path_factory.mktemp("demo")))


def open_demo(visit: Visit, demo: str, **options: Any) -> "Page":
    """The demo once both charts are drawn."""
    page = visit(demo, **options)
    for film in (MOVING, STILL):
        page.wait_for_selector(f"{film} .film-chart .trace", timeout=60_000)
    return page


def escaped(lines: list[str]) -> list[str]:
    """Text as it reads in HTML when nothing of it is HTML."""
    return [line.replace("<", "&lt;").replace(">", "&gt;") for line in lines]


def test_a_point_shows_its_picture_label_and_prediction_at_this_frame(demo: str, visit: Visit) -> None:
    page = open_demo(visit, demo)
    chart, card = page.locator(f"{MOVING} .film-chart"), page.locator(f"{MOVING} .film-card")
    assert card.is_hidden()
    for frame in ("0", "6"):
        page.locator(f"{MOVING} [type=range]").fill(frame)
        page.wait_for_selector(f'{MOVING}[data-shown="{frame}"]')
        assert card.is_hidden()
        for trace, lines in ((0, 2), (WRONG, 3)):
            point_at(page, MOVING, trace)
            card.wait_for()
            expected, shown = chart.evaluate(EXPECTED), card.evaluate(CARD)
            assert shown == {"lines": escaped(expected["lines"]), "picture": expected["picture"]}
            assert set(shown["picture"]) > {"0"}
            assert len(shown["lines"]) == lines
            assert not page.locator(f"{MOVING} .hoverlayer .hovertext").locator("visible=true").count()
    assert card.get_attribute("aria-hidden") == "true"
    last = chart.evaluate("chart => chart.data[0].meta.predicted")
    page.locator(f"{MOVING} [type=range]").press("Home")
    page.wait_for_function(f"document.querySelector('{MOVING} .film-chart').data[0].meta.predicted !== '{last}'")
    page.wait_for_timeout(300)
    assert card.is_hidden()


def test_other_traces_keep_the_label_of_plotly(demo: str, visit: Visit) -> None:
    page = open_demo(visit, demo)
    point_at(page, MOVING, 0)
    page.locator(f"{MOVING} .film-card").wait_for()
    point_at(page, MOVING, TEMPLATES)
    page.locator(f"{MOVING} .hoverlayer .hovertext", has_text="template").wait_for()
    assert page.locator(f"{MOVING} .film-card").is_hidden()


def test_without_pictures_the_card_is_words_alone(demo: str, visit: Visit) -> None:
    page = open_demo(visit, demo)
    point_at(page, STILL, 1)
    card = page.locator(f"{STILL} .film-card")
    card.wait_for()
    assert card.locator("canvas").is_hidden()
    expected = page.locator(f"{STILL} .film-chart").evaluate(EXPECTED)
    assert card.locator("p").all_text_contents() == expected["lines"]


def test_the_card_stays_in_the_window(demo: str, visit: Visit) -> None:
    page = open_demo(visit, demo, viewport={"width": 1400, "height": 500})
    card = page.locator(f"{MOVING} .film-card")
    for width, trace in ((1400, 0), (1400, 1), (360, 0), (360, 1)):  # on the left and on the right
        page.set_viewport_size({"width": width, "height": 500})
        page.wait_for_function(FITS, arg=[MOVING, width])
        point_at(page, MOVING, trace)
        card.wait_for()
        box = card.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        assert 0 <= box["y"] <= box["y"] + box["height"] <= 500


def test_a_tap_shows_the_card_until_the_page_is_touched_or_scrolled(demo: str, visit: Visit) -> None:
    page = open_demo(visit, demo, viewport={"width": 420, "height": 800}, has_touch=True, is_mobile=True)
    card = page.locator(f"{MOVING} .film-card")
    page.touchscreen.tap(*place(page, MOVING, 1))
    card.wait_for()
    assert set(card.evaluate(CARD)["picture"]) > {"0"}
    page.touchscreen.tap(210, 5)
    card.wait_for(state="hidden")
    page.touchscreen.tap(*place(page, MOVING, 0))
    card.wait_for()
    page.locator("[data-testid=stMain]").evaluate("main => main.scrollBy(0, 20)")
    card.wait_for(state="hidden")


def test_the_card_follows_the_theme(demo: str, visit: Visit) -> None:
    page = open_demo(visit, demo, color_scheme="light")
    card = page.locator(f"{MOVING} .film-card")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(DRAWN_IN, arg=scheme)
        point_at(page, MOVING, 0)
        card.wait_for()
        colours = card.evaluate("card => { const s = getComputedStyle(card); return [s.color, s.backgroundColor]; }")
        ink, ground = (sum(map(int, colour[4:-1].split(","))) for colour in colours)
        assert (ink < ground) == (scheme == "light")
