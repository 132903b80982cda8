"""The forms of output that commands share: a table to read, or CSV, JSON, or one HTML file."""

import argparse
from pathlib import Path

from labelsmooth.commands.errors import CommandError


def add_output_options(command: argparse.ArgumentParser, what: str, *, csv: bool = True) -> None:
    """At most one form for other programs on standard output, and perhaps a file for readers beside it."""
    form = command.add_mutually_exclusive_group()
    if csv:
        form.add_argument("--csv", action="store_true", help=f"print {what} as CSV, numbers in full")
    form.add_argument("--json", action="store_true", help=f"print {what} as JSON, numbers in full")
    command.add_argument("--html", type=Path, metavar="FILE", help="also write one HTML file that needs no network")


def write_html(path: Path, page: str) -> str:
    """Write the file, and say where it is."""
    path.write_text(page, encoding="utf-8")
    return f"Written: {path}"


def need_figures() -> None:
    """Refuse before any work where figures cannot be drawn: the bare package comes without plotly."""
    try:
        import plotly  # noqa: F401
    except ModuleNotFoundError as missing:
        raise CommandError("--html needs plotly: pip install 'labelsmooth[dashboard]'") from missing
