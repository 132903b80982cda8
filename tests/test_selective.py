"""Laws of the confidence scores, the risk-coverage curve and its areas."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax
from scipy.stats import entropy
from sklearn.metrics import roc_auc_score

from labelsmooth import rows
from labelsmooth.selective import SCORES, RiskCoverage, Score, confidence_score, confidence_scores, risk_coverage

Floats = NDArray[np.float64]
SOFTMAX_SCORES: tuple[Score, ...] = ("probability", "margin", "entropy")


def normal_logits(n: int = 200, classes: int = 4, seed: int = 0) -> Floats:
    return 3 * np.random.default_rng(seed).normal(size=(n, classes))


def ranked(seed: int, n: int = 60, levels: int = 12) -> tuple[Floats, NDArray[np.bool_]]:
    """Scores with many ties, and answers that are right the more often the higher the score."""
    generator = np.random.default_rng(seed)
    score = generator.integers(levels, size=n) / levels
    return score, generator.random(n) < 0.3 + 0.6 * score


def numbers(curve: RiskCoverage) -> list[float]:
    return [*curve.risk, *curve.best_risk, curve.aurc, curve.e_aurc, curve.auroc, curve.accuracy]


def order(score: Floats) -> list[int]:
    return np.argsort(score, kind="stable").tolist()


@pytest.mark.parametrize(
    ("score", "wrong", "aurc", "e_aurc"),
    [
        ([0.9, 0.8, 0.7, 0.6], [0, 1, 0, 1], (0 + 1 / 2 + 1 / 3 + 2 / 4) / 4, 1 / 3 - 5 / 24),
        ([0.9, 0.8, 0.7, 0.6], [0, 0, 1, 1], (0 + 0 + 1 / 3 + 2 / 4) / 4, 0),
        ([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 0], (1 + 1 + 2 / 3 + 2 / 4) / 4, (19 - 5) / 24),
        ([0.9, 0.9, 0.5, 0.5], [0, 1, 0, 1], 1 / 2, 1 / 2 - 5 / 24),
        ([0.9, 0.9, 0.5, 0.5], [0, 0, 0, 1], (0 + 0 + 1 / 6 + 1 / 4) / 4, 5 / 48 - 1 / 16),
        ([0.9, 0.9, 0.9, 0.5], [0, 0, 1, 1], (1 / 3 + 1 / 3 + 1 / 3 + 2 / 4) / 4, 3 / 8 - 5 / 24),
    ],
)
def test_aurc_by_hand(score: list[float], wrong: list[int], aurc: float, e_aurc: float) -> None:
    curve = risk_coverage(score, 1 - np.array(wrong))
    assert curve.aurc == pytest.approx(aurc, rel=1e-14)
    assert curve.e_aurc == pytest.approx(e_aurc, abs=1e-15)
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("n", [1, 3, 7, 49, 300])
def test_the_aurc_of_a_constant_score_is_exactly_the_error_rate(n: int) -> None:
    for errors in range(0, n + 1, max(1, n // 10)):
        curve = risk_coverage(np.full(n, 0.3), np.arange(n) >= errors)
        assert curve.aurc == errors / n
        assert set(curve.risk.tolist()) == {errors / n}


@pytest.mark.parametrize("seed", range(8))
def test_aurc_is_the_mean_over_all_orders_of_the_ties(seed: int) -> None:
    score, correct = ranked(seed, n=7, levels=3)
    orders = [list(rows) for rows in permutations(range(7)) if (np.diff(score[list(rows)]) <= 0).all()]
    risks = np.mean([np.cumsum(~correct[rows]) / np.arange(1, 8) for rows in orders], axis=0)
    curve = risk_coverage(score, correct)
    np.testing.assert_allclose(curve.risk, risks, atol=1e-14)
    assert curve.aurc == pytest.approx(risks.mean(), abs=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_risk_is_the_error_weighted_by_the_chance_to_be_accepted(seed: int) -> None:
    score, correct = ranked(seed)
    above, tied = (score > score[:, None]).sum(1), (score == score[:, None]).sum(1)
    k = np.arange(1, len(score) + 1)
    chance = np.clip((k[:, None] - above) / tied, 0, 1)
    np.testing.assert_allclose(risk_coverage(score, correct).risk, (chance * ~correct).sum(1) / k, atol=1e-14)


@pytest.mark.parametrize("seed", range(20))
def test_e_aurc_is_zero_for_a_perfect_order_and_positive_for_any_other(seed: int) -> None:
    score, correct = ranked(seed)
    assert risk_coverage(score, correct).e_aurc > 1e-4
    perfect = risk_coverage(correct + 0.4 * score, correct)
    assert perfect.e_aurc == 0
    assert perfect.risk.tolist() == perfect.best_risk.tolist()
    assert perfect.auroc == 1
    w, n = int((~correct).sum()), len(correct)
    assert perfect.aurc == pytest.approx(sum(i / (n - w + i) for i in range(1, w + 1)) / n, abs=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_only_the_order_of_the_score_counts(seed: int) -> None:
    score, correct = ranked(seed)
    expected = numbers(risk_coverage(score, correct))
    for changed in (100 * score - 7, np.exp(score), -1 / (score + 0.1), np.where(score == score.max(), np.inf, score)):
        assert numbers(risk_coverage(changed, correct)) == expected
    rows = np.random.default_rng(seed).permutation(len(score))
    assert numbers(risk_coverage(score[rows], correct[rows])) == expected
    assert numbers(risk_coverage(-score, correct)) != expected


@pytest.mark.parametrize("seed", range(5))
def test_auroc_is_that_of_sklearn(seed: int) -> None:
    score, correct = ranked(seed)
    assert risk_coverage(score, correct).auroc == pytest.approx(roc_auc_score(correct, score), abs=1e-14)


def test_auroc_by_hand() -> None:
    # Pairs of a right (.9, .5) and a wrong one (.9, .1): a tie, won, lost, won.
    assert risk_coverage([0.9, 0.5, 0.9, 0.1], [1, 1, 0, 0]).auroc == 2.5 / 4
    assert math.isnan(risk_coverage([0.1, 0.2], [1, 1]).auroc)
    assert math.isnan(risk_coverage([0.1, 0.2], [0, 0]).auroc)


def test_accuracy_at_a_coverage() -> None:
    curve = risk_coverage([0.9, 0.8, 0.8, 0.6], [True, False, True, False])
    assert [curve.accepted(c) for c in (0.01, 0.25, 0.26, 0.5, 0.75, 1.0)] == [1, 1, 2, 2, 3, 4]
    assert [curve.accuracy_at(c) for c in (0.25, 0.5, 0.75)] == pytest.approx([1, 3 / 4, 2 / 3])
    score, correct = ranked(0)
    assert risk_coverage(score, correct).accuracy_at(1) == pytest.approx(correct.mean(), abs=1e-15)
    assert risk_coverage(score, correct).accuracy == correct.mean()


def test_a_coverage_of_k_in_n_accepts_k() -> None:
    for n in (7, 49, 100, 900):
        curve = risk_coverage(np.arange(n), np.ones(n))
        assert [curve.accepted(k / n) for k in range(1, n + 1)] == list(range(1, n + 1))
    assert risk_coverage(np.arange(100), np.ones(100)).accepted(0.07) == 7  # 0.07 * 100 is over 7 in float64


def test_without_rows_there_is_nothing_to_tell() -> None:
    curve = risk_coverage([], [])
    assert (curve.n, curve.risk.size, curve.coverage.size) == (0, 0, 0)
    assert all(math.isnan(v) for v in (curve.aurc, curve.e_aurc, curve.auroc, curve.accuracy, curve.accuracy_at(1)))


@pytest.mark.parametrize(
    ("score", "correct", "message"),
    [
        ([0.1, 0.2], [1], r"shape of correct, \(1,\), got \(2,\)"),
        ([[0.1]], [[1]], r"correct must have shape \(N,\), got \(1, 1\)"),
        ([0.1, 0.2], [0, 2], "True or False, 1 or 0, got 2"),
        ([0.1, math.nan], [0, 1], "score must be a number, got nan"),
    ],
)
def test_a_broken_score_is_refused(score: ArrayLike, correct: ArrayLike, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        risk_coverage(score, correct)


@pytest.mark.parametrize("coverage", [0.0, -0.1, 1.01, math.nan])
def test_a_coverage_out_of_range_is_refused(coverage: float) -> None:
    with pytest.raises(ValueError, match=r"in \(0, 1\], got"):
        risk_coverage([0.5], [1]).accuracy_at(coverage)


def test_scores_are_those_of_the_probabilities() -> None:
    logits = normal_logits()
    probs = softmax(logits, axis=1)
    top = np.sort(probs, axis=1)[:, ::-1]
    np.testing.assert_allclose(confidence_score(logits) + 1, top[:, 0], rtol=1e-14)
    np.testing.assert_allclose(confidence_score(logits, "margin") + 1, top[:, 0] - top[:, 1], atol=1e-14)
    np.testing.assert_allclose(confidence_score(logits, "entropy"), -entropy(probs, axis=1), atol=1e-14)
    tensor = torch.tensor(logits)
    unit = torch.nn.functional.normalize(tensor - tensor.mean(1, keepdim=True), p=2, dim=1)
    np.testing.assert_allclose(confidence_score(logits, "logits"), unit.max(1).values.numpy(), rtol=1e-14)


@pytest.mark.parametrize(
    ("score", "value"),
    [
        ("probability", 3 / 6 - 1),
        ("margin", 3 / 6 - 2 / 6 - 1),
        ("entropy", math.log(3) / 2 + math.log(2) / 3 - math.log(6)),
    ],
)
def test_scores_by_hand(score: Score, value: float) -> None:
    logits = np.log([[3.0, 2.0, 1.0]])
    assert confidence_score(logits, score).item() == pytest.approx(value, rel=1e-14)


def test_normalised_logits_by_hand() -> None:
    # Centred: (2, -1, -1), norm sqrt 6, the most there can be; (1, 1, -2), the least; (5, 1, -6)/sqrt 62.
    logits = [[3.0, 0.0, 0.0], [1.0, 1.0, -2.0], [5.0, 1.0, -6.0], [7.0, 7.0, 7.0]]
    expected = [math.sqrt(2 / 3), math.sqrt(1 / 6), 5 / math.sqrt(62), 0]
    np.testing.assert_allclose(confidence_score(logits, "logits"), expected, rtol=1e-14)


def test_normalised_logits_are_the_cosine_to_the_corner_of_the_class() -> None:
    logits = normal_logits(classes=5)
    corners = np.eye(5) - 1 / 5
    centred = logits - logits.mean(1, keepdims=True)
    cosines = (centred @ corners) / np.linalg.norm(centred, axis=1)[:, None] / np.linalg.norm(corners[0])
    np.testing.assert_allclose(confidence_score(logits, "logits"), math.sqrt(4 / 5) * cosines.max(1), rtol=1e-13)


def test_two_classes_have_one_order_but_for_normalised_logits() -> None:
    logits = normal_logits(classes=2)
    probability, margin, negative_entropy = (order(confidence_score(logits, score)) for score in SOFTMAX_SCORES)
    assert probability == margin == negative_entropy == order(np.abs(logits[:, 0] - logits[:, 1]))
    (constant,) = set(confidence_score(logits + 1e3, "logits").tolist())
    assert constant == pytest.approx(math.sqrt(1 / 2))


def test_more_classes_have_an_order_for_each_score() -> None:
    orders = {tuple(order(confidence_score(normal_logits(), score))) for score in SCORES}
    assert len(orders) == len(SCORES) == 4


@pytest.mark.parametrize("score", SCORES)
def test_a_constant_and_the_order_of_the_classes_change_no_score(score: Score) -> None:
    logits = np.round(normal_logits(classes=7) * 64) / 64  # so that sums are exact
    expected = confidence_score(logits, score).tolist()
    shifts = np.arange(len(logits))[:, None] * 1024
    assert confidence_score(logits + shifts, score).tolist() == expected
    assert confidence_score(np.random.default_rng(0).permuted(logits, axis=1), score).tolist() == expected


def test_a_temperature_changes_the_order_of_probabilities_for_three_classes() -> None:
    # One rival at a distance of 2 against two at 2.5: doubts e^-2/T against 2 e^-2.5/T, equal at T = .5/log 2 = .721.
    logits = np.array([[2.0, 0.0, -20.0], [2.5, 0.0, 0.0]])
    first, second = confidence_score(logits)
    assert first > second
    first, second = confidence_score(logits / 0.5)
    assert first < second


@pytest.mark.parametrize("temperature", [0.05, 0.5, 3.0, 64.0, 1e200])
def test_no_temperature_changes_normalised_logits(temperature: float) -> None:
    logits = normal_logits()
    expected = confidence_score(logits, "logits")
    for scaled in (logits / temperature, logits * temperature):
        np.testing.assert_allclose(confidence_score(scaled, "logits"), expected, rtol=1e-13)
        assert order(confidence_score(scaled, "logits")) == order(expected)


@pytest.mark.parametrize("score", SOFTMAX_SCORES)
def test_certain_predictions_stay_apart(score: Score) -> None:
    logits = np.array([[gap, 0.0, -1.0] for gap in (30.0, 37.0, 50.0, 400.0, 700.0)])
    assert softmax(logits, axis=1)[1:, 0].tolist() == [1.0] * 4  # in float64 all the same
    values = confidence_score(logits, score)
    assert (np.diff(values) > 0).all()
    assert (values < 0).all()


def test_scores_of_a_certain_prediction_by_hand() -> None:
    # Against a rival of probability q = e^-50: 1 - p = q, 1 - (p - q) = 2 q, entropy q - q log q = 51 q.
    values = [confidence_score([[50.0, 0.0]], score).item() for score in SOFTMAX_SCORES]
    assert values == pytest.approx([-factor * math.exp(-50) for factor in (1, 2, 51)], rel=1e-14, abs=0)


@pytest.mark.parametrize("score", SOFTMAX_SCORES)
def test_a_masked_class_is_as_if_it_were_not_there(score: Score) -> None:
    logits = normal_logits(classes=3)
    masked = np.insert(logits, 1, -np.inf, axis=1)
    np.testing.assert_allclose(confidence_score(masked, score), confidence_score(logits, score), rtol=1e-14)
    assert confidence_score([[-np.inf, 5.0]], score).tolist() == [0.0]


@pytest.mark.parametrize(
    ("logits", "score", "message"),
    [
        ([0.0, 1.0], "margin", r"\(N, K\) with K >= 2"),
        ([[0.0, math.nan]], "margin", "finite or -inf, got nan"),
        ([[0.0, math.inf]], "entropy", "finite or -inf, got inf"),
        ([[-math.inf, -math.inf]], "probability", "got -inf for every class"),
        ([[0.0, -math.inf]], "logits", "finite for the score 'logits', got -inf"),
        ([[0.0, 1.0]], "confidence", "one of probability, margin, entropy, logits; got 'confidence'"),
    ],
)
def test_broken_logits_are_refused(logits: ArrayLike, score: Score, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        confidence_score(logits, score)


def test_scores_from_one_sort_and_in_chunks_are_those_of_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    logits = normal_logits()
    alone = {score: confidence_score(logits, score) for score in SCORES}
    monkeypatch.setattr(rows, "CHUNK", 60)
    together = confidence_scores(logits, tuple(SCORES))
    assert {score: values.tolist() for score, values in together.items()} == {
        score: values.tolist() for score, values in alone.items()
    }
