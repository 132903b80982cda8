"""What epsilon means: target probabilities, optimal logit gap, smallest loss, and label noise as smoothing.

Pure Python. K is the number of classes. Two conventions share the word "label smoothing":
    "uniform"  every class gets epsilon / K, the label gets 1 - epsilon on top
    "others"   every class but the label gets epsilon / (K - 1), the label keeps 1 - epsilon
"""

import math
from collections.abc import Sequence
from typing import Literal, get_args

Convention = Literal["uniform", "others"]
Divergence = Literal["cross_entropy", "kl"]


def check_choice(name: str, value: object, allowed: Sequence[str]) -> None:
    """Raise ValueError unless the value is one of the allowed words."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")


def check_epsilon(epsilon: float, divergence: str = "cross_entropy") -> None:
    """Raise ValueError unless epsilon is finite and at most 1 (for KL: in [0, 1])."""
    # A NaN fails every comparison, so it is refused as well.
    if not -math.inf < epsilon <= 1:
        raise ValueError(f"epsilon must be finite and at most 1; got {epsilon}")
    if divergence == "kl" and epsilon < 0:
        raise ValueError(f"epsilon must be in [0, 1] for 'kl', as log(negative) is undefined; got {epsilon}")


def check_classes(num_classes: int, at_least: int) -> None:
    """Raise ValueError when there are too few classes."""
    if num_classes < at_least:
        raise ValueError(f"num_classes must be at least {at_least}; got {num_classes}")


def target_probabilities(epsilon: float, num_classes: int, convention: Convention = "uniform") -> tuple[float, float]:
    """Smoothed target probability of the label and of every other class.

    Formula: "uniform" (1 - eps + eps/K, eps/K); "others" (1 - eps, eps/(K - 1)).

    Args:
        epsilon: smoothing, at most 1. A negative one sharpens: the label gets over 1, the others below 0.
        num_classes: K, at least 1. With one class the label has all the probability whatever epsilon is.
        convention: "uniform" or "others".

    Returns:
        (label, every other class), both probabilities; label + (K - 1) * other = 1.

    Raises:
        ValueError: epsilon NaN, infinite or above 1; num_classes below 1; unknown convention.

    Example:
        >>> target_probabilities(0.1, 5)
        (0.92, 0.02)
        >>> target_probabilities(0.1, 5, "others")
        (0.9, 0.025)

    Source: Szegedy et al. 2016, arXiv 1512.00567, section 7.
    """
    check_epsilon(epsilon)
    check_classes(num_classes, at_least=1)
    check_choice("convention", convention, get_args(Convention))
    if num_classes == 1:
        return 1.0, 0.0
    if convention == "uniform":
        return 1 - epsilon + epsilon / num_classes, epsilon / num_classes
    return 1 - epsilon, epsilon / (num_classes - 1)


def optimal_logit_gap(epsilon: float, num_classes: int, convention: Convention = "uniform") -> float:
    """Distance of the label's logit from every other one at which the loss is smallest.

    Formula: log(q_label / q_other); "uniform" log(1 + K (1 - eps)/eps), "others" log((1 - eps)(K - 1)/eps).

    Args:
        epsilon: smoothing, at most 1. At 0 and below the gap is infinite: the loss falls for ever.
        num_classes: K, at least 2 (with one class there is no gap).
        convention: "uniform" or "others". For "others" the gap is negative where epsilon > (K - 1)/K, as the
            label is then the least likely class, and -inf at 1; for "uniform" it is 0 at 1.

    Returns:
        The gap in nats.

    Raises:
        ValueError: epsilon NaN, infinite or above 1; num_classes below 2; unknown convention.

    Example:
        >>> round(optimal_logit_gap(0.1, 10), 2), optimal_logit_gap(0, 10)
        (4.51, inf)

    Source: follows from the gradient p - q of Szegedy et al. 2016, arXiv 1512.00567, section 7.
    """
    check_epsilon(epsilon)
    check_classes(num_classes, at_least=2)
    check_choice("convention", convention, get_args(Convention))
    if epsilon <= 0:
        return math.inf
    if convention == "uniform":
        return math.log1p(num_classes * (1 - epsilon) / epsilon)
    return math.log((1 - epsilon) * (num_classes - 1) / epsilon) if epsilon < 1 else -math.inf


def minimum_loss(
    epsilon: float,
    num_classes: int,
    convention: Convention = "uniform",
    divergence: Divergence = "cross_entropy",
) -> float:
    """Smallest value that the loss of one example can reach.

    Formula: cross-entropy H(q) = -sum_k q_k log q_k, the entropy of the smoothed target; KL 0.

    Args:
        epsilon: smoothing, at most 1. A negative one makes the cross-entropy unbounded below (-inf).
        num_classes: K, at least 1 (with one class the loss is always 0).
        convention: "uniform" or "others".
        divergence: "cross_entropy" or "kl".

    Returns:
        The floor in nats for one example.

    Raises:
        ValueError: epsilon NaN, infinite or above 1, or negative with "kl"; num_classes below 1;
            unknown convention or divergence.

    Example:
        >>> round(minimum_loss(0.1, 10), 3), minimum_loss(0.1, 10, divergence="kl")
        (0.5, 0.0)

    Source: Szegedy et al. 2016, arXiv 1512.00567, section 7 (H(q', p) is smallest at p = q').
    """
    check_choice("divergence", divergence, get_args(Divergence))
    check_epsilon(epsilon, divergence)
    label, other = target_probabilities(epsilon, num_classes, convention)
    if divergence == "kl" or num_classes == 1:
        return 0.0
    if epsilon < 0:
        return -math.inf
    return 0.0 - _x_log_x(label) - (num_classes - 1) * _x_log_x(other)


def compose_noise(epsilon: float, label_noise: float, num_classes: int, convention: Convention = "uniform") -> float:
    """The one "uniform" epsilon that smoothing and symmetric label noise amount to together.

    Formula: 1 - r = (1 - eps)(1 - rho), so r = eps + rho - eps rho; "others" enters as eps K/(K - 1).
    `optimal_logit_gap(r, K)` and `minimum_loss(r, K)` then describe the optimum of the POPULATION loss, with
    the gap taken to the clean label. A network that memorises its noisy training labels leaves it again.

    Args:
        epsilon: smoothing, at most 1; for "others" at most (K - 1)/K.
        label_noise: rho in [0, 1], the probability that a label is drawn again uniformly over all K classes.
            Where a label flips to a DIFFERENT class with probability phi, rho = phi K/(K - 1).
        num_classes: K, at least 2.
        convention: "uniform" or "others", what epsilon means.

    Returns:
        r, dimensionless, at most 1.

    Raises:
        ValueError: epsilon, label_noise or num_classes out of its range; unknown convention.

    Example:
        >>> round(compose_noise(0.1, 0.4, 10), 3), compose_noise(0, 0.4, 10)
        (0.46, 0.4)

    Source: both mix with the uniform distribution; Lukasik et al. 2020, arXiv 2003.02819, see them so.
    """
    check_epsilon(epsilon)
    check_classes(num_classes, at_least=2)
    check_choice("convention", convention, get_args(Convention))
    if not 0 <= label_noise <= 1:
        raise ValueError(f"label_noise must be in [0, 1]; got {label_noise}")
    uniform = as_uniform(epsilon, num_classes, convention)
    if uniform > 1:
        limit = (num_classes - 1) / num_classes
        raise ValueError(f"epsilon must be at most (K - 1)/K = {limit:g} for 'others'; got {epsilon}")
    # The other groupings of this sum leave [0, 1] by rounding, and above 1 an epsilon is refused.
    return uniform + label_noise * (1 - uniform)


def as_uniform(epsilon: float, num_classes: int, convention: Convention) -> float:
    """The "uniform" epsilon with the same target; above 1 where the label is the least likely class."""
    return epsilon if convention == "uniform" else epsilon * num_classes / (num_classes - 1)


def _x_log_x(x: float) -> float:
    """x log x with its limit 0 at 0."""
    return x * math.log(x) if x > 0 else 0.0
