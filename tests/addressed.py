"""The pages there are, and a page at its address, for tests of pages that train nothing or something of their own."""

import ast

from open_pages import APP
from streamlit.testing.v1 import AppTest


def at(page: str, **query: str) -> AppTest:
    """The page of this file in `pages/` with these choices in its address, after its first run."""
    test = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in query.items():
        test.query_params[name] = value
    return test.switch_page(page).run()


def pages_in_the_navigation() -> dict[str, dict[str, tuple[str, str, str]]]:
    """By section and title the file of each page, its question, and which choices stand above it."""
    (pages,) = (
        ast.literal_eval(line.value)
        for line in ast.parse(APP.read_text(encoding="utf-8")).body
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "PAGES"
    )
    found: dict[str, dict[str, tuple[str, str, str]]] = pages
    return found
