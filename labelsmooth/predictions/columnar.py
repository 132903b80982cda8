"""Parquet, batch by batch: what its metadata promise is checked first, and what really comes is counted.

Text is never spread out: it stays a number a row and the strings that there are.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from labelsmooth.predictions.columns import (
    MAX_ROWS,
    MAX_TEXT,
    MAX_UNFOLDED,
    Column,
    Table,
    check_names,
    check_size,
    exact_floats,
)
from labelsmooth.predictions.words import quoted, refusal, shown

BATCH = 1 << 16  # rows


def read_parquet(name: str, content: bytes) -> Table:
    """The table of a Parquet file with flat columns of numbers, truth values and text; others are never unfolded."""
    try:
        file = pa.parquet.ParquetFile(pa.BufferReader(content), memory_map=False)
        metadata, schema = file.metadata, file.schema_arrow
        groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
        rows, names, unfolded = metadata.num_rows, list(schema.names), sum(group.total_byte_size for group in groups)
        index = _index(schema, names)
    except Exception as error:  # damaged files raise whatever the layer that met them raises
        raise refusal(name, f"is a damaged Parquet file ({type(error).__name__})") from None
    check_size(name, rows, len(names))
    check_names(name, names)
    if unfolded > MAX_UNFOLDED:
        raise refusal(name, f"unfolds to more than {MAX_UNFOLDED >> 20} MiB")
    text = [field.name for field in schema if _is_text(field.type)]
    if len(text) * rows > MAX_TEXT:
        raise refusal(name, f"holds more than {MAX_TEXT:,} cells of text")
    unusable = {
        field.name: f"{shown(name)}: column {quoted(field.name)} is of type {shown(field.type)}; flat numbers or text "
        "are needed"
        for field in schema
        if not (_is_text(field.type) or _is_plain(field.type))
    }
    numbers = [key for key in names if key not in unusable and key not in text]
    batches = _batches(name, content, rows, numbers)
    read = dict[str, Any]((key, pa.chunked_array([b.column(i) for b in batches])) for i, key in enumerate(numbers))
    columns = dict[str, Column]()
    for key in names:
        if key in unusable:
            continue
        try:
            columns[key] = _text(name, key, content, rows) if key in text else _numbers(name, key, read[key])
        except ValueError as error:
            unusable[key] = str(error)
    if not columns:
        raise ValueError(next(iter(unusable.values())))
    return Table(name, columns, rows, "Parquet file", index=index, unusable=unusable)


def _index(schema: Any, names: Sequence[str]) -> frozenset[str]:
    """The columns that pandas made of its index."""
    pandas = schema.pandas_metadata or {}
    return frozenset(name for name in pandas.get("index_columns", ()) if isinstance(name, str) and name in names)


def _held(kind: Any) -> Any:
    """The type of the cells."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: Any) -> bool:
    types, held = pa.types, _held(kind)
    return bool(types.is_string(held) or types.is_large_string(held) or types.is_string_view(held))


def _is_plain(kind: Any) -> bool:
    """Whether a column becomes numbers, truth values and nothing at all among them."""
    types, held = pa.types, _held(kind)
    return bool(types.is_integer(held) or types.is_floating(held) or types.is_boolean(held) or types.is_null(held))


def _batches(name: str, content: bytes, rows: int, wanted: Sequence[str], text: bool = False) -> list[Any]:
    """All record batches of some columns, all of text or none, and no more of them than the metadata promised."""
    if not wanted:
        return []
    batches, held, count = [], 0, 0
    try:
        # A string that a page names 65,536 times stays one string. Each batch repeats the strings of those before.
        more, size = (list(wanted), MAX_ROWS) if text else (None, BATCH)
        file = pa.parquet.ParquetFile(pa.BufferReader(content), memory_map=False, read_dictionary=more)
        for batch in file.iter_batches(size, columns=list(wanted)):
            batches.append(batch)
            held, count = held + batch.nbytes, count + batch.num_rows
            if held > MAX_UNFOLDED or count > rows or batch.schema.names != list(wanted):
                break
    except Exception as error:  # as above
        raise refusal(name, f"is a damaged Parquet file ({type(error).__name__})") from None
    if held > MAX_UNFOLDED:
        raise refusal(name, f"unfolds to more than {MAX_UNFOLDED >> 20} MiB")
    if count != rows or any(batch.schema.names != list(wanted) for batch in batches):
        raise refusal(name, "is a damaged Parquet file: it holds other rows or columns than it says")
    return batches


def _numbers(name: str, key: str, chunked: Any) -> Column:
    """Numbers and truth values as float64, nan for nulls."""
    kind = _held(chunked.type)
    if kind != chunked.type:
        chunked = chunked.cast(kind)
    if pa.types.is_null(kind):
        return np.full(len(chunked), np.nan)
    if pa.types.is_boolean(kind):
        chunked = chunked.cast(pa.uint8())
    if chunked.null_count == 0:
        return exact_floats(name, chunked.to_numpy(), f"column {quoted(key)}")
    present = chunked.is_valid().to_numpy()
    values = exact_floats(name, chunked.fill_null(0).to_numpy(), f"column {quoted(key)}")
    return np.where(present, values, np.nan)


def _text(name: str, key: str, content: bytes, rows: int) -> Column:
    """Text whose rows share the few strings there are, "" for nulls."""
    known: dict[str, str] = {}
    parts = list[Column]()
    try:
        for batch in _batches(name, content, rows, [key], text=True):
            encoded = batch.column(0)
            words = ("" if word is None else word for word in encoded.dictionary.to_pylist())
            last = len(encoded.dictionary)  # where nulls point to
            strings = np.array([*(known.setdefault(word, word) for word in words), ""], object)
            parts.append(strings[encoded.indices.fill_null(last).to_numpy(zero_copy_only=False)])
    except UnicodeDecodeError:
        raise refusal(name, f"column {quoted(key)} holds text that is not UTF-8") from None
    return np.concatenate(parts)
