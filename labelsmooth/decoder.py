"""What one choice of library, classes, epsilon, padding and class weight amounts to. Pure Python.

V scores of the model, K classes that share the target: K = V, or V - 1 where the library leaves padding out.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal

from labelsmooth.conventions import (
    Divergence,
    check_choice,
    check_epsilon,
    minimum_loss,
    optimal_logit_gap,
    target_probabilities,
)
from labelsmooth.libraries import LIBRARIES, Library, convert_epsilon

# How a menu calls the libraries.
TITLES: Final = {
    "torch": "PyTorch",
    "timm": "timm",
    "keras": "Keras",
    "huggingface": "Hugging Face Trainer",
    "optax": "optax (JAX)",
    "fairseq": "fairseq",
    "opennmt": "OpenNMT-py since December 2022",
    "opennmt-legacy": "OpenNMT-py until December 2022",
    "annotated-transformer": "The Annotated Transformer",
    "liger": "Liger",
    "flash-attention": "flash-attention",
    "apex": "NVIDIA apex",
    "origin": "A module for the KL divergence",
}
# What the libraries that do not act on a negative epsilon do with one.
Negative = Literal["acts", "taken as 0", "refused", "nan"]
NEGATIVE: Final[dict[str, Negative]] = {
    "torch": "taken as 0",
    "flash-attention": "taken as 0",
    "opennmt": "taken as 0",
    "opennmt-legacy": "taken as 0",
    "liger": "refused",
    "annotated-transformer": "nan",
    "origin": "nan",
}
DEFAULT_PADDING: Final = {"annotated-transformer": 0, "opennmt-legacy": 0, "apex": 0}
WEIGHTED: Final = ("torch", "liger")  # the libraries that weigh classes inside the smoothed sum


@dataclass(frozen=True)
class Decoded:
    """Numbers of one choice; `decode` makes it.

    `scores` is V, `shared` K; `acting` is the epsilon that the library really uses; `padding` is the class that it
    empties or ignores, whether the caller named it or not (`named`), or None; `weight` is that of class 0, as asked
    for; `label_target` and `other_target` are target probabilities; `gap` (nats) is the logit gap at which the
    unweighted loss is smallest, `floor` (nats) that smallest loss of one example.
    """

    library: Library
    scores: int
    epsilon: float
    acting: float
    padding: int | None
    named: bool
    weight: float
    label_target: float
    other_target: float
    gap: float
    floor: float

    @property
    def shared(self) -> int:
        """K, the classes that share the target."""
        return self.scores - self.library.skips_padding

    @property
    def divergence(self) -> Divergence:
        """What the library's loss measures between target and probabilities."""
        return _divergence(self.library)

    @property
    def weights(self) -> tuple[float, ...]:
        """The weight of each class (V,) that the library uses: 1 where it takes none."""
        return (self.weight if self.weighs else 1.0, *[1.0] * (self.scores - 1))

    @property
    def weighs(self) -> bool:
        """Whether class weights are asked for, and used inside the smoothed sum."""
        return self.weight != 1 and self.library.name in WEIGHTED

    def without_loss(self, label: int) -> bool:
        """Whether examples of this label count for nothing."""
        return label == self.padding and self.library.ignored != "none"

    def target(self, label: int) -> tuple[float, ...]:
        """Target probability of each class (V,) for an example of this label; all 0 where it counts for nothing."""
        if self.without_loss(label):
            return (0.0,) * self.scores
        empty = self.padding if self.library.skips_padding else None
        return tuple(
            self.label_target if k == label else 0.0 if k == empty else self.other_target for k in range(self.scores)
        )

    def optimum(self, label: int) -> tuple[float, ...]:
        """Probabilities (V,) at which the loss is smallest: proportional to class weight times target."""
        masses = self._masses(label)
        total = sum(masses)
        return tuple(mass / total if total else 0.0 for mass in masses)

    def inverted(self, label: int) -> bool:
        """Whether the loss prefers another class to the label."""
        best = self.optimum(label)
        return max(best) > best[label]

    def smallest_loss(self, label: int) -> float:
        """Loss (nats) of one example of this label at `optimum`: `floor`, but for class weights."""
        if self.without_loss(label):
            return 0.0
        if not self.weighs:
            return self.floor
        pairs = zip(self._masses(label), self.optimum(label), strict=True)
        return -sum(mass * math.log(best) for mass, best in pairs if mass)

    def _masses(self, label: int) -> list[float]:
        """Class weight times target (V,)."""
        return [weight * share for weight, share in zip(self.weights, self.target(label), strict=True)]


def decode(library: str, num_scores: int, epsilon: float, padding: int | None = None, weight: float = 1.0) -> Decoded:
    """What a library makes of these choices.

    Formula: targets as in `target_probabilities`, over K = V classes, or K = V - 1 where the library leaves padding
    out; with class weights w the loss is smallest at p_k proportional to w_k q_k.

    Args:
        library: a name in `LIBRARIES`.
        num_scores: V, at least 2 (3 where one of them is padding): what the model scores.
        epsilon: smoothing as the library means it, at most 1.
        padding: the class of padding, 0..V-1, or None if none is named; some libraries then take 0.
        weight: of class 0, above 0; all others weigh 1. Only "torch" and "liger" use it.

    Returns:
        A `Decoded`: its numbers, and targets and optima of any label.

    Raises:
        ValueError: unknown library; anything out of its range; a negative epsilon that the library refuses or answers
            with nan; or an epsilon above its range.

    Example:
        >>> round(decode("torch", 2, 0.1, weight=0.01 / 0.99).optimum(0)[0], 6)
        0.161017

    Source: `LIBRARIES[name].source` for each library; pytorch issue 104776 for the weights.
    """
    check_choice("library", library, tuple(LIBRARIES))
    chosen = LIBRARIES[library]
    least = 2 + chosen.skips_padding
    if num_scores < least:
        raise ValueError(f"num_scores must be at least {least} for {library}; got {num_scores}")
    if padding is not None and not 0 <= padding < num_scores:
        raise ValueError(f"padding must be None or in 0..{num_scores - 1}; got {padding}")
    if not 0 < weight < math.inf:
        raise ValueError(f"weight must be above 0 and finite; got {weight}")
    acting = _acting(chosen, epsilon)
    shared = num_scores - chosen.skips_padding
    label_target, other_target = target_probabilities(acting, shared, chosen.convention)
    return Decoded(
        library=chosen,
        scores=num_scores,
        epsilon=epsilon,
        acting=acting,
        padding=DEFAULT_PADDING.get(library) if padding is None else padding,
        named=padding is not None,
        weight=weight,
        label_target=label_target,
        other_target=other_target,
        gap=optimal_logit_gap(acting, shared, chosen.convention),
        floor=minimum_loss(acting, shared, chosen.convention, _divergence(chosen)),
    )


def _divergence(library: Library) -> Divergence:
    """Told by the words of the library's loss."""
    return "kl" if library.loss.startswith("KL") else "cross_entropy"


def _acting(library: Library, epsilon: float) -> float:
    """The epsilon that the library really uses, or ValueError where it gives no loss."""
    check_epsilon(epsilon)
    does = NEGATIVE.get(library.name, "acts")
    if epsilon >= 0 or does == "acts":
        if not library.accepts(epsilon):
            raise ValueError(f"epsilon must be in {library.epsilon_range} for {library.name}; got {epsilon}")
        return epsilon
    if does == "taken as 0":
        return 0.0
    how = "refuses it" if does == "refused" else "its loss is nan"
    raise ValueError(f"epsilon must be in {library.epsilon_range} for {library.name}, {how}; got {epsilon}")


@dataclass(frozen=True)
class Equivalent:
    """The epsilon that gives the same target in another library, or why there is none."""

    library: Library
    scores: int  # V there, which counts padding where the library has a class for it
    epsilon: float | None
    reason: str = ""


def equivalents(decoded: Decoded) -> tuple[Equivalent, ...]:
    """The equal epsilon in every library, the chosen one first of all."""
    chosen = decoded.library.name
    return tuple(_equivalent(decoded, name) for name in (chosen, *(name for name in LIBRARIES if name != chosen)))


def _equivalent(decoded: Decoded, name: str) -> Equivalent:
    library = LIBRARIES[name]
    scores = decoded.shared + library.skips_padding
    try:
        epsilon = convert_epsilon(decoded.acting, decoded.shared, decoded.library.name, name)
    except ValueError as error:
        return Equivalent(library, scores, None, str(error))
    return Equivalent(library, scores, epsilon)
