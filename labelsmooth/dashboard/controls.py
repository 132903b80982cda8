"""The widgets of the choices; the desk takes what they ask for at the start of the next run."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from labelsmooth.dashboard.choices import Choice, Flag, Number
from labelsmooth.dashboard.desk import current, desk
from labelsmooth.dashboard.presets import PRESETS, matching_preset
from labelsmooth.dashboard.settings import Settings
from labelsmooth.dashboard.specs import SEEDS
from labelsmooth.datasets import class_names, dataset_of

_PLACES = ("left", "right", "top")
_OWN = "**Settings of your own.** A story sets all of them."
SLIDER_STEPS = 3000  # more than a mouse can tell apart: then a number is typed


def say_corrections() -> None:
    """Tell what was changed in the visitor's choices, as plain text, until the next choice."""
    for sentence in desk().said:
        with st.container(border=True):
            st.text(sentence)


def first_choices() -> None:
    """Presets and epsilon, which stand above the pictures."""
    if current().lecture:
        _first_choices_of_a_lecture()
        return
    told, mine = matching_preset(current()), desk()
    # Always one line: buttons that move under the pointer lose clicks.
    st.markdown(_OWN if told is None else f"**{PRESETS[told].title}.** {PRESETS[told].summary}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.pills(
            "Story",
            list(PRESETS),
            default=told,
            format_func=lambda name: PRESETS[name].title,
            key=desk().key(f"preset {told}"),
            wrap=True,
            help="Settings that each show something else. The address of the page holds them all.",
        )
        st.button(
            "New seed",
            on_click=mine.clicks.append,
            args=(mine.click("new seed", _new_seed),),
            help="The same experiment with other random numbers",
        )
        reset = mine.click("reset", _reset)
        st.button("Reset", on_click=mine.clicks.append, args=(reset,), help="Back to the first story")
    choice("epsilon")


def _first_choices_of_a_lecture() -> None:
    """The same in one row, the presets as a menu."""
    told = matching_preset(current())
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Story",
            list(PRESETS),
            None if told is None else list(PRESETS).index(told),
            format_func=lambda name: PRESETS[name].title,
            key=desk().key(f"preset {told}"),
            placeholder="settings of your own",
            width=300,
        )
        with st.container(width=500):
            choice("epsilon")


def sidebar_choices(*, clusters: bool, negative: bool) -> None:
    """Everything else that is trained, folded where few people need it.

    With `clusters` which of them are drawn, with `negative` whether epsilon may be: pages that have them themselves
    leave them out.
    """
    with st.sidebar:
        with _data():
            for name in ("dataset", "classes", "train_size", "label_noise"):
                if name != "classes" or dataset_of(current().dataset).choose_classes:
                    choice(name)
        if clusters:
            with st.expander("Clusters"):
                class_pickers()
                choice("scale")
        with st.expander("Network and training"):
            for name in ("hidden", "activation", "epochs", "batch_size", "learning_rate", "optimizer", "weight_decay"):
                choice(name)
        with st.expander("Seeds and conventions"):
            for name in ("seed", "seeds", "convention", "noisy_validation"):
                choice(name)
            if negative:
                choice("negative")


def _data() -> DeltaGenerator:
    """Where the choices of the data are: folded in a lecture, too."""
    if current().lecture:
        return st.expander("Data")
    st.subheader("Data")
    return st.container()


def choice(name: str) -> None:
    """The widget of one choice, in the form that its kind asks for."""
    spec, value = desk().spec(name), getattr(current(), name)
    common: dict[str, Any] = {"key": desk().key(name), "help": spec.help}
    if isinstance(spec, Choice):
        options = list(spec.options)
        st.selectbox(spec.label, options, options.index(value), format_func=spec.options.__getitem__, **common)
    elif isinstance(spec, Flag):
        st.toggle(spec.label, value, **common)
    elif isinstance(spec, Number) and isinstance(spec.options, range):
        low, high = spec.options[0], spec.options[-1]
        field: Callable[..., Any] = st.slider if high - low <= SLIDER_STEPS else st.number_input
        field(spec.label, low, high, value, 1, **common)
    elif isinstance(spec, Number):
        st.select_slider(spec.label, spec.options, value, format_func=lambda option: f"{option:g}", **common)
    else:
        st.text_input(spec.label, spec.shown(value), **common)


def choices(*names: str) -> DeltaGenerator:
    """Widgets side by side, as far as there is room, and where more of them may stand."""
    side_by_side = st.container(horizontal=True, vertical_alignment="bottom")
    with side_by_side:
        for name in names:
            with st.container(width="content" if isinstance(desk().spec(name), Flag) else 230):
                choice(name)
    return side_by_side


def class_menu() -> None:
    """The pickers under a button, where there is something to pick."""
    if _more_than_shown():
        with st.popover("Classes shown", help=current().spec("shown").help):
            class_pickers()


def _more_than_shown() -> bool:
    settings = current()
    return len(class_names(settings.dataset, settings.classes)) > len(settings.shown)


def class_pickers() -> None:
    """Which classes to project: one picker a corner; a class picked twice changes places."""
    if not _more_than_shown():
        return
    settings = current()
    names = class_names(settings.dataset, settings.classes)
    with st.container(horizontal=True):
        for place, label in enumerate(settings.shown):
            st.selectbox(
                f"Class on the {_PLACES[place]}",
                range(len(names)),
                label,
                format_func=names.__getitem__,
                key=desk().key(f"shown {place}"),
                help=settings.spec("shown").help,
                width=230,
            )


def _new_seed(settings: Settings) -> Settings:
    # The seeds that follow those of this run, from 0 again at the end of the range.
    following = settings.seed + settings.seeds
    return replace(settings, seed=following if following in SEEDS else 0)


def _reset(settings: Settings) -> Settings:
    return Settings()
