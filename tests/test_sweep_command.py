"""Laws of `sweep`: interrupted and resumed it prints what it prints in one go, and no finished group is lost."""

import csv
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labelsmooth.__main__ import main
from labelsmooth.figures.export import film_html
from labelsmooth.figures.films import sweep_film
from labelsmooth.grid import LostError, run_groups
from labelsmooth.grid.work import Result
from labelsmooth.setups import TrainingSetup
from labelsmooth.sweep import RANKED, best_of, sweep, to_csv, to_json
from labelsmooth.training import train

OPTIONS = shlex.split(
    "sweep --train-size 60 --hidden 9 --epochs 4 --batch-size 16 --seed 3 --seeds 2 --epsilons 0.3 0.1"
)
ONE = [*OPTIONS, "--dataset", "iris", "--label-noise", "0.2"]
SETUP = TrainingSetup(
    "iris", train_size=60, hidden=(9,), epochs=4, batch_size=16, seeds=(3, 4), epsilons=(0.0, 0.1, 0.3),
    label_noise=0.2, film=False,
)  # fmt: skip
MANY = [*OPTIONS, "--dataset", "iris", "wine", "--label-noise", "0", "0.2", "0.4", "--workers", "1"]
Printed = Callable[..., str]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The record is kept in the folder that the command is used in."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    """What a command prints that ends well and says nothing on standard error."""

    def run(*options: str) -> str:
        code = main(options)
        text, errors = capsys.readouterr()
        assert (code, errors) == (0, "")
        return text

    return run


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, BaseException], None]:
    """Have a sweep end like this after so many groups."""

    def stop(after: int, problem: BaseException) -> None:
        def stopped(*arguments: Any) -> Iterator[Result]:
            for number, result in enumerate(run_groups(*arguments)):
                if number == after:
                    raise problem
                yield result

        monkeypatch.setattr("labelsmooth.commands.sweep.run_groups", stopped)

    return stop


def lines(path: str = "sweep.jsonl") -> list[bytes]:
    return Path(path).read_bytes().splitlines(keepends=True)


def test_many_settings_are_each_what_they_are_alone(printed: Printed) -> None:
    rows = list(csv.DictReader(io.StringIO(printed(*MANY, "--csv"))))
    listed = json.loads(printed(*MANY, "--json"))
    header, *table = printed(*MANY).splitlines()
    assert header.split() == ["dataset", "label", "noise", "accuracy", "at", "NLL", "at", "Brier", "at", "ECE", "at"]
    settings = [(dataset, noise) for dataset in ("iris", "wine") for noise in (0.0, 0.2, 0.4)]
    assert len(rows) == 6 * len(settings)
    for number, (dataset, noise) in enumerate(settings):
        setup = replace(SETUP, dataset=dataset, label_noise=noise)
        *_, last = train(setup)
        assert listed[number] == json.loads(to_json(last, setup))
        alone = csv.DictReader(io.StringIO(to_csv(last, setup)))
        front = {"dataset": dataset, "label_noise": str(noise)}
        assert rows[6 * number : 6 * number + 6] == [front | row for row in alone]
        assert list(rows[0])[:3] == ["dataset", "label_noise", "seed"]
        numbers = sweep(last, setup)
        bests = [best for name in RANKED if (best := best_of(numbers, name)) is not None]
        cells = [
            f"{best.value:.3f} {best.epsilon:g}{'*' * (best.hard is not None and best.hard.decided)}" for best in bests
        ]
        assert table[number].split() == f"{dataset} {noise:g} {' '.join(cells)}".split()
    assert table[-1].startswith("Best means over 2 seeds")


def test_interrupted_after_any_group_and_resumed_is_as_in_one_go(
    printed: Printed, stopping: Callable[[int, BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    whole = printed(*MANY, "--csv", "--record", "whole.jsonl")
    for problem, code, after in ((KeyboardInterrupt(), 130, 1), (LostError("workers died"), 1, 2)):
        stopping(after, problem)
        assert main([*MANY, "--csv", *["--resume"] * (after > 1)]) == code
        text, errors = capsys.readouterr()
        assert text == ""
        finished = {1: 1, 2: 3}[after]  # the second time goes on with the first
        assert errors.count("\n") == 1
        assert f"{finished} of 6 groups are finished and kept in sweep.jsonl; the same command with --resume" in errors
        assert lines() == lines("whole.jsonl")[: 1 + finished]
    stopping(99, KeyboardInterrupt())
    assert main([*MANY, "--csv"]) == 2
    assert "holds a sweep that has not finished (3 of 6 groups): go on with --resume" in capsys.readouterr().err
    assert main([*MANY, "--csv", "--resume", "--epochs", "5"]) == 2
    assert "sweep.jsonl holds another sweep" in capsys.readouterr().err
    assert printed(*MANY, "--csv", "--resume") == whole
    assert lines() == lines("whole.jsonl")
    stopping(0, AssertionError("nothing is trained twice"))
    assert printed(*MANY, "--csv", "--resume") == whole


def test_a_sweep_without_a_finished_group_leaves_nothing(
    stopping: Callable[[int, BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    stopping(0, KeyboardInterrupt())
    assert main(MANY) == 130
    assert capsys.readouterr().err == "labelsmooth sweep: interrupted: none of 6 groups is finished\n"
    assert list(Path().iterdir()) == []


# Slow enough to be stopped on the way.
LONG = shlex.split(
    "sweep --dataset iris --train-size 60 --hidden 16 --epochs 100 --batch-size 16 --seeds 2 --epsilons 0.1 "
    "--label-noise 0 0.1 0.2 0.3 0.4 0.5 --csv"
)


def start(workers: int, record: str) -> subprocess.Popen[str]:
    """The long sweep in a process, and a group of processes, of its own."""
    options = [*LONG, "--workers", str(workers), "--record", record]
    return subprocess.Popen(
        [sys.executable, "-m", "labelsmooth", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    )


def test_a_process_that_is_stopped_has_kept_what_was_finished(printed: Printed) -> None:
    records = {"interrupted": 2, "killed": 1}
    processes = {record: start(workers, record) for record, workers in records.items()}
    waiting, deadline = set(records), time.monotonic() + 120
    while waiting:
        for record in list(waiting):
            process = processes[record]
            assert process.poll() is None, process.communicate()
            if Path(record).exists() and len(lines(record)) > 1:
                # Ctrl-C reaches the workers too; nothing can be done about a kill.
                os.killpg(process.pid, signal.SIGINT) if record == "interrupted" else process.kill()
                waiting.remove(record)
        assert time.monotonic() < deadline
        time.sleep(0.005)
    said = {record: process.communicate(timeout=60) for record, process in processes.items()}
    whole = printed(*LONG, "--workers", "1")
    for record in records:
        kept = [line for line in lines(record) if line.endswith(b"\n")][1:]
        assert 1 <= len(kept) < 6
        if record == "interrupted":
            told = f"interrupted: {len(kept)} of 6 groups are finished and kept in {record}; the same command with"
            assert said[record] == ("", f"labelsmooth sweep: {told} --resume goes on\n")
            assert processes[record].returncode == 130
        assert printed(*LONG, "--workers", "1", "--resume", "--record", record) == whole
        assert lines(record)[1 : 1 + len(kept)] == kept
        assert sorted(lines(record)) == sorted(lines())


def test_a_request_to_end_is_like_ctrl_c(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def killed(*arguments: Any) -> Iterator[Result]:
        results = run_groups(*arguments)
        yield next(results)
        os.kill(os.getpid(), signal.SIGTERM)
        yield from results

    monkeypatch.setattr("labelsmooth.commands.sweep.run_groups", killed)
    assert main(MANY) == 130
    assert "interrupted: 1 of 6 groups are finished" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_film_is_that_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ONE, "--html", "film.html", "--csv"]) == 0
    text, told = capsys.readouterr()
    assert told == "Written: film.html\n"
    *_, last = train(SETUP)
    assert text == to_csv(last, SETUP)
    film = sweep_film(SETUP, last, (0, 1, 2))
    assert Path("film.html").read_text() == film_html(*film, "Label smoothing on iris: drag epsilon", start="0.1")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (
            ["--dataset", "iris", "wine", "--train-size", "60", "100"],
            "iris: train_size must be a whole number between 6 an",
        ),
        (["--workers", "0"], "workers must be at least 1; got 0"),
        (["--label-noise", "0", "0.1", "--html", "x"], "html takes one setting, whose film it shows; got 2"),
        (["--scheduler", "nowhere"], "scheduler must be an address like tcp://host:8786; got 'nowhere'"),
    ],
)
def test_what_cannot_be_is_refused_before_any_training(
    options: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["sweep", *options])
    text, errors = capsys.readouterr()
    assert (code, text) == (2, "")
    assert problem in errors
    assert errors.count("\n") == 1
    assert list(Path().iterdir()) == []
