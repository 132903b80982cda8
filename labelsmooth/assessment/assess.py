"""Judge the predictions of one model: as they are, and divided by a temperature that was fitted on other rows.

Legend: N rows, K classes, F folds.
"""

import numpy as np

from labelsmooth.assessment.judged import Assessment, State
from labelsmooth.assessment.losses import Losses, losses_at, possible
from labelsmooth.calibration import FloatArray, Scheme, event_reliability
from labelsmooth.comparison import LEVEL, Comparison, compare
from labelsmooth.cross_fit import cross_fit_temperature
from labelsmooth.estimators import calibration_table
from labelsmooth.predictions.given import Predictions
from labelsmooth.rows import side_by_side
from labelsmooth.selective import SCORES, RiskCoverage, Score, confidence_scores, risk_coverage
from labelsmooth.temperature import TemperatureFit, fit_temperature

UNSCALED = np.ones(1)


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

    The temperature is fitted on the validation set; without one it is cross-fitted on the rows themselves. `seed`
    draws the folds and the labels of the null bands. ValueError where there are no rows, where the validation set
    has other classes, and for bins or scheme out of range.
    """
    _check(predictions, validation)
    labels, classes = predictions.labels, len(predictions.classes)
    prediction = predictions.logits.argmax(axis=1)
    correct = prediction == labels
    counts = possible(predictions)
    fit, fitted_rows, folds, temperature = _temperature(predictions, counts, validation, seed)

    def state(temperature: FloatArray) -> tuple[State, Losses]:
        probs, losses = losses_at(predictions, temperature)
        judged = State(
            curve=event_reliability(losses.confidence, correct, bins, scheme, LEVEL),
            estimates=calibration_table(probs, labels, bins, seed=seed),
            nll=float(losses.nll.mean()),
            brier=float(losses.brier.mean()),
            gap=compare(correct.astype(np.float64), losses.confidence),
        )
        return judged, losses

    before, losses = state(UNSCALED)
    after: State | None = None
    nll_change: Comparison | None = None
    brier_change: Comparison | None = None
    if not fit.flat:
        after, scaled = state(temperature)
        brier_change = compare(losses.brier, scaled.brier)
        if counts.any():
            nll_change = compare(losses.nll[counts], scaled.nll[counts])
    return Assessment(
        name=name,
        scale=predictions.scale,
        rows=len(labels),
        classes=predictions.classes,
        labelled=np.bincount(labels, minlength=classes),
        predicted=np.bincount(prediction, minlength=classes),
        impossible=int((~counts).sum()),
        bins=bins,
        scheme=scheme,
        before=before,
        after=after,
        fit=fit,
        fitted_rows=fitted_rows,
        fold_temperatures=folds,
        validation_rows=0 if validation is None else len(validation.labels),
        row_temperatures=temperature,
        nll_change=nll_change,
        brier_change=brier_change,
        risks=_risks(predictions, correct),
    )


def _check(predictions: Predictions, validation: Predictions | None) -> None:
    """Refuse sets without rows and validation of other classes."""
    if not len(predictions.labels):
        raise ValueError("predictions must have at least one row, got 0")
    if validation is None:
        return
    if not len(validation.labels):
        raise ValueError("the validation set must have at least one row, got 0")
    check_same_classes("the validation set", validation, predictions)


def check_same_classes(name: str, other: Predictions, predictions: Predictions) -> None:
    """Refuse predictions whose classes are not the same, in the same order."""
    if other.classes == predictions.classes:
        return
    if len(other.classes) != len(predictions.classes):
        raise ValueError(f"{name} must have {len(predictions.classes)} classes, got {len(other.classes)}")
    pairs = zip(predictions.classes, other.classes, strict=True)
    number, (wanted, got) = next((k, pair) for k, pair in enumerate(pairs) if pair[0] != pair[1])
    raise ValueError(f"{name} must have the same classes in the same order: class {number} must be {wanted}, got {got}")


def _temperature(
    predictions: Predictions, counts: np.ndarray, validation: Predictions | None, seed: int
) -> tuple[TemperatureFit, int, tuple[float, ...], FloatArray]:
    """The fit, the rows that it is of, the temperatures of the folds (F,), and those of the rows, (N,) or (1,).

    `counts` (N,) tells which labels are possible.
    """
    if validation is not None:
        logits, labels = _rows(validation, possible(validation))
        fit = fit_temperature(logits, labels)
        return fit, len(labels), (), np.array([fit.temperature])
    logits, labels = _rows(predictions, counts)
    fit = fit_temperature(logits, labels)
    if fit.flat:
        return fit, len(labels), (), UNSCALED
    crossed = cross_fit_temperature(logits, labels, seed=seed, whole=fit)
    # A label that is impossible was in no fit, so the fit of all the others is honest there.
    temperature = np.full(len(counts), fit.temperature)
    temperature[counts] = crossed.temperatures[crossed.fold]
    return fit, len(labels), tuple(crossed.temperatures.tolist()), temperature


def _rows(predictions: Predictions, chosen: np.ndarray) -> tuple[FloatArray, np.ndarray]:
    """Logits and labels of the chosen rows (N,), without a copy where that is all."""
    if chosen.all():
        return predictions.logits, predictions.labels
    return predictions.logits[chosen], predictions.labels[chosen]


def _risks(predictions: Predictions, correct: np.ndarray) -> dict[Score, RiskCoverage]:
    """Risk against coverage by every score that these logits allow."""
    logits = predictions.logits
    # Of two classes the normalised logits are constant; of a masked class they do not exist.
    silent = logits.shape[1] == 2 or bool(np.isneginf(logits).any())
    scores = [score for score in SCORES if not (score == "logits" and silent)]
    found = confidence_scores(logits, scores)
    curves = side_by_side(lambda score: risk_coverage(found[score], correct), scores)
    return dict(zip(scores, curves, strict=True))
