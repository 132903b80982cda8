"""The files that browsers load beside Streamlit's: which there are, under which names, and where."""

import re

import pytest
from streamlit import config

from labelsmooth.dashboard import public as module
from labelsmooth.dashboard.public import public, routes


def test_every_file_that_the_code_of_films_imports_is_served_beside_it() -> None:
    folder = public().code.rpartition("/")[0]
    imported = {
        name
        for address, content in public().files.items()
        if address != public().library
        for name in re.findall(
            r"""(?:from |import |import\(|new URL\()"\.?/?([\w.]+\.(?:js|css))\"""", content.decode()
        )
    }
    assert {"film.js", "library.js", "film.css"} <= imported
    assert {f"{folder}/{name}" for name in imported} | {public().code, public().library} == set(public().files)


def test_other_content_has_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    before = public()
    assert public.__wrapped__() == before
    monkeypatch.setattr(module, "_EAGER", b"// another line\n")
    after = public.__wrapped__()
    assert after.library != before.library
    assert after.code == before.code


@pytest.mark.parametrize(("base", "begins"), [("", "/public/"), ("lab", "/lab/public/"), ("/lab/", "/lab/public/")])
def test_files_are_served_below_the_base_path(base: str, begins: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "get_option", {"server.baseUrlPath": base}.__getitem__)
    paths = [route.path for route in routes()]
    assert len(paths) == len(public().files) + 1  # and all other names
    assert all(path.startswith(begins) for path in paths)
