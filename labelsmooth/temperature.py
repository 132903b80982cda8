"""Temperature scaling: one number that makes a trained classifier's confidence fit its accuracy.

Legend: N examples, K classes. b = 1/T, in which the negative log-likelihood is convex.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from labelsmooth.calibration import FloatArray, IntArray, check_labels, check_matrix
from labelsmooth.likelihood import derivatives, loss_at, shifted, step_to_root, without_masks
from labelsmooth.rows import over_rows

Bound = Literal["lower", "upper"] | None
Optimum = Literal["zero", "finite", "infinite"] | None

BOUNDS = (0.05, 20.0)
SEARCHED = 1 << 16  # logits in which a first search is as good as in all
NEAR = 3e-3  # relative: a step that is shorter leaves an error of about its fourth power


@dataclass(frozen=True)
class TemperatureFit:
    """The best temperature in its bounds, and where the optimum really is: the result of `fit_temperature`.

    Formula: the fitted probabilities of logits z are softmax(z / temperature).

    Attributes:
        temperature: T, without unit; 1 where `flat`.
        nll_before: negative log-likelihood at T = 1, in nats.
        nll_after: negative log-likelihood at the fitted T, in nats.
        at_bound: "lower" or "upper", the bound that stopped the fit; None where none did.
        optimum: "zero", "finite" or "infinite", where T would go without bounds; None where `flat`.

    Example:
        >>> fit = fit_temperature([[0.0, 1.0]] * 4, [1, 1, 1, 1])
        >>> fit.temperature, fit.at_bound, fit.optimum, fit.flat
        (0.05, 'lower', 'zero', False)

    Source: Guo et al. 2017, arXiv 1706.04599, section 4.2; the bounds are ours.
    """

    temperature: float
    nll_before: float
    nll_after: float
    at_bound: Bound
    optimum: Optimum

    @property
    def flat(self) -> bool:
        """Whether every temperature is equally good."""
        return self.optimum is None


def fit_temperature(logits: ArrayLike, labels: ArrayLike, bounds: tuple[float, float] = BOUNDS) -> TemperatureFit:
    """The temperature T that minimises the negative log-likelihood of softmax(logits / T).

    Formula: NLL(b) = mean(logsumexp(b z) - b z_y) with b = 1/T is convex; 1/T is the root of its increasing
    derivative g(b) = mean(E_p z - z_y), or the bound that g has its root beyond. Without bounds T goes to 0
    if and only if every label has the largest logit of its row, ties included, and to infinity if and only if
    sum(z_y - mean_k z_k) <= 0.

    Args:
        logits: of validation data, shape (N, K), K >= 2, -inf for a masked class.
        labels: integers in 0..K-1, shape (N,).
        bounds: the lowest and the highest T, 0 < low < high < inf.

    Returns:
        `TemperatureFit`, NLL in nats. Where every row is constant, without rows (NLL nan), and where a label
        has the logit -inf (NLL inf at every T), T is 1 and the fit `flat`. The argmax of the logits does not
        change with T; that of rounded probabilities can.

    Raises:
        ValueError: shapes, labels or bounds out of range; logits that are NaN or +inf.

    Example:
        >>> fit = fit_temperature([[0.0, 1.0]] * 4, [1, 1, 1, 0])
        >>> round(fit.temperature, 6), fit.at_bound, fit.optimum
        (0.910239, None, 'finite')

    Source: Guo et al. 2017, arXiv 1706.04599, section 4.2.
    """
    low, high = bounds
    if not 0 < low < high < math.inf:
        raise ValueError(f"bounds must be 0 < low < high < inf, got {bounds}")
    logits, labels = check_logits(logits, labels)
    if np.isneginf(logits[np.arange(len(labels)), labels]).any():
        return TemperatureFit(1.0, math.inf, math.inf, at_bound=None, optimum=None)
    optimum = _optimum(logits, labels)
    found: dict[Optimum, tuple[float, Bound]] = {None: (1.0, None), "zero": (low, "lower"), "infinite": (high, "upper")}
    temperature, at_bound = found[optimum] if optimum in found else _root(logits, labels, low, high)
    before, after = (loss_at(logits, labels, 1 / t) for t in (1.0, temperature))
    return TemperatureFit(temperature, before, after, at_bound, optimum)


def check_logits(logits: ArrayLike, labels: ArrayLike) -> tuple[FloatArray, IntArray]:
    """Float64 logits (N, K), finite or -inf, and labels (N,)."""
    logits = check_matrix("logits", logits)
    labels = check_labels(labels, *logits.shape)
    if not (logits < math.inf).all():
        raise ValueError(f"logits must be finite or -inf, got {logits[~(logits < math.inf)][0]}")
    return logits, labels


def _optimum(logits: FloatArray, labels: IntArray) -> Optimum:
    """Where T goes without bounds, None where all rows are constant."""

    def seen(rows: slice) -> tuple[bool, bool, float]:
        """Whether a row is not constant, whether a label is not the largest, and sum(z_y - mean z)."""
        z, at_label = shifted(logits[rows], labels[rows])
        finite = without_masks(z)
        mean = finite.sum(axis=0) / np.isfinite(z).sum(axis=0)
        return bool(finite.any()), bool(at_label.any()), float((at_label - mean).sum())

    varied, errors, above = zip(*over_rows(seen, *logits.shape), strict=True)
    if not any(varied):
        return None
    if not any(errors):
        return "zero"
    return "infinite" if sum(above) <= 0 else "finite"


def _root(logits: FloatArray, labels: IntArray, low: float, high: float) -> tuple[float, Bound]:
    """The temperature in its bounds where the optimum is finite, and the bound that stopped it.

    The sign of the slope decides, not a search for the least loss: where that is flat, it stops short. Of very many
    rows only some are searched, and the result is where the search among all of them starts.
    """
    every = math.ceil(logits.size / SEARCHED)
    found = _refine(logits[::every], labels[::every], 1.0, low, high)
    return found if every == 1 else _refine(logits, labels, 1 / found[0], low, high)


def _refine(logits: FloatArray, labels: IntArray, b: float, low: float, high: float) -> tuple[float, Bound]:
    """As `_root`, from a start b, in few passes: each halves the slope, or else the next one halves the bracket."""
    below, above, size = 0.0, math.inf, math.inf
    while True:
        slope, *higher = derivatives(logits, labels, b)
        if slope < 0 and b >= 1 / low:
            return low, "lower"
        if slope > 0 and b <= 1 / high:
            return high, "upper"
        below, above = (b, above) if slope < 0 else (below, b)
        step = float(step_to_root(slope, *higher))
        near = abs(step) < NEAR * b
        if near and 1 / high <= b + step <= 1 / low:
            return 1 / (b + step), None
        # So near a bound, the slope at the bound itself tells on which side of it the root is.
        new = min(max(b + step, 1 / high), 1 / low)
        if not near and (not below < new < above or abs(slope) > size / 2):
            # In the middle of the bracket; one that is open has the bound as its other end, to be looked at first.
            new = 1 / high if below == 0 else 1 / low if above == math.inf else math.sqrt(below * above)
            if new in (below, above):
                return 1 / b, None
        b, size = new, abs(slope)
