"""The rules of shared runs: who keeps one going, which ones may train, what is remembered. No threads in here."""

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition
from typing import TYPE_CHECKING, Literal

from labelsmooth.dashboard.groups import Group
from labelsmooth.setups import TrainingSetup

if TYPE_CHECKING:
    from labelsmooth.dashboard.runs import Run

State = Literal["queued", "running", "finished", "stopped", "failed", "abandoned"]

PATIENCE = 120.0  # seconds without a poll until a viewer counts as gone: browsers throttle hidden tabs
HASTE = 20.0  # the same for the last viewer of a run while another setup waits in the queue


@dataclass
class _Lease:
    run: "Run"
    seen: float


class Schedule:
    """The runs of a registry and their viewers; whoever calls holds the registry's lock.

    `work` is notified when there is more to train, `news` when a run has ended.
    """

    def __init__(
        self, *, max_active: int, max_bytes: int, clock: Callable[[], float], work: Condition, news: Condition
    ) -> None:
        self._max_active = max_active
        self._max_bytes = max_bytes
        self._clock = clock
        self._work = work
        self._news = news
        # Queued, running and finished ones, and failed ones that somebody looks at; the longest unused first.
        self.runs: OrderedDict[TrainingSetup, Run] = OrderedDict()
        self.active: deque[Run] = deque()  # whose turn is next
        self.queue: deque[Run] = deque()
        self.discarded: deque[tuple[Run, Group]] = deque()  # still to be closed by a worker
        self._leases: dict[str, _Lease] = {}

    def enqueue(self, run: "Run") -> "Run":
        """Remember a new run and let it wait for its place."""
        self.runs[run.setup] = run
        self.queue.append(run)
        return run

    def look(self, run: "Run", viewer: str) -> None:
        """The viewer looks at this run from now on, and at no other."""
        left = self._leases.get(viewer)
        self.runs.move_to_end(run.setup)
        self._leases[viewer] = _Lease(run, self._clock())
        self._stop_unwatched(left)
        self.settle()

    def leave(self, viewer: str) -> None:
        """The viewer looks at nothing any more."""
        self._stop_unwatched(self._leases.pop(viewer, None))
        self.settle()

    def renew(self, run: "Run", viewer: str) -> None:
        """The viewer still looks at this run."""
        lease = self._leases.get(viewer)
        # A late poll of what the viewer has moved on from must not count as looking at it again.
        if self.runs.get(run.setup) is run and (lease is None or lease.run is run):
            self._leases[viewer] = _Lease(run, self._clock())

    def expire(self) -> None:
        """Drop the leases of viewers who have gone, and failed runs with their last lease."""
        now = self._clock()
        self._leases = {who: lease for who, lease in self._leases.items() if now - lease.seen < PATIENCE}
        for run in [run for run in self.runs.values() if run.state == "failed" and not self._watched(run)]:
            self.forget(run)

    def settle(self) -> None:
        """End what nobody polls any more, and let the first in the queue take the free places."""
        self.expire()
        now = self._clock()
        seen: dict[Run, float] = {}
        for lease in self._leases.values():
            seen[lease.run] = max(lease.seen, seen.get(lease.run, -math.inf))
        for run in [*self.active, *self.queue]:
            others_wait = any(waiting is not run for waiting in self.queue)
            if now - seen.get(run, -math.inf) >= (HASTE if others_wait else PATIENCE):
                self.end(run, "abandoned")
        while self.queue and len(self.active) < self._max_active:
            run = self.queue.popleft()
            run.state, run.began = "running", now
            self.active.append(run)
            self._work.notify_all()

    def next_job(self) -> tuple["Run", Group] | None:
        """A group to close, or of the next run in the round the one furthest behind, then busy; None without any."""
        if self.discarded:
            return self.discarded.popleft()
        for run in self.active:
            free = [group for group in run.groups if not (group.busy or group.done)]
            if free:
                self.active.remove(run)
                self.active.append(run)
                group = min(free, key=lambda group: group.taken)
                group.busy = True
                return run, group
        return None

    def end(self, run: "Run", state: State) -> None:
        """A run that waits or trains does so no more."""
        (self.active if run in self.active else self.queue).remove(run)
        run.state = state
        # A busy group is still in the hands of a worker, which discards it itself.
        self.discarded.extend((run, group) for group in run.groups if not group.busy)
        run.groups = []
        if state == "finished":
            self._evict(keep=run)
        elif state != "failed":
            self.forget(run)
        self._news.notify_all()

    def forget(self, run: "Run") -> None:
        """Remember neither a run nor who looks at it."""
        del self.runs[run.setup]
        self._leases = {who: lease for who, lease in self._leases.items() if lease.run is not run}

    def _watched(self, run: "Run") -> bool:
        return any(lease.run is run for lease in self._leases.values())

    def _stop_unwatched(self, left: _Lease | None) -> None:
        """Stop the run of a lease that is no more, unless somebody else looks at it."""
        if left is not None and not left.run.ended and not self._watched(left.run):
            self.end(left.run, "stopped")

    def _evict(self, keep: "Run") -> None:
        """Forget finished runs, unwatched before watched and then the longest unused, down to the limit."""
        finished = [run for run in self.runs.values() if run.state == "finished"]
        too_much = sum(run.nbytes for run in finished) - self._max_bytes
        for run in sorted(finished, key=self._watched):
            if too_much > 0 and run is not keep:
                too_much -= run.nbytes
                self.forget(run)
