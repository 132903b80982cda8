"""Many visitors at once, and hostile ones: real websocket sessions against a real server. No timing is asserted."""

import asyncio
from collections.abc import Iterator, Sequence
from urllib.parse import quote

import pytest

from benchmarks.crowds import crowd, drag, soak, warm
from benchmarks.screen import Piece
from benchmarks.serving import QUICK, Server, serving
from benchmarks.visitor import Visitor

BRIEF = 120.0  # seconds after which something hangs

NUMBERS = ("epsilon", "epochs", "seed", "temperature", "hidden")
NO_NUMBERS = (
    *("nan", "-inf", "1e400", "-1", "0x10", "1_000", "²", "1²", "½", "1,5", "0.1.2", "--1", "+", "", " "),
    *("9" * 4999, "1e-4999", "'; DROP TABLE runs; --", "__import__('os').abort()", "${jndi:ldap://x}", "{{7*7}}"),
)
TEXTS = (
    "<script>alert(1)</script>",
    "%3Cimg%20src=x%20onerror=alert(1)%3E",
    "javascript:alert(1)",
    "$\\frac{1}{0}$",
    "[a](javascript:alert(1)) **b** :red[c]",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "file:///etc/passwd",
    "C:\\windows\\win.ini",
    "digits\x00.npz",
    "\u202edigits",
    "d\u0456gits",
    "di\u200bgits",
    "\N{GRINNING FACE}" * 300,
    "z\u0300\u0301\u0302" * 200,
    "\u0000\u0001\u001b[31m",
    "digits" * 3000,
    "own-0123456789abcdef",
    "None",
    "[]",
)
WHOLE = (
    "%",
    "%zz=%zz",
    "epsilon=%",
    "epsilon=%e2%28%a1",
    "epsilon=%ff%fe",
    "epsilon=x&epsilon=y&epsilon=z",
    "epsilon=0.1&epsilon=0.2",
    "seed=1&seed=1",
    "&".join(f"x{n}={n}" for n in range(200)),
    "==&&==;;&=",
    "epsilon[]=1&epsilon[a]=2",
    "epsilon=0.1#epsilon=0.2",
    "?epsilon=0.2",
    "EPSILON=0.2",
    "shown=1-1-1&classes=-1&dataset=blobs",
    "hidden=" + "-".join(["9" * 30] * 200),
    "v=99&v=1&v=",
    "__proto__=1&constructor=2",
    "mode=lecture%00&epoch=-2",
    "epoch=1e9",
    "a" * 5000,
    "epsilon",
    "epsilon=0.1&=&epsilon",
    "seed=4294967296",
    "batch_size=65&learning_rate=.0049",
)
# More than a server takes: Streamlit passes none of it on.
TOO_MUCH = ("&".join(f"x{n}={n}" for n in range(2000)), "&".join(["seeds=2"] * 2000), "epsilon=" + "9" * 2_000_000)
HOSTILE = (
    *(f"{NUMBERS[place % len(NUMBERS)]}={quote(text)}" for place, text in enumerate(NO_NUMBERS)),
    *(f"{('dataset', 'claim')[place % 2]}={quote(text, safe='%')}" for place, text in enumerate(TEXTS)),
    *WHOLE,
)
PATHS = ("in_your_code", "server", "theory", "")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with one trainer, so that runs wait for each other, which has been visited before."""
    with serving({"LABELSMOOTH_TRAINERS": "1"}) as server:
        asyncio.run(warm(server, QUICK))
        yield server
        assert server.tracebacks == 0, server.log.read_text()


def test_one_link_is_trained_once_and_all_who_open_it_see_the_same_numbers(server: Server) -> None:
    found = asyncio.run(crowd(server, ["seed=500&epochs=20&seeds=2"] * 12, 3.0))
    assert found.failures == []
    assert found.trainings == 1
    assert len(found.digests) == 1
    assert all(len(visitor.screen.films["live"].frames) == 21 for visitor in found.visitors)
    assert all(len(visitor.screen.metrics) == 5 for visitor in found.visitors)


class Noting(Visitor):
    """Notes which controls were there when the first picture came."""

    early: list[str] | None = None

    @property
    def controls(self) -> list[str]:
        return [each.label for each in self.screen.elements("selectbox", "slider")]

    def _look(self, piece: Piece) -> None:
        super()._look(piece)
        if self.shown and self.early is None:
            self.early = self.controls


def test_the_first_picture_comes_before_the_controls_beside_it(server: Server) -> None:
    async def visit() -> tuple[Noting, list[str]]:
        async with Noting(server.url, query=QUICK) as visitor:
            await visitor.until(lambda: visitor.ended)
            return visitor, visitor.controls

    visitor, controls = asyncio.run(visit())
    assert visitor.early == ["Smoothing ε"]
    assert {"Data set", "Epochs"} < set(controls)


def test_every_link_is_served_and_those_who_wait_are_told_their_place(server: Server) -> None:
    # Four share the trainer, the others wait.
    found = asyncio.run(crowd(server, [f"seed={600 + 10 * n}&epochs=40&seeds=1" for n in range(6)], 0.0))
    assert found.failures == []
    assert found.trainings == 6
    assert len(found.digests) == 6
    assert found.positions


def test_a_dragger_leaves_no_run_behind_and_others_see_theirs(server: Server) -> None:
    found = asyncio.run(drag(server, 1.0, watchers=1, query=QUICK, long="epochs=200&seeds=1"))
    assert found.failures == []
    assert found.moves > 5
    ended = {entry["run"] for name in ("finished", "stopped", "abandoned") for entry in server.events(name)}
    left = [entry for entry in server.events("started") if entry["run"] not in ended]
    assert all(entry["epochs"] == 200 for entry in left), "only the watcher's own run may still train"


def test_visitors_who_come_and_go_leave_no_thread_behind(server: Server) -> None:
    found = asyncio.run(soak(server, 3 / 60, at_once=6, links=2, query=QUICK))
    assert found.visits >= 6
    assert found.failures == []
    # A pool of the server's may have grown by one or two; one for each who came would be six.
    assert found.threads[1] <= found.threads[0] + 2


def opened(server: Server, queries: Sequence[str]) -> list[Visitor]:
    """Visitors who have opened a page with each of these queries, a few at a time."""

    async def visit(number: int, query: str, gate: asyncio.Semaphore) -> Visitor:
        visitor = Visitor(server.url, PATHS[number % len(PATHS)], f"{QUICK}&{query}")
        async with gate, visitor:
            await visitor.until(lambda: visitor.ended, BRIEF)
        return visitor

    async def visits() -> list[Visitor]:
        gate = asyncio.Semaphore(6)
        return await asyncio.gather(*(visit(number, query, gate) for number, query in enumerate(queries)))

    return asyncio.run(visits())


def test_hostile_links_open_and_say_what_was_corrected(server: Server) -> None:
    assert len(set(HOSTILE)) >= 60
    visitors = opened(server, HOSTILE)
    assert [visitor.problems for visitor in visitors if visitor.problems] == []
    said = [visitor.screen.texts("text") for visitor in visitors]
    assert [query[:80] for query, sentences in zip(HOSTILE, said, strict=True) if not sentences] == []
    assert max(len(sentence) for sentences in said for sentence in sentences) < 400


def test_a_link_that_the_server_does_not_take_opens_the_page_as_it_is(server: Server) -> None:
    for visitor in opened(server, TOO_MUCH):
        assert visitor.problems == []
        assert "seed=0" in visitor.query.split("&") or not visitor.query


@pytest.mark.parametrize("path", ["../../etc/passwd", "theory/../../x", "%2e%2e", "\u202e", "x" * 5000, "<script>"])
def test_a_path_that_leads_nowhere_shows_the_first_page(server: Server, path: str) -> None:
    async def visit() -> Visitor:
        async with Visitor(server.url, path, QUICK) as visitor:
            await visitor.until(lambda: visitor.ended, BRIEF)
        return visitor

    visitor = asyncio.run(visit())
    assert visitor.screen.exceptions == []
    assert visitor.problems == ["page_not_found"]
    assert "live" in visitor.screen.films
