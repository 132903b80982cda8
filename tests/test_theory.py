"""Laws of the theory: its numbers are those of the loss module, and a training ends where it says."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from run_fakes import snapshot as faked

from labelsmooth.conventions import Convention, minimum_loss, optimal_logit_gap
from labelsmooth.loss import LabelSmoothingLoss
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.theory import (
    approach_sentence,
    first_reached,
    growth_sentence,
    log_probabilities,
    loss_gradient,
    loss_terms,
    overfitting_sentence,
    passage_sentence,
)
from labelsmooth.training import train

GAPS = np.array([-2.0, 0.0, 1.5, 4.5, 12.0])
CONVENTIONS: tuple[Convention, ...] = ("uniform", "others")


def by_the_loss_module(epsilon: float, classes: int, convention: Convention) -> tuple[np.ndarray, np.ndarray]:
    """Value (G,) and gradient (G, K) of the loss of examples whose first logit is GAPS and whose others are 0."""
    logits = torch.zeros(len(GAPS), classes, dtype=torch.float64)
    logits[:, 0] = torch.from_numpy(GAPS)
    logits.requires_grad_()
    losses = LabelSmoothingLoss(epsilon, convention, reduction="none")(logits, torch.zeros(len(GAPS), dtype=torch.long))
    (gradient,) = torch.autograd.grad(losses.sum(), logits)
    return losses.detach().numpy(), gradient.numpy()


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("classes", [2, 10, 1000])
@pytest.mark.parametrize("epsilon", [-0.3, 0.0, 0.1, 0.5])
def test_the_curves_are_value_and_gradient_of_the_loss_module(
    epsilon: float, classes: int, convention: Convention
) -> None:
    value, gradient = by_the_loss_module(epsilon, classes, convention)
    terms = loss_terms(GAPS, epsilon, classes, convention)
    np.testing.assert_allclose(terms.total, value, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(terms.kept, (1 - epsilon) * by_the_loss_module(0.0, classes, convention)[0], atol=1e-14)
    np.testing.assert_allclose(terms.given, epsilon * by_the_loss_module(1.0, classes, convention)[0], atol=1e-14)
    label, other = loss_gradient(GAPS, epsilon, classes, convention)
    np.testing.assert_allclose(label, gradient[:, 0], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(other, gradient[:, -1], rtol=1e-9, atol=1e-15)


def test_a_gap_by_hand() -> None:
    """Three classes, gap log 4: probabilities 4/6, 1/6, 1/6; epsilon 0.3 targets 0.8, 0.1, 0.1."""
    gap = np.array([math.log(4)])
    label, other = log_probabilities(gap, 3)
    assert (np.exp(label[0]), np.exp(other[0])) == pytest.approx((4 / 6, 1 / 6))
    loss = -0.8 * math.log(4 / 6) - 0.2 * math.log(1 / 6)
    assert loss_terms(gap, 0.3, 3).total[0] == pytest.approx(loss)
    gradients = [each[0] for each in loss_gradient(gap, 0.3, 3)]
    assert gradients == pytest.approx([4 / 6 - 0.8, 1 / 6 - 0.1])


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_curve_is_lowest_at_the_optimum(convention: Convention) -> None:
    gap = optimal_logit_gap(0.1, 10, convention)
    before, at, after = loss_terms(np.array([gap - 1e-3, gap, gap + 1e-3]), 0.1, 10, convention).total
    assert before > at < after
    assert at == pytest.approx(minimum_loss(0.1, 10, convention))
    assert np.abs(loss_gradient(np.array([gap]), 0.1, 10, convention)).max() < 1e-12


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_training_that_has_converged_is_at_the_optimum(convention: Convention) -> None:
    setup = TrainingSetup(
        "wine", train_size=60, label_noise=0.0, epsilons=(0.0, 0.1, 0.4), convention=convention, seeds=(0, 1),
        hidden=(32, 32), learning_rate=1e-2, epochs=300,
    )  # fmt: skip
    snapshots = list(train(setup))
    last = snapshots[-1]
    for column, epsilon in enumerate(setup.epsilons):
        floor = minimum_loss(epsilon, 3, convention)
        above = np.array([each.train_loss[:, column] for each in snapshots]) - floor
        assert above.min() > -1e-6  # rounding of float32
        assert above[-1].max() < 1e-3 < above[5].min()
        if epsilon:
            gap = optimal_logit_gap(epsilon, 3, convention)
            assert last.train_logit_gap[:, column] == pytest.approx(gap, rel=0.02)
    # Hard labels have no gap to stop at.
    assert (last.train_logit_gap[:, 0] > snapshots[len(snapshots) // 2].train_logit_gap[:, 0]).all()
    aim = [of(0.4, 3, convention) for of in (optimal_logit_gap, minimum_loss)]
    assert f"the optimum {aim[0]:.2f}: there." in approach_sentence(snapshots, *aim)


def made(epoch: int, seeds: int = 2, **measures: tuple[float, float]) -> Snapshot:
    """A snapshot after an epoch, whose named measures are these for hard labels and smoothed, seeds a little apart."""
    setup = TrainingSetup(seeds=tuple(range(seeds)))
    spread = 1e-3 * np.arange(seeds)[:, None]
    arrays: dict[str, Any] = {name: np.array([pair] * seeds, float) + spread for name, pair in measures.items()}
    whole = faked(setup, epoch, finished=False)
    return replace(whole, **arrays)


@pytest.mark.parametrize(("end", "words"), [(9.0, "it is still growing"), (2.0, "it no longer grows")])
def test_growth_turns_out_either_way(end: float, words: str) -> None:
    # The seeds move apart: a difference without spread would always be decided.
    last = made(10, train_logit_gap=(end, 0))
    last.train_logit_gap[1] += 0.01
    said = growth_sentence([made(0, train_logit_gap=(0, 0)), made(5, train_logit_gap=(5, 0)), last])
    assert "From epoch 5 to 10" in said
    assert said.endswith(f"{words}.")


def test_growth_of_one_seed_is_not_decided() -> None:
    said = growth_sentence([made(1, seeds=1, train_logit_gap=(1, 0)), made(2, seeds=1, train_logit_gap=(5, 0))])
    assert said.endswith("whether it still grows is not decided.")


@pytest.mark.parametrize(
    ("confidence", "train", "loss", "words"),
    [
        (0.9, 1.0, 0.9, ("35.0 points better on what they have seen", "over-confident", "lowest after epoch 1, 0.50")),
        (0.4, 0.5, 0.4, ("15.0 points better on what is new", "under-confident", "lowest at the end, 0.40")),
    ],
)
def test_over_fitting_turns_out_either_way(confidence: float, train: float, loss: float, words: tuple[str]) -> None:
    first = made(1, nll=(0.5, 0))
    last = made(2, accuracy=(0.65, 0), confidence=(confidence, 0), train_accuracy=(train, 0), nll=(loss, 0))
    last.accuracy[1] += 0.002
    said = overfitting_sentence([first, replace(last, nll=last.nll.round(2))])
    for each in words:
        assert each in said.replace("34.9", "35.0").replace("15.1", "15.0")


@pytest.mark.parametrize(
    ("accuracies", "verdict"),
    [((0.5, 0.9, 0.6), "a loss"), ((0.5, 0.6, 0.9), "a gain"), ((0.5, 0.6, 0.6), "undecided)")],
)
def test_a_passage_tells_where_it_was_and_what_came_of_it(accuracies: tuple[float, ...], verdict: str) -> None:
    gaps = (1.0, 2.8, 9.0)
    run = [
        made(k, test_logit_gap=(gap, 0), accuracy=(accuracy, 0))
        for k, (gap, accuracy) in enumerate(zip(gaps, accuracies, strict=True))
    ]
    run[-1].accuracy[:, 0] += (0.002, -0.001)
    said = passage_sentence(run, 0, 2.77)
    assert "Hard labels: the mean test gap first reached the noise optimum 2.77 after epoch 1" in said
    assert f": {verdict}" in said
    assert "never reached the noise optimum 9.50; the highest was 9.00, after epoch 2" in passage_sentence(run, 0, 9.5)
    assert "no finite optimum" in passage_sentence(run, 1, math.inf)


@pytest.mark.parametrize(("gap", "place"), [(3.0, "still below it"), (4.5, "there"), (5.0, "above it")])
def test_an_approach_says_on_which_side_it_ended(gap: float, place: str) -> None:
    said = approach_sentence([made(7, train_logit_gap=(9, gap), train_loss=(0, 0.6))], 4.51, 0.5)
    assert f"the optimum 4.51: {place}." in said
    assert "0.101 above" in said
    assert "no finite optimum" in approach_sentence([made(7)], math.inf, -math.inf)


def test_a_level_counts_as_reached_by_the_mean_over_seeds() -> None:
    values = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 2.0], [0.0, 0.0]])
    assert first_reached(values, 2.5) == 2
    assert first_reached(values, 2.6) is None
