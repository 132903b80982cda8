"""Laws of the pace: the more pages watch trainings, the less often each ticks, and the browser is told so."""

from types import SimpleNamespace

import pytest
from run_fakes import A, B, Lab
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from labelsmooth.dashboard import pace
from labelsmooth.dashboard.pace import APART, FASTEST, SLOWEST, beat, keep_pace


class Server:
    """A server with so many watchers, one page of theirs, and what its browser is told of each fragment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.watchers, self.fragment = 1, "first"
        self.told: list[tuple[str, float]] = []
        monkeypatch.setattr(pace, "registry", lambda: self)
        monkeypatch.setattr(pace, "st", SimpleNamespace(session_state={}))
        monkeypatch.setattr(pace, "get_script_run_ctx", lambda: self)
        monkeypatch.setattr(
            pace, "ThreadState", SimpleNamespace(get=lambda: SimpleNamespace(fragment_id=self.fragment))
        )

    def enqueue(self, message: ForwardMsg) -> None:
        self.told.append((message.auto_rerun.fragment_id, message.auto_rerun.interval))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(monkeypatch)


def test_all_pages_together_tick_no_faster_than_the_server_bears(server: Server) -> None:
    seconds = []
    for server.watchers in (0, 1, 2, 5, 20, 80, 1000):
        seconds.append(beat(True))
        assert beat(False) is None
    assert seconds == [FASTEST, FASTEST, 0.5, 5 * APART, 20 * APART, SLOWEST, SLOWEST]


def test_a_page_that_ticks_is_told_of_another_pace_once_and_only_if_it_is_worth_it(server: Server) -> None:
    beat(True)
    keep_pace()
    server.watchers = 3  # 0.6 s instead of 0.5
    keep_pace()
    assert server.told == []
    server.watchers = 20
    keep_pace()
    keep_pace()
    server.fragment = "second"
    keep_pace()
    assert server.told == [("first", 4.0), ("second", 4.0)]
    server.watchers = 1
    keep_pace()
    assert server.told[2:] == [("second", FASTEST)]
    beat(True)  # a whole run declares all fragments anew
    server.fragment = "first"
    keep_pace()
    assert len(server.told) == 3


def test_watchers_are_those_of_runs_that_have_not_ended() -> None:
    lab = Lab()
    lab.finished(A, "ann")
    assert lab.registry.watchers == 0
    for viewer in ("bob", "cem"):
        lab.registry.join(B, viewer)
    assert lab.registry.watchers == 2
    lab.registry.leave("cem")
    assert lab.registry.watchers == 1
    lab.run_dry()
    assert lab.registry.watchers == 0
