"""What goes wrong between a browser and its server: the network, the server itself, a visitor who goes away."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

import pytest

from labelsmooth.snapshots import snapshot_epochs

from .conftest import IDLE, ROOT, SERVER, Visit, healthy, said, visits
from .cutter import Cutter, network
from .pages import APP, LIVE, WATCH, Wire, choices, mark, quiet, rests, says, slider

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request, Route

MINUTE = 60.0  # seconds
SLOW = 1.5  # seconds on the way
EPOCHS = 400
LONG = f"epsilon=0.2&seed=40&seeds=3&batch_size=8&epochs={EPOCHS}"  # a quarter of a minute of training
SHORT = "dataset=iris&train_size=60&epochs=5&seeds=2&hidden=16&epsilon=0.2&seed=5"
# What Streamlit's own code says while it has no server.
LOST = re.compile(
    "Cannot send rerun backMessage when disconnected|Client Error in reaching server|Streamlit server is not responding"
    "|Client Error: WebSocket onerror|WebSocket connection to .* failed|Connection timed out"
)
# The last thing on a page to come, and that no file has come since a while.
LAST = "[data-testid=stSidebar] [class*=st-key-negative] input"
WHOLE = """() =>
  !document.querySelector("[data-testid=stSkeleton]") &&
  performance.now() - performance.getEntriesByType("resource").at(-1).responseEnd > 500"""
MENUS = re.compile(r"/Selectbox\.[^/]*\.js$")  # their code, which Streamlit fetches when there is one
BROKEN = "Failed to fetch dynamically imported module"
AWAY = "[data-testid=stApp]:not([data-test-connection-state=CONNECTED])"


class Server:
    """The dashboard in a process that can be killed, and started again at the same address."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Serve, and return when it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(APP), *SERVER, f"--server.port={self.port}"],
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(600):
            if healthy(self.url):
                return
            time.sleep(0.1)
        raise AssertionError("no server within 60 s")

    def kill(self) -> None:
        """End without a word."""
        self.process.kill()
        self.process.wait()


class Lonely(NamedTuple):
    """A page that has lost its network, since when, and what its console says."""

    page: "Page"
    network: Cutter
    since: float
    console: list[str]


@pytest.fixture(scope="module", autouse=True)
def lonely(app: str, browser: "Browser") -> Iterator[Lonely]:
    """A page that was cut off in mid-run: the other tests go on meanwhile."""
    console = list[str]()
    with network(app) as net, visits(browser, console) as visit:
        page = visit(f"{net.url}/?{LONG}")
        begun(page)
        net.cut()
        page.wait_for_selector(AWAY)
        yield Lonely(page, net, time.monotonic(), console)


@pytest.fixture
def connect() -> Iterator[Callable[[str], Cutter]]:
    """Make networks to a server."""
    with ExitStack() as made:
        yield lambda server: made.enter_context(network(server))


@pytest.fixture
def visit(connect: object, browser: "Browser", console: list[str]) -> Iterator[Visit]:
    """Open pages that close before their network does, and say nothing but that it was away."""
    with visits(browser, console) as visit:
        yield visit
    assert unexpected(console) == []


def unexpected(console: list[str]) -> list[str]:
    """What a console has said that no cut explains."""
    return [text for text in said(console) if not LOST.search(text)]


def begun(page: "Page") -> None:
    """Wait until the page is whole, in mid-run, and watch it from then on."""
    page.wait_for_selector(f"{LIVE} .trace", timeout=120_000)
    page.wait_for_selector(LAST, state="attached")
    page.wait_for_function(WHOLE)
    page.evaluate(WATCH)
    assert mark(page, LIVE, "ticking") == "true", "no longer in training"


def is_complete(page: "Page", link: str = LONG, *, blanks: bool = False) -> None:
    """Wait until the film has played to its end: no frame is missing, and nothing changed; were there `blanks`?"""
    over = f'{LIVE}[data-shown="{EPOCHS}"][data-playing="false"][data-ticking="false"]'
    page.wait_for_selector(over, timeout=180_000)
    assert mark(page, LIVE, "have") == str(len(snapshot_epochs(EPOCHS)))
    assert blanks or page.evaluate("blanks") == 0
    says(page, "0.2")
    assert page.get_by_role("dialog").count() == 0
    assert choices(page).items() >= dict(parse_qsl(link)).items()


def strip(page: "Page") -> list[str]:
    """The values of the metric strip."""
    return page.locator("[data-testid=stMetricValue]").all_inner_texts()


def test_two_seconds_without_network_in_mid_run_lose_nothing_and_nobody_minds_who_leaves(
    app: str, connect: Callable[[str], Cutter], visit: Visit
) -> None:
    link = LONG.replace("seed=40", "seed=80")
    broken, silent = connect(app), connect(app)
    gone, *pages = (visit(f"{url}/?{link}") for url in (app, broken.url, silent.url))
    for page in (*pages, gone):
        begun(page)
    gone.close()
    broken.cut()
    silent.stall()
    pages[0].wait_for_selector(AWAY)
    pages[0].wait_for_timeout(2000)
    broken.mend()
    silent.mend()
    for page in pages:
        is_complete(page, link)


def test_a_slow_network_loses_no_change_and_undoes_none(
    app: str, connect: Callable[[str], Cutter], visit: Visit
) -> None:
    net = connect(app)
    page = visit(f"{net.url}/?{SHORT}")
    rests(page, "live")
    quiet(page)
    before = choices(page)
    net.delay = SLOW
    slider(page).press("ArrowRight")
    page.wait_for_timeout(200)
    page.get_by_role("button", name="New seed").click()
    page.wait_for_timeout(1200 * SLOW)
    # A rerun without a change, as a film asks for at its end: it still carries the first address.
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("r")
    page.wait_for_timeout(2500 * SLOW)
    net.delay = 0.0
    rests(page, "live")
    quiet(page)
    after = choices(page)
    assert {name: after[name] for name in before if after[name] != before[name]} == {"epsilon": "0.205", "seed": "7"}
    says(page, "0.205")


def in_part(visit: Visit, app: str) -> "tuple[Page, Route]":
    """A page whose menus have not come yet, and what they wait for."""
    held: list[Route] = []

    def hold(route: "Route") -> None:
        held.append(route)

    page = visit(f"{app}/?{SHORT}", lambda page: page.route(MENUS, hold, times=1))
    page.wait_for_selector(f"{LIVE} .trace")
    page.wait_for_selector(LAST, state="attached")
    page.evaluate("window.old = true")
    return page, held[0]


def openings(page: "Page") -> list[str]:
    """What is to come, in its order: each opening of the page, each of its questions after a server without answer."""
    seen: list[str] = []

    def asked(request: "Request") -> None:
        if request.is_navigation_request() and request.redirected_from is None:
            seen.append("opened")

    def failed(request: "Request") -> None:
        if request.url.endswith("/_stcore/health"):
            seen.append("no answer")

    page.on("request", asked)
    page.on("requestfailed", failed)
    return seen


def test_a_page_whose_menus_do_not_come_is_loaded_anew_once_there_is_a_server(app: str, browser: "Browser") -> None:
    with visits(browser, []) as visit:
        page, menus = in_part(visit, app)
        seen = openings(page)
        page.route("**/_stcore/health", refuse, times=2)
        menus.abort()
        page.wait_for_function("!window.old")
        page.get_by_role("combobox", name="Data set").wait_for()
        rests(page, "live")
        quiet(page)
        assert seen[:3] == ["no answer", "no answer", "opened"]
        assert page.get_by_text(BROKEN).count() == 0
        assert choices(page).items() >= dict(parse_qsl(SHORT)).items()


def test_no_page_is_loaded_anew_twice(app: str, browser: "Browser") -> None:
    seen: list[str] = []

    def before(page: "Page") -> None:
        nonlocal seen
        seen = openings(page)
        page.route(MENUS, refuse)

    with visits(browser, []) as visit:
        page = visit(f"{app}/?{SHORT}", before)
        page.wait_for_function("performance.getEntriesByType('navigation')[0].type === 'reload'")
        page.get_by_text(BROKEN).first.wait_for()
        rests(page, "live")
        quiet(page)
        assert page.get_by_text(BROKEN).count() > 0
        assert seen.count("opened") == 2


def test_no_page_is_loaded_anew_under_a_visitor_who_has_begun(app: str, browser: "Browser") -> None:
    with visits(browser, []) as visit:
        page, menus = in_part(visit, app)
        page.keyboard.press("Shift")
        menus.abort()
        page.get_by_text(BROKEN).first.wait_for()
        rests(page, "live")
        quiet(page)
        assert page.evaluate("window.old")


def refuse(route: "Route") -> None:
    """No answer."""
    route.abort()


def test_a_server_that_is_killed_and_started_again_has_its_pages_back_with_their_settings(visit: Visit) -> None:
    server, wire = Server(), Wire()
    try:
        idle = visit(f"{server.url}/?{SHORT}", wire.listen)
        rests(idle, "live")
        slider(idle).press("ArrowRight")
        idle.wait_for_url(re.compile("epsilon=0.205"))
        rests(idle, "live")
        quiet(idle)
        busy = visit(f"{server.url}/?{LONG}")
        begun(busy)
        before = mark(idle, LIVE, "run"), strip(idle), choices(idle)
        server.kill()
        for page in (idle, busy):
            page.wait_for_selector(AWAY)
        wire.clear()
        server.start()
        comes_back(idle, wire)
        for _ in range(600):  # the strip follows a run that the new server trains again
            if strip(idle) == before[1]:
                break
            idle.wait_for_timeout(100)
        assert (mark(idle, LIVE, "run"), strip(idle), choices(idle)) == before
        says(idle, "0.205")
        # Its controls are those of the new server.
        slider(idle).press("End")
        idle.wait_for_url(re.compile("epsilon=0.5&"))
        idle.wait_for_selector(f'{LIVE}:not([data-run="{before[0]}"])')
        rests(idle, "live")
        assert strip(idle) != before[1]
        says(idle, "0.5")
        is_complete(busy, blanks=True)  # until the new server has a first picture
    finally:
        server.kill()


def comes_back(page: "Page", wire: Wire) -> None:
    """Wait until the page is connected and its script has run anew."""
    page.wait_for_selector(IDLE, timeout=60_000)
    # The server trains for the other page meanwhile.
    for _ in range(600):
        if wire.whole_runs:
            return
        page.wait_for_timeout(100)
    raise AssertionError("connected, but nothing has run for 60 s")


def test_a_minute_without_network_ends_with_the_finished_film(lonely: Lonely) -> None:
    page, net, since, console = lonely
    page.wait_for_timeout(max(0.0, MINUTE - (time.monotonic() - since)) * 1000)
    net.mend()
    is_complete(page)
    assert unexpected(console) == []
