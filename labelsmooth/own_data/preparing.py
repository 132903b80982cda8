"""From the columns of a table to features and labels that networks can learn from, or one line on why not.

Legend: N examples, D features, K classes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal

import numpy as np
from sklearn.preprocessing import OneHotEncoder

from labelsmooth.own_data.held import OwnData
from labelsmooth.predictions.columns import Column, Table, is_text, numbers_rows
from labelsmooth.predictions.layout import is_number
from labelsmooth.predictions.words import listed, quoted, refusal, shown

Missing = Literal["refuse", "impute"]
MAX_ROWS = 20_000
MAX_COLUMNS = 200  # of the file
MAX_CATEGORIES = 100  # of one column
MAX_FEATURES = 400  # once all is encoded
MAX_CLASSES = 50
# Sixty percent of five are three: the other two can still be split. Ten a class on average leave room for the quarter
# of the rest that is for validation.
MIN_OF_CLASS, MIN_A_CLASS = 5, 10
LARGEST = 1e100  # whose square is still a number
MISSING = frozenset(("", "?", "NA", "N/A", "#N/A", "n/a", "nan", "NaN", "NAN", "null", "NULL"))  # in text
TRUTHS = {"true": 1.0, "false": 0.0}
NO_MARKUP = str.maketrans("<>%$", "‹›％＄")


@dataclass(frozen=True, eq=False)
class _Encoded:
    """What one column becomes: features (N, d), their names, how many values are missing, and remarks or ""."""

    features: np.ndarray
    names: tuple[str, ...]
    missing: int
    remark: str = ""
    said: str = ""


def prepare(table: Table, label: str, missing: Missing = "refuse", columns: Sequence[str] | None = None) -> OwnData:
    """The data set of a table: `label` names the column of classes, `columns` those to learn from, else all others.

    Numbers are taken as they are, truth values are 0 and 1, text is one-hot encoded; columns that number the rows are
    left out. A missing value is refused, or kept as nan for `make_split`, which puts the mean of the training part
    there: of text the share of each category.
    ValueError in one line says which column, and which row of the file, cannot be used.
    """
    chosen = [name for name in table.columns if name != label] if columns is None else list(dict.fromkeys(columns))
    check_size(table)
    _check_names(table, label, chosen)
    y, classes = _labels(table, label)
    encoded, understood = list[_Encoded](), list[str]()
    for name in chosen:
        if numbers_rows(table, name):
            understood.append(f"Column {quoted(name)} numbers the rows and is left out.")
            continue
        found = _encode(table, name, missing)
        if found is None:
            understood.append(f"Column {quoted(name)} has no two different values and is left out.")
            continue
        encoded.append(found)
        width = sum(len(each.names) for each in encoded)
        if width > MAX_FEATURES:
            raise refusal(
                table.name,
                f"column {quoted(name)}: with its {len(found.names)} categories there are {width} features, of "
                f"which {MAX_FEATURES} are allowed; leave it or others out",
            )
    understood += [
        f"Column {quoted(name)} cannot be read as numbers or text and is left out." for name in table.unusable
    ]
    if not encoded:
        raise refusal(table.name, "there is no column to learn from: a column needs two different values")
    return OwnData(
        title=shown_name(table.name),
        x=np.ascontiguousarray(np.column_stack([each.features for each in encoded]), np.float64),
        y=y,
        classes=classes,
        features=tuple(name for each in encoded for name in each.names),
        understood=(*_summary(encoded), *understood),
    )


def shown_name(text: str) -> str:
    """A name of a file, column or class for menus and figures: one short line that no browser takes for markup."""
    return shown(text).strip().translate(NO_MARKUP) or "(no name)"


def check_size(table: Table) -> None:
    """Refuse a table of more rows or columns than can be used."""
    if not 1 <= table.rows <= MAX_ROWS:
        raise refusal(table.name, f"has {table.rows:,} rows; 1 to {MAX_ROWS:,} can be used")
    if not 2 <= len(table.columns) <= MAX_COLUMNS:
        raise refusal(table.name, f"has {len(table.columns):,} columns; 2 to {MAX_COLUMNS} can be used")


def _check_names(table: Table, label: str, chosen: Sequence[str]) -> None:
    for name in (label, *chosen):
        if name in table.unusable:
            raise ValueError(table.unusable[name])
        if name not in table.columns:
            raise refusal(table.name, f"there is no column {quoted(name)}; there are {listed(table.names)}")
    if label in chosen:
        raise refusal(table.name, f"column {quoted(label)} has the labels and cannot be learned from")


def _labels(table: Table, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Labels (N,) from 0 and the names of their classes, in the order of numbers or of the alphabet."""
    column, values = f"label column {quoted(name)}", table.columns[name]
    lost = np.array([not cell.strip() for cell in values]) if is_text(values) else np.isnan(values)
    if lost.any():
        raise refusal(table.name, f"{column}, row {_row(table, lost)}: a label is missing")
    found, y, counts = np.unique(values, return_inverse=True, return_counts=True)
    if len(found) < 2:
        raise refusal(table.name, f"{column} has one class only")
    if len(found) > MAX_CLASSES:
        raise refusal(
            table.name, f"{column} has {len(found):,} different values; at most {MAX_CLASSES} classes are allowed"
        )
    names = distinct([_class_name(value) for value in found])
    rarest = int(counts.argmin())
    if counts[rarest] < MIN_OF_CLASS:
        raise refusal(
            table.name,
            f"{column}: class {names[rarest]} has {counts[rarest]} of the {MIN_OF_CLASS} rows that it needs to be in "
            "the training, the validation and the test part",
        )
    if len(y) < MIN_A_CLASS * len(found):
        raise refusal(
            table.name,
            f"{len(found)} classes need at least {MIN_A_CLASS * len(found)} rows, {MIN_A_CLASS} a class; got {len(y)}",
        )
    return y.reshape(-1).astype(np.int64), names


def _class_name(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else shown_name(str(value))


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names, with a number behind each that has become another's."""
    found: dict[str, None] = {}
    for name in names:
        copies = (f"{name} ({number})" for number in count(2))
        found[name if name not in found else next(copy for copy in copies if copy not in found)] = None
    return tuple(found)


def _encode(table: Table, name: str, missing: Missing) -> _Encoded | None:
    """The features of a column; None where it has no two different values."""
    values, remark = _plain(table.columns[name], name)
    lost = _where_missing(values)
    known = values[~lost]
    if len(known) == 0 or (known == known[0]).all():
        return None
    if lost.any() and missing == "refuse":
        raise refusal(
            table.name,
            f"column {quoted(name)}, row {_row(table, lost)}: {_gap(table.columns[name][lost.argmax()])}; choose to "
            "impute what is missing, or leave the column out",
        )
    return replace((_categories if is_text(values) else _numbers)(table, name, values, lost), said=remark)


def _plain(values: Column, name: str) -> tuple[Column, str]:
    """A column with its truth values and its numbers, if all that is not missing are that, as numbers."""
    if not is_text(values):
        return values, ""
    words = {word: word.strip() for word in dict.fromkeys(values.tolist())}
    gaps = sorted({word for word in words.values() if word in MISSING and word})
    remark = f"Counted as missing in column {quoted(name)}: {listed(gaps)}." if gaps else ""
    known = {word for word in words.values() if word not in MISSING}
    if known and all(word.lower() in TRUTHS for word in known):
        numbers = {word: TRUTHS[word.lower()] for word in known}
    elif known and all(map(is_number, known)):
        numbers = {word: float(word) for word in known}
    else:
        return np.array(["" if words[word] in MISSING else word for word in values.tolist()], object), remark
    return np.array([numbers.get(words[word], np.nan) for word in values.tolist()]), remark


def _numbers(table: Table, name: str, values: Column, lost: np.ndarray) -> _Encoded:
    far = np.abs(values) > LARGEST
    if far.any():
        raise refusal(
            table.name, f"column {quoted(name)}, row {_row(table, far)}: {values[far][0]:g} is infinite or too large"
        )
    counts_up = not lost.any() and (np.diff(np.sort(values)) == 1).all()
    warning = f"Column {quoted(name)} numbers the rows: leave it out unless it means something." if counts_up else ""
    return _Encoded(values[:, None], (shown_name(name),), int(lost.sum()), warning)


def _categories(table: Table, name: str, values: Column, lost: np.ndarray) -> _Encoded:
    """A feature a category, 1 where it is that one; all of them nan where the value is missing."""
    texts = len(set(values[~lost]))
    if texts > MAX_CATEGORIES:
        raise refusal(
            table.name,
            f"column {quoted(name)} has {texts:,} different texts; at most {MAX_CATEGORIES} categories can be encoded: "
            "leave the column out",
        )
    encoder = OneHotEncoder(sparse_output=False).fit(values[~lost, None])
    features = np.full((len(values), texts), np.nan)
    features[~lost] = encoder.transform(values[~lost, None])
    names = tuple(f"{shown_name(name)} = {shown_name(category)}" for category in encoder.categories_[0])
    return _Encoded(features, names, int(lost.sum()))


def _where_missing(values: Column) -> np.ndarray:
    """Where (N,) there is no value: nan, or an empty text."""
    return np.asarray(values == "") if is_text(values) else np.isnan(values)


def _gap(cell: object) -> str:
    """What a cell without a value says."""
    return f"{quoted(cell)} counts as missing" if isinstance(cell, str) and cell.strip() else "a value is missing"


def _row(table: Table, where: np.ndarray) -> int:
    """The first of these rows, as the file counts them."""
    return int(where.argmax()) + table.first_row


def _summary(encoded: Sequence[_Encoded]) -> Iterator[str]:
    """What became of the columns that are used."""
    texts = [each for each in encoded if len(each.names) > 1]
    yield f"Columns of numbers, used as they are: {len(encoded) - len(texts)}."
    if texts:
        width = sum(len(each.names) for each in texts)
        yield f"Columns of text: {len(texts)}, with {width} categories, each of which becomes a column of 0 and 1."
    lost = sum(each.missing for each in encoded)
    if lost:
        yield (
            f"Missing values: {lost}. A number becomes the mean of the training part, a text the share of each of its "
            "categories there."
        )
    yield from (remark for each in encoded for remark in (each.said, each.remark) if remark)
