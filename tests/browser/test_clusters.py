"""The page "Clusters" in a browser: its film, the card of an example, the third dimension."""

from typing import TYPE_CHECKING

from .conftest import Visit
from .pages import AT_ONCE, CARD, WATCH, mark, point_at, rests

if TYPE_CHECKING:
    from playwright.sync_api import Page

QUICK = "epochs=20&seeds=2"
CLUSTERS, SOLID = (f".st-key-{key} .film" for key in ("clusters", "solid"))
# How many colours a scene has.
COLOURS = """async (chart, scene) => {
  const image = new Image();
  image.src = chart._fullLayout[scene]._scene.toImage("png");
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  return new Set(new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size;
}"""


def toggle(page: "Page", name: str) -> None:
    """Turn a switch over."""
    page.locator("label").filter(has=page.get_by_role("switch", name=name)).click()


def test_the_film_plays_unasked_and_the_bias_does_not_blank_it(app: str, visit: Visit) -> None:
    # A seed that no other test has trained, and long enough: the film must be seen to grow.
    page = visit(f"{app}/clusters?epochs=100&seeds=2&seed=60")
    page.wait_for_selector(f'{CLUSTERS}[data-playing="true"] .trace', state="attached", timeout=60_000)
    page.evaluate(WATCH)
    rests(page, "clusters", "collapse")
    assert mark(page, CLUSTERS, "shown") == "100"
    run = mark(page, CLUSTERS, "run")
    toggle(page, "The bias is part of the template")
    page.wait_for_selector(f'{CLUSTERS}:not([data-run="{run}"])[data-shown="100"]')
    rests(page, "clusters", "collapse")
    assert "bias=no" in page.url
    assert page.evaluate("blanks") == 0


def test_the_card_shows_the_digit_under_the_pointer(app: str, visit: Visit) -> None:
    page = visit(f"{app}/clusters?{QUICK}", **AT_ONCE)
    rests(page, "clusters", "collapse")
    point_at(page, CLUSTERS, 0)
    card = page.locator(f"{CLUSTERS} .film-card")
    card.wait_for()
    shown = card.evaluate(CARD)
    assert set(shown["picture"]) > {"0"}
    assert shown["lines"][0].startswith("label: digit ")
    assert shown["lines"][-1].startswith("predicted: digit ")


def test_the_third_dimension_is_a_scene_of_each_model(app: str, visit: Visit) -> None:
    page = visit(f"{app}/clusters?{QUICK}", **AT_ONCE)
    rests(page, "clusters", "collapse")
    toggle(page, "Third dimension")
    rests(page, "solid")
    chart = page.locator(f"{SOLID} .film-chart")
    assert chart.locator(".no-webgl").count() == 0
    assert "depth=yes" in page.url
    assert min(chart.evaluate(COLOURS, scene) for scene in ("scene", "scene2")) > 50
