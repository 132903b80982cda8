"""Small setups that train in a moment, and all numbers of one run of them."""

import numpy as np

from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import MEASURES, Snapshot
from labelsmooth.training import train

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
    """The last snapshot of a training that nobody else has a part in."""
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
