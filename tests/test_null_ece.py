"""Laws of the interval of an accuracy, and of the null distribution of the ECE."""

import numpy as np
import pytest
from classifiers import SCHEMES, classifier
from scipy.stats import binom, binomtest

from labelsmooth.calibration import (
    Scheme,
    bin_index,
    clopper_pearson,
    null,
    null_ece,
    reliability_curve,
)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (10, 10, 0.025**0.1, 1.0),
        (0, 10, 0.0, 1 - 0.025**0.1),
        (1, 2, 1 - 0.975**0.5, 0.975**0.5),
        (5, 10, 0.187086, 0.812914),
        (0, 0, 0.0, 1.0),
    ],
)
def test_clopper_pearson_by_hand(successes: int, trials: int, low: float, high: float) -> None:
    assert np.array(clopper_pearson(successes, trials)) == pytest.approx(np.array([low, high]), abs=1e-6)


def test_clopper_pearson_is_that_of_scipy() -> None:
    trials = 23
    low, high = clopper_pearson(np.arange(trials + 1), trials, level=0.8)
    peer = [binomtest(x, trials).proportion_ci(0.8, method="exact") for x in range(trials + 1)]
    np.testing.assert_allclose(low, [interval.low for interval in peer], atol=1e-9)
    np.testing.assert_allclose(high, [interval.high for interval in peer], atol=1e-9)


@pytest.mark.parametrize("probability", [0.01, 0.3, 0.5, 0.97])
def test_clopper_pearson_covers_at_least_its_level(probability: float) -> None:
    x = np.arange(21)
    low, high = clopper_pearson(x, 20, level=0.9)
    assert binom.pmf(x, 20, probability)[(low <= probability) & (probability <= high)].sum() >= 0.9


@pytest.mark.parametrize(
    ("confidence", "observed", "share"),
    [
        ((0.8, 0.8), 0.2, 1.0),
        ((0.8, 0.8), 0.3, 0.36),
        ((0.8, 0.8), 0.8, 0.04),
        ((0.8, 0.8), 0.9, 0.0),
        ((0.5, 0.5), 0.0, 1.0),
        ((0.5, 0.5), 0.5, 0.5),
        ((1.0, 1.0), 0.0, 1.0),
        ((1.0, 1.0), 0.1, 0.0),
    ],
)
def test_null_distribution_by_hand(confidence: tuple[float, float], observed: float, share: float) -> None:
    band = null_ece(confidence, draws=20_000, observed=observed)
    assert band.p_value == pytest.approx(share, abs=0.015)  # four standard errors


def test_null_band_by_hand() -> None:
    band = null_ece((0.8, 0.8), draws=20_000)  # .2, .3, .8 with .64, .32, .04
    assert [band.low, band.median, band.high] == pytest.approx([0.2, 0.2, 0.3])
    assert band.p_value is None
    assert null_ece((0.8, 0.8), draws=20_000, level=0.96).high == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("n", "spread", "median"),
    [
        (300, False, 0.0358),
        (300, True, 0.0700),
        (900, False, 0.0208),
        (900, True, 0.0404),
        (6000, False, 0.0082),
        (6000, True, 0.0157),
    ],
)
def test_ece_has_a_noise_floor(n: int, spread: bool, median: float) -> None:
    generator = np.random.default_rng(0)
    confidence = generator.uniform(0.1, 1, n) if spread else generator.beta(8, 1, n)
    band = null_ece(confidence, draws=500, seed=generator)
    assert band.low < band.median < band.high
    assert band.median == pytest.approx(median, rel=0.08)
    variance = np.bincount(bin_index(confidence, 15), weights=confidence * (1 - confidence))
    assert band.median == pytest.approx(np.sqrt(2 / np.pi) * np.sqrt(variance).sum() / n, rel=0.07)


def test_null_band_depends_on_the_seed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    confidence = classifier(5)[0].max(axis=1)
    whole = null_ece(confidence, draws=50, seed=3)
    assert whole == null_ece(confidence, draws=50, seed=np.random.default_rng(3))
    assert whole != null_ece(confidence, draws=50, seed=4)
    monkeypatch.setattr(null, "BLOCK", 7 * len(confidence))
    assert whole == null_ece(confidence, draws=50, seed=3)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_calibrated_model_is_inside_its_band_and_an_overconfident_one_is_not(scheme: Scheme) -> None:
    for scale, inside in ((1.0, True), (3.0, False)):
        probs, labels = classifier(6, n=2000, scale=scale)
        curve = reliability_curve(probs, labels, scheme=scheme)
        band = null_ece(probs.max(axis=1), scheme=scheme, draws=200, observed=curve.ece)
        assert (curve.ece <= band.high) == inside
        assert band.p_value is not None
        assert (band.p_value > 0.05) == inside
