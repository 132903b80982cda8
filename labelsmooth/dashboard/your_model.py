"""What a visitor has given of a model of their own, how it was understood, and what was refused.

All of it lies in Streamlit's session and counts in the budget of `uploads`; nothing is written anywhere.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from labelsmooth.assessment.assess import assess, check_same_classes
from labelsmooth.assessment.judged import Assessment
from labelsmooth.calibration import Scheme
from labelsmooth.dashboard.uploads import FullError, uploads
from labelsmooth.predictions.given import Predictions
from labelsmooth.predictions.reading import Reading, Wishes, read_predictions
from labelsmooth.predictions.tables import Table
from labelsmooth.predictions.words import shown

_BENCH = "own model"
FILES = 2  # of one set at most: predictions, and their labels
KEPT = 13 * 8  # bytes a row that an assessment keeps: curves of risk, and a temperature

Files = tuple[Table, ...]
Key = tuple[int, int, int, Scheme]  # versions of the predictions and of the validation set, bins, their kind
Made = TypeVar("Made")


@dataclass(eq=False)
class Slot:
    """One set of predictions: the files that came last, and the last reading that was good, whatever came after it."""

    held: Files = ()
    wishes: Wishes = field(default_factory=Wishes)
    used: Files = ()  # that `reading` is of
    reading: Reading | None = None
    problem: str = ""  # with what came last, in one line
    version: int = 0  # of the reading
    generation: int = 0  # of the widgets

    @property
    def name(self) -> str:
        """The names of the files that were understood."""
        return " and ".join(shown(table.name) for table in self.used)

    @property
    def waits(self) -> bool:
        """Whether a file is held that was not understood by itself."""
        return self.held != self.used

    def take(self, read: Callable[[], Sequence[Table]]) -> None:
        """Read other files, by themselves or with one that waits; or keep what there was, and the problem."""
        self.generation += 1
        try:
            # One at a time on the whole server: reading takes more memory than what is kept.
            with uploads().reading:
                came = tuple(read())
                if not 1 <= len(came) <= FILES:
                    raise ValueError(f"predictions and their labels are 1 or {FILES} files, got {len(came)}")
                waiting = self.held if self.waits else ()
                # Last, and so the one that is told, comes the file that has waited longest: labels come second.
                pairs = [(one, *came) for one in reversed(waiting) if len(came) == 1]
                self._understand([came, *pairs], Wishes(), (*waiting, *came)[-FILES:])
        except ValueError as refusal:
            self.problem = str(refusal)

    def overrule(self, wishes: Wishes) -> None:
        """Read the same files otherwise."""
        with uploads().reading:
            self._understand([self.held], wishes, self.held)

    def clear(self) -> None:
        """Hold nothing any more."""
        self.held = self.used = ()
        self.reading, self.wishes, self.problem = None, Wishes(), ""
        self.version += 1
        self.generation += 1
        uploads().release(self)

    def _understand(self, tries: Sequence[Files], wishes: Wishes, rest: Files) -> None:
        """Take the first of these sets of files that makes sense; if none does, let the rest wait."""
        problems = list[str]()
        for files in tries:
            try:
                reading = read_predictions(files, wishes)
                uploads().claim(self, _nbytes(files, reading))
            except ValueError as refusal:
                problems.append(str(refusal))
            else:
                self.held = self.used = files
                self.reading, self.wishes, self.problem = reading, wishes, ""
                self.version += 1
                return
        # What was said of one that waited is no news.
        self.problem = next((problem for problem in reversed(problems) if problem != self.problem), problems[0])
        with suppress(FullError):
            uploads().claim(self, _nbytes({*rest, *self.used}, self.reading))
            self.held, self.wishes = rest, wishes


def _nbytes(files: Files | set[Table], reading: Reading | None) -> int:
    """Bytes that are kept of files, their reading and its assessment."""
    tables = sum(table.nbytes for table in files)
    if reading is None:
        return tables
    return tables + reading.predictions.nbytes + KEPT * len(reading.predictions.labels)


@dataclass(frozen=True, eq=False)
class Judged:
    """One model: what was given of it, what came out, and what is wrong with its validation set."""

    name: str  # of the slot
    key: Key
    understood: Sequence[str]
    predictions: Predictions
    assessment: Assessment
    problem: str


@dataclass(eq=False)
class Bench:
    """All that one visitor has given, and the last of each thing that was made of it."""

    model: Slot = field(default_factory=Slot)
    validation: Slot = field(default_factory=Slot)
    other: Slot = field(default_factory=Slot)
    other_validation: Slot = field(default_factory=Slot)
    made: dict[str, tuple[object, Any]] = field(default_factory=dict)

    def once(self, name: str, key: object, make: Callable[[], Made]) -> Made:
        """What was made under this name for this key: the last one only, for it may be large."""
        if self.made.get(name, (None,))[0] != key:
            self.made.pop(name, None)
            self.made[name] = key, make()
        return self.made[name][1]

    def judged(self, bins: int, scheme: Scheme) -> list[Judged]:
        """The first model and, beside it, the second, as far as they have been given."""
        found = list[Judged]()
        for name, slot, validation in (
            ("model", self.model, self.validation),
            ("other", self.other, self.other_validation),
        ):
            if slot.reading is None:
                self._forget(name)
                continue
            key = (slot.version, validation.version, bins, scheme)
            called = f"{slot.name} (2)" if found and slot.name == self.model.name else slot.name
            found.append(self.once(name, key, partial(_judge, name, key, called, slot, validation)))
        return found

    def _forget(self, name: str) -> None:
        """Keep nothing that was made of this model."""
        for made in (name, f"film {name}", "pair"):
            self.made.pop(made, None)


def _judge(name: str, key: Key, called: str, slot: Slot, validation: Slot) -> Judged:
    """One model judged, with its validation set if it fits."""
    assert slot.reading is not None
    predictions, held_out, problem = slot.reading.predictions, None, ""
    if validation.reading is not None:
        try:
            check_same_classes("the validation set", validation.reading.predictions, predictions)
            held_out = validation.reading.predictions
        except ValueError as refusal:
            problem = f"{validation.name}: {refusal}. It is not used."
    *_, bins, scheme = key
    assessment = assess(predictions, held_out, bins=bins, scheme=scheme, name=called)
    return Judged(name, key, slot.reading.understood, predictions, assessment, problem)


def bench() -> Bench:
    """The bench of this session."""
    if _BENCH not in st.session_state:
        st.session_state[_BENCH] = Bench()
    return st.session_state[_BENCH]
