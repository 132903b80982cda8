"""Laws of the mutual information between examples and outputs."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from labelsmooth.mutual_information import information_as_printed, mutual_information


@pytest.mark.parametrize(
    ("outputs", "means", "variance", "expected"),
    [
        ([-1.0, 1.0], [-1.0, 1.0], 1.0, math.log(2) - math.log(1 + math.exp(-2))),
        ([1.0, 0.0], [0.0, 1.0], 1.0, -0.280930),
        ([1.0, 0.0], [0.0, 1.0], None, -0.280930),  # the variance of the formula is 1 too
        ([5.0], [4.0], None, 0.0),
    ],
)
def test_hand_examples(outputs: list[float], means: list[float], variance: float | None, expected: float) -> None:
    assert mutual_information(outputs, means, variance) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("first", "second", "entropy"), [(50, 50, math.log(2)), (50, 10, 0.450561)])
def test_two_far_clusters_tell_the_entropy_of_their_sizes(first: int, second: int, entropy: float) -> None:
    means = np.repeat([0.0, 1000.0], [first, second])
    outputs = means + np.tile([1.0, -1.0], len(means) // 2)
    assert mutual_information(outputs, means) == pytest.approx(entropy, abs=1e-6)


@pytest.fixture(params=range(20))
def drawn(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    """Outputs and means of up to 60 examples."""
    chance = np.random.default_rng(request.param)
    means = chance.normal(0, 3, chance.integers(2, 60))
    return means + chance.normal(0, chance.uniform(0.1, 3), len(means)), means


def test_it_is_the_mean_log_ratio_of_normal_densities(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    f, mu = drawn
    spread = np.sqrt(np.mean((f - mu) ** 2))
    given = norm.pdf(f, mu, spread)
    alone = [norm.pdf(each, mu, spread).mean() for each in f]
    assert mutual_information(f, mu) == pytest.approx(np.log(given / alone).mean(), abs=1e-9)


def test_it_is_at_most_log_n_and_not_negative_where_outputs_are_means(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    f, mu = drawn
    assert mutual_information(f, mu) <= math.log(len(f)) + 1e-12
    for variance in (1e-6, 1.0, 100.0):
        assert 0 <= mutual_information(mu, mu, variance) <= math.log(len(mu)) + 1e-12
    assert mutual_information(mu, mu, 1e-12) == pytest.approx(math.log(len(mu)))


def test_shift_and_unit_do_not_matter(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    f, mu = drawn
    assert mutual_information(7 - 3 * f, 7 - 3 * mu) == pytest.approx(mutual_information(f, mu), abs=1e-9)


def test_the_printed_form_is_never_positive(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    f, mu = drawn
    assert information_as_printed(f, mu) <= 0 < math.log(len(f))
    exponents = -((f - mu) ** 2) / (2 * np.mean((f - mu) ** 2))
    by_hand = exponents.mean() - np.log(np.exp(exponents).mean())
    assert information_as_printed(f, mu) == pytest.approx(by_hand, abs=1e-12)


@pytest.mark.parametrize(
    ("outputs", "means", "variance", "problem"),
    [
        ([1.0], [1.0, 2.0], None, "same shape"),
        ([], [], None, "N >= 1"),
        ([[1.0]], [[2.0]], None, "same shape"),
        ([math.nan], [1.0], None, "finite"),
        ([1.0, 2.0], [1.0, 2.0], None, "above 0 and finite; got 0.0"),
        ([1.0], [2.0], -1.0, "got -1.0"),
    ],
)
def test_what_cannot_be_is_refused(outputs: object, means: object, variance: float | None, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        mutual_information(outputs, means, variance)  # type: ignore[arg-type]
