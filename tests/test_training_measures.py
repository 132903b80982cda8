"""Laws of what the trainer measures: the numbers are what the shown logits, features and parts say."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from trained_runs import SHAPES, SMALL, assert_same, last_of, numbers

from labelsmooth.calibration import reliability_curve, softmax
from labelsmooth.cluster_measures import CLUSTER_MEASURES
from labelsmooth.conventions import Convention, minimum_loss
from labelsmooth.datasets import make_split
from labelsmooth.geometry import class_separation, neural_collapse
from labelsmooth.loss import LabelSmoothingLoss
from labelsmooth.measures import fitted_temperatures
from labelsmooth.network import pad_examples
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import snapshot_epochs
from labelsmooth.temperature import fit_temperature
from labelsmooth.training import _Trainer, train, train_by_epoch


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
