"""A training that trains nothing, a clock that the test sets, and a registry whose turns the test takes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labelsmooth.dashboard.runs import Registry, Run
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import MEASURES, NEVER, Part, Snapshot

SOON, LONG = 10.0, 60.0  # seconds that no wait of a passing test comes near
A, B, C, D, E = (TrainingSetup(batch_size=size) for size in (4, 8, 16, 32, 64))
GROUPED = TrainingSetup(seeds=tuple(range(30)))  # three groups: 10, 10 and 10 seeds of two epsilons each
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


def setup_viewer(setup: TrainingSetup) -> str:
    return f"viewer of {setup.batch_size}"
