"""The settings of a server: what is wrong is said, all of it, before anybody is served; and they are kept to."""

import logging
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from addressed import at
from streamlit import net_util
from streamlit.web.server.server_util import is_url_from_allowed_origins

from labelsmooth.__main__ import main
from labelsmooth.dashboard import claims, gate, uploads
from labelsmooth.hosting import WHOLE, Hosting
from labelsmooth.predictions.tables import MAX_BYTES

BAD = {
    "LABELSMOOTH_TRAINERS": "many",
    "LABELSMOOTH_RUN_MB": "100",
    "LABELSMOOTH_UPLOAD_MB": "101",
    "LABELSMOOTH_ALLOWED_HOSTS": "example.org, http://b",
}


def test_a_page_of_another_site_is_refused_without_asking_the_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(net_util, "_make_blocking_http_get", lambda url, timeout: asked.append(url))
    assert not is_url_from_allowed_origins("http://else.example")
    assert not asked


def test_without_variables_or_with_empty_ones_the_defaults_hold() -> None:
    empty = {f"LABELSMOOTH_{name.upper()}": " " for name in (*WHOLE, "allowed_hosts")}
    assert Hosting.from_environment({}) == Hosting.from_environment(empty | {"HOME": "x"}) == Hosting()
    assert all(low <= getattr(Hosting(), name) <= high for name, (low, high) in WHOLE.items())


@pytest.mark.parametrize("name", WHOLE)
def test_a_number_holds_within_its_range_and_is_told_outside(name: str) -> None:
    variable, (low, high) = f"LABELSMOOTH_{name.upper()}", WHOLE[name]
    for good in (low, high):
        assert getattr(Hosting.from_environment({variable: f" {good} "}), name) == good
    for bad in (str(low - 1), str(high + 1), "1.5", "1e2", "1_0", "٣", "-1", "+9", "nan", "9" * 5000, "7\n7"):
        with pytest.raises(ValueError, match=f"^{variable} must be a whole number between {low} and {high}; got '"):
            Hosting.from_environment({variable: bad})


def test_all_that_is_wrong_is_told_at_once_a_line_each() -> None:
    with pytest.raises(ValueError, match="LABELSMOOTH_RUN_MB is not known") as caught:
        Hosting.from_environment(BAD)
    lines = str(caught.value).splitlines()
    assert {line.split()[0] for line in lines} == set(BAD)
    assert len(lines) == len(BAD)
    assert all(repr(value.split(", ")[-1]) in str(caught.value) for name, value in BAD.items() if "RUN_" not in name)


@pytest.mark.parametrize(
    ("allowed", "host", "answered"),
    [
        ("", None, True),
        ("", "anything:1", True),
        ("example.org", "example.org", True),
        ("Example.org.", "EXAMPLE.org.:8501", True),
        ("example.org", "www.example.org", False),
        ("*.example.org", "www.example.org:443", True),
        ("*.example.org", "example.org", False),
        ("*.example.org", "evilexample.org", False),
        ("a.test, b.test", "b.test", True),
        ("::1", "[::1]:8501", True),
        ("example.org", None, False),
        ("example.org", "", False),
        ("example.org", "[bad", False),
        ("example.org", "example.org.evil.test", False),
        ("example.org", "example.org@evil.test", False),
    ],
)
def test_only_allowed_names_are_answered_whatever_the_port(allowed: str, host: str | None, answered: bool) -> None:
    assert Hosting.from_environment({"LABELSMOOTH_ALLOWED_HOSTS": allowed}).allows(host) is answered


@pytest.mark.parametrize("hosts", ["a,,b", "a b", "a:80", "http://a", "a/b", "*", "a.*", ",", "-", "a\nb"])
def test_a_list_of_hosts_that_is_none_is_refused(hosts: str) -> None:
    with pytest.raises(ValueError, match=r"^LABELSMOOTH_ALLOWED_HOSTS must be host names.*; got [^\n]*$"):
        Hosting.from_environment({"LABELSMOOTH_ALLOWED_HOSTS": hosts})


# The command


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What this process would have become."""
    became: list[tuple[Any, ...]] = []
    monkeypatch.setattr(os, "execv", lambda program, arguments: became.append((program, arguments, Path.cwd())))
    monkeypatch.chdir(Path.cwd())  # which is then gone back to
    return became


def test_the_command_becomes_the_server_with_these_settings(
    started: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LABELSMOOTH_UPLOAD_MB", "7")
    monkeypatch.setenv("LABELSMOOTH_ALLOWED_HOSTS", "a.test,*.b.test")
    assert main(["dashboard", "--no-browser", "--address", "0.0.0.0", "--port", "8600"]) == 0
    ((program, arguments, folder),) = started
    assert program == arguments[0] == sys.executable
    assert arguments[1:5] == ["-m", "streamlit", "run", "app.py"]
    assert (folder / "app.py").is_file()
    assert {"--server.address=0.0.0.0", "--server.port=8600", "--server.headless=true"} <= set(arguments)
    assert "--logger.hideWelcomeMessage=true" in arguments  # or another host would be asked for this one's address
    assert {"--server.maxUploadSize=7", "--server.allowedHosts=a.test", "--server.allowedHosts=*.b.test"} <= set(
        arguments
    )
    assert capsys.readouterr().out == "http://0.0.0.0:8600\n"


def test_the_command_listens_on_this_machine_alone_unless_told(started: list[tuple[Any, ...]]) -> None:
    assert main(["dashboard"]) == 0
    assert "--server.address=127.0.0.1" in started[0][1]
    assert "--server.headless=false" in started[0][1]
    assert not [flag for flag in started[0][1] if "allowedHosts" in flag]


def test_the_command_starts_nothing_with_wrong_settings(
    started: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in BAD.items():
        monkeypatch.setenv(name, value)
    assert main(["dashboard"]) == 2
    assert started == []
    told = capsys.readouterr()
    assert told.out == ""
    assert all(name in told.err for name in BAD)


# The pages

SERVER = "about/server.py"


def test_wrong_settings_are_all_that_every_page_shows_and_the_log_has_them_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in BAD.items():
        monkeypatch.setenv(name, value)
    gate._tell_the_log.cache_clear()
    with caplog.at_level(logging.ERROR, "labelsmooth"):
        for _ in range(2):
            page = at(SERVER)
            assert not page.exception
            assert [text.value.split()[0] for text in page.text[1:]] == [
                "LABELSMOOTH_RUN_MB",
                "LABELSMOOTH_TRAINERS",
                "LABELSMOOTH_UPLOAD_MB",
                "LABELSMOOTH_ALLOWED_HOSTS",
            ]
            assert len(page.main.children) == len(page.text) == 1 + len(BAD)
            assert not page.sidebar.children
    records = [record for record in caplog.records if record.name == gate.__name__]
    assert [record.getMessage() for record in records] == [text.value for text in page.text[1:]]


@pytest.mark.parametrize(("host", "answered"), [("other.test:8501", False), (None, False), ("ours.test:8501", True)])
def test_under_another_name_the_pages_say_one_sentence_and_nothing_else(
    host: str | None, answered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELSMOOTH_ALLOWED_HOSTS", "ours.test")
    headers = {} if host is None else {"Host": host}
    monkeypatch.setattr(type(st.context), "headers", property(lambda _: headers))
    page = at(SERVER)
    assert not page.exception
    if answered:
        assert page.title[0].value == "What is this server doing?"
    else:
        assert [text.value for text in page.text] == [gate.OTHER_NAME]
        assert len(page.main.children) == 1


def test_a_file_is_no_larger_than_the_smallest_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert uploads.largest_mb() == MAX_BYTES >> 20
    assert len(uploads.small_enough("a.csv", bytes(2**20 + 1))) == 2**20 + 1
    monkeypatch.setenv("LABELSMOOTH_UPLOAD_MB", "3")
    assert uploads.largest_mb() == 3
    monkeypatch.setenv("LABELSMOOTH_UPLOADS_MB", "1")
    assert uploads.largest_mb() == 1
    assert uploads.small_enough("a.csv", bytes(2**20))
    with pytest.raises(ValueError, match=r"^a\.csv: is larger than 1 MiB$"):
        uploads.small_enough("a.csv", bytes(2**20 + 1))
    page = at("apply/your_data.py")
    (uploader,) = page.file_uploader
    assert uploader.proto.max_upload_size_mb == 1
    uploader.set_value(("a.csv", bytes(2**20 + 1), "text/csv")).run()
    assert "larger than 1 MiB" in page.error[0].value


def test_a_claim_is_not_tested_anew_where_that_takes_longer_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = claims.record()["tight_clusters"]
    assert claims._too_much(entry) == claims._too_much(None) == ""
    monkeypatch.setenv("LABELSMOOTH_TRAINING_SECONDS", "1")
    assert "allows 1 s" in claims._too_much(entry)
