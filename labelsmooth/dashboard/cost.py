"""What a training costs before it is trained: estimated seconds of one core, and why a request is refused.

Legend: P parameters and U units of one network, B examples of a batch, N of the training part.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from labelsmooth.datasets import MOST_MEASURED, class_names, dataset_of, rows_of
from labelsmooth.own_data.held import DataGoneError
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import DENSE_EPOCHS, SNAPSHOTS_WITHOUT_FILM, SPARSE_SNAPSHOTS

# Seconds, fitted by `benchmarks/cost.py` to the trainer on one core of a cloud server.
STEP = 4.0e-4  # of a group of networks, whatever they are
UPDATE = 6e-10  # a step and parameter
PRODUCT = 1.1e-10  # an example and parameter, forward and backward
UNIT = 2.2e-9  # an example and unit
SNAPSHOT = 3.5e-3  # of a group of networks
MEASURES = 3e-4  # a snapshot and network
MEASURED = 8e-9  # a snapshot, example and unit
ROWS = 16  # examples: a batch is filled up to a multiple
OVERRUN = 2  # times the limit that a run may really take
LOWER = "fewer epochs, seeds, epsilons or training examples, or smaller hidden layers"


def seconds(setup: TrainingSetup) -> float:
    """Estimated seconds of one core.

    Formula: groups * steps * STEP + networks * (steps * P * UPDATE + examples * (P * PRODUCT + U * UNIT)), and likewise
    for snapshots, of which beginning and end cost as much as three. It never falls where a size of the setup grows.
    """
    features = rows_of(setup.dataset, 0, setup.classes)[0].shape[1]
    sizes = (features, *setup.hidden, len(class_names(setup.dataset, setup.classes)))
    parameters = sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))
    units = sum(sizes[1:])
    groups = len(list(setup.groups()))
    full, rest = divmod(setup.train_size, setup.batch_size)
    steps = setup.epochs * (full + (rest > 0))
    examples = setup.epochs * (full * _filled(setup.batch_size) + _filled(rest))
    training = groups * steps * STEP
    training += setup.runs * (steps * parameters * UPDATE + examples * (parameters * PRODUCT + units * UNIT))
    most = DENSE_EPOCHS + SPARSE_SNAPSHOTS if setup.film else SNAPSHOTS_WITHOUT_FILM
    snapshots = min(setup.epochs, most) + 3
    left = dataset_of(setup.dataset).rows - setup.train_size
    measured = setup.train_size + min(left * 3 / 4, MOST_MEASURED)
    looking = MEASURES + measured * (parameters * PRODUCT / 6 + units * MEASURED)  # at one network
    return training + snapshots * (groups * SNAPSHOT + setup.runs * looking)


def refusal(setup: TrainingSetup, limit: float) -> str | None:
    """Why this is too much for a limit in seconds, and what to lower, in one line for a visitor; or None."""
    if limit == math.inf:
        return None
    try:
        needed = seconds(setup)
        if needed <= limit:
            return None
        fitting = [
            f"{what}: at most {most}"
            for what, most in (
                ("epochs", _most(setup.epochs, lambda n: seconds(replace(setup, epochs=n)) <= limit)),
                ("seeds", _most(len(setup.seeds), lambda n: seconds(replace(setup, seeds=setup.seeds[:n])) <= limit)),
            )
            if most
        ]
    except DataGoneError:
        return None  # the training itself says so
    alone = f" Lowered alone, {' or '.join(fitting)}." if fitting else ""
    return (
        f"Not trained: this would take about {math.ceil(needed):,} s of one core, and this server allows "
        f"{limit:,.10g} s. Choose {LOWER}.{alone}"
    )


def overrun(limit: float) -> str:
    """Why a run that was let in has been ended, in one line for a visitor."""
    return (
        f"The training was ended: it has taken more than {OVERRUN} times the {limit:,.10g} s of one core that this "
        f"server allows. Choose {LOWER}."
    )


def _most(largest: int, fits: Callable[[int], bool]) -> int:
    """The largest number below `largest` that fits, 0 without one; whatever is below one that fits does too."""
    low, high = 0, largest
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _filled(rows: int) -> int:
    return -(-rows // ROWS) * ROWS
