"""What is under "Share" in a browser: the link reaches the clipboard, the code can be read, the frame lives."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest
import zxingcpp
from PIL import Image

from labelsmooth.dashboard.settings import Settings
from labelsmooth.dashboard.sharing import frame

from .conftest import Serve, Visit, said, visits
from .pages import APP, AT_ONCE, LIVE, SCREENSHOTS, SWEEP, choices, hold, quiet, rests, slider, wait
from .test_pages import PROBE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

QUICK = "epochs=10&seeds=2&train_size=200&hidden=16&steps=6"
# As much as a link can hold, on a page that trains nothing.
EVERYTHING = (
    "dataset=blobs&classes=7&train_size=500&label_noise=0.37&noisy_validation=yes&negative=yes&epsilon=-0.235"
    "&convention=others&seed=1234567890&seeds=19&hidden=511-510-509-508&activation=tanh&epochs=399&batch_size=1024"
    "&learning_rate=0.0005&weight_decay=0.00005&optimizer=sgd&shown=6-5-4&scale=common&bias=no&depth=yes&steps=26"
    "&map_over=train_size&map_measure=accuracy&bins=49&binning=equal-mass&event=5&temperature=2.51&score=entropy"
    "&coverage=0.35&target_classes=500&library=fairseq&padding=499&class_weight=0.05&snippet=lightning_module"
    "&claim=label_noise&epoch=399"
)


@pytest.fixture(scope="module")
def lab(serve: Serve, browser: "Browser") -> str:
    """The dashboard in a folder of its server, as behind many a proxy."""
    url = serve(APP, "--server.baseUrlPath=lab")
    with visits(browser, []) as visit:
        visit(f"{url}/?epochs=1&seeds=1").wait_for_selector("h1", timeout=60_000)
    return url


@pytest.fixture
def elsewhere() -> Iterator[Callable[[str], str]]:
    """Serve a page of somebody else, at another name and so of another site."""
    pages = list[bytes]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(pages[-1] if self.path == "/" else b"")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def put(body: str) -> str:
        pages.append(f"<!doctype html><title>Lecture</title>{body}".encode())
        return f"http://localhost:{server.server_port}/"

    yield put
    server.shutdown()
    server.server_close()


def opened(page: "Page", tab: str = "Link") -> "Locator":
    """Press "Share", and wait for one of the tabs under it."""
    page.get_by_role("button", name="Share", exact=True).click()
    page.locator(".share img").wait_for()
    page.get_by_role("tab", name=tab).click()
    quiet(page)
    return page.locator(".share")


def closed(page: "Page") -> None:
    page.keyboard.press("Escape")
    page.locator(".share").wait_for(state="detached")
    quiet(page)


def copied(page: "Page", answer: str = "Copied") -> str:
    """Press "Copy link", and what is in the clipboard then."""
    page.evaluate("clipboard.writeText('nothing')")
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("status").get_by_text(answer, exact=True).wait_for()
    text: str = page.evaluate("clipboard.readText()")
    return text


def allowed(page: "Page") -> None:
    """Let the test read the clipboard, also after the page has lost it."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.add_init_script("window.clipboard = navigator.clipboard")


def read_code(picture: bytes) -> str:
    """The text of a QR code in a picture."""
    (found,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture)))
    return found.text


def settings_of(link: str) -> Settings:
    settings, corrections = Settings.from_query(dict(parse_qsl(urlsplit(link).query)))
    assert not corrections
    return settings


def test_the_button_copies_the_link_of_this_moment_however_it_can(lab: str, visit: Visit) -> None:
    page = visit(f"{lab}/drag_epsilon?{QUICK}", allowed, **AT_ONCE)
    rests(page, "sweep")
    left, right, height = hold(page, SWEEP)
    page.mouse.move(left + 0.4 * (right - left), height)
    page.mouse.up()
    opened(page)
    link = copied(page)
    assert link == page.url
    assert choices(page)["epsilon"] == "0.2"
    # As on http and a host of another name.
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    assert copied(page) == link
    page.evaluate("document.execCommand = () => false")
    assert copied(page, "Select and copy") == "nothing"
    assert page.evaluate("getSelection().toString()") == link
    closed(page)
    slider(page).press("ArrowRight")
    quiet(page)
    opened(page)
    assert page.get_by_role("textbox", name="Link").input_value() == page.url
    assert "epsilon=0.205" in page.url


@pytest.mark.parametrize(
    ("path", "width", "scheme"),
    [
        (f"?{QUICK}", 1400, "light"),
        (f"?{QUICK}&mode=lecture", 420, "light"),
        (f"in_your_code?{EVERYTHING}", 420, "dark"),
    ],
)
def test_the_code_on_the_screen_is_the_link(lab: str, visit: Visit, path: str, width: int, scheme: str) -> None:
    page = visit(f"{lab}/{path}", viewport={"width": width, "height": 900}, color_scheme=scheme, **AT_ONCE)
    page.get_by_role("button", name="Share", exact=True).wait_for(timeout=30_000)
    quiet(page)
    shown = opened(page)
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"share-{scheme}-{width}.png")
    assert page.evaluate(PROBE)["overflow"] == 0
    link = read_code(shown.locator("img").screenshot())
    assert link.startswith(page.url.partition("?")[0] + "?v=1&")
    assert settings_of(link) == settings_of(page.url)
    question = page.locator("h1").inner_text()
    assert shown.locator("img").get_attribute("alt") == f"QR code of a link to: {question}"
    for kind, start in {"PNG": b"\x89PNG", "SVG": b"<?xml"}.items():
        with page.expect_download() as downloading:
            page.get_by_role("button", name=f"QR code as {kind}").click()
        assert downloading.value.suggested_filename == f"label-smoothing-link.{kind.lower()}"
        content = downloading.value.path().read_bytes()
        assert content.startswith(start)
        assert kind == "SVG" or read_code(content) == link


def test_the_snippet_is_the_living_page_in_a_page_of_somebody_else(
    lab: str, visit: Visit, elsewhere: Callable[[str], str]
) -> None:
    page = visit(f"{lab}/?{QUICK}", **AT_ONCE)
    wait(page, LIVE, shown="10")
    opened(page, "Embed")
    snippet = page.get_by_test_id("stCode").locator("visible=true").inner_text()
    assert snippet == frame(page.url, page.locator("h1").inner_text())

    host = visit(elsewhere(snippet), allowed, **AT_ONCE)
    inside = host.frame_locator("iframe")
    inside.locator(f'{LIVE}[data-shown="10"]').wait_for(timeout=30_000)
    (_, child) = host.frames
    assert choices(host) == {}
    inside.get_by_role("slider", name="Smoothing ε").press("ArrowRight")
    child.wait_for_url(lambda url: "epsilon=0.105" in url)
    assert "embed=true" in child.url
    inside.get_by_role("button", name="Share", exact=True).click()
    inside.get_by_role("button", name="Copy link").click()
    inside.get_by_role("status").get_by_text("Copied", exact=True).wait_for()
    link = inside.get_by_role("textbox", name="Link").input_value()
    assert host.evaluate("clipboard.readText()") == link
    assert settings_of(link).epsilon == 0.105
    assert "embed" not in link


def test_a_frame_without_leave_to_the_clipboard_copies_all_the_same(
    lab: str, visit: Visit, elsewhere: Callable[[str], str], console: list[str]
) -> None:
    snippet = frame(f"{lab}/in_your_code?v=1", "x").replace("allow=", "data-allow=")
    host = visit(elsewhere(snippet), allowed, **AT_ONCE)
    inside = host.frame_locator("iframe")
    inside.get_by_role("button", name="Share", exact=True).click(timeout=30_000)
    inside.get_by_role("button", name="Copy link").click()
    inside.get_by_role("status").get_by_text("Copied", exact=True).wait_for()
    assert host.evaluate("clipboard.readText()") == inside.get_by_role("textbox", name="Link").input_value()
    assert all("permissions policy" in error for error in said(console))
