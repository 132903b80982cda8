"""Laws of the comparison of hard labels with smoothed ones, and of the sentences on it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from labelsmooth.comparison import compare, compare_measure, conclusions, signed
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import BestTemperature, Snapshot
from labelsmooth.training import train

MakeSnapshot = Callable[..., Snapshot]
SETUP = TrainingSetup()  # epsilons 0 and 0.1, 40 % label noise
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
            ["The hard-label model is over-confident, the smoothed one under-confident", "ECE 0.300 on hard labels, "
             "0.100 smoothed, −0.200 (95 % interval −0.237 to −0.163)"],
        ),
        ({"accuracy": (0.6, 0.6), "confidence": (0.9, 0.8)}, ["Both models are over-confident"]),
        ({"accuracy": (0.6, 0.6), "confidence": (0.3, 0.2)}, ["Both models are under-confident"]),
        ({"accuracy": (0.6, 0.6)}, ["Both models are neither clearly over- nor under-confident"]),
    ],
    ids=["better", "worse", "undecided", "over to under", "both over", "both under", "neither"],
)  # fmt: skip
def test_sentences_can_turn_out_either_way(
    pairs: dict[str, tuple[float, float]], said: list[str], make_snapshot: MakeSnapshot
) -> None:
    # Confidence scatters otherwise than accuracy: a lean is a difference between the two.
    snapshot = measured(make_snapshot, {"confidence": (0.6, 0.6)} | pairs)
    text = " ".join(conclusions(snapshot, SETUP))
    for phrase in said:
        assert phrase in text
    assert "temperature" not in text


def test_one_seed_has_no_interval_over_seeds(make_snapshot: MakeSnapshot) -> None:
    pairs = {"accuracy": (0.6, 0.7), "confidence": (0.9, 0.3), "ece": (0.3, 0.1)}
    prediction, calibration = conclusions(measured(make_snapshot, pairs, seeds=1), SETUP)
    assert prediction.startswith("Over one seed, ")
    assert "+10.0 points (one seed: no interval)" in prediction
    assert "−0.200 (one seed: no interval)" in calibration
    assert "inf" not in prediction + calibration


@pytest.mark.parametrize(
    ("confidence", "lean"),
    [
        ((0.95, 0.55), "The hard-label model is over-confident, the smoothed one under-confident"),
        ((0.61, 0.79), "Both models are neither clearly over- nor under-confident"),
        ((0.59, 0.81), "The hard-label model is under-confident, the smoothed one over-confident"),
    ],
)
def test_one_seed_leans_by_its_test_examples(
    confidence: tuple[float, float], lean: str, make_snapshot: MakeSnapshot
) -> None:
    # 70 of 100 right: the t interval of confidence - correct is 1.984 sqrt(.21 / 99) = 0.091 to either side of it.
    labels = np.repeat([0, 1], [70, 30])
    logits = np.log([[[p, 1 - p]] * 100 for p in confidence])
    snapshot = make_snapshot(0.5, seeds=1)
    part = replace(snapshot.test, logits=logits, labels=labels)
    _, calibration = conclusions(replace(snapshot, test=part), SETUP)
    assert calibration.startswith(lean)


def best_of(temperature: list[float], at_bound: list[int], *, no_errors: bool = True) -> BestTemperature:
    """Temperatures of the hard labels, whose ECE is a hundredth of them; what is smoothed is at no bound."""
    hard = np.array(temperature)
    both = np.stack([hard, np.full(len(hard), 9.0)], 1)
    bounds = np.stack([at_bound, np.zeros(len(hard), int)], 1)
    return BestTemperature(both, ece=both / 100, nll=both, brier=both, confidence=both, at_bound=bounds,
                           no_errors=(bounds == -1) & no_errors, examples=199)  # fmt: skip


@pytest.mark.parametrize(
    ("best", "said"),
    [
        (best_of([1.0, 5.0, 3.0], [0, 0, 0]), "(median T = 3.00) gives ECE 0.030."),
        (best_of([1.0, 2.0, np.nan], [0, 0, 0]), "(median T = 1.50) gives ECE 0.015."),
        (best_of([1.25], [0]), "(T = 1.25) gives ECE 0.013."),
        (best_of([0.05, 2.36, 0.05, 3.0, 4.0], [-1, 0, -1, 0, 0]),
         "(median T = 2.36; at its bound 0.05 in 2 of 5 seeds, where validation has no errors) gives ECE"),
        (best_of([0.05, 0.05], [-1, -1]),
         "(T at its bound 0.05 in every seed, where validation has no errors) gives ECE 0.001."),
        (best_of([0.05], [-1]), "(T at its bound 0.05, where validation has no errors) gives ECE 0.001."),
        (best_of([0.05], [-1], no_errors=False), "(T at its bound 0.05) gives ECE 0.001."),
        (best_of([20.0, 1.0, 0.05], [1, 0, -1], no_errors=False),
         "(median T = 1.00; at its bound 0.05 in 1 of 3 seeds; at its bound 20 in 1 of 3 seeds) gives ECE 0.070."),
        (best_of([20.0] * 3, [1, 1, 1]), "(T at its bound 20 in every seed) gives ECE 0.200."),
    ],
)  # fmt: skip
def test_a_bound_is_not_a_measured_temperature(best: BestTemperature, said: str, make_snapshot: MakeSnapshot) -> None:
    _, calibration = conclusions(make_snapshot(0.5, seeds=len(best.ece), best=best), SETUP)
    assert said in calibration
    assert calibration.count(". ") == 1  # two sentences


def test_without_a_fitted_temperature_nothing_is_said_of_it(make_snapshot: MakeSnapshot) -> None:
    lost = best_of([np.nan] * 3, [0, 0, 0])
    assert "temperature" not in conclusions(make_snapshot(0.5, best=lost), SETUP)[1]


@pytest.mark.parametrize(
    ("noise", "noisy", "said"),
    [
        (0.4, False, "fitted on 199 clean validation examples ("),
        (0.4, True, "fitted on 199 validation examples with the same label noise ("),
        (0.0, False, "fitted on 199 validation examples ("),
        (0.0, True, "fitted on 199 validation examples ("),
    ],
)
def test_it_is_said_on_what_the_temperature_was_fitted(
    noise: float, noisy: bool, said: str, make_snapshot: MakeSnapshot
) -> None:
    setup = TrainingSetup(label_noise=noise, noisy_validation=noisy)
    assert said in conclusions(make_snapshot(0.5, best=best_of([1.0] * 3, [0] * 3)), setup)[1]


def test_the_validation_examples_of_a_training_are_counted() -> None:
    setup = TrainingSetup("iris", train_size=90, hidden=(8,), epochs=1, seeds=(0,), label_noise=0.0)
    *_, last = train(setup)
    assert " 15 validation examples (" in conclusions(last, setup)[1]


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
@pytest.mark.parametrize("learning_rate", [0.01, 1e4])
def test_no_sentence_ever_says_nan_or_inf(seeds: tuple[int, ...], learning_rate: float) -> None:
    setup = TrainingSetup("iris", train_size=60, hidden=(8,), epochs=5, seeds=seeds, learning_rate=learning_rate)
    for snapshot in train(setup):
        for sentence in conclusions(snapshot, setup):
            assert sentence.endswith(".")
            assert "nan" not in sentence
            assert "inf" not in sentence
