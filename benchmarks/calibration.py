"""Calibration measures against what people would use instead: `python -m benchmarks.calibration`, `--short`.

Every contender gives its number, and a number that is not ours stops the benchmark: it would be another measure.
Peers: torchmetrics, netcal, relplot, scikit-learn, torch; those that are not installed are named and left out.
"""

import argparse
import time
import tracemalloc
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from benchmarks.calibration_peers import (
    BINS,
    Floats,
    Ints,
    by_scikit_learn,
    classwise_by_scikit_learn,
    ece_peers,
    missing,
    null_by_draws,
    smooth_peers,
    temperature_by_scikit_learn,
    temperature_by_torch,
    top,
)
from benchmarks.report import Bar, Curve, Finding, Times, as_text, machine, table
from labelsmooth import classwise_ece, fit_temperature, null_ece, reliability_curve, smooth_ece
from labelsmooth.calibration import softmax
from labelsmooth.rows import over_rows

SIZES = ((100_000, 10), (1_000_000, 10), (10_000_000, 10), (100_000, 100), (100_000, 1000))
SHORT = ((10_000, 10),)
CHECKED = (10_000, 10)  # where sums in single precision still tell whether it is the same measure
FASTER = 3.0
HELD = 0.3  # of the input, beside it: the top label alone is 9 bytes of a row of 80
DRAWS, FEW_DRAWS = 1000, 20  # all that are asked for, and those that the other way is timed with
LARGE = 20_000_000  # values above which every contender has one turn, and the slow ones a part of the rows
FEW_ROWS = 100_000  # up to which there are three turns, else two
QUICK = 1.0  # seconds: a race that is over so soon has three turns whatever its size
PART = 10  # of the rows, one in so many
SINGLE = 1e-4  # how far torchmetrics may be off at CHECKED: it adds up in single precision whatever it is given
OURS = "labelsmooth"

ROWS = (
    "The limit is one reading of the input, which costs in proportion (power 1); where the power is lower, fixed costs "
    "(threads, bins, draws) are shared by more rows, and where it is higher, rows no longer fit a cache."
)
ONE_OF_EACH = "After the largest probability of a row is found, in one reading of the input, classes cost nothing more."
TOP = "It sees the largest probability of a row alone: classes cost nothing."
CLASSES = {
    "ECE": ONE_OF_EACH,
    "ECE of equal mass": ONE_OF_EACH,
    "Class-wise ECE": "Every probability is put into a bin; with more than 64 classes most lie in the first, unsorted.",
    "Smooth ECE": TOP,
    "Null band": TOP,
    "Temperature": "Each step of the search is one pass over all logits, whose exponentials are the limit.",
}

Contenders = Mapping[str, Callable[[], float]]


@dataclass(frozen=True)
class Race:
    """One number: its contenders, by how much they may differ from ours, and who does only a part of the work."""

    measure: str
    contenders: Contenders
    tolerance: float
    parts: Mapping[str, float] = field(default_factory=dict)  # by how much such a contender's time is multiplied
    loose: Mapping[str, float] = field(default_factory=dict)  # how far off some may be

    def part(self, name: str) -> float:
        """By how much a contender's time is multiplied."""
        return self.parts.get(name, 1.0)


@dataclass(frozen=True)
class Run:
    """Seconds of a race, and how far from our number each contender's is."""

    times: Times
    off: Mapping[str, float]


@dataclass
class Measured:
    """Rows of the table, bars, and seconds by measure and contender against (rows, classes)."""

    rows: list[list[str]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    seconds: dict[str, dict[str, dict[tuple[int, int], float]]] = field(default_factory=dict)

    def add(self, race: Race, size: tuple[int, int], run: Run) -> None:
        """Take what one race found."""
        times = run.times
        seconds = {name: times.median(name) * race.part(name) for name in race.contenders}
        peers = {name: seconds[name] for name in seconds if name != OURS}
        for name, each in seconds.items():
            self.seconds.setdefault(race.measure, {}).setdefault(name, {})[size] = each
            ratio = "" if name == OURS else f"{each / seconds[OURS]:.1f}"
            self.rows.append(
                [
                    race.measure,
                    f"{size[0]:,} x {size[1]}",
                    name + (f", times {race.part(name):g}" if name in race.parts else ""),
                    times.told(name, 1000 * race.part(name)),
                    ratio,
                    f"{run.off[name]:.1g}",
                ]
            )
        if peers:
            fastest = min(peers, key=lambda name: peers[name])
            name = f"{race.measure}, {size[0]:,} x {size[1]}, against {fastest}"
            self.bars.append(Bar(name, peers[fastest] / seconds[OURS], "at least", FASTER, " times"))

    def curves(self) -> list[Curve]:
        """Plots of each measure against rows, at ten classes, and against classes, at the fewest rows."""
        fewest = min((rows for lines in self.seconds.values() for points in lines.values() for rows, _ in points))
        curves = []
        for measure, lines in self.seconds.items():
            name = f"calibration-{measure.lower().replace(' ', '-')}"
            by_rows = {who: [(rows, s) for (rows, k), s in of.items() if k == 10] for who, of in lines.items()}
            by_classes = {who: [(k, s) for (rows, k), s in of.items() if rows == fewest] for who, of in lines.items()}
            curves.append(Curve(name, f"{measure}, 10 classes", "rows", "seconds", by_rows, ROWS))
            title = f"{measure}, {fewest:,} rows"
            curves.append(Curve(f"{name}-classes", title, "classes", "seconds", by_classes, CLASSES[measure]))
        return curves


def over_confident(rows: int, classes: int) -> tuple[Floats, Ints]:
    """Logits (N, K) twice as large as those that the labels (N,) follow."""
    logits, labels = np.empty((rows, classes)), np.empty(rows, np.intp)

    def fill(chunk: slice) -> None:
        generator = np.random.default_rng(chunk.start)
        drawn = 2 * generator.standard_normal(logits[chunk].shape)
        labels[chunk] = np.argmax(drawn + generator.gumbel(size=drawn.shape), axis=1)
        logits[chunk] = 2 * drawn

    over_rows(fill, rows, classes)
    return logits, labels


def probabilities(logits: Floats) -> Floats:
    """Softmax (N, K), chunk by chunk."""
    probs = np.empty(logits.shape)

    def fill(chunk: slice) -> None:
        probs[chunk] = softmax(logits[chunk])

    over_rows(fill, *logits.shape)
    return probs


def races(logits: Floats, probs: Floats, labels: Ints) -> list[Race]:
    """All numbers of one size."""
    confidence, correct = top(probs, labels)
    n = len(labels)
    # What a slow peer is given: all of it, or the first rows.
    few = slice(n // PART if logits.size > LARGE else n)
    slow = {"scikit-learn route": PART, "scikit-learn": PART, "torch L-BFGS": PART} if logits.size > LARGE else {}
    drawn = dict.fromkeys(slow, 20 / np.sqrt(n / PART))  # fewer rows have another number: by five standard errors
    quantile = {"scikit-learn route": lambda: by_scikit_learn(*top(probs, labels), "quantile")}
    classwise = {"scikit-learn route": lambda: classwise_by_scikit_learn(probs[few], labels[few])}
    temperature = {
        "scikit-learn": lambda: temperature_by_scikit_learn(logits[few], labels[few]),
        "torch L-BFGS": lambda: temperature_by_torch(logits[few], labels[few]),
    }
    single = dict.fromkeys(("torchmetrics", "torchmetrics unchecked"), SINGLE if n <= CHECKED[0] else np.inf)
    return [
        Race(
            "ECE",
            {OURS: lambda: reliability_curve(probs, labels).ece, **ece_peers(probs, labels)},
            1e-9,
            loose=single,
        ),
        Race(
            "ECE of equal mass",
            {OURS: lambda: reliability_curve(probs, labels, scheme="equal-mass").ece, **quantile},
            4 * BINS / n,  # its edges are quantiles between two examples: some may be on the other side
        ),
        Race("Class-wise ECE", {OURS: lambda: classwise_ece(probs, labels), **classwise}, 1e-9, slow, drawn),
        Race(
            "Smooth ECE",
            {OURS: lambda: smooth_ece(confidence, correct).value, **smooth_peers(confidence, correct)},
            2e-3,  # it halves its bracket ten times
        ),
        Race(
            "Null band",
            {OURS: lambda: null_ece(confidence).median, "NumPy draws": lambda: null_by_draws(confidence, FEW_DRAWS)},
            1 / np.sqrt(n),  # its median of few draws
            {"NumPy draws": DRAWS / FEW_DRAWS},
        ),
        Race(
            "Temperature",
            {OURS: lambda: fit_temperature(logits, labels).temperature, **temperature},
            1e-4,
            slow,
            drawn,
        ),
    ]


def run(race: Race, turns: int) -> Run:
    """All contenders turn after turn, in a quick race at least three; every number is compared with ours."""
    times, numbers = Times(), {}
    began = time.perf_counter()
    for turn in range(max(turns, 3)):
        if turn >= turns and time.perf_counter() - began > QUICK:
            break
        for name, work in race.contenders.items():
            start = time.perf_counter()
            numbers[name] = work()
            times.seconds[name].append(time.perf_counter() - start)
    for name, number in numbers.items():
        allowed = race.loose.get(name, race.tolerance)
        if not abs(number - numbers[OURS]) <= allowed:
            raise ValueError(f"{race.measure} of {name} must be {numbers[OURS]} within {allowed}, got {number}")
    return Run(times, {name: abs(number - numbers[OURS]) for name, number in numbers.items()})


def one_pass(logits: Floats, labels: Ints) -> tuple[float, float]:
    """What `reliability_curve` holds beside its input, as a share of it, and its time in units of one reading."""
    tracemalloc.start()
    reliability_curve(logits, labels)
    held = tracemalloc.get_traced_memory()[1] / logits.nbytes
    tracemalloc.stop()
    contenders: Contenders = {
        OURS: lambda: reliability_curve(logits, labels).ece,
        "reading": lambda: sum(over_rows(lambda rows: float(logits[rows].sum()), *logits.shape)),
    }
    times = run(Race("pass", contenders, np.inf), 3).times
    return held, times.ratio(OURS, "reading")


def measure(short: bool) -> Finding:
    """All races at all sizes."""
    found = Measured()
    passes = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peers divide by empty bins
        if not short:
            logits, labels = over_confident(*CHECKED)
            for race in races(logits, probabilities(logits), labels):
                run(race, 1)  # with imports and first calls
        for size in SHORT if short else SIZES:
            logits, labels = over_confident(*size)
            probs = probabilities(logits)
            turns = 1 if short or logits.size > LARGE else 3 if len(labels) <= FEW_ROWS else 2
            for race in races(logits, probs, labels):
                found.add(race, size, run(race, turns))
            held, readings = one_pass(probs, labels)
            passes.append([f"{size[0]:,} x {size[1]}", f"{held:.3f}", f"{readings:.1f}"])
            if logits.size >= LARGE:
                found.bars.append(Bar(f"memory beside the input, {size[0]:,} x {size[1]}", held, "at most", HELD))
    return Finding("Calibration", _text(found, passes), found.bars if not short else (), found.curves())


def _text(found: Measured, passes: list[list[str]]) -> str:
    """Tables, and what stands behind them."""
    absent = "".join(f" {name}: not installed." for name in missing())
    return "\n\n".join(
        [
            f"Milliseconds, the median with the least and the most, and how many times as long as ours.{absent}",
            table(("number", "size", "contender", "ms", "times ours", "off by"), found.rows),
            f"Every contender's number is checked against ours. torchmetrics adds up in single precision: of "
            f"{CHECKED[0]:,} rows it must be ours within {SINGLE:g}, of more it is told how far it is off. The null "
            f"band is of {DRAWS} draws, of which NumPy makes {FEW_DRAWS}, times {DRAWS // FEW_DRAWS}. Above {LARGE:,} "
            f"values every contender has one turn, in quick races three, and scikit-learn and the L-BFGS of torch are "
            f"given the first of {PART} parts of the rows, times {PART}, but for the quickest ones. The temperature of "
            "netcal needs pyro and tensorboard and is left out.",
            "What `reliability_curve` holds beside its input, as a share of it, and its time in units of reading the "
            "input once on all cores.",
            table(("size", "memory held", "readings"), passes),
            machine("numpy", "scipy", "torch", "scikit-learn", "torchmetrics", "netcal", "relplot"),
        ]
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="one small size, to see that it runs")
    print(as_text(measure(parser.parse_args().short)))


if __name__ == "__main__":
    main()
