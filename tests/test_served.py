"""What a server gives to whoever asks for more than the pages: raw requests to one made of what is in the image."""

import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlencode
from urllib.request import urlopen

import plotly
import pytest
import streamlit
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from labelsmooth.dashboard.public import public
from labelsmooth.dashboard.settings import Settings

ROOT = Path(__file__).parents[1]
IMAGE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SECRET = "a word that only this server knows"
# Everything that may be asked for: plotly.js below a line of ours, and scripts and styles of the dashboard.
LIBRARY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
PUBLIC = [path for kind in ("*.js", "*.css") for path in (ROOT / "labelsmooth" / "dashboard").glob(kind)]
HEADERS = {
    *("date", "server", "content-type", "content-length", "last-modified", "etag", "accept-ranges", "cache-control"),
    *("vary", "set-cookie", "content-encoding", "x-content-type-options", "link"),
}
# Where files are, or were if a path were followed.
ELSEWHERE = [
    "/app.py", "/requirements.txt", "/.streamlit/config.toml", "/.git/config", "/labelsmooth/hosting.py",
    "/app/static/", "/public", "/public/", "/public/.", "/app/static/out.txt", "/app/static/out/requirements.txt",
    "/pages/understand/claims.py", "/static/../app.py", "/%2e%2e/app.py", "/..%2fapp.py", "/..\\app.py", "//app.py",
    "/media/../../app.py", "/media/%2e%2e/app.py", "/component/../app.py", "/component/film/film.py", "/%00", "/%ff%fe",
    "/_stcore/bidi-components/film/film.py", "/_stcore/bidi-components/film/../film.py", "/\\",
]  # fmt: skip
# What may lead up, or back to the root, before the name of a file.
UP = [
    "", "../", "%2e%2e/", "%2e%2e%2f", "..%2f", "..\\", "..%5c", "%252e%252e%252f", "..;/", ".../", "....//", "%00",
    "%c0%ae%c0%ae/", "static/../../", "./%00/../", "/", "%2f", "\\", "%5c%5c127.0.0.1%5c", "C:%5c", "file:///",
]  # fmt: skip


class Answer(NamedTuple):
    """What came back for a request."""

    status: int
    headers: HTTPMessage
    body: bytes


class Server(NamedTuple):
    """A server of a copy of the pages, and the folder that it serves."""

    address: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        """What it has written."""
        return (self.folder.parent / "log.txt").read_text(encoding="utf-8")

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Send a request for exactly this path."""
        with closing(HTTPConnection(self.address, timeout=20)) as connection:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def visit(self, page: str = "", origin: str | None = None, query: str = "epochs=1&seeds=1") -> list[ForwardMsg]:
        """What a browser is sent for one run of a page."""
        asked = BackMsg()
        asked.rerun_script.query_string = query
        asked.rerun_script.page_name = page
        heard: list[ForwardMsg] = []
        origin = origin or f"http://{self.address}"
        with connect(f"ws://{self.address}/_stcore/stream", origin=Origin(origin), max_size=None, proxy=None) as socket:
            socket.send(asked.SerializeToString())
            while not heard or heard[-1].WhichOneof("type") != "script_finished":
                message = socket.recv(timeout=60)
                assert isinstance(message, bytes)
                heard.append(ForwardMsg.FromString(message))
        return heard


def harmless(answer: Answer, path: str, page: bytes) -> bool:
    """Whether an answer is the page, an error, or leads to the same address without its last slash."""
    if answer.status == 301:
        # Streamlit decodes the path, once.
        location = answer.headers["Location"]
        return path.endswith("/") and unquote(location) == unquote(unquote(path))[:-1]
    return answer.body == page if answer.status == 200 else 400 <= answer.status < 500


def command(step: str, instead: Mapping[str, str]) -> list[str]:
    """A command of the image, with other words for some of its own."""
    found = re.search(rf"^{step} .*?(\[.*?\])$", IMAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    words = found[1]
    for word, other in instead.items():
        words = words.replace(word, other)
    parts: list[str] = json.loads(words)
    return parts


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has shown the first page."""
    folder = tmp_path_factory.mktemp("image")
    for name in re.findall(r"^COPY (\S+)", IMAGE, re.MULTILINE):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder)
    (folder / "pages" / "understand" / "claims.py").write_text(f'raise RuntimeError("{SECRET}")\n', encoding="utf-8")
    # Where Streamlit would serve files from, were it told to.
    static = folder / "pages" / "static"
    static.mkdir()
    (static / "out.txt").symlink_to(folder / "requirements.txt")
    (static / "out").symlink_to(folder, target_is_directory=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    # Asked by a foreign page, Streamlit asks another host for its own address: nobody listens at this one.
    nowhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    start = command("CMD", {'"python"': f'"{sys.executable}"', "0.0.0.0": "127.0.0.1"})
    with (folder.parent / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [*start, "--port", address.partition(":")[2]], cwd=folder, env=os.environ | nowhere, stdout=log, stderr=log
        )
    try:
        for _ in range(300):
            try:
                urlopen(f"http://{address}/_stcore/health", timeout=1).close()
                break
            except OSError:  # also while it imports, and lets callers wait
                assert process.poll() is None, (folder.parent / "log.txt").read_text(encoding="utf-8")
                time.sleep(0.1)
        server = Server(address, folder, process)
        assert not [message for message in server.visit() if message.delta.new_element.HasField("exception")]
        yield server
    finally:
        process.terminate()
        process.wait(timeout=10)


def test_the_health_check_answers(server: Server) -> None:
    assert server.ask("/_stcore/health")[::2] == (200, b"ok")
    # And so the image's own question passes, and fails where nobody listens.
    for address, code in ((server.address, 0), ("127.0.0.1:9", 1)):
        check = command("HEALTHCHECK", {'"python"': f'"{sys.executable}"', "127.0.0.1:8501": address})
        assert subprocess.run(check, check=False, capture_output=True).returncode == code


def test_the_page_announces_files_that_are_served_as_they_are_and_may_be_kept_for_good(server: Server) -> None:
    links = server.ask("/clusters").headers["Link"]
    announced = dict(re.findall(r"<([^>]+)>; rel=([^,]+)", links))
    how = {public().library: "preload; as=script", ".css": "preload; as=style", ".js": "modulepreload"}
    assert announced == {each: how.get(each, how.get(Path(each).suffix)) for each in public().files}
    addresses = list(announced)
    contents = {path.read_bytes() for path in PUBLIC} | {b"//# allFunctionsCalledOnLoad\n" + LIBRARY.read_bytes()}
    for address in addresses:
        answer, packed = server.ask(f"/{address}"), server.ask(f"/{address}", **{"Accept-Encoding": "gzip"})
        assert (answer.status, packed.status) == (200, 200)
        assert answer.body in contents
        assert (answer.headers["Content-Encoding"], packed.headers["Content-Encoding"]) == (None, "gzip")
        assert gzip.decompress(packed.body) == answer.body
        kinds = ("text/css",) if address.endswith(".css") else ("application/javascript", "text/javascript")
        assert answer.headers["Content-Type"].startswith(kinds)
        assert answer.headers["Cache-Control"].endswith("immutable")
    # Nothing but a page announces anything, and no browser is told that it has the page already, with older links.
    for other in (f"/{addresses[0]}", "/_stcore/health", "/public/none.js"):
        assert "Link" not in server.ask(other).headers
    assert {"ETag", "Last-Modified"}.isdisjoint(server.ask("/").headers)


def test_a_browser_that_opens_a_page_is_sent_to_all_its_choices_and_nothing_else_is(server: Server) -> None:
    usual = Settings().to_query()
    for address, choices in (
        ("/", usual),
        ("/calibration", usual),
        ("//app.py", usual),
        ("/?epsilon=0.2", usual | {"epsilon": "0.2"}),
        ("/clusters?embed=true&mode=lecture&v=1", usual | {"mode": "lecture", "embed": "true"}),
    ):
        for method in ("GET", "HEAD"):
            answer = server.ask(address, method, Accept="text/html,*/*;q=0.8")
            assert (answer.status, answer.headers["Cache-Control"]) == (307, "no-store")
            assert answer.headers["Location"] == f"?{urlencode(choices)}"
        assert server.ask(f"/{answer.headers['Location']}", Accept="text/html").status == 200
    for path, accept in (
        ("/?epsilon=9", "text/html"),  # is corrected on the page, aloud
        ("/?colour=red", "text/html"),
        (f"/?epsilon=0.2&claim={'x' * 2000}", "text/html"),
        ("/", "*/*"),
        ("/_stcore/health", "*/*"),
        ("/_stcore/health", "text/html"),
    ):
        assert server.ask(path, Accept=accept).status == 200


@pytest.mark.parametrize("wanted", ["app.py", "requirements.txt", ".streamlit/config.toml", "../../../../etc/passwd"])
@pytest.mark.parametrize("up", UP)
def test_no_path_leads_to_a_file_that_has_no_public_name(server: Server, up: str, wanted: str) -> None:
    page = server.ask("/").body
    folder = public().code.rpartition("/")[0]
    for base in ("public", folder, "app/static"):
        for path in (f"/{base}/{up}{wanted}", f"/{base}/{up}{wanted}%00.js", f"/{base}/{up}{wanted}/"):
            assert harmless(server.ask(path), path, page), path


def test_no_other_public_name_is_answered_with_a_page(server: Server) -> None:
    for address in ("public/plotly-000000000000.js", f"{public().code}x", "public/film-0/film.js"):
        answer = server.ask(f"/{address}")
        assert (answer.status, answer.body, answer.headers["Cache-Control"]) == (404, b"Not found", "no-store")


def test_what_is_served_cannot_be_written_to(server: Server) -> None:
    for address in (public().code, public().library, f"{public().code}.new"):
        for method in ("PUT", "POST", "DELETE", "PATCH"):
            assert server.ask(f"/{address}", method).status == 405


def test_elsewhere_every_address_is_the_page_itself_or_an_error(server: Server) -> None:
    page = server.ask("/")
    assert (page.status, streamlit.__version__.encode() in page.body) == (200, False)
    for path in ELSEWHERE:
        assert harmless(server.ask(path), path, page.body), path


def test_no_answer_names_a_version_or_a_folder(server: Server) -> None:
    versions = [streamlit.__version__, plotly.__version__, sys.version.split()[0]]
    for path in ("/", "/_stcore/health", "/_stcore/host-config", f"/{public().library}", "/app/static/none"):
        answer = server.ask(path, Origin="http://else.example")
        assert {name.lower() for name in answer.headers} <= HEADERS
        assert answer.headers["server"] == "uvicorn"  # Streamlit cannot leave it out; the proxy does
        said = str(answer.headers) + ("" if path.endswith(".js") else answer.body.decode())
        assert not [word for word in (*versions, str(server.folder), str(ROOT), "Traceback") if word in said]


def test_another_site_gets_neither_a_session_nor_an_answer_that_it_may_read(server: Server) -> None:
    assert server.visit()[0].WhichOneof("type") == "new_session"
    for origin in ("http://else.example", "null", "http://127.0.0.1.else.example"):
        with pytest.raises(InvalidStatus, match="403"):
            server.visit(origin=origin)
        assert "Access-Control-Allow-Origin" not in server.ask("/_stcore/health", Origin=origin).headers
    assert server.ask("/_stcore/agent/interact", "POST").status == 403


def test_an_upload_needs_the_token_of_its_own_page(server: Server) -> None:
    given = re.search(r"_streamlit_xsrf=([^;]+)", server.ask("/_stcore/health").headers["Set-Cookie"])
    assert given is not None
    upload, cookie = "/_stcore/upload_file/no-session/no-file", f"_streamlit_xsrf={given[1]}"
    for headers in ({}, {"Cookie": cookie}, {"X-Xsrftoken": given[1]}, {"Cookie": cookie, "X-Xsrftoken": "2|0|0|0"}):
        assert [server.ask(upload, method, **headers).status for method in ("PUT", "DELETE")] == [403, 403]
    # With it the upload gets so far that there is no such session.
    assert server.ask(upload, "PUT", **{"Cookie": cookie, "X-Xsrftoken": given[1]}).status == 400


def test_a_page_that_raises_says_so_and_nothing_else(server: Server) -> None:
    messages = server.visit("claims")
    elements = [message.delta.new_element for message in messages]
    errors = [element.exception for element in elements if element.HasField("exception")]
    assert len(errors) == 1
    assert not errors[0].stack_trace
    sent = b"".join(message.SerializeToString() for message in messages)
    for word in (SECRET, "RuntimeError", "Traceback", "claims.py"):
        assert word.encode() not in sent


def test_a_server_that_is_told_to_end_says_which_runs_it_stopped(server: Server) -> None:
    """The last test of this file: nobody is served afterwards."""
    server.visit(query="epochs=400&seeds=20&batch_size=16")
    assert '"event": "started"' in server.log
    assert '"event": "stopped"' not in server.log
    server.process.terminate()
    server.process.wait(timeout=30)
    assert '"event": "stopped"' in server.log
    assert "Traceback" not in server.log.partition(SECRET)[2]
