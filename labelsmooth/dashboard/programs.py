"""Programs that train what a page trains and print what it says, with the package alone."""

import json
from collections.abc import Iterable
from dataclasses import fields

from labelsmooth.dashboard.measures import MEASURES
from labelsmooth.dashboard.settings import Settings
from labelsmooth.own_data.recipe import Recipe
from labelsmooth.setups import TrainingSetup

FILE = "your-file.csv"
Lines = tuple[list[str], list[str]]  # imports, and what comes after them


def training_program(page: str, setup: TrainingSetup, printed: Lines, recipe: Recipe | None) -> str:
    """Training with every field of the setup written out, and lines that print what the page says of it."""
    imports = ["from labelsmooth.setups import TrainingSetup", "from labelsmooth.training import train"]
    before = list[str]()
    if recipe is not None:
        imports += [
            "from pathlib import Path",
            "from labelsmooth.own_data.held import register",
            "from labelsmooth.own_data.preparing import prepare",
            "from labelsmooth.predictions.tables import read_table",
        ]
        before = _own_lines(setup.dataset, recipe)
    more, after = printed
    return program_text(page, [*imports, *more], [*before, *_setup_lines(setup, recipe), *after])


def literal(value: object) -> str:
    """A value as Python writes it, its texts in double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def program_text(page: str, imports: Iterable[str], lines: Iterable[str]) -> str:
    """A whole file: where it comes from, its imports in order, what it does."""
    ordered = sorted(imports, key=lambda line: ("labelsmooth" in line, line))
    ours = [line for line in ordered if "labelsmooth" in line]
    others = [line for line in ordered if "labelsmooth" not in line]
    blocks = [[f'"""The numbers of the page "{page}"; needs the package labelsmooth."""'], others, ours]
    return "\n\n".join("\n".join(block) for block in (*blocks, list(lines)) if block) + "\n"


def _setup_lines(setup: TrainingSetup, recipe: Recipe | None) -> list[str]:
    values = {field.name: literal(getattr(setup, field.name)) for field in fields(setup)}
    values |= {"dataset": "own.name"} if recipe is not None else {}
    return ["setup = TrainingSetup(", *(f"    {name}={value}," for name, value in values.items()), ")"]


def _own_lines(name: str, recipe: Recipe) -> list[str]:
    """The visitor's data made of the file as they were made on the page, and looked at whether they are the same."""
    return [
        f"FILE = Path({literal(FILE)})  # your file",
        f"LABEL = {literal(recipe.label)}",
        f"LEFT_OUT = {literal(recipe.left_out)}",
        "",
        "table = read_table(FILE.name, FILE.read_bytes())",
        "columns = [name for name in table.columns if name not in (LABEL, *LEFT_OUT)]",
        f"own = prepare(table, LABEL, {literal(recipe.missing)}, columns)",
        f"if register(own) != {literal(name)}:",
        '    raise SystemExit("This is not the file that the page was given.")',
        "",
    ]


def strip(setup: TrainingSetup, _settings: Settings) -> Lines:
    """Lines that train and print the strip of measures."""
    return ["from labelsmooth.comparison import compare_measure, signed"], [
        "*_, last = train(setup)",
        *_strip_lines(setup),
    ]


def strip_and_clusters(setup: TrainingSetup, settings: Settings) -> Lines:
    """The strip, and what smoothing did to the clusters, in sentences."""
    imports, lines = strip(setup, settings)
    if len(setup.epsilons) > 1:
        imports.append("from labelsmooth.tightness import cluster_sentences")
        lines += ["", 'print(*cluster_sentences(last, setup), sep="\\n")']
    return imports, lines


def strip_and_estimators(setup: TrainingSetup, settings: Settings) -> Lines:
    """The strip, and calibration errors by every estimator."""
    imports, lines = strip(setup, settings)
    imports.append("from labelsmooth.judgements import estimates")
    lines += [
        "",
        f"# The table of estimators: seed {settings.seed}.",
        f"for hard, smoothed in zip(*estimates(last, {settings.temperature}, {settings.bins}), strict=True):",
        '    print(f"{hard.name}: {hard.value:.3f} → {smoothed.value:.3f}")',
    ]
    return imports, lines


def _strip_lines(setup: TrainingSetup) -> list[str]:
    """Each measure on hard labels and smoothed, and the paired difference with half its 95 % interval."""
    rows = [f"    {literal(name)}: {literal(measure[1:4])}," for name, measure in MEASURES.items()]
    lines = [
        "# measure: scale, digits, unit",
        "SHOWN = {",
        *rows,
        "}",
        "for name, (scale, digits, unit) in SHOWN.items():",
        "    result = compare_measure(last, name)",
        '    print(f"{name}: {scale * result.hard:.{digits}f} → {scale * result.smoothed:.{digits}f}{unit}")',
    ]
    if len(setup.epsilons) == 1:
        return [*lines, 'print("Epsilon is 0, so both are the same networks.")']
    spread = ' ± {scale * result.half_width:.{digits}f}")'
    change = '    print(f"    difference {signed(scale * result.difference, digits)}'
    lines.append(change + (spread if len(setup.seeds) > 1 else ', one seed")'))
    return [*lines, "if (last.diverged >= 0).any():", '    print("Some diverged: of these it is the last good epoch.")']


def sweep_lines() -> Lines:
    """Lines that train, print a table of means over seeds, and the sentences of the page."""
    imports = [
        "from labelsmooth.comparison import compare, signed",
        "from labelsmooth.sweep import conclusion, sweep",
    ]
    return imports, [
        "*_, last = train(setup)",
        "hard = setup.epsilons.index(0.0)",
        'print("epsilon, accuracy, ECE, mean confidence, paired change of ECE")',
        "for column, epsilon in enumerate(setup.epsilons):",
        "    values = last.accuracy, last.ece, last.confidence",
        "    accuracy, ece, confidence = (each[:, column].mean() for each in values)",
        "    change = compare(last.ece[:, hard], last.ece[:, column])",
        '    print(f"{epsilon:g}, {100 * accuracy:.1f} %, {ece:.3f}, {100 * confidence:.1f} %, "',
        '          f"{signed(change.difference)} ± {change.half_width:.3f}")',
        'print(*conclusion(sweep(last, setup)), sep="\\n")',
    ]
