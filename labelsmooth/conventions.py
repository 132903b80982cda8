"""What epsilon means: target probabilities, optimal logit gap, smallest loss; the same for other libraries.

Pure Python. K is the number of classes. Two conventions share the word "label smoothing":
    "uniform"  every class gets epsilon / K, the label gets 1 - epsilon on top
    "others"   every class but the label gets epsilon / (K - 1), the label keeps 1 - epsilon
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

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


def target_probabilities(epsilon: float, num_classes: int, convention: Convention = "uniform") -> tuple[float, float]:
    """Give the smoothed target probability of the label and of every other class.

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
    _check_classes(num_classes, at_least=1)
    check_choice("convention", convention, get_args(Convention))
    if num_classes == 1:
        return 1.0, 0.0
    if convention == "uniform":
        return 1 - epsilon + epsilon / num_classes, epsilon / num_classes
    return 1 - epsilon, epsilon / (num_classes - 1)


def optimal_logit_gap(epsilon: float, num_classes: int, convention: Convention = "uniform") -> float:
    """Give the distance of the label's logit from every other one at which the loss is smallest.

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
    _check_classes(num_classes, at_least=2)
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
    """Give the smallest value the loss of one example can reach.

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
    """Give the one "uniform" epsilon that smoothing and symmetric label noise amount to together.

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
    _check_classes(num_classes, at_least=2)
    check_choice("convention", convention, get_args(Convention))
    if not 0 <= label_noise <= 1:
        raise ValueError(f"label_noise must be in [0, 1]; got {label_noise}")
    uniform = _as_uniform(epsilon, num_classes, convention)
    if uniform > 1:
        limit = (num_classes - 1) / num_classes
        raise ValueError(f"epsilon must be at most (K - 1)/K = {limit:g} for 'others'; got {epsilon}")
    # The other groupings of this sum leave [0, 1] by rounding, and above 1 an epsilon is refused.
    return uniform + label_noise * (1 - uniform)


@dataclass(frozen=True)
class Library:
    """What one library means by label smoothing; nll = -log p_label, S = -sum_k log p_k, lse = logsumexp."""

    name: str
    call: str  # how a user reaches it
    convention: Convention
    loss: str  # for one example
    reduction: str
    source: str  # where it was read
    other_class: str = "eps/K"  # target of a class that is not the label, in the library's own terms
    ignored: str = "none"  # which labels count for nothing
    class_weights: str = "none"
    accepts_negative: bool = True  # a negative epsilon really sharpens
    accepts_one: bool = True
    skips_padding: bool = False  # the model scores one more class, padding, whose target is 0: V = K + 1
    pitfalls: tuple[str, ...] = ()

    @property
    def epsilon_range(self) -> str:
        """The epsilons that this library takes and acts on, as an interval."""
        return f"{'(-inf' if self.accepts_negative else '[0'}, 1{']' if self.accepts_one else ')'}"

    def accepts(self, epsilon: float) -> bool:
        """Tell whether epsilon lies in `epsilon_range`."""
        above = epsilon > -math.inf if self.accepts_negative else epsilon >= 0
        return above and (epsilon <= 1 if self.accepts_one else epsilon < 1)


# One paragraph a library: a line for each argument would make this table unreadable.
# fmt: off
LIBRARIES: Final = {library.name: library for library in (
    Library(
        name="torch", call="torch.nn.CrossEntropyLoss(label_smoothing=eps)", source="torch 2.13",
        convention="uniform", accepts_negative=False,
        loss="(1 - eps) w_y nll - (eps/K) sum_k w_k log p_k",
        reduction="mean (over the sum of w_y of kept labels), sum or none",
        ignored="ignore_index=-100", class_weights="w_k on class k, in both terms",
        pitfalls=(
            "A negative or NaN epsilon is silently taken as 0; above 1 it raises, but only when called.",
            "Probability targets: the mean divides by the number of positions, not by the weights.",
            "All labels ignored: the mean is nan. A logit of -inf with eps > 0: the loss is inf.",
            "Class weights move the optimum: p_k is proportional to w_k q_k.",
        ),
    ),
    Library(
        name="timm", call="timm.loss.LabelSmoothingCrossEntropy(smoothing=eps)",
        source="timm/loss/cross_entropy.py", convention="uniform", accepts_one=False,
        loss="(1 - eps) nll + eps S/K", reduction="mean only",
        pitfalls=("Refuses 1; takes a negative epsilon and acts on it.", "No ignored labels, no weights."),
    ),
    Library(
        name="keras", call="keras.losses.CategoricalCrossentropy(label_smoothing=eps)",
        source="Keras 3, keras/src/losses/losses.py", convention="uniform",
        loss="-sum_k q_k log p_k", reduction="sum over batch size", class_weights="sample_weight only",
        pitfalls=(
            "Takes probabilities unless from_logits=True.",
            "The binary loss spreads eps/2, which is K = 2.",
            "The documented range is [0, 1], but nothing checks it.",
        ),
    ),
    Library(
        name="huggingface", call="transformers.TrainingArguments(label_smoothing_factor=eps)",
        source="transformers, trainer_pt_utils.LabelSmoother", convention="uniform",
        loss="(1 - eps) nll + eps S/K", reduction="mean over kept tokens", ignored="-100",
        pitfalls=("Until July 2026 gradient accumulation with smoothing inflated the gradients.",),
    ),
    Library(
        name="optax", call="optax.smooth_labels(one_hot, alpha=eps)",
        source="optax/losses/_smoothing.py", convention="uniform",
        loss="targets only, any cross-entropy may follow", reduction="none",
        pitfalls=("Wants one-hot labels as floats; integers raise.",),
    ),
    Library(
        name="fairseq", call="--criterion label_smoothed_cross_entropy --label-smoothing eps (since 2021)",
        source="fairseq/criterions/label_smoothed_cross_entropy.py",
        convention="others", other_class="eps/(K - 1)",
        loss="(1 - eps - e) nll + e S, e = eps/(K - 1)", reduction="sum", ignored="padding",
        pitfalls=(
            "The version of 2020 divides by K instead, which is 'uniform'.",
            "The padding class is one of the K: it gets its share of every target.",
        ),
    ),
    Library(
        name="opennmt", call="OpenNMT-py, label_smoothing: eps (since December 2022)",
        source="OpenNMT-py, pull request 2270", convention="uniform", accepts_negative=False,
        loss="as torch", reduction="sum", ignored="padding",
        pitfalls=("The padding class is one of the K: it gets its share of every target.",),
    ),
    Library(
        name="opennmt-legacy", call="OpenNMT-py, label_smoothing: eps (until December 2022)",
        source="OpenNMT-py 2, onmt/utils/loss.py",
        convention="others", other_class="eps/(V - 2), padding 0", accepts_negative=False, skips_padding=True,
        loss="KL(q || p) of log-probabilities", reduction="sum", ignored="padding",
        pitfalls=("V counts the padding class, which gets nothing.", "At eps = 0 another loss steps in."),
    ),
    Library(
        name="annotated-transformer", call="LabelSmoothing(size=V, padding_idx=0, smoothing=eps)",
        source="The Annotated Transformer, section Label Smoothing",
        convention="others", other_class="eps/(V - 2), padding 0", accepts_negative=False, skips_padding=True,
        loss="KL(q || p) of log-probabilities", reduction="sum", ignored="padding",
        pitfalls=(
            "Without a padding class, the class at padding_idx trains with loss 0.",
            "V = 2 divides by zero; a padding probability of exactly 0 gives nan.",
            "The loss also pushes padding down: it is KL over the K classes minus log(1 - p_pad).",
        ),
    ),
    Library(
        name="liger", call="liger_kernel.transformers.LigerCrossEntropyLoss(label_smoothing=eps)",
        source="liger_kernel/transformers/cross_entropy.py", convention="uniform", accepts_negative=False,
        loss="as torch", reduction="mean, sum or none",
        ignored="ignore_index=-100, loss and gradient 0", class_weights="as torch",
    ),
    Library(
        name="flash-attention", call="flash_attn.losses.cross_entropy.CrossEntropyLoss(label_smoothing=eps)",
        source="flash_attn/ops/triton/cross_entropy.py", convention="uniform", accepts_negative=False,
        loss="lse - eps sum_k z_k/K - (1 - eps) z_y", reduction="mean over kept labels, sum or none",
        ignored="ignore_index=-100",
        pitfalls=("A negative epsilon is silently taken as 0.", "CUDA only."),
    ),
    Library(
        name="apex", call="apex.contrib.xentropy.SoftmaxCrossEntropyLoss.apply(logits, labels, eps)",
        source="apex/contrib/xentropy/softmax_xentropy.py", convention="uniform",
        loss="eps (lse - sum_k z_k/K) + (1 - eps) nll", reduction="none", ignored="padding_idx=0",
        pitfalls=("padding_idx is 0 by default: examples of class 0 get no loss.",),
    ),
    Library(
        name="origin", call="LabelSmoothing(size=K, smoothing=eps), the module this project started from",
        source="LabelSmoothingLoss(eps, 'others', divergence='kl', reduction='sum') is its equal",
        convention="others", other_class="eps/(K - 1)", accepts_negative=False,
        loss="KL(q || p) of log-probabilities", reduction="sum over batch and classes",
        pitfalls=("Takes log-probabilities: logits give a wrong loss without a word.",),
    ),
)}
# fmt: on


def convert_epsilon(epsilon: float, num_classes: int, source: str, target: str) -> float:
    """Give the epsilon that makes one library's targets those of another library.

    Formula: eps_others = eps_uniform (K - 1)/K; within a convention epsilon stays as it is. The targets are
    then equal; reduction, class weights and ignored labels may still differ (see `LIBRARIES`).

    Args:
        epsilon: smoothing as the source library means it.
        num_classes: K, at least 2: the classes that share the target. For "annotated-transformer" and
            "opennmt-legacy" the padding class is NOT counted (K = V - 1), as it never gets any mass; for
            "fairseq" and "opennmt" it IS counted, as it gets its share.
        source: a name in `LIBRARIES`, whose meaning epsilon has.
        target: a name in `LIBRARIES`, whose epsilon is wanted.

    Returns:
        Epsilon, dimensionless, as the target library means it.

    Raises:
        ValueError: unknown library; num_classes below 2; epsilon that the source refuses or does not act on;
            no equivalent in the target (an "others" epsilon above (K - 1)/K would have to be above 1, and a
            negative one needs a library that acts on it).

    Example:
        >>> round(convert_epsilon(0.1, 10, "torch", "fairseq"), 3)
        0.09

    Source: pytorch issue 148884 for the confusion; `LIBRARIES[name].source` for each library.
    """
    for role, name in (("source", source), ("target", target)):
        check_choice(role, name, tuple(LIBRARIES))
    _check_classes(num_classes, at_least=2)
    start, end = LIBRARIES[source], LIBRARIES[target]
    if not start.accepts(epsilon):
        raise ValueError(f"epsilon must be in {start.epsilon_range} for {source}; got {epsilon}")
    converted = epsilon
    if start.convention != end.convention:
        uniform = _as_uniform(epsilon, num_classes, start.convention)
        converted = uniform if end.convention == "uniform" else uniform * (num_classes - 1) / num_classes
    if not end.accepts(converted):
        raise ValueError(
            f"epsilon must be in {end.epsilon_range} for {target}; {epsilon} of {source} would be "
            f"{converted:g} there with {num_classes} classes"
        )
    return converted


def _check_classes(num_classes: int, at_least: int) -> None:
    """Raise ValueError when there are too few classes."""
    if num_classes < at_least:
        raise ValueError(f"num_classes must be at least {at_least}; got {num_classes}")


def _as_uniform(epsilon: float, num_classes: int, convention: Convention) -> float:
    """The "uniform" epsilon with the same target; above 1 where the label is the least likely class."""
    return epsilon if convention == "uniform" else epsilon * num_classes / (num_classes - 1)


def _x_log_x(x: float) -> float:
    """x log x with its limit 0 at 0."""
    return x * math.log(x) if x > 0 else 0.0
