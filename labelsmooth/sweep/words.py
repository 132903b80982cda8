"""What a sweep says, in sentences that can turn out every way."""

from collections.abc import Iterable

import numpy as np

from labelsmooth.comparison import Comparison, interval_in_words, signed
from labelsmooth.sweep.best import RANKED, Best, best_of, paired
from labelsmooth.sweep.lines import Line, Sweep


def conclusion(sweep: Sweep) -> tuple[str, ...]:
    """Where ECE is best, and whether temperature scaling is better; where accuracy is; whether the measures agree.

    One sentence alone says so where nothing can be compared.
    """
    bests = {measure: best for measure in RANKED if (best := best_of(sweep, measure)) is not None}
    if not bests:
        return (f"All {sweep.diverged.size} runs diverged, so there is nothing to compare.",)
    left = sweep.epsilons[np.isfinite(sweep.lines["accuracy"].centre)]
    if len(left) == 1:
        known = (
            "Only one epsilon was trained" if len(sweep.epsilons) == 1 else "All runs but those of one epsilon diverged"
        )
        return (f"{known}, {in_words(left[0])}, so there is nothing to compare.",)
    return (
        _calibration(bests["ece"], sweep).rstrip(),
        _accuracy(bests["accuracy"], sweep),
        f"{_agreement(bests, sweep)} {_lost(sweep)}".rstrip(),
    )


def in_words(epsilon: float) -> str:
    """An epsilon with a real minus sign."""
    return f"{epsilon:g}".replace("-", "\N{MINUS SIGN}")


def stretches(chosen: Iterable[float], epsilons: Iterable[float]) -> str:
    """Some of the epsilons of a grid in words; neighbours are joined: "0 to 0.1 and 0.3"."""
    wanted, runs = set(chosen), list[list[float]]()
    before = False
    for epsilon in epsilons:
        if epsilon in wanted and before:
            runs[-1].append(epsilon)
        elif epsilon in wanted:
            runs.append([epsilon])
        before = epsilon in wanted
    parts = [in_words(run[0]) + (f" to {in_words(run[-1])}" if len(run) > 1 else "") for run in runs]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def difference_in_words(result: Comparison, scale: float = 1, unit: str = "", digits: int = 3) -> str:
    """A paired difference with its interval, and whether that decides."""
    return f"difference {signed(scale * result.difference, digits)}{unit}, {interval_in_words(result, digits, scale)}"


def _calibration(best: Best, sweep: Sweep) -> str:
    return f"ECE is lowest at {_place(best, sweep, f'{best.value:.3f}')} {_scaling(best, sweep.lines['ece'])}"


def _accuracy(best: Best, sweep: Sweep) -> str:
    place = f"Accuracy is highest at {_place(best, sweep, f'{best.value:.1%}'.replace('%', ' %'))}"
    if best.epsilon == 0:
        return f"{place} No smoothing has a higher mean than hard labels."
    if best.hard is None:
        return place
    words = difference_in_words(best.hard, 100, " points", 1)
    verdict = "more accurate than hard labels" if best.hard.decided else "not clearly more accurate than hard labels"
    return f"{place} It is {verdict} ({words})."


def _place(best: Best, sweep: Sweep, value: str) -> str:
    """Where the best is, and what cannot be told from it."""
    hard = ", hard labels" if best.epsilon == 0 else ""
    ends = sweep.epsilons[[0, -1]]
    end = ", the end of the grid" if best.epsilon in ends and best.epsilon != 0 else ""
    place = f"epsilon {in_words(best.epsilon)}{hard} ({value}{end})"
    if best.seeds == 1:
        return f"{place}; one seed cannot tell how far that is chance."
    seeds = f"over {best.seeds} seeds"
    if len(best.alike) == 1:
        return f"{place}; {seeds} it can be told from every other epsilon."
    return f"{place}; {seeds} {stretches(best.alike, sweep.epsilons.tolist())} cannot be told from it."


def _scaling(best: Best, line: Line) -> str:
    """The best epsilon against temperature scaling of the hard-label model; empty where no run has a temperature."""
    result = paired(line.scaled, line.values[:, best.index])
    if result is None:
        return ""
    name = f"epsilon {in_words(best.epsilon)}"
    if result.seeds == 1:
        verdict = f"one seed does not decide between it and {name}"
    elif not result.decided:
        verdict = f"the seeds do not tell {name} from it"
    elif result.difference < 0:
        verdict = f"{name} beats it, though it was chosen on the test part"
    else:
        verdict = "no epsilon comes as low"
    return (
        f"The hard-label model after temperature scaling has {result.hard:.3f}: {verdict} "
        f"({difference_in_words(result)})."
    )


def _agreement(bests: dict[str, Best], sweep: Sweep) -> str:
    """Whether one epsilon is best by every measure, and if not, whether one is as good as the best by all."""
    places = [best.epsilon for best in bests.values()]
    if len(set(places)) == 1:
        hard = ", hard labels" if places[0] == 0 else ""
        return f"Accuracy, NLL, Brier score and ECE are all best at epsilon {in_words(places[0])}{hard}."
    found = ", ".join(f"{RANKED[name][0]} at {in_words(best.epsilon)}" for name, best in bests.items())
    return f"The measures disagree about the best epsilon: {found}{_compromise(bests, sweep)}."


def _compromise(bests: dict[str, Best], sweep: Sweep) -> str:
    """The epsilons that no measure tells from its best; empty where one seed can tell nothing."""
    if any(best.seeds == 1 for best in bests.values()):
        return ""
    common = set.intersection(*(set(best.alike) for best in bests.values()))
    if not common:
        return "; every epsilon is clearly worse than the best by at least one of them"
    return f"; {stretches(common, sweep.epsilons.tolist())} cannot be told from the best by any of them"


def _lost(sweep: Sweep) -> str:
    """How many runs diverged; empty where none did."""
    lost = int(sweep.diverged.sum())
    return f"{lost} of {sweep.diverged.size} runs diverged and count nowhere." if lost else ""
