"""Laws of the trainer: what a run's numbers depend on, what they mean, and how a run ends."""

import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from labelsmooth.calibration import reliability_curve, softmax
from labelsmooth.cluster_measures import CLUSTER_MEASURES
from labelsmooth.conventions import Convention, minimum_loss, optimal_logit_gap
from labelsmooth.datasets import make_split
from labelsmooth.geometry import class_separation, neural_collapse
from labelsmooth.loss import LabelSmoothingLoss
from labelsmooth.measures import fitted_temperatures
from labelsmooth.network import pad_examples
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import MEASURES, NEVER, Snapshot, snapshot_epochs
from labelsmooth.temperature import fit_temperature
from labelsmooth.training import _Trainer, train, train_by_epoch

SMALL = TrainingSetup(dataset="wine", train_size=60, hidden=(12, 8), epochs=8, batch_size=16, seeds=(0, 1))
SHAPES = {
    "digits": TrainingSetup(epochs=4),
    "one hidden layer of 7": TrainingSetup(dataset="moons", train_size=57, batch_size=33, hidden=(7,), epochs=8),
    "tanh and sgd": TrainingSetup(
        dataset="blobs", classes=5, train_size=101, batch_size=10, hidden=(33, 5, 9), activation="tanh",
        optimizer="sgd", epochs=8, learning_rate=0.05, weight_decay=0.01,
    ),
    "two units": TrainingSetup(dataset="iris", train_size=61, batch_size=16, hidden=(2,), epochs=8),
    "wide": TrainingSetup(dataset="wine", train_size=100, batch_size=64, hidden=(128, 128), epochs=6),
    "odd widths": TrainingSetup(dataset="hard", train_size=333, batch_size=50, hidden=(100, 37), epochs=4),
    "four layers": TrainingSetup(
        dataset="spirals", classes=4, train_size=90, batch_size=7, hidden=(3, 40, 17, 6), epochs=5, convention="others"
    ),
}  # fmt: skip


def last_of(setup: TrainingSetup) -> Snapshot:
    *_, last = train(setup)
    assert last.finished
    return last


def numbers(snapshot: Snapshot, seed: int, column: int) -> dict[str, np.ndarray]:
    """All that one run measured, and what is shown of it if its seed is the first."""
    found = {name: getattr(snapshot, name)[seed, column] for name in (*MEASURES, "diverged")}
    if snapshot.best is not None:
        found |= {f"best {name}": values[seed, column] for name, values in snapshot.best.arrays.items()}
    if seed == 0:
        found |= {"weights": snapshot.weights[column], "biases": snapshot.biases[column]}
        for name, part in {"test": snapshot.test, "train": snapshot.train}.items():
            found |= {f"{name} logits": part.logits[column], f"{name} features": part.features[column]}
        found |= {} if snapshot.grid is None else {"grid": snapshot.grid.logits[column]}
    return found


def assert_same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    for name in a.keys() & b.keys():
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


# What a run's numbers depend on.


@pytest.mark.parametrize("shape", SHAPES)
def test_a_run_alone_is_the_run_in_any_batch_to_the_last_bit(shape: str, threads: Callable[[int], None]) -> None:
    setup = SHAPES[shape]
    threads(2)
    many = last_of(replace(setup, epsilons=(0.0, 0.05, 0.1, 0.2, 0.3), seeds=(0, 1, 2)))
    pair = last_of(replace(setup, epsilons=(0.0, 0.1), seeds=(1, 2)))
    assert torch.get_num_threads() == 2
    alone_on_two = last_of(replace(setup, epsilons=(0.1,), seeds=(1,)))
    threads(1)
    alone = last_of(replace(setup, epsilons=(0.1,), seeds=(1,)))
    assert_same(numbers(alone, 0, 0), numbers(pair, 0, 1))
    assert_same(numbers(alone, 0, 0), numbers(alone_on_two, 0, 0))
    assert_same(numbers(alone, 0, 0), numbers(many, 1, 2))
    assert_same(numbers(pair, 1, 0), numbers(many, 2, 0))


def test_the_same_setup_gives_the_same_numbers_also_side_by_side(threads: Callable[[int], None]) -> None:
    threads(2)
    alone = last_of(SMALL)
    with ThreadPoolExecutor(2) as pool:
        for snapshot in pool.map(last_of, [SMALL] * 4):
            for seed, column in np.ndindex(2, 2):
                assert_same(numbers(snapshot, seed, column), numbers(alone, seed, column))


def test_the_epsilons_of_a_seed_start_alike_and_the_seeds_do_not() -> None:
    start = next(train(replace(SMALL, epsilons=(0.0, 0.1, 0.5), label_noise=0.0)))
    for name in MEASURES:
        values = getattr(start, name)
        if name != "train_loss":
            assert np.all(values == values[:, :1]), name
        assert np.all(values[0] != values[1]), name
    for shown in (start.test.logits, start.train.features, start.weights):
        assert np.all(shown == shown[:1])


def test_every_seed_goes_through_the_examples_in_its_own_order() -> None:
    first, second = (order.permutation(60) for order in _Trainer(SMALL).orders)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(("name", "settings"), [("Adam", {}), ("SGD", {"momentum": 0.9})])
def test_steps_are_those_of_the_optimizers_of_torch(name: str, settings: dict[str, float]) -> None:
    trainer = _Trainer(replace(SMALL, optimizer=name.lower(), weight_decay=0.1))
    twin = trainer.network.parameters.clone()
    optimizer = getattr(torch.optim, name)([twin], lr=SMALL.learning_rate, weight_decay=0.1, **settings)
    for _ in range(5):
        trainer.network.gradients.normal_()
        twin.grad = trainer.network.gradients.clone()
        trainer.step()
        optimizer.step()
        torch.testing.assert_close(trainer.network.parameters, twin)


def test_training_imports_no_compiler() -> None:
    """Streamlit's threads must not import, and torch._dynamo alone takes as long as a training."""
    program = """
import sys
from labelsmooth.setups import TrainingSetup
from labelsmooth.training import train
for optimizer in ("adam", "sgd"):
    list(train(TrainingSetup("wine", train_size=60, epochs=1, optimizer=optimizer)))
assert "torch._dynamo" not in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


@pytest.mark.parametrize(
    "change",
    [
        {"label_noise": 0.3}, {"convention": "others"}, {"hidden": (12, 9)}, {"activation": "tanh"},
        {"batch_size": 15}, {"learning_rate": 4e-3}, {"weight_decay": 0.1}, {"optimizer": "sgd"}, {"train_size": 61},
    ],
    ids=str,
)  # fmt: skip
def test_every_choice_changes_the_numbers(change: dict[str, Any]) -> None:
    smoothed, changed = (last_of(setup).train_loss[:, 1] for setup in (SMALL, replace(SMALL, **change)))
    assert np.all(smoothed != changed)


# What the numbers mean.


@pytest.mark.parametrize("setup", [SMALL, replace(SHAPES["tanh and sgd"], label_noise=0.2)], ids=["wine", "blobs"])
def test_measures_are_what_the_shown_logits_say(setup: TrainingSetup) -> None:
    for snapshot in train(setup):
        for column in range(2):
            logits, labels = snapshot.test.logits[column].astype(float), snapshot.test.labels
            probs, rows, classes = softmax(logits), np.arange(len(labels)), np.arange(logits.shape[1])
            curve = reliability_curve(probs, labels)
            expected = {
                "accuracy": np.mean(logits.argmax(1) == labels),
                "nll": log_loss(labels, probs, labels=classes),
                "brier": np.mean(((probs - np.eye(len(classes))[labels]) ** 2).sum(1)),
                "ece": curve.ece,
                "confidence": curve.confidence,
                "test_logit_gap": gap(logits, labels),
                "train_accuracy": np.mean(snapshot.train.logits[column].argmax(1) == snapshot.train.labels),
                "train_logit_gap": gap(snapshot.train.logits[column].astype(float), snapshot.train.labels),
            }
            assert rows.size == snapshot.test.features.shape[1]
            for name, value in expected.items():
                assert getattr(snapshot, name)[0, column] == pytest.approx(value, abs=1e-12), name


@pytest.mark.parametrize("setup", [SMALL, SHAPES["digits"], SHAPES["tanh and sgd"]], ids=["wine", "digits", "blobs"])
def test_cluster_measures_are_what_the_shown_features_say(setup: TrainingSetup) -> None:
    for snapshot in train(setup):
        for prefix, part in {"": snapshot.test, "train_": snapshot.train}.items():
            for column, rows in enumerate(part.features):
                assert np.ptp(rows) > 0
                for name, measure in {"separation": class_separation, "nc1": neural_collapse}.items():
                    value = getattr(snapshot, prefix + name)[0, column]
                    assert value == pytest.approx(measure(rows, part.labels), rel=1e-6), prefix + name


def gap(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean over examples of the label's logit minus the mean of the others, example by example."""
    return float(np.mean([z[y] - np.delete(z, y).mean() for z, y in zip(logits, labels, strict=True)]))


@pytest.mark.parametrize("convention", ["uniform", "others"])
def test_training_loss_is_the_public_loss_and_above_its_floor(convention: Convention) -> None:
    epsilons = (0.0, 0.1, 0.5, -0.1)
    for snapshot in train(replace(SMALL, epsilons=epsilons, convention=convention)):
        for column, epsilon in enumerate(epsilons):
            loss = LabelSmoothingLoss(epsilon, convention=convention)(
                torch.from_numpy(snapshot.train.logits[column]).double(), torch.from_numpy(snapshot.train.labels)
            )
            assert snapshot.train_loss[0, column] == pytest.approx(loss.item(), abs=1e-12)
            assert np.all(snapshot.train_loss[:, column] > minimum_loss(epsilon, 3, convention))


def test_logits_are_the_last_layer_of_the_features() -> None:
    for snapshot in train(SHAPES["tanh and sgd"]):
        for part in (snapshot.test, snapshot.train):
            expected = part.features @ snapshot.weights + snapshot.biases[:, None]
            np.testing.assert_allclose(part.logits, expected, atol=1e-5)


def test_parts_are_those_of_the_first_seed() -> None:
    snapshot = last_of(replace(SMALL, seeds=(5, 6)))
    split = make_split("wine", 60, SMALL.label_noise, seed=5)
    for part, inputs, labels, clean in (
        (snapshot.train, split.x_train, split.train_given, split.train_clean),
        (snapshot.test, split.x_test, split.test_labels, split.test_labels),
    ):
        np.testing.assert_array_equal(part.inputs, inputs)
        np.testing.assert_array_equal(part.labels, labels)
        np.testing.assert_array_equal(part.clean_labels, clean)


@pytest.mark.parametrize("noisy", [False, True])
def test_best_temperature_is_fitted_on_the_validation_part(noisy: bool) -> None:
    setup = replace(SMALL, noisy_validation=noisy)
    trainer = _Trainer(setup)
    trainer.train_epoch()
    best = trainer.best_temperature(lost=np.zeros((2, 2), bool))
    assert best.examples == 29  # a quarter of what 60 training examples leave of 178
    for row, seed in enumerate(setup.seeds):
        split = make_split("wine", 60, setup.label_noise, seed, noisy_validation=noisy)
        inputs = torch.from_numpy(np.concatenate([split.x_validation, split.x_test])).expand(4, -1, -1)
        logits = trainer.network.activations(pad_examples(inputs))[-1].transpose(1, 2).numpy()
        known, end = len(split.x_validation), inputs.shape[1]
        for column in range(2):
            validation, test = logits[2 * row + column, :known], logits[2 * row + column, known:end]
            fit = fit_temperature(validation, split.validation_labels)
            scaled = softmax(test / fit.temperature)
            assert best.temperature[row, column] == pytest.approx(fit.temperature, rel=1e-6)
            assert best.nll[row, column] == pytest.approx(log_loss(split.test_labels, scaled, labels=range(3)))
            curve = reliability_curve(scaled, split.test_labels)
            brier = np.mean(((scaled - np.eye(3)[split.test_labels]) ** 2).sum(1))
            for name, value in {"ece": curve.ece, "confidence": curve.confidence, "brier": brier}.items():
                assert best.arrays[name][row, column] == pytest.approx(value, abs=1e-6), name


@pytest.mark.parametrize(
    ("flip", "temperature", "at_bound"), [(0, 0.05, -1), (1, 20.0, 1)], ids=["no errors", "all wrong"]
)
def test_a_temperature_at_its_bound_is_marked(flip: int, temperature: float, at_bound: int) -> None:
    labels = torch.tensor([[0, 1, 2, 1]])
    logits = torch.nn.functional.one_hot((labels + flip) % 3, 3).transpose(1, 2).float()
    best = fitted_temperatures(logits, labels, logits, labels)
    assert best.temperature.tolist() == [temperature]
    assert (best.at_bound.tolist(), best.no_errors.tolist()) == ([at_bound], [flip == 0])
    assert best.examples == 4


def test_a_lost_run_has_no_temperature_and_no_bound() -> None:
    trainer = _Trainer(SMALL)
    lost = np.array([[True, False], [False, True]])
    best = trainer.best_temperature(lost)
    for name in ("temperature", "ece", "nll", "brier", "confidence"):
        np.testing.assert_array_equal(np.isnan(best.arrays[name]), lost)
    assert not best.at_bound[lost].any()
    assert not best.no_errors[lost].any()


def test_grid_covers_the_plane_of_the_first_seed() -> None:
    snapshot = last_of(replace(SHAPES["one hidden layer of 7"], seeds=(0, 1)))
    assert snapshot.grid is not None
    x, y = snapshot.grid.x, snapshot.grid.y
    for place, axis in enumerate((x, y)):
        inputs = snapshot.train.inputs[:, place]
        assert axis[0] < inputs.min() < inputs.max() < axis[-1]
        np.testing.assert_allclose(np.diff(axis), np.ptp(axis) / (len(axis) - 1), rtol=1e-3)
    # The grid point nearest to an example has about its logits: x runs within y.
    for example in range(20):
        column, row = (np.abs(axis - snapshot.train.inputs[example, k]).argmin() for k, axis in enumerate((x, y)))
        near = snapshot.grid.logits[:, row * len(x) + column]
        np.testing.assert_allclose(near, snapshot.train.logits[:, example], atol=0.5)
    assert last_of(SMALL).grid is None


@pytest.mark.parametrize("epochs", [1, 5, 20, 21, 50, 100, 400, 1000])
def test_snapshots_are_dense_at_first_and_few_in_all(epochs: int) -> None:
    shown = sorted(snapshot_epochs(epochs))
    assert shown[0] == 0
    assert shown[-1] == epochs
    assert shown[:21] == list(range(min(epochs, 20) + 1))
    assert len(shown) <= 51
    assert len({after - before for before, after in pairwise(shown[21:])}) <= 1


@pytest.mark.parametrize("epochs", [1, 2, 5, 15, 40, 99, 100, 1000])
def test_without_a_film_there_is_an_early_snapshot_and_a_few_even_ones(epochs: int) -> None:
    first, *others = sorted(snapshot_epochs(epochs, film=False))
    assert first == 1
    assert [first, *others][-1] == epochs
    assert min(epochs, 4) <= len(others) + 1 <= 7
    assert len({after - before for before, after in pairwise(others)}) <= 1


@pytest.mark.parametrize("film", [True, False])
def test_training_yields_those_snapshots_and_only_the_last_is_finished(film: bool) -> None:
    snapshots = list(train(replace(SMALL, epochs=60, film=film)))
    assert [snapshot.epoch for snapshot in snapshots] == sorted(snapshot_epochs(60, film=film))
    assert [snapshot.finished for snapshot in snapshots] == [False] * (len(snapshots) - 1) + [True]
    assert [snapshot.best is not None for snapshot in snapshots] == [snapshot.finished for snapshot in snapshots]


@pytest.mark.parametrize("film", [True, False])
def test_every_epoch_is_a_step_for_whoever_reads(film: bool) -> None:
    assert len(list(train_by_epoch(replace(SMALL, epochs=30, film=film)))) == 31


def test_no_number_depends_on_whether_there_is_a_film() -> None:
    setup = replace(SMALL, dataset="moons", epochs=25)
    film = {snapshot.epoch: snapshot for snapshot in train(setup)}
    for snapshot in train(replace(setup, film=False)):
        for seed, column in np.ndindex(2, 2):
            found, watched = numbers(snapshot, seed, column), numbers(film[snapshot.epoch], seed, column)
            if not snapshot.finished:
                for name in CLUSTER_MEASURES:
                    assert np.isnan([found.pop(name), found.pop(f"train_{name}")]).all()
            assert_same(found, watched)
    assert snapshot.epoch == 25
    assert snapshot.best is not None


# What smoothing does.


def test_default_story_goes_the_way_of_its_table() -> None:
    last = last_of(replace(TrainingSetup(), seeds=(0, 1, 2), epsilons=(0.0, 0.1, 0.2)))
    assert last.best is not None
    for falls in (last.confidence, last.best.temperature, last.train_logit_gap):
        assert np.all(np.diff(falls.mean(0)) < 0)
    for name in ("ece", "nll"):
        hard, smoothed, _ = getattr(last, name).mean(0)
        assert smoothed < hard
    assert last.confidence[:, 0].mean() > last.accuracy[:, 0].mean() + 0.1


def test_on_clean_digits_smoothing_makes_calibration_worse() -> None:
    last = last_of(TrainingSetup(label_noise=0.0, train_size=600, epochs=50, seeds=(0, 1, 2)))
    assert np.all(last.ece[:, 1] > last.ece[:, 0] + 0.03)
    assert np.all(last.confidence[:, 1] < last.accuracy[:, 1])


@pytest.mark.parametrize("convention", ["uniform", "others"])
def test_logit_gap_reaches_its_optimum_on_separable_data(convention: Convention) -> None:
    epsilons = (0.05, 0.2)
    last = last_of(
        TrainingSetup("wine", train_size=100, label_noise=0, epochs=300, seeds=(0,), epsilons=epsilons,
                      convention=convention)
    )  # fmt: skip
    for column, epsilon in enumerate(epsilons):
        optimum = optimal_logit_gap(epsilon, 3, convention)
        assert last.train_logit_gap[0, column] == pytest.approx(optimum, rel=0.02)
        assert 0 < last.train_loss[0, column] - minimum_loss(epsilon, 3, convention) < 0.002


# How a run ends.


def test_without_a_film_a_run_that_diverges_at_once_keeps_the_numbers_of_its_start() -> None:
    setup = replace(SMALL, learning_rate=1e4, epochs=20)
    (start, *_), last = list(train(setup)), last_of(replace(setup, film=False))
    assert last.epoch == 1
    assert np.all(last.diverged == 1)
    for seed, column in np.ndindex(2, 2):
        lost, kept = numbers(last, seed, column), numbers(start, seed, column)
        for name in (*CLUSTER_MEASURES, *(f"train_{name}" for name in CLUSTER_MEASURES)):
            assert np.isnan(lost.pop(name))
        assert lost.pop("diverged") == 1
        lost = {name: value for name, value in lost.items() if not name.startswith("best")}
        assert lost.keys() < kept.keys()
        assert_same(lost, kept)


def test_without_a_film_a_run_that_diverges_at_once_does_not_hold_up_its_neighbours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setup = replace(SMALL, film=False)
    healthy, train_epoch = last_of(setup), _Trainer.train_epoch

    def poisoned(trainer: _Trainer) -> None:
        train_epoch(trainer)
        trainer.network.weights[0][1] = np.nan

    monkeypatch.setattr(_Trainer, "train_epoch", poisoned)
    last = last_of(setup)
    np.testing.assert_array_equal(last.diverged, [[NEVER, 1], [NEVER, NEVER]])
    for seed, column in ((0, 0), (1, 0), (1, 1)):
        assert_same(numbers(last, seed, column), numbers(healthy, seed, column))


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_divergence_ends_with_the_last_good_snapshot(optimizer: str) -> None:
    *before, last = train(replace(SMALL, learning_rate=1e3, optimizer=optimizer, epochs=20))
    assert last.finished
    assert 0 < last.epoch < 20
    assert np.all(last.diverged != NEVER)
    for seed, column in np.ndindex(2, 2):
        good = before[last.diverged[seed, column] - 1]
        assert good.diverged[seed, column] == NEVER
        kept = numbers(last, seed, column)
        assert_same({name: value for name, value in kept.items() if name != "diverged"}, numbers(good, seed, column))
        unknown = {name for name, value in kept.items() if not np.all(np.isfinite(value))}
        # A dead network has equal class means, and so no NC1.
        lost = {f"best {name}" for name in ("temperature", "ece", "nll", "brier", "confidence")}
        assert lost <= unknown <= lost | {"nc1", "train_nc1"}


@pytest.mark.parametrize("poison", [np.nan, np.inf, 3e38])
def test_a_run_that_diverges_does_not_touch_its_neighbours(poison: float, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = replace(SMALL, dataset="moons", epochs=6)
    healthy = list(train(setup))
    train_epoch, count = _Trainer.train_epoch, iter(range(1, 7))

    def poisoned(trainer: _Trainer) -> None:
        train_epoch(trainer)
        if next(count) == 3:
            trainer.network.weights[0][1] = poison

    monkeypatch.setattr(_Trainer, "train_epoch", poisoned)
    last = last_of(setup)
    np.testing.assert_array_equal(last.diverged, [[NEVER, 3], [NEVER, NEVER]])
    for seed, column in ((0, 0), (1, 0), (1, 1)):
        assert_same(numbers(last, seed, column), numbers(healthy[-1], seed, column))
    kept = numbers(last, 0, 1)
    assert_same({name: value for name, value in kept.items() if name != "diverged"}, numbers(healthy[2], 0, 1))


def test_the_trainer_is_never_ahead_of_its_snapshots_and_stops_when_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    train_epoch, trained = _Trainer.train_epoch, list[None]()
    monkeypatch.setattr(_Trainer, "train_epoch", lambda trainer: trained.append(train_epoch(trainer)))
    snapshots = train(replace(SMALL, epochs=60))
    for snapshot in snapshots:
        assert len(trained) == snapshot.epoch
        if snapshot.epoch == 28:
            break
    assert isinstance(snapshots, Generator)
    snapshots.close()
    assert list(snapshots) == []
    assert len(trained) == 28
