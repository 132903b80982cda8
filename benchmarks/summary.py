"""The few lines that stand for all bars: what a reader wants to know first, and what is missed."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from benchmarks.report import Bar, Finding, table

# What a line says: the bars that it stands for, as "finding: bar".
LINES = {
    "105 networks on digits: times faster than a PyTorch loop on tensors": "Trainer: 105 runs: *loop on tensors",
    "than the same with DataLoader": "Trainer: 105 runs: *DataLoader",
    "than scikit-learn's MLPClassifier": "Trainer: 105 runs: *MLPClassifier",
    "than JAX, its compile time left out": "Trainer: 105 runs: *scan))",
    "Loss (2048, 32000): times faster than torch's, smoothed": "The loss: (2048,*: times faster than torch, smoothed",
    "Loss (2048, 32000): peak memory in logits": "The loss: (2048,*peak*",
    "Loss (128, 10): time over that of torch's": "The loss: (128,*",
    "Calibration, 1e5 to 1e7 rows: times faster than the fastest other": "Calibration: *, against *",
    "Page: first frame of a visitor who returns": "The page*: first frame, visitor who returns",
    "Page: from a change to its first new frame": "The page*: release of*first new frame",
    "Page: frame of a film that is dragged, 95 of 100": "Dragging*: *p95",
    "Page: first frame of 200 viewers of one link, 95 of 100": "Viewers*: first frame of*",
}


def summary(findings: Sequence[Finding]) -> str:
    """A line for each of `LINES` that was measured, and the names of the bars that are missed."""
    held = {f"{found.title}: {bar.name}": bar for found in findings for bar in found.bars}
    groups = {line: [bar for name, bar in held.items() if fnmatchcase(name, of)] for line, of in LINES.items()}
    rows = [_row(line, bars) for line, bars in groups.items() if bars]
    missed = [f"{name} ({bar.cells()[1]}, {bar.cells()[2]})" for name, bar in held.items() if not bar.met]
    count = f"{len(held) - len(missed)} of {len(held)} bars are met."
    parts = [table(("", "measured", "bar", ""), rows), count + (f" Missed: {'; '.join(missed)}." if missed else "")]
    return "\n\n".join(parts if held else [])


def _row(line: str, bars: Sequence[Bar]) -> list[str]:
    """One line of the table: of several bars from the least to the most, and how many are met."""
    values = [f"{value:.3g}" for value in sorted(bar.value for bar in bars)]
    met = sum(bar.met for bar in bars)
    return [
        line,
        " to ".join(dict.fromkeys((values[0], values[-1]))) + bars[0].unit,
        bars[0].cells()[2],
        "met" if met == len(bars) else "missed" if len(bars) == 1 else f"{met} of {len(bars)} met",
    ]
