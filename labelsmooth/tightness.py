"""How tight smoothing made the clusters: paired differences over seeds, in words.

Legend: S seeds, E epsilons.
"""

import math

import numpy as np

from labelsmooth.comparison import Comparison, change_in_words, compare
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import NEVER, Snapshot


def cluster_sentences(snapshot: Snapshot, setup: TrainingSetup) -> tuple[str, ...]:
    """What smoothing did to the clusters of all classes, shown or not, on the test part and on the training part.

    The first epsilon of the setup is taken to be 0, the last to be the smoothing.
    """
    seeds = len(snapshot.separation)
    over = f"Over {seeds} seeds" if seeds > 1 else "With one seed"
    return (
        _tightness(snapshot, "", "On the test part", f"{over}, smoothing with epsilon {setup.epsilons[-1]:g} changed"),
        _tightness(snapshot, "train_", "On the training part, by the labels given,", "Smoothing changed"),
    )


def _tightness(snapshot: Snapshot, prefix: str, where: str, start: str) -> str:
    """What the ratio of distances and NC1 say of one part, and the paired differences in three measures."""
    # A network that diverged stands at its last good epoch, which says nothing of the others' last one.
    lost = snapshot.diverged != NEVER
    separation, within, between, nc1 = (
        np.where(lost, np.nan, getattr(snapshot, prefix + name)) for name in ("separation", "within", "between", "nc1")
    )
    with np.errstate(divide="ignore", invalid="ignore"):  # a network whose classes coincide has no ratio
        ratio = within / between
    apart, width, collapse = (_compare(values) for values in (separation, ratio, nc1))
    if apart is None or width is None or collapse is None:
        return f"{where} nothing can be compared: in no seed do both models have classes apart."
    return (
        f"{where} {_verdict(width, collapse)}. {start} class separation R² {_told(apart)}, the distance within classes "
        f"over that between classes {_told(width)}, and NC1 (spread within classes over that between) "
        f"{_told(collapse)}.{_lost(len(ratio), apart, width, collapse)}"
    )


def _verdict(width: Comparison, collapse: Comparison) -> str:
    """Which model has the tighter clusters, by the ratio of distances and by NC1."""
    results = {"the distances": width, "NC1": collapse}
    sides = {name: "smoothed" if each.high < 0 else "hard-label" for name, each in results.items() if each.decided}
    if not sides:
        return "it stays undecided which model has the tighter clusters"
    if len(set(sides.values())) == 2:
        by_distances, by_nc1 = sides.values()
        return f"the {by_distances} model has the tighter clusters by the distances, the {by_nc1} model by NC1"
    (model,), measures = set(sides.values()), " and by ".join(sides)
    other = "".join(f"; {name} leaves it undecided" for name in results.keys() - sides.keys())
    return f"the {model} model has the tighter clusters by {measures}{other}"


def _lost(seeds: int, *results: Comparison) -> str:
    """In how many seeds a measure has no value, if in any."""
    lost = seeds - min(result.seeds for result in results)
    return f" Without {lost} of {seeds} seeds, in which a model diverged or has no classes apart." if lost else ""


def _compare(values: np.ndarray) -> Comparison | None:
    """The first against the last epsilon of values (S, E), over the seeds in which both are defined, if any."""
    pairs = values[:, [0, -1]]
    defined = pairs[np.isfinite(pairs).all(axis=1)]
    return compare(defined[:, 0], defined[:, 1]) if len(defined) else None


def _told(result: Comparison) -> str:
    """From, to, and by how much, with three digits of the larger."""
    largest = max(abs(result.hard), abs(result.smoothed))
    digits = max(0, 2 - math.floor(math.log10(largest))) if largest > 0 else 2
    return f"from {result.hard:.{digits}f} to {result.smoothed:.{digits}f}, by {change_in_words(result, digits)}"
