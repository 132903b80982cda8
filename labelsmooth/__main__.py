"""The command line: `python -m labelsmooth` trains what the pages train, without a browser."""

import argparse
import sys
from collections.abc import Sequence

from labelsmooth.commands import calibration as calibration_command
from labelsmooth.commands import sweep as sweep_command
from labelsmooth.commands import train as train_command
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.training import train

# Each has HELP, `add_options(parser)`, `setup(options)` and `text(options, setup, last snapshot)`.
COMMANDS = {"train": train_command, "sweep": sweep_command, "calibration": calibration_command}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give the exit code: 2 for a setup that cannot be."""
    options = _parser().parse_args(arguments)
    command = COMMANDS[options.command]
    try:
        setup = command.setup(options)
    except ValueError as error:
        print(f"labelsmooth {options.command}: {error}", file=sys.stderr)
        return 2
    print(command.text(options, setup, _train_with_progress(setup)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m labelsmooth", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        command.add_options(commands.add_parser(name, help=command.HELP, description=command.__doc__))
    return parser


def _train_with_progress(setup: TrainingSetup) -> Snapshot:
    """Train to the end; a bar on standard error where somebody watches it."""
    for last in train(setup):
        if sys.stderr.isatty():
            done = round(30 * last.epoch / setup.epochs)
            bar = "#" * done + "." * (30 - done)
            end = "\n" if last.finished else ""
            print(f"\r[{bar}] epoch {last.epoch} of {setup.epochs}", end=end, file=sys.stderr, flush=True)
    return last


if __name__ == "__main__":
    sys.exit(main())
