"""Delimited text, read through pyarrow once its layout is known.

Numbers are rounded correctly: what Python wrote is read back to the bit.
"""

import codecs
import contextlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from labelsmooth.predictions.columns import MAX_TEXT, Column, Table, check_size, is_text
from labelsmooth.predictions.layout import LONGEST_ROW, MISSING, Layout, layout_of
from labelsmooth.predictions.words import refusal, shown

PIECE = 2**20  # bytes looked at a time


def read_delimited(name: str, content: bytes, header: bool | None = None) -> Table:
    """The table in delimited text; `header` says whether row 1 is one, where the visitor knows better."""
    end = _end(content)
    text = memoryview(content)[_start(name, content) : end]
    if not text:
        raise refusal(name, "the file is empty")
    layout = layout_of(name, text, header)
    rows = max(content.count(b"\n", 0, end), content.count(b"\r", 0, end)) + 1 - layout.header
    if rows < 1:
        raise refusal(name, "holds a header and no rows")
    check_size(name, rows, len(layout.names))
    columns = _read(name, text, layout, quotes=b'"' in content)
    return Table(name, columns, len(next(iter(columns.values()))), layout.said, first_row=1 + layout.header)


def _start(name: str, content: bytes) -> int:
    """Where the text begins; whatever is not UTF-8 is refused."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise refusal(name, "is encoded as UTF-16; save it as UTF-8")
    zero = content.find(b"\0")
    if zero >= 0:
        raise refusal(name, f"row {_row(content, zero)} holds a NUL byte: this is no text in UTF-8")
    if not content.isascii():
        decoder = codecs.getincrementaldecoder("utf-8")()
        for start in range(0, len(content), PIECE):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(content[start : start + PIECE], final=start + PIECE >= len(content))
            except UnicodeDecodeError as error:
                row = _row(content, start - pending + error.start)
                raise refusal(name, f"row {row} is not encoded as UTF-8; save the file as UTF-8") from None
    return len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0


def _row(content: bytes, position: int) -> int:
    """The row, counted from 1, of a byte."""
    return content.count(b"\n", 0, position) + 1


def _end(content: bytes) -> int:
    """Where the text ends, blank lines not counted."""
    for end in range(len(content), 0, -PIECE):
        start = max(0, end - PIECE)
        kept = content[start:end].rstrip(b"\r\n")
        if kept:
            return start + len(kept)
    return 0


def _read(name: str, text: memoryview, layout: Layout, quotes: bool) -> dict[str, Column]:
    """All columns; those that hold anything but numbers as text. Cells in quotes may hold ends of lines."""
    # Neither a short nor a long first row is of the length of row 1; both are refused below.
    first = (*layout.first, *layout.names)[: len(layout.names)]
    guess = [pa.float64() if layout.is_number(cell) else pa.string() for cell in first]
    try:
        read = _parse(text, layout, guess, quotes)
    except pa.ArrowInvalid as error:
        if "conversion error" not in str(error):
            raise _ragged(name, text, layout, quotes, error) from None
        try:
            read = _parse(text, layout, [pa.string()] * len(layout.names), quotes)
        except pa.ArrowInvalid as again:
            raise _ragged(name, text, layout, quotes, again) from None
    columns: dict[str, Column] = {}
    text_cells = 0
    for i, key in enumerate(layout.names):
        columns[key] = _column(read.column(i), layout)
        text_cells += read.num_rows if is_text(columns[key]) else 0
        if text_cells > MAX_TEXT:
            raise refusal(name, f"holds more than {MAX_TEXT:,} cells of text")
    return columns


def _parse(text: memoryview, layout: Layout, types: Sequence[Any], quotes: bool, **more: Any) -> Any:
    """The pyarrow table of the text, its columns named by their number."""
    names = [str(i) for i in range(len(layout.names))]
    return pa.csv.read_csv(
        pa.BufferReader(text),
        read_options=pa.csv.ReadOptions(
            column_names=names,
            skip_rows_after_names=int(layout.header),  # which counts rows, where `skip_rows` counts lines
            block_size=2 * LONGEST_ROW,
            use_threads=not more,
        ),
        parse_options=pa.csv.ParseOptions(
            delimiter=layout.delimiter, ignore_empty_lines=False, newlines_in_values=quotes, **more
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict(zip(names, types, strict=True)),
            null_values=list(MISSING),
            strings_can_be_null=False,
            decimal_point=layout.decimal,
        ),
    )


def _ragged(name: str, text: memoryview, layout: Layout, quotes: bool, error: Exception) -> ValueError:
    """The refusal of rows that differ in length, naming the first; of anything else that is no table."""
    found: list[Any] = []

    def note(row: Any) -> str:
        found.append(row)
        return "error"

    with contextlib.suppress(pa.ArrowInvalid):
        _parse(text, layout, [pa.string()] * len(layout.names), quotes, invalid_row_handler=note)
    if found:
        row = found[0]
        counts = f"{row.actual_columns} against {row.expected_columns}"
        return refusal(name, f"row {row.number} differs from row 1 in its number of columns: {counts}")
    return refusal(name, f"is no delimited text: {shown(error, 80)}")


def _column(column: Any, layout: Layout) -> Column:
    """One column as float64 where all its cells are numbers or missing, else as text."""
    joined = column.combine_chunks()
    if pa.types.is_floating(joined.type):
        return _floats(joined)
    # The rows share the few strings: one object for each cell would take fifty bytes a cell.
    encoded = joined.dictionary_encode()
    words = pa.compute.utf8_trim_whitespace(encoded.dictionary)
    plain = pa.compute.replace_substring(words, ",", ".") if layout.decimal == "," else words
    missing = pa.compute.is_in(plain, value_set=pa.array(MISSING))
    kinds: Column = np.asarray(words.to_pylist(), object)
    if not pa.compute.all(missing).as_py():
        with contextlib.suppress(pa.ArrowInvalid):
            kinds = _floats(pa.compute.if_else(missing, None, plain).cast(pa.float64()))
    return kinds[encoded.indices.to_numpy()]


def _floats(numbers: Any) -> Column:
    """Numbers of pyarrow, nan for its nulls."""
    filled = numbers.fill_null(math.nan) if numbers.null_count else numbers
    return np.asarray(filled.to_numpy(zero_copy_only=False), np.float64)
