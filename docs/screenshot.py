"""Take the README's picture from a running dashboard: python docs/screenshot.py http://127.0.0.1:8501"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).with_name("train-live.png")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def take(url: str) -> None:
    """Open the default story, wait until its film has ended, and keep the first screen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1280}, color_scheme="light")
        page.goto(url)
        page.wait_for_selector('.st-key-live .film[data-shown="100"][data-playing="false"]', timeout=60_000)
        page.wait_for_timeout(500)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    take(*sys.argv[1:])
