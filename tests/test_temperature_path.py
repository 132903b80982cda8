"""Laws of what a temperature does to a trained model: to its measures, and to its reliability."""

import math
from itertools import product

import numpy as np
import pytest
import torch
from classifiers import SCHEMES
from scipy import stats

from labelsmooth.calibration import (
    ReliabilityCurve,
    Scheme,
    brier_score,
    class_reliability,
    log_softmax,
    nll,
    reliability_curve,
    softmax,
)
from labelsmooth.temperature import fit_temperature
from labelsmooth.temperature_path import (
    BAND,
    ENOUGH,
    TEMPERATURES,
    consistency_band,
    name_of,
    reliability_moments,
    temperature_path,
)


def model(classes: int = 10, n: int = 300, seed: int = 0, scale: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, K) of a classifier that is right more often than not, and labels (N,)."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(classes, size=n)
    return generator.normal(size=(n, classes)) * scale + 2 * np.eye(classes)[labels], labels


def test_the_temperatures_are_even_on_a_log_axis_around_one() -> None:
    assert (len(TEMPERATURES), TEMPERATURES[0], TEMPERATURES[20], TEMPERATURES[-1]) == (41, 0.1, 1.0, 10.0)
    np.testing.assert_allclose(np.diff(np.log10(TEMPERATURES)), 0.05, atol=0.005)  # three digits
    names = [name_of(t) for t in TEMPERATURES]
    assert [float(name) for name in names] == list(TEMPERATURES)
    assert max(map(len, names)) <= 5


@pytest.mark.parametrize("classes", [2, 10])
def test_every_point_is_the_measure_of_the_scaled_logits(classes: int) -> None:
    logits, labels = model(classes)
    path = temperature_path(logits, labels)
    for t, *measured in zip(*vars(path).values(), strict=True):
        curve = reliability_curve(softmax(logits / t), labels)
        expected = (
            nll(log_softmax(logits / t), labels),
            brier_score(softmax(logits / t), labels),
            curve.ece,
            curve.accuracy,
            curve.confidence,
        )
        assert measured == pytest.approx(expected, rel=1e-11)


def test_nll_is_that_of_torch() -> None:
    logits, labels = model()
    z, y = torch.from_numpy(logits), torch.from_numpy(labels)
    expected = [torch.nn.functional.cross_entropy(z / t, y).item() for t in TEMPERATURES]
    np.testing.assert_allclose(temperature_path(logits, labels).nll, expected, rtol=1e-12)


def test_path_by_hand() -> None:
    # Four rows of logits (0, ln 3): p = 3/4 at T = 1, 9/10 at T = 1/2; three of four are right.
    path = temperature_path([[0.0, math.log(3)]] * 4, [1, 1, 1, 0], [0.5, 1.0])
    nlls = [-0.75 * math.log(0.9) - 0.25 * math.log(0.1), -0.75 * math.log(0.75) - 0.25 * math.log(0.25)]
    np.testing.assert_allclose(path.nll, nlls)
    np.testing.assert_allclose(path.brier, [0.75 * 2 * 0.1**2 + 0.25 * 2 * 0.9**2, 2 * (0.75 / 16 + 0.25 * 9 / 16)])
    np.testing.assert_allclose(path.ece, [0.15, 0], atol=1e-12)
    np.testing.assert_allclose(path.confidence, [0.9, 0.75])


def test_temperature_never_changes_accuracy() -> None:
    logits, labels = model(scale=1e-3)
    logits = logits.astype(np.float32)
    logits[:50] = np.float32(1.0)
    labels[:50] = 3
    logits[:50, 3] = np.nextafter(np.float32(1.0), np.float32(2.0))  # nearly a tie
    path = temperature_path(logits, labels)
    assert (path.accuracy == (logits.argmax(axis=1) == labels).mean()).all()
    curves = [moment.curve for moment in reliability_moments(logits, labels, (0.1, 1.0, 10.0))]
    assert {curve.accuracy for curve in curves} == set(path.accuracy)


@pytest.mark.parametrize("classes", [2, 10])
def test_nll_is_convex_in_the_inverse_temperature(classes: int) -> None:
    inverse = np.linspace(0.1, 10, 200)
    values = temperature_path(*model(classes, seed=1), 1 / inverse).nll
    assert (np.diff(values, 2) >= -1e-12).all()
    assert np.diff(values, 2).max() > 1e-4
    assert not (np.diff(temperature_path(*model(classes, seed=1), inverse).nll, 2) >= 0).all()  # not so in T


@pytest.mark.parametrize(("classes", "factor"), list(product((2, 10), (0.3, 1.0, 2.0))))
def test_the_fitted_temperature_is_the_minimum_of_the_path(classes: int, factor: float) -> None:
    logits, labels = model(classes)
    logits = logits * factor
    fit = fit_temperature(logits, labels)
    path = temperature_path(logits, labels)
    place = int(path.nll.argmin())
    assert 0 < place < 40
    assert path.temperatures[place - 1] < fit.temperature < path.temperatures[place + 1]
    assert fit.nll_after <= path.nll.min()


def test_a_masked_class_has_no_part() -> None:
    logits, labels = model(3)
    masked = np.insert(logits, 3, -np.inf, axis=1)
    for plain, other in zip(
        vars(temperature_path(logits, labels)).values(), vars(temperature_path(masked, labels)).values(), strict=True
    ):
        np.testing.assert_array_equal(plain, other)
    assert temperature_path([[0.0, -np.inf]], [1], [1.0]).nll.tolist() == [np.inf]


def test_without_rows_there_is_nothing_to_say() -> None:
    path = temperature_path(np.zeros((0, 3)), np.zeros(0, int), [1.0, 2.0])
    assert np.isnan([path.nll, path.brier, path.ece, path.accuracy, path.confidence]).all()


@pytest.mark.parametrize(
    ("logits", "temperatures", "message"),
    [
        ([[0.0, math.nan]], [1.0], "logits must be finite or -inf, got nan"),
        ([[0.0, math.inf]], [1.0], "logits must be finite or -inf, got inf"),
        ([[0.0]], [1.0], "K >= 2"),
        ([[0.0, 1.0]], [1.0, 0.0], "temperatures must be above 0"),
        ([[0.0, 1.0]], [math.inf], "temperatures must be above 0, finite"),
        ([[0.0, 1.0]], [math.nan], "temperatures must be above 0"),
        ([[0.0, 1.0]], 1.0, r"of shape \(T,\)"),
    ],
)
def test_arguments_out_of_range(logits: list[list[float]], temperatures: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        temperature_path(logits, [0], temperatures)


def test_an_event_out_of_range() -> None:
    with pytest.raises(ValueError, match=r"event must be 'top label' or a class in 0\.\.9, got 10"):
        reliability_moments(*model(), event=10)


def same(one: ReliabilityCurve, other: ReliabilityCurve) -> None:
    for mine, expected in zip(vars(one).values(), vars(other).values(), strict=True):
        np.testing.assert_array_equal(mine, expected)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_moments_are_the_curves_of_the_scaled_logits(scheme: Scheme) -> None:
    logits, labels = model(3)
    steps = (0.5, 1.0, 3.0)
    probs = [softmax(logits / t) for t in steps]
    for moment, t, p in zip(
        reliability_moments(logits, labels, steps, bins=7, scheme=scheme), steps, probs, strict=True
    ):
        same(moment.curve, reliability_curve(p, labels, 7, scheme))
        assert moment.temperature == t
        assert moment.nll == pytest.approx(nll(log_softmax(logits / t), labels))
    for moment, p in zip(reliability_moments(logits, labels, steps, 2, 7, scheme), probs, strict=True):
        same(moment.curve, class_reliability(p, labels, 2, 7, scheme))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_bins_end_at_the_outermost_examples_where_they_hold_equal_numbers(scheme: Scheme) -> None:
    logits, labels = model(3)
    moment = reliability_moments(logits, labels, (1.0,), bins=7, scheme=scheme)[0]
    confidence = softmax(logits).max(axis=1)
    ends = [0.0, 1.0] if scheme == "equal-width" else [confidence.min(), confidence.max()]
    assert moment.edges[[0, -1]].tolist() == ends
    np.testing.assert_array_equal(moment.edges[1:-1], moment.curve.bin_edges[1:-1])
    np.testing.assert_array_equal(moment.histogram, reliability_curve(softmax(logits), labels, 7).bin_count)


def test_two_classes_are_each_others_mirror() -> None:
    logits, labels = model(2)
    first, second = (reliability_moments(logits, labels, (2.0,), event)[0] for event in (0, 1))
    np.testing.assert_allclose(first.curve.bin_accuracy, 1 - second.curve.bin_accuracy[::-1])
    assert first.smooth.value == pytest.approx(second.smooth.value, rel=1e-6)
    assert first.nll == second.nll


def band_of(probabilities: list[float]) -> tuple[float, float]:
    """The band of a single bin that holds these confidences."""
    probs = np.array([[p, 1 - p] for p in probabilities])
    low, high = consistency_band(reliability_curve(probs, np.zeros(len(probs), int), bins=1))
    return float(low[0]), float(high[0])


@pytest.mark.parametrize(
    ("probabilities", "band"),
    [
        ([0.8, 0.8], (0.5, 1.0)),  # no right answer: .04, below the .05 that may be left out
        ([0.7, 0.7], (0.0, 1.0)),  # .09
        ([1.0] * 5, (1.0, 1.0)),
        ([0.5] * 4, (0.0, 1.0)),  # each end: 1/16
        ([0.5] * 5, (0.2, 0.8)),  # each end: 1/32
    ],
)
def test_the_band_by_hand(probabilities: list[float], band: tuple[float, float]) -> None:
    assert band_of(probabilities) == band


def test_the_band_holds_a_calibrated_bin_nine_times_of_ten() -> None:
    confidence = np.random.default_rng(0).uniform(0.6, 0.8, 80)
    chances = np.ones(1)
    for p in confidence:  # the exact distribution of the number of right answers, Poisson-binomial
        chances = np.convolve(chances, [1 - p, p])
    low, high = (round(80 * end) for end in band_of(confidence.tolist()))
    assert BAND <= chances[low : high + 1].sum() < BAND + 0.06
    assert max(chances[:low].sum(), chances[high + 1 :].sum()) < (1 - BAND) / 2
    binomial = stats.binom(80, confidence.mean())
    np.testing.assert_allclose(chances, binomial.pmf(np.arange(81)), atol=0.002)


def test_an_empty_bin_has_no_band() -> None:
    curve = reliability_curve(*(softmax(model()[0]), model()[1]))
    for end in consistency_band(curve):
        np.testing.assert_array_equal(np.isnan(end), curve.bin_count == 0)


def test_the_smooth_curve_is_drawn_where_it_rests_on_enough_examples() -> None:
    # Many examples at high confidence, and two alone at 0.55.
    confidence = np.concatenate([np.linspace(0.9, 0.99, 300), [0.55, 0.55]])
    logits = np.log(np.stack([confidence, 1 - confidence], axis=1))
    labels = (np.arange(302) % 20 == 0).astype(int)
    moment = reliability_moments(logits, labels, (1.0,))[0]
    known, t = np.isfinite(moment.smooth_accuracy), moment.smooth.t
    assert known[(t > 0.91) & (t < 0.96)].all()
    assert not known[(t < 0.8) | (t > 0.99)].any()
    np.testing.assert_array_equal(moment.smooth_accuracy[known], moment.smooth.accuracy[known])
    # The variance of a kernel average in a flat density is that of so many examples.
    s, density, n = 0.05, 3.0, 400
    weights = stats.norm.pdf(np.arange(-0.5, 0.5, 1 / (n * density)), scale=s)
    assert weights.sum() ** 2 / (weights**2).sum() == pytest.approx(2 * math.sqrt(math.pi) * s * n * density, rel=0.01)
    assert ENOUGH >= 10
