"""Laws of a grid: whatever is cut, killed, repeated or trained elsewhere, every group counts once and says the same."""

import json
import os
import re
import signal
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from joblib.externals.loky import BrokenProcessPool, reusable_executor

from labelsmooth.grid import Group, LostError, Plan, Record, begin, outcome_of, resume, run_groups, running, settings_of
from labelsmooth.grid.plan import groups_of, versions
from labelsmooth.grid.work import Result, train_group
from labelsmooth.own_data.held import OwnData, register
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import MEASURES, Snapshot
from labelsmooth.sweep import chance, sweep, to_csv, to_json
from labelsmooth.training import train

SETUP = TrainingSetup(
    "iris", train_size=60, hidden=(8,), epochs=3, epsilons=tuple(n / 10 for n in range(9)), seeds=(5, 6, 7), film=False
)
PLAN = Plan((SETUP, replace(SETUP, label_noise=0.1), replace(SETUP, learning_rate=1e4)))


def trained(setup: TrainingSetup) -> Snapshot:
    *_, last = train(setup)
    return last


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return {result["key"]: result for result in run_groups(PLAN.groups)}


def filled(path: Path, results: dict[str, Result], plan: Plan = PLAN) -> Record:
    record = begin(path, plan)
    for group in plan.groups:
        record.add(results[group.key])
    record.file.close()
    return record


@pytest.mark.parametrize("number", range(3))
def test_groups_put_together_are_the_setting_trained_whole(number: int, results: dict[str, Result]) -> None:
    setup = PLAN.settings[number]
    groups = list(groups_of(setup))
    assert len(groups) > 1
    assert [group.first for group in groups] == [True, *[False] * (len(groups) - 1)]
    whole = trained(setup)
    # As a file has them.
    outcome = outcome_of([json.loads(json.dumps(results[group.key], allow_nan=False)) for group in groups])
    assert to_csv(outcome.snapshot, setup) == to_csv(whole, setup)
    assert to_json(outcome.snapshot, setup) == to_json(whole, setup)
    np.testing.assert_array_equal(outcome.chance, chance(whole, setup))
    again, once = sweep(outcome.snapshot, setup, by_chance=outcome.chance), sweep(whole, setup)
    np.testing.assert_array_equal(again.null_median, once.null_median)
    np.testing.assert_array_equal(again.diverged, once.diverged)
    for name in (*MEASURES, "diverged"):
        here, there = getattr(outcome.snapshot, name), getattr(whole, name)
        assert here.dtype == there.dtype
        np.testing.assert_array_equal(here, np.where(np.isfinite(there), there, np.nan))


def test_two_workers_give_what_this_process_gives_though_one_is_killed(results: dict[str, Result]) -> None:
    found = list[Result]()
    with closing(run_groups(PLAN.groups, workers=2)) as arriving:
        for result in arriving:
            found.append(result)
            if len(found) == 2:
                os.kill(next(iter(reusable_executor._executor._processes)), signal.SIGKILL)
    assert sorted(result["key"] for result in found) == sorted(results)
    assert {result["key"]: result for result in found} == results


def test_workers_that_keep_dying_end_it_with_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    pools = list[int]()

    def broken(groups: list[Group], workers: int) -> Any:
        pools.append(len(groups))
        if len(pools) == 1:
            yield {"key": groups[0].key}
        raise BrokenProcessPool("a worker died")

    monkeypatch.setattr(running, "_pool", broken)
    with pytest.raises(LostError, match=rf"died 4 times in a row: {len(PLAN.groups) - 1} groups are left"):
        list(run_groups(PLAN.groups, workers=2))
    assert len(pools) == 1 + running.RETRIES


def test_data_of_ones_own_go_to_the_workers() -> None:
    generator = np.random.default_rng(0)
    y = np.arange(80) % 2
    own = OwnData("mine.csv", generator.normal(y[:, None], 1.0, (80, 3)), y, ("a", "b"), ("x", "y", "z"))
    setup = replace(SETUP, dataset=register(own), train_size=40)
    groups = list(groups_of(setup))
    here = list(run_groups(groups))
    there = sorted(
        run_groups(groups, workers=2), key=lambda result: [group.key for group in groups].index(result["key"])
    )
    assert there == here
    assert to_csv(outcome_of(there).snapshot, setup) == to_csv(trained(setup), setup)


def test_a_worker_with_other_libraries_is_refused() -> None:
    with pytest.raises(ValueError, match=r"workers must have torch 1\.0.*for the same results; one has torch \d"):
        train_group(PLAN.groups[0], versions() | {"torch": "1.0"})


def test_a_key_names_all_that_changes_a_result() -> None:
    group = PLAN.groups[0]
    others = [replace(group, first=False)]
    changed: dict[str, Any] = {
        "dataset": "wine",
        "label_noise": 0.3,
        "epsilons": (0.0, 0.1),
        "seeds": (5,),
        "epochs": 4,
    }
    others += [Group(replace(group.setup, **{name: value}), True) for name, value in changed.items()]
    assert len({each.key for each in (group, *others)}) == 1 + len(others)
    assert Group(replace(group.setup), True).key == group.key
    assert Plan(PLAN.settings[::-1]).key != PLAN.key


def test_every_combination_is_a_setting_and_what_cannot_be_is_named() -> None:
    def make(**choice: Any) -> TrainingSetup:
        return replace(SETUP, **choice)

    settings = settings_of(make, {"dataset": ["iris", "wine"], "label_noise": [0.0, 0.2, 0.0], "train_size": [20, 30]})
    assert [(each.dataset, each.label_noise, each.train_size) for each in settings] == [
        (dataset, noise, size) for dataset in ("iris", "wine") for noise in (0.0, 0.2) for size in (20, 30)
    ]
    with pytest.raises(ValueError, match="iris: train_size must be a whole number between 6 and 90; got 100"):
        settings_of(make, {"dataset": ["wine", "iris"], "train_size": [100]})


def test_a_record_holds_every_group_once_whatever_is_added_twice(tmp_path: Path, results: dict[str, Result]) -> None:
    path = tmp_path / "record"
    record = filled(path, results)
    lines = path.read_bytes().splitlines(keepends=True)
    record = resume(path, PLAN)
    record.add(results[PLAN.groups[1].key])
    assert path.read_bytes().splitlines(keepends=True) == lines
    # As two sweeps at once on one record would leave it: the first of equal groups counts.
    record.file.close()
    path.write_bytes(b"".join([*lines, lines[2]]))
    record = resume(path, PLAN)
    assert len(record.places) == len(PLAN.groups)
    assert all(group in record and record.result(group) == results[group.key] for group in PLAN.groups)
    record.file.close()


@pytest.mark.parametrize("cut", [1, 40, 10**9])
def test_a_line_that_was_being_written_is_trained_again(cut: int, tmp_path: Path, results: dict[str, Result]) -> None:
    path = tmp_path / "record"
    filled(path, results)
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    path.write_bytes(whole[: -min(cut, len(last) - 1)])
    record = resume(path, PLAN)
    assert len(record.places) == len(PLAN.groups) - 1
    assert PLAN.groups[-1] not in record
    record.add(results[PLAN.groups[-1].key])
    record.file.close()
    assert path.read_bytes() == whole


def test_only_a_finished_record_is_replaced(tmp_path: Path, results: dict[str, Result]) -> None:
    path = tmp_path / "record"
    resume(path, PLAN).file.close()  # there is none: a new one
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"has not finished \(0 of \d groups\): go on with --resume, or name another"):
        begin(path, PLAN)
    assert path.read_bytes() == before
    record = resume(path, PLAN)
    for result in results.values():
        record.add(result)
    record.file.close()
    other = begin(path, Plan((SETUP,)))
    assert other.places == {}
    other.file.close()


def test_a_record_of_anything_else_is_refused_and_left_alone(tmp_path: Path, results: dict[str, Result]) -> None:
    path = tmp_path / "record"
    filled(path, results)
    whole = path.read_bytes()
    header, first, *others = whole.splitlines(keepends=True)
    older = header.replace(versions()["torch"].encode(), b"1.13.0")
    for content, problem in {
        header.replace(PLAN.key.encode(), b"0" * 16): "holds another sweep",
        older + first: rf"was begun with torch 1\.13\.0, and this is torch {re.escape(versions()['torch'])}",
        b"seed,epsilon\n0,0.1\n": "is no record of a sweep",
        b"{}\n": "is no record of a sweep",
        b"[1]": "is no record of a sweep",
        b"".join([header, b"{]\n", *others]): "line 2 of .* is damaged",
        b"".join([header, first, b"\x00\xff\n"]): "line 3 of .* is damaged",
    }.items():
        path.write_bytes(content)
        with pytest.raises(ValueError, match=problem):
            resume(path, PLAN)
        assert path.read_bytes() == content


def test_ctrl_c_reaches_no_worker() -> None:
    """A terminal sends it to all processes: one that is only asked to train would die with a traceback."""
    before = signal.getsignal(signal.SIGINT)
    with running._deaf_children():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) is before
