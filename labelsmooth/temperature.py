"""Temperature scaling: one number that makes a trained classifier's confidence fit its accuracy.

Legend: N examples, K classes. b = 1/T, in which the negative log-likelihood is convex.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from labelsmooth.calibration import FloatArray, check_labels, check_matrix


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
    at_bound: Literal["lower", "upper"] | None
    optimum: Literal["zero", "finite", "infinite"] | None

    @property
    def flat(self) -> bool:
        """Whether every temperature is equally good."""
        return self.optimum is None


def fit_temperature(logits: ArrayLike, labels: ArrayLike, bounds: tuple[float, float] = (0.05, 20.0)) -> TemperatureFit:
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
    logits = check_matrix("logits", logits)
    labels = check_labels(labels, *logits.shape)
    if not (logits < math.inf).all():
        raise ValueError(f"logits must be finite or -inf, got {logits[~(logits < math.inf)][0]}")
    at_label = logits[np.arange(len(labels)), labels]
    if np.isneginf(at_label).any():
        return TemperatureFit(1.0, math.inf, math.inf, at_bound=None, optimum=None)
    # A row may be shifted freely; with its largest logit at 0 no exponential overflows.
    top = logits.max(axis=1)
    return _fit(logits - top[:, None], at_label - top, low, high)


def _fit(logits: FloatArray, at_label: FloatArray, low: float, high: float) -> TemperatureFit:
    """The fit for logits (N, K) with a row maximum of 0 and the finite logits (N,) of the labels."""
    finite = np.where(np.isneginf(logits), 0.0, logits)  # a masked class has weight 0, and 0 * -inf is NaN

    def loss(b: float) -> float:
        values = np.log(np.exp(b * logits).sum(axis=1)) - b * at_label
        return float(values.mean()) if values.size else math.nan

    def slope(b: float) -> float:
        weights = np.exp(b * logits)
        return float(((weights * finite).sum(axis=1) / weights.sum(axis=1) - at_label).mean())

    optimum = _optimum(logits, finite, at_label)
    at_bound: Literal["lower", "upper"] | None = None
    if optimum is None:
        temperature = 1.0
    # The sign of the slope decides, not a search for the least loss: where that is flat, it stops short.
    elif optimum == "zero" or slope(1 / low) < 0:
        temperature, at_bound = low, "lower"
    elif optimum == "infinite" or slope(1 / high) > 0:
        temperature, at_bound = high, "upper"
    else:
        temperature = 1 / brentq(slope, 1 / high, 1 / low)
    return TemperatureFit(temperature, loss(1.0), loss(1 / temperature), at_bound, optimum)


def _optimum(
    logits: FloatArray, finite: FloatArray, at_label: FloatArray
) -> Literal["zero", "finite", "infinite"] | None:
    """Where T goes without bounds, None where all rows are constant; arguments as in `_fit`."""
    if not finite.any():
        return None
    if not at_label.any():
        return "zero"
    mean = finite.sum(axis=1) / np.isfinite(logits).sum(axis=1)
    return "infinite" if (at_label - mean).sum() <= 0 else "finite"
