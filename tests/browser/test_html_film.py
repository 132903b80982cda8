"""The film as one file: opened from disk without a network, it slides, plays and fits a phone."""

from typing import TYPE_CHECKING

import pytest

from labelsmooth.figures.epsilon import EpsilonView, epsilon_captions, epsilon_figure, epsilon_frames
from labelsmooth.figures.export import film_html
from labelsmooth.pictures import epsilon_pictures
from labelsmooth.setups import TrainingSetup
from labelsmooth.training import train

from .conftest import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

SETUP = TrainingSetup("iris", train_size=60, epsilons=(-0.1, 0.0, 0.1, 0.2, 0.4), seeds=(0,), epochs=5)
# What is drawn in each panel, and what it is drawn from.
PANELS = "[...document.querySelectorAll('.cartesianlayer .subplot')].map(panel => panel.innerHTML)"
DATA = """['x', 'x2', 'x3', 'x4'].map(axis => JSON.stringify(
  document.getElementById('film').data.filter(trace => trace.xaxis === axis)))"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """The address of a film on disk that starts at 0.1, and what it says of each epsilon."""
    *_, last = train(SETUP)
    pictures, captions = epsilon_pictures(last, (0, 1, 2)), epsilon_captions(last, SETUP)
    moving = epsilon_figure(pictures, EpsilonView(("a", "b", "c"), SETUP.epsilons))
    page = film_html(moving, epsilon_frames(pictures, SETUP.epsilons, captions), "A <film>", "0.1")
    file = tmp_path_factory.mktemp("film") / "film.html"
    file.write_text(page, encoding="utf-8")
    return file.as_uri(), captions


def shows(page: "Page", name: str, caption: str) -> None:
    """Wait until the page says in figures and in words that it shows this epsilon."""
    page.get_by_text(f"epsilon = {name}", exact=True).wait_for()
    page.locator("figcaption").get_by_text(caption, exact=True).wait_for()


def slide(page: "Page", share: float) -> None:
    """Press the slider so far along its rail."""
    box = page.locator(".slider-rail-touch-rect").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)


def test_the_slider_moves_every_panel_without_a_network(exported: tuple[str, list[str]], visit: Visit) -> None:
    address, captions = exported
    asked: list[str] = []
    page = visit(address, lambda page: page.on("request", lambda request: asked.append(request.url)), offline=True)
    shows(page, "0.1", captions[2])
    assert page.title() == page.locator("h1").inner_text() == "A <film>"
    before, drawn = page.evaluate(DATA), page.evaluate(PANELS)
    slide(page, 0.98)
    shows(page, "0.4", captions[4])
    after, redrawn = page.evaluate(DATA), page.evaluate(PANELS)
    assert len(drawn) == 4
    assert all(old != new for old, new in zip(before + drawn, after + redrawn, strict=True))
    assert page.locator(".barlayer .trace").count() == 2
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_it_plays_and_stays_where_it_is_on_a_phone(exported: tuple[str, list[str]], visit: Visit) -> None:
    address, captions = exported
    page = visit(address, offline=True)
    shows(page, "0.1", captions[2])
    page.get_by_text("Play", exact=True).click()
    shows(page, "0.4", captions[4])
    page.set_viewport_size({"width": 400, "height": 900})
    page.wait_for_function("document.querySelector('.main-svg').clientHeight > 1360")
    shows(page, "0.4", captions[4])
    assert page.evaluate("document.documentElement.scrollWidth") == 400
