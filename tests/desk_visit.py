"""A visitor without Streamlit: a session that can end a run, an address, widgets and films."""

from types import SimpleNamespace
from typing import Any

import pytest

from labelsmooth.dashboard import desk
from labelsmooth.dashboard.desk import Desk
from labelsmooth.dashboard.settings import Settings

PLAIN = Settings(epsilon=0.2, seed=5, seeds=2)  # no story tells it


class RunEndedError(Exception):
    """What Streamlit does to a run when another one waits."""


class Session(dict[str, Any]):
    """A session whose access number `at` ends the run, once."""

    accesses, at = 0, -1

    def __getitem__(self, key: str) -> Any:
        self.accesses += 1
        if self.accesses == self.at:
            raise RunEndedError
        return super().__getitem__(key)


class Query(dict[str, str]):
    """The browser's address; with `ends_the_run` the next writing does that once it is done."""

    ends_the_run = False

    def to_dict(self) -> dict[str, str]:
        return dict(self)

    def get_all(self, name: str) -> list[str]:
        return [self[name]]

    def from_dict(self, query: dict[str, str]) -> None:
        self.clear()
        self.update(query)
        if self.ends_the_run:
            self.ends_the_run = False
            raise RunEndedError


class Visit:
    """One visitor: what the browser shows in its widgets, films and address, and runs of the script."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, settings: Settings = PLAIN) -> None:
        self.session, self.query = Session(), Query(settings.to_query())
        self.back = False
        monkeypatch.setattr(desk, "st", SimpleNamespace(session_state=self.session, query_params=self.query))
        monkeypatch.setattr(desk, "went_back", lambda: self.back)
        self.run()

    def run(self, page: str = "Train live") -> None:
        desk.restore(page)
        desk.write_address()

    @property
    def desk(self) -> Desk:
        found: Desk = dict.__getitem__(self.session, "desk")
        return found

    @property
    def settings(self) -> Settings:
        return self.desk.settings

    def wish(self, name: str, value: Any) -> None:
        """A widget shows another value."""
        self.session[self.desk.key(name)] = value

    def leave(self, film: str, frame: str, when: int, of: str = "") -> None:
        """A film is left at a frame, in this session or in another."""
        self.session[film] = {"released": {"frame": frame, "when": when, "visit": of}}

    def message(self, query: dict[str, str], *, back: bool = False) -> None:
        """The browser sends this address with whatever it wants, or because of Back or Forward."""
        self.query.clear()
        self.query.update(query)
        self.back = back
