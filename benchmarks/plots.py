"""Curves of cost against size as SVG."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.report import Curve

# So that the same numbers make the same file.
mpl.rcParams["svg.hashsalt"] = "labelsmooth"


def draw(curve: Curve, path: Path) -> None:
    """Both axes logarithmic: a straight line at 45 degrees is cost in proportion to size."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, points in curve.lines.items():
        sizes, costs = zip(*points, strict=True)
        axes.loglog(sizes, costs, marker="o", label=name)
    axes.set(title=curve.title, xlabel=curve.size, ylabel=curve.cost)
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
