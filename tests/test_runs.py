"""Laws of shared runs. Most registries here have no workers: the test takes each turn itself with `step`."""

import logging
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from labelsmooth.dashboard.runs import HASTE, PATIENCE, Registry, Run
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import MEASURES, NEVER, Part, Snapshot

SOON, LONG = 10.0, 60.0  # seconds that no wait of a passing test comes near
A, B, C, D, E = (TrainingSetup(batch_size=size) for size in (4, 8, 16, 32, 64))
GROUPED = TrainingSetup(seeds=tuple(range(30)))  # three groups: 12, 12 and 6 seeds of two epsilons each
GROUPS = list(GROUPED.groups())


def snapshot(setup: TrainingSetup, epoch: int, finished: bool) -> Snapshot:
    """A snapshot whose every measure is the seed."""
    seeds = np.repeat(np.array(setup.seeds, float)[:, None], len(setup.epsilons), axis=1)
    measures: dict[str, Any] = dict.fromkeys(MEASURES, seeds)
    none = np.zeros((2, 0))
    part = Part(none, none, none, none, none)
    return Snapshot(
        epoch=epoch,
        finished=finished,
        **measures,
        diverged=np.full(seeds.shape, NEVER),
        test=part,
        train=part,
        weights=none,
        biases=none,
    )


@dataclass
class FakeTraining:
    """Trains nothing, and remembers who was asked for what; `before` is called ahead of every snapshot."""

    before: Callable[[TrainingSetup, int], object] = lambda setup, epoch: None
    epochs: int = 4
    started: list[TrainingSetup] = field(default_factory=list)
    steps: list[TrainingSetup] = field(default_factory=list)
    closed: list[TrainingSetup] = field(default_factory=list)

    def __call__(self, setup: TrainingSetup) -> Iterator[Snapshot]:
        self.started.append(setup)
        try:
            for epoch in range(self.epochs + 1):
                self.before(setup, epoch)
                self.steps.append(setup)
                yield snapshot(setup, epoch, epoch == self.epochs)
        finally:
            self.closed.append(setup)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Lab:
    """A registry without workers, its training and its clock."""

    training: FakeTraining = field(default_factory=FakeTraining)
    clock: Clock = field(default_factory=Clock)
    max_active: int = 4
    max_bytes: int = 2**20
    turn: float = 0.0

    def __post_init__(self) -> None:
        self.registry = Registry(
            self.training,
            workers=0,
            max_active=self.max_active,
            max_bytes=self.max_bytes,
            turn=self.turn,
            clock=self.clock,
        )

    def steps(self, count: int) -> None:
        for _ in range(count):
            assert self.registry.step()

    def run_dry(self) -> None:
        while self.registry.step():
            pass

    def finished(self, setup: TrainingSetup, viewer: str) -> Run:
        run = self.registry.join(setup, viewer)
        self.run_dry()
        assert run.state == "finished"
        return run


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def threaded() -> Iterator[Callable[[FakeTraining], Registry]]:
    """Makes registries with two workers, and ends them after the test."""
    made: list[Registry] = []

    def make(training: FakeTraining) -> Registry:
        made.append(Registry(training, workers=2, turn=0.0))
        return made[-1]

    yield make
    for registry in made:
        registry.close()


# One training, many viewers


def test_a_hundred_joins_at_once_are_one_training(
    threaded: Callable[[FakeTraining], Registry],
) -> None:
    training, all_here = FakeTraining(), threading.Barrier(100)
    registry = threaded(training)

    def visit(viewer: int) -> Run:
        all_here.wait(LONG)
        return registry.join(A, str(viewer))

    with ThreadPoolExecutor(100) as pool:
        runs = list(pool.map(visit, range(100)))
    assert runs[0].wait(training.epochs + 1, LONG)
    assert set(runs) == {runs[0]}
    assert training.started == [A]
    assert [s.epoch for s in runs[0].snapshots] == [0, 1, 2, 3, 4]


def test_a_viewer_who_comes_late_sees_the_finished_run(lab: Lab) -> None:
    run = lab.finished(A, "ann")
    assert lab.registry.join(A, "bob") is run
    assert not lab.registry.step()
    assert run.snapshots[-1].finished


def test_viewers_never_stop_each_other(lab: Lab) -> None:
    run = lab.registry.join(A, "ann")
    lab.registry.join(A, "bob")
    lab.steps(2)
    lab.registry.join(B, "ann")
    lab.registry.leave("somebody else")
    assert not run.ended
    lab.registry.leave("bob")
    assert run.state == "stopped"


def test_joining_again_keeps_a_run_going(lab: Lab) -> None:
    run = lab.registry.join(A, "ann")
    lab.steps(1)
    assert lab.registry.join(A, "ann") is run
    assert run.state == "running"
    assert len(run.snapshots) == 1


# Stopping


@pytest.mark.parametrize("turn", [0.0, 1.0])
def test_a_superseded_run_ends_within_one_snapshot(turn: float) -> None:
    lab = Lab(turn=turn)

    def move_on(setup: TrainingSetup, epoch: int) -> None:
        if (setup, epoch) == (A, 2):
            lab.registry.join(B, "ann")

    lab.training.before = move_on
    run = lab.registry.join(A, "ann")
    lab.run_dry()
    assert run.state == "stopped"
    assert [s.epoch for s in run.snapshots] == [0, 1]
    assert Counter(lab.training.steps) == {A: 3, B: 5}
    assert sorted(lab.training.closed, key=hash) == sorted([A, B], key=hash)


def test_all_groups_of_a_stopped_run_are_closed(lab: Lab) -> None:
    lab.registry.join(GROUPED, "ann")
    lab.steps(2)
    lab.registry.leave("ann")
    lab.run_dry()
    assert lab.training.closed == GROUPS[:2]  # the third never began
    assert len(lab.training.steps) == 2


def test_a_late_poll_does_not_hold_what_the_viewer_moved_on_from(lab: Lab) -> None:
    first = lab.registry.join(A, "ann")
    lab.registry.join(A, "bob")
    lab.registry.join(B, "ann")
    first.poll("ann")
    lab.registry.leave("bob")
    assert first.poll("ann") == "stopped"


@pytest.mark.parametrize(("somebody_waits", "patience"), [(False, PATIENCE), (True, HASTE)])
def test_a_run_that_nobody_polls_is_abandoned(somebody_waits: bool, patience: float) -> None:
    lab = Lab(FakeTraining(epochs=100), max_active=1)
    run = lab.registry.join(A, "ann")
    lab.clock.now = 7.0
    assert run.poll("ann") == "running"
    waiting = lab.registry.join(B, "bob") if somebody_waits else None
    lab.clock.now = 7.0 + patience - 0.1
    if waiting:
        waiting.poll("bob")
    lab.steps(1)
    assert not run.ended
    lab.clock.now += 0.1
    lab.steps(1)
    assert run.state == "abandoned"
    assert waiting is None or waiting.state == "running"
    lab.run_dry()
    assert lab.training.closed[0] == A


def test_one_viewer_of_several_is_enough_and_waiting_alone_makes_no_haste() -> None:
    lab = Lab(FakeTraining(epochs=100), max_active=1)
    run = lab.registry.join(A, "ann")
    lab.registry.join(A, "bob")
    waiting = lab.registry.join(B, "eve")
    lab.clock.now = HASTE - 1
    run.poll("ann")
    lab.clock.now = HASTE
    lab.steps(1)
    assert (run.state, waiting.state) == ("running", "queued")
    lab.registry.join(C, "joe")
    assert (run.state, waiting.state) == ("running", "abandoned")


def test_haste_is_over_when_the_queue_is_empty() -> None:
    lab = Lab(FakeTraining(epochs=100), max_active=1)
    run = lab.registry.join(A, "ann")
    lab.registry.join(B, "bob")
    lab.registry.leave("bob")
    lab.clock.now = HASTE
    lab.steps(1)
    assert run.state == "running"


def test_a_viewer_who_comes_back_in_time_counts_again() -> None:
    lab = Lab(FakeTraining(epochs=100))
    run = lab.registry.join(A, "ann")
    lab.registry.join(A, "bob")
    lab.clock.now = PATIENCE - 1
    run.poll("bob")
    lab.clock.now = PATIENCE + 1
    lab.steps(1)
    run.poll("ann")
    lab.registry.leave("bob")
    assert run.state == "running"


def fail(setup: TrainingSetup, epoch: int) -> None:
    if setup in (A, GROUPS[1]) and epoch == 2:
        raise ValueError("too large a step\nand more")


@pytest.mark.parametrize("state", ["stopped", "failed", "abandoned"])
def test_an_ended_run_starts_anew_from_nothing(lab: Lab, state: str) -> None:
    lab.training.before = fail if state == "failed" else lab.training.before
    run = lab.registry.join(A, "ann")
    lab.steps(1)
    if state == "stopped":
        lab.registry.leave("ann")
    if state == "abandoned":
        lab.clock.now = PATIENCE
    lab.run_dry()
    assert run.state == state
    again = lab.registry.join(A, "ann")
    assert again is not run
    assert again.snapshots == ()
    lab.run_dry()
    assert lab.training.started == [A, A]


# Failures


@pytest.mark.parametrize("setup", [A, GROUPED])
def test_a_failure_ends_one_run_and_is_told_without_a_traceback(
    lab: Lab, setup: TrainingSetup, caplog: pytest.LogCaptureFixture
) -> None:
    lab.training.before = fail
    bad, good = lab.registry.join(setup, "ann"), lab.registry.join(B, "bob")
    with caplog.at_level(logging.ERROR):
        lab.run_dry()
    assert (bad.state, good.state) == ("failed", "finished")
    assert bad.error == "The training ended with an error: too large a step (ValueError)."
    assert [s.epoch for s in bad.snapshots] == [0, 1]
    assert good.error is None
    (record,) = caplog.records
    assert record.exc_info is not None
    assert set(lab.training.closed) == set(lab.training.started)


def test_a_training_that_cannot_even_start_fails_in_the_background() -> None:
    def broken(setup: TrainingSetup) -> Iterator[Snapshot]:
        raise OSError

    registry = Registry(broken, workers=0)
    run = registry.join(A, "ann")
    assert registry.step()
    assert run.error == "The training ended with an error: no details (OSError)."


@pytest.mark.parametrize("within_a_step", [True, False])
def test_a_training_that_cannot_even_be_closed_harms_nobody(
    within_a_step: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def stubborn(setup: TrainingSetup) -> Iterator[Snapshot]:
        try:
            for epoch in range(3):
                if setup == A and within_a_step:
                    registry.join(B, "ann")
                yield snapshot(setup, epoch, epoch == 2)
        finally:
            if setup == A:
                raise OSError("no")

    registry = Registry(stubborn, workers=0, turn=0.0)
    registry.join(A, "ann")
    assert registry.step()
    good = registry.join(B, "ann")
    while registry.step():
        pass
    assert good.state == "finished"
    assert len(caplog.records) == 1


# Groups and turns


def test_setups_take_turns(lab: Lab) -> None:
    for number, setup in enumerate((A, GROUPED, B)):
        lab.registry.join(setup, str(number))
    lab.steps(15)
    whose = [step if step in (A, B) else GROUPED for step in lab.training.steps]
    assert whose == [A, GROUPED, B] * 5


def test_a_slow_setup_gets_no_more_time_than_a_quick_one() -> None:
    spent: Counter[TrainingSetup] = Counter()
    lab = Lab(turn=3.0)

    def work(setup: TrainingSetup, _epoch: int) -> None:
        seconds = 5 if setup == A else 1
        lab.clock.now += seconds
        spent[setup] += seconds
        for viewer, run in viewers.items():
            run.poll(viewer)

    lab.training.before, lab.training.epochs = work, 1000
    viewers = {viewer: lab.registry.join(setup, viewer) for viewer, setup in (("ann", A), ("bob", B))}
    lab.steps(100)
    assert spent == {A: 50 * 5, B: 50 * 3}


def test_groups_are_merged_seed_by_seed_in_order(lab: Lab) -> None:
    run = lab.registry.join(GROUPED, "ann")
    lab.steps(5)
    assert len(run.snapshots) == 1  # the furthest behind goes first: 2, 2 and 1 snapshots
    lab.run_dry()
    assert [s.epoch for s in run.snapshots] == [0, 1, 2, 3, 4]
    assert [s.finished for s in run.snapshots] == [False] * 4 + [True]
    for each in run.snapshots:
        np.testing.assert_array_equal(each.accuracy[:, 1], np.arange(30))


def test_a_group_that_ended_early_stays_at_its_last_snapshot(lab: Lab) -> None:
    def shorter(setup: TrainingSetup) -> Iterator[Snapshot]:
        epochs = 1 if setup == GROUPS[0] else 3
        for epoch in range(epochs + 1):
            yield snapshot(setup, epoch, epoch == epochs)

    registry = Registry(shorter, workers=0, turn=0.0)
    run = registry.join(GROUPED, "ann")
    while registry.step():
        pass
    assert run.state == "finished"
    assert [(s.epoch, s.finished) for s in run.snapshots] == [(0, False), (1, False), (2, False), (3, True)]
    np.testing.assert_array_equal(run.snapshots[-1].accuracy[:, 0], np.arange(30))


def test_groups_of_one_setup_run_on_both_workers(threaded: Callable[[FakeTraining], Registry]) -> None:
    both_here = threading.Barrier(2)

    def meet(setup: TrainingSetup, epoch: int) -> None:
        if epoch == 0 and setup in GROUPS[:2]:
            both_here.wait(LONG)

    run = threaded(FakeTraining(meet)).join(GROUPED, "ann")
    assert run.wait(5, LONG)
    assert run.error is None


def test_a_group_is_never_on_two_workers(threaded: Callable[[FakeTraining], Registry]) -> None:
    inside: Counter[TrainingSetup] = Counter()
    crowded: list[TrainingSetup] = []

    def look_around(setup: TrainingSetup, _epoch: int) -> None:
        inside[setup] += 1
        crowded.extend([setup] * (inside[setup] > 1))
        threading.Event().wait(0.001)
        inside[setup] -= 1

    registry = threaded(FakeTraining(look_around, epochs=20))
    runs = [registry.join(setup, str(n)) for n, setup in enumerate((A, GROUPED, B))]
    assert all(run.wait(21, LONG) for run in runs)
    assert crowded == []
    np.testing.assert_array_equal(runs[1].snapshots[-1].nll[:, 0], np.arange(30))


# The queue


def test_the_queue_is_first_come_first_served_and_says_where_one_stands() -> None:
    lab = Lab(max_active=2)
    runs = [lab.registry.join(setup, setup_viewer(setup)) for setup in (A, B, C, D, E)]
    assert [run.state for run in runs] == ["running", "running", "queued", "queued", "queued"]
    assert [run.position for run in runs] == [0, 0, 1, 2, 3]
    lab.registry.leave(setup_viewer(C))
    assert [run.position for run in runs] == [0, 0, 0, 1, 2]
    lab.registry.leave(setup_viewer(A))
    assert [run.state for run in runs] == ["stopped", "running", "stopped", "running", "queued"]
    assert runs[4].position == 1
    lab.run_dry()
    assert [run.state for run in runs] == ["stopped", "finished", "stopped", "finished", "finished"]


def setup_viewer(setup: TrainingSetup) -> str:
    return f"viewer of {setup.batch_size}"


def test_a_viewer_alone_never_waits_behind_what_he_left() -> None:
    lab = Lab(max_active=1)
    lab.registry.join(A, "ann")
    assert lab.registry.join(B, "ann").state == "running"


# Memory


def bytes_of_a_run() -> int:
    return Lab().finished(A, "ann").nbytes


def test_finished_runs_are_forgotten_the_longest_unused_first() -> None:
    lab = Lab(max_bytes=2 * bytes_of_a_run())
    first, second = lab.finished(A, "ann"), lab.finished(B, "ann")
    lab.registry.join(A, "ann")
    third = lab.finished(C, "ann")
    assert lab.registry.join(A, "ann") is first
    assert lab.registry.join(C, "ann") is third
    assert lab.registry.join(B, "ann") is not second


def test_finished_runs_that_somebody_looks_at_are_forgotten_last() -> None:
    lab = Lab(max_bytes=2 * bytes_of_a_run())
    watched, unwatched = lab.finished(A, "ann"), lab.finished(B, "bob")
    lab.finished(C, "bob")
    assert lab.registry.join(A, "bob") is watched
    assert lab.registry.join(B, "bob") is not unwatched


def test_who_has_gone_does_not_look() -> None:
    lab = Lab(max_bytes=2 * bytes_of_a_run())
    gone = lab.finished(A, "ann")
    lab.clock.now = PATIENCE
    kept = lab.finished(B, "bob")
    lab.finished(C, "bob")
    assert lab.registry.join(B, "bob") is kept
    assert lab.registry.join(A, "bob") is not gone


def test_the_newest_finished_run_is_kept_even_if_it_is_too_large() -> None:
    lab = Lab(max_bytes=0)
    old = weakref.ref(lab.finished(A, "ann"))
    new = lab.finished(B, "bob")
    assert old() is None  # also freed, although somebody looked at it
    assert lab.registry.join(B, "ann") is new


# Threads


def test_wait_ends_with_the_snapshots_or_the_run_or_the_time(lab: Lab) -> None:
    run = lab.registry.join(A, "ann")
    assert not run.wait(1, timeout=0)
    with ThreadPoolExecutor(2) as pool:
        first, never = pool.submit(run.wait, 1, LONG), pool.submit(run.wait, 100, LONG)
        threading.Event().wait(0.05)  # most likely both sleep by now
        lab.steps(1)
        assert first.result(SOON)
        assert not never.done()
        lab.registry.leave("ann")
        assert never.result(SOON)
    assert len(run.snapshots) == 1


def test_no_thread_and_no_training_is_left_after_close() -> None:
    before, at_work = set(threading.enumerate()), threading.Event()
    greetings: list[str] = []
    training = FakeTraining(lambda setup, epoch: at_work.set(), epochs=10**9)
    registry = Registry(training, workers=3, on_worker_start=lambda: greetings.append(threading.current_thread().name))
    runs = [registry.join(setup, setup_viewer(setup)) for setup in (A, B, C, D, E)]
    assert at_work.wait(LONG)
    registry.close()
    assert set(threading.enumerate()) == before
    assert len(set(greetings)) == 3
    assert {run.state for run in runs} == {"stopped"}
    assert sorted(training.closed, key=hash) == sorted(training.started, key=hash)
    with pytest.raises(RuntimeError, match="closed"):
        registry.join(A, "ann")


def test_workers_sleep_while_there_is_nothing_to_do() -> None:
    looks: list[float] = []

    def clock() -> float:
        looks.append(0.0)
        return 0.0

    training = FakeTraining()
    registry = Registry(training, workers=2, turn=0.0, clock=clock)
    assert registry.join(A, "ann").wait(5, LONG)
    threading.Event().wait(0.05)  # time enough for thousands of looks
    registry.close()
    assert len(looks) < 20 * len(training.steps)
