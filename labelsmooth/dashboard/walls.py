"""What hangs before a visitor until there is something new, kept once for the whole server.

The session outlives a closed tab, so it holds names alone.
"""

from collections import OrderedDict
from typing import Any, Protocol, TypeVar

import streamlit as st

MOST = 32


class Named(Protocol):
    """Whatever has a name that tells it from all others."""

    @property
    def name(self) -> str: ...


Shown = TypeVar("Shown", bound=Named)


@st.cache_resource(show_spinner=False)
def _walls() -> OrderedDict[str, Any]:
    return OrderedDict()


def hang(place: str, wall: Shown) -> Shown:
    """Show this in a place of the page; the longest unused of all is forgotten."""
    walls = _walls()
    st.session_state[place] = wall.name
    walls[wall.name] = wall
    walls.move_to_end(wall.name)
    if len(walls) > MOST:
        walls.popitem(last=False)
    return wall


def hanging(place: str, kind: type[Shown]) -> Shown | None:
    """What hangs in a place, if anything does and it is remembered."""
    wall = _walls().get(st.session_state.get(place, ""))
    return wall if isinstance(wall, kind) else None
