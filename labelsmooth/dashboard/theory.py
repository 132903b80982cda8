"""The page "Why and what": its pictures, made once for all viewers, and second widgets of choices."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import streamlit as st

from labelsmooth.dashboard.choices import Choice, Number
from labelsmooth.dashboard.desk import current, desk
from labelsmooth.dashboard.film import Reel, film, name_of
from labelsmooth.dashboard.gallery import Shot, optima
from labelsmooth.dashboard.server import registry, viewer
from labelsmooth.dashboard.settings import Settings
from labelsmooth.dashboard.specs import EPSILON_STEPS, FROM_ZERO
from labelsmooth.dashboard.walls import hang, hanging
from labelsmooth.figures.curves import Optima
from labelsmooth.figures.style import Moving
from labelsmooth.figures.theory import (
    TheoryView,
    hard_figure,
    hard_frames,
    target_figure,
    target_frames,
)
from labelsmooth.figures.theory_loss import loss_figure, loss_frames, optimum_figure, optimum_frames
from labelsmooth.figures.theory_measured import hard_gap_figure, little_data_figure, optimum_run_figure
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import NEVER, Snapshot
from labelsmooth.theory import (
    approach_sentence,
    growth_sentence,
    overfitting_sentence,
    passage_sentence,
)

Part = Literal["hard", "little", "optimum"]  # of what is measured
WALL = "theory on the wall"
FIRST_GAP = "4"  # where the film over the gap stands at first


# Choices


def twin(name: str, place: str) -> None:
    """A second widget of a choice of the sidebar, beside the picture that it moves; `place` tells twins apart."""
    settings = current()
    spec, value = settings.spec(name), getattr(settings, name)
    # A new widget whenever the choice has changed elsewhere: it then starts at the new value.
    common: dict[str, Any] = {"key": desk().key(f"{place} {name} {value}"), "help": spec.help, "width": 300}
    wish: Any
    if isinstance(spec, Choice):
        words = list(spec.options)
        wish = st.selectbox(spec.label, words, words.index(value), format_func=spec.options.__getitem__, **common)
    elif isinstance(spec, Number) and isinstance(spec.options, range):
        wish = st.slider(spec.label, spec.options[0], spec.options[-1], value, 1, **common)
    else:
        assert isinstance(spec, Number)
        wish = st.select_slider(spec.label, spec.options, value, format_func=lambda each: f"{each:g}", **common)
    if wish != value:
        desk().clicks.append(desk().click(f"{place} {name}", lambda before: before.changed(name, wish)[0]))
        st.rerun()


# Pictures of the theory


@dataclass(frozen=True, eq=False)
class Theory:
    """The four films of the theory: over the gap, and over epsilon."""

    hard: Shot
    target: Shot
    loss: Shot
    optimum: Shot


def view_of(settings: Settings) -> TheoryView:
    """What the pictures of the theory are drawn for."""
    epsilons = EPSILON_STEPS if settings.negative else FROM_ZERO
    return TheoryView(settings.target_classes, settings.setup().convention, epsilons)


@st.cache_resource(show_spinner=False, max_entries=32)
def theory(view: TheoryView) -> Theory:
    """The films of the theory for one choice of classes and convention."""
    return Theory(
        hard=Shot(hard_figure(view), hard_frames(view)),
        target=Shot(target_figure(view), target_frames(view)),
        loss=Shot(loss_figure(view), loss_frames(view)),
        optimum=Shot(optimum_figure(view, view.epsilons[0]), optimum_frames(view)),
    )


def hard_film(view: TheoryView) -> None:
    """Probabilities and loss of a hard label, over the logit gap."""
    alt = "Bars of the probabilities at one logit gap beside the one-hot label, and the loss against the gap."
    film(_reel(view, theory(view).hard), key="hard", alt=alt, unit="gap =", autoplay=False, start=FIRST_GAP)


def target_film(view: TheoryView, epsilon: float) -> None:
    """Bars of the smoothed target, over epsilon: where it is left becomes the page's epsilon."""
    film(
        _reel(view, theory(view).target),
        key="target",
        alt="Bars of the smoothed target beside the one-hot label, and the bars of the other classes magnified.",
        unit="ε =",
        autoplay=False,
        start=f"{epsilon:g}",
        on_released=st.rerun,
    )


def loss_film(view: TheoryView) -> None:
    """The smoothed loss and its gradient against the gap, at the epsilon of the target."""
    alt = "Both terms of the smoothed loss and their sum against the logit gap, and the gradient on two logits."
    film(_reel(view, theory(view).loss), key="loss", alt=alt, follow="target")


def optimum_film(view: TheoryView) -> None:
    """Optimal gap and smallest loss against epsilon; the grey line follows the target."""
    alt = "Optimal logit gap and smallest loss against epsilon, for several numbers of classes."
    film(_reel(view, theory(view).optimum), key="optimum", alt=alt, follow="target")


def _reel(view: TheoryView, shot: Shot) -> Reel:
    return Reel(name_of(view), shot.moving.figure, shot.moving.narrow, shot.frames, len(shot.frames), done=True)


# Pictures of the training


@dataclass(frozen=True, eq=False)
class Measured:
    """What a training shows at one moment, by part; nothing is said before its end, or where networks diverged."""

    setup: TrainingSetup
    name: str  # of what is shown, for the browser
    last: Snapshot
    pictures: dict[Part, Moving]
    said: dict[Part, tuple[str, ...]]


@st.cache_resource(show_spinner=False, max_entries=8)
def measured(setup: TrainingSetup, count: int, _snapshots: tuple[Snapshot, ...]) -> Measured:
    """The pictures of the first `count` snapshots of a run."""
    last, aim = _snapshots[-1], optima(setup)
    return Measured(
        setup=setup,
        name=name_of("theory", setup),
        last=last,
        pictures={
            "hard": hard_gap_figure(_snapshots, setup.epochs),
            "little": little_data_figure(_snapshots, setup.epochs),
            "optimum": optimum_run_figure(_snapshots, setup.epochs, aim),
        },
        said=_said(_snapshots, setup, aim) if last.finished and bool(np.all(last.diverged == NEVER)) else {},
    )


def _said(snapshots: tuple[Snapshot, ...], setup: TrainingSetup, aim: Optima) -> dict[Part, tuple[str, ...]]:
    """At last where the smoothed networks ended, and with label noise where each model passed the noise optimum."""
    columns = range(len(setup.epsilons))
    smoothed = (approach_sentence(snapshots, aim.train_gap[1], aim.train_loss[1]),) if len(columns) > 1 else ()
    passages = [passage_sentence(snapshots, column, aim.test_gap[column]) for column in columns]
    return {
        "hard": (growth_sentence(snapshots),),
        "little": (overfitting_sentence(snapshots),),
        "optimum": (*smoothed, *(passages if setup.label_noise else ())),
    }


def newest(setup: TrainingSetup, snapshots: tuple[Snapshot, ...]) -> Measured | None:
    """The pictures of these snapshots; of an earlier run until a new one has any."""
    if snapshots:
        hang(WALL, measured(setup, len(snapshots), snapshots))
    return hanging(WALL, Measured)


def standing(setup: TrainingSetup) -> tuple[Snapshot, ...]:
    """The snapshots of a run that another part of the page follows."""
    return registry().join(setup, viewer()).snapshots


def measured_part(wall: Measured, setup: TrainingSetup, part: Part, alt: str, *, ticking: bool) -> None:
    """One of the measured pictures, and what it says of this setup, once the run is finished and all networks good."""
    moving = wall.pictures[part]
    reel = Reel(wall.name, moving.figure, moving.narrow, [], 0, done=wall.last.finished)
    film(reel, key=f"measured {part}", alt=alt, ticking=ticking)
    if wall.setup != setup:
        return
    if np.any(wall.last.diverged != NEVER):
        st.warning("Some networks diverged, so nothing is concluded. A smaller learning rate helps.")
    elif any(wall.said.get(part, ())):
        with st.container(border=True):
            for sentence in wall.said[part]:
                st.markdown(sentence)
