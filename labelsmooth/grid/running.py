"""Training groups side by side: here, on the cores of this machine, or on the workers of a Dask cluster.

A worker that dies costs the groups it had, which are trained again elsewhere.
"""

import logging
import re
import signal
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import BrokenProcessPool

from labelsmooth.grid.plan import Group, versions
from labelsmooth.grid.work import Result, train_group
from labelsmooth.own_data.held import OwnData, find, is_own

RETRIES = 3
CONNECT_SECONDS = 10
WORKER_SECONDS = 60

Results = Generator[Result, None, None]


class LostError(Exception):
    """Workers or the scheduler went away for good; one line says which."""


def run_groups(groups: Sequence[Group], workers: int = 1, scheduler: str | None = None) -> Results:
    """The result of every group once, as they finish; closing it stops the others.

    So many worker processes here, or those of the Dask scheduler at an address; one group alone is trained in this
    process. ValueError where a group cannot be trained, `LostError` where workers keep dying.
    """
    if scheduler is not None and groups:
        return _on_cluster(groups, scheduler)
    if min(workers, len(groups)) <= 1:
        return (train_group(group, versions()) for group in groups)  # which find data of one's own themselves
    return _on_cores(groups, min(workers, len(groups)))


def _on_cores(groups: Sequence[Group], workers: int) -> Results:
    """In worker processes; a pool that broke is replaced, unless that brought nothing so many times."""
    left = {group.key: group for group in groups}
    deaths = 0
    while left:
        try:
            with _closing(_pool(list(left.values()), workers)) as results:
                for result in results:
                    del left[result["key"]]
                    deaths = 0
                    yield result
        except BrokenProcessPool as died:
            deaths += 1
            if deaths > RETRIES:
                raise LostError(f"workers died {deaths} times in a row: {len(left)} groups are left") from died


def _pool(groups: Sequence[Group], workers: int) -> Results:
    # Groups one by one: of a batch nothing is kept until all of it has finished.
    parallel = Parallel(workers, return_as="generator_unordered", batch_size=1)
    with _deaf_children():
        return parallel(delayed(train_group)(group, versions(), _own(group)) for group in groups)


def _own(group: Group) -> OwnData | None:
    """The data of one's own that a group is trained on, for a process that has none."""
    return find(group.setup.dataset) if is_own(group.setup.dataset) else None


def _own_names(groups: Sequence[Group]) -> set[str]:
    return {group.setup.dataset for group in groups if is_own(group.setup.dataset)}


@contextmanager
def _closing(results: Results) -> Iterator[Results]:
    """Close them at the end, without joblib's warning that this stops what is still trained."""
    try:
        yield results
    finally:
        with warnings.catch_warnings(action="ignore"):
            results.close()


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes begun here ignore Ctrl-C, which a terminal sends to all: this process alone decides what stops."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _on_cluster(groups: Sequence[Group], address: str) -> Results:
    """On the workers of a Dask cluster, which gives the groups of a dead worker to others."""
    dask: Any = import_module("distributed")
    with _connected(address) as client:
        try:
            client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError as none:
            raise LostError(f"the cluster at {address} has no worker after {WORKER_SECONDS} s") from none
        # Sent once, not with every group.
        data = {name: client.scatter(find(name), broadcast=True) for name in _own_names(groups)}

        def submit(group: Group) -> Any:
            own = data.get(group.setup.dataset)
            return client.submit(train_group, group, versions(), own, pure=False, retries=RETRIES)

        futures = [submit(group) for group in groups]
        waiting = {future.key: (group, 0) for future, group in zip(futures, groups, strict=True)}
        finished = dask.as_completed(futures)
        futures.clear()  # the cluster forgets a result that has been read
        for future in finished:
            group, deaths = waiting.pop(future.key)
            problem = future.exception() if future.status == "error" else None
            if future.status == "finished":
                yield future.result()
            elif isinstance(problem, dask.KilledWorker) and deaths < RETRIES:
                again = submit(group)
                waiting[again.key] = group, deaths + 1
                finished.add(again)
            elif problem is None or isinstance(problem, dask.KilledWorker):
                raise LostError(f"the cluster at {address} gave up: {len(waiting) + 1} groups are left")
            else:
                raise problem


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """A client of the scheduler; ValueError where none answers."""
    if not re.fullmatch(r"(tcp|tls)://[^/\s]+:\d+", address):
        raise ValueError(f"scheduler must be an address like tcp://host:8786; got {address!r}")
    dask: Any = import_module("distributed")  # it need not be there, and takes a second
    # It logs tracebacks of what is raised here anyway.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client = dask.Client(address, timeout=CONNECT_SECONDS)
    except OSError as problem:
        raise ValueError(f"scheduler must be running; none answers at {address}") from problem
    with client:
        yield client
