"""Judge the predictions of one model: as they are, and divided by a temperature that was fitted on other rows.

Legend: N rows, K classes, F folds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelsmooth.assessment.judged import Assessment, State
from labelsmooth.assessment.losses import Losses, losses_at, possible
from labelsmooth.calibration import FloatArray, IntArray, Scheme, event_reliability
from labelsmooth.comparison import LEVEL, compare
from labelsmooth.cross_fit import cross_fit_temperature
from labelsmooth.estimators import calibration_table
from labelsmooth.predictions.given import Predictions
from labelsmooth.predictions.words import listed
from labelsmooth.rows import side_by_side
from labelsmooth.selective import SCORES, RiskCoverage, Score, confidence_scores, risk_coverage
from labelsmooth.temperature import TemperatureFit, fit_temperature

UNSCALED = np.ones(1)
MAX_BINS = 1000


@dataclass(frozen=True, eq=False)
class _Fitted:
    """The fields of `Assessment` that tell of the temperature."""

    fit: TemperatureFit
    fitted_rows: int
    fitted_errors: int
    row_temperatures: FloatArray
    fold_temperatures: tuple[float, ...] = ()
    validation_rows: int = 0
    validation_is_test: bool = False


def assess(
    predictions: Predictions,
    validation: Predictions | None = None,
    *,
    bins: int = 15,
    scheme: Scheme = "equal-width",
    seed: int = 0,
    name: str = "predictions",
) -> Assessment:
    """Everything that the predictions of one model say of its confidence, before and after temperature scaling.

    The temperature is fitted on the validation set; without one it is cross-fitted on the rows themselves. `bins` is
    in 1..1000, and `seed`, from 0 up, draws the folds and the labels of the null bands. ValueError for any other, for
    another scheme, where there are no rows, and where the validation set is refused by `check_validation`.
    """
    _check(predictions, bins, seed)
    if validation is not None:
        check_validation(predictions, validation)
    prediction = predictions.logits.argmax(axis=1)
    correct = prediction == predictions.labels
    counts = possible(predictions)
    fitted = _validated(predictions, validation) if validation else _cross_fitted(predictions, correct, counts, seed)

    def judged(temperature: FloatArray) -> tuple[State, Losses]:
        probs, losses = losses_at(predictions, temperature)
        return _state(probs, losses, predictions.labels, correct, bins, scheme, seed), losses

    before, losses = judged(UNSCALED)
    after, scaled = (None, None) if fitted.fit.flat else judged(fitted.row_temperatures)
    return Assessment(
        name=name,
        scale=predictions.scale,
        rows=len(predictions.labels),
        classes=predictions.classes,
        labelled=np.bincount(predictions.labels, minlength=len(predictions.classes)),
        predicted=np.bincount(prediction, minlength=len(predictions.classes)),
        impossible=int((~counts).sum()),
        bins=bins,
        scheme=scheme,
        seed=seed,
        before=before,
        after=after,
        nll_change=compare(losses.nll[counts], scaled.nll[counts]) if scaled and counts.any() else None,
        brier_change=compare(losses.brier, scaled.brier) if scaled else None,
        risks=_risks(predictions, correct),
        **vars(fitted),
    )


def _check(predictions: Predictions, bins: int, seed: int) -> None:
    """Refuse predictions without rows, and numbers out of range."""
    if not 1 <= bins <= MAX_BINS:
        raise ValueError(f"bins must be in 1..{MAX_BINS}, got {bins}")
    if seed < 0:
        raise ValueError(f"seed must be at least 0, got {seed}")
    if not len(predictions.labels):
        raise ValueError("predictions must have at least one row, got 0")


def check_validation(predictions: Predictions, validation: Predictions) -> None:
    """Refuse a validation set without rows, of other classes or in another order, or on another kind of scale."""
    if not len(validation.labels):
        raise ValueError("the validation set must have at least one row, got 0")
    check_classes("the validation set", validation, predictions)
    # Logarithms of probabilities are what both other scales become, so these two mix.
    if (validation.scale == "logits") != (predictions.scale == "logits"):
        raise ValueError(
            f"the validation set must be on the scale of the predictions, {predictions.scale}, got {validation.scale}"
        )


def check_classes(name: str, other: Predictions, predictions: Predictions) -> None:
    """Refuse other classes, or another order: `same_classes` puts them in order."""
    if other.classes != predictions.classes:
        wanted, got = (f"{len(each.classes)} classes ({listed(each.classes)})" for each in (predictions, other))
        raise ValueError(f"{name} must have the same classes in the same order, {wanted}, got {got}")


def _state(
    probs: FloatArray,
    losses: Losses,
    labels: IntArray,
    correct: NDArray[np.bool_],
    bins: int,
    scheme: Scheme,
    seed: int,
) -> State:
    """Reliability, calibration errors and mean losses of probabilities (N, K)."""
    return State(
        curve=event_reliability(losses.confidence, correct, bins, scheme, LEVEL),
        estimates=calibration_table(probs, labels, bins, seed=seed),
        nll=float(losses.nll.mean()),
        brier=float(losses.brier.mean()),
        gap=compare(correct.astype(np.float64), losses.confidence),
    )


def _validated(predictions: Predictions, validation: Predictions) -> _Fitted:
    """The temperature of the validation set, one for all rows."""
    logits, labels = _rows(validation, possible(validation))
    fit = fit_temperature(logits, labels)
    return _Fitted(
        fit,
        fitted_rows=len(labels),
        fitted_errors=int((logits.argmax(axis=1) != labels).sum()),
        row_temperatures=np.array([fit.temperature]),
        validation_rows=len(validation.labels),
        validation_is_test=np.array_equal(validation.labels, predictions.labels)
        and np.array_equal(validation.logits, predictions.logits),
    )


def _cross_fitted(
    predictions: Predictions, correct: NDArray[np.bool_], counts: NDArray[np.bool_], seed: int
) -> _Fitted:
    """The temperatures of the rows themselves, fitted where the label counts, for it is possible; both (N,)."""
    logits, labels = _rows(predictions, counts)
    fit = fit_temperature(logits, labels)
    errors = int((~correct[counts]).sum())
    if fit.flat:
        return _Fitted(fit, len(labels), errors, UNSCALED)
    crossed = cross_fit_temperature(logits, labels, seed=seed, whole=fit)
    # A label that is impossible was in no fit, so the fit of all the others is honest there.
    temperature = np.full(len(counts), fit.temperature)
    temperature[counts] = crossed.temperatures[crossed.fold]
    return _Fitted(fit, len(labels), errors, temperature, tuple(crossed.temperatures.tolist()))


def _rows(predictions: Predictions, chosen: NDArray[np.bool_]) -> tuple[FloatArray, IntArray]:
    """Logits and labels of the chosen rows (N,), without a copy where that is all."""
    if chosen.all():
        return predictions.logits, predictions.labels
    return predictions.logits[chosen], predictions.labels[chosen]


def _risks(predictions: Predictions, correct: NDArray[np.bool_]) -> dict[Score, RiskCoverage]:
    """Risk against coverage by every score that these logits allow."""
    logits = predictions.logits
    # Of two classes the normalised logits are constant; of a masked class they do not exist.
    silent = logits.shape[1] == 2 or bool(np.isneginf(logits).any())
    scores = [score for score in SCORES if not (score == "logits" and silent)]
    found = confidence_scores(logits, scores)
    curves = side_by_side(lambda score: risk_coverage(found[score], correct), scores)
    return dict(zip(scores, curves, strict=True))
