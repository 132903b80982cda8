"""The film in a browser: what a viewer sees and does, and what crosses the network."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import Serve, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Page, WebSocketRoute

LAST = "390"
STATIC = "--server.enableStaticServing=true"
PANELS = ".st-key-panels .film"
CURVES = ".st-key-curves .film"
SWEEP = ".st-key-sweep .film"

# In every painted frame: how often a chart that had traces has lost them, or has become another node.
WATCH = """() => {
  window.blanks = 0;
  const nodes = new Map();
  const look = () => {
    requestAnimationFrame(look);
    for (const film of document.querySelectorAll(".film")) {
      const chart = film.querySelector(".film-chart");
      const traces = chart.querySelectorAll(".trace").length;
      const key = film.closest("[class*=st-key]").className;
      if (nodes.has(key) && (nodes.get(key) !== chart || !traces || !chart.clientHeight)) window.blanks += 1;
      if (traces) nodes.set(key, chart);
    }
  };
  look();
}"""
RANGE = f"document.querySelector('{PANELS} .film-chart')._fullLayout.xaxis.range"
CURSOR = f"String(document.querySelector('{CURVES} .film-chart').data[1].x[0])"


@pytest.fixture(scope="module")
def demo_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo in a folder of its own, because plotly.js is published beside the script."""
    return Path(shutil.copy(Path(__file__).with_name("film_demo.py"), tmp_path_factory.mktemp("demo") / "app.py"))


@pytest.fixture(scope="module")
def demo(serve: Serve, demo_script: Path) -> str:
    """The address of the demo."""
    return serve(demo_script, STATIC)


def wait(page: "Page", film: str, **marks: str) -> None:
    """Wait until a film says so of itself: have, shown, playing, run."""
    page.wait_for_selector(film + "".join(f'[data-{name}="{value}"]' for name, value in marks.items()), timeout=15_000)


def mark(page: "Page", film: str, name: str) -> str:
    """What a film says of itself."""
    return page.locator(film).get_attribute(f"data-{name}") or ""


def drawn(page: "Page", film: str) -> None:
    """Wait for the chart itself."""
    page.wait_for_selector(f"{film} .film-chart .trace", timeout=15_000)


def test_it_plays_unasked_and_each_frame_comes_once(demo: str, visit: Visit) -> None:
    messages: list[bytes] = []

    def listen(page: "Page") -> None:
        page.on("websocket", lambda socket: socket.on("framereceived", lambda data: messages.append(data)))

    page = visit(demo, listen)
    page.evaluate(WATCH)
    drawn(page, PANELS)
    wait(page, PANELS, have="40", playing="true")
    assert mark(page, PANELS, "shown") != LAST
    wait(page, PANELS, shown=LAST, playing="false")
    assert page.evaluate(CURSOR) == LAST
    page.wait_for_timeout(300)
    before = len(messages)
    page.wait_for_timeout(1200)
    assert len(messages) == before, "the fragment still ticks"
    assert page.evaluate("blanks") == 0
    captions = re.findall(rb'"caption": "([^"]*)"', b"".join(messages))
    assert len(captions) == len(set(captions)) == 40
    # The code is fetched once as a file, not sent with every message.
    assert not any(b"class Film" in message for message in messages)
    assert page.locator("script[src*=plotly]").count() == 1


def drag(page: "Page", release: bool = True) -> None:
    """Draw a zoom rectangle over the middle of the first panel."""
    box = page.locator(f"{PANELS} .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 150, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 240, box["y"] + 140, steps=3)
    if release:
        page.mouse.up()


def test_zoom_and_node_survive_frames_ranges_and_runs(demo: str, visit: Visit) -> None:
    page = visit(demo)
    drawn(page, PANELS)
    wait(page, PANELS, shown=LAST)
    page.evaluate(WATCH)
    for _ in range(2):
        run = int(mark(page, PANELS, "run"))
        page.get_by_role("button", name="New run").click()
        wait(page, PANELS, run=str(run + 1), playing="true")
    page.wait_for_timeout(200)
    drag(page)
    zoomed = page.evaluate(RANGE)
    assert -4 < zoomed[0] < zoomed[1] < 4
    wait(page, PANELS, have="40")
    page.wait_for_timeout(200)
    assert page.evaluate(RANGE) == zoomed, "the range grew to -8..8 meanwhile"
    page.locator(PANELS).get_by_role("button", name="Reset zoom").click()
    page.wait_for_function(f"{RANGE}[1] === 8")
    assert page.evaluate("blanks") == 0


def test_a_held_pointer_keeps_the_picture(demo: str, visit: Visit) -> None:
    page = visit(demo)
    drawn(page, PANELS)
    page.get_by_role("button", name="New run").click()
    wait(page, PANELS, run="2", playing="true")
    drag(page, release=False)
    have, shown = mark(page, PANELS, "have"), mark(page, PANELS, "shown")
    page.wait_for_timeout(1200)
    assert (mark(page, PANELS, "have"), mark(page, PANELS, "shown")) == (have, shown)
    page.mouse.up()
    wait(page, PANELS, have="40")


def test_pause_is_the_viewers_own(demo: str, visit: Visit) -> None:
    page = visit(demo)
    wait(page, PANELS, playing="true")
    page.locator(PANELS).get_by_role("button", name="Pause").click()
    shown = mark(page, PANELS, "shown")
    wait(page, PANELS, have="40", playing="false")
    wait(page, CURVES, have="40")
    assert mark(page, PANELS, "shown") == shown
    scrub = page.locator(f"{PANELS} [type=range]")
    scrub.fill("5")
    assert scrub.get_attribute("aria-valuetext") == "epoch 50 of 390"
    wait(page, CURVES, shown="50")
    page.wait_for_function(f"{CURSOR} === '50'")
    assert page.locator(f"{PANELS} .film-caption").inner_text() == "accuracy of <frame> 50 is .50"
    chart = page.locator(f"{PANELS} .film-chart")
    for key, name in [("ArrowRight", "60"), ("ArrowLeft", "50"), ("End", LAST), ("ArrowRight", LAST), ("Home", "0")]:
        chart.press(key)
        assert mark(page, PANELS, "shown") == name
    page.locator(f"{PANELS} select").select_option("4")
    chart.press(" ")
    wait(page, PANELS, playing="true")
    wait(page, PANELS, shown=LAST, playing="false")
    chart.press(" ")
    wait(page, PANELS, playing="true")
    page.locator(PANELS).get_by_role("button", name="Step forward").click()
    assert 0 < int(mark(page, PANELS, "shown")) < int(LAST)


def test_a_film_over_a_value_tells_python_on_release_only(demo: str, visit: Visit) -> None:
    page = visit(f"{demo}/sweep")
    drawn(page, SWEEP)
    wait(page, SWEEP, shown="100", playing="false")
    page.locator(f"{SWEEP} .film-chart").evaluate("node => { node.mark = 1; }")
    state = page.get_by_text(re.compile(r"^run \d+ at"))
    assert state.inner_text() == "run 1 at 100"
    scrub = page.locator(f"{SWEEP} [type=range]")
    scrub.evaluate("range => { range.value = 20; range.dispatchEvent(new Event('input')); }")
    wait(page, SWEEP, shown="200")
    page.wait_for_timeout(300)
    assert state.inner_text() == "run 1 at 100"
    for runs in (2, 3):
        # The same value twice is two releases.
        scrub.evaluate("range => range.dispatchEvent(new Event('change'))")
        page.get_by_text(f"run {runs} at 200").wait_for()
    page.wait_for_timeout(300)
    assert state.inner_text() == "run 3 at 200"
    page.get_by_role("slider", name="value").first.press("ArrowRight")
    wait(page, SWEEP, shown="210")
    assert page.locator(f"{SWEEP} .film-chart").evaluate("node => node.mark") == 1
    plain = page.locator(".st-key-plain .film")
    assert plain.locator("button:visible, input:visible, select:visible").count() == 0
    assert plain.get_by_label("Save picture").is_visible()


def test_another_page_and_back_goes_on_where_the_viewer_was(demo: str, visit: Visit) -> None:
    page = visit(demo)
    wait(page, PANELS, have="40")
    page.locator(f"{PANELS} [type=range]").fill("7")
    page.get_by_role("link", name="sweep").click()
    drawn(page, SWEEP)
    page.get_by_role("link", name="live").click()
    drawn(page, PANELS)
    wait(page, PANELS, have="40", shown="70", playing="false")
    drawn(page, CURVES)
    wait(page, CURVES, shown="70")


def test_lost_frames_come_again(demo: str, visit: Visit) -> None:
    lost: list[bytes] = []

    def lose(route: "WebSocketRoute") -> None:
        server = route.connect_to_server()

        def pass_on(message: Any) -> None:
            if b'"frames": [{"name": "' in message and b'"first": 0' not in message and not lost:
                lost.append(message)
            else:
                route.send(message)

        server.on_message(pass_on)

    page = visit(demo, lambda page: page.route_web_socket("**/_stcore/stream", lose))
    wait(page, PANELS, have="40")
    assert lost
    names = page.evaluate(f"() => document.querySelector('{PANELS}').dataset.have")
    assert names == "40"


def test_reduced_motion_waits_to_be_started(demo: str, visit: Visit) -> None:
    page = visit(demo, reduced_motion="reduce")
    wait(page, PANELS, have="40", shown=LAST, playing="false")
    page.locator(PANELS).get_by_role("button", name="Play").click()
    wait(page, PANELS, playing="true")
    assert mark(page, PANELS, "shown") != LAST


@pytest.mark.parametrize("width", [420, 360])
def test_it_fits_a_phone_and_follows_the_theme(demo: str, visit: Visit, width: int) -> None:
    page = visit(demo, viewport={"width": width, "height": 900}, color_scheme="light", has_touch=True)
    drawn(page, PANELS)
    wide = page.evaluate("() => [document.documentElement, document.querySelector('[data-testid=stMain]')]"
                         ".map(e => e.scrollWidth - e.clientWidth)")  # fmt: skip
    assert wide == [0, 0]
    for control in page.locator(f"{PANELS} :is(button, select, summary, input):visible").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 36
        assert box["width"] >= 36
    chart = page.locator(f"{PANELS} .film-chart")
    assert chart.evaluate("node => node.clientHeight") == 1200, "the narrow layout"
    chart.evaluate("node => { node.mark = 1; }")
    ink = chart.locator(".xtick text").first
    light = ink.evaluate("text => getComputedStyle(text).fill")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        f"light => getComputedStyle(document.querySelector('{PANELS} .xtick text')).fill !== light", arg=light
    )
    assert chart.evaluate("node => node.mark") == 1


@pytest.mark.parametrize("kind", ["PNG", "SVG"])
def test_the_picture_is_saved(demo: str, visit: Visit, kind: str) -> None:
    page = visit(f"{demo}/sweep")
    drawn(page, SWEEP)
    page.locator(f"{SWEEP} summary").click()
    with page.expect_download() as download:
        page.locator(SWEEP).get_by_role("button", name=kind).click()
    assert download.value.suggested_filename == f"sweep-value-100.{kind.lower()}"
    assert download.value.path().stat().st_size > 10_000


def test_a_missing_library_is_said_in_place(demo: str, visit: Visit, console: list[str]) -> None:
    page = visit(demo, lambda page: page.route("**/plotly-*.js", lambda route: route.abort()))
    page.get_by_role("alert").first.wait_for()
    assert "did not load" in page.get_by_role("alert").first.inner_text()
    assert console
    console.clear()


def test_a_base_path_holds_on_every_page(serve: Serve, demo_script: Path, visit: Visit) -> None:
    url = serve(demo_script, STATIC, "--server.baseUrlPath=lab")
    page = visit(f"{url}/sweep")
    drawn(page, SWEEP)
    page.get_by_role("link", name="live").click()
    drawn(page, PANELS)
    page.reload()
    drawn(page, PANELS)
