"""The numbers of the page "Your model": the strip of measures, where the temperature is from, and the tables."""

import math
from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from labelsmooth.assessment.judged import Assessment, State
from labelsmooth.assessment.scaling import usable
from labelsmooth.comparison import count
from labelsmooth.dashboard.plain import by_chance, number, plain
from labelsmooth.dashboard.settings import Settings
from labelsmooth.dashboard.your_model import Bench, Judged
from labelsmooth.dashboard.your_model_pictures import names
from labelsmooth.estimators import DRAWS
from labelsmooth.selective import SCORES

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
        "better. A label of probability 0 makes it infinite: such rows are left out, and counted below it.",
    ),
}


def metric_strip(judged: Judged) -> None:
    """Each measure as it is and, where a temperature changes it, after scaling."""
    found = judged.assessment
    metric = partial(st.metric, delta_color="off", delta_arrow="off", width=172)
    with st.container(horizontal=True):
        for name, (title, scale, digits, unit, meaning) in STRIP.items():
            texts = [number(scale * _measure(name, state, found), digits) for state in found.states.values()]
            value = " → ".join(texts[:1] if name == "accuracy" else texts) + unit
            left_out = name == "nll" and found.nll_change is not None and found.impossible
            metric(title, value, f"{count(found.impossible, 'row')} left out" if left_out else None, help=meaning)
        meaning = "What to divide the logits by. Above 1 it lowers all confidence, below 1 it raises it."
        value, note = _temperature(found)
        metric("Temperature T", value, note, help=f"{meaning} {plain(_source(judged))}")


def _measure(name: str, state: State, found: Assessment) -> float:
    """One measure of a state; the NLL over the rows whose label is possible."""
    if name == "nll" and found.nll_change is not None:
        return found.nll_change.hard if state is found.before else found.nll_change.smoothed
    values = {
        "accuracy": state.curve.accuracy,
        "confidence": state.curve.confidence,
        "ece": found.ece(state).value,
        "nll": state.nll,
    }
    return values[name]


def _temperature(found: Assessment) -> tuple[str, str | None]:
    """The temperature, and a note where it is none to use."""
    if not found.fitted_rows:
        return "none", None
    if found.fit.flat:
        return "any", None
    return number(found.fit.temperature), None if usable(found) else "not usable"


def _source(judged: Judged) -> str:
    """What the temperature was fitted on."""
    rows = count(judged.assessment.fitted_rows, "row")
    if judged.assessment.after is None:
        return f"Temperature: none can be told from {rows} of {judged.validation or judged.assessment.name}."
    if judged.validation:
        return f"Temperature: fitted on {rows} of {judged.validation}."
    return f"Temperature: cross-fitted on {rows} of {judged.assessment.name}, as there is no validation set in use."


def temperature_source(mine: Bench, judged: Judged) -> None:
    """What the temperature was fitted on, and whether that was given for another file of predictions."""
    st.caption(plain(f"{_source(judged)} {judged.moved}"))
    if not judged.validation or not mine.is_left_over(judged.name):
        return
    _, validation = mine.pairs[judged.name]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(plain(f"The validation set {judged.validation} is still used for this model."), width="content")
        st.button("Remove the validation set", key=f"left over {judged.name}", on_click=validation.clear)


def estimates_table(judged: Judged) -> None:
    """The estimators below each other, with what chance alone would make of each."""
    found = judged.assessment
    columns: dict[str, list[str]] = {}
    for state, when in ((found.before, "as it is"), (found.after, "after scaling")):
        if state is not None:
            columns[when] = [number(estimate.value) for estimate in state.estimates]
            columns[f"{when}, by chance alone"] = [by_chance(estimate) for estimate in state.estimates]
    st.table(pd.DataFrame(columns, index=[estimate.name for estimate in found.before.estimates]))
    st.caption(
        f"{found.rows:,} rows, {found.bins} bins. By chance alone: the median of {DRAWS} draws of labels from the "
        "model's own probabilities, and where nine in ten of them lie."
    )


def risk_table(models: Sequence[Judged], settings: Settings) -> None:
    """How well each score ranks the rows of each model."""
    at = f"accuracy at {settings.coverage:.0%}".replace("%", " %")
    rows = {
        SCORES[score] + (f", {name}" if len(models) > 1 else ""): [
            number(result.aurc, 4),
            number(result.e_aurc, 4),
            "none" if math.isnan(result.auroc) else number(result.auroc),
            f"{number(100 * result.accuracy_at(settings.coverage), 1)} %",
        ]
        for name, judged in zip(names(models), models, strict=True)
        for score, result in judged.assessment.risks.items()
    }
    st.table(pd.DataFrame.from_dict(rows, orient="index", columns=["AURC", "E-AURC", "AUROC of errors", at]))
