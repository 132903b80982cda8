"""Laws of the comparison of hard labels with smoothed ones, and of the sentences on it."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from labelsmooth.comparison import compare, compare_measure, conclusions, signed
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import BestTemperature, Snapshot
from labelsmooth.training import train

MakeSnapshot = Callable[..., Snapshot]
SPREAD = np.array([-0.01, 0.0, 0.01])


@pytest.mark.parametrize("seeds", [2, 3, 5, 20])
def test_interval_is_that_of_the_paired_t_test(seeds: int) -> None:
    hard, smoothed = np.random.default_rng(seeds).normal(size=(2, seeds))
    result = compare(hard, smoothed)
    interval = stats.ttest_rel(smoothed, hard).confidence_interval(0.95)
    assert (result.low, result.high) == pytest.approx((interval.low, interval.high), rel=1e-12)
    assert (result.hard, result.smoothed) == pytest.approx((hard.mean(), smoothed.mean()))
    assert result.difference == pytest.approx(smoothed.mean() - hard.mean())
    assert result.seeds == seeds


def test_interval_by_hand() -> None:
    result = compare(np.array([1.0, 2.0]), np.array([2.0, 5.0]))
    assert (result.difference, result.decided) == (2.0, False)
    assert result.half_width == pytest.approx(12.7062047)  # t of one degree of freedom, times sqrt(2) / sqrt(2)


@pytest.mark.parametrize(
    ("differences", "decided"),
    [([1, 1.1, 0.9], True), ([-1, -1.1, -0.9], True), ([1, -1, 1], False), ([0, 0, 0], False), ([5], False)],
)
def test_a_difference_is_decided_when_its_interval_excludes_zero(differences: list[float], decided: bool) -> None:
    assert compare(np.zeros(len(differences)), np.array(differences)).decided is decided


def test_the_first_epsilon_is_compared_with_the_last(make_snapshot: MakeSnapshot) -> None:
    snapshot = make_snapshot(epsilons=3, nll=np.array([[1.0, 9.0, 3.0], [2.0, 9.0, 6.0], [3.0, 9.0, 9.0]]))
    result = compare_measure(snapshot, "nll")
    assert (result.hard, result.smoothed, result.difference) == (2.0, 6.0, 4.0)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.1234, 3, "+0.123"), (-0.5, 1, "−0.5"), (0.0, 2, "0.00"), (-0.004, 2, "0.00"), (0.0004, 3, "0.000")],
)
def test_signed_numbers(value: float, digits: int, text: str) -> None:
    assert signed(value, digits) == text


def measured(make: MakeSnapshot, pairs: dict[str, tuple[float, float]], seeds: int = 3) -> Snapshot:
    """A snapshot with these means on hard labels and smoothed, and a spread over seeds of at most a point."""
    centre = SPREAD[:, None] if seeds == 3 else np.zeros((seeds, 1))
    return make(0.5, seeds=seeds, **{name: pair + centre * [1, -0.5] for name, pair in pairs.items()})


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (
            {"accuracy": (0.60, 0.70), "nll": (1.6, 1.1)},
            ["Over 3 seeds", "epsilon 0.1", "accuracy by +10.0 points (95 % interval +6.3 to +13.7)",
             "from 1.60 to 1.10, by −0.50 (95 % interval −0.54 to −0.46)"],
        ),
        ({"accuracy": (0.70, 0.60)}, ["accuracy by −10.0 points (95 % interval −13.7 to −6.3)"]),
        ({"accuracy": (0.70, 0.71)}, ["accuracy by +1.0 points (95 % interval −2.7 to +4.7: undecided)"]),
        (
            {"accuracy": (0.6, 0.6), "confidence": (0.9, 0.3), "ece": (0.3, 0.1)},
            ["The hard-label model is over-confident, the smoothed one UNDER-confident", "ECE 0.300 on hard labels, "
             "0.100 smoothed, −0.200 (95 % interval −0.237 to −0.163)"],
        ),
        ({"accuracy": (0.6, 0.6), "confidence": (0.9, 0.8)}, ["Both models are over-confident"]),
        ({"accuracy": (0.6, 0.6), "confidence": (0.3, 0.2)}, ["Both models are UNDER-confident"]),
        ({"accuracy": (0.6, 0.6)}, ["Both models are neither clearly over- nor under-confident"]),
    ],
    ids=["better", "worse", "undecided", "over to under", "both over", "both under", "neither"],
)  # fmt: skip
def test_sentences_can_turn_out_either_way(
    pairs: dict[str, tuple[float, float]], said: list[str], make_snapshot: MakeSnapshot
) -> None:
    # Confidence scatters otherwise than accuracy: a lean is a difference between the two.
    snapshot = measured(make_snapshot, {"confidence": (0.6, 0.6)} | pairs)
    text = " ".join(conclusions(snapshot, 0.1))
    for phrase in said:
        assert phrase in text
    assert "temperature" not in text


def test_one_seed_decides_nothing(make_snapshot: MakeSnapshot) -> None:
    pairs = {"accuracy": (0.6, 0.7), "confidence": (0.9, 0.3), "ece": (0.3, 0.1)}
    snapshot = measured(make_snapshot, pairs, seeds=1)
    prediction, calibration = conclusions(snapshot, 0.1)
    assert prediction.startswith("Over one seed, ")
    assert "+10.0 points (one seed: no interval)" in prediction
    assert calibration.startswith("Both models are neither clearly")
    assert "−0.200 (one seed: no interval)" in calibration
    assert "inf" not in prediction + calibration


def test_the_alternative_is_the_hard_label_model_at_its_best_temperature(make_snapshot: MakeSnapshot) -> None:
    temperature = np.array([[1.0, 9.0], [2.0, 9.0], [np.nan, 9.0]])
    best = BestTemperature(temperature, ece=temperature / 100, nll=temperature)
    _, calibration = conclusions(make_snapshot(0.5, best=best), 0.1)
    assert "(T = 1.50) gives ECE 0.015." in calibration
    lost = BestTemperature(*[np.full((3, 2), np.nan)] * 3)
    assert "temperature" not in conclusions(make_snapshot(0.5, best=lost), 0.1)[1]


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
@pytest.mark.parametrize("learning_rate", [0.01, 1e4])
def test_no_sentence_ever_says_nan_or_inf(seeds: tuple[int, ...], learning_rate: float) -> None:
    setup = TrainingSetup("iris", train_size=60, hidden=(8,), epochs=5, seeds=seeds, learning_rate=learning_rate)
    for snapshot in train(setup):
        for sentence in conclusions(snapshot, 0.1):
            assert sentence.endswith(".")
            assert "nan" not in sentence
            assert "inf" not in sentence
