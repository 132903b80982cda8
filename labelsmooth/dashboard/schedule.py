"""The rules of shared runs: who keeps one going, which ones may train, what is remembered. No threads in here."""

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition
from typing import TYPE_CHECKING, Literal

from labelsmooth.dashboard.groups import Group
from labelsmooth.dashboard.journal import Event, Journal
from labelsmooth.setups import TrainingSetup

if TYPE_CHECKING:
    from labelsmooth.dashboard.runs import Run

Ending = Literal["finished", "stopped", "failed", "abandoned"]
State = Literal["queued", "running", "refused", Ending]

PATIENCE = 120.0  # seconds without a join until a viewer counts as gone: browsers throttle hidden tabs
HASTE = 20.0  # the same for the last viewer of a run while another setup waits in the queue


@dataclass
class _Lease:
    run: "Run"
    seen: float


@dataclass(frozen=True)
class Standing:
    """What a registry has at one moment: runs and viewers, finished runs that are kept, and their bytes."""

    queued: int
    active: int
    viewers: int
    kept: int
    kept_bytes: int
    most_bytes: int


class Schedule:
    """The runs of a registry and their viewers; whoever calls holds the registry's lock.

    `work` is notified when there is more to train, `news` when a run has ended.
    """

    def __init__(
        self,
        *,
        max_active: int,
        max_bytes: int,
        clock: Callable[[], float],
        work: Condition,
        news: Condition,
        journal: Journal,
    ) -> None:
        self._max_active = max_active
        self._max_bytes = max_bytes
        self._clock = clock
        self._work = work
        self._news = news
        self._journal = journal
        # Queued, running and finished ones, and failed or refused ones that somebody looks at; the longest unused
        # first.
        self.runs: OrderedDict[TrainingSetup, Run] = OrderedDict()
        self.active: deque[Run] = deque()  # whose turn is next
        self.queue: deque[Run] = deque()
        self.discarded: deque[tuple[Run, Group]] = deque()  # still to be closed by a worker
        self._leases: dict[str, _Lease] = {}

    @property
    def standing(self) -> Standing:
        """How many there are of what."""
        kept = [run.nbytes for run in self.runs.values() if run.state == "finished"]
        return Standing(
            len(self.queue), len(self.active), len(self._leases), len(kept), sum(kept), most_bytes=self._max_bytes
        )

    @property
    def watchers(self) -> int:
        """How many viewers look at a run that has not ended."""
        # Who has not come for so long is not there, or as good as.
        since = self._clock() - HASTE
        return sum(lease.seen > since and not lease.run.ended for lease in self._leases.values())

    def enqueue(self, run: "Run") -> "Run":
        """Remember a new run and let it wait for its place, unless it is refused."""
        self.runs[run.setup] = run
        if run.state == "queued":
            self.queue.append(run)
        return run

    def look(self, run: "Run", viewer: str, *, new: bool) -> None:
        """The viewer looks at this run, which may be `new`, from now on, and at no other."""
        left = self._leases.get(viewer)
        if left is None or left.run is not run:
            if run.state == "refused":
                self._note("refused", run)
            elif not new:
                self._note("joined", run)
        self.runs.move_to_end(run.setup)
        self._leases[viewer] = _Lease(run, self._clock())
        self._stop_unwatched(left)
        self.settle()

    def leave(self, viewer: str) -> None:
        """The viewer looks at nothing any more."""
        self._stop_unwatched(self._leases.pop(viewer, None))
        self.settle()

    def expire(self) -> None:
        """Drop the leases of viewers who have gone, and failed and refused runs with their last lease."""
        now = self._clock()
        self._leases = {who: lease for who, lease in self._leases.items() if now - lease.seen < PATIENCE}
        for run in [run for run in self.runs.values() if run.state in ("failed", "refused") and not self._watched(run)]:
            self.forget(run)

    def settle(self) -> None:
        """End what nobody looks at any more, and let the first in the queue take the free places."""
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
            self._note("started", run)
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

    def end(self, run: "Run", state: Ending) -> None:
        """A run that waits or trains does so no more."""
        (self.active if run in self.active else self.queue).remove(run)
        run.state = state
        self._note(state, run)
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

    def _note(self, event: Event, run: "Run") -> None:
        self._journal.note(event, run.setup, seconds=run.trained, queue=len(self.queue))

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
