"""Laws of the data sets, their splits and label noise."""

from dataclasses import fields, replace

import numpy as np
import pytest

from labelsmooth.datasets import (
    DATASETS,
    Split,
    add_label_noise,
    class_names,
    largest_train_size,
    make_split,
    smallest_train_size,
)
from labelsmooth.setups import TrainingSetup
from labelsmooth.training import train

EVERY = [(name, classes) for name, dataset in DATASETS.items() for classes in (3, *(dataset.choose_classes or ()))]
every_dataset = pytest.mark.parametrize(("name", "classes"), EVERY)


def differing(a: Split, b: Split) -> set[str]:
    """Names of the parts in which two splits differ."""
    return {f.name for f in fields(Split) if not np.array_equal(getattr(a, f.name), getattr(b, f.name))}


def joined(split: Split) -> tuple[np.ndarray, np.ndarray]:
    """All inputs and all clean labels of a split, part after part."""
    inputs = np.concatenate([split.x_train, split.x_validation, split.x_test])
    return inputs, np.concatenate([split.train_clean, split.validation_labels, split.test_labels])


def test_digits_of_1000_leave_199_and_598() -> None:
    split = make_split("digits", 1000, 0.4, seed=0)
    assert [len(part) for part in (split.x_train, split.x_validation, split.x_test)] == [1000, 199, 598]
    assert np.mean(split.train_given != split.train_clean) == pytest.approx(0.36, abs=0.05)


@every_dataset
def test_parts_are_stratified_and_what_training_leaves_is_split_one_to_three(name: str, classes: int) -> None:
    size = min(500, largest_train_size(name))
    split = make_split(name, size, 0.0, seed=3, classes=classes)
    inputs, labels = joined(split)
    rest = DATASETS[name].rows - size
    assert [len(split.x_train), len(split.x_validation), len(split.x_test)] == [size, rest // 4, rest - rest // 4]
    assert {part.dtype for part in (split.x_train, split.x_validation, split.x_test)} == {np.dtype(np.float32)}
    names = class_names(name, classes)
    expected = np.bincount(labels, minlength=len(names)) / len(labels)
    assert set(labels) == set(range(len(names)))
    for part in (split.train_clean, split.validation_labels, split.test_labels):
        np.testing.assert_allclose(np.bincount(part, minlength=len(names)), expected * len(part), atol=2)
    assert len(inputs) == len(labels) == DATASETS[name].rows


def test_parts_are_the_whole_data_set_and_share_nothing() -> None:
    first, second = (joined(make_split("digits", 700, 0.4, seed)) for seed in (0, 1))
    rows = [np.column_stack(both)[np.lexsort(both[0].T)] for both in (first, second)]
    assert not np.array_equal(first[0], second[0])
    np.testing.assert_array_equal(rows[0], rows[1])


@pytest.mark.parametrize("name", DATASETS)
def test_at_most_sixty_percent_are_for_training(name: str) -> None:
    assert largest_train_size(name) == int(0.6 * DATASETS[name].rows)
    TrainingSetup(dataset=name, train_size=largest_train_size(name))
    with pytest.raises(ValueError, match=rf"between \d+ and {largest_train_size(name)}; got"):
        TrainingSetup(dataset=name, train_size=largest_train_size(name) + 1)


@pytest.mark.parametrize("name", [name for name, dataset in DATASETS.items() if dataset.standardise])
def test_inputs_are_standardised_on_the_training_part_alone(name: str) -> None:
    split = make_split(name, smallest_train_size(name, 3) * 5, 0.0, seed=1)
    np.testing.assert_allclose(split.x_train.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(split.x_train.std(0), 1, atol=1e-5)
    assert np.abs(split.x_test.mean(0)).max() > 1e-3
    assert np.abs(split.x_test.std(0) - 1).max() > 1e-3


def test_pixels_are_sixteenths_from_zero_to_one() -> None:
    inputs, _ = joined(make_split("digits", 1000, 0.4, seed=0))
    assert (inputs.min(), inputs.max()) == (0, 1)
    np.testing.assert_array_equal(inputs * 16 % 1, 0)


@pytest.mark.parametrize("noise", [0.0, 0.2, 0.8])
@pytest.mark.parametrize("classes", [2, 10])
def test_noisy_labels_are_uniform_over_all_classes(noise: float, classes: int) -> None:
    clean = np.full(200_000, classes - 1)
    given = add_label_noise(clean, noise, classes, np.random.default_rng(0))
    share = np.bincount(given, minlength=classes) / len(given)
    np.testing.assert_allclose(share[:-1], noise / classes, atol=0.004)
    assert np.mean(given != clean) == pytest.approx(noise * (classes - 1) / classes, abs=0.004)
    assert np.all(clean == classes - 1)


def test_less_noise_is_part_of_more_noise() -> None:
    clean = np.arange(5000) % 10
    little, much = (add_label_noise(clean, noise, 10, np.random.default_rng(1)) for noise in (0.2, 0.5))
    changed = little != clean
    assert 0 < changed.sum() < (much != clean).sum()
    np.testing.assert_array_equal(much[changed], little[changed])


def test_noise_changes_the_training_labels_alone() -> None:
    clean, noisy, all_noisy = (
        make_split("digits", 1000, noise, seed=2, noisy_validation=everywhere)
        for noise, everywhere in ((0.0, True), (0.4, False), (0.4, True))
    )
    assert (clean.train_given == clean.train_clean).all()
    assert differing(clean, noisy) == {"train_given"}
    assert differing(noisy, all_noisy) == {"validation_labels"}
    wrong = np.mean(noisy.validation_labels != all_noisy.validation_labels)
    assert wrong == pytest.approx(0.36, abs=0.1)
    np.testing.assert_array_equal(noisy.train_clean, clean.train_given)


@pytest.mark.parametrize("name", DATASETS)
def test_a_seed_says_everything(name: str) -> None:
    first, again, other = (make_split(name, 50, 0.3, seed) for seed in (7, 7, 8))
    assert not differing(first, again)
    assert differing(first, other) >= {"x_train", "x_test", "train_given"}


@pytest.mark.parametrize("name", DATASETS)
def test_a_seed_draws_new_examples_only_where_a_formula_makes_them(name: str) -> None:
    one, other = (DATASETS[name].make(seed, 3)[0] for seed in (0, 1))
    assert np.array_equal(one, other) == (DATASETS[name].examples != "drawn")
    assert len(one) == DATASETS[name].rows


@every_dataset
def test_every_data_set_trains(name: str, classes: int) -> None:
    for size, batch in ((smallest_train_size(name, classes), 4), (min(100, largest_train_size(name)), 32)):
        setup = TrainingSetup(
            dataset=name, classes=classes, train_size=size, batch_size=batch, seeds=(0, 1), hidden=(16,), epochs=2
        )
        start, *_, last = train(replace(setup, label_noise=0.1))
        assert last.finished
        assert np.all(last.train_loss < start.train_loss)
        assert last.test.logits.shape == (2, len(last.test.labels), len(class_names(name, classes)))
