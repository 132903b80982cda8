"""`claims`: every claim re-tested over seeds, with a verdict; what the record already holds is not repeated."""

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from labelsmooth.claims.catalogue import CLAIMS
from labelsmooth.claims.record import Entry, Record, read, to_csv, to_json, write
from labelsmooth.claims.running import retest_all
from labelsmooth.claims.verdicts import LEAST_SEEDS
from labelsmooth.claims.words import difference_in_words
from labelsmooth.commands.output import add_output_options, need_figures, new_file, write_html
from labelsmooth.commands.progress import bar
from labelsmooth.comparison import count
from labelsmooth.setups import RANGES

HELP = "re-test what papers claim about label smoothing, and print a verdict on each"
EXAMPLES = ("claims --claim tight_clusters --seeds 20", "claims --html claims.html")
SEEDS = 20
MOST_SEEDS = int(RANGES["runs"][1])


def add_options(command: argparse.ArgumentParser) -> None:
    """Which claims, over how many seeds, and where the record is kept."""
    command.add_argument("--claim", choices=list(CLAIMS), nargs="+", default=list(CLAIMS), help="which ones; else all")
    command.add_argument(
        "--seeds", type=int, default=SEEDS, help=f"how many seeds; a verdict takes at least {LEAST_SEEDS}"
    )
    command.add_argument(
        "--record", type=new_file, default=Path("claims.json"), help="file that keeps the results, read and extended"
    )
    add_output_options(command, "what was found of each claim")


def run(options: argparse.Namespace) -> Iterator[str]:
    """Test what the record does not hold yet, and say it claim by claim; the record is saved after each."""
    if not 1 <= options.seeds <= MOST_SEEDS:
        raise ValueError(f"seeds must be between 1 and {MOST_SEEDS}; got {options.seeds}")
    if options.html:
        need_figures()
    record, names = read(options.record), list(dict.fromkeys(options.claim))
    tested = _test(names, options, record)
    asked = {name: record[name] for name in names}
    if options.html:
        write_html(options.html, _page(asked))
    if options.json or options.csv:
        yield to_json(asked) if options.json else to_csv(asked).rstrip("\n")
        return
    for name, entry in asked.items():
        yield "\n".join(told(name, entry))
    again = sum(record[name].seconds for name in tested)
    kept = len(names) - len(tested)
    known = f"; {kept} {'was' if kept == 1 else 'were'} in the record" if kept else ""
    yield f"{count(len(tested), 'claim')} tested in {again:.0f} s{known}. Record: {options.record}"


def _test(names: Sequence[str], options: argparse.Namespace, record: Record) -> list[str]:
    """Test what the record does not hold, saving it after each claim; the names of what was tested."""
    tested = list[str]()
    # A thread a core tests seeds; two BLAS threads for matrices this small would only wait for each other.
    with threadpool_limits(1), bar(len(names) * options.seeds, "seeds") as shown:

        def progress(name: str, done: int, _seeds: int) -> None:
            shown.set_description(name)
            shown.update(done > 0)

        for name in retest_all(names, tuple(range(options.seeds)), os.cpu_count() or 1, record, progress):
            write(options.record, record)
            tested.append(name)
    # Its words and verdicts follow the catalogue, whatever was tested.
    write(options.record, record)
    return tested


def _page(record: Record) -> str:
    """Every claim with its verdict, its contrasts and their figures."""
    from labelsmooth.figures.claims import contrasts_figure, profile_figure
    from labelsmooth.figures.document import Drawing, Section, report_html

    sections = list[Section]()
    for name, entry in record.items():
        claim, judged = CLAIMS[name], entry.judged(name)
        drawings = [Drawing(contrasts_figure(judged), f"{claim.title}: differences of the seeds and their intervals.")]
        if claim.profile is not None:
            figure = profile_figure(claim.profile, entry.numbers)
            drawings.append(Drawing(figure, f"{claim.profile.title} against {claim.profile.x_title}."))
        source = f"Source: {claim.source}. {claim.figure}"
        lines = [line.strip() for line in told(name, entry)[2:]]
        paragraphs = (claim.sentence, source, f"Here: {claim.test}", *lines, claim.note)
        sections.append(Section(f"{claim.title}: {entry.verdict(name)}", paragraphs, drawings))
    return report_html("Claims about label smoothing, re-tested", sections)


def told(name: str, entry: Entry) -> Sequence[str]:
    """A claim, its verdict, and a line for each contrast."""
    lines = [f"{name}: {entry.verdict(name).upper()}", f"  {CLAIMS[name].sentence}"]
    for judged in entry.judged(name):
        beside = "" if judged.contrast.decides else " (beside)"
        lines.append(f"  {judged.contrast.text}: {difference_in_words(judged)}")
        lines.append(f"    claimed {judged.contrast.region}: {judged.verdict}{beside}")
    return lines
