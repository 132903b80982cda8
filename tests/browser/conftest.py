"""A browser, servers, and visits for the browser tests."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
SERVER = ["--server.headless=true", "--server.address=127.0.0.1", "--browser.gatherUsageStats=false"]
WIDE: "ViewportSize" = {"width": 1400, "height": 900}
# What a page can be told; anything else is told to its context.
OF_A_PAGE = {"viewport", "color_scheme", "reduced_motion"}
IDLE = "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"

# Scripts for a server, not modules for doctest.
collect_ignore = ["film_demo.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder needs a browser."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")


def lacking(reason: str) -> NoReturn:
    """Skip where a browser is a matter of luck, fail where it was promised."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Browser"]:
    """Chromium, started once; its first context is a profile on disk, which keeps scripts, also compiled ones."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        lacking("playwright is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        lacking("chromium is not installed")
    with sync_playwright() as playwright:
        profile = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"), executable_path=chromium, args=FLAGS, viewport=WIDE
        )
        assert profile.browser is not None
        yield profile.browser
        profile.close()


class Serve(Protocol):
    """Start a Streamlit server for a script and return its address without a final slash."""

    def __call__(self, script: Path, *options: str) -> str: ...


@contextmanager
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Start servers that end together."""
    started: list[subprocess.Popen[bytes]] = []

    def start(script: Path, *options: str) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        log = tmp_path_factory.mktemp("server") / "log.txt"
        flags = [*SERVER, f"--server.port={port}", *options]
        with log.open("wb") as file:
            server = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", str(script), *flags],
                cwd=script.parent, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=file, stderr=file,
            )  # fmt: skip
        started.append(server)
        base = next((o.partition("=")[2] for o in options if o.startswith("--server.baseUrlPath=")), "")
        url = f"http://127.0.0.1:{port}" + (f"/{base}" if base else "")
        for _ in range(300):
            if healthy(url):
                return url
            if server.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(f"no server within 30 s:\n{log.read_text()}")

    yield start
    for server in started:
        server.terminate()
        server.wait(timeout=10)


def app_of(script: Path, folder: Path) -> Path:
    """An app of one script with films, in a folder with the dashboard's settings: they tell why a cache is off."""
    shutil.copytree(ROOT / ".streamlit", folder / ".streamlit")
    app = (ROOT / "app.py").read_text(encoding="utf-8").replace("pages/every_page.py", str(script))
    (folder / "app.py").write_text(app, encoding="utf-8")
    return folder / "app.py"


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Start servers that end with the module."""
    with servers(tmp_path_factory) as start:
        yield start


def healthy(url: str) -> bool:
    """Whether the server at this address answers its health check."""
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture
def idle() -> Callable[["Page"], None]:
    """Wait until a page is connected and its script has run; useless while a fragment ticks."""

    def wait(page: "Page") -> None:
        page.wait_for_selector(IDLE, timeout=30_000)

    return wait


class Visit(Protocol):
    """Open an address as a new visitor; the options are those of `Browser.new_context`."""

    def __call__(self, url: str, before: Callable[["Page"], object] = ..., **options: Any) -> "Page": ...


@contextmanager
def visits(browser: "Browser", console: list[str]) -> Iterator[Visit]:
    """Open pages that close together, and put the errors in their consoles on a list."""
    contexts: list[BrowserContext] = []
    pages: list[Page] = []

    def heard(message: "ConsoleMessage") -> None:
        # Streamlit looks for its server under every page's address as well.
        if message.type == "error" and "/_stcore/" not in message.location["url"]:
            console.append(message.text)

    def open_page(url: str, before: Callable[["Page"], object] = id, **options: Any) -> "Page":
        page = in_the_profile(browser, options)
        if page is None:
            contexts.append(browser.new_context(**{"viewport": WIDE} | options))
            page = contexts[-1].new_page()
        else:
            pages.append(page)
        page.on("console", heard)
        page.on("pageerror", lambda error: console.append(str(error)))
        before(page)
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    for page in pages:
        page.close()
        forget(browser.contexts[0])


def in_the_profile(browser: "Browser", options: dict[str, Any]) -> "Page | None":
    """A page that need not compile 5 MB of plotly.js again, if the profile has no other visitor now."""
    profile = browser.contexts[0]
    # One empty page keeps the profile open.
    if len(profile.pages) > 1 or not options.keys() <= OF_A_PAGE:
        return None
    page = profile.new_page()
    page.set_viewport_size(options.get("viewport", WIDE))
    page.emulate_media(
        color_scheme=options.get("color_scheme", "light"), reduced_motion=options.get("reduced_motion", "no-preference")
    )
    return page


def forget(profile: "BrowserContext") -> None:
    """Let the profile keep nothing of a visit but its cache of files."""
    profile.clear_permissions()
    stored = {"origin": "*", "storageTypes": "cookies,file_systems,indexeddb,local_storage,cache_storage"}
    profile.new_cdp_session(profile.pages[0]).send("Storage.clearDataForOrigin", stored)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, browser: "Browser") -> Iterator[str]:
    """The dashboard, one for all modules; the first request of a server is another matter, with tests of its own."""
    with servers(tmp_path_factory) as start:
        url = start(ROOT / "app.py")
        with visits(browser, []) as visit:
            visit(f"{url}/?epochs=1&seeds=1").wait_for_selector("h1", timeout=60_000)
        yield url


@pytest.fixture(scope="module")
def console() -> list[str]:
    """The errors that pages report; a test that expects some asks for them."""
    return []


@pytest.fixture
def visit(browser: "Browser", console: list[str]) -> Iterator[Visit]:
    """Open pages for one test, which fails at its end where a console holds an error."""
    with visits(browser, console) as visit:
        yield visit
    assert said(console) == []


def said(console: list[str]) -> list[str]:
    """What a console has said since it was last asked."""
    errors = console.copy()
    console.clear()
    return errors
