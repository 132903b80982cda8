"""One training, many viewers: background runs shared by everybody who asks for the same setup."""

import logging
import math
import threading
import time
from collections.abc import Callable

from labelsmooth.dashboard.cost import OVERRUN, overrun, refusal
from labelsmooth.dashboard.groups import Group, Train, merged, progress, start
from labelsmooth.dashboard.journal import Journal
from labelsmooth.dashboard.schedule import HASTE, PATIENCE, Schedule, Standing, State
from labelsmooth.own_data.held import DataGoneError
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.workers import started

__all__ = ["HASTE", "MAX_BYTES", "PATIENCE", "TURN", "Registry", "Run", "State", "Train"]

Follower = Callable[[tuple[Snapshot, ...]], object]

TURN = 0.03  # seconds that a worker stays with one group before the next setup has its turn
MAX_BYTES = 512 * 2**20

_log = logging.getLogger(__name__)


class Run:
    """One training as its viewers see it.

    `snapshots` (all groups merged) only ever grows: read the state first, and they are complete for it. A setup
    without `film` has no more than one, which a newer one replaces. `progress` is the share of the epochs of all
    seeds done, in [0, 1]; `began` is when the run left the queue; `trained` are the seconds of one core that its
    workers have spent.
    """

    def __init__(self, setup: TrainingSetup, groups: list[Group], registry: "Registry") -> None:
        self.setup = setup
        self.state: State = "queued"
        self.snapshots: tuple[Snapshot, ...] = ()
        self.error: str | None = None  # of a failed or refused run: for a person, in one line
        self.too_long = False  # whether it failed for taking longer than this server allows
        self.progress = 0.0
        self.trained = 0.0
        self.began = math.nan
        self.groups = groups
        self.followers: set[Follower] = set()  # called with the snapshots so far, in the thread that made the last one
        self._advanced = math.nan  # when `progress` last grew
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

    @property
    def remaining(self) -> float:
        """Seconds to the end at the pace so far, waits for other runs included: nan before that is known."""
        if self.ended:
            return 0.0
        if not self.progress:
            return math.nan
        whole = (self._advanced - self.began) / self.progress
        return max(self.began + whole - self._registry._clock(), 0.0)

    def wait(self, count: int, timeout: float | None = None) -> bool:
        """Block until `count` snapshots exist or the run ended; False if the seconds ran out before."""
        return self._registry._wait(lambda: len(self.snapshots) >= count or self.ended, timeout)

    def take_over(self, now: float) -> bool:
        """Take what all groups have by now; whether there was a snapshot. The caller holds the registry's lock."""
        done = progress(self.groups)
        if done > self.progress:
            self.progress, self._advanced = done, now
        new = tuple(merged(self.groups))
        self.snapshots = (*self.snapshots, *new) if self.setup.film else (new or self.snapshots)[-1:]
        return bool(new)


class Registry:
    """Starts, shares, queues, ends and remembers runs; make one for the whole server process.

    Workers advance one group of a setup at a time, for about `turn` seconds, setup after setup in a round of
    at most `max_active`. A viewer looks at one run at a time; a run that nobody looks at ends itself. Finished
    runs are kept up to `max_bytes`, a failed one as long as somebody looks at it. `train` may be resumed by
    another thread after each yield, and a run ends at the next yield: None between snapshots makes that soon.

    A setup that costs more than `limit` seconds of one core is refused before it waits for anything; a run that takes
    twice as many fails. `processor` counts the seconds of the thread that asks.
    """

    def __init__(
        self,
        train: Train,
        *,
        workers: int = 2,
        max_active: int = 4,
        max_bytes: int = MAX_BYTES,
        limit: float = math.inf,
        journal: Journal | None = None,
        turn: float = TURN,
        clock: Callable[[], float] = time.monotonic,
        processor: Callable[[], float] = time.thread_time,
    ) -> None:
        self._train = train
        self._limit = limit
        self._processor = processor
        self._turn = turn
        self._clock = clock
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)  # workers sleep here
        self._news = threading.Condition(self._lock)  # viewers wait here
        self._schedule = Schedule(
            max_active=max_active,
            max_bytes=max_bytes,
            clock=clock,
            work=self._work,
            news=self._news,
            journal=journal or Journal(),
        )
        self._closed = False
        self._threads = [started(self._serve, f"training-{number}") for number in range(workers)]

    def join(self, setup: TrainingSetup, viewer: str) -> Run:
        """The run of this setup, started if there is none; the viewer stops looking at any other run.

        Whoever goes on looking joins again and again.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("this registry is closed: it starts no more runs")
            self._schedule.expire()
            known = self._schedule.runs.get(setup)
            run = known or self._schedule.enqueue(self._new(setup))
            self._schedule.look(run, viewer, new=known is None)
            return run

    def leave(self, viewer: str) -> None:
        """The viewer looks at no run any more; one that nobody else looks at is stopped."""
        with self._lock:
            self._schedule.leave(viewer)

    def finished(self, setup: TrainingSetup) -> Run | None:
        """The finished run of this setup, if it is still remembered; nothing is started, and nobody looks at it."""
        with self._lock:
            run = self._schedule.runs.get(setup)
            return run if run is not None and run.state == "finished" else None

    def restart(self, setup: TrainingSetup, viewer: str) -> Run:
        """Join this setup, but anew if its run failed."""
        with self._lock:
            run = self._schedule.runs.get(setup)
            if run is not None and run.state == "failed":
                self._schedule.forget(run)
        return self.join(setup, viewer)

    def close(self) -> None:
        """Stop every run and end the workers."""
        with self._lock:
            self._closed = True
            for run in [*self._schedule.active, *self._schedule.queue]:
                self._schedule.end(run, "stopped")
            self._work.notify_all()
        for thread in self._threads:
            thread.join()

    def step(self) -> bool:
        """Do one turn in the calling thread, as a worker would; False if there was nothing to do."""
        job = self._take(wait=False)
        if job is not None:
            self._do(*job)
        return job is not None

    @property
    def standing(self) -> Standing:
        """How many runs and viewers there are, and what is kept."""
        with self._lock:
            return self._schedule.standing

    @property
    def watchers(self) -> int:
        """How many viewers look at a run that has not ended."""
        with self._lock:
            return self._schedule.watchers

    # Called by runs.

    def _position(self, run: Run) -> int:
        with self._lock:
            queue = self._schedule.queue
            return queue.index(run) + 1 if run in queue else 0

    def _wait(self, happened: Callable[[], bool], timeout: float | None) -> bool:
        with self._lock:
            return self._news.wait_for(happened, timeout)

    def _new(self, setup: TrainingSetup) -> Run:
        """A run that waits, or is refused for what it would cost."""
        problem = refusal(setup, self._limit)
        if problem is None:
            return Run(setup, start(self._train, setup), self)
        run = Run(setup, [], self)
        run.state, run.error = "refused", problem
        return run

    # Workers.

    def _serve(self) -> None:
        while (job := self._take(wait=True)) is not None:
            self._do(*job)

    def _take(self, *, wait: bool) -> tuple[Run, Group] | None:
        """A group to close or to advance; None if there is none, or with `wait` once all is closed."""
        with self._lock:
            while True:
                self._schedule.settle()
                job = self._schedule.next_job()
                if job is not None or self._closed or not wait:
                    return job
                self._work.wait()

    def _do(self, run: Run, group: Group) -> None:
        """Advance a group for one turn, or close it if its run has ended; a failure ends this run only."""
        until, before = self._clock() + self._turn, self._processor()
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
        self._give_back(run, group, error, self._processor() - before)

    def _hand_over(self, run: Run, group: Group, snapshot: Snapshot | None) -> bool:
        """Add a step, and its snapshot if there is one, to a group; False if the run has ended."""
        new = False
        with self._lock:
            if not run.ended:
                group.add(snapshot)
                new = self._publish(run)
        for follower in tuple(run.followers) if new else ():
            follower(run.snapshots)
        return not run.ended

    def _complete(self, run: Run, group: Group) -> None:
        with self._lock:
            group.done = True
            if not run.ended:
                self._publish(run)

    def _publish(self, run: Run) -> bool:
        """Show viewers what the groups of a run have by now, if there is any news; the caller holds the lock."""
        new = run.take_over(self._clock())
        if new:
            self._news.notify_all()
        return new

    def _give_back(self, run: Run, group: Group, error: str | None, spent: float) -> None:
        with self._lock:
            group.busy = False
            run.trained += spent
            done = all(each.done for each in run.groups)
            if error is None and not done and run.trained > OVERRUN * self._limit:
                run.too_long, error = True, overrun(self._limit)
            if run.ended:
                self._schedule.discarded.append((run, group))
            elif error is not None:
                run.error = error
                self._schedule.end(run, "failed")
            elif done:
                self._schedule.end(run, "finished")
            if run.ended:
                run.followers.clear()


def _for_a_person(problem: Exception) -> str:
    """One line about an exception; its message may hold a path of the server, so it stays in the log."""
    if isinstance(problem, DataGoneError):
        return str(problem)
    return f"The training ended with an error ({type(problem).__name__}). Details are in the server's log."
