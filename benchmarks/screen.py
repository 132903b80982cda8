"""What the messages of a Streamlit server leave on a visitor's screen, as far as a measurement has to know it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

TEXTS = ("alert", "text", "markdown", "heading")
LABELLED = ("slider", "selectbox", "checkbox", "text_input", "number_input", "button_group", "button")
ALL_OF_A_RUN = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


class Piece(NamedTuple):
    """An element in its place: who drew it, and the fragment that draws it again."""

    element: Element
    run: str
    fragment: str


class Reels(NamedTuple):
    """A film's message with each frame by a digest."""

    facts: dict[str, Any]
    frames: tuple[str, ...]
    figure: dict[str, Any] | None
    change: dict[str, Any] | None


@dataclass
class Film:
    """What a browser holds of one film, by the rules of film.js."""

    run: str = ""
    version: str = ""
    figure: dict[str, Any] = field(default_factory=dict)
    frames: list[str] = field(default_factory=list)
    total: int = 0
    done: bool = False
    wish: str = ""  # what the browser asks for after the last message: missing, ended or nothing

    @property
    def complete(self) -> bool:
        """Whether all frames of a run that is done are here."""
        return self.done and self.wish != "missing" and len(self.frames) == self.total

    @property
    def answer(self) -> dict[str, Any]:
        """What goes with the wish."""
        return {"run": self.run, "have": len(self.frames), "version": self.version}

    def take(self, reels: Reels) -> None:
        """Add what a message holds, and note what has to be asked for."""
        facts = reels.facts
        if facts["run"] != self.run:
            self.run, self.frames = facts["run"], []
        if reels.figure is not None:
            self.version, self.figure = facts["version"], reels.figure
        elif reels.change is not None and facts["base"] == self.version != facts["version"]:
            self.version, self.figure = facts["version"], changed(self.figure, reels.change)
        gap = facts["first"] > len(self.frames) or facts["version"] != self.version
        if not gap:
            self.frames += reels.frames[len(self.frames) - facts["first"] :]
        self.total, self.done = facts["total"], facts["done"]
        ended = self.done and facts["ticking"] and not facts["follow"]
        self.wish = "missing" if gap else "ended" if ended else ""


@lru_cache(maxsize=64)
def reels_of(text: bytes) -> Reels:
    """A film's message; that of the visitor before is often the same."""
    data = json.loads(text)
    frames = tuple(_digest(frame) for frame in data.pop("frames"))
    return Reels(data, frames, data.pop("figure"), data.pop("change"))


def changed(old: Any, change: dict[str, Any]) -> Any:
    """What a change makes of a figure, as changed.js does."""
    if "set" in change:
        return change["set"]
    if "add" in change:
        return [*old, *change["add"]]
    whole = dict(old) if isinstance(old, dict) else dict(enumerate(old))
    for name, part in change["in"].items():
        place = name if isinstance(old, dict) else int(name)
        whole[place] = changed(whole.get(place), part)
    return whole if isinstance(old, dict) else list(whole.values())


@dataclass
class Screen:
    """The elements in their places, and the films and widgets among them."""

    places: dict[tuple[int, ...], Piece] = field(default_factory=dict)
    films: dict[str, Film] = field(default_factory=dict)
    widgets: dict[str, WidgetState] = field(default_factory=dict)  # by id, as the browser holds them

    def draw(self, message: ForwardMsg, run: str) -> Piece | None:
        """Put a new element of a run of the script into its place."""
        delta = message.delta
        if delta.WhichOneof("type") != "new_element":
            return None
        piece = Piece(delta.new_element, run, delta.fragment_id)
        self.places[tuple(message.metadata.delta_path)] = piece
        kind = piece.element.WhichOneof("type")
        if kind == "bidi_component" and piece.element.bidi_component.component_name == "film":
            reels = reels_of(piece.element.bidi_component.bytes)
            self.films.setdefault(reels.facts["key"], Film()).take(reels)
        elif kind in LABELLED and kind != "button":
            state = as_drawn(piece.element)
            self.widgets.setdefault(state.id, state)
        return piece

    def clear(self, run: str, fragments: set[str]) -> None:
        """Take away what a run that is over has not drawn again: of its fragments, or of the whole page."""
        for place, piece in list(self.places.items()):
            if piece.run != run and (not fragments or piece.fragment in fragments):
                del self.places[place]
        drawn = {state_id(piece.element) for piece in self.places.values()}
        self.widgets = {name: state for name, state in self.widgets.items() if name in drawn}

    def elements(self, *kinds: str) -> Iterator[Any]:
        """What is on the screen of these kinds, from above."""
        for _, piece in sorted(self.places.items()):
            kind = piece.element.WhichOneof("type")
            if kind in kinds:
                yield getattr(piece.element, kind)

    def texts(self, *kinds: str) -> list[str]:
        """The words on the screen."""
        return [element.body for element in self.elements(*(kinds or TEXTS))]

    @property
    def metrics(self) -> dict[str, str]:
        """The measures of the strip: value, and what stands below it."""
        return {metric.label: f"{metric.body} | {metric.delta}" for metric in self.elements("metric")}

    @property
    def exceptions(self) -> list[str]:
        """Errors of the script: there should be none."""
        return [f"{each.type}: {each.message}" for each in self.elements("exception")]

    def labelled(self, label: str) -> Piece:
        """The widget with this label."""
        for piece in self.places.values():
            kind = piece.element.WhichOneof("type")
            if kind in LABELLED and getattr(piece.element, kind).label == label:
                return piece
        raise LookupError(f"no widget is called {label!r}")

    @property
    def digest(self) -> str:
        """All numbers on the screen in one word: the metrics, and every frame of every film."""
        films = {key: (film.run, film.figure, film.frames) for key, film in self.films.items()}
        return _digest([self.metrics, films])


def state_id(element: Element) -> str:
    """The id under which a browser keeps a widget's value."""
    return getattr(getattr(element, element.WhichOneof("type") or "id"), "id", "")


def as_drawn(element: Element) -> WidgetState:
    """The value that a widget has before it is touched; browsers send it with every message."""
    state = WidgetState(id=state_id(element))
    kind = element.WhichOneof("type")
    widget = getattr(element, kind or "")
    if kind == "button_group":
        state.string_array_value.data.extend(widget.options[place].content for place in widget.default)
        state.string_array_value.SetInParent()
    elif kind == "slider" and widget.options:
        state.string_array_value.data.extend(widget.options[int(place)] for place in widget.default)
    elif kind == "slider":
        state.double_array_value.data.extend(widget.default)
    elif kind == "selectbox":
        state.string_value = widget.options[widget.default]
    elif kind == "checkbox":
        state.bool_value = widget.default
    elif kind == "number_input":
        state.double_value = widget.default
    else:
        state.string_value = widget.default
    return state


def moved(element: Element, value: Any) -> WidgetState:
    """The value of a widget after somebody has set it: the text of an option, a number, or whether it is on."""
    state = WidgetState(id=state_id(element))
    kind = element.WhichOneof("type")
    if kind == "button":
        state.trigger_value = True
    elif kind == "button_group" or (kind == "slider" and element.slider.options):
        state.string_array_value.data.append(str(value))
    elif kind == "slider":
        state.double_array_value.data.append(value)
    elif kind == "checkbox":
        state.bool_value = value
    elif kind == "number_input":
        state.double_value = value
    else:
        state.string_value = str(value)
    return state


def _digest(what: Any) -> str:
    return sha256(json.dumps(what).encode()).hexdigest()
