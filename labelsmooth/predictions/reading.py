"""Predictions from one file or two: which columns, which classes, which scale, and in words why.

Legend: N examples, K classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelsmooth.calibration import FloatArray
from labelsmooth.predictions.binary import of_one_column
from labelsmooth.predictions.columns import MAX_CLASSES, Column, Table, is_text
from labelsmooth.predictions.given import Predictions, prepared
from labelsmooth.predictions.labels import encode
from labelsmooth.predictions.layout import is_number
from labelsmooth.predictions.roles import Roles, find_roles
from labelsmooth.predictions.scales import SCALES, Place, Scale, about_rounding, check_scale, tell_scale
from labelsmooth.predictions.sources import NotUnderstoodError, Source, choices
from labelsmooth.predictions.words import listed, quoted, refusal, shown

__all__ = ["NotUnderstoodError", "Reading", "Wishes", "choices", "read_predictions"]

BLOCK = 1 << 12  # rows copied at a time


@dataclass(frozen=True)
class Wishes:
    """What a visitor chose where a file says too little, or says it wrongly; None where the file decides.

    `value_columns` are the columns of the classes in their order, or the name of one array.
    """

    scale: Scale | None = None
    label_column: str | None = None
    value_columns: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class Reading:
    """Predictions, and how the files were understood: sentences, and the names of the columns or arrays."""

    predictions: Predictions
    understood: tuple[str, ...]
    label_column: str
    value_columns: tuple[str, ...]


def read_predictions(files: Sequence[Table], wishes: Wishes = Wishes()) -> Reading:
    """Predictions of one file, or of one with the values and one with the labels.

    Raises:
        ValueError: one line that names the file, what is wrong with it and where; a `NotUnderstoodError` where
            choosing columns would help.
    """
    if len(files) not in {1, 2}:
        raise ValueError(f"predictions come in one file or two, got {len(files)}")
    if wishes.scale is not None and wishes.scale not in SCALES:
        raise ValueError(f"scale must be one of {', '.join(SCALES)}, got {quoted(wishes.scale)}")
    roles = find_roles(files, wishes.label_column, wishes.value_columns)
    label = roles.label
    _check_lengths(label, roles)
    if len(roles.values) == 1 and not roles.values[0].is_matrix:
        return _of_one(files, roles, wishes)
    values, place = _values(roles)
    classes = roles.classes or tuple(str(i) for i in range(values.shape[1]))
    _check_classes(place, classes)
    labels, said = encode(label.array, classes, roles.classes is not None, _place((label,)))
    scale, why = _scale(values, place, roles, wishes)
    predictions = prepared(values, labels, classes, scale, place)
    rounded = about_rounding(values, scale)
    understood = (
        *_about_files(files, roles, said),
        _about_classes(roles, classes),
        f"Scale: {scale}, because {why}{'' if scale == 'logits' else '; rows are divided by their sums'}.",
        *_remarks(predictions, roles),
        *([rounded] if rounded else []),
    )
    return Reading(predictions, understood, label.name, tuple(source.name for source in roles.values))


def _of_one(files: Sequence[Table], roles: Roles, wishes: Wishes) -> Reading:
    """Predictions of two classes from one column."""
    (source,) = roles.values
    if is_text(source.array):
        raise _text_among_numbers(source)
    predictions, why, said = of_one_column(source, roles.label, wishes.scale)
    understood = (
        *_about_files(files, roles, "two different values"),
        f"Classes: 2, named by the labels: {listed(predictions.classes)}.",
        f"Scale: {predictions.scale}, because {why}.",
        said,
        *_remarks(predictions, roles),
    )
    return Reading(predictions, understood, roles.label.name, (source.name,))


def _about_files(files: Sequence[Table], roles: Roles, said: str) -> tuple[str, ...]:
    """How the files were read, and which column has the labels."""
    label = f"Labels: {quoted(roles.label.name)}, {roles.label_why}; {said}."
    return (*(f"{shown(file.name)}: {file.said}." for file in files), label)


def _place(sources: Sequence[Source]) -> Place:
    """Where columns stand."""
    table = sources[0].table
    return Place(table.name, tuple(source.name for source in sources), table.first_row)


def _values(roles: Roles) -> tuple[FloatArray, Place]:
    """Values (N, K) in C order, and where they stand."""
    first = roles.values[0]
    for source in roles.values:
        if is_text(source.array):
            raise _text_among_numbers(source)
    if first.is_matrix:
        k = first.array.shape[1]
        place = Place(first.table.name, tuple(f"{first.name} {i}" for i in range(k)), first.table.first_row)
        return np.ascontiguousarray(first.array), place
    for source in roles.values:
        if source.table is not first.table:
            raise refusal(source.table.name, f"{quoted(source.name)} stands in another file than the other values")
    return _side_by_side([source.array for source in roles.values]), _place(roles.values)


def _side_by_side(columns: Sequence[Column]) -> FloatArray:
    """Columns (N,) as a matrix (N, K), block by block, which is three times as fast as column by column."""
    values = np.empty((len(columns[0]), len(columns)))
    for start in range(0, len(values), BLOCK):
        rows = slice(start, start + BLOCK)
        for i, column in enumerate(columns):
            values[rows, i] = column[rows]
    return values


def _text_among_numbers(source: Source) -> ValueError:
    """The refusal of a column of values that holds text, with the first cell of it."""
    cells = source.array.tolist() if not source.is_matrix else source.array[:, 0].tolist()
    row = next((i for i, cell in enumerate(cells) if not is_number(cell)), 0)
    place = Place(source.table.name, (source.name,), source.table.first_row)
    return place.refuse(row, "is empty" if not cells[row] else f"{quoted(cells[row])} is no number", 0)


def _check_lengths(label: Source, roles: Roles) -> None:
    """Refuse another number of labels than of rows of values."""
    count, rows = len(label.array), len(roles.values[0].array)
    if count == rows:
        return
    header = "; row 1 was taken for the header" if label.table.first_row == 2 else ""
    if header and count == rows - 1:
        header += ": if it is data, put a row with a name above it"
    what = f"there are {count:,} labels for {rows:,} rows of values{header}"
    raise refusal(label.table.name, what)


def _check_classes(place: Place, classes: Sequence[str]) -> None:
    """Refuse too many classes, no name, and names that only a prefix kept apart."""
    if len(classes) > MAX_CLASSES:
        raise refusal(place.name, f"has {len(classes):,} classes; at most {MAX_CLASSES:,} are read")
    if "" in classes:
        raise refusal(place.name, f"column {classes.index('') + 1} of the values has no name")
    if len(set(classes)) < len(classes):
        raise refusal(place.name, "two columns of values are named for the same class")


def _scale(values: FloatArray, place: Place, roles: Roles, wishes: Wishes) -> tuple[Scale, str]:
    """The scale, and why: as chosen, as named, or as the numbers tell."""
    if wishes.scale is not None:
        return wishes.scale, "you chose it"
    if roles.named_scale is None:
        return tell_scale(values, place)
    why = f"the {'array is' if roles.values[0].is_matrix else 'columns are'} named so"
    if roles.named_scale == "logits":
        try:
            check_scale(values, "probabilities", place)
        except ValueError:
            return "logits", why
        why += ", though the numbers would pass for probabilities: choose those if they are"
    return roles.named_scale, why


def _about_classes(roles: Roles, classes: tuple[str, ...]) -> str:
    """How many classes there are, and where their names are from."""
    if roles.classes is None:
        return f"Classes: {len(classes)}, numbered from 0 in the order of the columns."
    origin = "an array of class names" if roles.values[0].is_matrix else "the columns of values"
    return f"Classes: {len(classes)}, named by {origin}: {listed(classes)}."


def _remarks(predictions: Predictions, roles: Roles) -> list[str]:
    """What a visitor should know besides."""
    remarks = [f"Not used: {listed(roles.unused)}."] if roles.unused else []
    present = np.flatnonzero(np.bincount(predictions.labels, minlength=len(predictions.classes)))
    if len(present) == 1:
        remarks.append(f"All labels are of one class, {quoted(predictions.classes[present[0]])}.")
    elif (present[0], present[-1]) == (1, len(predictions.classes) - 1):
        given = roles.label.array
        if not is_text(given) and np.array_equal(given, predictions.labels):
            remarks.append("No label is 0: if they count the classes from 1, count them from 0.")
    return remarks
