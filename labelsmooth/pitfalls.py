"""What goes wrong with one choice of library, classes, epsilon, padding and class weight, in words. Pure Python."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from labelsmooth.decoder import NEGATIVE, TITLES, Decoded


@dataclass(frozen=True)
class Pitfall:
    """Something that goes wrong with some choices: when it does, and in what words."""

    applies: Callable[[Decoded], bool]
    words: Callable[[Decoded], str]


def pitfalls(decoded: Decoded) -> dict[str, str]:
    """The pitfalls of these choices by name, each in words with its numbers."""
    return {name: pitfall.words(decoded) for name, pitfall in PITFALLS.items() if pitfall.applies(decoded)}


def _inverted(decoded: Decoded) -> list[int]:
    """Of an example of class 0 and one of class 1: whose label the loss does not prefer."""
    return [label for label in (0, 1) if not decoded.without_loss(label) and decoded.inverted(label)]


def _invert_words(decoded: Decoded) -> str:
    label = _inverted(decoded)[0]
    best = decoded.optimum(label)
    other = best.index(max(best))
    return (
        f"With this weight the loss prefers the WRONG class: for a label {label} it is smallest where class {other} "
        f"has probability {best[other]:.3g} and the label {best[label]:.3g}. That is so as soon as one class weighs "
        f"more than {decoded.label_target / decoded.other_target:.3g} times another (pytorch issue 104776)."
    )


PITFALLS: Final = {
    "wrong class": Pitfall(lambda d: d.weighs and bool(_inverted(d)), _invert_words),
    "weights move the optimum": Pitfall(
        lambda d: d.weighs and d.acting != 0,
        lambda d: (
            "Class weights also weigh the smoothed part: the loss is smallest at probabilities proportional to "
            "weight times target, and no longer at the target."
        ),
    ),
    "no class weights": Pitfall(
        lambda d: d.weight != 1 and not d.weighs,
        lambda d: (
            f"{TITLES[d.library.name]} takes no class weights here: the weight {d.weight:g} is not used. A "
            "weight for a whole example changes how much it counts, and not where its loss is smallest."
        ),
    ),
    "negative taken as 0": Pitfall(
        lambda d: d.epsilon < 0 and NEGATIVE.get(d.library.name) == "taken as 0",
        lambda d: (
            f"{d.epsilon:g} is silently taken as 0: nothing is sharpened"
            + (" (pytorch issue 134767)." if d.library.name == "torch" else ".")
        ),
    ),
    "no lower bound": Pitfall(
        lambda d: d.acting < 0,
        lambda d: "A negative epsilon really sharpens here. The loss has no lower bound: train few epochs.",
    ),
    "least likely label": Pitfall(
        lambda d: d.other_target > d.label_target,
        lambda d: (
            f"Epsilon is above (K - 1)/K = {(d.shared - 1) / d.shared:.3g}: the label is the LEAST likely class "
            f"of its own target, {d.label_target:.3g} against {d.other_target:.3g}."
        ),
    ),
    "two classes": Pitfall(
        lambda d: d.shared == 2 and d.acting != 0,
        lambda d: (
            "With two classes the conventions differ by a factor of 2: ε in torch is ε/2 in libraries that give "
            "all of it to the other class (pytorch issue 148884)."
        ),
    ),
    "infinite logit": Pitfall(
        lambda d: d.acting > 0,
        lambda d: (
            f"Each other class that shares ε has a target of {d.other_target:.3g}, so a logit of -inf, as for "
            "masked words of a vocabulary, makes the loss infinite. It would not with hard labels."
        ),
    ),
    "class without loss": Pitfall(
        lambda d: d.library.name in ("annotated-transformer", "apex") and not d.named,
        lambda d: (
            f"This loss has a padding class whether the data have one or not, {d.padding} unless another is "
            f"named: examples of class {d.padding} get no loss and are never learned."
        ),
    ),
    "padding takes its share": Pitfall(
        lambda d: d.named and d.acting != 0 and d.library.ignored != "none" and not d.library.skips_padding,
        lambda d: (
            f"Class {d.padding} is never a label, but it stays one of the {d.shared} that share ε: every other "
            f"target gives it {d.other_target:.3g}, and the network learns to predict it that often."
        ),
    ),
    "padding is not ignored": Pitfall(
        lambda d: d.named and d.library.ignored == "none",
        lambda d: (
            f"Nothing is ignored here: rows with label {d.padding} train like any other. Take them out, or mask "
            "their losses, before the mean."
        ),
    ),
    "all ignored": Pitfall(
        lambda d: d.named and d.library.name == "torch",
        lambda d: "In a batch that holds nothing but padding the mean is 0/0: the loss is nan, its gradient 0.",
    ),
    "sum": Pitfall(
        lambda d: d.library.reduction.startswith("sum") and d.library.name != "keras",
        lambda d: (
            "The criterion returns a sum. Where the training loop does not divide it by the number of examples or "
            "tokens, its gradient grows with the batch, and the learning rate of a mean is too large."
        ),
    ),
    "smoothed test loss": Pitfall(
        lambda d: d.acting > 0 and d.divergence == "cross_entropy",
        lambda d: (
            f"Used on test data the same criterion smooths there too: its smallest value is then "
            f"{d.floor:.3g} instead of 0. Report the loss with ε = 0."
        ),
    ),
}
