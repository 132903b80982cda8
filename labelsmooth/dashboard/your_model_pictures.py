"""The pictures of the page "Your model"; of one model, or of two beside each other."""

from collections.abc import Sequence

import streamlit as st

from labelsmooth.assessment.comparing import compare_models, pair_of
from labelsmooth.assessment.film import TemperatureFilm, temperature_film
from labelsmooth.dashboard.film import Reel, film, name_of
from labelsmooth.dashboard.plain import plain
from labelsmooth.dashboard.settings import Settings
from labelsmooth.dashboard.your_model import Bench, Judged
from labelsmooth.figures.own_film import own_film, own_losses, own_risks
from labelsmooth.figures.own_model import before_after_figure
from labelsmooth.figures.style import Frame, Moving
from labelsmooth.figures.temperature import temperature_frames
from labelsmooth.predictions.words import shown
from labelsmooth.selective import SCORES, Score
from labelsmooth.temperature_path import TEMPERATURES, Event
from labelsmooth.temperature_path import name_of as temperature_name


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
    with st.spinner("Dividing the logits by every temperature of the film"):
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


def risk_curves(models: Sequence[Judged], settings: Settings) -> None:
    """The curves of the chosen score."""
    score: Score = settings.score
    if not all(score in judged.assessment.risks for judged in models):
        st.caption(f"These rows have no {SCORES[score]}; they are ranked by {SCORES['probability']}.")
        score = "probability"
    moving = own_risks(names(models), [judged.assessment.risks[score] for judged in models], settings.coverage)
    alt = "Error rate of the accepted examples against the share that is accepted."
    _show("own risk", (*(judged.key for judged in models), score, settings.coverage), moving, [], alt=alt)


def both_models(bench: Bench, models: Sequence[Judged]) -> tuple[str, ...]:
    """The second model against the first in words; none where they cannot be compared."""
    first, second = models
    key = (first.key, second.key)
    try:
        with st.spinner("Comparing the models over their rows"):
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
