"""What a page shows, as code that gives the same numbers with the package, and as a line for the command line."""

import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, fields

from labelsmooth.dashboard.measures import MEASURES
from labelsmooth.dashboard.settings import Settings
from labelsmooth.dashboard.specs import LIBRARY_NAMES
from labelsmooth.decoder import decode
from labelsmooth.own_data.held import is_own
from labelsmooth.own_data.recipe import Recipe
from labelsmooth.setups import TrainingSetup

FILE = "your-file.csv"
TRAINING = ("Train live", "Drag epsilon", "Clusters", "Calibration", "Why and what", "Your data")  # pages with a setup
# What the options of a command are called where their values stand in a setup.
_OPTIONS = ("convention", "activation", "optimizer", "classes", "epochs", "batch_size", "learning_rate", "weight_decay")


@dataclass(frozen=True)
class Code:
    """A program and a command that say the same, each "" where there is none, and what a reader has to know."""

    python: str = ""
    command: str = ""
    note: str = ""


def code_of(page: str, settings: Settings, recipe: Recipe | None = None) -> Code:
    """The code of a page by its title; `recipe` tells how the visitor's own data were made of their file."""
    if page == "In your code":
        return _decoding(settings)
    if page == "Claims, re-tested":
        note = "Tests the chosen claim as the record did, over 20 seeds: the card of the claim shows these numbers."
        return Code(command=_line("claims", "--claim", settings.claim, "--seeds", "20"), note=note)
    if page == "Your model":
        return _judging(settings)
    if page == "Your data" and not is_own(settings.dataset):
        return Code(command=_line("train", "--data", FILE, "--label", "COLUMN"), note="Bring a file first.")
    if page not in TRAINING:
        return Code()
    sweep = page == "Drag epsilon"
    setup = settings.sweep() if sweep else settings.setup()
    used = recipe if is_own(setup.dataset) else None
    note = f"{FILE} stands for your file." if used else ""
    return Code(program(page, setup, settings, used), command("sweep" if sweep else "train", setup, used), note)


def program(page: str, setup: TrainingSetup, settings: Settings, recipe: Recipe | None) -> str:
    """Training with every field of the setup written out, and what the page says of it."""
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
    more, after = _sweep_lines() if page == "Drag epsilon" else _training_lines(page, setup, settings)
    return _text(page, [*imports, *more], [*before, *_setup_lines(setup, recipe), *after])


def command(name: str, setup: TrainingSetup, recipe: Recipe | None = None) -> str:
    """`train` or `sweep` with every option written out; "" where the options cannot say it."""
    if is_own(setup.dataset):
        if recipe is None or any(each.startswith("-") for each in (recipe.label, *recipe.left_out)):
            return ""  # an option takes no name that looks like one
        words = ["--data", FILE, "--label", recipe.label, "--missing", recipe.missing]
        words += ["--without", *recipe.left_out] if recipe.left_out else []
    else:
        words = ["--dataset", setup.dataset]
    values = {option: getattr(setup, option) for option in ("train_size", "label_noise", *_OPTIONS)}
    for option, value in values.items():
        words += [f"--{option.replace('_', '-')}", str(value)]
    words += ["--noisy-validation"] if setup.noisy_validation else []
    words += ["--hidden", *map(str, setup.hidden), "--epsilons", *map(str, setup.epsilons)]
    return _line(name, *words, "--seed", str(setup.seeds[0]), "--seeds", str(len(setup.seeds)))


def _line(*words: str) -> str:
    return f"python -m labelsmooth {shlex.join(words)}"


def _literal(value: object) -> str:
    """A value as Python writes it, its texts in double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def _text(page: str, imports: Iterable[str], lines: Iterable[str]) -> str:
    """A whole file: where it comes from, its imports in order, what it does."""
    ordered = sorted(imports, key=lambda line: ("labelsmooth" in line, line))
    ours = [line for line in ordered if "labelsmooth" in line]
    others = [line for line in ordered if "labelsmooth" not in line]
    blocks = [[f'"""The numbers of the page "{page}"; needs the package labelsmooth."""'], others, ours]
    return "\n\n".join("\n".join(block) for block in (*blocks, list(lines)) if block) + "\n"


def _setup_lines(setup: TrainingSetup, recipe: Recipe | None) -> list[str]:
    values = {field.name: _literal(getattr(setup, field.name)) for field in fields(setup)}
    values |= {"dataset": "own.name"} if recipe is not None else {}
    return ["setup = TrainingSetup(", *(f"    {name}={value}," for name, value in values.items()), ")"]


def _own_lines(name: str, recipe: Recipe) -> list[str]:
    """The visitor's data made of the file as they were made on the page, and looked at whether they are the same."""
    return [
        f"FILE = Path({_literal(FILE)})  # your file",
        f"LABEL = {_literal(recipe.label)}",
        f"LEFT_OUT = {_literal(recipe.left_out)}",
        "",
        "table = read_table(FILE.name, FILE.read_bytes())",
        "columns = [name for name in table.columns if name not in (LABEL, *LEFT_OUT)]",
        f"own = prepare(table, LABEL, {_literal(recipe.missing)}, columns)",
        f"if register(own) != {_literal(name)}:",
        '    raise SystemExit("This is not the file that the page was given.")',
        "",
    ]


def _training_lines(page: str, setup: TrainingSetup, settings: Settings) -> tuple[list[str], list[str]]:
    """Imports, and lines that train and print the strip of measures; on some pages more."""
    imports = ["from labelsmooth.comparison import compare_measure, signed"]
    lines = ["*_, last = train(setup)", *_strip_lines(setup)]
    if page == "Clusters" and len(setup.epsilons) > 1:
        imports.append("from labelsmooth.tightness import cluster_sentences")
        lines += ["", 'print(*cluster_sentences(last, setup), sep="\\n")']
    if page == "Calibration":
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
    rows = [f"    {_literal(name)}: {_literal(measure[1:4])}," for name, measure in MEASURES.items()]
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


def _sweep_lines() -> tuple[list[str], list[str]]:
    """Imports, and lines that train, print a table of means over seeds, and the sentences of the page."""
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


def _decoding(settings: Settings) -> Code:
    """What epsilon means in the chosen library."""
    padding = None if settings.padding < 0 else settings.padding
    values = (
        LIBRARY_NAMES[settings.library],
        settings.target_classes,
        settings.epsilon,
        padding,
        settings.class_weight,
    )
    try:
        decode(*values)
    except ValueError:
        return Code(note="With these choices the library has no loss.")
    lines = [
        "# library, classes, epsilon, padding, weight of class 0",
        f"decoded = decode({', '.join(map(_literal, values))})",
        "print(decoded.library.call)",
        'print(f"target: {decoded.label_target:.4g} on the label, {decoded.other_target:.4g} on each other class")',
        'print(f"optimal logit gap: {decoded.gap:.2f}; smallest loss: {decoded.floor:.4g}")',
        "for equal in equivalents(decoded):",
        '    there = equal.reason if equal.epsilon is None else f"{equal.epsilon:.6g}"',
        '    print(f"the same target in {equal.library.name}: {there}")',
    ]
    return Code(_text("In your code", ["from labelsmooth.decoder import decode, equivalents"], lines))


def _judging(settings: Settings) -> Code:
    """A model of the visitor's own, judged by one file."""
    imports = [
        "from pathlib import Path",
        "from labelsmooth.assessment.assess import assess",
        "from labelsmooth.assessment.words import verdict",
        "from labelsmooth.predictions.reading import read_predictions",
        "from labelsmooth.predictions.tables import read_table",
    ]
    how = f"bins={settings.bins}, scheme={_literal(settings.binning)}"
    lines = [
        f"FILE = Path({_literal(FILE)})  # your predictions",
        "",
        "reading = read_predictions([read_table(FILE.name, FILE.read_bytes())])",
        'print(*reading.understood, sep="\\n")',
        f"found = assess(reading.predictions, {how}, name=FILE.name)",
        'print("", *verdict(found), sep="\\n\\n")',
    ]
    line = _line("calibrate", FILE, "--bins", str(settings.bins), "--binning", settings.binning)
    note = (
        f"{FILE} stands for your file, or in the command for two: predictions, then labels. The command also has "
        "--validation and --compare for the other files."
    )
    return Code(_text("Your model", imports, lines), line, note)
