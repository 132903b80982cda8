"""Laws of the journal: everything that happens to a run is one line of JSON and one count, and nobody is in it."""

import io
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from addressed import at
from open_pages import metrics, opened
from run_fakes import A, B, C, Clock, FakeTraining, Lab

from labelsmooth.dashboard import server
from labelsmooth.dashboard.journal import EVENTS, Journal, Lines, _writer, about, runs_log
from labelsmooth.dashboard.runs import PATIENCE, Registry
from labelsmooth.dashboard.schedule import Standing
from labelsmooth.dashboard.vitals import Vitals
from labelsmooth.hosting import Hosting
from labelsmooth.own_data.held import OwnData, register
from labelsmooth.setups import TrainingSetup

FIELDS = {"time", "event", "run", "dataset", "networks", "epochs", "seconds", "queue"}


@pytest.fixture(autouse=True)
def nobody_else_trains(capfd: pytest.CaptureFixture[str]) -> None:
    """What pages of other tests have left in training would be written between the lines."""
    registry = server.registry()
    for viewer in list(registry._schedule._leases):
        registry.leave(viewer)
    text_written(capfd)


@pytest.fixture
def lab() -> Lab:
    """One run at a time, and a journal that is written."""
    lab = Lab(max_active=1)
    lab.registry = Registry(
        lab.training, workers=0, max_active=1, turn=0.0, clock=lab.clock, journal=Journal(runs_log())
    )
    return lab


def counted(registry: Registry) -> dict[str, int]:
    """The events that have happened, by how often."""
    return {event: times for event, times in registry._schedule._journal.counts.items() if times}


def written(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What has come to standard error since the last look, each line of it JSON."""
    return [json.loads(line) for line in text_written(capfd).splitlines()]


def text_written(capfd: pytest.CaptureFixture[str]) -> str:
    """What has come to standard error since the last look, once all that was logged has come."""
    _writer().stop()
    _writer().start()
    return capfd.readouterr().err


def test_every_event_is_one_line_and_one_count(lab: Lab, capfd: pytest.CaptureFixture[str]) -> None:
    lab.registry.join(A, "ann")
    lab.registry.join(A, "ann")  # a tick is no event
    lab.registry.join(A, "bob")
    lab.registry.join(B, "eve")
    lab.run_dry()
    lab.registry.join(A, "fay")
    lab.registry.join(C, "fay")
    lab.registry.leave("fay")
    lab.registry._limit = 1e-3
    lab.registry.join(replace(A, epochs=7), "fay")
    lab.registry.join(replace(A, epochs=7), "fay")
    events = [(line["event"], line["run"], line["queue"]) for line in written(capfd)]
    a, b, c = (about(setup)["run"] for setup in (A, B, C))
    assert events == [
        ("started", a, 0),
        ("joined", a, 0),
        ("finished", a, 1),
        ("started", b, 0),
        ("finished", b, 0),
        ("joined", a, 0),
        ("started", c, 0),
        ("stopped", c, 0),
        ("refused", about(replace(A, epochs=7))["run"], 0),
    ]
    assert counted(lab.registry) == {"started": 3, "joined": 2, "finished": 2, "stopped": 1, "refused": 1}


def test_who_goes_silently_abandons_and_what_raises_fails(lab: Lab, capfd: pytest.CaptureFixture[str]) -> None:
    lab.registry.join(A, "ann")
    lab.clock.now += PATIENCE
    lab.run_dry()

    def fail(setup: TrainingSetup, epoch: int) -> None:
        raise ValueError("two\nlines")

    lab.training.before = fail
    lab.registry.join(B, "bob")
    lab.run_dry()
    assert counted(lab.registry) == {"started": 2, "abandoned": 1, "failed": 1}
    *_, problem, failed = written(capfd)
    assert failed["event"] == "failed"
    assert problem["level"] == "ERROR"
    assert problem["traceback"].splitlines()[-2:] == ["ValueError: two", "lines"]


def test_a_line_has_these_fields_in_utc_and_the_seconds_of_the_workers(capfd: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    training = FakeTraining(lambda _setup, _epoch: setattr(clock, "now", clock.now + 0.5), epochs=2)
    registry = Registry(training, workers=0, processor=clock, journal=Journal(runs_log()))
    registry.join(A, "ann")
    while registry.step():
        pass
    first, last = written(capfd)
    assert first.keys() == last.keys() == FIELDS
    assert abs(datetime.now(UTC) - datetime.fromisoformat(last["time"])) < timedelta(minutes=5)
    assert datetime.fromisoformat(last["time"]).utcoffset() == timedelta(0)
    assert (last["dataset"], last["networks"], last["epochs"]) == (A.dataset, A.runs, A.epochs)
    assert (first["seconds"], last["seconds"]) == (0.0, 1.5)


def test_no_line_tells_who_looks_or_whose_data_they_are(capfd: pytest.CaptureFixture[str]) -> None:
    own = OwnData("salaries of 2026.csv", np.arange(80.0)[:, None], np.arange(80) % 2, ("Ann", "Bob"), ("pay",))
    setup = TrainingSetup(register(own), train_size=40)
    registry = Registry(FakeTraining(), workers=0, journal=Journal(runs_log()))
    registry.join(setup, "session 4711")
    registry.join(setup, "session 4712")
    while registry.step():
        pass
    text = text_written(capfd)
    assert len(text.splitlines()) == 3
    assert {json.loads(line)["dataset"] for line in text.splitlines()} == {"own"}
    for secret in ("session", "471", "salaries", "Ann", "pay", own.name, own.name.removeprefix("own-")):
        assert secret not in text


def test_runs_have_names_of_their_own() -> None:
    setups = [A, B, C, replace(A, epochs=99), replace(A, seeds=(7,)), replace(A, film=False)]
    names = [about(setup)["run"] for setup in setups]
    assert len(set(names)) == len(setups)
    assert names == [about(replace(setup))["run"] for setup in setups]


@pytest.mark.parametrize("message", ["two\nlines", "\u2028\u2029\x85\r", 'quotes " and \\', "ε\ud800", "\x00\x1b[31m"])
def test_any_message_is_one_line_of_json(message: str) -> None:
    record = logging.LogRecord("labelsmooth.x", logging.ERROR, "", 0, "%s", (message,), None)
    line = Lines().format(record)
    assert len(line.splitlines()) == 1
    assert json.loads(line)["message"] == message


def test_a_broken_standard_error_harms_no_run(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def write(self, text: str) -> int:
            raise OSError("no space")

    monkeypatch.setattr("sys.__stderr__", Broken())
    monkeypatch.setattr(logging, "raiseExceptions", False)
    assert lab.finished(A, "ann").error is None
    text_written(capfd)  # by the broken one: the next test has a whole one again


def test_a_reader_who_is_slow_keeps_nobody_waiting(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    may_write, lines = threading.Event(), list[str]()

    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            assert may_write.wait(30)
            lines.append(text)
            return len(text)

    monkeypatch.setattr("sys.__stderr__", Slow())
    assert lab.finished(A, "ann").error is None
    assert lines == []
    may_write.set()
    _writer().stop()
    _writer().start()
    assert [json.loads(line)["event"] for line in lines] == ["started", "finished"]


def test_threads_count_together(capfd: pytest.CaptureFixture[str]) -> None:
    journal = Journal(runs_log())
    with ThreadPoolExecutor(8) as pool:
        for _ in range(400):
            pool.submit(journal.note, "joined", A, seconds=0.0, queue=0)
    assert journal.counts["joined"] == len(written(capfd)) == 400
    assert set(journal.counts) == set(EVENTS)


def test_what_is_standing_is_what_there_is(lab: Lab) -> None:
    lab.finished(A, "ann")
    lab.registry.join(B, "bob")
    lab.registry.join(C, "eve")
    kept = lab.registry.finished(A)
    assert kept is not None
    assert lab.registry.standing == Standing(1, 1, 3, 1, kept.nbytes, 512 * 2**20)


# The page


def test_the_server_page_counts_a_run_and_says_the_same_as_json() -> None:
    def look() -> tuple[dict[str, int], dict[str, Any]]:
        page = at("about/server.py")
        assert not page.exception
        shown = {name: int(value) for name, value in metrics(page).items()}
        (code,) = (each for each in page.code if each.language == "json")
        return shown, json.loads(code.value)

    before, first = look()
    opened(seed="77")
    after, second = look()
    assert after["Runs finished"] == before["Runs finished"] + 1
    assert second["events"]["finished"] == after["Runs finished"]
    assert second["events"]["started"] == first["events"]["started"] + 1
    assert second["runs"]["kept"] == first["runs"]["kept"] + 1
    assert second["runs"]["kept_bytes"] > first["runs"]["kept_bytes"]
    assert second["visitors"] == after["Visitors"] >= 1
    assert second["settings"]["training_seconds"] == Hosting().training_seconds


def test_memory_that_the_system_does_not_tell_is_unknown() -> None:
    numbers = Vitals(7200, 1, Standing(0, 0, 0, 0, 0, 2**20), Journal().counts, 0, 2**20, None, 3, Hosting())
    rows = numbers.rows()
    assert rows["Memory of the process"] == "unknown"
    assert rows["Up for"] == "2:00:00"
    assert json.loads(numbers.to_json())["memory_bytes"] is None
    assert (server.now().memory_bytes or 2**30) > 10 * 2**20
