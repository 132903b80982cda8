"""`dashboard`: the pages in a browser, from a checkout of the project."""

import argparse
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from labelsmooth.commands.errors import CommandError
from labelsmooth.hosting import Hosting, hosting

HELP = "open the dashboard in a browser (in a checkout of the project)"
EXAMPLES = ("dashboard", "dashboard --port 8600 --no-browser", "dashboard --no-browser --address 0.0.0.0")
ROOT = Path(__file__).parents[2]


def add_options(command: argparse.ArgumentParser) -> None:
    """Where the server listens, and whether a browser is opened."""
    command.add_argument("--port", type=int, default=8501, help="of the server")
    command.add_argument(
        "--address", default="127.0.0.1", help="where it listens: this machine only (127.0.0.1), or 0.0.0.0 for all"
    )
    command.add_argument("--no-browser", action="store_true", help="only start the server")


def run(options: argparse.Namespace) -> Iterator[str]:
    """Become the server: what is sent to this process, such as the signal to end, reaches it."""
    if not 1 <= options.port <= 65535:
        raise ValueError(f"port must be between 1 and 65535; got {options.port}")
    settings = hosting()
    if not (ROOT / "app.py").is_file():
        raise CommandError("the pages are not part of the installed package: run this in a checkout of the project")
    if importlib.util.find_spec("streamlit") is None:
        raise CommandError("streamlit is missing: pip install -r requirements.txt")
    yield f"http://{options.address}:{options.port}"
    # From the checkout: Streamlit reads its configuration from the folder that it is started in.
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", "app.py", *_flags(options, settings)])


def _flags(options: argparse.Namespace, settings: Hosting) -> list[str]:
    """How Streamlit is started: what it can refuse itself, it does before a session exists."""
    return [
        f"--server.address={options.address}",
        f"--server.port={options.port}",
        f"--server.headless={str(options.no_browser).lower()}",
        # The address has been printed. Streamlit would ask a host in the internet for one more, and wait for it.
        "--logger.hideWelcomeMessage=true",
        f"--server.maxUploadSize={settings.file_mb}",
        *(f"--server.allowedHosts={host}" for host in settings.allowed_hosts),
    ]
