"""Selective classification: which answers a model should keep to itself, and how well a score of confidence tells.

Legend: N examples, K classes. The k most confident examples are accepted; their coverage is k/N and their risk
the share of them that is wrong.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelsmooth.calibration import FloatArray, IntArray, check_matrix
from labelsmooth.conventions import check_choice
from labelsmooth.rows import over_rows

Score = Literal["probability", "margin", "entropy", "logits"]
SCORES: dict[Score, str] = {
    "probability": "maximum probability",
    "margin": "margin between the two largest probabilities",
    "entropy": "negative entropy",
    "logits": "normalised logits",
}

ROUNDING = 1e-9  # of coverage times N: 0.07 * 100 is a little more than 7


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """Risk at every coverage, and how well the score ranks: the result of `risk_coverage`.

    Formula: risk_k = (expected errors among the k most confident) / k, ties in random order; AURC = mean of risk_k
    over k = 1..N; E-AURC = AURC minus its least value for that number of errors.

    Attributes:
        coverage: k/N for k = 1..N, (N,), a fraction.
        risk: error rate of the k most confident, (N,), a fraction.
        best_risk: the lowest possible error rate of k examples, (N,), a fraction: every error comes last.
        aurc: area under the risk-coverage curve, a fraction; like the next three nan without rows.
        e_aurc: AURC above that of `best_risk`, a fraction, 0 only for a score that puts every error last.
        auroc: probability that a right example scores above a wrong one, ties counting half, a fraction; nan
            without errors and without right examples.
        accuracy: share of right predictions, a fraction.
        n: number of rows.

    Example:
        >>> curve = risk_coverage([0.9, 0.8, 0.7, 0.6], [True, False, True, False])
        >>> curve.accepted(0.6), curve.risk.round(3).tolist()
        (3, [0.0, 0.5, 0.333, 0.5])

    Source: Geifman, Uziel, El-Yaniv 2019, arXiv 1805.08206, AURC and E-AURC.
    """

    coverage: FloatArray
    risk: FloatArray
    best_risk: FloatArray
    aurc: float
    e_aurc: float
    auroc: float
    accuracy: float
    n: int

    def accepted(self, coverage: float) -> int:
        """Number of examples accepted at a coverage in (0, 1]: ceil(coverage N)."""
        if not 0 < coverage <= 1:
            raise ValueError(f"coverage must be in (0, 1], got {coverage}")
        return math.ceil(coverage * self.n - ROUNDING)

    def accuracy_at(self, coverage: float) -> float:
        """Accuracy of the examples accepted at a coverage in (0, 1], a fraction; nan without rows."""
        count = self.accepted(coverage)
        return 1 - float(self.risk[count - 1]) if count else math.nan


def confidence_score(logits: ArrayLike, score: Score = "probability") -> FloatArray:
    """How sure a model is of each prediction: the larger, the surer. Only the order of the values counts.

    Formula: with p = softmax(z), p_1 >= p_2 its two largest and c = z - mean(z)
        "probability"  p_1 - 1
        "margin"       (p_1 - p_2) - 1
        "entropy"      sum_k p_k log p_k
        "logits"       max(c) / |c|_2
    The first two are shifted by 1: near 0 a float64 tells apart what it rounds to the same number near 1. The
    last one is sqrt((K - 1)/K) times the cosine of the angle between c and the one-hot corner of its class.

    Args:
        logits: shape (N, K), K >= 2, in nats; -inf for a masked class, but not with "logits".
        score: "probability", "margin", "entropy" or "logits", the keys of `SCORES`.

    Returns:
        Scores (N,), the first three up to 0 where the model is certain: "probability" from 1/K - 1, "margin" from
        -1, "entropy" from -log K (nats). "logits" is from 1/sqrt(K (K - 1)) to sqrt((K - 1)/K), and 0 where all
        logits are equal. A factor on the logits does not change it, so neither does a temperature; and so it ranks
        nothing for K = 2, where it is constant. The order of the classes and a constant added to a row change
        no score.

    Raises:
        ValueError: shape or score out of range; NaN or +inf; a row of nothing but -inf; any -inf for "logits".

    Example:
        >>> [f"{value:.3g}" for value in confidence_score([[0.0, 0.0], [0.0, 50.0]])]
        ['-0.5', '-1.93e-22']
        >>> confidence_score([[3.0, 0.0, 0.0], [3.0, 2.0, 0.0]], "logits").round(4).tolist()
        [0.8165, 0.6172]

    Source: Cattelan, Silva 2024, arXiv 2305.15508: MSP, softmax margin, negative entropy and MaxLogit-pNorm, whose
    p they fit to held-out data and which is 2 here.
    """
    return confidence_scores(logits, (score,))[score]


def confidence_scores(logits: ArrayLike, scores: Sequence[Score]) -> dict[Score, FloatArray]:
    """Several of `confidence_score` of the same logits (N, K), each (N,), from one sort."""
    for score in scores:
        check_choice("score", score, get_args(Score))
    checked = _check_logits(logits, scores)
    values = {score: np.empty(len(checked)) for score in scores}

    def fill(rows: slice) -> None:
        # Sorted, so that rows that differ in the order of their classes tie to the last bit; shifted, so that nothing
        # overflows and a large common constant takes no digits.
        chunk = np.sort(checked[rows], axis=1)[:, ::-1]
        chunk = chunk - chunk[:, :1]
        odds = np.exp(chunk)  # against the prediction's
        for score in scores:
            values[score][rows] = _score(score, chunk, odds, odds[:, 1:].sum(axis=1))

    over_rows(fill, *checked.shape)
    return values


def risk_coverage(score: ArrayLike, correct: ArrayLike) -> RiskCoverage:
    """Error rate of the most confident share, for every share, and the areas that sum the curve up.

    Formula: AURC = (1/N) sum_k risk_k, where risk_k is the error rate of the k examples with the largest scores.
    Inside a tie every row counts the tie's mean error, which is the mean over all orders of its rows; a constant
    score has the error rate as its AURC. E-AURC = AURC - (1/N) sum_{i=1..w} i/(N - w + i) with w errors in all.
    AUROC = P(score of a right example > that of a wrong one) + P(equal)/2.

    Args:
        score: of confidence, shape (N,), any unit, larger for the surer; infinite ones are allowed. Only the
            order counts: an increasing function of it gives the same result.
        correct: whether each prediction is right, shape (N,), booleans or 0 and 1.

    Returns:
        `RiskCoverage`, all fractions from 0 to 1. AURC mixes accuracy in; E-AURC and AUROC judge the order, E-AURC
        still on a scale that depends on the accuracy. Without rows the arrays are empty and the numbers nan.

    Raises:
        ValueError: shapes that differ or are not (N,); a score that is NaN; other values in `correct`.

    Example:
        >>> curve = risk_coverage([0.9, 0.8, 0.7, 0.6], [True, True, False, False])
        >>> round(curve.aurc, 6), curve.e_aurc, curve.auroc, round(curve.accuracy_at(0.75), 6)
        (0.208333, 0.0, 1.0, 0.666667)

    Source: Geifman, Uziel, El-Yaniv 2019, arXiv 1805.08206, AURC and E-AURC; AUROC: Hendrycks, Gimpel 2017, arXiv
    1610.02136, section 2. The mean over ties is ours.
    """
    score, wrong = np.asarray(score, np.float64), ~_check_correct(correct)
    if score.shape != wrong.shape:
        raise ValueError(f"score must have the shape of correct, {wrong.shape}, got {score.shape}")
    if np.isnan(score).any():
        raise ValueError("score must be a number, got nan")
    n, errors = len(wrong), int(wrong.sum())
    size, wrong_of_tie = _ties(score, wrong)
    risk = _risk(size, wrong_of_tie)
    best_risk = _risk(np.array([n - errors, errors]), np.array([0, errors]))
    aurc, best = _mean_risk(risk), _mean_risk(best_risk)
    return RiskCoverage(
        coverage=np.arange(1, n + 1) / n,
        risk=risk,
        best_risk=best_risk,
        aurc=aurc,
        e_aurc=aurc - best,
        auroc=_auroc(size - wrong_of_tie, wrong_of_tie),
        accuracy=(n - errors) / n if n else math.nan,
        n=n,
    )


def _score(score: Score, logits: FloatArray, odds: FloatArray, rest: FloatArray) -> FloatArray:
    """A score (N,) of falling logits (N, K) from 0 down, their exponentials and the sums (N,) of all but the first."""
    if score == "logits":
        return _cosine(logits)
    if score == "probability":
        return np.asarray(-rest / (1 + rest))
    if score == "margin":
        return np.asarray(-(rest + odds[:, 1]) / (1 + rest))
    # The logarithm of p_1 is -log1p(rest), which log(1 + rest) rounds to 0; and 0 * -inf would be NaN.
    return np.asarray((odds * np.where(odds > 0, logits, 0.0)).sum(axis=1) / (1 + rest) - np.log1p(rest))


def _check_logits(logits: ArrayLike, scores: Sequence[Score]) -> FloatArray:
    """Float64 logits (N, K), finite or, where all scores have a meaning then, -inf."""
    logits = check_matrix("logits", logits)
    if not (logits < math.inf).all():
        raise ValueError(f"logits must be finite or -inf, got {logits[~(logits < math.inf)][0]}")
    masked = np.isneginf(logits)
    if "logits" in scores and masked.any():
        raise ValueError("logits must be finite for the score 'logits', got -inf")
    if masked.all(axis=1).any():
        raise ValueError("a row of logits must have a finite one, got -inf for every class")
    return logits


def _check_correct(correct: ArrayLike) -> NDArray[np.bool_]:
    """Booleans (N,)."""
    correct = np.asarray(correct)
    if correct.ndim != 1:
        raise ValueError(f"correct must have shape (N,), got {correct.shape}")
    other = (correct != 0) & (correct != 1)
    if other.any():
        raise ValueError(f"correct must be True or False, 1 or 0, got {correct[other][0]}")
    return correct.astype(np.bool_)


def _cosine(logits: FloatArray) -> FloatArray:
    """Largest centred logit over their 2-norm (N,), from sorted rows (N, K) with a maximum of 0."""
    centred = logits - logits.mean(axis=1, keepdims=True)
    # The square of a large logit would overflow. For K = 2 the quotients are 1 and -1 to the last bit, so all rows tie.
    largest = np.abs(centred).max(axis=1, keepdims=True)
    centred = centred / np.where(largest > 0, largest, 1.0)
    norm = np.linalg.norm(centred, axis=1)
    return np.asarray(centred[:, 0] / np.where(norm > 0, norm, 1.0))


def _ties(score: FloatArray, wrong: NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
    """Sizes and errors of the ties of scores (N,), in falling order of the score."""
    falling = np.sort(-score)
    first = np.flatnonzero(np.concatenate([np.ones(min(1, len(score)), np.bool_), falling[1:] != falling[:-1]]))
    # Errors in their own order: looking them up walks through memory, and nothing has to sort the rows themselves.
    tie = np.searchsorted(falling[first], np.sort(-score[wrong]))
    return np.diff(first, append=len(score)), np.bincount(tie, minlength=len(first))


def _risk(size: IntArray, wrong: IntArray) -> FloatArray:
    """Error rate (N,) of the first k rows, k = 1..N, from sizes and errors of the ties in falling order."""
    before = np.repeat(size.cumsum() - size, size)
    wrong_before = np.repeat(wrong.cumsum() - wrong, size)
    k = np.arange(1, len(before) + 1)
    size, wrong = np.repeat(size, size), np.repeat(wrong, size)
    # One quotient of whole numbers: equal risks are equal to the last bit, whatever ties they come from.
    return np.asarray((wrong_before * size + (k - before) * wrong) / (k * size))


def _mean_risk(risk: FloatArray) -> float:
    """Mean of a curve (N,), nan without rows; of a constant one it is that constant, with no rounding."""
    return float(risk[-1] + (risk - risk[-1]).mean()) if risk.size else math.nan


def _auroc(right: IntArray, wrong: IntArray) -> float:
    """Probability that a right example lies in a higher tie than a wrong one, or half that of the same tie."""
    pairs = right.sum() * wrong.sum()
    above = right.cumsum() - right / 2
    return float((wrong * above).sum() / pairs) if pairs else math.nan
