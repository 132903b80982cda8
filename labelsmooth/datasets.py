"""Named data sets, their splits into training, validation and test parts, and label noise.

Legend: N examples, D features, K classes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from sklearn import datasets as sklearn_datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

TRAIN_SHARE = 0.6  # of a data set at most: the rest must still measure calibration
SYNTHETIC_ROWS = 2000

Rows = tuple[np.ndarray, np.ndarray]  # features (N, D) and labels (N,)


@dataclass(frozen=True)
class Dataset:
    """How one data set is named, made and scaled; `make(seed, classes)` gives x (N, D) and labels (N,)."""

    title: str
    make: Callable[[int, int], Rows]
    rows: int
    class_names: tuple[str, ...] = ()
    choose_classes: tuple[int, int] | None = None
    standardise: bool = True
    shown: tuple[int, int, int] = (0, 1, 2)
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
    "moons": Dataset("two moons", _moons, SYNTHETIC_ROWS, ("upper moon", "lower moon")),
    "circles": Dataset("two circles", _circles, SYNTHETIC_ROWS, ("outer circle", "inner circle")),
    "blobs": Dataset("blobs", _blobs, SYNTHETIC_ROWS, choose_classes=(2, 10)),
    "spirals": Dataset("spirals", _spirals, SYNTHETIC_ROWS, choose_classes=(2, 5)),
    "hard": Dataset("hard (5 classes, 20 features)", _hard, 2 * SYNTHETIC_ROWS, tuple(f"class {k}" for k in range(5))),
}


def class_names(name: str, classes: int) -> tuple[str, ...]:
    """A readable name for each of the K classes."""
    return DATASETS[name].class_names or tuple(f"class {k}" for k in range(classes))


def largest_train_size(name: str) -> int:
    """Most training examples: TRAIN_SHARE of the data set."""
    return int(TRAIN_SHARE * DATASETS[name].rows)


def smallest_train_size(name: str, classes: int) -> int:
    """Fewest training examples: two a class, so that a stratified split has one of each."""
    return 2 * len(class_names(name, classes))


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


@lru_cache(maxsize=64)  # real data are parsed once; a server sees ever new seeds
def _rows(name: str, seed: int, classes: int) -> Rows:
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
    """Stratified parts of a data set for one seed, float32; what training leaves is split 1:3."""
    data_seed, split_seed, noise_seed = (int(s) for s in np.random.SeedSequence(seed).generate_state(3, np.uint32))
    x, y = _rows(name, data_seed if _is_sampled(name) else 0, classes)
    num_classes = len(class_names(name, classes))
    x_train, x_rest, clean, y_rest = train_test_split(x, y, train_size=train_size, stratify=y, random_state=split_seed)
    x_validation, x_test, y_validation, y_test = train_test_split(
        x_rest, y_rest, train_size=len(y_rest) // 4, stratify=y_rest, random_state=split_seed
    )
    generator = np.random.default_rng(noise_seed)
    given = add_label_noise(clean, label_noise, num_classes, generator)
    if noisy_validation:
        y_validation = add_label_noise(y_validation, label_noise, num_classes, generator)
    if DATASETS[name].standardise:
        scaler = StandardScaler().fit(x_train)
        x_train, x_validation, x_test = (scaler.transform(part) for part in (x_train, x_validation, x_test))
    x_train, x_validation, x_test = (part.astype(np.float32) for part in (x_train, x_validation, x_test))
    return Split(x_train, given, clean, x_validation, y_validation, x_test, y_test)


def _is_sampled(name: str) -> bool:
    """Whether a seed draws new examples; real data and `hard` have one table for all seeds."""
    return name in ("moons", "circles", "blobs", "spirals")
