"""The film in a browser: what a viewer sees and does, and what crosses the network."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import Serve, Visit, app_of, said, visits
from .pages import mark, wait

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, WebSocket, WebSocketRoute

LAST = "390"
DEMO = Path(__file__).with_name("film_demo.py")
PANELS, CURVES, SWEEP, PLAIN = (f".st-key-{key} .film" for key in ("panels", "curves", "sweep", "plain"))

# In every painted frame: how often a chart that had traces has lost them, or has become another node.
WATCH = """() => {
  window.blanks = 0;
  const nodes = new Map();
  const look = () => {
    requestAnimationFrame(look);
    for (const chart of document.querySelectorAll(".film-chart")) {
      const traces = chart.querySelectorAll(".trace").length;
      const key = chart.closest("[class*=st-key]").className;
      if (nodes.has(key) && (nodes.get(key) !== chart || !traces || !chart.clientHeight)) window.blanks += 1;
      if (traces) nodes.set(key, chart);
    }
  };
  look();
}"""
RANGE = f"document.querySelector('{PANELS} .film-chart')._fullLayout.xaxis.range"
CURSOR = f"String(document.querySelector('{CURVES} .film-chart').data[1].x[0])"


@pytest.fixture(scope="module")
def demo(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The demo under a base path."""
    return serve(app_of(DEMO, tmp_path_factory.mktemp("demo")), "--server.baseUrlPath=lab")


@pytest.fixture(scope="module")
def shared(browser: "Browser", console: list[str], demo: str) -> Iterator["Page"]:
    """A page on the live film, watched for blanks."""
    with visits(browser, console) as visit:
        page = visit(demo)
        drawn(page, PANELS)
        page.evaluate(WATCH)
        yield page


@pytest.fixture
def live(shared: "Page", console: list[str]) -> Iterator["Page"]:
    """The live film at the beginning of a new run, which never blanks and reports no error."""
    run = int(mark(shared, PANELS, "run")) + 1
    shared.get_by_role("button", name="New run").click()
    wait(shared, PANELS, run=str(run), playing="true")
    yield shared
    assert shared.evaluate("blanks") == 0
    assert said(console) == []


def drawn(page: "Page", film: str) -> None:
    """Wait for the chart itself."""
    page.wait_for_selector(f"{film} .film-chart .trace")


def press(page: "Page", film: str, name: str) -> None:
    """Press a button of a film."""
    page.locator(film).get_by_role("button", name=name, exact=True).click()


def drag(page: "Page") -> None:
    """Draw a zoom rectangle in the first panel and hold on to it."""
    box = page.locator(f"{PANELS} .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 150, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 240, box["y"] + 140, steps=3)


def test_it_plays_unasked_and_each_frame_comes_once(demo: str, visit: Visit) -> None:
    messages: list[bytes] = []

    def keep(message: str | bytes) -> None:
        messages.append(message if isinstance(message, bytes) else message.encode())

    def listen(socket: "WebSocket") -> None:
        socket.on("framereceived", keep)

    page = visit(demo, lambda page: page.on("websocket", listen))
    page.evaluate(WATCH)
    drawn(page, PANELS)
    wait(page, PANELS, have="40")
    messages.clear()
    press(page, "body", "New run")
    wait(page, PANELS, run="2", playing="true")
    wait(page, PANELS, have="40", playing="true")
    assert mark(page, PANELS, "shown") != LAST
    page.locator(f"{PANELS} select").select_option("4")
    wait(page, PANELS, shown=LAST, playing="false")
    page.wait_for_function(f"{CURSOR} === '{LAST}'")
    assert page.evaluate("blanks") == 0
    captions = re.findall(rb'"caption": "([^"]*)"', b"".join(messages))
    assert len(captions) == len(set(captions)) == 40
    # The code is fetched once as a file, not sent with every message.
    assert not any(b"class Film" in message for message in messages)
    assert page.locator("script[src*=plotly]").count() == 1
    count = len(messages)
    page.wait_for_timeout(1100)
    assert len(messages) == count, "the fragment has stopped to tick"


def test_a_film_over_a_value_tells_python_on_release_alone(demo: str, visit: Visit) -> None:
    page = visit(f"{demo}/sweep")
    drawn(page, SWEEP)
    wait(page, SWEEP, shown="100", playing="false")
    page.evaluate(WATCH)
    state = page.get_by_text(re.compile(r"^run \d+ at"))
    assert state.inner_text() == "run 1 at 100"
    scrub = page.locator(f"{SWEEP} [type=range]")
    scrub.evaluate("range => { range.value = 20; range.dispatchEvent(new Event('input')); }")
    wait(page, SWEEP, shown="200")
    page.wait_for_timeout(300)
    assert state.inner_text() == "run 1 at 100"
    # The same value twice is two releases.
    for run in (2, 3):
        scrub.evaluate("range => range.dispatchEvent(new Event('change'))")
        page.get_by_text(f"run {run} at 200").wait_for()
    page.wait_for_timeout(300)
    assert state.inner_text() == "run 3 at 200"
    page.get_by_role("slider", name="value").first.press("ArrowRight")
    wait(page, SWEEP, shown="210")
    assert page.evaluate("blanks") == 0
    drawn(page, PLAIN)
    assert page.locator(f"{PLAIN} :is(button, input, select)").locator("visible=true").count() == 0
    assert page.locator(f"{PLAIN} summary").is_visible()


def test_lost_frames_come_again(demo: str, visit: Visit) -> None:
    lost: list[Any] = []

    def lose(route: "WebSocketRoute") -> None:
        server = route.connect_to_server()

        def pass_on(message: Any) -> None:
            if b'"run": "2"' in message and b'"caption"' in message and not lost:
                lost.append(message)
            else:
                route.send(message)

        server.on_message(pass_on)

    page = visit(demo, lambda page: page.route_web_socket("**/_stcore/stream", lose))
    # A click is lost where it meets the rerun at the end of a run, as on the way to another page.
    wait(page, PANELS, have="40", ticking="false")
    press(page, "body", "New run")
    wait(page, PANELS, run="2")
    wait(page, PANELS, run="2", have="40", gap="false")
    assert lost


def test_it_fits_a_phone_a_theme_and_a_wish_for_less_motion(demo: str, visit: Visit) -> None:
    page = visit(demo, color_scheme="light", reduced_motion="reduce")
    drawn(page, PANELS)
    page.evaluate(WATCH)
    chart = page.locator(f"{PANELS} .film-chart")
    assert chart.evaluate("node => node.clientHeight") == 620
    for width in (420, 360):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"document.querySelector('{PANELS} .film-chart').clientHeight === 1200")
        page.wait_for_function(f"document.querySelector('{PANELS} .main-svg').clientWidth < {width}")
        overflow = "[document.documentElement, document.querySelector('[data-testid=stMain]')]"
        assert page.evaluate(f"{overflow}.map(e => e.scrollWidth - e.clientWidth)") == [0, 0]
        controls = page.locator(f"{PANELS} :is(button, select, summary, input)").locator("visible=true")
        sizes = controls.evaluate_all("all => all.map(e => Math.min(e.clientWidth, e.clientHeight))")
        assert min(sizes) >= 36
    ink = f"getComputedStyle(document.querySelector('{PANELS} .xtick text')).fill"
    light = page.evaluate(ink)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"light => {ink} !== light", arg=light)
    wait(page, PANELS, have="40", shown=LAST, playing="false")
    press(page, PANELS, "Play")
    wait(page, PANELS, playing="true")
    assert mark(page, PANELS, "shown") != LAST
    assert page.evaluate("blanks") == 0


def test_a_missing_library_is_said_in_place(demo: str, visit: Visit, console: list[str]) -> None:
    page = visit(demo, lambda page: page.route("**/plotly-*.js", lambda route: route.abort()))
    note = page.get_by_role("alert").first
    note.wait_for()
    assert "did not load" in note.inner_text()
    assert said(console)


def test_zoom_outlives_frames_and_another_range(live: "Page") -> None:
    drag(live)
    live.mouse.up()
    zoomed = live.evaluate(RANGE)
    assert -4 < zoomed[0] < zoomed[1] < 4
    wait(live, PANELS, have="40")
    live.wait_for_timeout(100)
    assert live.evaluate(RANGE) == zoomed
    press(live, PANELS, "Reset zoom")
    live.wait_for_function(f"{RANGE}[1] === 8")


def test_a_held_pointer_holds_the_picture(live: "Page") -> None:
    drag(live)
    before = mark(live, PANELS, "have"), mark(live, PANELS, "shown")
    live.wait_for_timeout(1000)
    assert (mark(live, PANELS, "have"), mark(live, PANELS, "shown")) == before
    live.mouse.up()
    wait(live, PANELS, have="40")
    box = live.locator(f"{PANELS} .nsewdrag").first.bounding_box()
    assert box is not None
    live.mouse.dblclick(box["x"] + 150, box["y"] + 40)
    live.wait_for_function(f"{RANGE}[1] === 8")


def test_pause_stops_the_picture_alone(live: "Page") -> None:
    press(live, PANELS, "Pause")
    shown = mark(live, PANELS, "shown")
    wait(live, PANELS, have="40")
    wait(live, CURVES, have="40")
    assert mark(live, PANELS, "shown") == shown
    assert mark(live, PANELS, "playing") == "false"


def test_the_viewer_scrubs_and_the_follower_follows(live: "Page") -> None:
    wait(live, PANELS, have="40")
    scrub = live.locator(f"{PANELS} [type=range]")
    scrub.fill("5")
    assert scrub.get_attribute("aria-valuetext") == "epoch 50 of 390"
    assert live.locator(f"{PANELS} .film-caption").inner_text() == "accuracy of <frame> 50 is .50"
    wait(live, CURVES, shown="50")
    live.wait_for_function(f"{CURSOR} === '50'")


def test_keys_step_and_play(live: "Page") -> None:
    wait(live, PANELS, have="40")
    chart = live.locator(f"{PANELS} .film-chart")
    for key, name in [("Home", "0"), ("ArrowRight", "10"), ("ArrowLeft", "0"), ("End", LAST), ("ArrowRight", LAST)]:
        chart.press(key)
        assert mark(live, PANELS, "shown") == name
    live.locator(f"{PANELS} select").select_option("4")
    chart.press(" ")
    wait(live, PANELS, playing="true")
    wait(live, PANELS, shown=LAST, playing="false")
    live.locator(f"{PANELS} select").select_option("1")
    press(live, PANELS, "Replay")
    wait(live, PANELS, playing="true")
    press(live, PANELS, "Step forward")
    assert mark(live, PANELS, "playing") == "false"
    assert 0 < int(mark(live, PANELS, "shown")) < int(LAST)


def test_a_new_run_plays_in_the_same_node(live: "Page") -> None:
    press(live, PANELS, "Pause")
    run = int(mark(live, PANELS, "run"))
    node = live.locator(f"{PANELS} .film-chart").element_handle()
    for later in (run + 1, run + 2):
        press(live, "body", "New run")
        wait(live, PANELS, run=str(later), playing="true")
        assert live.evaluate("([node, film]) => node === document.querySelector(film)", [node, f"{PANELS} .film-chart"])


def test_the_picture_is_saved(live: "Page") -> None:
    wait(live, PANELS, have="40")
    live.locator(f"{PANELS} [type=range]").fill("5")
    wait(live, CURVES, shown="50")
    for film, kind, name in [(PANELS, "PNG", "panels-epoch-50.png"), (CURVES, "SVG", "curves-epoch-50.svg")]:
        live.locator(f"{film} summary").click()
        with live.expect_download() as download:
            press(live, film, kind)
        assert download.value.suggested_filename == name
        assert download.value.path().stat().st_size > 10_000


def test_another_page_and_back_goes_on_where_the_viewer_was(live: "Page") -> None:
    # A click on another page is lost where it meets the rerun at the end of a run.
    wait(live, PANELS, have="40", ticking="false")
    live.locator(f"{PANELS} [type=range]").fill("7")
    live.locator(f"{PANELS} .film-chart").evaluate("node => { node.mark = 1; }")
    live.get_by_role("link", name="sweep").click()
    drawn(live, SWEEP)
    live.get_by_role("link", name="live").click()
    wait(live, PANELS, have="40", shown="70", playing="false")
    wait(live, CURVES, shown="70")
    assert live.locator(f"{PANELS} .film-chart").evaluate("node => node.mark") == 1
    drawn(live, PANELS)
