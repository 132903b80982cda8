"""Tables of means over seeds and paragraphs as plain text, and the notes under them.

Legend: S seeds, E epsilons.
"""

import textwrap
from collections.abc import Iterable, Sequence

import numpy as np

from labelsmooth.estimators import Estimate
from labelsmooth.own_data.held import find, is_own
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import NEVER, BestTemperature, Snapshot

LINE = 100
COLUMNS = {"accuracy": "accuracy", "nll": "NLL", "brier": "Brier", "ece": "ECE", "confidence": "confidence"}


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of the rows, their cells right-aligned in columns."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]


def wrapped(text: str) -> str:
    """Text in lines that are easy to read; paths and names are never broken."""
    return textwrap.fill(text, LINE, break_long_words=False, break_on_hyphens=False)


def paragraphs(texts: Iterable[str]) -> str:
    """Paragraphs with a blank line between them."""
    return "\n\n".join(map(wrapped, texts))


def number(value: float) -> str:
    """A number as text, a dash where there is none."""
    return f"{value:.3f}" if np.isfinite(value) else "-"


def with_chance(estimate: Estimate) -> tuple[str, str]:
    """An error, and where nine in ten of a calibrated model's lie."""
    return number(estimate.value), f"{number(estimate.null_low)} to {number(estimate.null_high)}"


def mean(values: np.ndarray) -> str:
    """Mean over seeds (S,) but those without a value, as text."""
    known = values[np.isfinite(values)]
    return number(known.mean() if known.size else np.nan)


def best_temperature(best: BestTemperature, column: int) -> str:
    """Median over seeds of an epsilon's temperatures but those of lost runs; marked where any is at its bound."""
    temperature = best.temperature[:, column]
    known = temperature[np.isfinite(temperature)]
    mark = "*" if best.at_bound[:, column].any() else ""
    return number(np.median(known) if known.size else np.nan) + mark


def about(setup: TrainingSetup, last: Snapshot) -> str:
    """What was trained, and over what the numbers are taken; of data of one's own also how they were understood."""
    seeds = "one seed" if len(setup.seeds) == 1 else f"means over {len(setup.seeds)} seeds"
    named = f"{setup.dataset}, epoch {last.epoch}; {seeds}; on the test part"
    if not is_own(setup.dataset):
        return named
    own = find(setup.dataset)
    return "\n".join([*map(wrapped, own.understood), named.replace(setup.dataset, own.title, 1)])


def notes(setup: TrainingSetup, last: Snapshot, diverged: str) -> list[str]:
    """What there is to say of runs that diverged (that they are `diverged`) and of the best temperatures."""
    assert last.best is not None
    lost = int(np.sum(last.diverged != NEVER))
    lines = [f"{lost} of {setup.runs} runs diverged: {diverged}."] if lost else []
    stopped = last.best.at_bound != 0
    if stopped.any():
        bounds = " or ".join(f"{bound:g}" for bound in np.unique(last.best.temperature[stopped]))
        lines.append(f"*: T is at its bound, {bounds}, in {stopped.sum()} of {setup.runs} runs; the best lies beyond.")
    if len(setup.seeds) > 1:
        lines.append("Best T: the median over the seeds.")
    return lines
