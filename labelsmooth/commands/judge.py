"""`judge`: both models judged by every estimator of the calibration error and every score of confidence."""

import argparse
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from labelsmooth.advice import advice
from labelsmooth.commands.options import add_setup_options, setup_of
from labelsmooth.commands.output import add_output_options, need_figures, write_html
from labelsmooth.commands.tables import about, aligned, notes, number, paragraphs, with_chance
from labelsmooth.commands.training import train_with_bar
from labelsmooth.estimators import Estimate
from labelsmooth.judgements import COLUMNS as JUDGED
from labelsmooth.judgements import estimates, risks
from labelsmooth.selective import SCORES, RiskCoverage, Score
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.sweep import as_csv
from labelsmooth.temperature_path import TEMPERATURES, reliability_moments

HELP = "train hard labels and one epsilon, and judge how far their confidence can be trusted"
EXAMPLES = ("judge --epsilons 0 0.1 --seeds 10", "judge --temperature 2 --bins 20 --json")
MODELS = ("hard labels", "smoothed")
MAX_BINS = 1000

Tables = tuple[tuple[Estimate, ...], tuple[Estimate, ...]]  # of hard labels and smoothed
Cells = list[list[str]]
Ranked = dict[Score, tuple[RiskCoverage, RiskCoverage]]


def add_options(command: argparse.ArgumentParser) -> None:
    """The setup, of which the first and the last epsilon are judged; how to judge; the form of the output."""
    add_setup_options(command)
    command.add_argument("--temperature", type=float, default=1.0, help="what the logits are divided by")
    command.add_argument("--bins", type=int, default=15)
    command.add_argument("--coverage", type=float, default=0.8, help="share of the test examples that is accepted")
    add_output_options(command, "every calibration error and every area under risk and coverage")


def run(options: argparse.Namespace) -> Iterator[str]:
    """Train, and judge; what cannot be judged is refused before that."""
    if not options.temperature > 0 or math.isinf(options.temperature):
        raise ValueError(f"temperature must be above 0 and finite; got {options.temperature}")
    if not 1 <= options.bins <= MAX_BINS:
        raise ValueError(f"bins must be in 1..{MAX_BINS}; got {options.bins}")
    if not 0 < options.coverage <= 1:
        raise ValueError(f"coverage must be in (0, 1]; got {options.coverage}")
    if options.html:
        need_figures()
    setup = setup_of(options, film=False)
    last = train_with_bar(setup)[-1]
    tables, ranked = estimates(last, options.temperature, options.bins), risks(last)
    # What to do is said by the numbers in 15 bins and without a temperature, whatever the tables show.
    words = advice(last, estimates(last), ranked["probability"])
    if options.json:
        yield _json(options, setup, tables, ranked)
    elif options.csv:
        yield _csv(options, tables, ranked)
    else:
        errors, areas = _tables(options, setup, tables, ranked)
        below = paragraphs([*words, *_notes(options, setup, last)])
        yield "\n".join([about(setup, last), *aligned(errors), "", *aligned(areas), "", below])
    if options.html:
        write_html(options.html, _page(options, setup, last, words, _tables(options, setup, tables, ranked)))


def _csv(options: argparse.Namespace, tables: Tables, ranked: Ranked) -> str:
    """One row a number and model, in full."""
    rows = [
        {"measure": each.name, "model": model, "value": each.value, "null_low": each.null_low,
         "null_median": each.null_median, "null_high": each.null_high, "p_value": each.p_value}
        for pair in zip(*tables, strict=True)
        for model, each in zip(MODELS, pair, strict=True)
    ] + [
        {"measure": f"{name}, {score}", "model": model, "value": value}
        for score, pair in ranked.items()
        for model, result in zip(MODELS, pair, strict=True)
        for name, value in _areas(result, options.coverage).items()
    ]  # fmt: skip
    known = dict.fromkeys(rows[0])
    return as_csv([known | {key: each for key, each in row.items() if not _unknown(each)} for row in rows]).rstrip("\n")


def _unknown(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _json(options: argparse.Namespace, setup: TrainingSetup, tables: Tables, ranked: Ranked) -> str:
    """Every estimate and every area of both models."""
    record = {"setup": asdict(setup), "temperature": options.temperature, "bins": options.bins}
    record |= {"estimates": {each[0].name: _pair(*map(_error, each)) for each in zip(*tables, strict=True)}}
    record |= {
        "risk_coverage": {score: _pair(*(_areas(r, options.coverage) for r in ranked[score])) for score in ranked}
    }
    return json.dumps(record, indent=2, allow_nan=False)


def _tables(options: argparse.Namespace, setup: TrainingSetup, tables: Tables, ranked: Ranked) -> tuple[Cells, Cells]:
    """The estimates beside what chance makes of them, and the areas of every score."""
    errors = [["", MODELS[0], "by chance", f"epsilon {setup.epsilons[-1]:g}", "by chance"]]
    for hard, smoothed in zip(*tables, strict=True):
        errors.append([hard.name, *with_chance(hard), *with_chance(smoothed)])
    areas = [["score", "model", "AURC", "E-AURC", "AUROC of errors", f"accuracy at {options.coverage:g}"]]
    for score, pair in ranked.items():
        for model, result in zip(MODELS, pair, strict=True):
            areas.append([SCORES[score], model, *map(number, _areas(result, options.coverage).values())])
    return errors, areas


def _notes(options: argparse.Namespace, setup: TrainingSetup, last: Snapshot) -> list[str]:
    """What the tables are of."""
    seed = f"Tables and ranking: seed {setup.seeds[0]}, temperature {options.temperature:g}, {options.bins} bins."
    return [seed, *notes(setup, last, diverged="their last good epoch is shown")]


def _page(
    options: argparse.Namespace, setup: TrainingSetup, last: Snapshot, words: Sequence[str], tables: tuple[Cells, Cells]
) -> str:
    """The words, the reliability of both models over temperature, and the tables."""
    from labelsmooth.figures.document import Drawing, Section, Table, report_html
    from labelsmooth.figures.reliability import ReliabilityView, reliability_figure, reliability_frames

    view, labels = ReliabilityView(None), last.test.labels
    hard, smoothed = (
        reliability_moments(last.test.logits[column], labels, TEMPERATURES, bins=options.bins) for column in JUDGED
    )
    film = Drawing(
        reliability_figure(hard, smoothed, view),
        "Reliability diagrams and confidence histograms of both models at one temperature.",
        reliability_frames(hard, smoothed, view),
        "T = ",
        "1",
    )
    errors, areas = tables
    return report_html(
        f"Calibration on {setup.dataset}",
        [
            Section("What to do", (about(setup, last), *words)),
            Section("Reliability over temperature", drawings=[film]),
            Section("Calibration errors", table=Table(errors[0], errors[1:]), notes=_notes(options, setup, last)),
            Section("Risk and coverage", table=Table(areas[0], areas[1:])),
        ],
    )


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
