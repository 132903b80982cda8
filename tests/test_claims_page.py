"""The page "Claims, re-tested" without a browser: every card is the record, and a live test stands beside it."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from addressed import at
from open_pages import told, traces, whole, widget
from streamlit.testing.v1 import AppTest

from labelsmooth.claims import background
from labelsmooth.claims.catalogue import CLAIMS
from labelsmooth.claims.record import COMMITTED, Entry, read
from labelsmooth.claims.verdicts import CONTRADICTED, HOLDS, UNDECIDED
from labelsmooth.claims.words import difference_in_words
from labelsmooth.dashboard import claims as claims_page

RECORD = read(COMMITTED)
RUN = "Run it live"


def opened(**query: str) -> AppTest:
    page = at("understand/claims.py", **query)
    page.run()  # a server's first request shows a component that is no film
    assert not page.exception
    return page


def made_test(name: str, seeds: tuple[int, ...], workers: int, progress: Any) -> Entry:
    """The record's numbers of as many seeds, as if they were new."""
    old = RECORD[name]
    for done in range(len(seeds) + 1):
        progress(name, done, len(seeds))
    numbers = {key: values[: len(seeds)] for key, values in old.numbers.items()}
    return Entry(old.setup, seeds, old.versions, "2026-01-01", 1.0, numbers)


@pytest.fixture
def tests(monkeypatch: pytest.MonkeyPatch) -> Iterator[background.Background]:
    """The server's place for tests, which only pretends to train."""
    made = background.Background(made_test)
    monkeypatch.setattr(claims_page, "background", lambda: made)
    yield made
    made.close()


def after_live_test(page: AppTest, tests: background.Background) -> AppTest:
    for _ in range(400):
        if tests.running is None:
            return page.run()
        time.sleep(0.02)
    raise AssertionError("still testing")


def test_every_claim_has_a_card_that_is_the_record() -> None:
    page = opened()
    assert [heading.value for heading in page.main.subheader] == [claim.title for claim in CLAIMS.values()]
    text, tables, shown = told(page), page.table, whole(page)
    assert len(tables) == len(CLAIMS)
    for (name, claim), table in zip(CLAIMS.items(), tables, strict=True):
        entry = RECORD[name]
        for said in (claim.sentence, claim.source, claim.figure, claim.test, claim.note):
            assert said in text, name
        judged = entry.judged(name)
        assert list(table.value["measured"]) == [difference_in_words(each) for each in judged]
        for cell, each in zip(table.value["verdict"], judged, strict=True):
            assert cell.endswith(f" {each.verdict}]" if each.contrast.decides else each.verdict)
            assert (cell == each.verdict) != each.contrast.decides
        bars = list(traces(shown[f"claim {name}"], mode="lines+markers"))
        assert len(bars) == len(judged)
        assert (f"profile {name}" in shown) == (claim.profile is not None)
        assert f"Record of {entry.date}: {len(entry.seeds)} seeds in {entry.seconds:.0f} s" in text
    verdicts = [entry.verdict(name) for name, entry in RECORD.items()]
    holds, contradicted, undecided = (verdicts.count(each) for each in (HOLDS, CONTRADICTED, UNDECIDED))
    assert f"Holds: {holds}; contradicted: {contradicted}; undecided at this scale: {undecided}." in text
    for verdict in (HOLDS, CONTRADICTED, UNDECIDED):
        assert text.count(f" {verdict}]") == 2 * verdicts.count(verdict)  # as words, in badges: the list and the cards


def test_a_live_test_stands_beside_the_record(tests: background.Background) -> None:
    page = opened(claim="selective")
    assert "The record is below" in told(page)
    page = after_live_test(widget(page.button, RUN).click().run(), tests)
    assert not page.exception
    assert "Tested anew with seeds 100 to 109" in told(page)
    fresh = tests.job("selective")
    assert fresh is not None
    assert fresh.entry is not None
    assert list(page.table[0].value["measured"]) == [
        difference_in_words(each) for each in fresh.entry.judged("selective")
    ]
    shown = whole(page)
    assert shown["live claim"]["done"]
    bars = len(list(traces(shown["live claim"], mode="lines+markers")))
    assert bars == 2 * len(list(traces(shown["claim selective"], mode="lines+markers")))
    # Another claim has its own.
    widget(page.selectbox, "Claim").set_value("nll").run()
    assert page.query_params["claim"] == "nll"
    assert "The record is below" in told(page)


def test_one_claim_is_tested_at_a_time_and_the_page_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()

    def slow(name: str, seeds: tuple[int, ...], workers: int, progress: Any) -> Entry:
        progress(name, 4, len(seeds))
        assert go.wait(30)
        return made_test(name, seeds, workers, progress)

    made = background.Background(slow)
    monkeypatch.setattr(claims_page, "background", lambda: made)
    page = opened(claim="nll")
    widget(page.button, RUN).click().run()
    assert not page.exception
    assert widget(page.button, RUN).disabled
    other = opened(claim="collapse")
    assert widget(other.button, RUN).disabled
    assert "The server tests one claim at a time" in told(other)
    assert "4 of 10 seeds are done" in told(other)
    go.set()
    page = after_live_test(page, made)
    assert not widget(page.button, RUN).disabled
    made.close()


def test_a_test_that_fails_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str, seeds: tuple[int, ...], workers: int, progress: Any) -> Entry:
        raise MemoryError("/secret")

    made = background.Background(broken)
    monkeypatch.setattr(claims_page, "background", lambda: made)
    page = opened()
    page = after_live_test(widget(page.button, RUN).click().run(), made)
    assert not page.exception
    (error,) = page.error
    assert error.value == "The test ended with an error (MemoryError). Details are in the server's log."
    assert not widget(page.button, RUN).disabled


def test_a_record_without_a_claim_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims_page, "record", lambda: {"nll": RECORD["nll"]})
    page = opened()
    assert not page.exception
    assert told(page).count("This claim is not in the record.") == len(CLAIMS) - 1
    assert "**1 claim, tested" in told(page)
