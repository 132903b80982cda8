"""Laws of sending: the first picture has a head start, a script ends when all is sent, nobody waits for who is gone."""

import asyncio
import time
from collections.abc import Iterator
from threading import Event, Semaphore, Thread
from types import SimpleNamespace

import pytest
from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession

from labelsmooth.dashboard import sending, turns
from labelsmooth.dashboard.sending import head_start, let_it_appear, wait_until_sent


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


@pytest.mark.parametrize("wanted", [True, False])
def test_only_the_first_picture_has_a_head_start_and_others_have_the_turn_meanwhile(
    session: Session, monkeypatch: pytest.MonkeyPatch, wanted: bool
) -> None:
    free: list[bool] = []

    def sleep(seconds: float) -> None:
        assert seconds == sending.HEAD_START
        free.append(turns._turns.acquire(blocking=False))
        turns._turns.release()

    monkeypatch.setattr(sending, "time", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(turns, "_turns", Semaphore(0))
    monkeypatch.setattr(turns._mine, "turn", True, raising=False)
    with head_start(wanted=wanted):
        assert free == []
        for _ in range(2):
            let_it_appear()
        assert free == [True] * wanted
    let_it_appear()
    assert free == [True] * wanted


def test_without_a_browser_no_picture_has_a_head_start(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds: list[float] = []
    monkeypatch.setattr(sending, "time", SimpleNamespace(sleep=seconds.append))
    with head_start(wanted=True):
        let_it_appear()
    assert seconds == []
