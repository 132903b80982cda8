"""A sweep for other programs: one row a seed and epsilon, as CSV or JSON.

Legend: S seeds, E epsilons.
"""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import MEASURES, NEVER, BestTemperature, Snapshot
from labelsmooth.sweep.best import RANKED, best_of
from labelsmooth.sweep.lines import sweep

# Fields of `BestTemperature` whose names say nothing on their own; the others are measures at that temperature.
NAMES = {
    "temperature": "best_temperature",
    "at_bound": "best_temperature_at_bound",
    "no_errors": "no_validation_errors",
}


def best_temperature_columns(best: BestTemperature | None) -> dict[str, np.ndarray | None]:
    """The arrays (S, E) of fitted temperatures under names that stand alone; None where nothing was fitted."""
    names = [field.name for field in fields(BestTemperature) if field.name != "examples"]
    arrays = {} if best is None else best.arrays
    return {NAMES.get(name, f"{name}_at_best_temperature"): arrays.get(name) for name in names}


def records(snapshot: Snapshot, setup: TrainingSetup) -> list[dict[str, Any]]:
    """One row a seed and epsilon: every measure, the best temperature and what it gives; None for what is not there.

    A run that diverged has its epoch under "diverged" and otherwise the measures of its last good epoch.
    """
    columns = {name: getattr(snapshot, name) for name in MEASURES} | best_temperature_columns(snapshot.best)
    return [
        {
            "seed": seed,
            "epsilon": epsilon,
            **{name: None if values is None else plain(values[row, column]) for name, values in columns.items()},
            "diverged": None if (epoch := plain(snapshot.diverged[row, column])) == NEVER else epoch,
        }
        for row, seed in enumerate(setup.seeds)
        for column, epsilon in sorted(enumerate(setup.epsilons), key=lambda pair: pair[1])
    ]


def to_csv(snapshot: Snapshot, setup: TrainingSetup) -> str:
    """The records as CSV with a header; numbers in full, nothing in a cell for what is not there."""
    return as_csv(records(snapshot, setup))


def as_csv(rows: Sequence[Mapping[str, Any]], *, header: bool = True) -> str:
    """Rows with the same columns, at least one, as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def to_json(snapshot: Snapshot, setup: TrainingSetup) -> str:
    """The summary as JSON."""
    return as_json(summary(snapshot, setup))


def as_json(value: Any) -> str:
    """JSON as this package prints it, without NaN."""
    return json.dumps(value, indent=2, allow_nan=False)


def summary(snapshot: Snapshot, setup: TrainingSetup) -> dict[str, Any]:
    """The setup, the best epsilon by each measure (over the runs that did not diverge), and the records."""
    numbers = sweep(snapshot, setup, null=False)
    bests = {name: best_of(numbers, name) for name in RANKED}
    return {
        "setup": asdict(setup),
        "epoch": snapshot.epoch,
        "finished": snapshot.finished,
        "validation_examples": None if snapshot.best is None else snapshot.best.examples,
        "best": {
            name: None
            if best is None
            else {
                "epsilon": best.epsilon,
                "mean": best.value,
                "seeds": best.seeds,
                "differs_from_neighbours": best.decided,
                "not_told_from": best.alike,
            }
            for name, best in bests.items()
        },
        "records": records(snapshot, setup),
    }


def plain(value: np.generic) -> float | int | bool | None:
    """A number of numpy as Python's own; None where it is not finite, which JSON does not have."""
    number = value.item()
    return number if math.isfinite(number) else None
