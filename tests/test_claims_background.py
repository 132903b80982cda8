"""Laws of testing a claim in the background: one at a time, to the end or until the server is closed."""

import threading
from typing import Any

import pytest
from claim_fakes import Made

from labelsmooth.claims import running
from labelsmooth.claims.background import SEEDS, Background, Job
from labelsmooth.claims.laboratory import EXPERIMENTS
from labelsmooth.claims.record import COMMITTED, Entry, read
from labelsmooth.claims.verdicts import LEAST_SEEDS


def made_entry(name: str) -> Entry:
    return Entry({}, SEEDS, {}, "2026-01-01", 1.0, {})


def test_one_claim_at_a_time_and_the_last_of_each_is_kept() -> None:
    go, tested = threading.Event(), list[tuple[str, tuple[int, ...]]]()

    def test(name: str, seeds: tuple[int, ...], workers: int, progress: Any) -> Entry:
        progress(name, 3, 10)
        tested.append((name, seeds))
        assert go.wait(10)
        return made_entry(name)

    tests = Background(test)
    assert (tests.running, tests.job("a")) == (None, None)
    assert tests.start("a")
    assert not tests.start("a")
    assert not tests.start("b")
    job = tests.job("a")
    assert job is not None
    assert job is tests.running
    go.set()
    tests.close()
    assert job.ended
    assert (job.entry, job.done, job.error) == (made_entry("a"), 3, None)
    assert tested == [("a", SEEDS)]
    assert tests.running is None
    assert not tests.start("b")  # it is closed


def test_a_test_that_fails_ends_in_a_sentence_and_can_be_tried_again() -> None:
    def test(name: str, seeds: tuple[int, ...], workers: int, progress: Any) -> Entry:
        raise OSError("/secret/path")

    tests = Background(test)
    for _ in range(2):
        assert tests.start("a")
        while tests.running:
            pass
    job = tests.job("a")
    assert isinstance(job, Job)
    assert job.error == "The test ended with an error (OSError). Details are in the server's log."


def test_closing_ends_a_test_after_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    started, go, seeds = threading.Event(), threading.Event(), list[int]()

    def ask(seed: int) -> None:
        seeds.append(seed)
        started.set()
        assert go.wait(10)

    monkeypatch.setitem(EXPERIMENTS, "nll", Made(1.0, ask))
    monkeypatch.setattr(running, "setup_of", lambda name: {})
    tests = Background()
    assert tests.start("nll")
    assert started.wait(10)
    closing = threading.Thread(target=tests.close)
    closing.start()
    while not tests._closed:
        pass
    go.set()
    closing.join(10)
    job = tests.job("nll")
    assert job is not None
    assert job.error == "The server was closed."
    assert seeds == [SEEDS[0]]


def test_live_seeds_are_enough_and_not_those_of_the_record() -> None:
    assert len(SEEDS) >= LEAST_SEEDS
    assert not set(SEEDS) & {seed for entry in read(COMMITTED).values() for seed in entry.seeds}
