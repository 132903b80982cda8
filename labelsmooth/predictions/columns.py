"""What was read from one file: named columns, or named arrays, of numbers and text, and nothing else.

Legend: N rows, C columns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelsmooth.calibration import FloatArray
from labelsmooth.predictions.words import quoted, refusal, shown

MAX_BYTES = 100 * 2**20  # of a file as it comes
MAX_UNFOLDED = 400 * 2**20  # of a file unfolded, and of its numbers in float64: what the densest plain CSV comes to
MAX_ROWS = 2_000_000
MAX_CLASSES = 2000
MAX_COLUMNS = MAX_CLASSES + 50  # labels, row numbers and whatever else stands beside the classes
MAX_TEXT = 4_000_000  # cells kept as text
MAX_NAME = 200  # characters
ROW_NUMBERS = ("", "unnamed: 0", "unnamed: 0.1", "index", "id", "row", "__index_level_0__")
ROWS_SHOWN, COLUMNS_SHOWN = 5, 12  # of a preview
EXACT = 2.0**53  # up to here float64 holds every whole number

Column = NDArray[Any]  # (N,), float64, nan where a cell is empty; or object, every cell a str, "" where it is empty


@dataclass(frozen=True, eq=False)
class Table:
    """Columns (N,) by name, in their order; of NumPy files also the arrays (N,) or (N, C) themselves.

    A file of several arrays has no columns. `first_row` is the number of the first row of data in the file, which
    counts its rows from 1; `said` tells how the file was read. `index` names the columns of which the file says that
    they number the rows, `unusable` those that are no numbers or text that can be read, each with its refusal.
    """

    name: str
    columns: Mapping[str, Column]
    rows: int
    said: str
    first_row: int = 1
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    index: frozenset[str] = frozenset()
    unusable: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Names that a visitor can choose from: of the columns, or of the arrays where there are several."""
        return tuple(self.columns or self.arrays)

    @property
    def nbytes(self) -> int:
        """Bytes that the table keeps alive, the letters of its text not counted."""
        return sum(part.nbytes for part in (self.arrays or self.columns).values())


def is_text(column: Column) -> bool:
    """Whether a column holds text."""
    return column.dtype == object


def is_whole(column: NDArray[Any]) -> bool:
    """Whether numbers are whole, and none of them is missing."""
    return bool((np.isfinite(column) & (column == np.rint(column))).all())


def numbers_rows(table: Table, name: str) -> bool:
    """Whether a column numbers the rows: the file says so, or it is named so and never the same whole number twice.

    A column without a name that holds nothing at all counts, too.
    """
    if name in table.index:
        return True
    column = table.columns[name]
    if name.lower() not in ROW_NUMBERS or is_text(column):
        return False
    if name == "" and np.isnan(column).all():
        return True
    return is_whole(column) and len(np.unique(column)) == len(column)


def check_size(name: str, rows: int, columns: int) -> None:
    """Refuse more rows, columns or numbers than the limits allow, and a table without rows."""
    if rows < 1 or columns < 1:
        raise refusal(name, f"holds {rows} rows and {columns} columns: there is nothing to read")
    if rows > MAX_ROWS:
        raise refusal(name, f"holds {rows:,} rows; at most {MAX_ROWS:,} are read")
    if columns > MAX_COLUMNS:
        raise refusal(name, f"holds {columns:,} columns; at most {MAX_COLUMNS:,} are read")
    if rows * columns * 8 > MAX_UNFOLDED:
        raise refusal(name, f"holds {rows * columns:,} numbers; at most {MAX_UNFOLDED // 8:,} are read")


def check_names(name: str, columns: Sequence[str]) -> None:
    """Refuse a name that is there twice, does not print or has no end: names are shown on pages and in reports."""
    seen = set[str]()
    for i, column in enumerate(columns):
        if len(column) > MAX_NAME or not column.isprintable():
            what = f"has more than {MAX_NAME} characters" if len(column) > MAX_NAME else "holds what does not print"
            raise refusal(name, f"the name of column {i + 1} {what}: {quoted(column)}")
        if column in seen:
            raise refusal(name, f"two columns are named {quoted(column)}")
        seen.add(column)


def exact_floats(name: str, values: NDArray[Any], place: str) -> FloatArray:
    """Numbers (N,) or (N, C) of any real type, the same in float64 and C order; whole ones it may round are refused."""
    floats = np.ascontiguousarray(values, np.float64)
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8:
        large = np.abs(floats) > EXACT
        if large.any():
            row = int(np.argwhere(large)[0][0])
            what = f"row {row + 1} of {place} holds {floats[large][0]:.6g}; whole numbers beyond 2^53 would be rounded"
            raise refusal(name, what)
    return floats


@dataclass(frozen=True)
class Preview:
    """The first rows of a table as text, a list for each row, under the names of the first columns."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def preview(table: Table) -> Preview:
    """The head of a table, every cell printable and short."""
    parts: dict[str, NDArray[Any]] = dict(table.columns)
    if not parts:
        for name, array in table.arrays.items():
            many = array.ndim == 2
            parts |= {f"{name} {j + 1}": array[:, j] for j in range(array.shape[1])} if many else {name: array}
    kept = dict(list(parts.items())[:COLUMNS_SHOWN])
    height = min(ROWS_SHOWN, max(map(len, kept.values())))
    return Preview(
        tuple(shown(name) for name in kept),
        tuple(tuple(_cell(part, i) for part in kept.values()) for i in range(height)),
    )


def _cell(column: NDArray[Any], row: int) -> str:
    """One cell as text."""
    if row >= len(column):
        return ""
    return shown(column[row]) if is_text(column) else f"{column[row]:.6g}"
