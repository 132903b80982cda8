"""`claims`: every claim re-tested over seeds, with a verdict; what the record already holds is not repeated."""

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from labelsmooth.claims.catalogue import CLAIMS
from labelsmooth.claims.record import Entry, read, write
from labelsmooth.claims.running import Progress, retest_all
from labelsmooth.claims.verdicts import LEAST_SEEDS
from labelsmooth.claims.words import difference_in_words
from labelsmooth.setups import RANGES

HELP = "re-test what papers claim about label smoothing, and print a verdict on each"
SEEDS = 20
MOST_SEEDS = int(RANGES["runs"][1])


def add_options(command: argparse.ArgumentParser) -> None:
    """Which claims, over how many seeds, and where the record is kept."""
    command.add_argument("--claim", choices=list(CLAIMS), nargs="+", default=list(CLAIMS), help="which ones; else all")
    command.add_argument(
        "--seeds", type=int, default=SEEDS, help=f"how many seeds; a verdict takes at least {LEAST_SEEDS}"
    )
    command.add_argument(
        "--record", type=Path, default=Path("claims.json"), help="file that keeps the results, read and extended"
    )


def run(options: argparse.Namespace, progress: Progress) -> Iterator[str]:
    """Test what the record does not hold yet, and say it claim by claim; the record is saved after each."""
    if not 1 <= options.seeds <= MOST_SEEDS:
        raise ValueError(f"seeds must be between 1 and {MOST_SEEDS}; got {options.seeds}")
    record, names = read(options.record), list(dict.fromkeys(options.claim))
    # A thread a core tests seeds; two BLAS threads for matrices this small would only wait for each other.
    with threadpool_limits(1):
        tested = list[str]()
        for name in retest_all(names, tuple(range(options.seeds)), os.cpu_count() or 1, record, progress):
            write(options.record, record)
            tested.append(name)
    for name in names:
        yield "\n".join(told(name, record[name]))
    again = sum(record[name].seconds for name in tested)
    kept = f"; {len(names) - len(tested)} were in the record" if len(tested) < len(names) else ""
    claims = "1 claim" if len(tested) == 1 else f"{len(tested)} claims"
    yield f"{claims} tested in {again:.0f} s{kept}. Record: {options.record}"


def told(name: str, entry: Entry) -> Sequence[str]:
    """A claim, its verdict, and a line for each contrast."""
    lines = [f"{name}: {entry.verdict(name).upper()}", f"  {CLAIMS[name].sentence}"]
    for judged in entry.judged(name):
        beside = "" if judged.contrast.decides else " (beside)"
        lines.append(f"  {judged.contrast.text}: {difference_in_words(judged)}")
        lines.append(f"    claimed {judged.contrast.region}: {judged.verdict}{beside}")
    return lines
