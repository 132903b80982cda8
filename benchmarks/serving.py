"""A server of the dashboard in a process of its own, and what can be seen of it from outside."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from labelsmooth.dashboard.public import public

ROOT = Path(__file__).parents[1]
QUICK = "epochs=3&seeds=1&train_size=100"  # a link that trains in a moment
START = 60.0  # seconds that a server may take until it answers


@dataclass
class Server:
    """A running server: its address, its process, and what it has written."""

    url: str
    pid: int
    log: Path

    @property
    def memory(self) -> float:
        """Resident memory, in MB."""
        return self._status("VmRSS") / 1024

    @property
    def threads(self) -> int:
        """How many threads it has."""
        return self._status("Threads")

    def events(self, name: str) -> list[dict[str, Any]]:
        """The lines of its log on runs that have started, been joined, finished and so on."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            with suppress(json.JSONDecodeError):
                entry = json.loads(line)
                if isinstance(entry, dict) and entry.get("event") == name:
                    found.append(entry)
        return found

    @property
    def tracebacks(self) -> int:
        """How many errors it has written out."""
        return self.log.read_text(errors="replace").count("Traceback (most recent call last)")

    def _status(self, name: str) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))


@contextmanager
def serving(settings: Mapping[str, str] | None = None, *options: str) -> Iterator[Server]:
    """A fresh server on a free port of this machine, with these environment variables; it ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = ["--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}", *options]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", *flags],
                cwd=ROOT,
                env=os.environ | dict(settings or {}),
                stdout=file,
                stderr=file,
            )
        try:
            server = Server(f"http://127.0.0.1:{port}", process.pid, log)
            until = time.monotonic() + START
            while not _answers(server):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"no server:\n{log.read_text(errors='replace')}")
                time.sleep(0.02)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(server: Server) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=1) as answer:
        return bool(answer.status == 200)
    return False


@dataclass
class Answer:
    """An answer over HTTP."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


async def fetch(address: str) -> Answer:
    """Get an address over a connection of its own, as HTTP/1.0, which ends with the answer."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode())
        received = await reader.read(-1)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = [line.partition(":") for line in lines]
    return Answer(int(first.split()[1]), [(name.lower(), value.strip()) for name, _, value in fields], body)


@dataclass
class Watch:
    """The server's health, asked for ten times a second; and its memory."""

    server: Server
    health: list[float] = field(default_factory=list)  # seconds of each answer
    memory: list[tuple[float, float]] = field(default_factory=list)  # seconds from the start, MB

    async def __aenter__(self) -> "Watch":
        self._began = time.perf_counter()
        self._task = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _look(self) -> None:
        while True:
            asked = time.perf_counter()
            await fetch(f"{self.server.url}/_stcore/health")
            now = time.perf_counter()
            self.health.append(now - asked)
            self.memory.append((now - self._began, self.server.memory))
            await asyncio.sleep(max(0.1 - (now - asked), 0.0))


async def browse(url: str) -> dict[str, str]:
    """Load what a browser loads on its first visit: the page, its code and style, and what the film needs; the cookies.

    Six connections at a time; each answer ends its connection, which a browser's would not.
    """
    page = await fetch(f"{url}/")
    names = re.findall(r'(?:src|href)="\./([^"]+\.(?:js|css|woff2|png))"', page.body.decode())
    names += public().files
    gate = asyncio.Semaphore(6)

    async def load(name: str) -> Answer:
        async with gate:
            return await fetch(f"{url}/{name}")

    answers = await asyncio.gather(*map(load, [*names, "_stcore/health", "_stcore/host-config"]))
    missing = [name for name, answer in zip(names, answers, strict=False) if answer.status != 200]
    if missing:
        raise OSError(f"not served: {missing[:3]}")
    cookies = [value for answer in answers for name, value in answer.headers if name == "set-cookie"]
    return dict(cookie.partition(";")[0].split("=", 1) for cookie in cookies)
