"""One training, many viewers: background runs shared by everybody who asks for the same setup."""

import logging
import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot, merge

Train = Callable[[TrainingSetup], Iterator[Snapshot | None]]  # None: nothing new, but alive
State = Literal["queued", "running", "finished", "stopped", "failed", "abandoned"]

PATIENCE = 120.0  # seconds without a poll until a viewer counts as gone: browsers throttle hidden tabs
HASTE = 20.0  # the same for the last viewer of a run while another setup waits in the queue
TURN = 0.03  # seconds that a worker stays with one group before the next setup has its turn
MAX_BYTES = 512 * 2**20

_log = logging.getLogger(__name__)


class Run:
    """One training as its viewers see it.

    `snapshots` (all groups merged) only ever grows: read the state first, and they are complete for it.
    """

    def __init__(self, setup: TrainingSetup, groups: "list[_Group]", registry: "Registry") -> None:
        self.setup = setup
        self.state: State = "queued"
        self.snapshots: tuple[Snapshot, ...] = ()
        self.error: str | None = None  # of a failed run: one sentence for a person
        self._groups = groups
        self._registry = registry

    @property
    def ended(self) -> bool:
        """Whether nothing will be added any more."""
        return self.state not in ("queued", "running")

    @property
    def position(self) -> int:
        """Place in the queue from 1, or 0 if it is not waiting."""
        return self._registry._position(self)

    @property
    def nbytes(self) -> int:
        """Bytes held by the snapshots."""
        return sum(snapshot.nbytes for snapshot in self.snapshots)

    def poll(self, viewer: str) -> State:
        """Say that the viewer still looks at this run, and get its state."""
        self._registry._renew(self, viewer)
        return self.state

    def wait(self, count: int, timeout: float | None = None) -> bool:
        """Block until `count` snapshots exist or the run ended; False if the seconds ran out before."""
        return self._registry._wait(lambda: len(self.snapshots) >= count or self.ended, timeout)


@dataclass(eq=False)
class _Group:
    """A part of a run: its training, and its snapshots that wait for those of the other groups."""

    steps: Generator[Snapshot | None, None, None]
    ready: deque[Snapshot] = field(default_factory=deque)
    last: Snapshot = field(init=False)  # the latest that left `ready`
    busy: bool = False
    done: bool = False


@dataclass
class _Lease:
    run: Run
    seen: float


class Registry:
    """Starts, shares, queues, ends and remembers runs; make one for the whole server process.

    Workers advance one group of a setup at a time, for about `turn` seconds, setup after setup in a round of
    at most `max_active`. A viewer looks at one run at a time; a run that nobody looks at ends itself. Finished
    runs are kept up to `max_bytes`, a failed one as long as somebody looks at it. `train` may be resumed by
    another thread after each yield, and a run ends at the next yield: None between snapshots makes that soon.
    """

    def __init__(
        self,
        train: Train,
        *,
        workers: int = 2,
        max_active: int = 4,
        max_bytes: int = MAX_BYTES,
        turn: float = TURN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._train = train
        self._max_active = max_active
        self._max_bytes = max_bytes
        self._turn = turn
        self._clock = clock
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)  # workers sleep here
        self._news = threading.Condition(self._lock)  # viewers wait here
        # Queued, running and finished ones, and failed ones that somebody looks at; the longest unused first.
        self._runs: OrderedDict[TrainingSetup, Run] = OrderedDict()
        self._active: deque[Run] = deque()  # whose turn is next
        self._queue: deque[Run] = deque()
        self._leases: dict[str, _Lease] = {}
        self._discarded: deque[tuple[Run, _Group]] = deque()  # still to be closed by a worker
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"training-{number}", daemon=True) for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def join(self, setup: TrainingSetup, viewer: str) -> Run:
        """The run of this setup, started if there is none; the viewer stops looking at any other run."""
        with self._lock:
            if self._closed:
                raise RuntimeError("this registry is closed: it starts no more runs")
            self._expire()
            left = self._leases.get(viewer)
            run = self._runs.get(setup) or self._enqueue(setup)
            self._runs.move_to_end(setup)
            self._leases[viewer] = _Lease(run, self._clock())
            if left is not None and not left.run.ended and not self._watched(left.run):
                self._end(left.run, "stopped")
            self._settle()
            return run

    def restart(self, setup: TrainingSetup, viewer: str) -> Run:
        """Join this setup, but anew if its run failed."""
        with self._lock:
            run = self._runs.get(setup)
            if run is not None and run.state == "failed":
                self._forget(run)
        return self.join(setup, viewer)

    def close(self) -> None:
        """Stop every run and end the workers."""
        with self._lock:
            self._closed = True
            for run in [*self._active, *self._queue]:
                self._end(run, "stopped")
            self._work.notify_all()
        for thread in self._threads:
            thread.join()

    def step(self) -> bool:
        """Do one turn in the calling thread, as a worker would; False if there was nothing to do."""
        job = self._take(wait=False)
        if job is not None:
            self._do(*job)
        return job is not None

    # Called by runs.

    def _position(self, run: Run) -> int:
        with self._lock:
            return self._queue.index(run) + 1 if run in self._queue else 0

    def _renew(self, run: Run, viewer: str) -> None:
        with self._lock:
            lease = self._leases.get(viewer)
            # A late poll of what the viewer has moved on from must not count as looking at it again.
            if self._runs.get(run.setup) is run and (lease is None or lease.run is run):
                self._leases[viewer] = _Lease(run, self._clock())

    def _wait(self, happened: Callable[[], bool], timeout: float | None) -> bool:
        with self._lock:
            return self._news.wait_for(happened, timeout)

    # The rules; the caller holds the lock.

    def _enqueue(self, setup: TrainingSetup) -> Run:
        groups = [_Group(_lazily(self._train, part)) for part in setup.groups()]
        run = self._runs[setup] = Run(setup, groups, self)
        self._queue.append(run)
        return run

    def _expire(self) -> None:
        """Drop the leases of viewers who have gone, and failed runs with their last lease."""
        now = self._clock()
        self._leases = {who: lease for who, lease in self._leases.items() if now - lease.seen < PATIENCE}
        for run in [run for run in self._runs.values() if run.state == "failed" and not self._watched(run)]:
            self._forget(run)

    def _settle(self) -> None:
        """End what nobody polls any more, and let the first in the queue take the free places."""
        self._expire()
        now = self._clock()
        seen: dict[Run, float] = {}
        for lease in self._leases.values():
            seen[lease.run] = max(lease.seen, seen.get(lease.run, -math.inf))
        for run in [*self._active, *self._queue]:
            others_wait = any(waiting is not run for waiting in self._queue)
            if now - seen.get(run, -math.inf) >= (HASTE if others_wait else PATIENCE):
                self._end(run, "abandoned")
        while self._queue and len(self._active) < self._max_active:
            run = self._queue.popleft()
            run.state = "running"
            self._active.append(run)
            self._work.notify_all()

    def _watched(self, run: Run) -> bool:
        return any(lease.run is run for lease in self._leases.values())

    def _end(self, run: Run, state: State) -> None:
        (self._active if run in self._active else self._queue).remove(run)
        run.state = state
        # A busy group is still in the hands of a worker, which discards it itself.
        self._discarded.extend((run, group) for group in run._groups if not group.busy)
        run._groups = []
        if state == "finished":
            self._evict(keep=run)
        elif state != "failed":
            self._forget(run)
        self._news.notify_all()

    def _forget(self, run: Run) -> None:
        del self._runs[run.setup]
        self._leases = {who: lease for who, lease in self._leases.items() if lease.run is not run}

    def _evict(self, keep: Run) -> None:
        """Forget finished runs, unwatched before watched and then the longest unused, down to the limit."""
        finished = [run for run in self._runs.values() if run.state == "finished"]
        too_much = sum(run.nbytes for run in finished) - self._max_bytes
        for run in sorted(finished, key=self._watched):
            if too_much > 0 and run is not keep:
                too_much -= run.nbytes
                self._forget(run)

    # Workers.

    def _serve(self) -> None:
        while (job := self._take(wait=True)) is not None:
            self._do(*job)

    def _take(self, *, wait: bool) -> tuple[Run, _Group] | None:
        """A group to close or to advance; None if there is none, or with `wait` once all is closed."""
        with self._lock:
            while True:
                self._settle()
                if self._discarded:
                    return self._discarded.popleft()
                for run in self._active:
                    free = [group for group in run._groups if not (group.busy or group.done)]
                    if free:
                        self._active.remove(run)
                        self._active.append(run)
                        group = min(free, key=lambda group: len(group.ready))  # the furthest behind
                        group.busy = True
                        return run, group
                if self._closed or not wait:
                    return None
                self._work.wait()

    def _do(self, run: Run, group: _Group) -> None:
        """Advance a group for one turn, or close it if its run has ended; a failure ends this run only."""
        until = self._clock() + self._turn
        error = None
        try:
            if run.ended:
                group.steps.close()
                return
            for snapshot in group.steps:
                if not self._hand_over(run, group, snapshot) or self._clock() >= until:
                    break
            else:
                self._complete(run, group)
        except Exception as raised:
            _log.exception("training failed: %s", run.setup)
            error = _for_a_person(raised)
        self._give_back(run, group, error)

    def _hand_over(self, run: Run, group: _Group, snapshot: Snapshot | None) -> bool:
        """Add a snapshot, if there is one, to a group; False if the run has ended."""
        with self._lock:
            if run.ended:
                return False
            if snapshot is not None:
                group.ready.append(snapshot)
                self._publish(run)
            return True

    def _complete(self, run: Run, group: _Group) -> None:
        with self._lock:
            group.done = True
            self._publish(run)

    def _publish(self, run: Run) -> None:
        """Add to the run what all its groups have by now; the caller holds the lock."""
        groups = run._groups
        while any(each.ready for each in groups) and all(each.ready or each.done for each in groups):
            run.snapshots += (merge(_next_of_each(groups)),)
            self._news.notify_all()

    def _give_back(self, run: Run, group: _Group, error: str | None) -> None:
        with self._lock:
            group.busy = False
            if run.ended:
                self._discarded.append((run, group))
            elif error is not None:
                run.error = error
                self._end(run, "failed")
            elif all(each.done for each in run._groups):
                self._end(run, "finished")


def _next_of_each(groups: list[_Group]) -> list[Snapshot]:
    """Snapshots of one epoch; a group that ended early, all diverged, stays at its last snapshot."""
    epoch = next(group.ready[0].epoch for group in groups if group.ready)
    for group in groups:
        group.last = group.ready.popleft() if group.ready else replace(group.last, epoch=epoch)
    return [group.last for group in groups]


def _lazily(train: Train, setup: TrainingSetup) -> Generator[Snapshot | None, None, None]:
    """The training as a generator: nothing happens before its first step, and it can be closed."""
    yield from train(setup)


def _for_a_person(problem: Exception) -> str:
    """One line about an exception; its message may hold a path of the server, so it stays in the log."""
    return f"The training ended with an error ({type(problem).__name__}). Details are in the server's log."
