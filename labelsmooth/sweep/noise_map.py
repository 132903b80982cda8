"""How the best epsilon moves with another choice: one sweep a row, as label noise or training size grow.

Legend: V values of the choice, E epsilons.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from labelsmooth.calibration import FloatArray
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.sweep.best import Best, best_of
from labelsmooth.sweep.lines import sweep

VARIES = ("label_noise", "train_size")


@dataclass(frozen=True, eq=False)
class NoiseMap:
    """Means (V, E) of one measure over seeds, nan where nothing is trained, and the best epsilon of each row."""

    varies: str
    measure: str
    values: tuple[float, ...]
    epsilons: FloatArray
    means: FloatArray
    bests: tuple[Best | None, ...]


def map_rows(
    rows: Mapping[float, Snapshot | None], setup: TrainingSetup, varies: str = "label_noise", measure: str = "ece"
) -> NoiseMap:
    """The map of finished snapshots by the value of what varies, None for a row not trained yet.

    `setup` is that of every row but for the field `varies`.
    """
    if varies not in VARIES:
        raise ValueError(f"varies must be one of {', '.join(VARIES)}; got {varies!r}")
    values = tuple(sorted(rows))
    epsilons = np.sort(np.array(setup.epsilons, np.float64))
    means, bests = np.full((len(values), len(epsilons)), np.nan), list[Best | None]()
    for number, value in enumerate(values):
        snapshot, choice = rows[value], dict[str, Any]({varies: value})
        of_row = None if snapshot is None else sweep(snapshot, replace(setup, **choice), null=False)
        if of_row is not None:
            means[number] = of_row.lines[measure].centre
        bests.append(None if of_row is None else best_of(of_row, measure))
    return NoiseMap(varies, measure, values, epsilons, means, tuple(bests))
