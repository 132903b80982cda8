"""Laws of shared runs: who keeps a run going, what ends it, what is remembered. The tests take each turn themselves."""

import os
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from run_fakes import GROUPED, GROUPS, LONG, A, B, C, Clock, FakeTraining, Lab, snapshot

from labelsmooth.dashboard.runs import HASTE, PATIENCE, Registry, Run
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.workers import BEHIND


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no rank of their own")
def test_who_trains_gives_way_to_whoever_serves() -> None:
    ranks: list[int] = []
    registry = Registry(FakeTraining(before=lambda *_: ranks.append(os.getpriority(os.PRIO_PROCESS, 0))), workers=1)
    assert registry.join(A, "ann").wait(5, timeout=LONG)
    registry.close()
    assert set(ranks) == {min(19, os.getpriority(os.PRIO_PROCESS, 0) + BEHIND)}


# One training, many viewers


def test_a_hundred_joins_at_once_are_one_training(lab: Lab) -> None:
    all_here = threading.Barrier(100)

    def visit(viewer: int) -> Run:
        all_here.wait(LONG)
        return lab.registry.join(A, str(viewer))

    with ThreadPoolExecutor(100) as pool:
        runs = list(pool.map(visit, range(100)))
    lab.run_dry()
    assert set(runs) == {runs[0]}
    assert lab.training.started == [A]
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
    assert not run.ended
    lab.registry.join(B, "bob")
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
    lab.registry.join(A, "ann")
    lab.run_dry()
    assert lab.training.closed == [*GROUPS[:2], A]  # the third never began
    assert Counter(lab.training.steps) == {GROUPS[0]: 1, GROUPS[1]: 1, A: 5}


@pytest.mark.parametrize(("somebody_waits", "patience"), [(False, PATIENCE), (True, HASTE)])
def test_a_run_that_nobody_looks_at_is_abandoned(somebody_waits: bool, patience: float) -> None:
    lab = Lab(FakeTraining(epochs=100), max_active=1)
    run = lab.registry.join(A, "ann")
    lab.clock.now = 7.0
    assert lab.registry.join(A, "ann").state == "running"
    waiting = lab.registry.join(B, "bob") if somebody_waits else None
    lab.clock.now = 7.0 + patience - 0.1
    if waiting:
        lab.registry.join(B, "bob")
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
    lab.registry.join(A, "ann")
    lab.clock.now = HASTE
    lab.steps(1)
    assert (run.state, waiting.state) == ("running", "queued")
    lab.registry.join(C, "joe")
    assert (run.state, waiting.state) == ("running", "abandoned")


def test_haste_is_over_when_the_queue_is_empty() -> None:
    lab = Lab(FakeTraining(epochs=100), max_active=1)
    run = lab.registry.join(A, "ann")
    lab.registry.join(B, "bob")
    lab.registry.join(A, "bob")
    lab.clock.now = HASTE
    lab.steps(1)
    assert run.state == "running"


def test_a_viewer_who_comes_back_in_time_counts_again() -> None:
    lab = Lab(FakeTraining(epochs=100))
    run = lab.registry.join(A, "ann")
    lab.registry.join(A, "bob")
    lab.clock.now = PATIENCE - 1
    lab.registry.join(A, "bob")
    lab.clock.now = PATIENCE + 1
    lab.steps(1)
    lab.registry.join(A, "ann")
    lab.registry.join(B, "bob")
    assert run.state == "running"


@pytest.mark.parametrize("viewer", ["ann", "bob"])
@pytest.mark.parametrize("state", ["stopped", "abandoned"])
def test_a_run_that_ended_early_starts_anew_from_nothing(lab: Lab, state: str, viewer: str) -> None:
    run = lab.registry.join(A, "ann")
    lab.steps(1)
    if state == "stopped":
        lab.registry.join(B, "ann")
    else:
        lab.clock.now = PATIENCE
    lab.run_dry()
    assert run.state == state
    again = lab.registry.join(A, viewer)
    assert again is not run
    assert again.snapshots == ()
    lab.run_dry()
    assert lab.training.started.count(A) == 2


def test_a_superseded_run_ends_at_the_next_heartbeat() -> None:
    beats: list[int] = []

    def slow(setup: TrainingSetup) -> Iterator[Snapshot | None]:
        yield snapshot(setup, 0, False)
        for beat in range(10 if setup == A else 0):
            beats.append(beat)
            if beat == 3:
                registry.join(B, "ann")
            yield None
        yield snapshot(setup, 10, True)

    registry = Registry(slow, workers=0, turn=10.0, clock=Clock())
    run = registry.join(A, "ann")
    while registry.step():
        pass
    assert beats == [0, 1, 2, 3]
    assert run.state == "stopped"
    assert [s.epoch for s in run.snapshots] == [0]


def test_who_leaves_stops_a_run_that_nobody_else_looks_at_and_makes_room() -> None:
    lab = Lab(max_active=1)
    run, waiting = lab.registry.join(A, "ann"), lab.registry.join(B, "eve")
    lab.registry.join(A, "bob")
    lab.steps(1)
    lab.registry.leave("ann")
    lab.registry.leave("a stranger")
    assert (run.state, waiting.state) == ("running", "queued")
    lab.registry.leave("bob")
    assert (run.state, waiting.state) == ("stopped", "running")
    lab.registry.leave("eve")
    assert waiting.state == "stopped"


def test_a_finished_run_stays_when_its_viewer_leaves(lab: Lab) -> None:
    run = lab.finished(A, "ann")
    lab.registry.leave("ann")
    assert lab.registry.finished(A) is run
    assert lab.registry.join(A, "bob") is run


def test_asking_for_a_finished_run_starts_none_and_keeps_none_going(lab: Lab) -> None:
    assert lab.registry.finished(A) is None
    assert not lab.registry.step()
    run = lab.registry.join(A, "ann")
    lab.steps(1)
    assert lab.registry.finished(A) is None
    lab.registry.leave("ann")
    assert run.state == "stopped"


# Memory


def bytes_of_a_run() -> int:
    return Lab().finished(A, "ann").nbytes


def test_followers_hear_of_every_snapshot_until_the_run_has_ended(lab: Lab) -> None:
    heard: list[int] = []
    run = lab.registry.join(GROUPED, "x")
    run.followers.add(lambda snapshots: heard.append(len(snapshots)))
    lab.run_dry()
    assert run.state == "finished"
    assert heard == [1, 2, 3, 4, 5]
    assert not run.followers


def test_without_a_film_a_run_holds_its_newest_snapshot_alone(lab: Lab) -> None:
    run = lab.registry.join(replace(GROUPED, film=False), "ann")
    assert not run.wait(1, timeout=0)
    seen: list[int] = []
    while lab.registry.step():
        assert len(run.snapshots) <= 1
        seen += [s.epoch for s in run.snapshots]
        assert run.wait(1, timeout=0) == bool(run.snapshots)
    assert sorted(set(seen)) == [0, 1, 2, 3, 4]
    assert seen == sorted(seen)
    assert run.state == "finished"
    assert run.snapshots[0].finished
    film = lab.finished(GROUPED, "ann")
    assert 5 * run.nbytes == film.nbytes


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
