"""Parquet, batch by batch: what its metadata promise is checked first, and what really comes is counted."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from labelsmooth.predictions.columns import (
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
    """The table of a Parquet file with flat columns of numbers, truth values and text."""
    try:
        file = pa.parquet.ParquetFile(pa.BufferReader(content), memory_map=False)
        metadata, schema = file.metadata, file.schema_arrow
        groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
        rows, names, unfolded = metadata.num_rows, list(schema.names), sum(group.total_byte_size for group in groups)
    except Exception as error:  # damaged files raise whatever the layer that met them raises
        raise refusal(name, f"is a damaged Parquet file ({type(error).__name__})") from None
    check_size(name, rows, len(names))
    check_names(name, names)
    if unfolded > MAX_UNFOLDED:
        raise refusal(name, f"unfolds to more than {MAX_UNFOLDED >> 20} MiB")
    for field in schema:
        _check_type(name, field)
    text = [field.name for field in schema if not _is_plain(field.type)]
    if len(text) * rows > MAX_TEXT:
        raise refusal(name, f"holds more than {MAX_TEXT:,} cells of text")
    batches = _batches(name, file, rows)
    columns = {key: _column(name, key, pa.chunked_array([b.column(i) for b in batches])) for i, key in enumerate(names)}
    return Table(name, columns, rows, "Parquet file")


def _check_type(name: str, field: Any) -> None:
    """Refuse a column of any other type than numbers, truth values and text."""
    kind, types = field.type, pa.types
    held = kind.value_type if types.is_dictionary(kind) else kind
    if not (_is_plain(kind) or types.is_string(held) or types.is_large_string(held) or types.is_string_view(held)):
        what = f"column {quoted(field.name)} is of type {shown(kind)}; flat numbers or text are needed"
        raise refusal(name, what)


def _is_plain(kind: Any) -> bool:
    """Whether a column becomes numbers, truth values and nothing at all among them."""
    types = pa.types
    held = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_integer(held) or types.is_floating(held) or types.is_boolean(held) or types.is_null(held))


def _batches(name: str, file: Any, rows: int) -> list[Any]:
    """All record batches, no more of them than the metadata promised."""
    batches, held, count = [], 0, 0
    try:
        for batch in file.iter_batches(BATCH):
            batches.append(batch)
            held, count = held + batch.nbytes, count + batch.num_rows
            if held > MAX_UNFOLDED or count > rows:
                break
    except Exception as error:  # as above
        raise refusal(name, f"is a damaged Parquet file ({type(error).__name__})") from None
    if held > MAX_UNFOLDED:
        raise refusal(name, f"unfolds to more than {MAX_UNFOLDED >> 20} MiB")
    if count != rows:
        raise refusal(name, "is a damaged Parquet file: it holds another number of rows than it says")
    return batches


def _column(name: str, key: str, chunked: Any) -> Column:
    """One column: numbers and truth values as float64, nan for nulls; text with "" for nulls."""
    kind = chunked.type
    if pa.types.is_dictionary(kind):
        chunked = chunked.cast(kind.value_type)
        kind = kind.value_type
    if pa.types.is_null(kind):
        return np.full(len(chunked), np.nan)
    if pa.types.is_boolean(kind):
        chunked = chunked.cast(pa.uint8())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return _text(name, key, chunked)
    if chunked.null_count == 0:
        return exact_floats(name, chunked.to_numpy(), f"column {quoted(key)}")
    present = chunked.is_valid().to_numpy()
    values = exact_floats(name, chunked.fill_null(0).to_numpy(), f"column {quoted(key)}")
    return np.where(present, values, np.nan)


def _text(name: str, key: str, chunked: Any) -> Column:
    """Text whose rows share the few strings there are."""
    encoded = chunked.cast(pa.large_string()).fill_null("").combine_chunks().dictionary_encode()
    try:
        words = encoded.dictionary.to_pylist()
    except UnicodeDecodeError:
        raise refusal(name, f"column {quoted(key)} holds text that is not UTF-8") from None
    return np.asarray(words, object)[encoded.indices.to_numpy()]
