"""All benchmarks, one after the other: python -m benchmarks writes a dated record with its plots.

Each runs in a process of its own and measures both sides of its comparisons in turn. The long form needs
benchmarks/requirements.txt and Chromium, takes less than 15 minutes on 2 cores, and wants a machine with nothing else
to do. --short runs the same code on the smallest sizes and judges nothing: it shows that the benchmarks still work.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.report import Bar, Curve, Finding, as_text, growth, machine
from benchmarks.summary import summary

NAMES = ("trainer", "loss", "calibration", "page", "drag", "load")
RECORD = Path(__file__).parent / "record"
PACKAGES = ("torch", "numpy", "scikit-learn", "jax", "torchmetrics", "netcal", "relplot", "streamlit", "plotly")


def main() -> None:
    """Measure, print, and in the long form write the record."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all unless given")
    parser.add_argument("--short", action="store_true", help="smallest sizes, nothing judged or written")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"NAME is one of {', '.join(NAMES)}; got {', '.join(sorted(unknown))}")
    names = given.names or NAMES
    if given.child:
        print(json.dumps(asdict(_measure(names[0], short=given.short))))
        return
    load, _, _ = os.getloadavg()
    ends, findings, failed = [time.monotonic()], list[Finding](), list[str]()
    for name in names:
        try:
            findings.append(in_a_child(name, short=given.short))
        except subprocess.CalledProcessError:
            # What the others found is not lost.
            findings.append(Finding(name.capitalize(), "Failed: nothing is known."))
            failed.append(name)
        ends.append(time.monotonic())
        print(f"{as_text(findings[-1])}\n", flush=True)
    print(summary(findings))
    if not given.short:
        command = " ".join(["python -m benchmarks", *given.names])
        minutes = [(end - start) / 60 for start, end in pairwise(ends)]
        each = ", ".join(f"{name} {taken:.1f}" for name, taken in zip(names, minutes, strict=True))
        name = "-".join([datetime.now(UTC).date().isoformat(), *given.names])
        where = (
            f"`{command}`: {sum(minutes):.1f} minutes ({each}), load average before {load:.1f}. {machine(*PACKAGES)}."
        )
        write(name, findings, where)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _measure(name: str, *, short: bool) -> Finding:
    found: Finding = import_module(f"benchmarks.{name}").measure(short)
    return found


def in_a_child(name: str, *, short: bool) -> Finding:
    """What a benchmark finds in a new process, which no other has warmed up or filled; progress goes to the screen."""
    command = [sys.executable, "-m", "benchmarks", name, "--child", *(["--short"] if short else [])]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return finding(json.loads(answer.splitlines()[-1]))


def finding(saved: dict[str, Any]) -> Finding:
    """A finding from its JSON."""
    bars = [Bar(**bar) for bar in saved["bars"]]
    return Finding(saved["title"], saved["text"], bars, [Curve(**curve) for curve in saved["curves"]])


def write(name: str, findings: list[Finding], where: str) -> None:
    """The record: a page of Markdown, the numbers as JSON, and a plot for each curve."""
    from benchmarks.plots import draw

    RECORD.mkdir(exist_ok=True)
    parts = [f"# Measured on {name[:10]}", where, summary(findings)]
    for found in findings:
        parts.append(as_text(found))
        for curve in found.curves:
            file = f"{name}-{curve.name}.svg"
            draw(curve, RECORD / file)
            parts += [f"![{curve.title}]({file})", growth(curve)]
    (RECORD / f"{name}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    numbers = {"name": name, "where": where, "findings": [asdict(found) for found in findings]}
    (RECORD / f"{name}.json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
