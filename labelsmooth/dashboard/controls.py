"""The shared controls: widgets, presets and the page's address, all over one `Settings` in the session.

The session holds the settings themselves. A widget shows one field and writes it back when it changes, so that
nothing is lost when a widget is not on the page, and every change passes through the same corrections.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from labelsmooth.dashboard.choices import Choice, Flag, Number
from labelsmooth.dashboard.presets import PRESETS, matching_preset
from labelsmooth.dashboard.settings import SEEDS, Settings
from labelsmooth.datasets import DATASETS, class_names

_SETTINGS, _SAID, _ADDRESS, _PAGE = "settings", "corrections", "address", "page"
_CHOSEN, _GENERATION = "chosen just now", "generation of widgets"
_PLACES = ("left", "right", "top")
CROSSING = 1.0  # seconds for which the browser's messages may still carry the address before ours
SLIDER_STEPS = 3000  # more than a mouse can tell apart: then a number is typed


def current() -> Settings:
    """The settings of this session."""
    return st.session_state[_SETTINGS]


@dataclass(frozen=True)
class _Address:
    """What this session has written into the browser's address: when, and what stood there before."""

    query: dict[str, str] | None = None
    before: dict[str, str] | None = None
    when: float = -math.inf

    def explains(self, query: dict[str, str]) -> bool:
        """Whether the browser's query is ours, or the one before ours in a message that crossed it on its way."""
        return query == self.query or (query == self.before and time.monotonic() - self.when < CROSSING)


def restore(page: str) -> None:
    """Before the widgets: take the settings from the address, unless this session has written it itself."""
    query = st.query_params.to_dict()
    moved = st.session_state.get(_PAGE, page) != page
    st.session_state[_PAGE] = page
    if _SETTINGS not in st.session_state:
        st.session_state[_ADDRESS] = _Address()
        _take(*Settings.from_query(query))
        return
    # A choice made just now is newer than any address, and going to another page empties the address.
    chosen = st.session_state.pop(_CHOSEN, False)
    if chosen or st.session_state[_ADDRESS].explains(query) or (moved and not query):
        return
    # Back or Forward. The bare address stays as it is, or Back could never leave the site.
    st.session_state[_ADDRESS] = _Address(query)
    _take(*Settings.from_query(query))


def write_address() -> None:
    """After the widgets: put every choice into the address."""
    query, now, address = current().to_query(), st.query_params.to_dict(), st.session_state[_ADDRESS]
    if address.query == {} and current() == Settings():
        return
    if now != query:
        st.query_params.from_dict(query)
        st.session_state[_ADDRESS] = _Address(query, now, time.monotonic())
    elif address.query != query:
        st.session_state[_ADDRESS] = _Address(query)


def say_corrections() -> None:
    """Tell what was changed in the visitor's choices, as plain text, until the next choice."""
    for sentence in st.session_state[_SAID]:
        with st.container(border=True):
            st.text(sentence)


def first_choices() -> None:
    """Presets and epsilon, which stand above the film."""
    chosen = matching_preset(current())
    if chosen is not None:
        st.markdown(PRESETS[chosen].summary)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.pills(
            "Story",
            list(PRESETS),
            default=chosen,
            format_func=lambda name: PRESETS[name].title,
            key=_key(f"preset {chosen}"),
            on_change=_take_preset,
            args=(_key(f"preset {chosen}"),),
            wrap=True,
            help="Settings that each show something else. The address of the page holds them all.",
        )
        st.button("New seed", on_click=_new_seed, help="The same experiment with other random numbers")
        st.button("Reset", on_click=_reset, help="Back to the first story")
    _widget("epsilon")


def sidebar_choices() -> None:
    """Everything else, folded where few people need it."""
    settings = current()
    with st.sidebar:
        st.subheader("Data")
        for name in ("dataset", "classes", "train_size", "label_noise"):
            if name != "classes" or DATASETS[settings.dataset].choose_classes:
                _widget(name)
        with st.expander("Clusters"):
            _class_pickers()
            _widget("scale")
        with st.expander("Network and training"):
            for name in ("hidden", "activation", "epochs", "batch_size", "learning_rate", "optimizer", "weight_decay"):
                _widget(name)
        with st.expander("Seeds and conventions"):
            for name in ("seed", "seeds", "convention", "noisy_validation"):
                _widget(name)


def _key(name: str) -> str:
    """The key of a widget: a new one whenever something else than the widget itself has set its value.

    A widget then starts at that value as its default. Writing into the session instead would be lost with a
    message that a quick rerun drops: the browser would keep the old value, and send it back as a wish.
    """
    return f"{name} {st.session_state[_GENERATION]}"


def _widget(name: str) -> None:
    """The widget of one field, in the form that its kind of choice asks for."""
    spec, value = current().spec(name), getattr(current(), name)
    key = _key(name)
    common: dict[str, Any] = {"key": key, "help": spec.help, "on_change": _changed, "args": (name, key)}
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
        st.text_input(spec.label, spec.write(value), **common)


def _class_pickers() -> None:
    """Which classes to project: one picker a corner; a class picked twice changes places."""
    settings = current()
    names = class_names(settings.dataset, settings.classes)
    if len(names) <= len(settings.shown):
        return
    for place, shown in enumerate(settings.shown):
        st.selectbox(
            f"Class on the {_PLACES[place]}",
            range(len(names)),
            shown,
            format_func=names.__getitem__,
            key=_key(f"shown {place}"),
            help=settings.spec("shown").help,
            on_change=_pick_class,
            args=(place, _key(f"shown {place}")),
        )


def _changed(name: str, key: str) -> None:
    settings, said = current().changed(name, st.session_state[key])
    as_wished = replace(current(), **{name: getattr(settings, name)}) == settings and not said
    _keep(settings, said, by_widget=as_wished)


def _pick_class(place: int, key: str) -> None:
    shown, picked = list(current().shown), st.session_state[key]
    swapped = picked in shown
    if swapped:
        shown[shown.index(picked)] = shown[place]
    shown[place] = picked
    _keep(replace(current(), shown=tuple(shown)), [], by_widget=not swapped)


def _take_preset(key: str) -> None:
    name = st.session_state[key]
    # A second click on the chosen story takes it back: the story stays, and so must the mark on it.
    _keep(PRESETS[name].settings if name is not None else current(), [])


def _new_seed() -> None:
    settings = current()
    # The seeds that follow those of this run, from 0 again at the end of the range.
    following = settings.seed + settings.seeds
    _keep(replace(settings, seed=following if following in SEEDS else 0), [])


def _reset() -> None:
    _keep(Settings(), [])


def _keep(settings: Settings, said: list[str], *, by_widget: bool = False) -> None:
    """What a callback does with a choice; `by_widget` where the one widget that changed shows all that has changed."""
    st.session_state[_CHOSEN] = True
    _take(settings, said, by_widget=by_widget)


def _take(settings: Settings, said: list[str], *, by_widget: bool = False) -> None:
    st.session_state[_SETTINGS] = settings
    st.session_state[_SAID] = said
    st.session_state[_GENERATION] = st.session_state.get(_GENERATION, 0) + (not by_widget)
