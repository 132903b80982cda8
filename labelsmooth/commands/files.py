"""Files that a command is given."""

from pathlib import Path

from labelsmooth.predictions.tables import MAX_BYTES, Table, read_table


def read_file(path: Path, header: bool | None = None) -> Table:
    """A table from a file; `header` overrules whether row 1 of delimited text is one."""
    # Looked at before it is read: the limit is there to keep the memory.
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path.name}: is larger than {MAX_BYTES >> 20} MiB")
    return read_table(path.name, path.read_bytes(), header)
