"""`judge`: both models judged by every estimator of the calibration error and every score of confidence."""

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from labelsmooth.advice import advice
from labelsmooth.commands.options import add_setup_options, setup_of
from labelsmooth.commands.tables import about, aligned, notes, number
from labelsmooth.commands.training import train_with_bar
from labelsmooth.estimators import Estimate
from labelsmooth.judgements import estimates, risks
from labelsmooth.selective import SCORES, RiskCoverage, Score
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot

HELP = "train hard labels and one epsilon, and judge how far their confidence can be trusted"
EXAMPLES = ("judge --epsilons 0 0.1 --seeds 10", "judge --temperature 2 --bins 20 --json")

Tables = tuple[tuple[Estimate, ...], tuple[Estimate, ...]]  # of hard labels and smoothed
Ranked = dict[Score, tuple[RiskCoverage, RiskCoverage]]


def add_options(command: argparse.ArgumentParser) -> None:
    """The setup, of which the first and the last epsilon are judged; how to judge; the form of the output."""
    add_setup_options(command)
    command.add_argument("--temperature", type=float, default=1.0, help="what the logits are divided by")
    command.add_argument("--bins", type=int, default=15)
    command.add_argument("--coverage", type=float, default=0.8, help="share of the test examples that is accepted")
    command.add_argument("--json", action="store_true", help="print the numbers as JSON")


def run(options: argparse.Namespace) -> Iterator[str]:
    """Train, and judge; what cannot be judged is refused before that."""
    if not options.temperature > 0 or math.isinf(options.temperature):
        raise ValueError(f"temperature must be above 0 and finite; got {options.temperature}")
    if options.bins < 1:
        raise ValueError(f"bins must be at least 1; got {options.bins}")
    if not 0 < options.coverage <= 1:
        raise ValueError(f"coverage must be in (0, 1]; got {options.coverage}")
    setup = setup_of(options, film=False)
    last = train_with_bar(setup)[-1]
    tables, ranked = estimates(last, options.temperature, options.bins), risks(last)
    if options.json:
        yield _json(options, setup, tables, ranked)
    else:
        yield "\n".join([about(setup, last), *_tables(options, setup, tables, ranked), *_words(options, setup, last)])


def _json(options: argparse.Namespace, setup: TrainingSetup, tables: Tables, ranked: Ranked) -> str:
    """Every estimate and every area of both models."""
    record = {"setup": asdict(setup), "temperature": options.temperature, "bins": options.bins}
    record |= {"estimates": {each[0].name: _pair(*map(_error, each)) for each in zip(*tables, strict=True)}}
    record |= {
        "risk_coverage": {score: _pair(*(_areas(r, options.coverage) for r in ranked[score])) for score in ranked}
    }
    return json.dumps(record, indent=2, allow_nan=False)


def _tables(options: argparse.Namespace, setup: TrainingSetup, tables: Tables, ranked: Ranked) -> list[str]:
    """The estimates beside what chance makes of them, and the areas of every score."""
    rows = [["", "hard labels", "by chance", f"epsilon {setup.epsilons[-1]:g}", "by chance"]]
    for hard, smoothed in zip(*tables, strict=True):
        rows.append([hard.name, *_cells(hard), *_cells(smoothed)])
    areas = [["score", "model", "AURC", "E-AURC", "AUROC of errors", f"accuracy at {options.coverage:g}"]]
    for score, pair in ranked.items():
        for model, result in zip(("hard labels", "smoothed"), pair, strict=True):
            areas.append([SCORES[score], model, *map(number, _areas(result, options.coverage).values())])
    return [*aligned(rows), "", *aligned(areas), ""]


def _words(options: argparse.Namespace, setup: TrainingSetup, last: Snapshot) -> list[str]:
    """What to do, by the numbers in 15 bins and without a temperature."""
    seed = f"Tables and ranking: seed {setup.seeds[0]}, temperature {options.temperature:g}, {options.bins} bins."
    judged = advice(last, estimates(last), risks(last)["probability"])
    return [*judged, seed, *notes(setup, last, diverged="their last good epoch is shown")]


def _cells(estimate: Estimate) -> tuple[str, str]:
    """An error, and where nine in ten of a calibrated model's lie."""
    return number(estimate.value), f"{number(estimate.null_low)} to {number(estimate.null_high)}"


def _areas(result: RiskCoverage, coverage: float) -> dict[str, float]:
    return {
        "aurc": result.aurc,
        "e_aurc": result.e_aurc,
        "auroc": result.auroc,
        "accuracy": result.accuracy_at(coverage),
    }


def _error(estimate: Estimate) -> dict[str, Any]:
    return {name: value for name, value in asdict(estimate).items() if name != "name"}


def _pair(hard: dict[str, Any], smoothed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Both models for JSON, which has no NaN."""
    return {
        model: {name: value if math.isfinite(value) else None for name, value in numbers.items()}
        for model, numbers in (("hard_labels", hard), ("smoothed", smoothed))
    }
