"""A network that a test can cut, stall and slow down: a TCP proxy on loopback, between a browser and a server."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

CHUNK = 2**16  # bytes


class Cutter:
    """Passes on what comes, unless a test tells it otherwise; call it from any thread but its own."""

    def __init__(self, server: str) -> None:
        self.delay = 0.0  # seconds that everything is on its way, in either direction
        self.url = ""  # what stands for the server's address
        self._server = urlsplit(server)
        self._loop = asyncio.new_event_loop()
        self._cut = False
        self._flows = asyncio.Event()
        self._flows.set()
        self._ends: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """All connections break, and so do new ones as soon as they are made."""
        self._do(self._break)

    def stall(self) -> None:
        """Nothing passes and nobody is told: what is sent meanwhile comes later."""
        self._do(self._flows.clear)

    def mend(self) -> None:
        """All is as at first."""
        self._do(self._restore)

    def _do(self, what: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(what)

    def _break(self) -> None:
        self._cut = True
        for end in self._ends:
            end.transport.abort()

    def _restore(self) -> None:
        self._cut = False
        self._flows.set()

    # In the proxy's own thread

    def run(self, ready: Callable[[], None]) -> None:
        """Listen until stopped."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._listen(ready))

    async def _listen(self, ready: Callable[[], None]) -> None:
        self._over = asyncio.Event()
        async with await asyncio.start_server(self._connect, "127.0.0.1", 0) as listener:
            self.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
            ready()
            await self._over.wait()
            self._break()
            self._flows.set()
            while self._ends:
                await asyncio.sleep(0.01)

    def stop(self) -> None:
        """Listen no more, and break what is connected."""
        self._do(self._over.set)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            await self._flows.wait()
            if not self._cut:
                await self._join(reader, writer)
        except OSError:
            pass  # an end has gone, or the server is away
        finally:
            self._ends.discard(writer)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on in both directions until either end has gone."""
        far_reader, far_writer = await asyncio.open_connection(self._server.hostname, self._server.port)
        self._ends.add(far_writer)
        ways = [asyncio.ensure_future(self._pass(*way)) for way in ((reader, far_writer), (far_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._ends.discard(far_writer)
            far_writer.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Everything from one end to the other, each piece when its time has come."""
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def collect() -> None:
            while piece := await source.read(CHUNK):
                pieces.put_nowait((self._loop.time() + self.delay, piece))
            pieces.put_nowait((self._loop.time() + self.delay, b""))

        collecting = asyncio.ensure_future(collect())
        try:
            while True:
                due, piece = await pieces.get()
                await asyncio.sleep(due - self._loop.time())
                await self._flows.wait()
                if not piece:
                    return
                target.write(piece)
                await target.drain()
        finally:
            collecting.cancel()


@contextmanager
def network(server: str) -> Iterator[Cutter]:
    """A network to the server at this address."""
    cutter, listening = Cutter(server), threading.Event()
    thread = threading.Thread(target=cutter.run, args=(listening.set,), daemon=True)
    thread.start()
    assert listening.wait(10)
    yield cutter
    cutter.stop()
    thread.join(10)
