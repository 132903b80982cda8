"""The page "Drag epsilon" in a browser: dragging, what crosses the network for it, and how a sweep comes in."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.frame_times import RECORD, middle_and_p95

from .conftest import Visit
from .pages import LIVE, SWEEP, WATCH, Wire, choices, hold, mark, panels, quiet, redrawn, rests, says, slider, wait

if TYPE_CHECKING:
    from playwright.sync_api import Page

QUICK = "epochs=20&seeds=2"
MAP = ".st-key-map .film"
LAST = "0.5"
ABSURD = 250  # milliseconds a frame, on the slowest machine: the benchmark tells how fast it is
# How many rows of the map were filled, each time it was another number.
ROWS = """() => {
  window.rows = [];
  const look = () => {
    requestAnimationFrame(look);
    const cells = document.querySelector(".st-key-map .film-chart")?.data?.[0].z ?? [];
    const filled = cells.filter(row => row.every(value => value !== null)).length;
    if (filled !== (window.rows.at(-1) ?? 0)) window.rows.push(filled);
  };
  look();
}"""


@pytest.fixture
def wire() -> Wire:
    """What crosses the websocket of the page that is opened with it."""
    return Wire()


def swept(visit: Visit, app: str, wire: Wire) -> "Page":
    """The page once its sweep is trained and at rest."""
    page = visit(f"{app}/drag_epsilon?{QUICK}", wire.listen)
    rests(page, "sweep", "measures")
    page.get_by_role("button", name="Film as HTML").wait_for()
    quiet(page)
    return page


def test_a_drag_stays_in_the_browser_and_its_release_is_one_rerun(
    app: str, visit: Visit, wire: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    page = swept(visit, app, wire)
    run, start = mark(page, SWEEP, "run"), panels(page, SWEEP)
    assert len(start) == 2 * 4
    page.locator(SWEEP).evaluate(RECORD)
    wire.clear()
    left, right, height = hold(page, SWEEP)
    first = redrawn(page, SWEEP, start)
    page.mouse.move((left + right) / 2, height, steps=40)
    middle = redrawn(page, SWEEP, first)
    page.mouse.move(right, height, steps=40)
    wait(page, SWEEP, shown=LAST)
    redrawn(page, SWEEP, middle)
    assert wire.asked == []
    assert (slider(page).get_attribute("aria-valuetext"), choices(page)["epsilon"]) == ("0.1", "0.1")
    page.mouse.up()
    says(page, LAST)
    quiet(page)
    assert (len(wire.asked), wire.whole_runs) == (1, 1)
    assert choices(page)["epsilon"] == LAST
    assert (mark(page, SWEEP, "run"), mark(page, SWEEP, "shown")) == (run, LAST)
    took = page.evaluate("frameTimes.took")
    median, p95 = middle_and_p95(took)
    with capsys.disabled():
        sys.stdout.write(f"\n{len(took)} frames dragged: median {median:.0f} ms, p95 {p95:.0f} ms\n")
    assert median < ABSURD
    page.get_by_role("link", name="Train live").click()
    page.wait_for_selector(f"{LIVE} .trace", state="attached")
    says(page, LAST)
    assert choices(page)["epsilon"] == LAST


def test_a_drag_over_the_end_of_the_training_keeps_its_place(app: str, visit: Visit) -> None:
    page = visit(f"{app}/drag_epsilon?epochs=200&seed=777&seeds=3")
    page.wait_for_selector(f'{SWEEP}[data-ticking="true"] .trace', state="attached", timeout=60_000)
    _, right, height = hold(page, SWEEP)
    page.mouse.move(right, height, steps=5)
    wait(page, SWEEP, shown=LAST)
    page.get_by_text("ECE is lowest").or_(page.get_by_text("Epoch 200 of 200")).first.wait_for(timeout=60_000)
    page.mouse.up()
    says(page, LAST)
    rests(page, "sweep", "measures")
    assert (mark(page, SWEEP, "shown"), choices(page)["epsilon"]) == (LAST, LAST)


def test_the_slider_above_moves_the_film_to_the_nearest_epsilon_without_training(
    app: str, visit: Visit, wire: Wire
) -> None:
    page = swept(visit, app, wire)
    run = mark(page, SWEEP, "run")
    wire.clear()
    for key, value, nearest in (("ArrowRight", "0.105", "0.1"), ("End", "0.5", "0.5"), ("Home", "0", "0")):
        slider(page).press(key)
        says(page, value)
        wait(page, SWEEP, shown=nearest)
    quiet(page)
    assert mark(page, SWEEP, "run") == run
    # Training would be watched by ticks.
    assert not any(message.rerun_script.is_auto_rerun for message in wire.asked)


def test_pictures_come_before_the_sweep_is_done_and_never_blank(app: str, visit: Visit) -> None:
    # Long enough that its early pictures are still there when the browser comes to look.
    page = visit(f"{app}/drag_epsilon?epochs=120&seeds=3")
    page.wait_for_selector(f'{SWEEP}[data-ticking="true"] .trace', state="attached", timeout=60_000)
    page.get_by_text(re.compile(r"Epoch (?!120 )\d+ of 120")).wait_for()
    page.evaluate(WATCH)
    early = mark(page, SWEEP, "run")
    rests(page, "sweep", "measures")
    assert mark(page, SWEEP, "run") != early
    assert page.evaluate("blanks") == 0


def test_the_map_fills_row_by_row_and_then_rests(app: str, visit: Visit, wire: Wire) -> None:
    page = visit(f"{app}/drag_epsilon?epochs=60&seeds=1&steps=6&map_over=label_noise", wire.listen)
    page.evaluate(ROWS)
    page.get_by_text("of 7 of the map").wait_for(timeout=60_000)
    page.wait_for_selector(f'{MAP}[data-ticking="true"]')
    page.wait_for_selector(f'{MAP}[data-ticking="false"]', timeout=90_000)
    page.get_by_text("of 7 of the map").wait_for(state="detached")
    rows = page.evaluate("rows")
    assert rows == sorted(rows)
    assert (len(rows) > 2, rows[-1]) == (True, 7)
    quiet(page)
    wire.clear()
    page.wait_for_timeout(1100)
    assert wire.asked == []


def test_the_film_comes_home_as_a_page_that_needs_no_network(
    app: str, visit: Visit, wire: Wire, tmp_path: Path
) -> None:
    page = swept(visit, app, wire)
    with page.expect_download() as download:
        page.get_by_role("button", name="Film as HTML").click()
    assert download.value.suggested_filename == "label-smoothing-film.html"
    file = tmp_path / "film.html"
    download.value.save_as(file)
    alone = visit(file.as_uri(), offline=True)
    alone.get_by_text("epsilon = 0.1", exact=True).wait_for()
    assert alone.title() == "Label smoothing on digits: drag epsilon"
