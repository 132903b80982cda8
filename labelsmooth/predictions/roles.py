"""Which columns or arrays of the files are the labels, which the values of the classes, and which are neither.

Legend: N examples, K classes.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from labelsmooth.predictions.class_columns import UNNAMED, find_values
from labelsmooth.predictions.columns import Table, check_names, is_text, is_whole, numbers_rows
from labelsmooth.predictions.scales import Scale
from labelsmooth.predictions.sources import SAYS, Source, ask, prefix_of
from labelsmooth.predictions.words import quoted, refusal

LABELS = ("label", "labels", "y", "y_true", "true", "truth", "target", "targets", "class")
CLASSES = ("classes", "class_names", "target_names", "names")


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


def find_roles(files: Sequence[Table], label: str | None, values: Sequence[str] | None) -> Roles:
    """The role of every column; `label` and `values` are what the visitor chose."""
    wanted = {name for name in (label, *(values or ())) if name is not None}
    sources = [source for file in files for source in _sources(file, len(files) > 1, wanted)]
    classes = [s for s in sources if s.name.lower() in CLASSES and len(s.table.arrays) > 1 and not s.is_matrix]
    sources = [source for source in sources if source not in classes]
    target, why = _find_label(files, sources, label)
    _check_readable(target)
    rest = [source for source in sources if source is not target]
    chosen = _chosen(files, rest, values) if values is not None else find_values(files, rest, target)
    _check_readable(*chosen)
    names = [prefix_of(source.name) for source in chosen]
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
    unused = [source.name for source in sources if id(source) not in used]
    known = {(id(source.table), source.name) for source in sources}
    unused += [
        name for file in files for name in file.columns if (id(file), name) not in known and numbers_rows(file, name)
    ]
    return Roles(target, why, tuple(chosen), named, named_scale, tuple(unused))


def _sources(table: Table, several: bool, wanted: Collection[str]) -> list[Source]:
    """Columns and arrays of a file but its row numbers, unless they are wanted; last those that cannot be read."""
    lone = len(table.arrays) == 1 and several
    parts = table.arrays if lone or not table.columns else table.columns
    found = [Source(table, name, array) for name, array in parts.items()]
    kept = [source for source in found if source.name in wanted or not _is_row_number(source)]
    nothing = np.empty(0, object)
    return kept + [Source(table, name, nothing, refused) for name, refused in table.unusable.items()]


def _is_row_number(source: Source) -> bool:
    """Whether this is a column, of other than labels, that numbers the rows."""
    table, name = source.table, source.name
    return name in table.columns and name.lower() not in LABELS and numbers_rows(table, name)


def _check_readable(*sources: Source) -> None:
    for source in sources:
        if source.refused:
            raise ValueError(source.refused)


def _find_label(files: Sequence[Table], sources: Sequence[Source], wish: str | None) -> tuple[Source, str]:
    """The labels, and why they are."""
    columns = [source for source in sources if not source.is_matrix]
    if wish is not None:
        found = [source for source in columns if source.name == wish]
        if not found:
            _check_one_hot(source for source in sources if source.name == wish)
            raise ask(files, f"no column or one-dimensional array is named {quoted(wish)}", columns)
        return found[-1], "as chosen"
    usable = [source for source in columns if not source.refused]
    alone = [s for s in usable if len(files) == 2 and sum(t.table is s.table and not t.refused for t in sources) == 1]
    if len(alone) == 1:
        return alone[0], f"all that {quoted(alone[0].table.name)} holds"
    named = [source for source in columns if source.name.lower() in LABELS]
    if len(named) == 1:
        return named[0], "by its name"
    if not named:
        _check_one_hot(source for source in sources if source.name.lower() in LABELS)
        text = [source for source in usable if is_text(source.array)]
        if len(text) == 1:
            return text[0], "the only one that holds text"
        whole = [source for source in usable if not is_text(source.array) and is_whole(source.array)]
        if len(whole) == 1 and not text:
            return whole[0], "the only one that holds whole numbers"
    raise ask(files, "choose the column of the labels", named or columns)


def _check_one_hot(named: Iterable[Source]) -> None:
    """Refuse labels that are a matrix."""
    for source in named:
        if source.is_matrix:
            what = f"the labels {quoted(source.name)} are a matrix {source.array.shape}: give class numbers (argmax of "
            raise refusal(source.table.name, what + "the one-hot rows)")


def _chosen(files: Sequence[Table], rest: Sequence[Source], wish: Sequence[str]) -> list[Source]:
    """The values that a visitor chose, in that order."""
    found = []
    for name in wish:
        match = next((source for source in rest if source.name == name), None)
        if match is None:
            raise ask(files, f"there are no values named {quoted(name)} beside the labels", rest)
        found.append(match)
    if not found or (len(found) > 1 and any(source.is_matrix for source in found)):
        raise ask(files, "choose either one array of values or the columns of all classes", rest)
    return found


def _class_names(source: Source, values: Source) -> tuple[str, ...]:
    """Class names from an array of its own."""
    names = tuple(name if isinstance(name, str) else f"{name:g}" for name in source.array.tolist())
    check_names(source.table.name, names)
    k = values.array.shape[1]
    if len(names) != k:
        what = f"array {quoted(source.name)} must hold {k} names, and holds {len(names)}"
        raise refusal(source.table.name, what)
    return names
