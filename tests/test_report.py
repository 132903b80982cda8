"""A report is one file that asks nobody for anything, says what was found, and runs nothing that a file name holds."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from functools import cache
from html import escape
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from plotly.offline import get_plotlyjs

from labelsmooth.assessment.assess import assess
from labelsmooth.assessment.judged import Assessment
from labelsmooth.figures.document import Drawing, Section, Table, report_html
from labelsmooth.figures.report import Judged, Rival, assessment_report
from labelsmooth.figures.style import Moving
from labelsmooth.predictions.given import Predictions

HOSTILE = (
    "</script><script>window.hacked=1</script>",
    '"><img src=x onerror="window.hacked=1">.csv',
    "<b>'\N{GRINNING FACE}&amp;{x} %{y} $z$.npz",
    "half \udcff a letter",
    "javascript:window.hacked=1\n\u202egnp.\u2028",
)


@cache
def predictions(factor: float = 3.0) -> Predictions:
    generator = np.random.default_rng(0)
    labels = generator.integers(3, size=200)
    logits = factor * (generator.normal(size=(200, 3)) + 2 * np.eye(3)[labels])
    return Predictions(logits, labels, ("ant", "bee", "cow"), "logits")


@cache
def assessed() -> Assessment:
    return assess(predictions(), name="net.csv")


def report(name: str = "net.csv", texts: tuple[str, ...] = ("Read.",) * len(HOSTILE)) -> str:
    return assessment_report(replace(assessed(), name=name), predictions(), texts, texts)


@cache
def plain() -> str:
    return report()


class Elements(HTMLParser):
    """What a browser makes of a page: its elements with their attributes, and its text outside of scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""
        self.films: list[Any] = []
        self._inside = ""
        self.feed(page.replace(get_plotlyjs(), "library"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self._inside = tag if not attrs or tag != "script" else "film"

    def handle_data(self, data: str) -> None:
        if self._inside == "film" and data.strip():
            self.films.append(json.loads(data))
            self._inside = ""
        elif self._inside not in ("script", "style"):
            self.text += data


def test_the_same_input_makes_the_same_bytes() -> None:
    assert report() == plain()


def test_plotly_is_in_it_once_and_nothing_is_fetched() -> None:
    page = plain()
    assert page.count(get_plotlyjs()) == 1
    ours = page.replace(get_plotlyjs(), "")
    assert re.findall(r"https?:|(?:\bsrc|href)\s*=|url\(|\bimport\b", ours) == []
    assert {tag for tag, _ in Elements(page).elements} & {"link", "img", "iframe", "a", "object"} == set()


def test_only_the_two_scripts_that_the_policy_names_may_run() -> None:
    page = plain()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert allowed["default-src"] == "'none'"
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert allowed["script-src"].split() == [f"'sha256-{digest}'" for digest in hashes]
    assert len(hashes) == 2


def test_no_name_becomes_an_element() -> None:
    page = report(" ".join(HOSTILE), HOSTILE)
    page.encode("utf-8")
    found, expected = Elements(page), Elements(plain())
    assert found.elements == expected.elements
    for evil in HOSTILE:
        assert found.text.count(evil.encode("utf-8", "replace").decode()) > 3
    assert len(found.films) == len(expected.films) == 4


def test_classes_and_tables_are_escaped_too() -> None:
    evil = HOSTILE[0]
    table = Table([evil, evil], [[evil, evil]])
    moving = Moving({"data": [], "layout": {"height": 10, "margin": {"b": 1}}}, {})
    page = report_html(evil, [Section(evil, (evil,), (Drawing(moving, evil),), table, (evil,))])
    assert evil not in page
    assert page.count(escape(evil)) == 10
    assert [tag for tag, _ in Elements(page).elements].count("script") == 3


def test_the_report_says_what_was_found() -> None:
    found, text = assessed(), Elements(plain()).text
    assert found.after is not None
    for state in (found.before, found.after):
        for value in (state.nll, state.brier, state.curve.accuracy, state.curve.confidence):
            assert f"{value:.4f}" in text
        for estimate in state.estimates:
            assert estimate.name in text
            assert f"{estimate.value:.4f}" in text
            assert f"{estimate.null_median:.4f} ({estimate.null_low:.4f} to {estimate.null_high:.4f})" in text
    for risk in found.risks.values():
        assert f"{risk.aurc:.4f}" in text
        assert f"{100 * risk.accuracy_at(0.8):.1f} %" in text
    assert f"T = {found.fit.temperature:.4g}" in text
    assert ", ".join(f"{t:.4g}" for t in found.fold_temperatures) in text
    assert "all 200 rows" in text
    assert f"numpy {np.__version__}" in text


def test_figures_have_both_layouts_and_the_film_begins_at_one() -> None:
    films = Elements(plain()).films
    for film in films:
        assert film["layouts"]["wide"]["height"] < film["layouts"]["narrow"]["height"]
    assert [film["start"] for film in films] == [None, "1", None, None]
    assert len(films[1]["frames"]) == len(films[1]["captions"]) == 41


def test_the_rows_of_the_film_follow_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelsmooth.assessment.film.FILM_ROWS", 100)
    page = assessment_report(replace(assessed(), seed=5), predictions(), (), ())
    assert "is of 100 of the 200 rows, drawn at random with seed 5," in page


def test_two_models_are_reported_beside_each_other() -> None:
    logits = predictions().logits.copy()
    logits[0, predictions().labels[0]] = -np.inf
    given = replace(predictions(), logits=logits)
    held_out = assess(given, predictions(0.5), name="net.csv")
    # The flat one makes no error, so there is nothing to rank; one label of the other is impossible.
    flat = Predictions(np.zeros((20, 2)), np.zeros(20, np.intp), ("a", "b"), "logits")
    second = Judged(assess(flat, name="flat.csv"), flat, ("Second read.",), ("Second verdict.",))
    page = Elements(assessment_report(held_out, given, ("Read.",), ("Verdict.",), Rival(second, ("They differ.",))))
    for words in (
        *(
            "Calibration of net.csv and flat.csv",
            "They differ.",
            "Second verdict.",
            "maximum probability, second model",
        ),
        *("from the 200 rows of the validation set", "Every temperature is equally good", "none", "infinite"),
    ):
        assert words in page.text
    assert page.text.count("The first model is net.csv, the second model flat.csv.") == 2
    assert "net.csv" not in json.dumps(page.films[2:])
    assert re.findall(r"\b(?:nan|inf)\b", page.text) == []
    assert len(page.films) == 5
    assert "; NLL" in page.films[2]["captions"]["1"]
