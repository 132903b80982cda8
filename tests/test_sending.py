"""Laws of sending: the first picture has a head start, a script ends when all is sent, nobody waits for who is gone."""

import asyncio
import time
from collections.abc import Iterator
from threading import Event, Thread
from types import SimpleNamespace

import pytest
from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession

from labelsmooth.dashboard import sending
from labelsmooth.dashboard.sending import picture_first, wait_until_sent


class Session:
    """What `wait_until_sent` knows of a session: its messages, and the loop that takes and sends them."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self._browser_queue = SimpleNamespace(is_empty=lambda: not self.waiting)
        self._event_loop = asyncio.new_event_loop()

    def _call_soon_on_event_loop(self, callback: object) -> None:
        self._event_loop.call_soon_threadsafe(callback)  # type: ignore[arg-type]


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session whose loop runs in a thread of its own."""
    found = Session()
    monkeypatch.setattr(sending, "_session", lambda: found)
    thread = Thread(target=found._event_loop.run_forever)
    thread.start()
    yield found
    found._event_loop.call_soon_threadsafe(found._event_loop.stop)
    thread.join()
    found._event_loop.close()


def script(ended: Event) -> Thread:
    """A script that has shown everything."""

    def run() -> None:
        wait_until_sent()
        ended.set()

    thread = Thread(target=run)
    thread.start()
    return thread


def test_a_script_ends_when_its_messages_are_sent_and_not_before(session: Session) -> None:
    ended = Event()
    session._event_loop.call_soon_threadsafe(session.waiting.append, "the last element")
    thread = script(ended)
    assert not ended.wait(0.2)
    session._event_loop.call_soon_threadsafe(session.waiting.clear)
    assert ended.wait(sending.PATIENCE / 2)
    thread.join()


def test_a_message_that_the_loop_has_not_taken_yet_is_waited_for_too(session: Session) -> None:
    ended, busy = Event(), Event()
    session._event_loop.call_soon_threadsafe(busy.wait)
    session._event_loop.call_soon_threadsafe(session.waiting.append, "the last element")
    thread = script(ended)
    busy.set()
    assert not ended.wait(0.2)
    session._event_loop.call_soon_threadsafe(session.waiting.clear)
    assert ended.wait(sending.PATIENCE / 2)
    thread.join()


def test_nobody_waits_for_a_browser_that_is_gone(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PATIENCE", 0.1)
    session.waiting.append("for nobody")
    began = time.monotonic()
    wait_until_sent()
    assert time.monotonic() - began >= 0.1


def test_streamlit_keeps_sessions_and_their_messages_where_they_are_looked_for() -> None:
    assert "_session_mgr" in Runtime.__init__.__code__.co_names
    assert {"_browser_queue", "_event_loop"} < {*AppSession.__init__.__code__.co_names}
    assert callable(AppSession._call_soon_on_event_loop)


def test_without_a_server_there_is_nothing_to_wait_for() -> None:
    assert sending._session() is None
    wait_until_sent()


@pytest.mark.parametrize(("fragments", "waited"), [([], [sending.HEAD_START]), (["a tick"], [])])
def test_only_the_first_picture_of_a_visit_has_a_head_start_and_none_that_a_tick_brings(
    session: Session, monkeypatch: pytest.MonkeyPatch, fragments: list[str], waited: list[float]
) -> None:
    seconds: list[float] = []
    monkeypatch.setattr(sending, "st", SimpleNamespace(session_state={}))
    monkeypatch.setattr(sending, "get_script_run_ctx", lambda: SimpleNamespace(fragment_ids_this_run=fragments))
    monkeypatch.setattr(sending, "time", SimpleNamespace(sleep=seconds.append))
    picture_first()
    assert seconds == waited
    picture_first()
    assert seconds == waited
