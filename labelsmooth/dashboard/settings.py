"""Every shareable choice of the training pages: its range, its words, and its place in a page's address."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from labelsmooth.dashboard.choices import Choice, Classes, Flag, Number, Spec, Widths
from labelsmooth.datasets import DATASETS, class_names, largest_train_size, smallest_train_size
from labelsmooth.setups import RANGES, TrainingSetup

VERSION = "1"
EPSILON_STEPS = tuple(n / 100 for n in range(51))
MOST_SEEDS = 20
SEEDS = range(int(RANGES["seed"][1]) - MOST_SEEDS + 2)  # first ones: the last of the most must be one too
REPEATED = 40  # characters of a link that a sentence repeats at most
READ = 400  # characters of a value that are looked at: no valid one comes near


def _decades(low: int, high: int) -> tuple[float, ...]:
    """1, 2, 3 and 5 times each power of ten from 10**low, up to 10**high."""
    return (*(float(f"{digit}e{power}") for power in range(low, high) for digit in (1, 2, 3, 5)), 10.0**high)


# Read in this order: the first two decide what the others may be.
SPECS: dict[str, Spec] = {
    "dataset": Choice(
        "Data set",
        "What the networks learn. The first four are real data; the others are drawn by a formula.",
        {name: dataset.title for name, dataset in DATASETS.items()},
    ),
    "classes": Number(
        "Classes", "How many kinds of points there are. Only blobs and spirals leave a choice.", range(2, 11)
    ),
    "train_size": Number(
        "Training examples",
        "How many examples the networks learn from. At least 40 % of the data are kept for measuring.",
        range(1, max(map(largest_train_size, DATASETS)) + 1),
    ),
    "label_noise": Number(
        "Label noise",
        "Share of the training labels that are replaced by a label drawn at random from all classes.",
        tuple(n / 100 for n in range(81)),
    ),
    "noisy_validation": Flag(
        "Noise in the validation labels too",
        "The best temperature is found on validation data. Real data seldom have clean labels there.",
    ),
    "epsilon": Number(
        "Smoothing ε",
        "Share of each label's probability that is given away to the classes. 0 means hard labels.",
        EPSILON_STEPS,
    ),
    "convention": Choice(
        "Who receives ε",
        "Libraries differ: ε/K for every class, also the right one, or ε/(K-1) for the other classes only.",
        {"uniform": "every class, ε/K", "others": "the other classes, ε/(K-1)"},
    ),
    "seed": Number(
        "Seed",
        "All chance starts from this number: the same seed gives the same networks again.",
        SEEDS,
    ),
    "seeds": Number(
        "Number of seeds",
        "Everything is repeated with this many splits, noises and starting weights, to see what is chance.",
        range(1, MOST_SEEDS + 1),
    ),
    "hidden": Widths(
        "Hidden layers",
        "Units in each hidden layer, such as 64-64. The last one makes the clusters that are drawn.",
    ),
    "activation": Choice("Activation", "What each hidden unit does with its sum.", {"relu": "ReLU", "tanh": "tanh"}),
    "epochs": Number(
        "Epochs",
        "How often the networks go through all training examples. Many epochs let them memorise.",
        range(1, 401),
    ),
    "batch_size": Number(
        "Batch size",
        "How many examples are averaged for one step of the optimizer.",
        tuple(2**n for n in range(2, 11)),
    ),
    "learning_rate": Number(
        "Learning rate", "How far one step goes. With too large a step training diverges.", _decades(-4, 3)
    ),
    "weight_decay": Number(
        "Weight decay", "How strongly each step also pulls the weights towards 0.", (0.0, *_decades(-5, 0))
    ),
    "optimizer": Choice(
        "Optimizer", "The rule that turns gradients into steps.", {"adam": "Adam", "sgd": "SGD with momentum"}
    ),
    "shown": Classes(
        "Classes shown",
        "Three classes whose clusters are drawn: the first on the left, the second right, the third on top.",
        "digits",
        10,
        DATASETS["digits"].shown,
    ),
    "scale": Choice(
        "Scale of the clusters",
        "A common scale shows how far apart the clusters are; own scales show their shapes.",
        {"own": "each model its own", "common": "the same for both"},
    ),
}


@dataclass(frozen=True)
class Settings:
    """All choices; the defaults are the first page's story. The key of a widget is the name of its field."""

    dataset: str = "digits"
    classes: int = 3
    train_size: int = 1000
    label_noise: float = 0.4
    noisy_validation: bool = False
    epsilon: float = 0.1
    convention: str = "uniform"
    seed: int = 0
    seeds: int = 5  # how many, counted up from `seed`
    hidden: tuple[int, ...] = (64, 64)
    activation: str = "relu"
    epochs: int = 100
    batch_size: int = 64
    learning_rate: float = 5e-3
    weight_decay: float = 0.0
    optimizer: str = "adam"
    shown: tuple[int, ...] = (3, 5, 8)
    scale: str = "own"

    @classmethod
    def from_query(cls, query: Mapping[str, str | list[str]]) -> tuple["Settings", list[str]]:
        """The settings of a link, whatever it holds, and a sentence for each correction; never raises.

        What a link leaves out takes its default, or silently the nearest that the data set allows.
        """
        settings, said = cls(), []
        *_, version = _texts(query.get("v", VERSION))
        if version != VERSION:
            said.append(f"This link has version {_plain(version)}; this page reads it as version {VERSION}.")
        for name in SPECS:
            spec = settings.spec(name)
            used, _ = spec.read(spec.write(getattr(settings, name)))
            if name in query:
                *others, text = _texts(query[name])
                if others:
                    said.append(f"{spec.label}: given {len(others) + 1} times; the last one counts.")
                value, problem = spec.read(text)
                used = used if value is None else value
                if problem:
                    said.append(f"{spec.label}: {_plain(text)} {problem}; {spec.write(used)} is used.")
            settings = replace(settings, **{name: used})
        unknown = [str(name) for name in query if name not in (*SPECS, "v")]
        if unknown:
            said.append(f"Not known here and ignored: {_plain(', '.join(unknown[:REPEATED]))}.")
        return settings, said

    def to_query(self) -> dict[str, str]:
        """Every value as text, and the version: `from_query` gives these settings again."""
        return {"v": VERSION} | {name: spec.write(getattr(self, name)) for name, spec in SPECS.items()}

    def corrected(self) -> tuple["Settings", list[str]]:
        """The nearest valid settings, and a sentence for each correction."""
        return Settings.from_query(self.to_query())

    def changed(self, name: str, value: Any) -> tuple["Settings", list[str]]:
        """One choice changed by a widget, to the nearest valid value or not at all; others follow where they must."""
        spec = self.spec(name)
        (text,) = _texts(spec.write(value))
        used, problem = spec.read(text)
        if used is None:
            return self, [f"{spec.label}: {_plain(text)} {problem}; {spec.write(getattr(self, name))} stays."]
        said = [f"{spec.label}: {_plain(text)} {problem}; {spec.write(used)} is used."] if problem else []
        settings, more = replace(self, **{name: used}).corrected()
        return settings, said + more

    def spec(self, name: str) -> Spec:
        """The choice `name` with the limits that the data set and its number of classes leave it."""
        spec: Any = SPECS[name]
        choose_classes = DATASETS[self.dataset].choose_classes
        if name == "classes" and choose_classes:
            low, high = choose_classes
            return replace(spec, options=range(low, high + 1), owner=self.dataset)
        if name == "train_size":
            low, high = smallest_train_size(self.dataset, self.classes), largest_train_size(self.dataset)
            return replace(spec, options=range(low, high + 1), owner=self.dataset)
        if name == "shown":
            count = len(class_names(self.dataset, self.classes))
            return replace(spec, owner=self.dataset, count=count, usual=DATASETS[self.dataset].shown[:count])
        return spec

    def setup(self) -> TrainingSetup:
        """What is trained: hard labels and, unless epsilon is 0, smoothed ones, for each seed."""
        choices = {f.name: getattr(self, f.name) for f in fields(TrainingSetup) if f.name in SPECS}
        choices["seeds"] = tuple(range(self.seed, self.seed + self.seeds))
        if not DATASETS[self.dataset].choose_classes:
            # What changes nothing must not make another experiment of the same one.
            choices["classes"] = TrainingSetup.classes
        return TrainingSetup(**choices, epsilons=(0.0, self.epsilon) if self.epsilon else (0.0,))


def _texts(given: object) -> list[str]:
    """The values of one key, at least one; what is no text counts as an empty one."""
    values = given if isinstance(given, list) and given else [given]
    return [value[:READ].strip() if isinstance(value, str) else "" for value in values]


def _plain(text: str) -> str:
    """The start of a text from a link without anything invisible."""
    kept = "".join(letter for letter in text[:READ] if letter.isprintable()).strip()
    return (kept if len(kept) <= REPEATED else f"{kept[: REPEATED - 1]}…") or "something unreadable"
