"""The command line: `python -m labelsmooth` trains what the pages train, without a browser."""

import argparse
import sys
from collections.abc import Sequence

from labelsmooth.commands import calibration as calibration_command
from labelsmooth.commands import claims as claims_command
from labelsmooth.commands import sweep as sweep_command
from labelsmooth.commands import train as train_command
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.training import train

# Each has HELP, `add_options(parser)`, `setup(options)` and `text(options, setup, last snapshot)`.
COMMANDS = {"train": train_command, "sweep": sweep_command, "calibration": calibration_command}
CLAIMS = "claims"  # trains many setups, and so has HELP, `add_options(parser)` and `run(options, progress)`


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give the exit code: 2 for a setup that cannot be."""
    options = _parser().parse_args(arguments)
    if options.command == CLAIMS:
        return _test_claims(options)
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
    claims = commands.add_parser(CLAIMS, help=claims_command.HELP, description=claims_command.__doc__)
    claims_command.add_options(claims)
    return parser


def _test_claims(options: argparse.Namespace) -> int:
    """Test claims and print what came out; the exit code."""
    try:
        for text in claims_command.run(options, _show_seeds):
            print(text)
    except ValueError as error:
        print(f"labelsmooth {CLAIMS}: {error}", file=sys.stderr)
        return 2
    return 0


def _show_seeds(name: str, done: int, total: int) -> None:
    """A bar for the claim that is tested, on standard error where somebody watches it."""
    if sys.stderr.isatty():
        _show_bar(done / total, f"{name}: seed {done} of {total}", last=done == total)


def _show_bar(share: float, text: str, *, last: bool) -> None:
    done = round(30 * share)
    bar = "#" * done + "." * (30 - done)
    print(f"\r[{bar}] {text}", end="\n" if last else "", file=sys.stderr, flush=True)


def _train_with_progress(setup: TrainingSetup) -> Snapshot:
    """Train to the end; a bar on standard error where somebody watches it."""
    for last in train(setup):
        if sys.stderr.isatty():
            _show_bar(last.epoch / setup.epochs, f"epoch {last.epoch} of {setup.epochs}", last=last.finished)
    return last


if __name__ == "__main__":
    sys.exit(main())
