"""Pinned moments and the view for a lecture in a browser."""

import re
from typing import TYPE_CHECKING, Any

import pytest

from labelsmooth.snapshots import snapshot_epochs

from .conftest import Visit
from .pages import LIVE, WATCH, choices, hold, mark, quiet, rests, slider, wait

if TYPE_CHECKING:
    from playwright.sync_api import Page

STORY = "dataset=moons&shown=0-1&train_size=100&hidden=16&epochs=12&seeds=1"
ALL = {"": ("live", "boundary", "curves"), "clusters": ("clusters", "collapse")}
# Every frame that each film has shown.
RECORD = """
  window.seen = {};
  new MutationObserver(changes => changes.forEach(({ target }) => {
    const key = target.closest("[class*=st-key]").className.match(/st-key-([\\w-]+)/)[1];
    const frames = (window.seen[key] ??= []);
    if (target.dataset.shown && frames.at(-1) !== target.dataset.shown) frames.push(target.dataset.shown);
  })).observe(document, { attributes: true, attributeFilter: ["data-shown"], subtree: true });
"""
# The share of painted frames in which any part of the page is pale because the script runs.
PALE = """() => {
  let pale = 0, frames = 0;
  const look = () => {
    const parts = [...document.querySelectorAll("[data-testid=stMain] [data-testid=stElementContainer]")];
    pale += parts.some(part => Number(getComputedStyle(part).opacity) < 1);
    frames += 1;
    window.pale = pale / frames;
    requestAnimationFrame(look);
  };
  look();
}"""
LETTERS = """() => {
  const size = selector => parseFloat(getComputedStyle(document.querySelector(selector)).fontSize);
  const tick = document.querySelector(".st-key-live .xtick text").getBoundingClientRect().height;
  return [...["h1", ".film-caption", "[data-testid=stMetricValue]"].map(size), tick];
}"""
FITS = """() => ({
  overflow: Math.max(...[document.documentElement, document.querySelector("[data-testid=stMain]")]
    .map(e => e.scrollWidth - e.clientWidth)),
  rows: new Set([...document.querySelectorAll("[data-testid=stMetric]")]
    .map(measure => Math.round(measure.getBoundingClientRect().top))).size,
  wide: document.querySelector(".st-key-live .main-svg").getBoundingClientRect().width
    - document.querySelector(".st-key-live .film").clientWidth,
  under: document.querySelector(".film-bar").getBoundingClientRect().top
    - document.querySelector(".st-key-live .main-svg").getBoundingClientRect().bottom,
})"""


def recording(page: "Page") -> None:
    """Keep the frames that films show, from the beginning."""
    page.add_init_script(RECORD)


def press(page: "Page", name: str) -> None:
    """Press a button of the live film."""
    page.locator(LIVE).get_by_role("button", name=name, exact=True).click()


def pinned(page: "Page", epoch: str) -> None:
    """Wait until the address says so."""
    page.wait_for_url(re.compile(rf"[?&]epoch={epoch}&"))


@pytest.mark.parametrize("path", list(ALL))
def test_a_link_opens_at_its_epoch_and_shows_no_other(app: str, visit: Visit, path: str) -> None:
    rests(visit(f"{app}/{path}?{STORY}"), *ALL[path])
    page = visit(f"{app}/{path}?{STORY}&epoch=7", recording)
    rests(page, *ALL[path])
    for key in ALL[path]:
        wait(page, f".st-key-{key} .film", shown="7")
    quiet(page)
    assert page.evaluate("seen") == {key: ["7"] for key in ALL[path]}
    assert choices(page)["epoch"] == "7"


def test_a_film_waits_for_its_moment_and_stays_there(app: str, visit: Visit) -> None:
    page = visit(f"{app}/?seed=60&seeds=2&epochs=60&epoch=20", recording)
    wait(page, LIVE, shown="20")
    page.wait_for_selector(f'{LIVE}[data-ticking="false"]', timeout=60_000)
    wait(page, ".st-key-curves .film", shown="20")
    frames = [int(name) for name in page.evaluate("seen.live")]
    assert frames == sorted(frames)
    assert (frames[-1], mark(page, LIVE, "playing"), int(mark(page, LIVE, "have")) > 30) == (20, "false", True)
    page.evaluate(WATCH)
    run = mark(page, LIVE, "run")
    slider(page).press("ArrowRight")
    page.wait_for_selector(f'{LIVE}:not([data-run="{run}"])[data-shown="20"]', timeout=60_000)
    assert choices(page)["epoch"] == "20"
    assert page.evaluate("blanks") == 0


def test_pause_pins_play_frees_and_back_goes_back(app: str, visit: Visit) -> None:
    # So long that it still plays when somebody comes back to it.
    page = visit(f"{app}/?{STORY.replace('epochs=12', 'epochs=40')}", recording)
    wait(page, LIVE, shown="40", playing="false", ticking="false")
    quiet(page)
    assert choices(page)["epoch"] == "-1"
    press(page, "Step back")
    pinned(page, "39")
    page.locator(f"{LIVE} select").select_option("0.25")
    press(page, "Replay")
    pinned(page, "-1")
    page.wait_for_timeout(700)
    press(page, "Pause")
    stopped = mark(page, LIVE, "shown")
    pinned(page, stopped)
    for key in ALL[""]:
        wait(page, f".st-key-{key} .film", shown=stopped)
    quiet(page)
    assert mark(page, LIVE, "shown") == stopped
    page.go_back()
    pinned(page, "-1")
    wait(page, LIVE, playing="true")
    page.go_back()
    pinned(page, "39")
    wait(page, LIVE, shown="39", playing="false")
    page.go_forward()
    wait(page, LIVE, playing="true")
    page.go_forward()
    wait(page, LIVE, shown=stopped, playing="false")


def test_leaving_a_film_moves_greys_and_blanks_nothing(app: str, visit: Visit) -> None:
    page = visit(f"{app}/?seed=80&seeds=20&epochs=200", recording)
    page.wait_for_selector(f'{LIVE}[data-playing="true"] .trace', timeout=60_000)
    page.wait_for_selector(".st-key-curves .film .trace", state="attached", timeout=60_000)
    for watch in (WATCH, PALE):
        page.evaluate(watch)
    press(page, "Pause")
    start = page.evaluate("seen.live.length")
    stopped = int(mark(page, LIVE, "shown"))
    for _ in range(2):
        press(page, "Step back")
    # Not every epoch has a frame: the first twenty have, and then some.
    frames = sorted(snapshot_epochs(200))
    pinned(page, str(frames[max(frames.index(stopped) - 2, 0)]))
    # Answers to what the visitor did first come while the mouse holds the film elsewhere.
    left, right, height = hold(page, LIVE)
    page.mouse.move((left + right) / 8, height, steps=3)
    page.wait_for_timeout(500)
    page.mouse.up()
    last = mark(page, LIVE, "shown")
    pinned(page, last)
    assert mark(page, LIVE, "ticking") == "true", "still in training"
    page.wait_for_timeout(500)
    moves: list[str] = page.evaluate(f"seen.live.slice({start})")
    assert moves[-1] == last
    assert len(moves) == len(set(moves)), "no frame comes back"
    assert page.evaluate("blanks") == 0
    # Streamlit pales what a slow run has not renewed: on a busy machine some frames, never for long.
    assert page.evaluate("pale") < 0.2


def test_a_lecture_has_larger_letters_and_fits(app: str, visit: Visit) -> None:
    link = f"{app}/?{STORY}&epoch=7"
    for width in (1400, 420):
        size: dict[str, Any] = {"viewport": {"width": width, "height": 900}, "reduced_motion": "reduce"}
        full, page = (visit(f"{link}&mode={mode}", **size) for mode in ("full", "lecture"))
        for each in (full, page):
            rests(each, "live")
            wait(each, LIVE, shown="7")
            quiet(each)
        assert page.locator(".film").count() == 1
        small, large = full.evaluate(LETTERS), page.evaluate(LETTERS)
        assert all(big > 1.05 * usual for usual, big in zip(small, large, strict=True))
        fits = page.evaluate(FITS)
        assert fits["overflow"] == 0
        assert fits["rows"] == (1 if width == 1400 else 3)
        assert abs(fits["wide"]) < 1
        assert page.get_by_test_id("stSidebar").get_attribute("data-collapsed") == "true"
        assert page.get_by_role("button", name="Everything").is_visible()


def test_the_pointer_finds_points_in_large_and_a_lecture_ends(app: str, visit: Visit) -> None:
    page = visit(f"{app}/?{STORY}&mode=lecture&epoch=7")
    rests(page, "live")
    quiet(page)
    point = page.locator(f"{LIVE} .scatterlayer .point").nth(3).bounding_box()
    assert point is not None
    page.mouse.move(point["x"] - 40, point["y"] - 40)
    page.wait_for_timeout(100)  # Plotly looks at the pointer every 50 ms
    page.mouse.move(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)
    label = page.locator(f"{LIVE} .hovertext")
    label.wait_for()
    found = label.bounding_box()
    assert found is not None
    assert abs(found["x"] - point["x"]) < 150
    assert abs(found["y"] - point["y"]) < 40
    page.get_by_role("button", name="Everything").click()
    rests(page, "live", "curves")
    wait(page, LIVE, shown="7")
    assert choices(page)["mode"] == "full"
    letters = "getComputedStyle(document.documentElement).fontSize"
    assert page.evaluate(letters) == "16px"
