"""What one visitor has chosen, in step with the widgets, the films and the page's address.

The choices lie in one plain object. Any access to Streamlit's session lets a waiting rerun in, which ends a callback
where it stands, and its choice would be lost. So callbacks only note a click on the desk, and each run begins by
comparing what widgets and films show with the settings: what an interrupted run has not taken, the next one takes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from labelsmooth.dashboard.choices import Spec
from labelsmooth.dashboard.film import visit
from labelsmooth.dashboard.presets import PRESETS, matching_preset, told_by
from labelsmooth.dashboard.settings import Settings, own_data_of
from labelsmooth.dashboard.specs import PLAYING, SPECS
from labelsmooth.own_data.held import OwnData, is_own, register

_DESK = "desk"
# Films that a visitor leaves at a value of a choice, or, if they have epochs, lets play again.
FILMS = {
    **dict.fromkeys(("live", "clusters"), "epoch"),
    **dict.fromkeys(("sweep", "target"), "epsilon"),
    **dict.fromkeys(("reliability", "own reliability"), "temperature"),
}


Link = Mapping[str, str | list[str]]  # each name with its value, or with all that a link gives it


class Click(NamedTuple):
    """What a button asks for, with a ticket that it was drawn with."""

    button: str
    ticket: int
    change: Callable[[Settings], Settings]


@dataclass
class Desk:
    """The settings, what was corrected in them, and what has been written into the browser's address."""

    settings: Settings
    said: list[str]
    page: str
    generation: int = 0  # of the widgets
    clicks: list[Click] = field(default_factory=list)  # still to be done
    done: dict[str, int] = field(default_factory=dict)  # of each button, how many of its clicks
    released: dict[str, Any] = field(default_factory=dict)  # of each film, the last time it was left
    address: dict[str, str] | None = None  # ours
    bare: Settings = field(default_factory=Settings)  # what the page's address means without choices
    own: OwnData | None = None  # the visitor's data set, which ends with the session
    awaiting: Link = field(default_factory=dict)  # the last link to own data that the visitor did not have

    def take(self, settings: Settings, said: list[str], *, by_widget: bool = False) -> None:
        """Other settings; `by_widget` where the one widget that changed shows all that has changed."""
        self.settings, self.said = settings, said
        self.generation += not by_widget

    @property
    def titles(self) -> dict[str, str]:
        """The title of the visitor's own data by their name."""
        return {} if self.own is None else {self.own.name: self.own.title}

    def read(self, query: Link) -> tuple[Settings, list[str]]:
        """The settings of a link as far as this visitor has the data, and what is said of it; the rest waits."""
        if own_data_of(query, self.titles):
            self.awaiting = query
        return Settings.from_query(query, self.titles)

    def hold(self, own: OwnData | None) -> None:
        """Keep these data in place of those kept before, or none.

        In a click alone, and its settings must no longer need the others: nobody may hold them any more.
        """
        if own is not None:
            register(own)
        self.own = own
        if is_own(self.bare.dataset) and self.bare.dataset not in self.titles:
            self.bare = Settings()

    def spec(self, name: str) -> Spec:
        """A choice with all that this visitor may choose."""
        return self.settings.spec(name, self.titles)

    def key(self, name: str) -> str:
        """The key of a widget: a new one whenever something else than the widget itself has set its value.

        A widget then starts at that value as its default. Writing into the session instead would be lost with a
        message that a quick rerun drops: the browser would keep the old value, and send it back as a wish.
        """
        return f"{name} {self.generation}"

    def click(self, button: str, change: Callable[[Settings], Settings], ticket: int | None = None) -> Click:
        """A click on a button as it is drawn now, or as it was when it was given a ticket.

        It counts once: of a run that is interrupted early Streamlit may run the callbacks again.
        """
        return Click(button, self.ticket(button) if ticket is None else ticket, change)

    def ticket(self, button: str) -> int:
        """What tells the next click on a button from those before."""
        return self.done.get(button, 0)


def opened() -> bool:
    """Whether this session has a desk yet."""
    return _DESK in st.session_state


def desk() -> Desk:
    """The desk of this session."""
    return st.session_state[_DESK]


def current() -> Settings:
    """The settings of this session."""
    return desk().settings


def went_back() -> bool:
    """Whether this run was asked for by Back or Forward: no other message brings an address that the page has not."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def restore(page: str) -> None:
    """Before any widget: take what was chosen, or else the address of a new session, of Back or of Forward."""
    back, query = went_back(), st.query_params.to_dict()
    link = {name: st.query_params.get_all(name) for name in query}
    if not opened():
        mine = Desk(Settings(), [], page)
        mine.settings, mine.said = mine.read(link)
        st.session_state[_DESK] = mine
        return
    mine = desk()
    moved, mine.page = mine.page != page, page
    chosen = _take_choices(mine)
    if moved and not query and not back:
        # A link to another page empties the address, and takes the choices along.
        mine.bare = mine.settings
        return
    # A choice made just now is newer than any address. A message on a slow way may hold one that was replaced since.
    if chosen or not back or query == mine.address:
        return
    # The bare address stays as it is, or Back could never leave the site.
    mine.address = query
    mine.take(*(mine.read(link) if query else (mine.bare, [])))


def write_address() -> None:
    """Put every choice into the address; widgets change none, so they may still have to be drawn."""
    mine = desk()
    query, now = mine.settings.to_query(), st.query_params.to_dict()
    if mine.address == {} and mine.settings == mine.bare:
        return
    # Noted first: the writing may be the end of this run.
    mine.address = query
    if now != query:
        st.query_params.from_dict(query)


def _take_choices(mine: Desk) -> bool:
    """Take over what widgets, films and buttons ask for; False if all is as it was."""
    before = mine.settings, mine.said, mine.generation
    # Read as a whole before anything is taken.
    session = {str(key): st.session_state[key] for key in st.session_state}
    generation, story = mine.generation, matching_preset(mine.settings)
    for name, value in shown_values(mine.settings).items():
        wish = session.get(f"{name} {generation}", value)
        if wish != value:
            _take_wish(mine, name, wish)
    told = session.get(f"preset {story} {generation}", story)
    if told != story:
        # A second click on the story takes its mark away: the story stays, and so must the mark.
        mine.take(mine.settings if told is None else told_by(PRESETS[told], mine.settings), [])
    for key, name in FILMS.items():
        released = session.get(key, {}).get("released")
        # After a restart of the server a browser repeats what it said to the one before.
        if released and released["visit"] == visit() and released != mine.released.get(key):
            mine.released[key] = released
            mine.take(*mine.settings.changed(name, released["frame"] or PLAYING), by_widget=name == "epoch")
    while mine.clicks:
        button, ticket, change = mine.clicks.pop(0)
        if ticket == mine.ticket(button):
            mine.done[button] = ticket + 1
            mine.take(change(mine.settings), [])
    return (mine.settings, mine.said, mine.generation) != before


def shown_values(settings: Settings) -> dict[str, Any]:
    """What the widgets show: each choice by its name, and a picker for each class shown."""
    values = {name: settings.spec(name).shown(getattr(settings, name)) for name in SPECS if name != "shown"}
    return values | {f"shown {place}": label for place, label in enumerate(settings.shown)}


def _take_wish(mine: Desk, name: str, wish: Any) -> None:
    """Do what one widget asks for, as far as the other choices allow it."""
    asked = shown_values(mine.settings) | {name: wish}
    if name.startswith("shown "):
        settings, said = mine.settings.with_class(int(name.removeprefix("shown ")), wish), list[str]()
    else:
        settings, said = mine.settings.changed(name, wish, mine.titles)
    if settings != mine.settings or said:
        mine.take(settings, said, by_widget=shown_values(settings) == asked and not said)
