"""Laws of the decoder: what a library makes of epsilon, classes, padding and a class weight, and what goes wrong."""

import math
from itertools import product

import pytest
import torch
from torch import nn

from labelsmooth.conventions import minimum_loss, optimal_logit_gap
from labelsmooth.decoder import TITLES, WEIGHTED, Decoded, decode, equivalents
from labelsmooth.libraries import LIBRARIES
from labelsmooth.loss import LabelSmoothingLoss
from labelsmooth.origin import EXAMPLES, LabelSmoothing, side_by_side
from labelsmooth.pitfalls import PITFALLS, pitfalls
from labelsmooth.targets import smooth_targets

EPSILONS = (0.05, 0.1, 0.3)


def there(decoded: Decoded, name: str) -> float | None:
    """The equal epsilon in another library."""
    (equal,) = (each for each in equivalents(decoded) if each.library.name == name)
    return equal.epsilon


def test_every_library_has_a_title() -> None:
    assert list(TITLES) == list(LIBRARIES)
    assert len(set(TITLES.values())) == len(TITLES)
    assert set(WEIGHTED) == {name for name, library in LIBRARIES.items() if "torch" in library.class_weights} | {
        "torch"
    }


def test_kl_is_told_by_the_loss_of_the_library() -> None:
    kl = {name for name in LIBRARIES if decode(name, 5, 0.1).divergence == "kl"}
    assert kl == {"origin", "annotated-transformer", "opennmt-legacy"}


@pytest.mark.parametrize(("name", "scores"), [*product(LIBRARIES, (3, 10))])
def test_targets_are_distributions_with_the_gap_and_the_floor_of_their_convention(name: str, scores: int) -> None:
    decoded = decode(name, scores, 0.1, padding=2)
    for label in (0, 1):
        target = decoded.target(label)
        assert sum(target) == pytest.approx(1, abs=1e-12)
        assert target[label] == decoded.label_target
        assert decoded.gap == pytest.approx(math.log(target[label] / target[1 - label]))
        assert decoded.optimum(label) == pytest.approx(target)
        entropy = -sum(q * math.log(q) for q in target if q)
        assert decoded.smallest_loss(label) == pytest.approx(0 if decoded.divergence == "kl" else entropy)


def test_torch_and_the_origin_by_hand() -> None:
    torch_, origin = decode("torch", 10, 0.1), decode("origin", 10, 0.1)
    assert (torch_.label_target, torch_.other_target) == pytest.approx((0.91, 0.01))
    assert (origin.label_target, origin.other_target) == pytest.approx((0.9, 0.1 / 9))
    assert (torch_.gap, origin.gap) == pytest.approx((math.log(91), math.log(81)))
    assert (torch_.floor, origin.floor) == pytest.approx((0.500288, 0), abs=1e-6)


@pytest.mark.parametrize(("scores", "epsilon"), [*product((2, 3, 10, 1000), EPSILONS)])
def test_epsilon_of_the_others_is_that_of_all_times_k_less_one_over_k(scores: int, epsilon: float) -> None:
    share = (scores - 1) / scores
    assert there(decode("torch", scores, epsilon), "fairseq") == pytest.approx(epsilon * share)
    assert there(decode("fairseq", scores, epsilon * share), "torch") == pytest.approx(epsilon)
    assert decode("fairseq", scores, epsilon * share).target(1) == pytest.approx(
        decode("torch", scores, epsilon).target(1)
    )


def test_with_two_classes_the_conventions_differ_by_two() -> None:
    assert there(decode("torch", 2, 0.1), "origin") == pytest.approx(0.05)
    assert there(decode("origin", 2, 0.1), "torch") == pytest.approx(0.2)


@pytest.mark.parametrize(("scores", "padding"), [(4, 0), (10, 0), (10, 9), (100, 7)])
def test_the_annotated_transformer_has_the_target_of_the_others_without_padding(scores: int, padding: int) -> None:
    decoded = decode("annotated-transformer", scores, 0.1, padding)
    label = 1
    target = list(decoded.target(label))
    assert target.pop(padding) == 0
    place = label - (padding < label)
    expected = smooth_targets(torch.tensor(place), scores - 1, 0.1, "others", dtype=torch.float64)
    assert target == pytest.approx(expected.tolist(), abs=1e-15)
    assert target[0 if place else 1] == pytest.approx(0.1 / (scores - 2))
    real = scores - 1
    assert there(decoded, "torch") == pytest.approx(0.1 * real / (real - 1))
    assert there(decoded, "opennmt-legacy") == 0.1


def test_beyond_k_less_one_over_k_there_is_no_equal_in_torch() -> None:
    limit = decode("origin", 4, 0.75)
    assert there(limit, "torch") == pytest.approx(1)
    beyond = decode("origin", 4, 0.76)
    none = [equal for equal in equivalents(beyond) if equal.epsilon is None]
    assert {equal.library.name for equal in none} == {
        name for name, library in LIBRARIES.items() if library.convention == "uniform"
    }
    assert all("1.01333" in equal.reason for equal in none)


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_equal_epsilon_has_the_same_target(name: str) -> None:
    decoded = decode(name, 6, 0.1)
    for equal in equivalents(decoded):
        assert equal.epsilon is not None
        other = decode(equal.library.name, equal.scores, equal.epsilon)
        found = (other.label_target, other.other_target)
        assert found == pytest.approx((decoded.label_target, decoded.other_target), abs=1e-15)


def test_class_weights_make_the_loss_prefer_the_wrong_class() -> None:
    decoded = decode("torch", 2, 0.1, weight=0.01 / 0.99)
    assert decoded.optimum(0)[0] == pytest.approx(0.0095 / 0.0590, abs=1e-15)
    assert round(decoded.optimum(0)[0], 6) == 0.161017
    assert decoded.inverted(0)
    assert not decoded.inverted(1)


@pytest.mark.parametrize("ratio", [1, 5, 18.9, 19.1, 99])
def test_two_classes_are_inverted_beyond_a_ratio_of_nineteen(ratio: float) -> None:
    assert decode("torch", 2, 0.1, weight=1 / ratio).inverted(0) == (ratio > 19)
    assert decode("torch", 2, 0.1, weight=ratio).inverted(1) == (ratio > 19)
    assert not decode("timm", 2, 0.1, weight=1 / ratio).inverted(0)


@pytest.mark.parametrize(("scores", "weight", "label"), [*product((2, 5), (0.02, 3.0), (0, 1))])
def test_torch_is_smallest_at_the_optimum_and_as_small_as_told(scores: int, weight: float, label: int) -> None:
    decoded = decode("torch", scores, 0.1, weight=weight)
    weights = torch.tensor(decoded.weights, dtype=torch.float64)
    loss = nn.CrossEntropyLoss(weights, label_smoothing=0.1, reduction="sum")
    logits = torch.tensor(decoded.optimum(label), dtype=torch.float64).log().requires_grad_()
    value = loss(logits, torch.tensor(label))
    (gradient,) = torch.autograd.grad(value, logits)
    assert gradient.abs().max() < 1e-12
    assert value.item() == pytest.approx(decoded.smallest_loss(label), abs=1e-12)
    for direction in torch.eye(scores, dtype=torch.float64):
        assert loss(logits.detach() + 0.1 * direction, torch.tensor(label)) > value


# What is chosen, and the pitfalls that it has, by name.
CASES: tuple[tuple[Decoded, set[str]], ...] = (
    (decode("torch", 10, 0.0), set()),
    (decode("torch", 10, 0.1), {"infinite logit", "smoothed test loss"}),
    (decode("torch", 2, 0.1), {"infinite logit", "smoothed test loss", "two classes"}),
    (decode("torch", 10, -0.1), {"negative taken as 0"}),
    (decode("timm", 10, -0.1), {"no lower bound"}),
    (decode("torch", 10, 0.0, weight=5), set()),
    (decode("torch", 10, 0.0, padding=0), {"all ignored"}),
    (decode("torch", 10, 0.1, weight=5), {"infinite logit", "smoothed test loss", "weights move the optimum"}),
    (decode("liger", 10, 0.1, weight=0.01),
     {"infinite logit", "smoothed test loss", "weights move the optimum", "wrong class"}),
    (decode("torch", 10, 0.1, weight=100),
     {"infinite logit", "smoothed test loss", "weights move the optimum", "wrong class"}),
    (decode("torch", 10, 0.1, padding=1, weight=100),
     {"infinite logit", "smoothed test loss", "weights move the optimum", "padding takes its share", "all ignored"}),
    (decode("keras", 10, 0.1, padding=3, weight=5),
     {"infinite logit", "smoothed test loss", "no class weights", "padding is not ignored"}),
    (decode("fairseq", 10, 0.1, padding=1), {"infinite logit", "smoothed test loss", "padding takes its share", "sum"}),
    (decode("apex", 10, 0.0), {"class without loss"}),
    (decode("apex", 10, 0.0, padding=4), set()),
    (decode("annotated-transformer", 10, 0.1), {"infinite logit", "class without loss", "sum"}),
    (decode("annotated-transformer", 10, 0.1, padding=0), {"infinite logit", "sum"}),
    (decode("annotated-transformer", 3, 0.1, padding=0), {"infinite logit", "sum", "two classes"}),
    (decode("origin", 4, 0.8), {"infinite logit", "least likely label", "sum"}),
    (decode("origin", 4, 0.75), {"infinite logit", "sum"}),
)  # fmt: skip


@pytest.mark.parametrize(("decoded", "names"), CASES, ids=range(len(CASES)))
def test_a_pitfall_is_told_exactly_where_it_lies(decoded: Decoded, names: set[str]) -> None:
    found = pitfalls(decoded)
    assert set(found) == names
    for words in found.values():
        assert words.endswith(".")
        assert words.isprintable()


def test_every_pitfall_is_met_by_some_choice_and_missed_by_another() -> None:
    met = [names for _, names in CASES]
    for name in PITFALLS:
        assert any(name in names for names in met), name
        assert any(name not in names for names in met), name


def test_the_words_of_a_pitfall_hold_its_numbers() -> None:
    words = pitfalls(decode("torch", 2, 0.1, weight=0.01))["wrong class"]
    assert "class 1 has probability 0.84 and the label 0.16" in words
    assert "more than 19 times" in words
    assert "0.5 instead of 0" in pitfalls(decode("torch", 10, 0.1))["smoothed test loss"]
    assert "gives it 0.0111" in pitfalls(decode("fairseq", 10, 0.1, padding=3))["padding takes its share"]


@pytest.mark.parametrize("name", ["torch", "liger", "fairseq"])
def test_examples_of_padding_count_for_nothing_where_the_library_ignores_it(name: str) -> None:
    decoded = decode(name, 5, 0.1, padding=1)
    assert decoded.without_loss(1)
    assert decoded.target(1) == decoded.optimum(1) == (0,) * 5
    assert decoded.smallest_loss(1) == 0
    assert not decode("timm", 5, 0.1, padding=1).without_loss(1)


def test_a_negative_epsilon_is_what_each_library_makes_of_it() -> None:
    assert decode("torch", 5, -0.2).target(0) == (1, 0, 0, 0, 0)
    assert decode("torch", 5, -0.2).gap == math.inf
    assert decode("timm", 5, -0.2).label_target == pytest.approx(1.16)
    assert decode("timm", 5, -0.2).floor == -math.inf
    # An epsilon that is taken as 0 is equal to 0 elsewhere.
    assert there(decode("torch", 5, -0.2), "timm") == 0
    assert there(decode("timm", 5, -0.2), "torch") is None


@pytest.mark.parametrize(
    ("name", "scores", "epsilon", "options", "message"),
    [
        ("jax", 5, 0.1, {}, "library must be one of torch"),
        ("torch", 1, 0.1, {}, "num_scores must be at least 2 for torch; got 1"),
        ("annotated-transformer", 2, 0.1, {}, "num_scores must be at least 3 for annotated-transformer; got 2"),
        ("torch", 5, 1.1, {}, "epsilon must be finite and at most 1; got 1.1"),
        ("torch", 5, math.nan, {}, "epsilon must be finite"),
        ("timm", 5, 1.0, {}, r"epsilon must be in \(-inf, 1\) for timm; got 1"),
        ("liger", 5, -0.1, {}, "refuses it; got -0.1"),
        ("origin", 5, -0.1, {}, "its loss is nan; got -0.1"),
        ("torch", 5, 0.1, {"padding": 5}, r"padding must be None or in 0..4; got 5"),
        ("torch", 5, 0.1, {"padding": -1}, r"padding must be None or in 0..4; got -1"),
        ("torch", 5, 0.1, {"weight": 0.0}, "weight must be above 0 and finite; got 0"),
        ("torch", 5, 0.1, {"weight": math.nan}, "weight must be above 0 and finite; got nan"),
    ],
)
def test_what_cannot_be_decoded_is_refused(
    name: str, scores: int, epsilon: float, options: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        decode(name, scores, epsilon, **options)  # type: ignore[arg-type]


def test_the_module_by_hand() -> None:
    log_probs = torch.tensor([[0.5, 0.25, 0.25]]).log()
    module = LabelSmoothing(3, 0.2)
    # KL of (.8, .1, .1) from (.5, .25, .25).
    expected = 0.8 * math.log(0.8 / 0.5) + 2 * 0.1 * math.log(0.1 / 0.25)
    assert module(log_probs, torch.tensor([0])).item() == pytest.approx(expected, abs=1e-6)
    assert module.true_dist is not None
    torch.testing.assert_close(module.true_dist, torch.tensor([[0.8, 0.1, 0.1]]))


@pytest.mark.parametrize(("scores", "epsilon", "seed"), [*product((2, 10, 1000), (0.0, 0.1, 0.5), (0, 7))])
def test_the_four_losses_are_two_and_the_way_leads_from_one_to_the_other(
    scores: int, epsilon: float, seed: int
) -> None:
    batch = side_by_side(scores, epsilon, seed)
    for first, second in ((batch.module, batch.others), (batch.builtin, batch.uniform)):
        assert first.value == pytest.approx(second.value, abs=1e-9)
        assert first.gradient == pytest.approx(second.gradient, abs=1e-12)
    start, mean, cross, end = (step.value for step in batch.way)
    assert (start, end) == pytest.approx((batch.module.value, batch.builtin.value))
    assert mean == pytest.approx(start / EXAMPLES)
    entropy = minimum_loss(epsilon, scores, "others")
    assert cross - mean == pytest.approx(entropy, abs=1e-12)
    assert (batch.matched - entropy) * EXAMPLES == pytest.approx(batch.module.value, abs=1e-9)
    # Without the sum, what is left of the gradients is the difference of the targets.
    left = batch.module.gradient - EXAMPLES * batch.builtin.gradient
    at_label = left[range(EXAMPLES), batch.labels]
    assert at_label == pytest.approx(epsilon / scores, abs=1e-12)
    assert left.sum(1) == pytest.approx(0, abs=1e-12)
    assert left.min() == pytest.approx(-epsilon / (scores * (scores - 1)), abs=1e-12)


def test_another_seed_is_another_batch_and_the_same_seed_the_same() -> None:
    first, again, other = side_by_side(5, 0.1, 3), side_by_side(5, 0.1, 3), side_by_side(5, 0.1, 4)
    assert first.module.value == again.module.value != other.module.value


def test_beyond_k_less_one_over_k_no_built_in_loss_matches_the_module() -> None:
    assert math.isnan(side_by_side(4, 0.8).matched)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 0.1), "num_classes must be at least 2; got 1"),
        ((5, -0.1), r"epsilon must be in \[0, 1\], .*; got -0.1"),
        ((5, math.nan), r"epsilon must be in \[0, 1\]"),
        ((5, 0.1, -1), r"seed must be in 0..\d+; got -1"),
    ],
)
def test_no_batch_is_made_of_nonsense(arguments: tuple[int, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        side_by_side(*arguments)


def test_decoded_numbers_are_those_of_the_conventions_and_the_loss() -> None:
    for name in ("torch", "origin"):
        decoded = decode(name, 7, 0.3)
        convention = decoded.library.convention
        assert decoded.gap == optimal_logit_gap(0.3, 7, convention)
        loss = LabelSmoothingLoss(0.3, convention, divergence=decoded.divergence)
        logits = torch.tensor([[decoded.gap] + [0.0] * 6], dtype=torch.float64)
        assert loss(logits, torch.tensor([0])).item() == pytest.approx(decoded.floor, abs=1e-12)
