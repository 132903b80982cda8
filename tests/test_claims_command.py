"""Laws of the command `claims`: what it finished is kept, and nothing is tested twice."""

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from claim_fakes import ABOVE, SMALL, Made

from labelsmooth.__main__ import main
from labelsmooth.claims import running
from labelsmooth.claims.catalogue import CLAIMS
from labelsmooth.claims.claim import Claim
from labelsmooth.claims.laboratory import EXPERIMENTS
from labelsmooth.claims.record import Entry, read, versions, write
from labelsmooth.claims.trainings import (
    Experiment,
    Measures,
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Two claims whose experiments are made, in a catalogue of their own; the seeds that they are asked for."""
    seeds = list[int]()
    made: dict[str, Experiment] = {"holds": Made(1.0, seeds.append), "fails": Made(-1.0, seeds.append)}
    setups = {name: {"experiment": "Made", "effect": [vars(made[name])["effect"]]} for name in made}
    with monkeypatch.context() as patch:
        for name in list(CLAIMS):
            patch.delitem(CLAIMS, name)
        for name, experiment in made.items():
            patch.setitem(CLAIMS, name, Claim(name, f"It {name}.", "", "", "", (ABOVE,), ""))
            patch.setitem(EXPERIMENTS, name, experiment)
        patch.setattr(running, "setup_of", setups.__getitem__)
        yield seeds


def printed(options: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(shlex.split(options)) == 0
    text, errors = capsys.readouterr()
    assert errors == ""
    return text


def test_resuming_repeats_nothing_and_changes_nothing(
    asked: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "record.json"
    command = f"claims --record {file} --seeds 12"
    assert "holds: HOLDS" in printed(f"{command} --claim holds", capsys)
    first = json.loads(file.read_text())["claims"]["holds"]
    assert sorted(asked) == list(range(12))
    asked.clear()
    text = printed(command, capsys)
    assert "fails: CONTRADICTED" in text
    assert "1 claim tested" in text
    assert "1 was in the record" in text
    assert sorted(asked) == list(range(12))
    both, place = file.read_bytes(), file.stat().st_ino
    assert json.loads(both)["claims"]["holds"] == first
    asked.clear()
    text = printed(command, capsys)
    assert "0 claims tested" in text
    assert "2 were in the record" in text
    assert asked == []
    assert (file.read_bytes(), file.stat().st_ino) == (both, place)
    # A contrast in other words is no other test, but the record has its words.
    file.write_bytes(both.replace(f'"{ABOVE.text}"'.encode(), b'"as it was called before"'))
    printed(command, capsys)
    assert asked == []
    assert file.read_bytes() == both
    # Other seeds, other versions or another setup are another test.
    printed(f"claims --record {file} --seeds 11 --claim holds", capsys)
    assert sorted(asked) == list(range(11))
    monkeypatch.setattr(running, "versions", lambda: versions() | {"torch": "0"})
    printed(f"claims --record {file} --seeds 11 --claim holds", capsys)
    assert len(asked) == 22
    monkeypatch.setattr(running, "setup_of", lambda name: {"experiment": "Made", "effect": [7.0]})
    printed(f"claims --record {file} --seeds 11 --claim holds", capsys)
    assert len(asked) == 33


def test_a_command_that_is_stopped_keeps_what_it_finished(
    asked: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "record.json"

    def stop(seed: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(EXPERIMENTS, "fails", Made(-1.0, stop))
    assert main(shlex.split(f"claims --record {file} --seeds 10")) == 130
    assert list(read(file)) == ["holds"]
    assert [each.name for each in tmp_path.iterdir()] == ["record.json"]


def test_a_record_is_read_as_it_was_written(tmp_path: Path, asked: list[int]) -> None:
    file = tmp_path / "record.json"
    numbers = {"after": (1.0, None, 0.1 + 0.2), "before": (0.0, 1e-300, -2.5)}
    entry = Entry({"setup": {"hidden": [64, 64]}}, (0, 1, 7), {"torch": "1 [2]"}, "2026-01-02", 3.5, numbers)
    write(file, {"holds": entry})
    assert read(file) == {"holds": entry}
    assert read(tmp_path / "none.json") == {}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"claims": {"holds": {}}}', '{"claims": {"holds": 7}}'])
def test_a_file_that_is_no_record_is_refused_and_kept(
    text: str, asked: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "record.json"
    file.write_text(text)
    assert main(shlex.split(f"claims --record {file}")) == 2
    assert "must be a file that this command has written" in capsys.readouterr().err
    assert file.read_text() == text
    assert asked == []


@pytest.mark.parametrize("seeds", ["0", "-1", "2001"])
def test_a_number_of_seeds_that_cannot_be_is_refused(seeds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claims", "--seeds", seeds]) == 2
    assert f"seeds must be between 1 and 2000; got {seeds}" in capsys.readouterr().err


def test_progress_is_a_bar_where_somebody_watches(
    asked: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    main(shlex.split(f"claims --record {tmp_path}/record.json --seeds 3 --claim holds"))
    bars = capsys.readouterr().err
    assert "holds" in bars
    for done in range(4):
        assert f"{done} of 3 seeds" in bars


def test_a_number_of_one_seed_does_not_depend_on_how_many_workers_there_are() -> None:
    experiment = Measures(SMALL, ("nll", "nc1"))
    alone, together = (list(running.measured(experiment, range(4), workers)) for workers in (1, 2))
    assert alone == together == [experiment.measure(seed) for seed in range(4)]
