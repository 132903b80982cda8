"""Where a sweep is best by one measure, and from which epsilons the seeds can tell that apart.

Legend: S seeds, E epsilons.
"""

from dataclasses import dataclass

import numpy as np

from labelsmooth.calibration import FloatArray
from labelsmooth.comparison import Comparison, compare
from labelsmooth.sweep.lines import Sweep

# measure: its name in a sentence, and whether the highest value is the best
RANKED = {"accuracy": ("accuracy", True), "nll": ("NLL", False), "brier": ("Brier score", False), "ece": ("ECE", False)}


@dataclass(frozen=True)
class Best:
    """The epsilon with the best mean, and its paired comparisons: from another epsilon to this one.

    `left` and `right` compare with the neighbours in the grid, `hard` with epsilon 0; each is None where there is
    no such epsilon, or no seed with both runs. `alike` holds the epsilons, this one among them, that the seeds
    cannot tell from it. It is the winner among many on the test part, so its own mean is a little too good.
    """

    measure: str
    index: int
    epsilon: float
    value: float
    seeds: int
    left: Comparison | None
    right: Comparison | None
    hard: Comparison | None
    alike: tuple[float, ...]

    @property
    def decided(self) -> bool:
        """Whether the seeds can tell it from every neighbour it has."""
        neighbours = [result for result in (self.left, self.right) if result is not None]
        return bool(neighbours) and all(result.decided for result in neighbours)


def best_of(sweep: Sweep, measure: str) -> Best | None:
    """The best epsilon by accuracy, NLL, Brier score or ECE; None where every run has diverged.

    Only epsilons with the most runs left are candidates: a mean over fewer seeds is of an easier or a harder task.
    """
    values, centre = sweep.lines[measure].values, sweep.lines[measure].centre
    runs = np.isfinite(values).sum(axis=0)
    if not runs.any():
        return None
    badness = -centre if RANKED[measure][1] else centre
    index = int(np.argmin(np.where(runs == runs.max(), badness, np.inf)))
    against = [None if column == index else paired(values[:, column], values[:, index]) for column in range(len(runs))]
    return Best(
        measure=measure,
        index=index,
        epsilon=float(sweep.epsilons[index]),
        value=float(centre[index]),
        seeds=int(runs[index]),
        left=against[index - 1] if index > 0 else None,
        right=against[index + 1] if index + 1 < len(runs) else None,
        hard=against[sweep.zero],
        alike=tuple(
            epsilon
            for column, (epsilon, result) in enumerate(zip(sweep.epsilons.tolist(), against, strict=True))
            if column == index or (result is not None and not result.decided)
        ),
    )


def paired(before: FloatArray, after: FloatArray) -> Comparison | None:
    """Comparison of those seeds (S,) that have both values; None where there is none."""
    both = np.isfinite(before) & np.isfinite(after)
    return compare(before[both], after[both]) if both.any() else None
