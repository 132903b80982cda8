"""The shared controls: widgets, presets and the page's address, all over one `Settings` in the session.

The session holds the settings themselves. A widget shows one field and writes it back when it changes, so that
nothing is lost when a widget is not on the page, and every change passes through the same corrections.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from labelsmooth.dashboard.presets import PRESETS, matching_preset
from labelsmooth.dashboard.settings import Choice, Flag, Number, Settings
from labelsmooth.datasets import DATASETS, class_names

_SETTINGS, _SAID, _WRITTEN, _PAGE = "settings", "corrections", "written query", "page"
_PLACES = ("left", "right", "top")
SLIDER_STEPS = 3000  # more than a mouse can tell apart: then a number is typed


def current() -> Settings:
    """The settings of this session."""
    return st.session_state[_SETTINGS]


def restore(page: str) -> None:
    """Before the widgets: take the settings from the address, unless this session has written it itself."""
    query = st.query_params.to_dict()
    moved = st.session_state.get(_PAGE, page) != page
    st.session_state[_PAGE] = page
    known = _SETTINGS in st.session_state
    # Going to another page empties the address, and so does going back to the bare one: only that means defaults.
    if known and (query == st.session_state[_WRITTEN] or (moved and not query)):
        return
    _keep(*Settings.from_query(query))
    # An address without a choice stays as it is when somebody comes back to it, or Back could not leave the site.
    st.session_state[_WRITTEN] = query
    if not known:
        st.session_state[_WRITTEN] = None


def write_address() -> None:
    """After the widgets: put every choice into the address."""
    query = current().to_query()
    written = st.session_state[_WRITTEN]
    if written == {} and current() == Settings():
        return
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
    st.session_state[_WRITTEN] = query


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
        st.session_state["preset"] = chosen
        st.pills(
            "Story",
            list(PRESETS),
            format_func=lambda name: PRESETS[name].title,
            key="preset",
            on_change=_take_preset,
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


def _widget(name: str) -> None:
    """The widget of one field, in the form that its kind of choice asks for."""
    spec, value = current().spec(name), getattr(current(), name)
    common: dict[str, Any] = {"key": name, "help": spec.help, "on_change": _changed, "args": (name, name)}
    if isinstance(spec, Choice):
        _show(name, value)
        options = spec.options
        st.selectbox(spec.label, list(options), format_func=lambda option: options[option], **common)
    elif isinstance(spec, Flag):
        _show(name, value)
        st.toggle(spec.label, **common)
    elif isinstance(spec, Number) and isinstance(spec.options, range):
        low, high = spec.options[0], spec.options[-1]
        # Streamlit resets a widget whose limits change, whatever the session holds: with others it is another one.
        common["key"] = f"{name} {low} to {high}"
        common["args"] = (name, common["key"])
        _show(common["key"], value)
        field: Callable[..., Any] = st.slider if high - low <= SLIDER_STEPS else st.number_input
        field(spec.label, low, high, step=1, **common)
    elif isinstance(spec, Number):
        _show(name, value)
        st.select_slider(spec.label, spec.options, format_func=lambda option: f"{option:g}", **common)
    else:
        _show(name, spec.write(value))
        st.text_input(spec.label, **common)


def _show(key: str, value: Any) -> None:
    """Let a widget show a value. Writing an equal one would make the browser jump back while somebody drags."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def _class_pickers() -> None:
    """Which classes to project: one picker a corner; a class picked twice changes places."""
    settings = current()
    names = class_names(settings.dataset, settings.classes)
    if len(names) <= len(settings.shown):
        return
    for place, shown in enumerate(settings.shown):
        _show(f"shown {place}", shown)
        st.selectbox(
            f"Class on the {_PLACES[place]}",
            range(len(names)),
            format_func=lambda label: names[label],
            key=f"shown {place}",
            help=settings.spec("shown").help,
            on_change=_pick_class,
            args=(place,),
        )


def _changed(name: str, key: str) -> None:
    _keep(*current().changed(name, st.session_state[key]))


def _pick_class(place: int) -> None:
    shown, picked = list(current().shown), st.session_state[f"shown {place}"]
    if picked in shown:
        shown[shown.index(picked)] = shown[place]
    shown[place] = picked
    _keep(*replace(current(), shown=tuple(shown)).corrected())


def _take_preset() -> None:
    name = st.session_state["preset"]
    if name is not None:  # a second click on the chosen story changes nothing
        _keep(PRESETS[name].settings, [])


def _new_seed() -> None:
    settings = current()
    # The next seeds that no run so far has used, round to 0 at the end of the range.
    following = settings.seed + settings.seeds
    most = settings.spec("seed").options[-1]  # type: ignore[attr-defined]
    _keep(replace(settings, seed=following if following <= most else 0), [])


def _reset() -> None:
    _keep(Settings(), [])


def _keep(settings: Settings, said: list[str]) -> None:
    st.session_state[_SETTINGS] = settings
    st.session_state[_SAID] = said
