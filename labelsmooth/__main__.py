"""The command line: `python -m labelsmooth`, or `labelsmooth` where the package is installed."""

import argparse
import os
import sys
from collections.abc import Sequence

from labelsmooth.commands import calibrate, claims, dashboard, judge, sweep, train
from labelsmooth.commands.errors import CommandError

# Each has HELP, EXAMPLES, `add_options(parser)`, and `run(options)`, which gives what to print piece by piece.
COMMANDS = {
    "train": train,
    "sweep": sweep,
    "calibrate": calibrate,
    "judge": judge,
    "claims": claims,
    "dashboard": dashboard,
}
FAILED, WRONG, INTERRUPTED = 1, 2, 130
DESCRIPTION = "See what label smoothing does to a classifier: toy networks trained here, or predictions of your own."
CODES = "exit codes: 0 done, 1 failed, 2 asked for something that cannot be, 130 interrupted"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give the exit code; what goes wrong is one line on standard error."""
    options = parser().parse_args(arguments)
    try:
        for text in COMMANDS[options.command].run(options):
            print(text, flush=True)
    except ValueError as error:
        return _say(options.command, error, WRONG)
    except BrokenPipeError:
        # Whoever read the output has read enough, as `head` does; at its end Python would write once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except CommandError as error:
        return _say(options.command, error, FAILED)
    except OSError as error:
        return _say(options.command, f"{error.filename}: {error.strerror}" if error.filename else error, FAILED)
    except KeyboardInterrupt as stop:
        return _say(options.command, str(stop) or "interrupted", INTERRUPTED)
    return 0


def _say(command: str, what: object, code: int) -> int:
    print(f"labelsmooth {command}: {what}", file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    whole = argparse.ArgumentParser(prog="labelsmooth", description=DESCRIPTION, epilog=CODES)
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        examples = "\n".join(f"  labelsmooth {example}" for example in command.EXAMPLES)
        command.add_options(
            commands.add_parser(
                name,
                help=command.HELP,
                description=command.HELP[0].upper() + command.HELP[1:] + ".",
                epilog=f"examples:\n{examples}",
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
        )
    return whole


if __name__ == "__main__":
    sys.exit(main())
