"""What was found out about one model of one's own, or about two, as one HTML file."""

import math
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from labelsmooth.assessment.film import TemperatureFilm, temperature_film
from labelsmooth.assessment.judged import Assessment
from labelsmooth.calibration import Scheme
from labelsmooth.estimators import DRAWS, Estimate
from labelsmooth.figures.document import Drawing, Section, Table, report_html
from labelsmooth.figures.own_film import own_film, own_losses, own_risks
from labelsmooth.figures.own_model import before_after_figure
from labelsmooth.predictions.given import Predictions
from labelsmooth.selective import SCORES

COVERAGE = 0.8
PACKAGES = ("labelsmooth", "numpy", "scipy", "plotly")


@dataclass(frozen=True, eq=False)
class Judged:
    """One model: its assessment, what it is of, how the files were understood, and the verdict in paragraphs."""

    assessment: Assessment
    predictions: Predictions
    understood: Sequence[str]
    paragraphs: Sequence[str]


@dataclass(frozen=True, eq=False)
class Rival:
    """A second model, and what the comparison of both says in paragraphs."""

    judged: Judged
    paragraphs: Sequence[str]


def assessment_report(
    assessment: Assessment,
    predictions: Predictions,
    understood: Sequence[str],
    paragraphs: Sequence[str],
    pair: Rival | None = None,
    coverage: float = COVERAGE,
) -> str:
    """The report of a model, or of two beside each other; the same bytes for the same numbers and packages."""
    models = [Judged(assessment, predictions, understood, paragraphs)]
    title = f"Calibration of {assessment.name}"
    sections: list[Section] = []
    if pair is not None:
        models.append(pair.judged)
        title += f" and {pair.judged.assessment.name}"
        sections.append(Section("Both models", pair.paragraphs))
    for model in models:
        sections += _of_one_model(model, named=pair is not None)
    films = [_film(model) for model in models]
    sections += [
        _temperatures(models, films),
        _refusing(models, coverage),
        _method(models),
    ]
    return report_html(title, sections)


def _names(models: Sequence[Judged]) -> list[str]:
    """What models are called in figures and tables, where the names of two files would be too long."""
    return ["first model", "second model"] if len(models) > 1 else [models[0].assessment.name]


def _which(models: Sequence[Judged]) -> list[str]:
    """Which of two models is which."""
    if len(models) == 1:
        return []
    first, second = (model.assessment.name for model in models)
    return [f"The first model is {first}, the second model {second}."]


def _film(model: Judged) -> TemperatureFilm:
    found = model.assessment
    fitted = None if found.fit.flat else found.fit.temperature
    return temperature_film(model.predictions, found.bins, found.scheme, fitted=fitted, seed=found.seed)


def _of_one_model(model: Judged, *, named: bool) -> list[Section]:
    """What was read, the verdict, the figure before and after, and the errors."""
    found = model.assessment
    of = f" \N{EN DASH} {found.name}" if named else ""
    change = "As it is" if found.after is None else "Before and after temperature scaling"
    alt = f"Reliability diagram and histogram of confidence of {found.name}. {change}."
    return [
        Section(f"What was read{of}", model.understood),
        Section(f"What the numbers say{of}", model.paragraphs),
        Section(f"{change}{of}", (_temperature(found),), (Drawing(before_after_figure(found), alt),), _summary(found)),
        Section(f"Calibration errors{of}", (), (), _errors(found), (_chance(found),)),
    ]


def _temperature(found: Assessment) -> str:
    """What the logits were divided by."""
    fit = found.fit
    if fit.flat:
        return "Every temperature is equally good for these predictions, so there is nothing to scale."
    bound = "" if fit.at_bound is None else f", the {fit.at_bound} bound of the search"
    fitted = f"The fitted temperature is T = {fit.temperature:.4g}{bound}"
    if found.validation_rows:
        return f"{fitted}, from the {found.validation_rows:,} rows of the validation set."
    folds = ", ".join(f"{temperature:.4g}" for temperature in found.fold_temperatures)
    return (
        f"{fitted}, from all rows. The numbers after scaling are cross-fitted: the rows of each fold were divided by "
        f"the temperature of all other folds ({folds})."
    )


def _summary(found: Assessment) -> Table:
    """Accuracy, confidence and losses, a row for each state."""
    rows = [
        [name, *map(_number, (state.curve.accuracy, state.curve.confidence, state.nll, state.brier))]
        for name, state in found.states.items()
    ]
    return Table(["", "accuracy", "mean confidence", "NLL", "Brier score"], rows)


def _number(value: float, digits: int = 4) -> str:
    """A number in words where it is none: AUROC without errors, NLL where a label has probability 0."""
    if math.isnan(value):
        return "none"
    return "infinite" if math.isinf(value) else f"{value:.{digits}f}"


def _errors(found: Assessment) -> Table:
    """A row for each calibration error, beside what chance makes of it."""
    head = ["", *(text for name in found.states for text in (name, f"{name}, by chance alone"))]
    rows = [
        [estimates[0].name, *(text for estimate in estimates for text in _with_chance(estimate))]
        for estimates in zip(*(state.estimates for state in found.states.values()), strict=True)
    ]
    return Table(head, rows)


def _with_chance(estimate: Estimate) -> tuple[str, str]:
    chance = f"{estimate.null_median:.4f} ({estimate.null_low:.4f} to {estimate.null_high:.4f})"
    return f"{estimate.value:.4f}", chance


def _chance(found: Assessment) -> str:
    return (
        f"{found.rows:,} rows, {found.bins} bins. By chance alone: the median of {DRAWS} draws of labels from the "
        "model's own probabilities, and where nine in ten of them lie."
    )


def _temperatures(models: Sequence[Judged], films: Sequence[TemperatureFilm]) -> Section:
    """The film over temperature, and the losses against it."""
    names = _names(models)
    moving, frames = own_film(names, [film.moments for film in films])
    losses = own_losses(names, [film.path for film in films], [film.fitted for film in films], cursors=False)
    of = " and ".join(model.assessment.name for model in models)
    return Section(
        "Every temperature",
        [*_which(models), *dict.fromkeys(film.sentence for film in films)],
        (
            Drawing(moving, f"Reliability and confidence of {of} over temperature.", frames, "T = ", "1"),
            Drawing(losses, f"NLL and ECE of {of} against temperature, with the fitted temperatures."),
        ),
    )


def _refusing(models: Sequence[Judged], coverage: float) -> Section:
    """Risk against coverage, and the areas under it for every score."""
    names = _names(models)
    moving = own_risks(names, [model.assessment.risks["probability"] for model in models], coverage)
    rows = [
        [
            SCORES[score] + (f", {name}" if len(models) > 1 else ""),
            f"{risk.aurc:.4f}",
            f"{risk.e_aurc:.4f}",
            _number(risk.auroc, 3),
            f"{100 * risk.accuracy_at(coverage):.1f} %",
        ]
        for score in SCORES
        for name, model in zip(names, models, strict=True)
        if (risk := model.assessment.risks.get(score)) is not None
    ]
    return Section(
        "Refusing the least confident answers",
        [
            *_which(models),
            "The figure ranks by the maximum probability; the predictions are as they are, without a temperature.",
        ],
        (Drawing(moving, "Error rate of the accepted examples against the share that is accepted."),),
        Table(["score", "AURC", "E-AURC", "AUROC of errors", f"accuracy at {100 * coverage:.0f} %"], rows),
    )


def _method(models: Sequence[Judged]) -> Section:
    """How it was computed, and with what."""
    binned = dict.fromkeys((model.assessment.bins, model.assessment.scheme) for model in models)
    return Section(
        "How it was computed",
        (
            "Confidence is the largest probability of a row, accuracy the share of rows where that class is the label. "
            "The expected calibration error (ECE) is the mean distance between the two over bins of confidence, "
            "weighted by their rows.",
            f"Bins: {'; '.join(_bins_in_words(*bins) for bins in binned)}. Intervals of the accuracy of a bin are "
            "Clopper-Pearson intervals of 95 %. The shaded range is where a bin lies nine times out of ten if its "
            "confidences are right.",
            "The temperature minimises the negative log-likelihood (NLL, in nats) of the logits divided by it. It "
            "changes no prediction. For probabilities the logits are their logarithms.",
            "AURC is the mean error rate of the k most confident rows over all k, E-AURC what of it the best possible "
            "order would not have, AUROC the probability that a right prediction is more confident than a wrong one.",
            f"Computed with Python {platform.python_version()}, {', '.join(map(_with_version, PACKAGES))}.",
        ),
    )


def _bins_in_words(bins: int, scheme: Scheme) -> str:
    return f"{bins} of {scheme.replace('-', ' ')}"


def _with_version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:  # a checkout that was not installed
        return package
