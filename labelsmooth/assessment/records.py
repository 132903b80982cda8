"""The numbers of an assessment for other programs: as JSON, and as CSV in the long format. All digits are kept."""

import csv
import io
import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from labelsmooth.assessment.judged import Assessment, State
from labelsmooth.comparison import Comparison

COVERAGES = (0.5, 0.8, 0.9, 0.95, 1.0)
COLUMNS = (
    "model",
    "state",
    "measure",
    "bin",
    "value",
    "low",
    "high",
    "null_median",
    "null_low",
    "null_high",
    "p_value",
)


def to_json(assessment: Assessment) -> str:
    """Everything but the arrays over rows; null for what is not a finite number."""
    return json.dumps(_plain(_content(assessment)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(assessment: Assessment) -> str:
    """One line a number: before, after and the change between, with intervals and with what chance alone gives."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for line in _lines(assessment):
        known = {name: value for name, value in _plain(line).items() if value is not None}
        writer.writerow({"model": assessment.name} | known)
    return file.getvalue()


def _content(assessment: Assessment) -> dict[str, Any]:
    """The record as nested mappings."""
    fit = assessment.fit
    return {
        "name": assessment.name,
        "scale": assessment.scale,
        "rows": assessment.rows,
        "classes": [
            {"name": name, "labelled": labelled, "predicted": predicted}
            for name, labelled, predicted in zip(
                assessment.classes, assessment.labelled, assessment.predicted, strict=True
            )
        ],
        "impossible_labels": assessment.impossible,
        "bins": assessment.bins,
        "scheme": assessment.scheme,
        "seed": assessment.seed,
        "temperature": {
            **asdict(fit),
            "flat": fit.flat,
            "fitted_rows": assessment.fitted_rows,
            "fitted_errors": assessment.fitted_errors,
            "validation_rows": assessment.validation_rows,
            "fold_temperatures": assessment.fold_temperatures,
        },
        "before": _state(assessment.before),
        "after": None if assessment.after is None else _state(assessment.after),
        "change": {name: _change(change) for name, change in _changes(assessment) if change is not None},
        "ranking": {score: dict(_ranking(assessment, score)) for score in assessment.risks},
    }


def _state(state: State) -> dict[str, Any]:
    """One state as nested mappings."""
    return {
        "accuracy": state.curve.accuracy,
        "confidence": state.curve.confidence,
        "gap": _change(state.gap),
        "nll": state.nll,
        "brier": state.brier,
        "errors": [asdict(estimate) for estimate in state.estimates],
        "reliability": {name: value for name, value in asdict(state.curve).items() if isinstance(value, np.ndarray)},
    }


def _change(change: Comparison) -> dict[str, float]:
    """A mean difference over rows with its interval."""
    return {"value": change.difference, "low": change.low, "high": change.high, "rows": change.seeds}


def _changes(assessment: Assessment) -> tuple[tuple[str, Comparison | None], ...]:
    """What the temperature does to the losses."""
    return ("nll", assessment.nll_change), ("brier", assessment.brier_change)


def _ranking(assessment: Assessment, score: Any) -> Iterator[tuple[str, float]]:
    """What the risk-coverage curve of a score says, by name."""
    risk = assessment.risks[score]
    yield from (("auroc", risk.auroc), ("aurc", risk.aurc), ("e_aurc", risk.e_aurc))
    yield from ((f"accuracy at coverage {coverage:g}", risk.accuracy_at(coverage)) for coverage in COVERAGES)


def _lines(assessment: Assessment) -> Iterator[dict[str, Any]]:
    """The lines of the CSV without the model's name."""
    fit = assessment.fit
    counts = {"rows": assessment.rows, "impossible labels": assessment.impossible}
    about = {"temperature": fit.temperature, "rows of the fit": assessment.fitted_rows}
    for measure, value in (counts | about).items():
        yield {"measure": measure, "value": value}
    for number, temperature in enumerate(assessment.fold_temperatures):
        yield {"measure": f"temperature of fold {number}", "value": temperature}
    for name, state in (("before", assessment.before), ("after", assessment.after)):
        if state is not None:
            yield from ({"state": name} | line for line in _state_lines(state))
    for measure, change in _changes(assessment):
        if change is not None:
            yield {"state": "change", "measure": measure} | _interval(change)
    for score in assessment.risks:
        for measure, value in _ranking(assessment, score):
            yield {"state": "before", "measure": f"{measure}, {score}", "value": value}


def _state_lines(state: State) -> Iterator[dict[str, Any]]:
    """The lines of one state."""
    curve = state.curve
    for measure, value in (("accuracy", curve.accuracy), ("confidence", curve.confidence)):
        yield {"measure": measure, "value": value}
    yield {"measure": "confidence - accuracy"} | _interval(state.gap)
    yield {"measure": "nll", "value": state.nll}
    yield {"measure": "brier", "value": state.brier}
    for estimate in state.estimates:
        null = asdict(estimate)
        yield {"measure": null.pop("name")} | null
    for number, happened in enumerate(curve.bin_count):
        yield {"measure": "rows of the bin", "bin": number, "value": happened}
        yield {"measure": "confidence of the bin", "bin": number, "value": curve.bin_confidence[number]}
        interval = {"low": curve.bin_low[number], "high": curve.bin_high[number]}
        yield {"measure": "accuracy of the bin", "bin": number, "value": curve.bin_accuracy[number]} | interval


def _interval(change: Comparison) -> dict[str, float]:
    """A mean difference over rows with its interval, as cells."""
    return {"value": change.difference, "low": change.low, "high": change.high}


def _plain(value: Any) -> Any:
    """Mappings, lists, text and Python numbers only; None for what is not finite."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value
