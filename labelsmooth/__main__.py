"""The command line: `python -m labelsmooth`, or `labelsmooth` where the package is installed."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from labelsmooth.commands.errors import CommandError

# Modules of `labelsmooth.commands`. Each has HELP, EXAMPLES, `add_options(parser)`, and `run(options)`, which gives
# what to print piece by piece.
COMMANDS = ("train", "sweep", "calibrate", "judge", "claims", "dashboard")
FAILED, WRONG, INTERRUPTED = 1, 2, 130
DESCRIPTION = "See what label smoothing does to a classifier: toy networks trained here, or predictions of your own."
CODES = "exit codes: 0 done, 1 failed, 2 asked for something that cannot be, 130 interrupted"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give the exit code; what goes wrong is one line on standard error."""
    command = ""
    try:
        options = parser().parse_args(arguments)
        command = options.command
        for text in options.run(options):
            print(text, flush=True)
    except BrokenPipeError:
        # Whoever read the output has read enough, as `head` does; at its end Python would write once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (ValueError, CommandError, OSError, MemoryError, KeyboardInterrupt) as stop:
        code, what = _told(stop)
        print(f"labelsmooth{command and f' {command}'}: {what}", file=sys.stderr)
        return code
    return 0


def _told(stop: BaseException) -> tuple[int, str]:
    """The exit code and the line for what stopped a command."""
    if isinstance(stop, KeyboardInterrupt):
        return INTERRUPTED, str(stop) or "interrupted"
    if isinstance(stop, OSError) and stop.filename:
        return FAILED, f"{stop.filename}: {stop.strerror}"
    if isinstance(stop, MemoryError):
        return FAILED, "there is not enough memory for this"
    return WRONG if isinstance(stop, ValueError) else FAILED, str(stop)


def parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    whole = argparse.ArgumentParser(prog="labelsmooth", description=DESCRIPTION, epilog=CODES)
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        # Imported here, which takes seconds: an interrupt is then an interrupt of ours.
        command = import_module(f"labelsmooth.commands.{name}")
        examples = "\n".join(f"  labelsmooth {example}" for example in command.EXAMPLES)
        one = commands.add_parser(
            name,
            help=command.HELP,
            description=command.HELP[0].upper() + command.HELP[1:] + ".",
            epilog=f"examples:\n{examples}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_options(one)
        one.set_defaults(run=command.run)
    return whole


if __name__ == "__main__":
    sys.exit(main())
