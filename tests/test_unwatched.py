"""Laws of watching files: nobody does where the setting says so, neither a new visitor nor one who comes back."""

import pytest
from streamlit import config
from streamlit.runtime.app_session import AppSession

from labelsmooth.dashboard.unwatched import watch_no_files


class Session(AppSession):
    """A session that has nothing to begin or to end."""

    def __init__(self) -> None:
        pass

    def __del__(self) -> None:
        pass


@pytest.mark.parametrize(("kind", "watches"), [("none", False), ("auto", True)])
def test_a_session_that_is_connected_again_heeds_the_setting(
    kind: str, watches: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching = list[AppSession]()
    monkeypatch.setattr(AppSession, "register_file_watchers", watching.append)
    get = config.get_option
    monkeypatch.setattr(config, "get_option", lambda name: kind if name == "server.fileWatcherType" else get(name))
    watch_no_files()
    session = Session()
    session.register_file_watchers()  # what Streamlit calls when a browser is back
    assert (watching == [session]) is watches


def test_the_dashboard_asks_for_no_watching() -> None:
    assert config.get_option("server.fileWatcherType") == "none"
