"""Laws of a sweep: what its lines hold, where it is best, and what is taken home of it."""

import csv
import io
import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from made_sweeps import DECIDED, EPSILONS, LOOSE, SEEDS, MakeSnapshot, lost, paired, trained

from labelsmooth.calibration import null_ece, softmax
from labelsmooth.snapshots import MEASURES
from labelsmooth.sweep import RANKED, Best, Sweep, best_of, conclusion, map_rows, records, sweep, to_csv, to_json


def told(numbers: Sweep, measure: str = "ece") -> Best:
    best = best_of(numbers, measure)
    assert best is not None
    return best


def test_lines_are_means_and_ends_over_the_runs_that_did_not_diverge(make_snapshot: MakeSnapshot) -> None:
    ece = np.array([[0.4, 0.1, 0.9], [0.2, 0.3, 0.9], [0.6, 0.5, 0.9]])
    diverged = lost((2, 1), (0, 2), (1, 2), (2, 2), seeds=3, epsilons=3)
    line = sweep(*trained(make_snapshot, (0.0, 0.1, 0.2), ece=ece, diverged=diverged)).lines["ece"]
    np.testing.assert_allclose(line.centre, [0.4, 0.2, np.nan])
    np.testing.assert_allclose(line.low, [0.2, 0.1, np.nan])
    np.testing.assert_allclose(line.high, [0.6, 0.3, np.nan])
    assert np.isnan(line.values).sum() == 4


def test_the_centre_of_temperatures_is_their_median(make_snapshot: MakeSnapshot) -> None:
    snapshot, setup = trained(make_snapshot)
    temperature = np.array([[1.0] * 4, [2.0] * 4, [30.0] * 4, [4.0] * 4])
    snapshot = replace(snapshot, best=replace(snapshot.best, temperature=temperature))
    assert sweep(snapshot, setup).lines["temperature"].centre.tolist() == [3.0] * 4


def test_the_reference_is_the_scaled_hard_label_model(make_snapshot: MakeSnapshot) -> None:
    scaled = np.arange(16.0).reshape(4, 4)
    snapshot, setup = trained(make_snapshot, (0.1, 0.0, 0.2, 0.3), scaled)
    numbers = sweep(snapshot, setup)
    for name in ("nll", "brier", "ece", "confidence"):
        assert numbers.lines[name].scaled.tolist() == scaled[:, 1].tolist()
        assert numbers.lines[name].reference == scaled[:, 1].mean()
    for name in ("accuracy", "temperature"):
        assert np.isnan(numbers.lines[name].reference)


def test_the_order_of_the_epsilons_does_not_matter(make_snapshot: MakeSnapshot) -> None:
    ece = paired(0.3, 0.1, 0.2, 0.4, spread=0.03)
    order = [2, 0, 3, 1]
    sorted_one = sweep(*trained(make_snapshot, ece=ece))
    shuffled = sweep(*trained(make_snapshot, tuple(EPSILONS[k] for k in order), ece=ece[:, order]))
    assert shuffled.epsilons.tolist() == sorted(EPSILONS)
    np.testing.assert_array_equal(shuffled.lines["ece"].values, sorted_one.lines["ece"].values)
    assert conclusion(shuffled) == conclusion(sorted_one)
    snapshot, setup = trained(make_snapshot, tuple(EPSILONS[k] for k in order), ece=ece[:, order])
    assert [row["epsilon"] for row in records(snapshot, setup)] == [*EPSILONS] * SEEDS


def test_without_hard_labels_there_is_no_sweep(make_snapshot: MakeSnapshot) -> None:
    snapshot, setup = trained(make_snapshot, (0.1, 0.2))
    with pytest.raises(ValueError, match=r"epsilons must contain 0, the hard labels; got \(0.1, 0.2\)"):
        sweep(snapshot, setup)


def test_chance_is_that_of_the_first_seed_at_the_end(make_snapshot: MakeSnapshot) -> None:
    snapshot, setup = trained(make_snapshot, diverged=lost((0, 3), (1, 2)))
    logits = np.random.default_rng(0).normal(size=(4, 50, 3))
    snapshot = replace(snapshot, test=replace(snapshot.test, logits=logits))
    numbers = sweep(snapshot, setup)
    for column in range(3):
        band = null_ece(softmax(logits[column]).max(1), draws=300)
        shown = (numbers.null_low[column], numbers.null_median[column], numbers.null_high[column])
        assert shown == (band.low, band.median, band.high)
    assert np.isnan(numbers.null_median[3])
    for other in (sweep(snapshot, setup, null=False), sweep(replace(snapshot, finished=False), setup)):
        assert np.isnan(other.null_median).all()


@pytest.mark.parametrize("measure", RANKED)
def test_the_best_epsilon_has_the_best_mean(measure: str, make_snapshot: MakeSnapshot) -> None:
    means = (0.3, 0.4, 0.1, 0.2)
    best = told(sweep(*trained(make_snapshot, **dict[str, Any]({measure: paired(*means)}))), measure)
    assert (best.epsilon, best.value) == ((0.1, 0.4) if measure == "accuracy" else (0.2, pytest.approx(0.1)))
    assert best.left is not None
    assert best.right is not None
    assert best.hard is not None
    assert best.hard.difference == pytest.approx(best.value - 0.3)
    assert best.decided
    assert best.alike == (best.epsilon,)


def test_what_the_seeds_cannot_tell_apart_is_told(make_snapshot: MakeSnapshot) -> None:
    ece = paired(0.5, 0.1, 0.1, 0.3)
    ece[:, 2] += [0.01, -0.01, 0.01, -0.008]  # the mean is a little higher, the difference undecided
    best = told(sweep(*trained(make_snapshot, ece=ece)))
    assert (best.epsilon, best.decided, best.alike) == (0.1, False, (0.1, 0.2))


def test_the_best_does_not_depend_on_the_order_of_the_seeds(make_snapshot: MakeSnapshot) -> None:
    ece, accuracy = paired(0.3, 0.12, 0.1, 0.2, spread=0.05), paired(0.7, 0.71, 0.72, 0.6, spread=0.02)
    scaled = paired(0.1, 0.1, 0.1, 0.1, spread=0.02)
    diverged = lost((1, 3), (2, 3))
    before = sweep(*trained(make_snapshot, scaled=scaled, ece=ece, accuracy=accuracy, diverged=diverged))
    for order in ([3, 2, 1, 0], [1, 3, 0, 2]):
        shuffled: dict[str, Any] = {"ece": ece[order], "accuracy": accuracy[order], "diverged": diverged[order]}
        after = sweep(*trained(make_snapshot, scaled=scaled[order], **shuffled))
        assert conclusion(after) == conclusion(before)
        assert [told(after, name).alike for name in RANKED] == [told(before, name).alike for name in RANKED]


def test_a_mean_over_fewer_seeds_is_no_candidate(make_snapshot: MakeSnapshot) -> None:
    numbers: dict[str, Any] = {"ece": paired(0.3, 0.2, 0.1, 0.4), "diverged": lost((0, 2))}
    best = told(sweep(*trained(make_snapshot, **numbers)))
    assert (best.epsilon, best.seeds) == (0.1, 4)
    assert best.right is not None
    assert best.right.seeds == 3
    everywhere = lost(*((0, column) for column in range(4)), (1, 1))
    best = told(sweep(*trained(make_snapshot, **numbers | {"diverged": everywhere})))
    assert (best.epsilon, best.seeds) == (0.2, 3)


def test_records_hold_everything_of_every_run(make_snapshot: MakeSnapshot) -> None:
    numbers: dict[str, Any] = {name: np.arange(16.0).reshape(4, 4) + k / 7 for k, name in enumerate(MEASURES)}
    numbers["train_nc1"][0, 0] = np.nan
    snapshot, setup = trained(make_snapshot, diverged=lost((1, 2)), **numbers)
    rows = records(snapshot, setup)
    assert [(row["seed"], row["epsilon"]) for row in rows] == [(s, e) for s in range(4) for e in EPSILONS]
    for number, row in enumerate(rows):
        place = divmod(number, 4)
        for name in MEASURES:
            value = numbers[name][place]
            assert row[name] == (None if np.isnan(value) else value)
        assert row["best_temperature"] == snapshot.best.temperature[place]
        assert row["ece_at_best_temperature"] == row["brier_at_best_temperature"] == 0.5
        assert (row["best_temperature_at_bound"], row["no_validation_errors"]) == (0, False)
        assert row["diverged"] == (7 if place == (1, 2) else None)


def test_csv_and_json_hold_the_same_numbers_in_full(make_snapshot: MakeSnapshot) -> None:
    numbers: dict[str, Any] = {
        "ece": paired(0.3, 0.1, 0.2, 0.4, spread=0.01),
        "nll": paired(1 / 3, 2 / 3, 1 / 7, 2 / 7),
    }
    numbers["separation"] = np.full((4, 4), np.nan)
    snapshot, setup = trained(make_snapshot, diverged=lost((1, 2)), **numbers)
    as_json = json.loads(to_json(snapshot, setup))
    assert as_json["records"] == records(snapshot, setup)
    rows = list(csv.DictReader(io.StringIO(to_csv(snapshot, setup))))
    assert len(rows) == 16
    for row, record in zip(rows, as_json["records"], strict=True):
        assert row.keys() == record.keys()
        for name, cell in row.items():
            assert cell == ("" if record[name] is None else repr(record[name]))
    kept = [row for row in as_json["records"] if row["diverged"] is None]
    line = sweep(snapshot, setup).lines["ece"]
    for epsilon, centre in zip(EPSILONS, line.centre, strict=True):
        assert np.mean([row["ece"] for row in kept if row["epsilon"] == epsilon]) == pytest.approx(centre)
    assert (as_json["best"]["ece"]["epsilon"], as_json["best"]["ece"]["mean"]) == (0.1, line.centre[1])
    assert as_json["best"]["ece"]["not_told_from"] == [0.1]
    assert as_json["setup"] == json.loads(json.dumps(asdict(setup)))
    assert (as_json["finished"], as_json["validation_examples"]) == (True, 9)


def test_records_before_the_end_and_of_lost_runs_have_gaps_but_no_nan(make_snapshot: MakeSnapshot) -> None:
    everything = np.full((SEEDS, 4), 3)
    snapshot, setup = trained(make_snapshot, scaled=None, diverged=everything)
    record = json.loads(to_json(snapshot, setup))
    assert record["best"] == dict.fromkeys(RANKED)
    assert record["records"][0]["best_temperature"] is None
    header, row, *_ = to_csv(snapshot, setup).splitlines()
    assert len(header.split(",")) == len(row.split(","))
    assert "nan" not in row


def test_a_map_has_a_row_for_every_value_and_gaps_where_nothing_is_trained(make_snapshot: MakeSnapshot) -> None:
    (first, setup), (second, _) = (trained(make_snapshot, ece=ece) for ece in (DECIDED, LOOSE))
    numbers = map_rows({0.4: second, 0.0: first, 0.8: None}, setup)
    assert numbers.values == (0.0, 0.4, 0.8)
    np.testing.assert_allclose(numbers.means, [DECIDED.mean(0), LOOSE.mean(0), [np.nan] * 4])
    low, middle, high = numbers.bests
    assert low is not None
    assert middle is not None
    assert (low.epsilon, low.decided, middle.epsilon, middle.decided, high) == (0.1, True, 0.1, False, None)
    by_accuracy = map_rows({100: first}, setup, "train_size", "accuracy")
    assert by_accuracy.means.tolist() == [[0.5] * 4]
    with pytest.raises(ValueError, match="varies must be one of label_noise, train_size; got 'epochs'"):
        map_rows({1: first}, setup, "epochs")
