"""A page at its address, for tests of pages that train nothing or something of their own."""

from open_pages import APP
from streamlit.testing.v1 import AppTest


def at(page: str, **query: str) -> AppTest:
    """The page of this file in `pages/` with these choices in its address, after its first run."""
    test = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in query.items():
        test.query_params[name] = value
    return test.switch_page(page).run()
