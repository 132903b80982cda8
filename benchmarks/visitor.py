"""A visitor of a Streamlit server without a browser: one real websocket, and what a browser would answer on it.

    async with Visitor("http://127.0.0.1:8501", query="epochs=5&seeds=1") as visitor:
        await visitor.until(lambda: visitor.complete())
        await visitor.move("Smoothing ε", "0.2")

It sends the first rerun with path and query, the ticks of fragments at their pace, and the answers of the films; each
message carries the values of all widgets, as a browser's does. A click or a film's answer goes alone, at once.
"""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Self
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from benchmarks.screen import ALL_OF_A_RUN, Piece, Screen, moved

SELDOM = 600.0  # seconds between ticks that no visit is long enough for
LONGEST = 8.0
PATIENCE = 1.0  # seconds after which a film asks again, and twice as long after that, as in film.js
TRIGGERS = "$$STREAMLIT_INTERNAL_KEY_{}__events"  # the widget that carries a component's events


class Visitor:
    """One browser tab on a page of the server; `screen` is what it shows."""

    def __init__(self, url: str, path: str = "", query: str = "", *, answers: bool = True) -> None:
        self.url = url.rstrip("/")
        self.path = path
        self.query = query  # of the address, as the server has written it since
        self.answers = answers  # whether films say that they have ended, or miss something
        self.screen = Screen()
        self.session = ""  # kept for coming back
        self.cookies: dict[str, str] = {}
        self.ended: list[int] = []  # how runs of the script ended
        self.shown: dict[str, float] = {}  # when each run of the film "live" had a frame, in seconds from the start
        self.first_frame = float("nan")
        self.waited: list[float] = []  # seconds from each tick to the end of its run
        self.problems: list[str] = []  # what no visitor should meet
        self.alerts: list[str] = []  # what has been said in boxes, in the order it came
        self._page = self._run = ""
        self._running = True
        self._ticks: dict[str, asyncio.Task[None]] = {}
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._waits = 0.0  # since when a tick has not been answered
        self._news = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.come()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    def __repr__(self) -> str:
        films = {key: f"{len(film.frames)}/{film.total} {film.wish}" for key, film in self.screen.films.items()}
        return f"Visitor({self.path}?{self.query}: {films}, runs ended {self.ended[-8:]}, ticks {len(self._ticks)})"

    async def come(self) -> None:
        """Open the page, or come back to the same session."""
        self._began = time.perf_counter()
        protocols = ["streamlit", self.cookies.get("_streamlit_xsrf", "PLACEHOLDER_AUTH_TOKEN"), self.session]
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self._socket = await connect(
            f"{self.url.replace('http', 'ws', 1)}/_stcore/stream",
            subprotocols=[Subprotocol(each) for each in protocols if each],
            additional_headers={"Cookie": cookies} if cookies else None,
            origin=Origin("{0.scheme}://{0.netloc}".format(urlsplit(self.url))),
            compression=None,
            max_size=None,
            ping_interval=None,
            proxy=None,
        )
        self._listener = asyncio.create_task(self._listen(self._socket))
        await self._rerun()

    async def leave(self) -> None:
        """Close the tab, or lose the network."""
        for task in (*self._ticks.values(), *self._asked.values()):
            task.cancel()
        self._ticks.clear()
        self._asked.clear()
        if self._socket is not None:
            await self._socket.close()
        if self._listener is not None:
            await asyncio.wait([self._listener])
        self._socket = self._listener = None

    async def until(self, happened: Callable[[], Any], timeout: float = 60.0) -> None:
        """Wait until something is on the screen."""
        async with asyncio.timeout(timeout):
            while not happened():
                if self._listener is None or self._listener.done():
                    raise ConnectionError(f"the connection has ended: {self.problems}")
                self._news.clear()
                await self._news.wait()

    def complete(self) -> bool:
        """Whether there is a film, all of them hold their whole run, and the page is at rest."""
        films = self.screen.films.values()
        return bool(films) and self.rests and all(film.complete and not film.wish for film in films)

    @property
    def rests(self) -> bool:
        """Whether the script has run to its end and nothing ticks."""
        return not self._running and not self._ticks

    async def move(self, label: str, value: Any) -> None:
        """Set a widget, and let the page run again."""
        piece = self.screen.labelled(label)
        state = moved(piece.element, value)
        self.screen.widgets[state.id] = state
        await self._rerun(piece.fragment)

    async def click(self, label: str) -> None:
        """Press a button."""
        piece = self.screen.labelled(label)
        await self._rerun(piece.fragment, moved(piece.element, True))

    async def fire(self, key: str, event: str, value: Any) -> None:
        """What a component's code does with setTriggerValue."""
        for piece in self.screen.places.values():
            component = piece.element.bidi_component
            if component.component_name == "film" and component.id.endswith(f"-{key}"):
                await self._rerun(piece.fragment, _trigger(component.id, event, value))
                return
        raise LookupError(f"no component has the key {key!r}")

    # What the server says

    async def _listen(self, socket: ClientConnection) -> None:
        try:
            async for received in socket:
                assert isinstance(received, bytes)
                self._hear(ForwardMsg.FromString(received))
                self._news.set()
        except ConnectionClosed as closed:
            self.problems.append(f"closed: {closed}")
        finally:
            self._news.set()

    def _hear(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "delta":
            piece = self.screen.draw(message, self._run)
            if piece is not None:
                self._look(piece)
        elif kind == "new_session":
            self._begin(message)
        elif kind == "auto_rerun":
            rerun = message.auto_rerun
            self._stop(rerun.fragment_id)
            if rerun.interval < SELDOM:
                self._ticks[rerun.fragment_id] = asyncio.create_task(self._tick(rerun.fragment_id, rerun.interval))
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._stop(fragment)
        elif kind == "script_finished":
            self._finish(message)
        elif kind == "navigation":
            self._page = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind in ("ref_hash", "page_not_found"):
            self.problems.append(kind)

    def _begin(self, message: ForwardMsg) -> None:
        session = message.new_session
        self._run, self._running = message.metadata.run.script_run_id, True
        self.session = session.initialize.session_id
        if not message.metadata.run.fragment_ids:
            for fragment in list(self._ticks):
                self._stop(fragment)
            if self._page not in ("", session.page_script_hash):
                self.screen = Screen()
        self._page = session.page_script_hash

    def _finish(self, message: ForwardMsg) -> None:
        self.ended.append(message.script_finished)
        run = message.metadata.run
        self._running = message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
        if message.script_finished in ALL_OF_A_RUN:
            self.screen.clear(run.script_run_id, set(run.fragment_ids))
        if run.fragment_ids and self._waits and not self._running:
            self.waited.append(time.perf_counter() - self._waits)
            self._waits = 0.0

    def _look(self, piece: Piece) -> None:
        element = piece.element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.problems.append(f"exception: {element.exception.type}: {element.exception.message}")
        if kind == "alert" and element.alert.body not in self.alerts[-1:]:
            self.alerts.append(element.alert.body)
        if kind != "bidi_component":
            return
        component = element.bidi_component
        if component.component_name == "failed":
            self._ask(component.id, piece.fragment, "failed", time.time)
            return
        live = self.screen.films.get("live")
        if live is not None and live.frames and live.run not in self.shown:
            self.shown[live.run] = time.perf_counter() - self._began
            if self.first_frame != self.first_frame:
                self.first_frame = self.shown[live.run]
        for key, film in self.screen.films.items():
            if film.wish and component.id.endswith(f"-{key}") and self.answers:
                self._ask(component.id, piece.fragment, film.wish, partial(getattr, film, "answer"))

    # What the browser says

    def _ask(self, component: str, fragment: str, event: str, value: Callable[[], Any]) -> None:
        """Fire an event, and again a second later while it is still wanted."""
        if component not in self._asked or self._asked[component].done():
            self._asked[component] = asyncio.create_task(self._insist(component, fragment, event, value))

    async def _insist(self, component: str, fragment: str, event: str, value: Callable[[], Any]) -> None:
        films, patience = self.screen.films, PATIENCE
        while True:
            await self._rerun(fragment, _trigger(component, event, value()))
            await asyncio.sleep(patience)
            patience = min(2 * patience, LONGEST)
            if not any(film.wish == event and component.endswith(f"-{key}") for key, film in films.items()):
                return

    async def _tick(self, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            # A browser's clock does not wait for answers either.
            if not self._waits:
                self._waits = time.perf_counter()
            await self._rerun(fragment, auto=True)

    def _stop(self, fragment: str) -> None:
        task = self._ticks.pop(fragment, None)
        if task is not None:
            task.cancel()

    async def _rerun(self, fragment: str = "", *states: WidgetState, auto: bool = False) -> None:
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string = self.query
        rerun.widget_states.widgets.extend([*self.screen.widgets.values(), *states])
        rerun.page_script_hash = self._page
        if not self._page:
            rerun.page_name = self.path
        rerun.fragment_id = fragment
        rerun.is_auto_rerun = auto
        rerun.context_info.url = f"{self.url}/{self.path}"
        rerun.context_info.timezone = "UTC"
        rerun.context_info.locale = "en"
        if self._socket is not None:
            # The listener notes how a connection ends.
            with suppress(ConnectionClosed):
                await self._socket.send(message.SerializeToString())


def _trigger(component: str, event: str, value: Any) -> WidgetState:
    return WidgetState(id=TRIGGERS.format(component), json_trigger_value=json.dumps([{"event": event, "value": value}]))
