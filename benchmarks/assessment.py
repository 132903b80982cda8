"""What judging the predictions of one model costs: `python -m benchmarks.assessment`.

Seconds and peak memory of `assess`, and seconds of its parts alone, by the number of rows: `--rows 1e5 1e6`, `--classes
10`. Every size runs in a process of its own, as the peak of a process never falls. At 100000 rows the table of
calibration errors is also drawn label by label.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks.report import machine
from labelsmooth.assessment.assess import assess
from labelsmooth.calibration import check_probabilities, reliability_curve, softmax
from labelsmooth.cross_fit import cross_fit_temperature
from labelsmooth.estimators import DRAWS, calibration_table
from labelsmooth.null_draws import errors_of_draws
from labelsmooth.predictions.given import Predictions
from labelsmooth.rows import over_rows
from labelsmooth.selective import SCORES, confidence_score, risk_coverage
from labelsmooth.temperature import fit_temperature

ROWS = (100_000, 1_000_000, 10_000_000)
CLASSES = 10
NAIVE = 100_000  # rows whose labels are all drawn for comparison
MEGABYTE = 2**20


def over_confident(rows: int, classes: int) -> Predictions:
    """Logits twice as large as those that the labels follow."""
    logits, labels = np.empty((rows, classes)), np.empty(rows, np.intp)

    def fill(chunk: slice) -> None:
        generator = np.random.default_rng(chunk.start)
        drawn = 2 * generator.normal(size=logits[chunk].shape)
        labels[chunk] = np.argmax(drawn + generator.gumbel(size=drawn.shape), axis=1)
        logits[chunk] = 2 * drawn

    over_rows(fill, rows, classes)
    return Predictions(logits, labels, tuple(str(k) for k in range(classes)), "logits")


def peak() -> float:
    """Largest memory of this process so far, in megabytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MEGABYTE


def seconds(work: Callable[[], object]) -> float:
    """Time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(rows: int, classes: int) -> dict[str, float]:
    """The numbers of one size by name; the peak before its parts, which hold more than the whole does."""
    assess(over_confident(1000, classes))  # imports and first calls
    given = over_confident(rows, classes)
    before = peak()
    found = {"`assess`, s": seconds(lambda: assess(given))}
    size = given.nbytes / MEGABYTE
    found |= {"predictions, MB": size, "peak above them, as a multiple": (peak() - before) / size}
    return found | parts(given)


def parts(given: Predictions) -> dict[str, float]:
    """Seconds of each part alone."""
    logits, labels = given.logits, given.labels
    fit = fit_temperature(logits, labels)
    probs = softmax(logits)
    correct = probs.argmax(axis=1) == labels
    scores = {score: confidence_score(logits, score) for score in SCORES}
    works: dict[str, Callable[[], object]] = {
        "softmax": lambda: softmax(logits),
        "checking probabilities": lambda: check_probabilities(probs),
        "`fit_temperature`": lambda: fit_temperature(logits, labels),
        "`cross_fit_temperature` from that": lambda: cross_fit_temperature(logits, labels, whole=fit),
        "`calibration_table`": lambda: calibration_table(probs, labels),
        "`reliability_curve`": lambda: reliability_curve(probs, labels),
        "four `confidence_score`": lambda: [confidence_score(logits, score) for score in SCORES],
        "four `risk_coverage`": lambda: [risk_coverage(score, correct) for score in scores.values()],
    }
    if len(labels) == NAIVE:
        works["the table, every label drawn"] = lambda: errors_of_draws(
            probs, labels, 15, DRAWS, np.random.default_rng(0)
        )
    return {f"{name}, s": seconds(work) for name, work in works.items()}


def in_a_child(rows: int, classes: int) -> dict[str, float]:
    """`measure` in a new process."""
    command = [sys.executable, "-m", "benchmarks.assessment", "--child", "--rows", str(rows), "--classes", str(classes)]
    found: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return found


def table(found: dict[int, dict[str, float]]) -> str:
    """A row a number, a column a size."""
    names = dict.fromkeys(name for numbers in found.values() for name in numbers)
    lines = ["| | " + " | ".join(f"{rows:,} rows" for rows in found) + " |", "|---" * (1 + len(found)) + "|"]
    for name in names:
        cells = [f"{numbers[name]:.2f}" if name in numbers else "" for numbers in found.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=lambda text: int(float(text)), nargs="+", default=ROWS)
    parser.add_argument("--classes", type=int, default=CLASSES)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(measure(given.rows[0], given.classes)))
        return
    found = {rows: in_a_child(rows, given.classes) for rows in given.rows}
    print(table(found))
    if NAIVE in found:
        naive, ours = (found[NAIVE][f"{name}, s"] for name in ("the table, every label drawn", "`calibration_table`"))
        print(f"\nDrawing every label takes {naive / ours:.0f} times as long at {NAIVE:,} rows.")
    print(f"\n{given.classes} classes. {machine('torch', 'numpy')}.")


if __name__ == "__main__":
    main()
