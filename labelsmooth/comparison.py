"""Hard labels against smoothed, over seeds: paired differences with their intervals, and what they say.

Legend: S seeds, N examples.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from labelsmooth.calibration import FloatArray, softmax
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import BestTemperature, Snapshot

LEVEL = 0.95


@dataclass(frozen=True)
class Comparison:
    """Means over seeds, and the paired difference with half its interval (infinite for one seed)."""

    hard: float
    smoothed: float
    difference: float
    half_width: float
    seeds: int

    @property
    def low(self) -> float:
        """Lower end of the interval of the difference."""
        return self.difference - self.half_width

    @property
    def high(self) -> float:
        """Upper end of the interval of the difference."""
        return self.difference + self.half_width

    @property
    def decided(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low > 0 or self.high < 0


def compare(hard: np.ndarray, smoothed: np.ndarray) -> Comparison:
    """Paired comparison of values (S,), with the 95 % t interval of the mean difference."""
    difference = smoothed - hard
    seeds = len(difference)
    # One pair says nothing of the spread.
    half = math.inf
    if seeds > 1:
        half = float(stats.t.ppf((1 + LEVEL) / 2, seeds - 1) * difference.std(ddof=1) / math.sqrt(seeds))
    return Comparison(float(hard.mean()), float(smoothed.mean()), float(difference.mean()), half, seeds)


def compare_unpaired(first: FloatArray, second: FloatArray) -> Comparison:
    """Comparison of independent values (S,), with the 95 % interval of Welch; its `seeds` are the smaller number.

    Of one value the spread is not known, and the interval is infinite.
    """
    sizes = len(first), len(second)
    half = math.inf
    if min(sizes) > 1:
        parts = [float(values.var(ddof=1)) / len(values) for values in (first, second)]
        error = math.sqrt(sum(parts))
        squares = sum(part**2 / (size - 1) for part, size in zip(parts, sizes, strict=True))
        # Without any spread the quotient is 0 / 0, and the interval a point for every number of degrees.
        freedom = error**4 / squares if squares else 1.0
        half = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * error
    means = float(first.mean()), float(second.mean())
    return Comparison(*means, means[1] - means[0], half, min(sizes))


def compare_measure(snapshot: Snapshot, measure: str) -> Comparison:
    """Compare the first and the last epsilon of a snapshot by one of its measures."""
    values = getattr(snapshot, measure)
    return compare(values[:, 0], values[:, -1])


def conclusions(snapshot: Snapshot, setup: TrainingSetup) -> tuple[str, str]:
    """A sentence on accuracy and NLL, then one on calibration, with a second where temperatures were fitted.

    The first epsilon of the setup is taken to be 0, the last to be the smoothing.
    """
    calibration = _calibration_sentence(snapshot)
    alternative = _temperature_sentence(snapshot.best, setup)
    return _prediction_sentence(snapshot, setup.epsilons[-1]), f"{calibration} {alternative}".rstrip()


def signed(value: float, digits: int = 3) -> str:
    """A number with its sign, also when that is minus; a plain 0 when it rounds to nothing."""
    text = f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")
    return f"{0:.{digits}f}" if float(f"{value:.{digits}f}") == 0 else text


def count(number: int, unit: str) -> str:
    """A number of things."""
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def interval_in_words(result: Comparison, digits: int, scale: float = 1, over: str = "seed") -> str:
    """The interval of the difference over seeds, or over something else, and whether that is undecided."""
    if result.seeds == 1:
        return f"one {over}: no interval"
    interval = f"{signed(scale * result.low, digits)} to {signed(scale * result.high, digits)}"
    return f"{100 * LEVEL:.0f} % interval {interval}{'' if result.decided else ': undecided'}"


def change_in_words(result: Comparison, digits: int, scale: float = 1, unit: str = "", over: str = "seed") -> str:
    """The difference, with its interval and whether that decides."""
    return f"{signed(scale * result.difference, digits)}{unit} ({interval_in_words(result, digits, scale, over)})"


def _prediction_sentence(snapshot: Snapshot, epsilon: float) -> str:
    accuracy, nll = (compare_measure(snapshot, name) for name in ("accuracy", "nll"))
    seeds = f"{accuracy.seeds} seeds" if accuracy.seeds > 1 else "one seed"
    return (
        f"Over {seeds}, smoothing with epsilon {epsilon:g} changed test accuracy by "
        f"{change_in_words(accuracy, 1, 100, ' points')} and the negative log-likelihood from {nll.hard:.2f} to "
        f"{nll.smoothed:.2f}, by {change_in_words(nll, 2)}."
    )


def _calibration_sentence(snapshot: Snapshot) -> str:
    ece = compare_measure(snapshot, "ece")
    hard, smoothed = (_lean(snapshot, column) for column in (0, -1))
    models = f"The hard-label model is {hard}, the smoothed one {smoothed}"
    if hard == smoothed:
        models = f"Both models are {hard}"
    return f"{models}: ECE {ece.hard:.3f} on hard labels, {ece.smoothed:.3f} smoothed, {change_in_words(ece, 3)}."


def _temperature_sentence(best: BestTemperature | None, setup: TrainingSetup) -> str:
    """What temperature scaling makes of the hard labels; empty where no run has a temperature."""
    if best is None:
        return ""
    fitted = np.isfinite(best.temperature[:, 0])  # a run that diverged has none
    if not fitted.any():
        return ""
    known = {name: values[fitted, 0] for name, values in best.arrays.items()}
    noise = ("clean validation examples", "validation examples with the same label noise")[setup.noisy_validation]
    examples = noise if setup.label_noise > 0 else "validation examples"
    found = temperatures_in_words(known["temperature"], known["at_bound"], known["no_errors"])
    return (
        f"Leaving the labels hard and dividing the logits by a temperature fitted on {best.examples} {examples} "
        f"({found}) gives ECE {known['ece'].mean():.3f}."
    )


def temperatures_in_words(temperature: np.ndarray, at_bound: np.ndarray, no_errors: np.ndarray) -> str:
    """The median temperature over seeds, and in how many of these it is only a bound; all (S,)."""
    seeds = len(temperature)
    parts = [f"median T = {np.median(temperature):.2f}" if seeds > 1 else f"T = {temperature[0]:.2f}"]
    for side in (-1, 1):
        stopped = at_bound == side
        if not stopped.any():
            continue
        text = f"at its bound {temperature[stopped][0]:g}"
        if stopped.all():
            parts = [f"T {text}" + (" in every seed" if seeds > 1 else "")]
        else:
            parts.append(f"{text} in {stopped.sum()} of {seeds} seeds")
        if no_errors[stopped].all():
            parts[-1] += ", where validation has no errors"
    return "; ".join(parts)


def _lean(snapshot: Snapshot, column: int) -> str:
    """Whether confidence and accuracy of one epsilon differ by more than the seeds, or one seed's examples, do."""
    if len(snapshot.accuracy) > 1:
        gap = compare(snapshot.accuracy[:, column], snapshot.confidence[:, column])
    else:
        logits = snapshot.test.logits[column]
        correct = logits.argmax(1) == snapshot.test.labels
        gap = compare(correct.astype(float), softmax(logits).max(1))  # both (N,)
    if not gap.decided:
        return "neither clearly over- nor under-confident"
    return "over-confident" if gap.difference > 0 else "under-confident"
