"""Laws of failed runs: what their viewers are told, and when they are tried again."""

import logging
from collections.abc import Iterator

import pytest
from run_fakes import GROUPED, GROUPS, A, B, Lab, snapshot

from labelsmooth.dashboard.runs import PATIENCE, Registry, Run
from labelsmooth.own_data.held import DataGoneError
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot


@pytest.fixture
def lab() -> Lab:
    return Lab()


def fail(setup: TrainingSetup, epoch: int) -> None:
    if setup in (A, GROUPS[1]) and epoch == 2:
        raise ValueError("too large a step")


@pytest.mark.parametrize("setup", [A, GROUPED])
def test_a_failure_ends_one_run_and_is_told_without_its_message(
    lab: Lab, setup: TrainingSetup, caplog: pytest.LogCaptureFixture
) -> None:
    lab.training.before = fail
    bad, good = lab.registry.join(setup, "ann"), lab.registry.join(B, "bob")
    with caplog.at_level(logging.ERROR):
        lab.run_dry()
    assert (bad.state, good.state) == ("failed", "finished")
    assert bad.error == "The training ended with an error (ValueError). Details are in the server's log."
    assert [s.epoch for s in bad.snapshots] == [0, 1]
    assert good.error is None
    (record,) = caplog.records
    assert record.exc_info is not None
    assert "too large a step" in str(record.exc_info[1])
    assert set(lab.training.closed) == set(lab.training.started)


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (OSError("/a/path"), "The training ended with an error (OSError). Details are in the server's log."),
        (DataGoneError("these data are gone"), "these data are gone"),
    ],
)
def test_a_training_that_cannot_even_start_fails_in_the_background(problem: Exception, told: str) -> None:
    def broken(setup: TrainingSetup) -> Iterator[Snapshot]:
        raise problem

    registry = Registry(broken, workers=0)
    run = registry.join(A, "ann")
    assert registry.step()
    assert run.error == told


def failed(lab: Lab, viewer: str) -> Run:
    lab.training.before = fail
    run = lab.registry.join(A, viewer)
    lab.run_dry()
    assert run.state == "failed"
    return run


def test_a_training_that_raises_is_started_once_however_often_its_viewers_join(lab: Lab) -> None:
    run = failed(lab, "ann")
    for viewer in ("ann", "bob", "ann", "ann", "bob"):
        lab.clock.now += PATIENCE / 2
        assert lab.registry.join(A, viewer) is run
        assert not lab.registry.step()
    assert lab.training.started == [A]
    assert run.error is not None


def test_restart_starts_a_failed_training_again_once_for_all(lab: Lab) -> None:
    run = failed(lab, "ann")
    assert lab.registry.join(A, "bob") is run
    again = lab.registry.restart(A, "ann")
    assert again is not run
    assert again.state == "running"
    assert lab.registry.restart(A, "bob") is again
    assert lab.registry.join(A, "bob") is again
    lab.run_dry()
    assert lab.training.started == [A, A]


def test_restart_leaves_a_run_that_did_not_fail(lab: Lab) -> None:
    run = lab.registry.restart(A, "ann")
    lab.steps(1)
    assert lab.registry.restart(A, "ann") is run
    lab.run_dry()
    assert lab.registry.restart(A, "ann") is run
    assert run.state == "finished"


@pytest.mark.parametrize("gone", ["moved on", "silent"])
def test_a_failed_run_is_forgotten_with_its_last_viewer(lab: Lab, gone: str) -> None:
    run = failed(lab, "ann")
    assert lab.registry.join(A, "bob") is run
    if gone == "silent":
        lab.clock.now = PATIENCE - 1
        lab.registry.join(A, "bob")
        lab.clock.now = PATIENCE
        assert lab.registry.join(A, "bob") is run
        lab.clock.now += PATIENCE
    else:
        lab.registry.join(B, "ann")
        assert lab.registry.join(A, "bob") is run
        lab.registry.join(B, "bob")
    again = lab.registry.join(A, "eve")
    assert again is not run
    assert again.state == "running"
    assert run.state == "failed"


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
