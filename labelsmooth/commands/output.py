"""The forms of output that commands share: a table to read, or CSV, JSON, or one HTML file."""

import argparse
import sys
from pathlib import Path

from labelsmooth.commands.errors import CommandError


def add_output_options(command: argparse.ArgumentParser, what: str) -> None:
    """At most one form for other programs on standard output, and perhaps a file for readers beside it."""
    form = command.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help=f"print {what} as CSV, numbers in full")
    form.add_argument("--json", action="store_true", help=f"print {what} as JSON, numbers in full")
    command.add_argument("--html", type=new_file, metavar="FILE", help="also write one HTML file that needs no network")


def new_file(text: str) -> Path:
    """A path at which a file can stand: that is seen before any work, not after it."""
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder")
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent}")
    return path


def write_html(path: Path, page: str) -> None:
    """Write the file, and say where it is, beside what is printed for other programs."""
    path.write_text(page, encoding="utf-8")
    sys.stderr.write(f"Written: {path}\n")


def need_figures() -> None:
    """Refuse before any work where figures cannot be drawn: the bare package comes without plotly."""
    try:
        import plotly  # noqa: F401
    except ModuleNotFoundError as missing:
        raise CommandError("--html needs plotly: pip install 'labelsmooth[dashboard]'") from missing
