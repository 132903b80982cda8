"""Laws of the scheduling of shared runs: groups and turns, the queue, progress, worker threads."""

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from run_fakes import GROUPED, GROUPS, LONG, SOON, A, B, C, D, E, FakeTraining, Lab, setup_viewer, snapshot

from labelsmooth.dashboard.runs import Registry
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot


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
            lab.registry.join(run.setup, viewer)

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


@pytest.mark.parametrize(("early", "last_epoch"), [(0, 1), (2, 2)])  # before the others end, and after
def test_a_group_that_ended_early_stays_at_its_last_snapshot(early: int, last_epoch: int) -> None:
    def shorter(setup: TrainingSetup) -> Iterator[Snapshot]:
        epochs = last_epoch if setup == GROUPS[early] else 3
        for epoch in range(epochs + 1):
            yield snapshot(setup, epoch, epoch == epochs)

    registry = Registry(shorter, workers=0, turn=0.0)
    run = registry.join(GROUPED, "ann")
    while registry.step():
        pass
    assert run.state == "finished"
    assert [(s.epoch, s.finished) for s in run.snapshots] == [(0, False), (1, False), (2, False), (3, True)]
    np.testing.assert_array_equal(run.snapshots[-1].accuracy[:, 0], np.arange(30))


def test_heartbeats_are_never_handed_to_viewers_and_end_a_turn() -> None:
    lab = Lab()

    def beating(setup: TrainingSetup) -> Iterator[Snapshot | None]:
        for each in lab.training(setup):
            yield from (None, None, each, None)

    registry = Registry(beating, workers=0, turn=0.0, clock=lab.clock)
    run = registry.join(GROUPED, "ann")
    turns = 0
    while registry.step():
        turns += 1
    assert run.state == "finished"
    assert [s.epoch for s in run.snapshots] == [0, 1, 2, 3, 4]
    # Each yield is a turn; each of the three groups takes one more to end, and one to be closed.
    assert turns == 3 * (5 * 4 + 1 + 1)


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
    lab.registry.join(B, setup_viewer(C))
    assert [run.position for run in runs] == [0, 0, 0, 1, 2]
    lab.registry.join(B, setup_viewer(A))
    assert [run.state for run in runs] == ["stopped", "running", "stopped", "running", "queued"]
    assert runs[4].position == 1
    lab.run_dry()
    assert [run.state for run in runs] == ["stopped", "finished", "stopped", "finished", "finished"]


def test_a_viewer_alone_never_waits_behind_the_run_it_left() -> None:
    lab = Lab(max_active=1)
    lab.registry.join(A, "ann")
    assert lab.registry.join(B, "ann").state == "running"


# Progress


def epoch_by_epoch(lab: Lab, setup: TrainingSetup) -> Iterator[Snapshot | None]:
    """One step before the training and one after each epoch, of 2 seconds each; the first two have no snapshot."""
    for epoch in range(setup.epochs + 1):
        lab.clock.now += 2
        yield None if epoch < 2 else snapshot(setup, epoch, epoch == setup.epochs)


def test_progress_is_the_share_of_epochs_done_and_its_pace_tells_the_rest() -> None:
    lab = Lab()
    registry = Registry(partial(epoch_by_epoch, lab), workers=0, turn=0.0, clock=lab.clock)
    lab.clock.now = 100
    run = registry.join(replace(A, epochs=4), "ann")
    assert run.progress == 0
    seen = []
    while registry.step():
        seen.append((run.progress, run.remaining))
    # 2 s before the first epoch and 2 s for each: at a quarter 4 s have passed, so 12 are left.
    known = [(0.25, 12), (0.5, 6), (0.75, 8 / 3), (1, 0), (1, 0), (1, 0)]
    np.testing.assert_allclose(seen, [(0, np.nan), *known])


def test_the_time_that_remains_runs_on_between_two_steps_and_starts_with_the_run() -> None:
    lab = Lab(max_active=1)
    registry = Registry(partial(epoch_by_epoch, lab), workers=0, max_active=1, turn=0.0, clock=lab.clock)
    registry.join(A, "ann")
    run = registry.join(replace(B, epochs=10), "bob")
    lab.clock.now = 50
    assert math.isnan(run.remaining)
    registry.leave("ann")
    while not run.progress:
        assert math.isnan(run.remaining)
        registry.step()
    before = run.remaining
    assert before == pytest.approx(4 * 9)
    lab.clock.now += 1
    assert run.remaining == before - 1
    lab.clock.now += 60
    assert run.remaining == 0
    registry.leave("bob")
    assert (run.state, run.progress, run.remaining) == ("stopped", 0.1, 0)


def test_progress_counts_all_seeds_and_a_group_that_ended_early_in_full() -> None:
    def uneven(setup: TrainingSetup) -> Iterator[Snapshot | None]:
        last = 1 if setup == groups[0] else 2
        yield from (snapshot(setup, epoch, epoch == last) for epoch in range(last + 1))

    setup = TrainingSetup(seeds=tuple(range(26)), epochs=4)
    groups = list(setup.groups())
    assert [len(group.seeds) for group in groups] == [9, 9, 8]
    registry = Registry(uneven, workers=0, turn=0.0)
    run = registry.join(setup, "ann")
    seen = []
    while registry.step():
        seen.append(run.progress)
    assert seen == sorted(seen)
    # Round by round: the first steps, an epoch each; the first group ends; another epoch of the others; their ends.
    steps = [(0, 0, 0)] * 3 + [(1, 0, 0), (1, 1, 0), (1, 1, 1), (4, 1, 1), (4, 2, 1), (4, 2, 2), (4, 4, 2), (4, 4, 4)]
    assert seen[: len(steps)] == pytest.approx([(9 * a + 9 * b + 8 * c) / 4 / 26 for a, b, c in steps])
    assert run.progress == 1


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
        lab.registry.join(B, "ann")
        assert never.result(SOON)
    assert len(run.snapshots) == 1


def test_no_thread_and_no_training_is_left_after_close() -> None:
    before, at_work = set(threading.enumerate()), threading.Event()
    training = FakeTraining(lambda setup, epoch: at_work.set(), epochs=10**9)
    registry = Registry(training, workers=3)
    runs = [registry.join(setup, setup_viewer(setup)) for setup in (A, B, C, D, E)]
    assert at_work.wait(LONG)
    assert len(set(threading.enumerate()) - before) == 3
    registry.close()
    assert set(threading.enumerate()) == before
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
