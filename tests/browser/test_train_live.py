"""The page "Train live" in a browser: what only a browser shows."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .conftest import Serve, Visit
from .pages import APP, AT_ONCE, LIVE, WATCH, choices, mark, slider

if TYPE_CHECKING:
    from playwright.sync_api import Page

LAST = "100"  # the last epoch of the default story
BRIEF, BRIEF_LAST = "epochs=20", "20"

STANDS = 600  # milliseconds
# When a control was pressed or let go last, and each frame that a film has shown since: the time, the run, the epoch.
NOTE = """film => {
  const { dataset } = film;
  const note = at => moves.push([at, dataset.run, dataset.shown]);
  const begin = ({ timeStamp }) => (window.moves = [], note(timeStamp));
  window.moves = [];
  for (const deed of ["pointerdown", "pointerup", "keyup"]) addEventListener(deed, begin, true);
  new MutationObserver(() => note(performance.now())).observe(film, { attributeFilter: ["data-shown"] });
}"""
# A film may be painted again as it is.
MOVED = "moves.some(([, run, shown]) => run === moves[0][1] && shown !== moves[0][2])"


def finished(page: "Page", last: str = LAST) -> None:
    """Wait until the film has played to its end and the conclusion stands under it."""
    page.wait_for_selector(f'{LIVE}[data-shown="{last}"][data-playing="false"]', timeout=60_000)
    page.get_by_text("Leaving the labels hard").wait_for()


def another_run(page: "Page", act: Callable[[], object]) -> None:
    """Do something that starts another training, and wait until its film has begun."""
    before = mark(page, LIVE, "run")
    act()
    page.wait_for_selector(f'{LIVE}:not([data-run="{before}"]):not([data-shown=""])')


def strip(page: "Page") -> list[str]:
    """The values of the metric strip."""
    return page.locator("[data-testid=stMetricValue]").all_inner_texts()


def conclusion(page: "Page") -> str:
    """The sentences under the strip."""
    return page.locator("[data-testid=stMarkdown]").filter(has_text="Leaving the labels hard").inner_text()


def test_the_film_plays_unasked_in_one_node_and_never_blanks(app: str, visit: Visit) -> None:
    page = visit(app)
    page.wait_for_selector(f'{LIVE}[data-playing="true"] .trace', timeout=30_000)
    page.evaluate(WATCH)
    finished(page)
    another_run(page, lambda: slider(page).press("ArrowRight"))
    finished(page)
    assert page.evaluate("blanks") == 0
    assert "epsilon=0.105" in page.url


def test_the_film_stands_still_under_a_hand_on_a_control_and_while_the_page_answers(app: str, visit: Visit) -> None:
    page = visit(f"{app}/?seed=120")
    page.wait_for_selector(f'{LIVE}[data-playing="true"]:not([data-shown=""]) .trace')
    page.locator(LIVE).evaluate(NOTE)

    def moves() -> list[float]:
        """Milliseconds until each move of the film that played; nothing of the one that follows it."""
        (since, run, first), *later = page.evaluate("moves")
        return [at - since for at, now, shown in later if now == run and shown != first]

    track = page.get_by_role("group", name="Smoothing ε")
    track.hover()
    page.mouse.down()
    page.wait_for_timeout(2 * STANDS)
    assert moves() == []
    another_run(page, page.mouse.up)
    assert [after for after in moves() if after < STANDS] == []
    another_run(page, lambda: slider(page).press("ArrowRight"))
    assert [after for after in moves() if after < STANDS] == []
    # Where nothing new comes, it goes on.
    page.get_by_role("button", name="Share").click()
    page.wait_for_function(MOVED)
    assert moves()[0] > STANDS


def test_pause_stops_the_picture_and_not_the_training(app: str, visit: Visit) -> None:
    page = visit(f"{app}/?seed=40")
    page.wait_for_selector(f'{LIVE}[data-playing="true"] .trace')
    page.locator(LIVE).get_by_role("button", name="Pause").click()
    stopped = mark(page, LIVE, "shown")
    page.get_by_text("Leaving the labels hard").wait_for()
    assert mark(page, LIVE, "shown") == stopped != LAST


def test_scrubbing_shows_an_earlier_epoch_in_all_figures_and_asks_no_other_host(app: str, visit: Visit) -> None:
    asked: list[str] = []

    def listen(page: "Page") -> None:
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))

    page = visit(f"{app}/?{BRIEF}", listen, **AT_ONCE)
    finished(page, BRIEF_LAST)
    page.locator(LIVE).get_by_role("slider").press("Home")
    page.wait_for_selector(f'{LIVE}[data-shown="0"]')
    page.wait_for_function("document.querySelector('.st-key-curves .film-chart').data?.[0].x[0] === 0")
    assert page.get_by_text(re.compile("Seed 0: accuracy")).is_visible()
    hosts = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(app).netloc}
    assert any(url.startswith("ws:") for url in asked)


def test_a_zoom_survives_frames_that_come_in(app: str, visit: Visit) -> None:
    page = visit(f"{app}/?seed=80&seeds=8")
    page.wait_for_selector(f'{LIVE}[data-playing="true"] .trace')
    box = page.locator(f"{LIVE} .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 120, steps=3)
    page.mouse.up()
    now = "document.querySelector('.st-key-live .film-chart')._fullLayout.xaxis.range.map(v => +v.toFixed(6))"
    page.wait_for_timeout(200)
    zoomed = page.evaluate(now)
    finished(page)
    assert page.evaluate(now) == zoomed


def test_another_server_shows_the_same_numbers_to_its_first_request(app: str, serve: Serve, visit: Visit) -> None:
    first = visit(app, **AT_ONCE)
    finished(first)
    another_run(first, lambda: first.get_by_text("Two moons", exact=True).click())
    another_run(first, lambda: slider(first).press("ArrowRight"))
    finished(first)
    second = visit(first.url.replace(app, serve(APP)), **AT_ONCE)
    finished(second)
    second.get_by_text("Clusters, smoothed, ε = 0.105").wait_for()
    assert strip(second) == strip(first)
    assert len(strip(first)) == 5
    assert conclusion(second) == conclusion(first)
    assert second.url.partition("?")[2] == first.url.partition("?")[2]


def test_two_quick_changes_both_count(app: str, visit: Visit) -> None:
    page = visit(f"{app}/?{BRIEF}")
    finished(page, BRIEF_LAST)
    page.get_by_text("Seeds and conventions").click()
    switch = page.get_by_role("switch", name="Noise in the validation labels too")
    page.wait_for_timeout(500)  # what folds out moves under the pointer
    checked, before = switch.is_checked(), choices(page)
    page.locator("label").filter(has=switch).click()
    page.wait_for_timeout(60)
    page.get_by_role("button", name="New seed").click()
    page.wait_for_url(re.compile(r"[?&]seed=5&"))
    page.get_by_text(re.compile("Seed 5: accuracy")).wait_for()
    finished(page, BRIEF_LAST)
    after = choices(page)
    assert {name for name in before if after[name] != before[name]} == {"seed", "noisy_validation"}
    assert switch.is_checked() != checked


def test_the_old_picture_stays_until_a_slow_run_has_one(app: str, visit: Visit) -> None:
    page = visit(f"{app}/?hidden=512-512-512&epochs=4&seeds=10")
    page.wait_for_selector(f"{LIVE} .trace", timeout=120_000)
    page.wait_for_selector(".st-key-curves .film .trace", state="attached")
    page.evaluate(WATCH)
    before = mark(page, LIVE, "run")
    slider(page).press("ArrowRight")
    page.wait_for_selector(f'{LIVE}:not([data-run="{before}"]):not([data-shown=""])', timeout=120_000)
    assert page.evaluate("blanks") == 0


def test_back_undoes_a_preset_in_one_step(app: str, visit: Visit) -> None:
    page = visit(app)
    page.wait_for_url(re.compile("dataset=digits"))
    page.get_by_text("Two moons", exact=True).click()
    page.wait_for_url(re.compile("dataset=moons"))
    page.wait_for_selector(".st-key-boundary .film .trace")
    page.go_back()
    page.wait_for_url(re.compile("dataset=digits"))
    page.wait_for_selector(".st-key-boundary", state="detached")
    assert page.get_by_role("combobox", name="Data set").input_value() == "digits (8 x 8 pixels)"
    assert page.get_by_role("slider", name="Training examples").get_attribute("aria-valuetext") == "1000"
