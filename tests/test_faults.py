"""What goes wrong around a page, without a browser: numbers that end, runs that are forgotten, clocks that jump."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NoReturn

import pytest
from open_pages import QUICK, films, metrics, opened, sent_films, told, visited, whole
from run_fakes import A, B, Clock, Lab
from streamlit.testing.v1 import AppTest

from labelsmooth.dashboard import server
from labelsmooth.dashboard.runs import Registry
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.training import train

DAY = 24 * 3600.0
EPOCHS = [str(epoch) for epoch in range(int(QUICK["epochs"]) + 1)]


class Trainer:
    """A real training that remembers who was asked for what."""

    def __init__(self) -> None:
        self.started: list[TrainingSetup] = []

    def __call__(self, setup: TrainingSetup) -> Iterator[Snapshot]:
        self.started.append(setup)
        yield from train(setup)


@pytest.fixture
def trainer() -> Trainer:
    return Trainer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry(trainer: Trainer, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """What pages get their runs from: the test takes each turn, sets the clock, and nothing is remembered for long."""

    def make(_train: object, **usual: Any) -> Registry:
        return Registry(trainer, **usual | {"workers": 0, "turn": 0.0, "max_bytes": 0, "clock": clock})

    monkeypatch.setattr(server, "Registry", make)
    server.registry.clear()
    yield server.registry()
    server.registry.clear()


def finish(page: AppTest, registry: Registry) -> AppTest:
    """Train whatever waits, and show it."""
    while registry.step():
        pass
    assert not page.run().exception
    return page


def seen(page: AppTest) -> list[str]:
    """The epochs of the film on the page."""
    return [frame["name"] for frame in whole(page)["live"]["frames"]]


def numbers_alone(name: str) -> NoReturn:
    raise ValueError(f"a browser reads no {name}")


@pytest.mark.parametrize("file", ["train_live", "drag_epsilon", "clusters", "calibration"])
def test_a_training_that_diverges_leaves_figures_and_no_number_that_json_lacks(file: str) -> None:
    page = opened(file, learning_rate="1000", hidden="64-64", epochs="8", train_size="100")
    assert "diverged" in told(page)
    assert "nan" not in str(metrics(page)).lower()
    for film in films(page):
        del page.session_state[f"film {film['key']}"]  # all is sent anew
    page.run()
    for sent in sent_films(page):
        assert json.loads(sent.proto.bytes, parse_constant=numbers_alone)["figure"]["data"]


def test_a_page_outlives_its_run_that_is_forgotten(registry: Registry, trainer: Trainer) -> None:
    page = finish(visited(), registry)
    before = metrics(page), films(page)[0]["run"]
    mine = trainer.started[0]
    another = replace(mine, seeds=(7,))
    registry.join(another, "somebody else")
    while registry.step():
        pass
    assert registry.finished(mine) is None
    assert not page.run().exception
    assert metrics(page) == before[0]  # the last picture stays until the new one is there
    finish(page, registry)
    assert trainer.started == [mine, another, mine]
    assert (metrics(page), films(page)[0]["run"]) == before
    assert seen(page) == EPOCHS


def test_a_page_that_slept_for_a_day_trains_again(registry: Registry, trainer: Trainer, clock: Clock) -> None:
    page = visited()
    assert registry.step()
    assert registry.step()
    page.run()
    assert seen(page) == EPOCHS[:2]
    clock.now += DAY
    finish(finish(page, registry), registry)
    assert seen(page) == EPOCHS
    assert trainer.started == [trainer.started[0]] * 2


def test_the_time_of_day_may_go_back_in_mid_run(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    page = visited()
    assert registry.step()
    page.run()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - DAY)
    assert seen(finish(page, registry)) == EPOCHS


def test_a_jump_of_the_clock_within_a_turn_ends_the_turn_alone() -> None:
    lab = Lab(turn=10.0)

    def jump(setup: TrainingSetup, epoch: int) -> None:
        lab.clock.now += 60.0 * (epoch == 1)

    lab.training.before = jump
    run = lab.registry.join(A, "ann")
    lab.steps(1)
    assert (run.state, [each.epoch for each in run.snapshots]) == ("running", [0, 1])
    lab.run_dry()
    assert (run.state, lab.training.started) == ("finished", [A])


def test_a_clock_that_stands_keeps_nobody_from_the_end() -> None:
    lab = Lab(turn=1.0)
    runs = [lab.registry.join(setup, str(number)) for number, setup in enumerate((A, B))]
    lab.run_dry()
    assert [(run.state, run.remaining) for run in runs] == [("finished", 0.0)] * 2
