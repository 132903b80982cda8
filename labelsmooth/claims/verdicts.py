"""The rules that make a verdict out of numbers: written once, for every claim, before there were any.

Legend: S seeds. A contrast holds where its 95 % interval lies inside the region that the claim names, is contradicted
where it lies wholly outside, and is undecided otherwise, or where fewer than LEAST_SEEDS seeds have both numbers. A
claim holds if every contrast that decides holds; it is contradicted if one of them is; otherwise it is undecided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from labelsmooth.claims.claim import Claim, Contrast
from labelsmooth.comparison import Comparison, compare

Verdict = Literal["holds", "contradicted", "undecided at this scale"]
HOLDS: Verdict = "holds"
CONTRADICTED: Verdict = "contradicted"
UNDECIDED: Verdict = "undecided at this scale"
LEAST_SEEDS = 10

Numbers = Mapping[str, Sequence[float | None]]  # of each seed by name, None where a run diverged


@dataclass(frozen=True)
class Judged:
    """One contrast with its numbers: the difference of each seed (S,), nan where a run diverged, and the verdict."""

    contrast: Contrast
    differences: tuple[float, ...]
    comparison: Comparison | None  # None where every seed lost a run
    verdict: Verdict

    @property
    def lost(self) -> int:
        """How many seeds have no difference, because a run diverged."""
        return sum(np.isnan(self.differences).tolist())


def judge(contrast: Contrast, numbers: Numbers) -> Judged:
    """One contrast over the seeds that have both numbers."""
    after = np.array(numbers[contrast.after], np.float64)
    before = np.zeros_like(after) if contrast.before is None else np.array(numbers[contrast.before], np.float64)
    differences = after - before
    kept = np.isfinite(differences)
    found = compare(before[kept], after[kept]) if kept.any() else None
    return Judged(contrast, tuple(differences.tolist()), found, _verdict(contrast, found))


def judge_all(claim: Claim, numbers: Numbers) -> tuple[Judged, ...]:
    """Every contrast of a claim, in order."""
    return tuple(judge(contrast, numbers) for contrast in claim.contrasts)


def verdict(judged: Sequence[Judged]) -> Verdict:
    """What the contrasts that decide say together."""
    found = {each.verdict for each in judged if each.contrast.decides}
    if CONTRADICTED in found:
        return CONTRADICTED
    return HOLDS if found == {HOLDS} else UNDECIDED


def _verdict(contrast: Contrast, found: Comparison | None) -> Verdict:
    if found is None or found.seeds < LEAST_SEEDS:
        return UNDECIDED
    if contrast.low < found.low and found.high < contrast.high:
        return HOLDS
    return CONTRADICTED if found.high < contrast.low or contrast.high < found.low else UNDECIDED
