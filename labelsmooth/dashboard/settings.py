"""Every shareable choice of the pages, its place in a page's address, and what is trained for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from labelsmooth.calibration import Scheme
from labelsmooth.dashboard.choices import Spec
from labelsmooth.dashboard.specs import EPSILON_STEPS, PLAYING, SPECS
from labelsmooth.datasets import class_names, dataset_of, largest_train_size, smallest_train_size
from labelsmooth.own_data.held import is_own
from labelsmooth.selective import Score
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import snapshot_epochs
from labelsmooth.temperature_path import Event

Mode = Literal["full", "lecture"]
VERSION = "1"
MAP_NOISE = tuple(n / 10 for n in range(7))
MAP_SIZES = 6
REPEATED = 40  # characters of a link that a sentence repeats at most
READ = 400  # characters of a value that are looked at: no valid one comes near
NOTHING: Mapping[str, str] = MappingProxyType({})
OF_THE_DATA = ("dataset", "classes", "train_size", "shown", "event")  # what means nothing without the data


@dataclass(frozen=True)
class Settings:
    """All choices; the defaults are the first page's story. The key of a widget is the name of its field."""

    dataset: str = "digits"
    classes: int = 3
    train_size: int = 1000
    label_noise: float = 0.4
    noisy_validation: bool = False
    negative: bool = False
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
    shown: tuple[int, ...] = (3, 5, 0)
    scale: str = "own"
    bias: bool = True
    depth: bool = False
    steps: int = 21
    map_over: str = "none"
    map_measure: str = "ece"
    bins: int = 15
    binning: Scheme = "equal-width"
    event: str = "top"
    temperature: float = 1.0
    score: Score = "probability"
    coverage: float = 0.8
    target_classes: int = 10  # of targets that are drawn, not trained
    library: str = "torch"
    padding: int = -1  # none
    class_weight: float = 1.0
    snippet: str = "pytorch"
    claim: str = "tight_clusters"
    epoch: int = PLAYING
    mode: Mode = "full"

    @classmethod
    def from_query(
        cls, query: Mapping[str, str | list[str]], own: Mapping[str, str] = NOTHING
    ) -> tuple["Settings", list[str]]:
        """The settings of a link, whatever it holds, and a sentence for each correction; never raises.

        What a link leaves out takes the default of its version, or silently the nearest that the data set allows. `own`
        has the title of the visitor's own data by their name; of a link to other own data all is taken that does not
        need them.
        """
        *more, version = _texts(query.get("v", VERSION))
        settings, said = DEFAULTS.get(version, cls()), []
        if missing := own_data_of(query, own):
            said += [
                f"The data {missing} are not part of the link, or the page was reloaded: {settings.dataset} is shown "
                "instead.",
                'To see what the link shows, give the same file with the same choices to the page "Your data".',
            ]
            query = {name: value for name, value in query.items() if name not in OF_THE_DATA}
        if more:
            said.append(f"Version: given {len(more) + 1} times; the last one counts.")
        if version not in DEFAULTS:
            said.append(f"This link has version {_plain(version)}; this page reads it as version {VERSION}.")
        for name in SPECS:
            spec = settings.spec(name, own)
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

    def to_short_query(self) -> dict[str, str]:
        """What differs from the defaults of the version, which never change, and the version: the same settings."""
        usual = DEFAULTS[VERSION].to_query()
        return {name: text for name, text in self.to_query().items() if name == "v" or text != usual[name]}

    def corrected(self) -> tuple["Settings", list[str]]:
        """The nearest valid settings, and a sentence for each correction."""
        return Settings.from_query(self.to_query(), {self.dataset: ""})

    def changed(self, name: str, value: Any, own: Mapping[str, str] = NOTHING) -> tuple["Settings", list[str]]:
        """One choice changed by a widget, to the nearest valid value or not at all; others follow where they must."""
        spec = self.spec(name, own)
        (text,) = _texts(spec.write(value))
        used, problem = spec.read(text)
        if used is None:
            return self, [f"{spec.label}: {_plain(text)} {problem}; {spec.write(getattr(self, name))} stays."]
        said = [f"{spec.label}: {_plain(text)} {problem}; {spec.write(used)} is used."] if problem else []
        settings, more = replace(self, **{name: used}).corrected()
        return settings, said + more

    def with_class(self, place: int, label: int) -> "Settings":
        """Another class shown at this place; one that is shown already changes places."""
        shown = list(self.shown)
        if place >= len(shown):
            return self
        if label in shown:
            shown[shown.index(label)] = shown[place]
        shown[place] = label
        return replace(self, shown=tuple(shown)).corrected()[0]

    def spec(self, name: str, own: Mapping[str, str] = NOTHING) -> Spec:
        """The choice `name` with the limits that the data set and its number of classes leave it.

        `own` has the title of the visitor's own data by their name.
        """
        spec: Any = SPECS[name]
        data, owner = dataset_of(self.dataset), "your data set" if is_own(self.dataset) else self.dataset
        if name == "dataset":
            yours = {each: f"{title} (yours)" for each, title in own.items() if is_own(each)}
            spec = replace(spec, options={**spec.options, **yours})
        if name == "classes" and data.choose_classes:
            low, high = data.choose_classes
            return replace(spec, options=range(low, high + 1), owner=owner)
        if name == "train_size":
            low, high = smallest_train_size(self.dataset, self.classes), largest_train_size(self.dataset)
            return replace(spec, options=range(low, high + 1), owner=owner)
        if name == "shown":
            count = len(class_names(self.dataset, self.classes))
            return replace(spec, owner=owner, count=count, usual=data.shown[:count])
        if name == "epsilon" and self.negative:
            return replace(spec, options=EPSILON_STEPS)
        if name == "event":
            names = {str(k): name for k, name in enumerate(class_names(self.dataset, self.classes))}
            return replace(spec, options={"top": spec.options["top"]} | names)
        if name == "padding":
            spec = replace(spec, options=range(-1, self.target_classes))
        if name == "epoch":
            spec = replace(spec, options=(PLAYING, *sorted(snapshot_epochs(self.epochs))))
        return spec

    def setup(self) -> TrainingSetup:
        """What is trained: hard labels and, unless epsilon is 0, smoothed ones, for each seed."""
        choices = {f.name: getattr(self, f.name) for f in fields(TrainingSetup) if f.name in SPECS}
        choices["seeds"] = tuple(range(self.seed, self.seed + self.seeds))
        if not dataset_of(self.dataset).choose_classes:
            # What changes nothing must not make another experiment of the same one.
            choices["classes"] = TrainingSetup.classes
        return TrainingSetup(**choices, epsilons=(0.0, self.epsilon) if self.epsilon else (0.0,))

    def sweep(self) -> TrainingSetup:
        """The same for every epsilon of the sweep, of which only the newest state is kept."""
        last = self.steps - 1
        grid = range(-last if self.negative else 0, last + 1)
        return replace(self.setup(), epsilons=tuple(round(n * EPSILON_STEPS[-1] / last, 4) for n in grid), film=False)

    def map_rows(self) -> dict[float, TrainingSetup]:
        """The sweeps of the map by what varies in them, with few epsilons and seeds; none where no map is wanted."""
        if self.map_over == "none":
            return {}
        values: Sequence[float] = MAP_NOISE
        if self.map_over == "train_size":
            low, high = smallest_train_size(self.dataset, self.classes), largest_train_size(self.dataset)
            values = np.unique(np.geomspace(max(low, 20), high, MAP_SIZES).round().astype(int)).tolist()
        few = replace(self, steps=11, seeds=min(self.seeds, 3), negative=False)
        changes: list[dict[str, Any]] = [{self.map_over: value} for value in values]
        return {value: replace(few, **change).sweep() for value, change in zip(values, changes, strict=True)}

    @property
    def lecture(self) -> bool:
        """Whether a page shows one picture in large letters, and hardly any controls."""
        return self.mode == "lecture"

    @property
    def judged(self) -> Event:
        """Whose probability the reliability diagrams are about."""
        return "top label" if self.event == "top" else int(self.event)


# What each version of a link means where it leaves something out. Other defaults are another version: the old ones are
# then written out here, and links of that version go on meaning what they did.
DEFAULTS = {VERSION: Settings()}


def own_data_of(query: Mapping[str, str | list[str]], own: Mapping[str, str]) -> str:
    """The name of the own data that a link is about and this visitor does not have; "" where it is about none."""
    *_, name = _texts(query.get("dataset", ""))
    return name if is_own(name) and name not in own else ""


def _texts(given: object) -> list[str]:
    """The values of one key, at least one; what is no text counts as an empty one."""
    values = given if isinstance(given, list) and given else [given]
    texts = [value.strip() if isinstance(value, str) else "" for value in values]
    # No reading of anything ends like that.
    return [text if len(text) <= READ else f"{text[:READ]}…" for text in texts]


def _plain(text: str) -> str:
    """The start of a text from a link without anything invisible."""
    kept = "".join(letter for letter in text[:READ] if letter.isprintable()).strip()
    return (kept if len(kept) <= REPEATED else f"{kept[: REPEATED - 1]}…") or "something unreadable"
