"""The page "Calibration" in a browser: dragging the temperature, and the bins."""

from typing import TYPE_CHECKING

from .conftest import Visit
from .pages import RELIABILITY, Wire, choices, hold, mark, panels, quiet, redrawn, rests, says, slider, wait

if TYPE_CHECKING:
    from playwright.sync_api import Page

QUICK = "epochs=20&seeds=2"


def judged(visit: Visit, app: str, wire: Wire) -> "Page":
    """The page once its run is trained and at rest."""
    page = visit(f"{app}/calibration?{QUICK}", wire.listen)
    rests(page, "reliability", "losses", "risk")
    quiet(page)
    return page


def table(page: "Page") -> str:
    """All estimators of the calibration error, as text."""
    return page.locator("[data-testid=stTable]").first.inner_text()


def test_a_dragged_temperature_stays_in_the_browser_until_release(app: str, visit: Visit) -> None:
    wire = Wire()
    page = judged(visit, app, wire)
    before, start = table(page), panels(page, RELIABILITY)
    assert len(start) == 2 * 4
    wire.clear()
    left, right, height = hold(page, RELIABILITY)
    first = redrawn(page, RELIABILITY, start)
    page.mouse.move((left + right) / 2, height, steps=40)
    middle = redrawn(page, RELIABILITY, first)
    page.mouse.move(right, height, steps=40)
    wait(page, RELIABILITY, shown="10")
    redrawn(page, RELIABILITY, middle)
    assert wire.asked == []
    assert table(page) == before
    page.mouse.up()
    page.get_by_text("temperature 10, 15 bins").wait_for()
    quiet(page)
    assert (len(wire.asked), wire.whole_runs) == (1, 1)
    assert choices(page)["temperature"] == "10.0"
    assert table(page) != before
    assert mark(page, RELIABILITY, "shown") == "10"


def test_other_bins_are_drawn_without_training(app: str, visit: Visit) -> None:
    wire = Wire()
    page = judged(visit, app, wire)
    start = page.locator(f"{RELIABILITY} .film-chart").evaluate("chart => chart.data[0].x.length")
    wire.clear()
    slider(page, "Bins").press("Home")
    says(page, "1", "Bins")
    page.wait_for_function(f"document.querySelector('{RELIABILITY} .film-chart').data[0].x.length === 1")
    page.get_by_text("temperature 1, 1 bins").wait_for()
    quiet(page)
    assert start == 15
    assert choices(page)["bins"] == "1"
    # Training would be watched by ticks.
    assert not any(message.rerun_script.is_auto_rerun for message in wire.asked)
