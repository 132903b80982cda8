"""Example files to try: what a small over-confident model says of handwritten digits that it did not train on.

It is a logistic regression with hardly any penalty on 200 digits, of whose labels some were made wrong; those of the
files are right. Quick, and the same on every call.
"""

from collections.abc import Iterator
from functools import cache
from typing import Literal

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

Part = Literal["validation", "test"]

CLASSES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TRAINED, VALIDATED = 200, 600  # of 1797 digits; the rest is the test part
NOISE = 0.15
SEED = 0


def example_csv(part: Part = "test") -> bytes:
    """A CSV file of probabilities, a column a class, and the named labels."""
    return _files()[part]


@cache
def _files() -> dict[Part, bytes]:
    """Both files of the one model."""
    pixels, digits = load_digits(return_X_y=True)
    generator = np.random.default_rng(SEED)
    train, validation, test = np.split(generator.permutation(len(digits)), [TRAINED, TRAINED + VALIDATED])
    wrong = generator.random(TRAINED) < NOISE
    labels = np.where(wrong, generator.integers(0, len(CLASSES), TRAINED), digits[train])
    model = LogisticRegression(C=100, tol=3e-3).fit(pixels[train] / 16, labels)
    parts: dict[Part, np.ndarray] = {"validation": validation, "test": test}
    return {
        part: "".join(_lines(model.predict_proba(pixels[rows] / 16), digits[rows])).encode()
        for part, rows in parts.items()
    }


def _lines(probabilities: np.ndarray, digits: np.ndarray) -> Iterator[str]:
    """The file line by line; six significant digits, as a probability of 0 for the label would have no logarithm."""
    yield ",".join([*(f"prob_{name}" for name in CLASSES), "label"]) + "\n"
    for row, digit in zip(probabilities, digits, strict=True):
        yield ",".join([*(f"{p:.6g}" for p in row), CLASSES[digit]]) + "\n"
