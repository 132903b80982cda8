"""What holds for every page in a browser: it fits, is linked, keeps the choices, and has nothing to complain of."""

from typing import TYPE_CHECKING, Literal, NamedTuple

import pytest

from labelsmooth.dashboard.public import public

from .conftest import Serve, Visit, said
from .pages import APP, AT_ONCE, DRAWN_IN, LIVE, SCREENSHOTS, choices, mark, quiet, rests, says, slider

if TYPE_CHECKING:
    from playwright.sync_api import Page


class Shown(NamedTuple):
    """A page: its address, its name in the sidebar, its question, the films that it opens with, its last words."""

    path: str
    title: str
    question: str
    films: tuple[str, ...]
    ends: str
    more: bool = False  # whether there are other films too

    @property
    def film(self) -> str:
        """The first film, which the others follow."""
        return f".st-key-{self.films[0]} .film"


PAGES = (
    Shown("", "Train live", "change while a network learns", ("live", "curves"), "Leaving the labels hard"),
    Shown("drag_epsilon", "Drag epsilon", "How much smoothing", ("sweep", "measures"), "Film as HTML"),
    Shown("clusters", "Clusters", "move the clusters", ("clusters", "collapse"), "Without the bias the plane"),
    Shown("calibration", "Calibration", "be trusted", ("reliability", "losses", "risk"), "AUROC of errors"),
    Shown(
        "theory",
        "Why and what",
        "Why does cross-entropy over-fit",
        ("target", "loss", "optimum", "hard", "measured-hard", "measured-little", "measured-optimum"),
        "A star marks where",
    ),
    Shown("in_your_code", "In your code", "How is label smoothing written", ("decoded", "gradients"), "pip install"),
)
CLAIMS = Shown(
    "claims", "Claims, re-tested", "papers' claims", ("claim-tight_clusters",), "Mutual information", more=True
)
QUICK = "epochs=20&seeds=2"
# What is photographed: colours do not depend on the width.
LOOKS: tuple[tuple[int, Literal["dark", "light"]], ...] = ((1400, "dark"), (420, "light"))
# What nobody chooses by default, on each page; quickly trained.
CHOSEN = {
    "dataset": "iris", "train_size": "60", "label_noise": "0.2", "epochs": "5", "seeds": "2", "seed": "3",
    "hidden": "16", "epsilon": "0.2", "scale": "common", "bias": "no", "steps": "6", "map_measure": "nll",
    "bins": "7", "binning": "equal-mass", "temperature": "2.0", "score": "entropy", "coverage": "0.5",
}  # fmt: skip
LINK = "&".join(f"{name}={value}" for name, value in CHOSEN.items())
PROBE = """() => ({
  overflow: Math.max(...[document.documentElement, document.querySelector("[data-testid=stMain]")]
    .map(e => e.scrollWidth - e.clientWidth)),
  empty: [...document.querySelectorAll(".film-chart")].filter(c => !c.querySelectorAll(".trace").length).length,
  charts: document.querySelectorAll(".film-chart").length,
})"""


def opened(page: "Page", shown: Shown) -> None:
    """Wait until it is this page, whole and at rest."""
    page.get_by_role("heading", level=1).filter(has_text=shown.question).wait_for()
    rests(page, *shown.films)
    page.get_by_text(shown.ends).first.wait_for(timeout=60_000)
    quiet(page)


@pytest.mark.parametrize("shown", [*PAGES, CLAIMS], ids=lambda shown: shown.title)
def test_the_page_fits_light_and_dark_wide_and_narrow(app: str, visit: Visit, shown: Shown) -> None:
    page = visit(f"{app}/{shown.path}?{QUICK}", viewport={"width": 1400, "height": 900}, **AT_ONCE)
    opened(page, shown)
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        rests(page, *shown.films)
        quiet(page)
        seen = page.evaluate(PROBE)
        assert seen | {"charts": 0} == {"overflow": 0, "empty": 0, "charts": 0}
        assert seen["charts"] > len(shown.films) if shown.more else seen["charts"] == len(shown.films)
        if shown is not CLAIMS:  # which no choice of epsilon changes
            assert slider(page).bounding_box()["y"] < page.locator(shown.film).bounding_box()["y"]  # type: ignore[index]
        photographed(page, shown.title.lower().replace(" ", "-"), width, scheme)
        assert page.evaluate(PROBE)["empty"] == 0


def photographed(page: "Page", name: str, width: int, scheme: Literal["dark", "light"]) -> None:
    """Keep a picture of the whole page, light or dark, in whose colours every chart must be drawn."""
    # The page scrolls inside this block, so a picture of the whole page needs a window as tall as the block.
    height = page.locator("[data-testid=stMain]").evaluate("block => block.scrollHeight")
    assert height > 900
    page.set_viewport_size({"width": width, "height": height + 20})
    page.wait_for_function("(e => e.scrollHeight === e.clientHeight)(document.querySelector('[data-testid=stMain]'))")
    SCREENSHOTS.mkdir(exist_ok=True)
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(DRAWN_IN, arg=scheme)
    page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}-{width}.png")


def test_what_is_announced_with_a_page_is_fetched_once(app: str, visit: Visit) -> None:
    page = visit(f"{app}/?{QUICK}")
    opened(page, PAGES[0])
    fetched = page.evaluate("performance.getEntriesByType('resource').map(each => new URL(each.name).pathname)")
    ours = sorted(path for path in fetched if path.startswith("/public/"))
    assert ours == sorted(f"/{name}" for name in public().files)


def test_a_deep_link_to_another_page_works_as_the_first_request_of_a_new_server(
    serve: Serve, visit: Visit, console: list[str]
) -> None:
    page = visit(f"{serve(APP)}/calibration?{LINK}")
    opened(page, PAGES[3])
    says(page, "7", "Bins")
    assert choices(page).items() >= CHOSEN.items()
    # Streamlit knows no page but the main one by then, and says so before the right one is shown.
    page.get_by_text("Page not found").wait_for(state="detached")
    assert [error for error in said(console) if "does not seem to exist" not in error] == []


@pytest.mark.parametrize("link", ["claims", "claims?claim=easy_data", "claims?epsilon=0.3&embed=true"])
def test_one_step_back_leaves_the_page_that_was_opened(app: str, visit: Visit, link: str) -> None:
    page = visit(f"{app}/{link}")
    opened(page, CLAIMS)
    assert choices(page)
    page.go_back()
    assert page.url == "about:blank"


def test_another_page_is_one_step_where_it_is_embedded_and_after_the_code_has_come_twice(
    app: str, visit: Visit
) -> None:
    page = visit(f"{app}/?{LINK}&embed=true", **AT_ONCE)
    opened(page, PAGES[0])
    chosen = choices(page)
    fetched = page.evaluate("performance.getEntriesByType('resource').map(each => each.name)")
    (code,) = (name for name in fetched if name.endswith("/history.js"))
    page.evaluate("code => import(code)", f"{code}?again")
    page.get_by_role("link", name="Why and what, step by step").click()
    opened(page, PAGES[4])
    assert choices(page) == chosen
    page.go_back()
    opened(page, PAGES[0])
    assert choices(page) == chosen
    page.go_back()
    assert page.url == "about:blank"


def test_all_choices_are_carried_over_all_pages_and_back(app: str, visit: Visit) -> None:
    page = visit(f"{app}/?{LINK}", **AT_ONCE)
    opened(page, PAGES[0])
    chosen = choices(page)
    assert chosen.items() >= CHOSEN.items()
    for shown in (*PAGES[1:], PAGES[0]):
        page.get_by_role("link", name=shown.title, exact=True).click()
        opened(page, shown)
        assert choices(page) == chosen
        says(page, "0.2")
    run = mark(page, LIVE, "run")
    for shown in reversed(PAGES):
        page.go_back()
        opened(page, shown)
        assert choices(page) == chosen
    assert mark(page, LIVE, "run") == run
