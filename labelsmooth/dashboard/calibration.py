"""The pictures and tables of the page "Calibration", made once for all viewers of a finished run."""

import math
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from labelsmooth.advice import advice
from labelsmooth.calibration import Scheme
from labelsmooth.dashboard.film import Reel, film, name_of
from labelsmooth.dashboard.gallery import Shot
from labelsmooth.dashboard.guide import ESTIMATORS, RANKINGS, RISK
from labelsmooth.dashboard.panels import SAME, say_diverged
from labelsmooth.dashboard.plain import by_chance, number
from labelsmooth.dashboard.settings import Settings
from labelsmooth.datasets import class_names
from labelsmooth.estimators import DRAWS, Estimate
from labelsmooth.figures.reliability import ReliabilityView, reliability_figure, reliability_frames
from labelsmooth.figures.risk import risk_figure
from labelsmooth.figures.temperature import temperature_figure, temperature_frames
from labelsmooth.judgements import COLUMNS, estimates, risks
from labelsmooth.selective import SCORES, RiskCoverage, Score
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.temperature_path import (
    TEMPERATURES,
    Event,
    TemperaturePath,
    reliability_moments,
    temperature_path,
)
from labelsmooth.temperature_path import (
    name_of as temperature_name,
)


@dataclass(frozen=True, eq=False)
class Reliability:
    """The film over temperature for one choice of bins, and the losses against temperature that follow it."""

    name: str  # of what is shown, for the browser
    film: Shot
    losses: Shot


@st.cache_resource(show_spinner=False, max_entries=16)
def reliability(setup: TrainingSetup, event: Event, bins: int, binning: Scheme, _snapshot: Snapshot) -> Reliability:
    """Both models of a finished run at every temperature."""
    labels = _snapshot.test.labels
    logits = [_snapshot.test.logits[column] for column in COLUMNS]
    names = class_names(setup.dataset, setup.classes)
    view = ReliabilityView(None if event == "top label" else names[event])
    hard, smoothed = (reliability_moments(z, labels, TEMPERATURES, event, bins, binning) for z in logits)
    hard_path, smoothed_path = (temperature_path(z, labels, TEMPERATURES, bins) for z in logits)
    fitted = tuple(_fitted(_snapshot, column, bins) for column in COLUMNS)
    return Reliability(
        name_of(setup, event, bins, binning),
        Shot(reliability_figure(hard, smoothed, view), reliability_frames(hard, smoothed, view)),
        Shot(temperature_figure(hard_path, smoothed_path, (fitted[0], fitted[1])), temperature_frames(TEMPERATURES)),
    )


def _fitted(snapshot: Snapshot, column: int, bins: int) -> TemperaturePath | None:
    """One model at the temperature fitted on validation data; None where it diverged and has none."""
    temperature = math.nan if snapshot.best is None else snapshot.best.temperature[0, column]
    if not math.isfinite(temperature):
        return None
    return temperature_path(snapshot.test.logits[column], snapshot.test.labels, [temperature], bins)


def reliability_film(shown: Reliability, temperature: float, *, ticking: bool) -> None:
    """Reliability diagrams and histograms of both models, over temperature."""
    alt = "Reliability diagrams and confidence histograms of both models at one temperature."
    film(
        _reel(shown.name, shown.film),
        key="reliability",
        alt=alt,
        unit="T =",
        autoplay=False,
        start=temperature_name(temperature),
        ticking=ticking,
        on_released=st.rerun,
    )


def losses_film(shown: Reliability, seed: int) -> None:
    """NLL and ECE against temperature; the grey line follows the film."""
    alt = "NLL and ECE of both models against temperature, with the temperatures fitted on validation data."
    film(_reel(shown.name, shown.losses), key="losses", alt=alt, follow="reliability")
    st.caption(
        "The grey line is the temperature of the film; the marks are the temperatures fitted on validation data. All "
        f"of this is seed {seed}; means over seeds are in the text below."
    )


@st.cache_resource(show_spinner=False, max_entries=32)
def _estimates(
    setup: TrainingSetup, temperature: float, bins: int, _snapshot: Snapshot
) -> tuple[tuple[Estimate, ...], tuple[Estimate, ...]]:
    return estimates(_snapshot, temperature, bins)


@st.cache_resource(show_spinner=False, max_entries=32)
def _risks(setup: TrainingSetup, _snapshot: Snapshot) -> dict[Score, tuple[RiskCoverage, RiskCoverage]]:
    return risks(_snapshot)


def estimates_table(settings: Settings, snapshot: Snapshot) -> None:
    """The estimators below each other, with what chance alone would make of each."""
    tables = _estimates(settings.setup(), settings.temperature, settings.bins, snapshot)
    rows = {
        hard.name: [text for estimate in (hard, smoothed) for text in (number(estimate.value), by_chance(estimate))]
        for hard, smoothed in zip(*tables, strict=True)
    }
    columns = [f"{model}{what}" for model in ("hard labels", "smoothed") for what in ("", ", by chance alone")]
    st.table(pd.DataFrame.from_dict(rows, orient="index", columns=columns))
    st.caption(
        f"Seed {settings.seed}, {len(snapshot.test.labels)} test examples, temperature {settings.temperature:g}, "
        f"{settings.bins} bins. By chance alone: the median of {DRAWS} draws of labels from the network's own "
        f"probabilities, and where nine in ten of them lie. {ESTIMATORS}"
    )


def risk_panel(settings: Settings, snapshot: Snapshot) -> None:
    """The curves of the chosen score, and a table of all scores."""
    found = _risks(settings.setup(), snapshot)
    hard, smoothed = found[settings.score]
    moving = risk_figure(hard, smoothed, settings.coverage)
    name = name_of(settings.setup(), settings.score, settings.coverage)
    alt = "Error rate of the accepted examples against the share that is accepted, for both models."
    film(Reel(name, moving.figure, moving.narrow, [], 0, done=True), key="risk", alt=alt)
    st.caption("Towards the left the network refuses more of the answers that it is least sure of. Lower is better.")
    at = f"accuracy at {settings.coverage:.0%}".replace("%", " %")
    rows = {
        f"{SCORES[score]}, {model}": [
            f"{result.aurc:.4f}",
            f"{result.e_aurc:.4f}",
            f"{result.auroc:.3f}",
            f"{100 * result.accuracy_at(settings.coverage):.1f} %",
        ]
        for score, pair in found.items()
        for model, result in zip(("hard labels", "smoothed"), pair, strict=True)
    }
    st.table(pd.DataFrame.from_dict(rows, orient="index", columns=["AURC", "E-AURC", "AUROC of errors", at]))
    st.caption(f"Seed {settings.seed}. {RISK} {RANKINGS}")
    if snapshot.test.logits.shape[-1] == 2:
        st.caption("With two classes the normalised logits of all examples are equal: they rank nothing.")


def what_to_do(setup: TrainingSetup, snapshot: Snapshot, *, brief: bool) -> None:
    """What the numbers of a finished run suggest, or only the first of it."""
    # A network at its last good epoch is no example of what training makes: its numbers are shown, not judged.
    if say_diverged(setup, snapshot.diverged[:1]):
        return
    if len(setup.epsilons) == 1:
        st.info(SAME)
        return
    hard, smoothed = _risks(setup, snapshot)["probability"]
    with st.container(border=True):
        first, *others = advice(snapshot, _estimates(setup, 1.0, 15, snapshot), (hard, smoothed))
        st.markdown(f"**{first}**")
        for paragraph in () if brief else others:
            st.markdown(paragraph)


def _reel(name: str, shot: Shot) -> Reel:
    return Reel(name, shot.moving.figure, shot.moving.narrow, shot.frames, len(shot.frames), done=True)
