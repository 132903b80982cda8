"""What people would use instead of our calibration measures, each as a function that gives the same number.

Legend: N examples, K classes, M bins. Given are probabilities (N, K) in float64, or the top label's confidence (N,) and
whether it is right (N,). A package that is missing is "not installed" and has no function here.
"""

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.calibration import _TemperatureScaling, calibration_curve

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

BINS = 15
PACKAGES = ("torchmetrics", "netcal", "relplot")


def missing() -> list[str]:
    """Packages that are not installed."""
    return [name for name in PACKAGES if find_spec(name) is None]


def ece_peers(probs: Floats, labels: Ints) -> dict[str, Callable[[], float]]:
    """ECE of the top label in bins of equal width."""
    found: dict[str, Callable[[], float]] = {"scikit-learn route": lambda: by_scikit_learn(*top(probs, labels))}
    if find_spec("torchmetrics"):
        from torchmetrics.functional.classification import multiclass_calibration_error

        tensors = torch.from_numpy(probs), torch.from_numpy(labels)
        for name, checked in (("torchmetrics", True), ("torchmetrics unchecked", False)):
            found[name] = lambda checked=checked: float(  # type: ignore[misc]
                multiclass_calibration_error(*tensors, probs.shape[1], n_bins=BINS, validate_args=checked)
            )
    if find_spec("netcal"):
        from netcal.metrics import ECE

        found["netcal"] = lambda: float(ECE(BINS).measure(probs, labels))
    if find_spec("relplot"):
        from relplot.metrics import binnedECE

        def by_relplot() -> float:
            confidence, correct = top(probs, labels)
            return float(binnedECE(confidence, correct, BINS))

        found["relplot"] = by_relplot
    return found


def smooth_peers(confidence: Floats, correct: Floats) -> dict[str, Callable[[], float]]:
    """Smooth ECE."""
    if not find_spec("relplot"):
        return {}
    from relplot import smECE

    return {"relplot": lambda: float(smECE(confidence, correct))}


def top(probs: Floats, labels: Ints) -> tuple[Floats, Floats]:
    """Confidence and 1 where it is right, as one would write it."""
    return probs.max(axis=1), (probs.argmax(axis=1) == labels).astype(np.float64)


def by_scikit_learn(confidence: Floats, event: Floats, strategy: str = "uniform") -> float:
    """ECE of one event from scikit-learn's curve, with the counts that it does not give."""
    frequency, mean = calibration_curve(event, confidence, n_bins=BINS, strategy=strategy)
    edges = np.arange(BINS + 1) / BINS
    if strategy == "quantile":
        edges = np.quantile(confidence, edges)
    count = np.histogram(confidence, edges)[0]
    return float(np.abs(frequency - mean) @ count[count > 0] / len(event))


def classwise_by_scikit_learn(probs: Floats, labels: Ints) -> float:
    """Class-wise ECE, a class at a time."""
    return float(np.mean([by_scikit_learn(p, (labels == k).astype(np.float64)) for k, p in enumerate(probs.T)]))


def null_by_draws(confidence: Floats, draws: int) -> float:
    """Median ECE of draws of all labels, each in NumPy's fastest way."""
    generator = np.random.default_rng(1)
    index = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)
    expected = np.bincount(index, confidence, BINS)
    hits = (np.bincount(index, generator.random(len(index)) < confidence, BINS) for _ in range(draws))
    return float(np.median([np.abs(each - expected).sum() / len(index) for each in hits]))


def temperature_by_scikit_learn(logits: Floats, labels: Ints) -> float:
    """Temperature by what is inside `CalibratedClassifierCV(method="temperature")`, without its wrapping."""
    return float(1 / _TemperatureScaling().fit(logits, labels).beta_)


def temperature_by_torch(logits: Floats, labels: Ints) -> float:
    """Temperature by L-BFGS on torch's cross-entropy, the usual recipe with a line search, so that it converges."""
    z, y = torch.from_numpy(logits), torch.from_numpy(labels)
    b = torch.ones((), dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS([b], max_iter=50, tolerance_grad=1e-9, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        search.zero_grad()
        value = torch.nn.functional.cross_entropy(b * z, y)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    search.step(loss)  # type: ignore[no-untyped-call]
    return 1 / b.item()
