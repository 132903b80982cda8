"""What other libraries mean by epsilon, and the epsilon of one that gives the targets of another. Pure Python."""

import math
from dataclasses import dataclass
from typing import Final

from labelsmooth.conventions import Convention, as_uniform, check_choice, check_classes


@dataclass(frozen=True)
class Library:
    """What one library means by label smoothing: a row of `LIBRARIES`.

    Formula: `loss` and `other_class`, as text: logits z, p = softmax(z), the label y, the smoothed target q, class
    weights w, nll = -log p_y, S = -sum_k log p_k, lse = logsumexp(z), V = K + 1 with a class for padding.

    Attributes:
        name: as `convert_epsilon` takes it.
        call: how a user reaches it.
        convention: "uniform" or "others".
        loss: of one example, in nats.
        reduction: from examples to the value returned.
        source: where it was read.
        other_class: target of a class that is not the label, in the library's own terms.
        ignored: which labels count for nothing.
        class_weights: where they enter.
        accepts_negative: whether a negative epsilon really sharpens.
        accepts_one: whether epsilon may be 1.
        skips_padding: whether the model scores one more class, padding, whose target is 0.
        pitfalls: one or two sentences each.

    Example:
        >>> LIBRARIES["timm"].epsilon_range, LIBRARIES["fairseq"].other_class
        ('(-inf, 1)', 'eps/(K - 1)')

    Source: `LIBRARIES[name].source` for each library.
    """

    name: str
    call: str
    convention: Convention
    loss: str
    reduction: str
    source: str
    other_class: str = "eps/K"
    ignored: str = "none"
    class_weights: str = "none"
    accepts_negative: bool = True
    accepts_one: bool = True
    skips_padding: bool = False
    pitfalls: tuple[str, ...] = ()

    @property
    def epsilon_range(self) -> str:
        """The epsilons that this library takes and acts on, as an interval."""
        return f"{'(-inf' if self.accepts_negative else '[0'}, 1{']' if self.accepts_one else ')'}"

    def accepts(self, epsilon: float) -> bool:
        """Whether epsilon lies in `epsilon_range`."""
        above = epsilon > -math.inf if self.accepts_negative else epsilon >= 0
        return above and (epsilon <= 1 if self.accepts_one else epsilon < 1)


# By the name that `convert_epsilon` takes.
LIBRARIES: Final = {
    library.name: library
    for library in (
        Library(
            name="torch",
            call="torch.nn.CrossEntropyLoss(label_smoothing=eps)",
            source="torch 2.13",
            convention="uniform",
            accepts_negative=False,
            loss="(1 - eps) w_y nll - (eps/K) sum_k w_k log p_k",
            reduction="mean (over the sum of w_y of kept labels), sum or none",
            ignored="ignore_index=-100",
            class_weights="w_k on class k, in both terms",
            pitfalls=(
                "A negative or NaN epsilon is silently taken as 0; above 1 it raises, but only when called.",
                "Probability targets: the mean divides by the number of positions, not by the weights.",
                "All labels ignored: the mean is nan. A logit of -inf with eps > 0: the loss is inf.",
                "Class weights move the optimum: p_k is proportional to w_k q_k.",
            ),
        ),
        Library(
            name="timm",
            call="timm.loss.LabelSmoothingCrossEntropy(smoothing=eps)",
            source="timm/loss/cross_entropy.py",
            convention="uniform",
            accepts_one=False,
            loss="(1 - eps) nll + eps S/K",
            reduction="mean only",
            pitfalls=("Refuses 1; takes a negative epsilon and acts on it.", "No ignored labels, no weights."),
        ),
        Library(
            name="keras",
            call="keras.losses.CategoricalCrossentropy(label_smoothing=eps)",
            source="Keras 3, keras/src/losses/losses.py",
            convention="uniform",
            loss="-sum_k q_k log p_k",
            reduction="sum over batch size",
            class_weights="sample_weight only",
            pitfalls=(
                "Takes probabilities unless from_logits=True.",
                "The binary loss spreads eps/2, which is K = 2.",
                "The documented range is [0, 1], but nothing checks it.",
            ),
        ),
        Library(
            name="huggingface",
            call="transformers.TrainingArguments(label_smoothing_factor=eps)",
            source="transformers, trainer_pt_utils.LabelSmoother",
            convention="uniform",
            loss="(1 - eps) nll + eps S/K",
            reduction="mean over kept tokens",
            ignored="-100",
            pitfalls=("Until July 2026 gradient accumulation with smoothing inflated the gradients.",),
        ),
        Library(
            name="optax",
            call="optax.smooth_labels(one_hot, alpha=eps)",
            source="optax/losses/_smoothing.py",
            convention="uniform",
            loss="targets only, any cross-entropy may follow",
            reduction="none",
            pitfalls=("Wants one-hot labels as floats; integers raise.",),
        ),
        Library(
            name="fairseq",
            call="--criterion label_smoothed_cross_entropy --label-smoothing eps (since 2021)",
            source="fairseq/criterions/label_smoothed_cross_entropy.py",
            convention="others",
            other_class="eps/(K - 1)",
            loss="(1 - eps - e) nll + e S, e = eps/(K - 1)",
            reduction="sum",
            ignored="padding",
            pitfalls=(
                "The version of 2020 divides by K instead, which is 'uniform'.",
                "The padding class is one of the K: it gets its share of every target.",
            ),
        ),
        Library(
            name="opennmt",
            call="OpenNMT-py, label_smoothing: eps (since December 2022)",
            source="OpenNMT-py, pull request 2270",
            convention="uniform",
            accepts_negative=False,
            loss="as torch",
            reduction="sum",
            ignored="padding",
            pitfalls=("The padding class is one of the K: it gets its share of every target.",),
        ),
        Library(
            name="opennmt-legacy",
            call="OpenNMT-py, label_smoothing: eps (until December 2022)",
            source="OpenNMT-py 2, onmt/utils/loss.py",
            convention="others",
            other_class="eps/(V - 2), padding 0",
            accepts_negative=False,
            skips_padding=True,
            loss="KL(q || p) of log-probabilities",
            reduction="sum",
            ignored="padding",
            pitfalls=("V counts the padding class, which gets nothing.", "At eps = 0 another loss steps in."),
        ),
        Library(
            name="annotated-transformer",
            call="LabelSmoothing(size=V, padding_idx=0, smoothing=eps)",
            source="The Annotated Transformer, section Label Smoothing",
            convention="others",
            other_class="eps/(V - 2), padding 0",
            accepts_negative=False,
            skips_padding=True,
            loss="KL(q || p) of log-probabilities",
            reduction="sum",
            ignored="padding",
            pitfalls=(
                "Without a padding class, the class at padding_idx trains with loss 0.",
                "V = 2 divides by zero; a padding probability of exactly 0 gives nan.",
                "The loss also pushes padding down: it is KL over the K classes minus log(1 - p_pad).",
            ),
        ),
        Library(
            name="liger",
            call="liger_kernel.transformers.LigerCrossEntropyLoss(label_smoothing=eps)",
            source="liger_kernel/transformers/cross_entropy.py",
            convention="uniform",
            accepts_negative=False,
            loss="as torch",
            reduction="mean, sum or none",
            ignored="ignore_index=-100, loss and gradient 0",
            class_weights="as torch",
        ),
        Library(
            name="flash-attention",
            call="flash_attn.losses.cross_entropy.CrossEntropyLoss(label_smoothing=eps)",
            source="flash_attn/ops/triton/cross_entropy.py",
            convention="uniform",
            accepts_negative=False,
            loss="lse - eps sum_k z_k/K - (1 - eps) z_y",
            reduction="mean over kept labels, sum or none",
            ignored="ignore_index=-100",
            pitfalls=("A negative epsilon is silently taken as 0.", "CUDA only."),
        ),
        Library(
            name="apex",
            call="apex.contrib.xentropy.SoftmaxCrossEntropyLoss.apply(logits, labels, eps)",
            source="apex/contrib/xentropy/softmax_xentropy.py",
            convention="uniform",
            loss="eps (lse - sum_k z_k/K) + (1 - eps) nll",
            reduction="none",
            ignored="padding_idx=0",
            pitfalls=("padding_idx is 0 by default: examples of class 0 get no loss.",),
        ),
        Library(
            name="origin",
            call="LabelSmoothing(size=K, smoothing=eps)",
            source="LabelSmoothingLoss(eps, 'others', divergence='kl', reduction='sum') is its equal",
            convention="others",
            other_class="eps/(K - 1)",
            accepts_negative=False,
            loss="KL(q || p) of log-probabilities",
            reduction="sum over batch and classes",
            pitfalls=("Takes log-probabilities: logits give a wrong loss without a word.",),
        ),
    )
}


def convert_epsilon(epsilon: float, num_classes: int, source: str, target: str) -> float:
    """The epsilon that makes one library's targets those of another library.

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
    check_classes(num_classes, at_least=2)
    start, end = LIBRARIES[source], LIBRARIES[target]
    if not start.accepts(epsilon):
        raise ValueError(f"epsilon must be in {start.epsilon_range} for {source}; got {epsilon}")
    converted = epsilon
    if start.convention != end.convention:
        uniform = as_uniform(epsilon, num_classes, start.convention)
        converted = uniform if end.convention == "uniform" else uniform * (num_classes - 1) / num_classes
    if not end.accepts(converted):
        raise ValueError(
            f"epsilon must be in {end.epsilon_range} for {target}; {epsilon} of {source} would be "
            f"{converted:g} there with {num_classes} classes"
        )
    return converted
