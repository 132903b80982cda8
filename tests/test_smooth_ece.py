"""Laws of the smooth calibration error: its fixed point, its bounds, its curve."""

from collections.abc import Callable

import numpy as np
import pytest
import relplot
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from labelsmooth.smooth_ece import smooth_ece, smooth_ece_of_draws, smooth_ece_of_sums

Floats = NDArray[np.float64]


def sample(seed: int, n: int = 400, lean: float = 0.0, noise: float = 0.0) -> tuple[Floats, Floats]:
    """Confidences (N,) on all of [0, 1] and events whose logit leans away from theirs."""
    generator = np.random.default_rng(seed)
    logit = generator.normal(size=n) * 2
    truth = logit - lean + noise * generator.normal(size=n)
    return 1 / (1 + np.exp(-logit)), (generator.random(n) < 1 / (1 + np.exp(-truth))).astype(float)


def kernel(t: Floats, confidence: Floats, s: float) -> Floats:
    """The reflected Gaussian (T, N) as the definition writes it."""
    centres = [sign * confidence + 2 * m for m in range(-2, 3) for sign in (-1, 1)]
    return sum(np.exp(-np.square((t[:, None] - centre) / s) / 2) for centre in centres) / (s * np.sqrt(2 * np.pi))


def by_definition(confidence: Floats, correct: Floats) -> float:
    """The fixed point by quadrature, without a grid of the confidences."""
    t = (np.arange(4000) + 0.5) / 4000

    def excess(s: float) -> float:
        return float(np.abs(kernel(t, confidence, s) @ (confidence - correct) / len(confidence)).mean()) - s

    return float(brentq(excess, 1e-3, 1, xtol=1e-9))


@pytest.mark.parametrize(
    ("confidence", "correct", "value"),
    [
        ([0.75] * 4, [1, 1, 0, 0], 0.25),
        ([0.25, 0.75], [1, 0], 0.3586546),
        ([0.2, 0.2, 0.8, 0.8], [0, 1, 0, 1], 0.2372387),
        ([0.5, 0.5], [0, 1], 0.0),  # residuals at one place cancel at every bandwidth
        ([0.0, 1.0], [0, 1], 0.0),
        ([1.0, 1.0], [0, 0], 1.0),
        ([0.0], [1], 1.0),
        ([0.7], [1], 0.3),
    ],
)
def test_values_by_hand(confidence: list[float], correct: list[int], value: float) -> None:
    found = smooth_ece(confidence, correct).value
    assert found == pytest.approx(value, abs=1e-6)
    assert 0 <= found <= 1


def test_two_examples_satisfy_their_own_equation() -> None:
    # Residuals -.75 at 1/4 and .75 at 3/4 mirror each other: smECE_s = .75 (P - Q), with P the share of the kernel of
    # 1/4 that falls below 1/2, and Q = 1 - P. Unfolded, below 1/2 is (-1/2, 1/2), and again after every 2.
    s = smooth_ece([0.25, 0.75], [1, 0]).value
    below = sum(norm.cdf((0.5 - 0.25 - 2 * m) / s) - norm.cdf((-0.5 - 0.25 - 2 * m) / s) for m in range(-3, 4))
    assert s == pytest.approx(0.75 * (2 * below - 1), abs=1e-7)


@pytest.mark.parametrize(("n", "lean"), [(2, 0.0), (9, 3.0), (20, 0.0), (25, -1.0)])
def test_the_value_is_the_fixed_point_of_the_definition(n: int, lean: float) -> None:
    confidence, correct = sample(n, n, lean)
    confidence[:2] = 0, 1
    assert smooth_ece(confidence, correct).value == pytest.approx(by_definition(confidence, correct), abs=1e-6)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.3, 0.31), (0.9999, 1.0), (0.0, 1e-6)])
def test_residuals_of_one_sign_give_their_mean(low: float, high: float) -> None:
    confidence = np.random.default_rng(0).uniform(low, high, 50)
    for event in (0, 1):
        value = smooth_ece(confidence, [event] * 50).value
        assert value == pytest.approx(np.abs(confidence - event).mean(), abs=1e-10)


@pytest.mark.parametrize("seed", range(10))
def test_the_value_lies_between_the_mean_residual_and_the_mean_absolute_residual(seed: int) -> None:
    confidence, correct = sample(seed, n=3 + 30 * seed, lean=seed / 5 - 1)
    residual = confidence - correct
    value = smooth_ece(confidence, correct).value
    assert abs(residual.mean()) - 1e-12 <= value <= np.abs(residual).mean() + 1e-12


def test_order_copies_and_the_other_event_change_nothing() -> None:
    confidence, correct = sample(0)
    value = smooth_ece(confidence, correct).value
    order = np.random.default_rng(1).permutation(len(correct))
    assert smooth_ece(confidence[order], correct[order]).value == pytest.approx(value, abs=1e-9)
    assert smooth_ece(np.repeat(confidence, 3), np.repeat(correct, 3)).value == pytest.approx(value, abs=1e-9)
    assert smooth_ece(1 - confidence, 1 - correct).value == pytest.approx(value, abs=1e-9)
    assert smooth_ece(confidence, correct.astype(bool)).value == value


@pytest.mark.parametrize("lean", [0.0, 0.4, 0.8])
@pytest.mark.parametrize("noise", [0.0, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_value_is_that_of_relplot_where_its_kernel_is_whole(seed: int, lean: float, noise: float) -> None:
    confidence, correct = sample(seed, lean=lean, noise=noise)
    value = smooth_ece(confidence, correct).value
    assert value < 0.15
    assert value == pytest.approx(relplot.smECE(confidence, correct), abs=1e-3)


def test_relplot_differs_where_its_kernel_is_cut() -> None:
    confidence, correct = np.array([0.25, 0.75]), np.array([1.0, 0.0])
    assert relplot.smECE(confidence, correct) == pytest.approx(0.435, abs=1e-3)
    assert smooth_ece(confidence, correct).value == pytest.approx(0.3586546, abs=1e-6)


def test_the_curve_is_the_kernel_regression_at_the_bandwidth() -> None:
    confidence, correct = sample(2, lean=0.5)
    curve = smooth_ece(confidence, correct)
    weights = kernel(curve.t, confidence, curve.bandwidth)
    assert curve.bandwidth == curve.value
    np.testing.assert_allclose(curve.accuracy, weights @ correct / weights.sum(axis=1), atol=1e-5)
    np.testing.assert_allclose(curve.density, weights.mean(axis=1), atol=1e-4)
    assert np.trapezoid(curve.density, curve.t) == pytest.approx(1, abs=1e-4)
    assert (curve.t[0], curve.t[-1], len(curve.t)) == (0, 1, 257)


def test_the_curve_is_blank_where_no_example_is_near() -> None:
    curve = smooth_ece([0.9, 0.9, 0.9, 0.9, 0.95], [1, 1, 1, 1, 1])
    assert curve.bandwidth == pytest.approx(0.09)
    assert (curve.t[np.isnan(curve.accuracy)] < 0.9 - 5 * 0.09).all()
    assert np.isnan(curve.accuracy[0])
    assert curve.accuracy[-1] == pytest.approx(1)
    assert (curve.density >= 0).all()


def test_draws_have_the_values_of_each_alone() -> None:
    confidence, correct = sample(3)
    draws = np.random.default_rng(0).random((5, 400)) < confidence
    draws[0] = correct
    alone = [smooth_ece(confidence, draw).value for draw in draws]
    np.testing.assert_allclose(smooth_ece_of_draws(confidence, draws), alone, atol=1e-5)


def test_residuals_of_one_place_may_be_added_up() -> None:
    places, draws = np.array([0.1, 0.45, 1.0]), np.random.default_rng(0).random((4, 3, 50)) < 0.5
    confidence = np.repeat(places, 50)
    sums = smooth_ece_of_sums(places, draws.sum(axis=2) - 50 * places, 150)
    np.testing.assert_allclose(sums, smooth_ece_of_draws(confidence, draws.reshape(4, 150)), atol=1e-9)


def test_a_draw_without_residuals_waits_for_the_others() -> None:
    confidence, draws = np.array([0.5, 0.5, 1.0]), np.array([[False, True, True], [True, True, False]])
    nothing, something = smooth_ece_of_draws(confidence, draws)
    assert nothing == pytest.approx(0, abs=1e-9)
    assert something == pytest.approx(by_definition(confidence, draws[1].astype(float)), abs=1e-5)


def test_no_rows_have_no_value_and_no_curve() -> None:
    curve = smooth_ece([], [])
    assert np.isnan([curve.value, curve.bandwidth]).all()
    assert np.isnan([curve.accuracy, curve.density]).all()
    assert curve.t[-1] == 1
    assert np.isnan(smooth_ece_of_draws(np.zeros(0), np.zeros((4, 0), bool))).tolist() == [True] * 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: smooth_ece([[0.5]], [1]), r"confidence must have shape \(N,\), got \(1, 1\)"),
        (lambda: smooth_ece([-0.1], [1]), r"confidence must be in \[0, 1\], got -0.1"),
        (lambda: smooth_ece([np.nan], [1]), r"confidence must be in \[0, 1\], got nan"),
        (lambda: smooth_ece([0.5, 0.6], [1]), r"correct must have shape \(2,\), got \(1,\)"),
        (lambda: smooth_ece([0.5], [2]), "correct must be 0 or 1, got 2"),
        (lambda: smooth_ece([0.5], [np.nan]), "correct must be 0 or 1, got nan"),
    ],
)
def test_errors_name_the_range_and_the_value(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
