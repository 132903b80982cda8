"""What a visitor has given of a model of their own, how it was understood, and what was refused.

All of it lies in Streamlit's session and counts in the budget of `uploads`; nothing is written anywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from labelsmooth.assessment.assess import assess, check_validation
from labelsmooth.assessment.judged import Assessment
from labelsmooth.calibration import Scheme
from labelsmooth.dashboard.uploads import FullError, uploads
from labelsmooth.dashboard.your_model_halves import OTHER, Half, half_of, refuse_two_complete
from labelsmooth.predictions.given import Predictions, same_classes
from labelsmooth.predictions.reading import NotUnderstoodError, Reading, Wishes, read_predictions
from labelsmooth.predictions.tables import Table, read_text
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

    held: Files = ()  # that came last, for menus to overrule how they are read
    wishes: Wishes = field(default_factory=Wishes)
    used: Files = ()  # that `reading` is of
    halves: dict[Half, Table] = field(default_factory=dict)  # scores and labels that still wait for each other
    reading: Reading | None = None
    problem: str = ""  # with what came last, in one line
    version: int = 0  # of the reading
    generation: int = 0  # of the widgets
    pastes: int = 0  # that were understood: the field for text is then a new one, and until then keeps its text
    arrivals: int = 0  # how often other files were understood
    partner: int | None = None  # of a validation set: the arrival of the model that it was first used for

    @property
    def name(self) -> str:
        """The names of the files that were understood."""
        return " and ".join(shown(table.name) for table in self.used)

    @property
    def files(self) -> Files:
        """All that are held, each once."""
        return tuple(dict.fromkeys((*self.used, *self.halves.values(), *self.held)))

    def waits_for(self, table: Table) -> Half | None:
        """What this file still needs, if it is one half of predictions."""
        return next((OTHER[half] for half, waiting in self.halves.items() if waiting is table), None)

    def take(self, read: Callable[[], Sequence[Table]]) -> None:
        """Read other files, by themselves or with the half that waits for them; or keep what there was, and say why."""
        self.generation += 1
        try:
            # One at a time on the whole server: reading takes more memory than what is kept.
            with uploads().reading:
                came = tuple(read())
                if not 1 <= len(came) <= FILES:
                    raise ValueError(f"predictions and their labels are 1 or {FILES} files, got {len(came)}")
                refuse_two_complete(came)
                self._arrive(came)
        except ValueError as refusal:
            self.problem = str(refusal)

    def paste(self, text: str) -> None:
        """Read text that was typed or pasted; of an empty one say so."""
        if not text.strip():
            self.problem = "there is no text to read: paste rows of numbers and labels first"
            return
        self.take(lambda: [read_text(text)])
        self.pastes += not self.problem

    def overrule(self, wishes: Wishes) -> None:
        """Read the same files otherwise."""
        with uploads().reading:
            try:
                self._understand(self.held, wishes)
            except ValueError as refusal:
                self.problem = str(refusal)
                self._hold(self.held, wishes)

    def clear(self) -> None:
        """Hold nothing any more."""
        self.held = self.used = ()
        self.halves, self.partner = {}, None
        self.reading, self.wishes, self.problem = None, Wishes(), ""
        self.version += 1
        self.generation += 1
        uploads().release(self)

    def _arrive(self, came: Files) -> None:
        """Understand these files; of one half, with the other if it waits."""
        try:
            self._understand(came, Wishes())
        except NotUnderstoodError as refusal:
            half = half_of(came[0]) if len(came) == 1 else None
            if half is None:
                self._hold(came, Wishes())
                raise
            self._pair(came[0], half, refusal)
        except ValueError:
            self._hold(came, Wishes())
            raise

    def _pair(self, came: Table, half: Half, alone: ValueError) -> None:
        """Understand a half with the other one; where that is not there or does not fit, let both wait."""
        other = self.halves.get(OTHER[half])
        pair = (came,) if other is None else (other, came)
        try:
            if other is None:
                raise alone
            self._understand(pair, Wishes())
        except ValueError:
            self._hold(pair, Wishes(), self.halves | {half: came})
            raise

    def _understand(self, files: Files, wishes: Wishes) -> None:
        """Read these files, and use them; ValueError where they make no sense, or there is no room."""
        reading = read_predictions(files, wishes)
        uploads().claim(self, _nbytes(files, reading))
        if files != self.used:
            self.arrivals += 1
            self.partner = None
        self.held = self.used = files
        self.halves = {}
        self.reading, self.wishes, self.problem = reading, wishes, ""
        self.version += 1

    def _hold(self, files: Files, wishes: Wishes, halves: Mapping[Half, Table] | None = None) -> None:
        """Hold files that were refused, and the halves that wait, if there is room."""
        waiting = dict(self.halves if halves is None else halves)
        with suppress(FullError):
            uploads().claim(self, _nbytes({*files, *waiting.values(), *self.used}, self.reading))
            self.held, self.wishes, self.halves = files, wishes, waiting


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
    validation: str  # the name of the set that the temperature was fitted on; "" where it is cross-fitted
    moved: str  # what was done to that set so that it fits, if anything
    problem: str


@dataclass(eq=False)
class Bench:
    """All that one visitor has given, and the last of each thing that was made of it."""

    model: Slot = field(default_factory=Slot)
    validation: Slot = field(default_factory=Slot)
    other: Slot = field(default_factory=Slot)
    other_validation: Slot = field(default_factory=Slot)
    made: dict[str, tuple[object, Any]] = field(default_factory=dict)

    @property
    def pairs(self) -> dict[str, tuple[Slot, Slot]]:
        """Each model with its validation set."""
        return {"model": (self.model, self.validation), "other": (self.other, self.other_validation)}

    def is_left_over(self, name: str) -> bool:
        """Whether the validation set of this model was first used for other files."""
        slot, validation = self.pairs[name]
        return validation.partner not in (None, slot.arrivals)

    def once(self, name: str, key: object, make: Callable[[], Made]) -> Made:
        """What was made under this name for this key: the last one only, for it may be large."""
        if self.made.get(name, (None,))[0] != key:
            self.made.pop(name, None)
            self.made[name] = key, make()
        return self.made[name][1]

    def judged(self, bins: int, scheme: Scheme) -> list[Judged]:
        """The first model and, beside it, the second, as far as they have been given."""
        found = list[Judged]()
        for name, (slot, validation) in self.pairs.items():
            if slot.reading is None:
                self._forget(name)
                continue
            key = (slot.version, validation.version, bins, scheme)
            called = f"{slot.name} (2)" if found and slot.name == self.model.name else slot.name
            found.append(self.once(name, key, partial(_judge, name, key, called, slot, validation)))
            if found[-1].validation and validation.partner is None:
                validation.partner = slot.arrivals
        return found

    def _forget(self, name: str) -> None:
        """Keep nothing that was made of this model."""
        for made in (name, f"film {name}", "pair"):
            self.made.pop(made, None)


def _judge(name: str, key: Key, called: str, slot: Slot, validation: Slot) -> Judged:
    """One model judged, with its validation set if it fits."""
    assert slot.reading is not None
    predictions, held_out, moved, problem = slot.reading.predictions, None, "", ""
    if validation.reading is not None:
        try:
            same, said = same_classes(predictions, validation.reading.predictions, ("test", "validation"))
            check_validation(predictions, same)
            held_out, moved = same, f"{validation.name}: {said}." if said else ""
        except ValueError as refusal:
            problem = f"{validation.name}: {refusal}. It is not used."
    *_, bins, scheme = key
    assessment = assess(predictions, held_out, bins=bins, scheme=scheme, name=called)
    used = "" if held_out is None else validation.name
    understood = (*slot.reading.understood, *([moved] if moved else []))
    return Judged(name, key, understood, predictions, assessment, used, moved, problem)


def bench() -> Bench:
    """The bench of this session."""
    if _BENCH not in st.session_state:
        st.session_state[_BENCH] = Bench()
    return st.session_state[_BENCH]
