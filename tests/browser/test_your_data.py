"""The page "Your data" in a browser: from a file to a training, and a link that does not carry the file."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sklearn.datasets import load_wine

from .conftest import Visit
from .pages import AT_ONCE, LIVE, SCREENSHOTS, choices, mark, quiet, wait
from .test_pages import PROBE

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

SETTLED = "epochs=5&seeds=2"
TALL: "ViewportSize" = {"width": 1400, "height": 1600}  # a menu below the window cannot be clicked


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Wine with names for its classes, a column of text with a gap, and a hostile name."""
    wine = load_wine(as_frame=True).frame.round(3)
    wine["target"] = wine["target"].map({0: "Barolo", 1: "Grignolino", 2: "<b>Barbera</b>"})
    wine["cellar"] = ["north", "south", None, "south"] * 44 + ["north", "south"]
    path = tmp_path / "$wine$ *mine*.csv"
    wine.to_csv(path, index=False)
    return path


def brought(page: "Page", table: Path) -> None:
    """Give the file and impute its gaps."""
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_test_id("stAlert").filter(has_text="'cellar'").wait_for()
    quiet(page)
    page.get_by_role("combobox", name=re.compile("Where a value is missing")).click()
    page.get_by_role("option", name=re.compile("^impute")).click()
    page.get_by_text("178 examples, 15 features, 3 classes.").wait_for()
    quiet(page)


def test_a_file_is_trained_on_and_its_link_asks_for_it(app: str, visit: Visit, table: Path) -> None:
    page = visit(f"{app}/your_data?{SETTLED}", viewport=TALL, **AT_ONCE)
    brought(page, table)
    SCREENSHOTS.mkdir(exist_ok=True)
    for width in (1400, 420):
        page.set_viewport_size({"width": width, "height": TALL["height"]})
        quiet(page)
        assert page.evaluate(PROBE)["overflow"] == 0
        page.screenshot(path=SCREENSHOTS / f"your-data-light-{width}.png", full_page=True)
    page.set_viewport_size(TALL)
    page.get_by_role("button", name="Train on these data").click()
    wait(page, LIVE, shown="5")
    quiet(page)
    mine = choices(page)
    assert mine["dataset"].startswith("own-")
    assert (mine["epochs"], mine["seeds"], mine["label_noise"]) == ("5", "2", "0.0")
    assert "‹b›Barbera‹/b›" in page.locator(LIVE).inner_text()
    run = mark(page, LIVE, "run")

    stranger = visit(page.url, viewport=TALL, **AT_ONCE)
    stranger.get_by_text("are not part of the link").first.wait_for()
    assert "wine" not in stranger.locator("body").inner_text().replace("wine\n", "")
    quiet(stranger)
    stranger.get_by_role("link", name="Your data").click()
    stranger.get_by_text("A link that you opened needs the data").wait_for()
    brought(stranger, table)
    stranger.get_by_text("These are the data of the link").wait_for()
    stranger.get_by_role("button", name="Train on these data").click()
    wait(stranger, LIVE, shown="5")
    quiet(stranger)
    assert choices(stranger) == mine
    assert mark(stranger, LIVE, "run") == run
