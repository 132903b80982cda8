"""`calibrate`: a model of one's own, judged by its predictions on labelled examples."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from labelsmooth.assessment.assess import assess
from labelsmooth.assessment.comparing import compare_models, pair_of
from labelsmooth.assessment.judged import Assessment
from labelsmooth.assessment.records import to_csv, to_json
from labelsmooth.assessment.words import verdict
from labelsmooth.calibration import Scheme
from labelsmooth.commands.files import read_file
from labelsmooth.commands.output import add_output_options, need_figures, write_html
from labelsmooth.commands.tables import aligned, number, paragraphs, with_chance, wrapped
from labelsmooth.predictions.given import SCALES, Predictions, same_classes
from labelsmooth.predictions.reading import Wishes, read_predictions

HELP = "judge a model of your own by its predictions: is it over-confident, and would a temperature do"
EXAMPLES = (
    "calibrate test.csv --validation validation.csv",
    "calibrate logits.npy labels.npy --scale logits --html report.html",
    "calibrate hard.parquet --compare smoothed.parquet --json",
)
FILES = "CSV, Parquet, NPZ or NPY: predictions with their labels, or predictions and then labels in a second file"


@dataclass(frozen=True, eq=False)
class Model:
    """One model: what it said of the examples, how its files were understood, and what was found."""

    predictions: Predictions
    understood: tuple[str, ...]
    assessment: Assessment


def add_options(command: argparse.ArgumentParser) -> None:
    """The files, how to read them, how to judge, and the form of the output."""
    command.add_argument("files", type=Path, nargs="+", metavar="FILE", help=FILES)
    for name, help in {
        "validation": "other examples, on which the temperature is fitted; else it is cross-fitted",
        "compare": "predictions of a second model, such as the same one trained with smoothing",
        "compare-validation": "validation examples of the second model",
    }.items():
        command.add_argument(f"--{name}", type=Path, nargs="+", metavar="FILE", help=help)
    command.add_argument("--scale", choices=SCALES, help="what the numbers are; else it is found out, and said")
    command.add_argument("--label-column", metavar="NAME", help="the column of labels; else it is found out, and said")
    command.add_argument(
        "--value-columns", nargs="+", metavar="NAME", help="the columns of the classes, or one array; else found out"
    )
    command.add_argument(
        "--no-header", action="store_true", help="row 1 of a text file is data, whatever it looks like"
    )
    command.add_argument("--bins", type=int, default=15)
    command.add_argument("--binning", choices=get_args(Scheme), default="equal-width")
    command.add_argument("--seed", type=int, default=0, help="of the draws of chance and of the folds")
    add_output_options(command, "every measure, before and after temperature scaling,")


def run(options: argparse.Namespace) -> Iterator[str]:
    """Read, judge, and say what was found."""
    if options.html:
        need_figures()
    if options.compare_validation and not options.compare:
        raise ValueError("--compare-validation is of the model of --compare, which is not given")
    models = _models(options)
    compared = _compared(models)
    if options.html:
        write_html(options.html, _page(models, compared))
    if options.json or options.csv:
        yield _records([model.assessment for model in models], as_json=options.json)
        return
    for model in models:
        yield "\n".join(_told(model, named=len(models) > 1))
    if compared:
        yield paragraphs(compared)


def _models(options: argparse.Namespace) -> list[Model]:
    """Read and judge the model, and the second one if there is one, whose classes take the order of the first's."""
    names = told_apart([options.files[0], options.compare[0]] if options.compare else options.files[:1])
    models = [_model(names[0], options.files, options.validation, options)]
    if options.compare:
        like = models[0].predictions
        models.append(_model(names[1], options.compare, options.compare_validation, options, like))
    return models


def told_apart(files: Sequence[Path]) -> list[str]:
    """The ends of paths, as long as it takes for all to differ."""
    paths = [file.resolve().parts for file in files]
    depth = next((n for n in range(1, max(map(len, paths))) if len({path[-n:] for path in paths}) == len(paths)), 1)
    return ["/".join(path[-depth:]) for path in paths]


def _model(
    name: str,
    files: Sequence[Path],
    validation: Sequence[Path] | None,
    options: argparse.Namespace,
    like: Predictions | None = None,
) -> Model:
    """Read one model's files and judge it."""
    predictions, said = _read(files, options, ("first", "second"), like)
    beside = None
    if validation:
        beside, more = _read(validation, options, ("test", "validation"), predictions)
        said += tuple(f"Validation: {sentence}" for sentence in more)
    found = assess(predictions, beside, bins=options.bins, scheme=options.binning, seed=options.seed, name=name)
    return Model(predictions, said, found)


def _read(
    files: Sequence[Path], options: argparse.Namespace, names: tuple[str, str], like: Predictions | None
) -> tuple[Predictions, tuple[str, ...]]:
    """A set of predictions, its classes in the order of those that it must be like, and how it was understood.

    `names` are those of the other set and of this one.
    """
    values = tuple(options.value_columns) if options.value_columns else None
    wishes = Wishes(scale=options.scale, label_column=options.label_column, value_columns=values)
    reading = read_predictions([read_file(file, False if options.no_header else None) for file in files], wishes)
    if like is None:
        return reading.predictions, reading.understood
    predictions, moved = same_classes(like, reading.predictions, names)
    return predictions, (*reading.understood, *([moved] if moved else []))


def _compared(models: Sequence[Model]) -> tuple[str, ...]:
    """What two models say beside each other."""
    if len(models) == 1:
        return ()
    first, second = models
    return compare_models(pair_of(first.predictions, second.predictions, first.assessment, second.assessment))


def _records(found: Sequence[Assessment], *, as_json: bool) -> str:
    """The numbers of one model, or of two as a list."""
    if not as_json:
        first, *others = map(to_csv, found)
        return "".join([first, *(text.partition("\n")[2] for text in others)]).rstrip("\n")
    texts = [to_json(each).rstrip("\n") for each in found]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _told(model: Model, *, named: bool) -> list[str]:
    """How the files were understood, the answer, and the errors beside what chance alone makes of them."""
    found = model.assessment
    states = [found.before] + ([] if found.after is None else [found.after])
    rows = [["", "as it is", "by chance", "with T", "by chance"][: 1 + 2 * len(states)]]
    for place, estimate in enumerate(found.before.estimates):
        rows.append([estimate.name, *(cell for state in states for cell in with_chance(state.estimates[place]))])
    for name, measure in {"NLL": "nll", "Brier score": "brier"}.items():
        rows.append([name, *(cell for state in states for cell in (number(getattr(state, measure)), ""))])
    title = [found.name, "-" * len(found.name)] if named else []
    read = [wrapped(sentence) for sentence in model.understood]
    return [*title, *read, "", paragraphs(verdict(found)), "", *aligned(rows), ""]


def _page(models: Sequence[Model], compared: Sequence[str]) -> str:
    """The report that the page offers too."""
    from labelsmooth.figures.report import Judged, Rival, assessment_report

    first, *others = (
        Judged(model.assessment, model.predictions, model.understood, verdict(model.assessment)) for model in models
    )
    rival = Rival(others[0], compared) if others else None
    return assessment_report(first.assessment, first.predictions, first.understood, first.paragraphs, rival)
