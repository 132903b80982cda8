"""How delimited text is laid out: what parts its cells, how its numbers are written, whether there is a header."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from labelsmooth.predictions.columns import check_names
from labelsmooth.predictions.words import quoted, refusal

DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma", " ": "space"}
MISSING = ("", "NA", "N/A", "#N/A", "nan", "NaN", "NAN", "null", "NULL", "None")  # where a number should stand
LONGEST_ROW = 2**20  # bytes
LINES = 20  # rows from which the layout is told
END_OF_LINE = re.compile(r"\r\n|\n|\r")
DECIMAL_COMMA = re.compile(r"\s*[+-]?[0-9]+,[0-9]+([eE][+-]?[0-9]+)?\s*")
NUMBER = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?\s*|\s*[+-]?(nan|inf|infinity)\s*", re.I)


@dataclass(frozen=True)
class Layout:
    """How a text is laid out."""

    delimiter: str
    decimal: str
    header: bool
    names: tuple[str, ...]
    first: tuple[str, ...]  # cells of the first row of data

    def is_number(self, cell: str) -> bool:
        """Whether a cell holds a number or says that one is missing."""
        return cell.strip() in MISSING or is_number(cell.replace(self.decimal, "."))

    @property
    def said(self) -> str:
        """The layout in words."""
        comma = " and decimal commas" if self.decimal == "," else ""
        first = "row 1 is the header" if self.header else "there is no header, row 1 is data"
        parted = f"{DELIMITERS[self.delimiter]}-separated text{comma}" if len(self.names) > 1 else "text of one column"
        return f"{parted}; {first}"


def is_number(cell: str) -> bool:
    """Whether a cell holds a number, nan and inf among them."""
    return NUMBER.fullmatch(cell) is not None


def layout_of(name: str, text: memoryview, header: bool | None) -> Layout:
    """How the text is laid out, told from its first rows."""
    head = bytes(text[:LONGEST_ROW])
    *lines, last = END_OF_LINE.split(head.decode("utf-8", "replace"), LINES)
    if len(lines) < LINES and len(text) == len(head):
        lines.append(last)  # else it is cut off, or all the rest
    if not lines:
        raise refusal(name, "row 1 is longer than 1 MiB: this is no table")
    delimiter = _delimiter(lines)
    try:
        cells = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        raise refusal(name, f"the first {len(lines)} rows are no delimited text") from None
    first = [cell.strip() for cell in cells[0]]
    if not first:
        raise refusal(name, "row 1 is blank")
    has_header = _has_header(name, first, delimiter) if header is None else header
    names = first if has_header else [f"column {i + 1}" for i in range(len(first))]
    check_names(name, names)
    data = cells[1:] if has_header else cells
    decimal = "," if delimiter != "," and any(DECIMAL_COMMA.fullmatch(c) for row in data for c in row) else "."
    return Layout(delimiter, decimal, has_header, tuple(names), tuple(data[0]) if data else ())


def _delimiter(lines: Sequence[str]) -> str:
    """The first delimiter found as often in each of the rows, else the one found most often in row 1."""
    first, *rest = (line.strip(" ") for line in lines)
    found = {mark: first.count(mark) for mark in DELIMITERS if mark in first}
    # Names may hold spaces, so these part nothing but numbers.
    if " " in found and not all(is_number(cell) for cell in [first, *rest][-1].split(" ")):
        del found[" "]
    even = [mark for mark, count in found.items() if all(line.count(mark) == count for line in rest)]
    return even[0] if even else max(found, key=lambda mark: found[mark], default=",")


def _has_header(name: str, first: Sequence[str], delimiter: str) -> bool:
    """Whether the first row is a header: it holds something that is no number, or numbers the columns."""
    numbers = [cell for cell in first if is_number(cell) or (delimiter != "," and DECIMAL_COMMA.fullmatch(cell))]
    if len(numbers) < len([cell for cell in first if cell]):
        fractions = [cell for cell in numbers if not cell.isdigit()]
        if fractions:
            what = f"row 1 holds text beside the number {quoted(fractions[0])}: put a row of column names above it"
            raise refusal(name, what)
        return True
    # What pandas writes above columns without names. Of two columns it might as well be a row of probabilities.
    return len(first) > 2 and list(first) == [str(i) for i in range(len(first))]
