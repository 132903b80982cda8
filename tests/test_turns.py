"""Laws of turns: a few scripts run at once, one that waits lets another run, and one that fails keeps nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Barrier, Event, Lock

import pytest
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner

from labelsmooth.dashboard import turns
from labelsmooth.dashboard.turns import TURNS, stepping_aside, take_turns

PATIENCE = 10.0


def run(scripts: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch) -> list[BaseException | None]:
    """Ask for all scripts at once, each as Streamlit does for a visitor; how each ended."""
    monkeypatch.setattr(ScriptRunner, "_run_script", ScriptRunner._run_script)  # put back afterwards
    monkeypatch.setattr(turns, "_run", lambda script, data: script())
    take_turns()
    together = Barrier(len(scripts))

    def visit(script: Callable[[], None]) -> None:
        together.wait(PATIENCE)
        ScriptRunner._run_script(script, None)  # type: ignore[arg-type]

    with ThreadPoolExecutor(len(scripts)) as threads:
        visits = [threads.submit(visit, script) for script in scripts]
        assert not wait(visits, PATIENCE).not_done
    return [each.exception() for each in visits]


class Counter:
    """How many are within at once, at the most."""

    def __init__(self) -> None:
        self.lock, self.within, self.most = Lock(), 0, 0

    def __enter__(self) -> None:
        with self.lock:
            self.within += 1
            self.most = max(self.most, self.within)

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.within -= 1


def test_no_more_scripts_run_at_once_than_there_are_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    counter, pause = Counter(), Event()

    def script() -> None:
        with counter:
            pause.wait(0.01)

    assert run([script] * 12, monkeypatch) == [None] * 12
    assert counter.most == TURNS


def test_scripts_that_wait_for_one_another_step_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = Barrier(3 * TURNS)
    counter = Counter()

    def script() -> None:
        with stepping_aside():
            everybody.wait(PATIENCE)  # which a script that kept its turn would make impossible
        with counter:
            pass

    assert run([script] * 3 * TURNS, monkeypatch) == [None] * 3 * TURNS
    assert counter.most <= TURNS


def test_a_script_that_fails_gives_its_turn_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        with stepping_aside():
            raise ValueError("on purpose")

    ended = run([fails] * 3 * TURNS, monkeypatch)
    assert [str(each) for each in ended] == ["on purpose"] * 3 * TURNS
    assert run([lambda: None], monkeypatch) == [None]


def test_who_has_no_turn_has_nothing_to_give_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with stepping_aside():
        pass
    counter, pause = Counter(), Event()

    def script() -> None:
        with counter:
            pause.wait(0.01)

    run([script] * 12, monkeypatch)
    assert counter.most == TURNS
