"""A grid on a Dask cluster of processes, one of which is killed on the way: every group once, the same numbers."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from labelsmooth.grid import LostError, Plan, run_groups
from labelsmooth.own_data.held import OwnData, register
from labelsmooth.setups import TrainingSetup

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

SETUP = TrainingSetup(
    "iris", train_size=60, hidden=(16,), epochs=60, epsilons=tuple(n / 10 for n in range(9)), seeds=(0, 1), film=False
)
Y = np.arange(80) % 2
OWN = OwnData("mine.csv", np.random.default_rng(0).normal(Y[:, None], 1.0, (80, 3)), Y, ("a", "b"), ("x", "y", "z"))
PLAN = Plan(
    tuple(
        replace(SETUP, dataset=dataset, train_size=40, label_noise=n / 10)
        for dataset in ("iris", register(OWN))
        for n in range(4)
    )
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    # Workers are copies of one process, which has imported what all of them need.
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        distributed.utils.get_mp_context().set_forkserver_preload(["distributed", "labelsmooth.grid.work"])
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=":0", silence_logs=50
        ) as cluster:
            yield cluster


def pids(cluster: Any) -> list[int]:
    return [worker.pid for worker in cluster.workers.values() if worker.pid is not None]


def test_a_killed_worker_costs_nothing_but_time(cluster: Any) -> None:
    found = list[dict[str, Any]]()
    victim, *_ = pids(cluster)
    with closing(run_groups(PLAN.groups, scheduler=cluster.scheduler_address)) as results:
        for result in results:
            found.append(result)
            if len(found) == 2:
                os.kill(victim, signal.SIGKILL)
    assert victim not in pids(cluster)
    assert sorted(result["key"] for result in found) == sorted(group.key for group in PLAN.groups)
    assert {result["key"]: result for result in found} == {result["key"]: result for result in run_groups(PLAN.groups)}


def test_what_a_worker_refuses_is_said_here(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelsmooth.grid.running.versions", lambda: {"torch": "1.0"})
    with pytest.raises(ValueError, match="workers must have torch"):
        list(run_groups(PLAN.groups[:1], scheduler=cluster.scheduler_address))


def test_a_cluster_that_ends_leaves_what_is_finished(cluster: Any) -> None:
    results = run_groups(PLAN.groups * 8, scheduler=cluster.scheduler_address)
    assert next(results)["key"] in {group.key for group in PLAN.groups}
    cluster.close()
    with pytest.raises(LostError, match=r"the cluster at tcp://.* gave up: \d+ groups are left"):
        list(results)
