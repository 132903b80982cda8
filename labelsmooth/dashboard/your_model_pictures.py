"""The pictures and tables of the page "Your model"; of one model, or of two beside each other."""

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from labelsmooth.assessment.comparing import compare_models, pair_of
from labelsmooth.assessment.film import TemperatureFilm, temperature_film
from labelsmooth.assessment.judged import Assessment, State
from labelsmooth.dashboard.film import Reel, film, name_of
from labelsmooth.dashboard.plain import plain
from labelsmooth.dashboard.settings import Settings
from labelsmooth.dashboard.your_model import Bench, Judged
from labelsmooth.estimators import DRAWS, Estimate
from labelsmooth.figures.own_film import own_film, own_losses, own_risks
from labelsmooth.figures.own_model import before_after_figure
from labelsmooth.figures.style import Frame, Moving
from labelsmooth.figures.temperature import temperature_frames
from labelsmooth.predictions.words import shown
from labelsmooth.selective import SCORES, Score
from labelsmooth.temperature_path import TEMPERATURES, Event
from labelsmooth.temperature_path import name_of as temperature_name

# measure: title, scale, digits, unit, what it means
STRIP = {
    "accuracy": ("Accuracy", 100, 1, " %", "Share of the rows whose largest score is that of the label."),
    "confidence": (
        "Mean confidence",
        100,
        1,
        " %",
        "The mean of the highest probability. A calibrated model is as confident as it is accurate.",
    ),
    "ece": (
        "ECE",
        1,
        3,
        "",
        "Expected calibration error: how far confidence and accuracy are apart, averaged over the bins of confidence. "
        "0 is perfect, but chance alone keeps it above 0.",
    ),
    "nll": (
        "NLL",
        1,
        3,
        "",
        "Negative log-likelihood: the mean of −log p(label), in nats. It punishes being sure and wrong. Lower is "
        "better.",
    ),
}


def metric_strip(assessment: Assessment) -> None:
    """Each measure as it is and, where a temperature changes it, after scaling."""
    states = [state for state in (assessment.before, assessment.after) if state is not None]
    with st.container(horizontal=True):
        for name, (title, scale, digits, unit, meaning) in STRIP.items():
            texts = [f"{scale * _measure(name, state, assessment):.{digits}f}" for state in states]
            value = " → ".join(texts[:1] if name == "accuracy" else texts) + unit
            st.metric(title, value, help=meaning, width=172)
        fit = assessment.fit
        meaning = "What to divide the logits by. Above 1 it lowers all confidence, below 1 it raises it."
        st.metric("Temperature T", "any" if fit.flat else f"{fit.temperature:.3f}", help=meaning, width=172)


def _measure(name: str, state: State, assessment: Assessment) -> float:
    """One measure of a state."""
    values = {
        "accuracy": state.curve.accuracy,
        "confidence": state.curve.confidence,
        "ece": assessment.ece(state).value,
        "nll": state.nll,
    }
    return values[name]


def before_after(judged: Judged) -> None:
    """Reliability as it is and after temperature scaling."""
    alt = "Reliability diagram and confidence histogram of the model before and after temperature scaling."
    _show(f"own states {judged.name}", judged.key, before_after_figure(judged.assessment), [], alt=alt)


def event_choice(models: Sequence[Judged]) -> Event:
    """Which confidence the films are about: of the predicted class, or of one class of these models."""
    classes = models[0].assessment.classes
    if any(judged.assessment.classes != classes for judged in models):
        return "top label"
    # Classes of one's own have no place in the link.
    return st.selectbox(
        "Judged",
        ["top label", *range(len(classes))],
        format_func=lambda event: "the predicted class" if event == "top label" else f"class {shown(classes[event])}",
        key=f"own event {models[0].key[:2]}",
        help="The confidence in the predicted class, or the probability of one class whether predicted or not.",
        width=230,
    )


def names(models: Sequence[Judged]) -> list[str]:
    """What models are called in figures and tables, where the names of two files would be too long."""
    return ["first model", "second model"] if len(models) > 1 else [models[0].assessment.name]


def temperature_films(bench: Bench, models: Sequence[Judged], settings: Settings, event: Event) -> None:
    """Reliability over temperature, and the losses that follow it."""
    films = [_film(bench, judged, settings, event) for judged in models]
    of_class = None if event == "top label" else models[0].assessment.classes[event]
    keys = (*(judged.key for judged in models), event)
    moving, frames = own_film(names(models), [film.moments for film in films], of_class)
    alt = "Reliability diagram and confidence histogram at one temperature."
    start = temperature_name(settings.temperature)
    _show("own reliability", keys, moving, frames, alt=alt, start=start)
    st.caption(" ".join(dict.fromkeys(film.sentence for film in films)))
    moving = own_losses(names(models), [film.path for film in films], [film.fitted for film in films])
    alt = "NLL and ECE against temperature, with the fitted temperature."
    _show("own losses", keys, moving, temperature_frames(TEMPERATURES), alt=alt, follow="own reliability")


def _film(bench: Bench, judged: Judged, settings: Settings, event: Event) -> TemperatureFilm:
    """One model at every temperature."""
    fit = judged.assessment.fit
    return bench.once(
        f"film {judged.name}",
        (judged.key, event),
        lambda: temperature_film(
            judged.predictions,
            settings.bins,
            settings.binning,
            event,
            fitted=None if fit.flat else fit.temperature,
        ),
    )


def estimates_table(judged: Judged) -> None:
    """The estimators below each other, with what chance alone would make of each."""
    found = judged.assessment
    columns: dict[str, list[str]] = {}
    for state, when in ((found.before, "as it is"), (found.after, "after scaling")):
        if state is not None:
            columns[when] = [f"{estimate.value:.3f}" for estimate in state.estimates]
            columns[f"{when}, by chance alone"] = [_chance(estimate) for estimate in state.estimates]
    st.table(pd.DataFrame(columns, index=[estimate.name for estimate in found.before.estimates]))
    st.caption(
        f"{found.rows:,} rows, {found.bins} bins. By chance alone: the median of {DRAWS} draws of labels from the "
        "model's own probabilities, and where nine in ten of them lie."
    )


def _chance(estimate: Estimate) -> str:
    return f"{estimate.null_median:.3f} ({estimate.null_low:.3f} to {estimate.null_high:.3f})"


def risk_panel(models: Sequence[Judged], settings: Settings) -> None:
    """The curves of the chosen score, and a table of all scores."""
    score: Score = settings.score
    if not all(score in judged.assessment.risks for judged in models):
        st.caption(f"These rows have no {SCORES[score]}; they are ranked by {SCORES['probability']}.")
        score = "probability"
    moving = own_risks(names(models), [judged.assessment.risks[score] for judged in models], settings.coverage)
    alt = "Error rate of the accepted examples against the share that is accepted."
    _show("own risk", (*(judged.key for judged in models), score, settings.coverage), moving, [], alt=alt)
    at = f"accuracy at {settings.coverage:.0%}".replace("%", " %")
    rows = {
        SCORES[score] + (f", {name}" if len(models) > 1 else ""): [
            f"{result.aurc:.4f}",
            f"{result.e_aurc:.4f}",
            "none" if math.isnan(result.auroc) else f"{result.auroc:.3f}",
            f"{100 * result.accuracy_at(settings.coverage):.1f} %",
        ]
        for name, judged in zip(names(models), models, strict=True)
        for score, result in judged.assessment.risks.items()
    }
    st.table(pd.DataFrame.from_dict(rows, orient="index", columns=["AURC", "E-AURC", "AUROC of errors", at]))


def both_models(bench: Bench, models: Sequence[Judged]) -> tuple[str, ...]:
    """The second model against the first in words; none where they cannot be compared."""
    first, second = models
    key = (first.key, second.key)
    try:
        pair = bench.once(
            "pair",
            key,
            lambda: pair_of(first.predictions, second.predictions, first.assessment, second.assessment),
        )
    except ValueError as refusal:
        st.error(plain(f"The models cannot be compared: {refusal}."))
        return ()
    texts = compare_models(pair)
    paragraphs(texts)
    return texts


def paragraphs(texts: Sequence[str]) -> None:
    """What the numbers say, the first sentence strong."""
    answer, _, rest = texts[0].partition(". ")
    with st.container(border=True):
        st.markdown(f"**{plain(answer)}.** {plain(rest)}")
        for text in texts[1:]:
            st.markdown(plain(text))


def _show(
    key: str,
    what: object,
    moving: Moving,
    frames: Sequence[Frame],
    *,
    alt: str,
    start: str | None = None,
    follow: str | None = None,
) -> None:
    """A figure, as a film if it has frames."""
    reel = Reel(name_of(key, what), moving.figure, moving.narrow, frames, len(frames), done=True)
    film(
        reel,
        key=key,
        alt=alt,
        unit="T =",
        autoplay=False,
        start=start,
        follow=follow,
        on_released=st.rerun if start else None,
    )
