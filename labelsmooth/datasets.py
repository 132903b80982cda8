"""Named data sets, their splits into training, validation and test parts, and label noise.

Legend: N examples, D features, K classes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from sklearn import datasets as sklearn_datasets
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from labelsmooth.own_data.held import find, is_own

TRAIN_SHARE = 0.6  # of a data set at most: the rest must still measure calibration
SYNTHETIC_ROWS = 2000
MOST_MEASURED = 5000  # test examples: a film keeps what a network says of each at every epoch
FARTHEST = 1e6  # standard deviations from the mean: a value farther out would overflow in single precision

Examples = Literal["real", "made", "drawn"]  # of a formula: made once, or drawn anew for each seed
Rows = tuple[np.ndarray, np.ndarray]  # features (N, D) and labels (N,)


@dataclass(frozen=True)
class Dataset:
    """How one data set is named, made and scaled; `make(seed, classes)` gives x (N, D) and labels (N,)."""

    title: str
    make: Callable[[int, int], Rows]
    rows: int
    class_names: tuple[str, ...] = ()
    examples: Examples = "real"
    choose_classes: tuple[int, int] | None = None
    standardise: bool = True
    shown: tuple[int, ...] = (0, 1, 2)
    smallest_train_size: int | None = None  # where two examples a class do not do
    image_side: int | None = None  # pixels, where an example is a square picture


@dataclass(frozen=True)
class Split:
    """Training (N, D), validation and test parts; `train_given` (N,) are the labels trained on."""

    x_train: np.ndarray
    train_given: np.ndarray
    train_clean: np.ndarray
    x_validation: np.ndarray
    validation_labels: np.ndarray
    x_test: np.ndarray
    test_labels: np.ndarray


def _digits(_seed: int, _classes: int) -> Rows:
    x, y = sklearn_datasets.load_digits(return_X_y=True)
    return x / 16.0, y  # pixels count 0..16


def _real(loader: Callable[..., Rows]) -> Callable[[int, int], Rows]:
    return lambda _seed, _classes: loader(return_X_y=True)


def _moons(seed: int, _classes: int) -> Rows:
    return sklearn_datasets.make_moons(SYNTHETIC_ROWS, noise=0.25, random_state=seed)


def _circles(seed: int, _classes: int) -> Rows:
    return sklearn_datasets.make_circles(SYNTHETIC_ROWS, noise=0.15, factor=0.5, random_state=seed)


def _blobs(seed: int, classes: int) -> Rows:
    turn = 2 * np.pi * np.arange(classes) / classes
    centres = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    # The nearest neighbour sits 2.2 standard deviations away for any number of classes: they overlap.
    spread = 2 * np.sin(np.pi / classes) / 2.2
    return sklearn_datasets.make_blobs(
        SYNTHETIC_ROWS, centers=centres, cluster_std=spread, random_state=seed, return_centers=False
    )


def _spirals(seed: int, classes: int) -> Rows:
    generator = np.random.default_rng(seed)
    labels = np.arange(SYNTHETIC_ROWS) % classes
    radius = np.sqrt(generator.uniform(0.01, 1, SYNTHETIC_ROWS))
    angle = 1.25 * 2 * np.pi * radius + 2 * np.pi * labels / classes
    arms = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return arms + generator.normal(0, 0.06, arms.shape), labels


def _hard(_seed: int, _classes: int) -> Rows:
    # One task for all seeds, as with the real data sets: a seed changes the split, not the problem.
    return sklearn_datasets.make_classification(
        n_samples=2 * SYNTHETIC_ROWS,
        n_features=20,
        n_informative=10,
        n_classes=5,
        n_clusters_per_class=2,
        random_state=0,
    )


DATASETS: dict[str, Dataset] = {
    "digits": Dataset(
        "digits (8 x 8 pixels)",
        _digits,
        1797,
        tuple(f"digit {k}" for k in range(10)),
        standardise=False,
        shown=(3, 5, 0),  # two that look alike, and another
        image_side=8,
    ),
    "wine": Dataset("wine", _real(sklearn_datasets.load_wine), 178, ("cultivar 1", "cultivar 2", "cultivar 3")),
    "breast cancer": Dataset("breast cancer", _real(sklearn_datasets.load_breast_cancer), 569, ("malignant", "benign")),
    "iris": Dataset("iris", _real(sklearn_datasets.load_iris), 150, ("setosa", "versicolor", "virginica")),
    "moons": Dataset("two moons", _moons, SYNTHETIC_ROWS, ("upper moon", "lower moon"), "drawn"),
    "circles": Dataset("two circles", _circles, SYNTHETIC_ROWS, ("outer circle", "inner circle"), "drawn"),
    "blobs": Dataset("blobs", _blobs, SYNTHETIC_ROWS, examples="drawn", choose_classes=(2, 10)),
    "spirals": Dataset("spirals", _spirals, SYNTHETIC_ROWS, examples="drawn", choose_classes=(2, 5)),
    "hard": Dataset(
        "hard (5 classes, 20 features)", _hard, 2 * SYNTHETIC_ROWS, tuple(f"class {k}" for k in range(5)), "made"
    ),
}


def dataset_of(name: str) -> Dataset:
    """The data set of this name, also one's own; `DataGoneError` where nobody holds that any more."""
    if not is_own(name):
        return DATASETS[name]
    own = find(name)
    return Dataset(
        "data of your own",
        lambda _seed, _classes: (own.x, own.y),
        len(own.y),
        own.classes,
        shown=own.largest_classes,
        smallest_train_size=own.smallest_train_size,
    )


def class_names(name: str, classes: int) -> tuple[str, ...]:
    """A readable name for each of the K classes."""
    return dataset_of(name).class_names or tuple(f"class {k}" for k in range(classes))


def classes_shown(name: str, classes: int) -> tuple[int, ...]:
    """The classes that pictures show unless others are chosen: three, or both of two."""
    return dataset_of(name).shown[: len(class_names(name, classes))]


def largest_train_size(name: str) -> int:
    """Most training examples: TRAIN_SHARE of the data set."""
    return int(TRAIN_SHARE * dataset_of(name).rows)


def smallest_train_size(name: str, classes: int) -> int:
    """Fewest training examples: two a class, or more where a rare one needs it to be in a stratified split."""
    return dataset_of(name).smallest_train_size or 2 * len(class_names(name, classes))


def add_label_noise(labels: np.ndarray, noise: float, num_classes: int, generator: np.random.Generator) -> np.ndarray:
    """Labels (N,) of which round(noise * N) were drawn anew, uniformly over all K classes.

    The same generator state gives nested noise: what a small share changes, a larger share changes alike.
    """
    order = generator.permutation(len(labels))
    drawn = generator.integers(num_classes, size=len(labels))
    noisy = labels.copy()
    chosen = order[: round(noise * len(labels))]
    noisy[chosen] = drawn[chosen]
    return noisy


def rows_of(name: str, seed: int, classes: int) -> Rows:
    """All features and labels of a data set, for one seed and number of classes."""
    # A cache would keep data of one's own alive.
    return dataset_of(name).make(seed, classes) if is_own(name) else _known_rows(name, seed, classes)


@lru_cache(maxsize=64)  # real data are parsed once; a server sees ever new seeds
def _known_rows(name: str, seed: int, classes: int) -> Rows:
    x, y = DATASETS[name].make(seed, classes)
    return x.astype(np.float64), y.astype(np.int64)


def make_split(
    name: str,
    train_size: int,
    label_noise: float,
    seed: int,
    *,
    classes: int = 3,
    noisy_validation: bool = False,
) -> Split:
    """Stratified parts of a data set for one seed, float32; what training leaves is split 1:3.

    No more than MOST_MEASURED examples are in the test part, which only data of one's own can reach.
    """
    data_seed, split_seed, noise_seed = (int(s) for s in np.random.SeedSequence(seed).generate_state(3, np.uint32))
    x, y = rows_of(name, data_seed if dataset_of(name).examples == "drawn" else 0, classes)
    num_classes = len(class_names(name, classes))
    x_train, x_rest, clean, y_rest = train_test_split(x, y, train_size=train_size, stratify=y, random_state=split_seed)
    x_validation, x_test, y_validation, y_test = train_test_split(
        x_rest,
        y_rest,
        train_size=len(y_rest) // 4,
        test_size=min(len(y_rest) - len(y_rest) // 4, MOST_MEASURED),
        stratify=y_rest,
        random_state=split_seed,
    )
    generator = np.random.default_rng(noise_seed)
    given = add_label_noise(clean, label_noise, num_classes, generator)
    if noisy_validation:
        y_validation = add_label_noise(y_validation, label_noise, num_classes, generator)
    parts = [x_train, x_validation, x_test]
    if dataset_of(name).standardise:
        parts = _standardised(*parts)
    x_train, x_validation, x_test = (part.astype(np.float32) for part in parts)
    return Split(x_train, given, clean, x_validation, y_validation, x_test, y_test)


def _standardised(x_train: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Every part (n, D) by mean and spread of the training part alone; a missing value becomes that mean."""
    parts = [x_train, *others]
    if any(np.isnan(part).any() for part in parts):
        imputer = SimpleImputer(keep_empty_features=True).fit(x_train)
        parts = [imputer.transform(part) for part in parts]
    scaler = StandardScaler().fit(parts[0])
    return [np.clip(scaler.transform(part), -FARTHEST, FARTHEST) for part in parts]
