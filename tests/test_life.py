"""A server opens a browser where somebody sits before it, and ends what was begun."""

import asyncio

import pytest
from streamlit import config
from streamlit.config_option import ConfigOption

from labelsmooth.dashboard import life as module
from labelsmooth.dashboard.life import at_end, end, life


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser would have been opened at."""
    addresses: list[str] = []
    monkeypatch.setattr(module, "open_browser", addresses.append)
    monkeypatch.setattr(module, "_endings", [])
    return addresses


async def lived() -> None:
    async with life(None):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("address", "seen"), [("0.0.0.0", "http://localhost:8601"), ("127.0.0.1", "http://127.0.0.1:8601")]
)
def test_a_browser_is_opened_at_the_address_of_the_server(
    address: str, seen: str, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = config.get_config_options()
    options = {"server.headless": False, "server.address": address, "server.port": 8601}
    for name, value in options.items():
        monkeypatch.setitem(known, name, made(name, value))
    asyncio.run(lived())
    assert opened == [seen]


def made(name: str, value: object) -> ConfigOption:
    """An option as somebody would set it."""
    option = ConfigOption(name)
    option.set_value(value, "a test")
    return option


def test_none_is_opened_where_nobody_sits(opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(config.get_config_options(), "server.headless", made("server.headless", True))
    asyncio.run(lived())
    assert opened == []


def test_what_waits_for_the_end_is_done_once_and_the_latest_first(opened: list[str]) -> None:
    done: list[str] = []
    at_end(lambda: done.append("log"))
    at_end(lambda: done.append("runs"))
    asyncio.run(lived())
    assert done == ["runs", "log"]
    end()
    assert done == ["runs", "log"]
