"""Take the README's moving picture from the real dashboard: python -m docs.moving_picture

A server is started, the page "Drag epsilon" opened as for a lecture, and its film moved from hard labels to the
largest epsilon and back, one epsilon a picture. Needs what requirements-dev.txt names, and Chromium.
"""

import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import FloatRect, Page, expect, sync_playwright

from benchmarks.serving import serving

PICTURE = Path(__file__).with_name("drag-epsilon.webp")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
FILM = ".st-key-sweep .film"
SCRUB = ".st-key-sweep .film-scrub"
THUMB = 8  # pixels from an end of the range to the middle of its thumb there
MARGIN = 20  # pixels around title and film
STEP, BACK, REST = 350, 120, 1500  # milliseconds that a picture is shown: on the way, on the way back, at both ends
PATIENCE = 300_000  # milliseconds: 105 networks are trained, perhaps on a machine that has other things to do
MOST_BYTES = 3_000_000


def take() -> None:
    """Move the film of the default story, and keep what was seen as one animated picture."""
    with serving() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1180, "height": 1040}, color_scheme="light")
        page.set_default_timeout(PATIENCE)
        page.goto(f"{server.url}/drag_epsilon?mode=lecture&epsilon=0")
        page.wait_for_selector(f'{FILM}[data-ticking="false"][data-playing="false"] .trace', state="attached")
        there = list(_dragged(page))
        browser.close()
    back = there[-2:0:-1]
    shown = [REST, *[STEP] * (len(there) - 2), REST, *[BACK] * len(back)]
    first, *others = there + back
    first.save(PICTURE, save_all=True, append_images=others, duration=shown, loop=0, quality=80, method=4)
    size = PICTURE.stat().st_size
    assert size < MOST_BYTES, f"{PICTURE.name} must stay below {MOST_BYTES} bytes; got {size}"


def _dragged(page: Page) -> Iterator[Image.Image]:
    """A picture at every epsilon of the film, once the page's own slider has followed."""
    scrub, part = page.locator(SCRUB), _seen(page)
    box = scrub.bounding_box()
    assert box is not None
    left, right, height = box["x"] + THUMB, box["x"] + box["width"] - THUMB, box["y"] + box["height"] / 2
    steps = int(scrub.get_attribute("max") or 0)
    for step in range(steps + 1):
        # With the mouse: keys would leave a ring around the range.
        page.mouse.click(left + (right - left) * step / steps, height)
        epsilon = (scrub.get_attribute("aria-valuetext") or "").rpartition(" ")[2]
        expect(page.get_by_role("slider", name="Smoothing ε")).to_have_attribute(
            "aria-valuetext", epsilon, timeout=PATIENCE
        )
        page.wait_for_timeout(500)  # until the last mark has moved
        yield Image.open(BytesIO(page.screenshot(clip=part))).convert("RGB")


def _seen(page: Page) -> FloatRect:
    """The part of the window from the title to the film's controls."""
    title, film = (page.locator(name).bounding_box() for name in ("h1", FILM))
    assert title is not None
    assert film is not None
    left, top = film["x"] - MARGIN, title["y"] - MARGIN
    return {
        "x": left,
        "y": top,
        "width": film["width"] + 2 * MARGIN,
        "height": film["y"] + film["height"] + MARGIN - top,
    }


if __name__ == "__main__":
    take()
