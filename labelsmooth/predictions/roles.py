"""Which columns or arrays of the files are the labels, which the values of the classes, and which are neither.

Legend: N examples, K classes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelsmooth.predictions.columns import Table, check_names, is_text
from labelsmooth.predictions.scales import Scale
from labelsmooth.predictions.words import listed, quoted, refusal

LABELS = ("label", "labels", "y", "y_true", "true", "truth", "target", "targets", "class")
CLASSES = ("classes", "class_names", "target_names", "names")
ROW_NUMBERS = ("", "unnamed: 0", "index", "id", "row", "__index_level_0__")
# What stands before the name of a class, or is the name of an array: None where it does not tell the scale.
SAYS: dict[str, Scale | None] = {
    **dict.fromkeys(("logit", "logits"), "logits"),
    **dict.fromkeys(
        ("log_prob", "log_probs", "log_proba", "log_probability", "log_probabilities", "log_p"), "log-probabilities"
    ),
    **dict.fromkeys(
        ("logprob", "logprobs", "logproba", "logprobabilities", "logp", "log_softmax"), "log-probabilities"
    ),
    **dict.fromkeys(("prob", "probs", "proba", "probability", "probabilities", "p", "softmax"), "probabilities"),
    **dict.fromkeys(("score", "scores", "y_score", "y_pred", "pred", "preds", "prediction", "predictions", "output")),
    **dict.fromkeys(("outputs", "values")),
}
PREFIX = re.compile(rf"({'|'.join(sorted(SAYS, key=len, reverse=True))})[_ .:-]+(.+)", re.IGNORECASE)
UNNAMED = re.compile(r"column \d+")


class NotUnderstoodError(ValueError):
    """Files whose columns say too little; `columns` are those that a visitor can choose from."""

    def __init__(self, message: str, columns: tuple[str, ...]) -> None:
        super().__init__(message)
        self.columns = columns


@dataclass(frozen=True, eq=False)
class Source:
    """A column (N,) or an array (N, K) of a file."""

    table: Table
    name: str
    array: NDArray[Any]

    @property
    def is_matrix(self) -> bool:
        """Whether it holds a number for every class."""
        return self.array.ndim == 2


@dataclass(frozen=True, eq=False)
class Roles:
    """The labels; the values, one matrix or a column a class; class names, if there are; and what was said.

    `named_scale` is the scale that the names tell, if they do.
    """

    label: Source
    label_why: str
    values: tuple[Source, ...]
    classes: tuple[str, ...] | None
    named_scale: Scale | None
    unused: tuple[str, ...]


def choices(files: Sequence[Table]) -> tuple[str, ...]:
    """Names that a visitor can choose from."""
    return tuple(dict.fromkeys(name for file in files for name in file.names))


def find_roles(files: Sequence[Table], label: str | None, values: Sequence[str] | None) -> Roles:
    """The role of every column; `label` and `values` are what the visitor chose."""
    sources = [source for file in files for source in _sources(file, several=len(files) > 1)]
    classes = [s for s in sources if s.name.lower() in CLASSES and len(s.table.arrays) > 1 and not s.is_matrix]
    sources = [source for source in sources if source not in classes]
    target, why = _find_label(files, sources, label)
    rest = [source for source in sources if source is not target]
    chosen = _chosen(files, rest, values) if values is not None else _find_values(files, rest)
    names = [_prefix(source.name) for source in chosen]
    says = {prefix for prefix, _ in names}
    prefix = says.pop() if len(says) == 1 else None
    # Labels that repeat the whole names of the columns leave nothing to strip.
    whole = is_text(target.array) and str(target.array[0]) in {source.name for source in chosen}
    named: tuple[str, ...] | None = None
    if chosen[0].is_matrix:
        named = _class_names(classes[0], chosen[0]) if classes else None
        named_scale = SAYS.get(chosen[0].name.lower())
    else:
        if not all(UNNAMED.fullmatch(source.name) for source in chosen):
            named = tuple(name if prefix and not whole else s.name for (_, name), s in zip(names, chosen, strict=True))
        named_scale = SAYS[prefix] if prefix else None
    used = {id(source) for source in (target, *chosen, *classes)}
    unused = tuple(source.name for source in sources if id(source) not in used)
    return Roles(target, why, tuple(chosen), named, named_scale, unused + _row_numbers(files))


def _sources(table: Table, several: bool) -> list[Source]:
    """Columns and arrays of a file but its row numbers."""
    lone = len(table.arrays) == 1 and several
    parts = table.arrays if lone or not table.columns else table.columns
    return [Source(table, name, array) for name, array in parts.items() if not _is_row_number(name, array)]


def _row_numbers(files: Sequence[Table]) -> tuple[str, ...]:
    """Names of the columns that only number the rows."""
    return tuple(name for file in files for name, array in file.columns.items() if _is_row_number(name, array))


def _is_row_number(name: str, array: NDArray[Any]) -> bool:
    """Whether a column has the name of a row number and never the same whole number twice, or holds nothing at all."""
    if name.lower() not in ROW_NUMBERS or array.ndim > 1 or is_text(array):
        return False
    if name == "" and np.isnan(array).all():
        return True
    return _is_whole(array) and len(np.unique(array)) == len(array)


def _find_label(files: Sequence[Table], sources: Sequence[Source], wish: str | None) -> tuple[Source, str]:
    """The labels, and why they are."""
    columns = [source for source in sources if not source.is_matrix]
    if wish is not None:
        found = [source for source in columns if source.name == wish]
        if not found:
            raise _ask(files, f"no column or one-dimensional array is named {quoted(wish)}", columns)
        return found[-1], "as chosen"
    alone = [s for s in columns if len(files) == 2 and sum(t.table is s.table for t in sources) == 1]
    if len(alone) == 1:
        return alone[0], f"all that {quoted(alone[0].table.name)} holds"
    named = [source for source in columns if source.name.lower() in LABELS]
    if len(named) == 1:
        return named[0], "by its name"
    if not named:
        text = [source for source in columns if is_text(source.array)]
        if len(text) == 1:
            return text[0], "the only one that holds text"
        whole = [source for source in columns if not is_text(source.array) and _is_whole(source.array)]
        if len(whole) == 1 and not text:
            return whole[0], "the only one that holds whole numbers"
    raise _ask(files, "choose the column of the labels", named or columns)


def _is_whole(array: NDArray[Any]) -> bool:
    return bool((np.isfinite(array) & (array == np.rint(array))).all())


def _chosen(files: Sequence[Table], rest: Sequence[Source], wish: Sequence[str]) -> list[Source]:
    """The values that a visitor chose, in that order."""
    found = []
    for name in wish:
        match = next((source for source in rest if source.name == name), None)
        if match is None:
            raise _ask(files, f"there are no values named {quoted(name)} beside the labels", rest)
        found.append(match)
    if not found or (len(found) > 1 and any(source.is_matrix for source in found)):
        raise _ask(files, "choose either one array of values or the columns of all classes", rest)
    return found


def _find_values(files: Sequence[Table], rest: Sequence[Source]) -> list[Source]:
    """The values: the one matrix, else the columns of one prefix, else all columns."""
    matrices = [source for source in rest if source.is_matrix]
    if matrices:
        known = sorted((m for m in matrices if m.name.lower() in SAYS), key=lambda m: list(SAYS).index(m.name.lower()))
        if len(matrices) > 1 and not known:
            raise _ask(files, "choose the array of the values", matrices)
        return [(known or matrices)[0]]
    prefixes = {_prefix(source.name)[0] for source in rest} - {None}
    for prefix in (name for name in SAYS if name in prefixes):
        of_prefix = [source for source in rest if _prefix(source.name)[0] == prefix]
        if len(of_prefix) > 1:
            return of_prefix
    if not rest:
        raise _ask(files, "there is no column beside the labels", rest)
    return list(rest)


def _prefix(name: str) -> tuple[str | None, str]:
    """The known prefix of a column's name, and what it is the name of."""
    match = PREFIX.fullmatch(name)
    return (match[1].lower(), match[2]) if match else (None, name)


def _class_names(source: Source, values: Source) -> tuple[str, ...]:
    """Class names from an array of its own."""
    names = tuple(name if isinstance(name, str) else f"{name:g}" for name in source.array.tolist())
    check_names(source.table.name, names)
    k = values.array.shape[1]
    if len(names) != k:
        what = f"array {quoted(source.name)} must hold {k} names, and holds {len(names)}"
        raise refusal(source.table.name, what)
    return names


def _ask(files: Sequence[Table], what: str, candidates: Sequence[Source]) -> NotUnderstoodError:
    """The error that asks for a choice, with candidates."""
    names = list(dict.fromkeys(source.name for source in candidates))
    told = f"; there are {listed(names)}" if names else ""
    return NotUnderstoodError(str(refusal(files[0].name, f"{what}{told}")), choices(files))
