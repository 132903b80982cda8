"""What strangers write, in a file or in a link, is text wherever a page shows it, and part of no file's name."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import streamlit as st
from open_pages import films, settled, visited, widget
from streamlit.testing.v1 import AppTest

from labelsmooth.dashboard import server
from labelsmooth.dashboard.plain import plain
from labelsmooth.dashboard.specs import SPECS

MARK = "Zq"
# Short enough for one menu or one legend to show it whole.
SIGNS = ("**b**", "[a](http://x)", "![](//x)", "<img src=x>", "<b>c", "$x$", ":smile:", "`c`", "www.x.yz")
NAMES = [f"{MARK}{sign}" for sign in SIGNS]
# What Streamlit or Plotly would make more of than letters, where nothing stands before it that takes its meaning away.
ACTIVE = re.compile(r"(?<!\\)(\*\*|\]\(|<\w|\$|`)|:smile:|www\.x")
# In a figure: tags and TeX. Plotly has both.
DRAWN = re.compile(r"<img|<b>c|\$x")
PAGES = ["experiment/train_live", "experiment/clusters", "experiment/calibration", "understand/theory"]


@pytest.fixture(autouse=True, scope="module")
def started() -> None:
    """The server, before the first visitor."""
    server.registry()


@pytest.fixture(autouse=True)
def files(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of all files that the pages of a test offer: ours alone."""
    offered, offer = list[str](), st.download_button

    def noted(label: str, data: Any, file_name: str, *others: Any, **more: Any) -> bool:
        offered.append(file_name)
        return offer(label, data, file_name, *others, **more)

    monkeypatch.setattr(st, "download_button", noted)
    yield offered
    assert all(re.fullmatch(r"[a-z0-9_-]+\.[a-z]+", name) for name in offered)


def texts(message: Any) -> Iterator[str]:
    """Every text of a protocol buffer, however deep."""
    for field, value in message.ListFields():
        values = value if field.is_repeated else [value]
        for each in values:
            if isinstance(each, str):
                yield each
            elif hasattr(each, "ListFields"):
                yield from texts(each)


def elements(node: Any) -> Iterator[Any]:
    """Every element of a page."""
    if hasattr(node, "children"):
        for child in node.children.values():
            yield from elements(child)
    if getattr(node, "proto", None) is not None:
        yield node


def read_as_markdown(page: AppTest) -> Iterator[str]:
    """All that Streamlit takes for Markdown: options of menus, code and plain text are not."""
    for element in elements(page._tree):
        kind = element.proto.DESCRIPTOR.name
        if kind in ("Markdown", "Alert", "Heading", "Metric"):
            yield from texts(element.proto)
        else:
            yield from (getattr(element.proto, name, "") for name in ("label", "help"))


def drawn(page: AppTest) -> Iterator[str]:
    """All text of the figures, sent anew."""
    for film in films(page):
        if "figure" in film:
            del page.session_state[f"film {film['key']}"]
    page.run()
    for film in films(page):
        yield from leaves([film.get("figure"), film.get("frames"), film.get("alt")])


def leaves(tree: Any) -> Iterator[str]:
    """Every text in lists and dicts, but captions of a film, which are plain text."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        yield from leaves([value for key, value in tree.items() if key != "caption"])
    elif isinstance(tree, list):
        for each in tree:
            yield from leaves(each)


def assert_harmless(page: AppTest) -> int:
    """Nothing of a stranger is more than letters; how often something of one was shown."""
    assert not page.exception
    marked = [text for text in read_as_markdown(page) if MARK in text]
    figures = [text for text in drawn(page) if MARK in text]
    for text in marked:
        assert not ACTIVE.search(text.partition(MARK)[2].replace("**.", "", 1)), text
    for text in figures:
        assert not DRAWN.search(text[text.index(MARK) :]), text
    return len(marked) + len(figures)


def table(classes: int = 3) -> bytes:
    """A table whose columns, classes and categories are all hostile."""
    rows = [",".join(f'"{name}"' for name in (*NAMES[:3], "Zqkind"))]
    for i in range(90):
        rows.append(f'{i % classes + i / 90},"{NAMES[i % 2 + 3]}",{i % 11},"{NAMES[i % classes + 4]}"')
    return "\n".join(rows).encode()


def test_a_hostile_table_is_letters_on_every_page(files: list[str]) -> None:
    page = visited()
    page.query_params = {}
    page.switch_page("apply/your_data.py").run()
    (uploader,) = page.file_uploader
    uploader.set_value((f"{''.join(NAMES)}.csv".replace("/", "|"), table(), "text/csv"))
    page.run()
    assert_harmless(page)
    widget(page.multiselect, "Columns to leave out").set_value([NAMES[2]]).run()
    widget(page.button, "Train on these data").click().run()
    shown = 0
    for path in PAGES:
        page.query_params = {}
        page.session_state["share"] = True
        settled(page.switch_page(f"{path}.py").run())
        shown += assert_harmless(page)
        assert any(json.dumps(NAMES[2]) in code.value for code in page.code)
    assert shown
    assert "label_smoothing.py" in files


def test_hostile_predictions_are_letters(files: list[str]) -> None:
    page = visited().switch_page("apply/your_model.py").run()
    header = ",".join(f'"{name}"' for name in (*NAMES[:3], "label"))
    rows = [f'{i % 7},{i % 5},{i % 3},"{NAMES[i % 3]}"' for i in range(60)]
    page.file_uploader[0].set_value([(f"{NAMES[0]}{NAMES[5]}.csv", "\n".join([header, *rows]).encode(), "text/csv")])
    page.run().run()
    assert page.metric
    assert "report.html" in files
    assert assert_harmless(page)


@pytest.mark.parametrize("path", ["experiment/train_live", "understand/in_your_code", "understand/claims"])
def test_a_hostile_link_is_letters_and_is_corrected(path: str) -> None:
    query = {name: NAMES[number % len(NAMES)] for number, name in enumerate(SPECS)}
    quick = {"epochs": "1", "seeds": "1", "steps": "6"}
    page = visited(**query | quick | {"v": NAMES[5], NAMES[3]: NAMES[4]})
    page.session_state["share"] = True
    page.switch_page(f"{path}.py").run()
    assert_harmless(page)
    # What the link said is repeated by the plain text of a correction, or nowhere.
    for element in elements(page._tree):
        if element.proto.DESCRIPTOR.name != "Text":
            assert not any(MARK in text for text in texts(element.proto))
    assert MARK not in urlencode(dict(page.query_params))


@pytest.mark.parametrize("name", NAMES)
def test_plain_leaves_nothing_active(name: str) -> None:
    assert not ACTIVE.search(plain(name))
