"""What the tests of the dashboard's pages share: where its parts are, when they rest, what crosses the network."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from .conftest import HERE, IDLE, ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, WebSocket

APP = ROOT / "app.py"
SCREENSHOTS = HERE / "screenshots"
LIVE, SWEEP, RELIABILITY = (f".st-key-{key} .film" for key in ("live", "sweep", "reliability"))
# A viewer who wants less motion sees the end of a film at once.
AT_ONCE: dict[str, Any] = {"reduced_motion": "reduce"}
# In every painted frame: has a chart gone, lost its traces, or become another node?
WATCH = """() => {
  window.blanks = 0;
  const drawn = new Map();
  const name = chart => chart.closest("[class*=st-key]").className.match(/st-key-[\\w-]+/)[0];
  const empty = chart => !chart.querySelector(".trace");
  const look = () => {
    requestAnimationFrame(look);
    const charts = new Map([...document.querySelectorAll(".film-chart")].map(chart => [name(chart), chart]));
    for (const [key, chart] of drawn) window.blanks += charts.get(key) !== chart || empty(chart);
    for (const [key, chart] of charts) if (!empty(chart)) drawn.set(key, chart);
  };
  look();
}"""
# What is drawn in each panel of a chart, and the data that it is drawn from.
PANELS = """chart => [...chart.querySelectorAll(".cartesianlayer .subplot")].flatMap(panel => {
  const axis = panel.classList[1].split("y")[0];
  return [panel.innerHTML, JSON.stringify(chart.data.filter(trace => (trace.xaxis ?? "x") === axis))];
})"""
REDRAWN = f"""([film, before]) => {{
  const now = ({PANELS})(document.querySelector(`${{film}} .film-chart`));
  return now.length === before.length && now.every((panel, i) => panel !== before[i]);
}}"""
# Where the point of a trace that is farthest from all others of the first panel is in the window.
PLACE = """(chart, trace) => {
  const { xaxis: x, yaxis: y } = chart._fullLayout;
  const { left, top } = chart.getBoundingClientRect();
  const at = data => data.x.map((value, i) => [left + x._offset + x.c2p(value), top + y._offset + y.c2p(data.y[i])]);
  const all = chart.data.filter(data => data.xaxis === "x").flatMap(at);
  const alone = ([a, b]) => Math.min(...all.map(([c, d]) => Math.hypot(a - c, b - d)).filter(away => away > 0));
  return at(chart.data[trace]).reduce((best, point) => (alone(point) > alone(best) ? point : best));
}"""
# The event of a scroll comes with the next frame: whoever goes on before would see the card vanish.
SCROLL = """(main, by) => {
  main.scrollBy(0, by);
  return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
# What the card beside the pointer shows: its lines, and the ink of each of its pixels.
CARD = """card => {
  const canvas = card.querySelector("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const levels = [...data].filter((_, i) => i % 4 === 3).map(alpha => Math.round((alpha / 255) * 16).toString(17));
  return { lines: [...card.querySelectorAll("p")].map(line => line.innerHTML), picture: levels.join("") };
}"""
# Whether the letters of every chart are those of a dark or a light page.
DRAWN_IN = """scheme => [...document.querySelectorAll(".film-chart :is(.xtick text, .legendtext)")].every(text => {
  const [red] = getComputedStyle(text).fill.match(/\\d+/);
  return (red > 127) === (scheme === "dark");
})"""


@dataclass
class Wire:
    """The messages of one page's websocket: listen before the page is opened."""

    asked: list[Any] = field(default_factory=list)  # what the browser sent
    ended: list[int] = field(default_factory=list)  # how each run of the script ended

    def listen(self, page: "Page") -> None:
        """Keep what the page sends and how runs end."""

        def opened(socket: "WebSocket") -> None:
            socket.on("framesent", lambda sent: self.asked.append(BackMsg.FromString(cast(bytes, sent))))
            socket.on("framereceived", heard)

        def heard(received: bytes | str) -> None:
            message = ForwardMsg.FromString(cast(bytes, received))
            if message.WhichOneof("type") == "script_finished":
                self.ended.append(message.script_finished)

        page.on("websocket", opened)

    @property
    def whole_runs(self) -> int:
        """How often the whole script has run to its end: fragments alone and interrupted runs do not count."""
        return self.ended.count(ForwardMsg.FINISHED_SUCCESSFULLY)

    def clear(self) -> None:
        """Forget what has been heard."""
        self.asked.clear()
        self.ended.clear()


def wait(page: "Page", film: str, **marks: str) -> None:
    """Wait until a film says so of itself: run, have, shown, playing, ticking, gap."""
    selector = film + "".join(f'[data-{name}="{value}"]' for name, value in marks.items())
    page.wait_for_selector(selector, timeout=60_000)


def mark(page: "Page", film: str, name: str) -> str:
    """What a film says of itself."""
    return page.locator(film).get_attribute(f"data-{name}") or ""


def rests(page: "Page", *keys: str) -> None:
    """Wait until the films with these keys are drawn, neither play nor grow, and wait for nothing that was lost."""
    for key in keys:
        still = f'.st-key-{key} .film[data-ticking="false"][data-playing="false"][data-gap="false"]'
        page.wait_for_selector(f"{still} .film-chart :is(.trace, .gl-container)", state="attached", timeout=90_000)


def quiet(page: "Page") -> None:
    """Wait until the script has run, and a moment in which nothing that is on its way may be left."""
    page.wait_for_selector(IDLE, timeout=30_000)
    page.wait_for_timeout(300)


def panels(page: "Page", film: str) -> list[str]:
    """What each panel of a film shows and the data that it is drawn from, panel after panel."""
    shown: list[str] = page.locator(f"{film} .film-chart").evaluate(PANELS)
    return shown


def redrawn(page: "Page", film: str, before: list[str]) -> list[str]:
    """Wait until every panel of a film shows something else, from other data."""
    page.wait_for_function(REDRAWN, arg=[film, before])
    return panels(page, film)


def slider(page: "Page", label: str = "Smoothing ε") -> "Locator":
    """The handle of one of the page's own sliders."""
    return page.get_by_role("slider", name=label)


def says(page: "Page", value: str, label: str = "Smoothing ε") -> None:
    """Wait until one of the page's own sliders stands at this value."""
    from playwright.sync_api import expect

    expect(slider(page, label)).to_have_attribute("aria-valuetext", value, timeout=60_000)


def choices(page: "Page") -> dict[str, str]:
    """The choices in the page's address."""
    return dict(parse_qsl(urlsplit(page.url).query))


def hold(page: "Page", film: str) -> tuple[float, float, float]:
    """Press the mouse at the left end of a film's range: the ends, and the height of the pointer."""
    scrub = page.locator(f"{film}-scrub")
    scrub.scroll_into_view_if_needed()
    box = scrub.bounding_box()
    assert box is not None
    left, right, height = box["x"] + 8, box["x"] + box["width"] - 8, box["y"] + box["height"] / 2
    page.mouse.move(left, height)
    page.mouse.down()
    return left, right, height


def place(page: "Page", film: str, trace: int) -> tuple[float, float]:
    """Where a lonely point of a trace is in the window, in the middle of it if the page can scroll so far."""
    chart = page.locator(f"{film} .film-chart")
    x, y = chart.evaluate(PLACE, trace)
    middle = page.evaluate("innerHeight") / 2
    page.locator("[data-testid=stMain]").evaluate(SCROLL, y - middle)
    x, y = chart.evaluate(PLACE, trace)
    return x, y


def point_at(page: "Page", film: str, trace: int) -> None:
    """Move the pointer away and then to a point of a trace."""
    page.mouse.move(1, 1)
    page.locator(f"{film} .film-card").wait_for(state="hidden")
    x, y = place(page, film, trace)
    page.wait_for_timeout(100)  # Plotly looks at the pointer every 50 ms
    page.mouse.move(x, y)
