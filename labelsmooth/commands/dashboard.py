"""`dashboard`: the pages in a browser, from a checkout of the project."""

import argparse
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from labelsmooth.commands.errors import CommandError

HELP = "open the dashboard in a browser (in a checkout of the project)"
EXAMPLES = ("dashboard", "dashboard --port 8600 --no-browser")
ROOT = Path(__file__).parents[2]


def add_options(command: argparse.ArgumentParser) -> None:
    """Where the server listens, and whether a browser is opened."""
    command.add_argument("--port", type=int, default=8501, help="of the server, which listens on this machine only")
    command.add_argument("--no-browser", action="store_true", help="only start the server")


def run(options: argparse.Namespace) -> Iterator[str]:
    """Serve until it is interrupted."""
    if not 1 <= options.port <= 65535:
        raise ValueError(f"port must be between 1 and 65535; got {options.port}")
    if not (ROOT / "app.py").is_file():
        raise CommandError("the pages are not part of the installed package: run this in a checkout of the project")
    if importlib.util.find_spec("streamlit") is None:
        raise CommandError("streamlit is missing: pip install -r requirements.txt")
    yield f"http://127.0.0.1:{options.port}"
    arguments = ["run", "app.py", "--server.address", "127.0.0.1", "--server.port", str(options.port)]
    arguments += ["--server.headless", str(options.no_browser).lower()]
    # From the checkout: Streamlit reads its configuration from the folder that it is started in.
    code = subprocess.run([sys.executable, "-m", "streamlit", *arguments], cwd=ROOT, check=False).returncode
    if code:
        raise CommandError(f"the server ended with code {code}")
