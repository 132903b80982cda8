"""What epsilon means: tables by hand, numeric minima, the undefined ends, label noise."""

import math
from functools import partial
from typing import get_args

import pytest
from scipy.optimize import minimize_scalar

from labelsmooth.conventions import (
    Convention,
    compose_noise,
    minimum_loss,
    optimal_logit_gap,
    target_probabilities,
)

CONVENTIONS: tuple[Convention, ...] = get_args(Convention)


def loss_at_gap(gap: float, label: float, num_classes: int) -> float:
    """Cross-entropy when the label's logit is `gap` above all others and the label's target is `label`."""
    lse = max(gap, 0.0) + math.log(math.exp(min(gap, 0.0)) + (num_classes - 1) * math.exp(min(-gap, 0.0)))
    return lse - label * gap


# Gap and floor of "uniform", gap and floor of "others", at epsilon .1.
TABLE = {
    3: (3.33, 0.291140, 2.89, 0.394398),
    5: (3.83, 0.389673, 3.58, 0.463712),
    10: (4.51, 0.500288, 4.39, 0.544805),
    100: (6.80, 0.777797, 6.79, 0.784595),
    1000: (9.11, 1.014848, 9.10, 1.015758),
}


@pytest.mark.parametrize("num_classes", TABLE)
def test_gaps_and_floors_are_those_of_the_table(num_classes: int) -> None:
    rows = zip(CONVENTIONS, (TABLE[num_classes][:2], TABLE[num_classes][2:]), strict=True)
    for convention, (gap, floor) in rows:
        assert optimal_logit_gap(0.1, num_classes, convention) == pytest.approx(gap, abs=0.005)
        assert minimum_loss(0.1, num_classes, convention) == pytest.approx(floor, abs=5e-7)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("epsilon", [0.01, 0.1, 0.45, 0.8, 0.95])
@pytest.mark.parametrize("num_classes", [2, 3, 10])
def test_gap_and_floor_are_where_the_loss_is_smallest(num_classes: int, epsilon: float, convention: Convention) -> None:
    label, other = target_probabilities(epsilon, num_classes, convention)
    assert label + (num_classes - 1) * other == pytest.approx(1, abs=1e-15)
    found = minimize_scalar(loss_at_gap, args=(label, num_classes), bracket=(-1, 1), tol=1e-12)
    gap = optimal_logit_gap(epsilon, num_classes, convention)
    assert gap == pytest.approx(found.x, abs=1e-5)
    assert gap == pytest.approx(math.log(label / other), abs=1e-12)
    assert minimum_loss(epsilon, num_classes, convention) == pytest.approx(found.fun, abs=1e-12)


def test_the_gap_of_others_is_the_optimum_the_original_text_states() -> None:
    # z_y = log((K - 1)(1 - eps)/eps) + a, every other logit a.
    assert optimal_logit_gap(0.1, 5, "others") == pytest.approx(math.log(4 * 0.9 / 0.1), abs=1e-15)


@pytest.mark.parametrize(
    ("epsilon", "num_classes", "convention", "gap", "floor"),
    [
        (0.0, 5, "uniform", math.inf, 0.0),
        (0.0, 5, "others", math.inf, 0.0),
        (1.0, 5, "uniform", 0.0, math.log(5)),
        (1.0, 5, "others", -math.inf, math.log(4)),
        (0.9, 5, "others", -math.log(9 / 4), -0.1 * math.log(0.1) - 0.9 * math.log(0.9 / 4)),
        (0.8, 5, "others", 0.0, math.log(5)),
        (-0.1, 5, "uniform", math.inf, -math.inf),
        (-0.1, 5, "others", math.inf, -math.inf),
        (5e-324, 5, "uniform", math.inf, 0.0),
    ],
)
def test_the_ends(epsilon: float, num_classes: int, convention: Convention, gap: float, floor: float) -> None:
    assert optimal_logit_gap(epsilon, num_classes, convention) == pytest.approx(gap, abs=1e-12)
    assert minimum_loss(epsilon, num_classes, convention) == pytest.approx(floor, abs=1e-12)
    if epsilon >= 0:
        assert minimum_loss(epsilon, num_classes, convention, "kl") == 0
        assert str(minimum_loss(epsilon, num_classes, convention))[0] != "-"


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("epsilon", [-0.5, 0.0, 0.1, 1.0])
def test_one_class_has_loss_zero_and_no_gap(epsilon: float, convention: Convention) -> None:
    assert target_probabilities(epsilon, 1, convention) == (1, 0)
    assert minimum_loss(epsilon, 1, convention) == 0
    with pytest.raises(ValueError, match="num_classes must be at least 2; got 1"):
        optimal_logit_gap(epsilon, 1, convention)


@pytest.mark.parametrize("epsilon", [math.nan, math.inf, -math.inf, 1.0000001])
def test_wrong_epsilon_is_refused(epsilon: float) -> None:
    for function in (
        target_probabilities,
        optimal_logit_gap,
        minimum_loss,
        partial(compose_noise, label_noise=0),
    ):
        with pytest.raises(ValueError, match=rf"epsilon must be finite and at most 1; got {epsilon}"):
            function(epsilon, num_classes=5)


def test_wrong_classes_words_and_kl_of_a_negative_epsilon_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1; got 0"):
        target_probabilities(0.1, 0)
    with pytest.raises(ValueError, match="uniform, others; got 'torch'"):
        optimal_logit_gap(0.1, 5, "torch")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cross_entropy, kl; got 'js'"):
        minimum_loss(0.1, 5, divergence="js")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"in \[0, 1\] for 'kl'.*got -0.1"):
        minimum_loss(-0.1, 5, divergence="kl")


FLIP = 0.4 * 10 / 9  # a label flips to a DIFFERENT class with probability .4, K = 10


@pytest.mark.parametrize(
    ("epsilon", "noise", "num_classes", "convention", "gap"),
    [
        (0.0, 0.4, 10, "uniform", math.log(16)),
        (0.05, 0.4, 10, "uniform", math.log(1 + 10 * 0.57 / 0.43)),
        (0.1, 0.4, 10, "uniform", math.log(1 + 10 * 0.54 / 0.46)),
        (0.4, 0.4, 10, "uniform", 1.890850),
        (0.1, 0.4, 10, "others", 2.519998),
        (0.0, 0.4, 5, "uniform", 2.140066),
        (0.1, 0.4, 5, "uniform", math.log(1 + 5 * 0.54 / 0.46)),
        (0.0, FLIP, 10, "uniform", 2.602690),
        (0.1, FLIP, 10, "uniform", 2.397895),
    ],
)
def test_noise_and_smoothing_compose(
    epsilon: float, noise: float, num_classes: int, convention: Convention, gap: float
) -> None:
    r = compose_noise(epsilon, noise, num_classes, convention)
    assert optimal_logit_gap(r, num_classes) == pytest.approx(gap, abs=5e-7)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("num_classes", [2, 3, 10])
@pytest.mark.parametrize("noise", [0.2, 0.8, 1.0])
def test_the_composed_target_is_the_mean_target_of_noisy_labels(
    noise: float, num_classes: int, convention: Convention
) -> None:
    label, other = target_probabilities(0.4, num_classes, convention)
    seen = 1 - noise + noise / num_classes  # how often the label one sees is the clean one
    mean = seen * label + (1 - seen) * other
    r = compose_noise(0.4, noise, num_classes, convention)
    assert target_probabilities(r, num_classes)[0] == pytest.approx(mean, abs=1e-15)


def test_composition_leaves_the_ends_where_they_are() -> None:
    for noise in (0.0, 0.13, 0.4, 1.0):
        assert compose_noise(0.0, noise, 7) == noise
        assert compose_noise(1.0, noise, 7) == compose_noise(6 / 7, noise, 7, "others") == 1
    assert compose_noise(0.3, 0.0, 7) == 0.3
    assert compose_noise(0.7837985890347726, 1.0, 7) == 1
    assert compose_noise(-2 / 3, 0.4, 7) == pytest.approx(0)  # this much sharpening undoes that much noise
    with pytest.raises(ValueError, match=r"label_noise must be in \[0, 1\]; got 1.1"):
        compose_noise(0.1, 1.1, 7)
    with pytest.raises(ValueError, match=r"at most \(K - 1\)/K = 0.857143.*got 0.9"):
        compose_noise(0.9, 0.1, 7, "others")
