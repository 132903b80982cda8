"""No watching of files where the setting says so, also for visitors who come back."""

from streamlit import config
from streamlit.runtime.app_session import AppSession


def watch_no_files() -> None:
    """Make Streamlit heed `server.fileWatcherType = "none"` for every session.

    It looks at the setting when a session begins, but not when one is connected again: it then resolves the path of
    every module there is, which with torch keeps all visitors waiting for about 0.3 s.
    """
    register = AppSession.register_file_watchers

    def unless_off(session: AppSession) -> None:
        if config.get_option("server.fileWatcherType") != "none":
            register(session)

    AppSession.register_file_watchers = unless_off  # type: ignore[method-assign, assignment]
