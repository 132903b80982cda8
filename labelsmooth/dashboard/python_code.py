"""What a page shows, as code that gives the same numbers with the package, and as a line for the command line."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from labelsmooth.dashboard.programs import (
    FILE,
    Lines,
    literal,
    program_text,
    strip,
    strip_and_clusters,
    strip_and_estimators,
    sweep_lines,
    training_program,
)
from labelsmooth.dashboard.settings import Settings
from labelsmooth.dashboard.specs import LIBRARY_NAMES
from labelsmooth.decoder import decode
from labelsmooth.own_data.held import is_own
from labelsmooth.own_data.recipe import Recipe
from labelsmooth.setups import TrainingSetup

# What the options of a command are called where their values stand in a setup.
_OPTIONS = ("convention", "activation", "optimizer", "classes", "epochs", "batch_size", "learning_rate", "weight_decay")


@dataclass(frozen=True)
class Code:
    """A program and a command that say the same, each "" where there is none, and what a reader has to know."""

    python: str = ""
    command: str = ""
    note: str = ""


@dataclass(frozen=True)
class _Shown:
    """A page as its visitor sees it; `recipe` is None where the data in use are no file of theirs."""

    title: str
    settings: Settings
    recipe: Recipe | None


def code_of(page: str, settings: Settings, recipe: Recipe | None = None) -> Code:
    """The code of a page by its title; `recipe` tells how the visitor's own data were made of their file."""
    code = CODES.get(page)
    return code(_Shown(page, settings, recipe if is_own(settings.dataset) else None)) if code else Code()


def _training(printed: Callable[[TrainingSetup, Settings], Lines], shown: _Shown) -> Code:
    """Training hard labels and smoothed; `printed` makes the lines that print what the page says of it."""
    setup = shown.settings.setup()
    return _of_setup("train", setup, printed(setup, shown.settings), shown)


def _sweeping(shown: _Shown) -> Code:
    return _of_setup("sweep", shown.settings.sweep(), sweep_lines(), shown)


def _own_training(shown: _Shown) -> Code:
    if is_own(shown.settings.dataset):
        return _training(strip, shown)
    return Code(command=_line("train", "--data", FILE, "--label", "COLUMN"), note="Bring a file first.")


def _of_setup(name: str, setup: TrainingSetup, printed: Lines, shown: _Shown) -> Code:
    """The program and the command of this name that train a setup."""
    note = f"{FILE} stands for your file." if shown.recipe else ""
    return Code(training_program(shown.title, setup, printed, shown.recipe), command(name, setup, shown.recipe), note)


def command(name: str, setup: TrainingSetup, recipe: Recipe | None) -> str:
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


def _decoding(shown: _Shown) -> Code:
    """What epsilon means in the chosen library."""
    settings = shown.settings
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
        f"decoded = decode({', '.join(map(literal, values))})",
        "print(decoded.library.call)",
        'print(f"target: {decoded.label_target:.4g} on the label, {decoded.other_target:.4g} on each other class")',
        'print(f"optimal logit gap: {decoded.gap:.2f}; smallest loss: {decoded.floor:.4g}")',
        "for equal in equivalents(decoded):",
        '    there = equal.reason if equal.epsilon is None else f"{equal.epsilon:.6g}"',
        '    print(f"the same target in {equal.library.name}: {there}")',
    ]
    return Code(program_text(shown.title, ["from labelsmooth.decoder import decode, equivalents"], lines))


def _retesting(shown: _Shown) -> Code:
    note = "Tests the chosen claim as the record did, over 20 seeds: the card of the claim shows these numbers."
    return Code(command=_line("claims", "--claim", shown.settings.claim, "--seeds", "20"), note=note)


def _judging(shown: _Shown) -> Code:
    """A model of the visitor's own, judged by one file."""
    settings = shown.settings
    imports = [
        "from pathlib import Path",
        "from labelsmooth.assessment.assess import assess",
        "from labelsmooth.assessment.words import verdict",
        "from labelsmooth.predictions.reading import read_predictions",
        "from labelsmooth.predictions.tables import read_table",
    ]
    how = f"bins={settings.bins}, scheme={literal(settings.binning)}"
    lines = [
        f"FILE = Path({literal(FILE)})  # your predictions",
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
    return Code(program_text(shown.title, imports, lines), line, note)


# By the title of the page.
CODES: dict[str, Callable[[_Shown], Code]] = {
    "Train live": partial(_training, strip),
    "Drag epsilon": _sweeping,
    "Clusters": partial(_training, strip_and_clusters),
    "Calibration": partial(_training, strip_and_estimators),
    "Why and what": partial(_training, strip),
    "In your code": _decoding,
    "Claims, re-tested": _retesting,
    "Your model": _judging,
    "Your data": _own_training,
}
