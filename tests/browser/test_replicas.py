"""Two replicas behind a real Caddy with the committed configuration: visitors stay, and outlive a replica."""

import hashlib
import hmac
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPMessage
from typing import TYPE_CHECKING, NamedTuple

import pytest

from .conftest import ROOT, SERVER, Visit, healthy, lacking
from .pages import APP, LIVE, Wire, choices, mark, quiet, rests, says, slider, wait

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

LINK = "dataset=iris&train_size=60&epochs=5&seeds=2&hidden=16&epsilon=0.2"
MANY = 16  # new visitors: chance leads them all to one of two replicas in one of 30 000 tests
HASTE = {"HEALTH_INTERVAL": "300ms", "HEALTH_TIMEOUT": "2s", "FAIL_DURATION": "500ms"}


class Replica:
    """A server of the dashboard that can die and be started again."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        # How Caddy names a replica in a cookie, without a secret of its own.
        self.cookie = hmac.new(b"", self.address.encode(), hashlib.sha256).hexdigest()
        self.start()

    def start(self) -> None:
        """Serve, with a cookie secret that the replicas share."""
        self.server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(APP), *SERVER, f"--server.port={self.address[10:]}"],
            cwd=ROOT, env=os.environ | {"STREAMLIT_SERVER_COOKIE_SECRET": "the same for both"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self) -> None:
        """Die without a word."""
        self.server.kill()
        self.server.wait()

    def visitors(self) -> int:
        """How many websockets it holds, by its own count."""
        with urllib.request.urlopen(f"http://{self.address}/_stcore/metrics", timeout=10) as answer:
            found = re.search(rb"^active_sessions (\d+)", answer.read(), re.MULTILINE)
        assert found is not None
        return int(found[1])


class Site(NamedTuple):
    """What visitors see, and the two replicas behind it."""

    address: str
    replicas: tuple[Replica, Replica]

    def asked(self, path: str, headers: Mapping[str, str], seconds: float = 10.0) -> tuple[int, HTTPMessage]:
        """The status and the headers of the answer to a request."""
        with closing(HTTPConnection(self.address, timeout=seconds)) as connection:
            connection.request("GET", path, headers=dict(headers))
            with connection.getresponse() as answer:
                return answer.status, answer.headers

    def led(self, cookie: str = "none yet") -> str:
        """The cookie of the replica that serves somebody who comes with this one; "nobody" if none serves in time."""
        with suppress(TimeoutError):
            status, headers = self.asked("/_stcore/health", {"Cookie": f"replica={cookie}"}, seconds=3.0)
            assert status == 200
            *_, last = [cookie, *re.findall(r"replica=(\w+)", " ".join(headers.get_all("Set-Cookie", [])))]
            return last
        return "nobody"

    def crowd(self) -> set[str]:
        """The cookies that many new visitors are given."""
        return {self.led() for _ in range(MANY)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Both replicas and the proxy, all serving."""
    if shutil.which("caddy") is None:
        lacking("caddy is not installed")
    home = tmp_path_factory.mktemp("caddy")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    site = Site(address, (Replica(), Replica()))
    settings = {"SITE_ADDRESS": f"http://{address}", "LISTEN_ON": "127.0.0.1"}
    settings["REPLICAS"] = " ".join(replica.address for replica in site.replicas)
    with (home / "log.txt").open("wb") as log:
        proxy = subprocess.Popen(
            ["caddy", "run", "--config", str(ROOT / "deploy" / "Caddyfile")], stdout=log, stderr=log,
            env=os.environ | HASTE | settings | {"XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)},
        )  # fmt: skip
    try:
        until(lambda: all(healthy(f"http://{server}") for server in (*(r.address for r in site.replicas), address)))
        until(lambda: site.crowd() == {replica.cookie for replica in site.replicas})
        yield site
    finally:
        proxy.terminate()
        proxy.wait(timeout=10)
        for replica in site.replicas:
            replica.kill()


def until(true: Callable[[], bool], pause: Callable[[float], object] = lambda ms: time.sleep(ms / 1000)) -> None:
    """Wait for something to become true; Playwright tells what it has heard while its own pause lasts."""
    end = time.monotonic() + 40
    while not true():
        assert time.monotonic() < end, "still not so after 40 s"
        pause(100)


def strip(page: "Page") -> list[str]:
    """The numbers of the metric strip."""
    return page.locator("[data-testid=stMetricValue]").all_inner_texts()


def test_a_browser_stays_with_the_replica_that_it_was_first_led_to(site: Site, visit: Visit) -> None:
    answers: list[Response] = []

    def heard(answer: "Response") -> None:
        answers.append(answer)

    page = visit(f"http://{site.address}/?{LINK}", before=lambda page: page.on("response", heard))
    wait(page, LIVE, shown="5")
    page.evaluate("Promise.all(Array.from({ length: 8 }, () => fetch('_stcore/health')))")
    (chosen,) = [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "replica"]
    headers = [header for answer in answers for header in answer.headers_array()]
    given = [header["value"] for header in headers if header["value"].startswith("replica=")]
    # Caddy gives a cookie whenever it chooses: no later request was led by chance.
    assert given == [f"replica={chosen}; Path=/"]
    assert len(answers) > 15
    assert [replica.visitors() for replica in site.replicas] == [replica.cookie == chosen for replica in site.replicas]


def test_the_visitors_of_a_killed_replica_go_on_at_the_other_with_what_they_had_chosen(
    site: Site, visit: Visit
) -> None:
    until(lambda: [replica.visitors() for replica in site.replicas] == [0, 0])
    wires = [Wire(), Wire()]

    def led_to(replica: Replica, wire: Wire) -> "Page":
        def before(page: "Page") -> None:
            page.context.add_cookies([{"name": "replica", "value": replica.cookie, "url": f"http://{site.address}"}])
            wire.listen(page)

        return visit(f"http://{site.address}/?{LINK}", before=before)

    pages = [led_to(replica, wire) for replica, wire in zip(site.replicas, wires, strict=True)]
    for page in pages:
        wait(page, LIVE, shown="5")
        first = mark(page, LIVE, "run")
        slider(page).press("ArrowRight")
        says(page, "0.205")
        page.wait_for_selector(f'{LIVE}:not([data-run="{first}"])[data-shown="5"][data-ticking="false"]')
        rests(page, "live", "curves")
        quiet(page)
    assert [replica.visitors() for replica in site.replicas] == [1, 1]
    before = [(choices(page), strip(page), mark(page, LIVE, "run")) for page in pages]
    assert before[0] == before[1]
    assert choices(pages[0])["epsilon"] == "0.205"
    for wire in wires:
        wire.clear()

    page, (dead, alive) = pages[0], site.replicas
    dead.kill()
    # Nobody who comes now has to know: one attempt in vain is all that it costs.
    assert site.crowd() | {site.led(dead.cookie)} == {alive.cookie}
    # The other replica knows nothing of this visitor but the link.
    until(lambda: wires[0].whole_runs > 0, page.wait_for_timeout)
    rests(page, "live", "curves")
    quiet(page)
    says(page, "0.205")
    assert (choices(page), strip(page), mark(page, LIVE, "run")) == before[0]
    assert [alive.visitors(), wires[1].ended] == [2, []]
    # And it goes on: the next choice counts.
    slider(page).press("ArrowRight")
    page.wait_for_url("**epsilon=0.21&**")
    until(lambda: strip(page) != before[0][1], page.wait_for_timeout)
    says(page, "0.21")


def test_a_replica_that_is_started_again_is_given_visitors(site: Site) -> None:
    dead, alive = site.replicas
    dead.kill()
    assert site.crowd() == {alive.cookie}
    dead.start()
    until(lambda: site.crowd() == {alive.cookie, dead.cookie})
    assert site.led(dead.cookie) == dead.cookie


def test_a_replica_that_hangs_is_found_by_its_health_check_and_taken_out(site: Site) -> None:
    well, hangs = site.replicas
    until(lambda: site.crowd() == {well.cookie, hangs.cookie})
    # Its port still takes connections, so only who asks for an answer knows.
    hangs.server.send_signal(signal.SIGSTOP)
    until(lambda: site.crowd() == {well.cookie})
    assert site.led(hangs.cookie) == well.cookie
    hangs.server.send_signal(signal.SIGCONT)
    until(lambda: site.crowd() == {well.cookie, hangs.cookie})


def test_the_proxy_says_what_a_browser_should_know_and_no_more(site: Site) -> None:
    status, headers = site.asked("/", {"Accept-Encoding": "gzip"})
    assert status == 200
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Content-Encoding"] == "gzip"
    # The last two would keep the pages out of frames, in which slides show them.
    hidden = {"server", "via", "x-powered-by", "x-frame-options", "content-security-policy"}
    assert hidden.isdisjoint(name.lower() for name in headers)
    assert site.asked("/_stcore/metrics", {})[0] == 404
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    upgrade |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "bm90IGEgc2VjcmV0IG9uZQ=="}
    for origin, status in ((f"http://{site.address}", 101), ("http://else.example", 403), ("null", 403)):
        assert site.asked("/_stcore/stream", upgrade | {"Origin": origin})[0] == status
