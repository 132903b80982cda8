"""A run's groups of seeds: the training of each, how far it is, and their snapshots made one."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace

from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot, merge

Train = Callable[[TrainingSetup], Iterator[Snapshot | None]]  # None: nothing new, but one epoch more


@dataclass(eq=False)
class Group:
    """A part of a run: its training, and its snapshots that wait for those of the other groups."""

    setup: TrainingSetup
    steps: Generator[Snapshot | None, None, None]
    ready: deque[Snapshot] = field(default_factory=deque)
    last: Snapshot = field(init=False)  # the latest that left `ready`
    taken: int = 0  # steps so far: one before the training, and one after each epoch
    busy: bool = False
    done: bool = False

    def add(self, snapshot: Snapshot | None) -> None:
        """Count one more step, and keep its snapshot if it has one."""
        self.taken += 1
        if snapshot is not None:
            self.ready.append(snapshot)

    @property
    def progress(self) -> float:
        """Share of the epochs done, in [0, 1]."""
        return 1.0 if self.done else min(max(self.taken - 1, 0) / self.setup.epochs, 1.0)


def start(train: Train, setup: TrainingSetup) -> list[Group]:
    """The groups of a setup, none of which has begun."""
    return [Group(part, _lazily(train, part)) for part in setup.groups()]


def progress(groups: list[Group]) -> float:
    """Share of the epochs of all seeds done, in [0, 1]."""
    seeds = [len(group.setup.seeds) for group in groups]
    return sum(n * group.progress for n, group in zip(seeds, groups, strict=True)) / sum(seeds)


def merged(groups: list[Group]) -> Iterator[Snapshot]:
    """What all groups have by now, each snapshot once."""
    while any(group.ready for group in groups) and all(group.ready or group.done for group in groups):
        yield merge(_next_of_each(groups))


def _next_of_each(groups: list[Group]) -> list[Snapshot]:
    """Snapshots of one epoch; a group that ended early, all diverged, stays at its last snapshot."""
    epoch = next(group.ready[0].epoch for group in groups if group.ready)
    for group in groups:
        group.last = group.ready.popleft() if group.ready else replace(group.last, epoch=epoch)
    return [group.last for group in groups]


def _lazily(train: Train, setup: TrainingSetup) -> Generator[Snapshot | None, None, None]:
    """The training as a generator: nothing happens before its first step, and it can be closed."""
    yield from train(setup)
