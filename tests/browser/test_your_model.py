"""The page "Your model" in a browser: a real model's predictions from the file to the report."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from labelsmooth.assessment.assess import assess
from labelsmooth.assessment.judged import Assessment
from labelsmooth.predictions.given import Predictions

from .conftest import Visit
from .pages import AT_ONCE, choices, hold, mark, quiet, rests, says, slider, wait
from .test_pages import LOOKS, PROBE, photographed

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FILM = ".st-key-own-reliability .film"
FILMS = ("own-states-model", "own-reliability", "own-losses", "own-risk")
NAME = "<img src=x onerror=alert(1)> *my* model.csv"


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Predictions]:
    """A classifier's predictions as the page's guide writes them, and the same arrays."""
    pixels, digits = load_digits(return_X_y=True)
    model = LogisticRegression(C=100, max_iter=5000).fit(pixels[:150] / 16, digits[:150])
    probabilities, labels = model.predict_proba(pixels[900:] / 16), digits[900:]
    table = pd.DataFrame(probabilities, columns=model.classes_)
    table["label"] = labels
    path = tmp_path_factory.mktemp("given") / NAME
    table.to_csv(path, index=False)
    logits = np.log(probabilities / probabilities.sum(1, keepdims=True))
    return path, Predictions(logits, labels, tuple(map(str, range(10))), "probabilities")


def uploaded(visit: Visit, app: str, path: Path) -> "Page":
    """The page once it has judged a file."""
    page = visit(f"{app}/your_model", **AT_ONCE)
    page.get_by_text("There are no predictions here yet").wait_for()
    page.locator("input[type=file]").first.set_input_files(path)
    rests(page, *FILMS)
    quiet(page)
    return page


def metrics(page: "Page") -> list[str]:
    """The strip of measures."""
    return page.get_by_test_id("stMetricValue").all_inner_texts()


def expected(found: Assessment) -> list[str]:
    """The same strip, from the numbers."""
    before, after = found.before, found.after
    assert after is not None
    ece = [found.ece(state).value for state in (before, after)]
    return [
        f"{100 * before.curve.accuracy:.1f} %",
        f"{100 * before.curve.confidence:.1f} → {100 * after.curve.confidence:.1f} %",
        f"{ece[0]:.3f} → {ece[1]:.3f}",
        f"{before.nll:.3f} → {after.nll:.3f}",
        f"{found.fit.temperature:.3f}",
    ]


def test_a_real_models_file_goes_from_upload_to_report(
    app: str, visit: Visit, browser: "Browser", given: tuple[Path, Predictions], tmp_path: Path
) -> None:
    path, predictions = given
    page = uploaded(visit, app, path)
    assert metrics(page) == expected(assess(predictions))
    assert page.get_by_text("Scale: probabilities, because").count() == 1

    slider(page, "Bins").press("ArrowLeft")
    says(page, "14", "Bins")
    page.get_by_text("in 14 bins of equal width").first.wait_for()
    quiet(page)
    found = assess(predictions, bins=14, name=NAME)
    assert metrics(page) == expected(found)

    _, right, height = hold(page, FILM)
    page.mouse.move(right, height, steps=20)
    wait(page, FILM, shown="10")
    page.mouse.up()
    page.wait_for_url(re.compile("temperature=10"))
    quiet(page)
    assert mark(page, FILM, "shown") == "10"
    assert choices(page)["bins"] == "14"

    broken = tmp_path / NAME
    broken.write_text("a,b,label\n0.5,0.5,a\n0.5,nan,b\n")
    page.locator("input[type=file]").first.set_input_files(broken)
    error = page.get_by_test_id("stAlert")
    error.filter(has_text="row 3").wait_for()
    assert "<img src=x onerror=alert(1)> *my* model" in error.inner_text()
    assert page.locator("img[src=x]").count() == 0
    assert metrics(page) == expected(found)

    page.get_by_role("link", name="Claims, re-tested").click()
    page.get_by_role("heading", level=1).filter(has_text="papers").wait_for()
    page.get_by_role("link", name="Your model").click()
    rests(page, *FILMS)
    quiet(page)
    assert metrics(page) == expected(found)

    with page.expect_download() as download:
        page.get_by_role("button", name="Report as HTML").click()
    download.value.save_as(tmp_path / "report.html")
    tells_without_a_network(browser, tmp_path / "report.html", found)


def tells_without_a_network(browser: "Browser", report: Path, found: Assessment) -> None:
    """A report opens alone, draws its figures and asks for nothing; a hostile name in it is text."""
    offline = browser.new_context(offline=True).new_page()
    problems: list[str] = []
    offline.on("pageerror", lambda error: problems.append(str(error)))
    offline.on("request", lambda request: problems.append(request.url) if "file:" not in request.url else None)
    offline.goto(f"file://{report}")
    offline.locator(".js-plotly-plot .trace").first.wait_for(state="attached")
    assert "*my* model" in offline.locator("h1").inner_text()
    assert f"{found.before.nll:.4f}" in offline.locator("body").inner_text()
    assert offline.locator("img[src=x]").count() == 0
    assert problems == []
    offline.context.close()


def test_the_page_fits_light_and_dark_wide_and_narrow(app: str, visit: Visit) -> None:
    page = visit(f"{app}/your_model", viewport={"width": 1400, "height": 900}, **AT_ONCE)
    page.get_by_role("button", name="Try the example").click()
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        rests(page, *FILMS)
        page.get_by_text("AUROC of errors").first.wait_for()
        quiet(page)
        assert page.evaluate(PROBE) == {"overflow": 0, "empty": 0, "charts": len(FILMS)}
        photographed(page, "your-model", width, scheme)
