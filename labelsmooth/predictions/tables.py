"""Any file that predictions or data come in, as bytes in memory, read into a `Table`; nothing touches the disk."""

import zlib
from collections.abc import Callable

from labelsmooth.predictions.arrays import read_npy, read_npz
from labelsmooth.predictions.columnar import read_parquet
from labelsmooth.predictions.columns import (
    MAX_BYTES,
    MAX_CLASSES,
    MAX_ROWS,
    MAX_UNFOLDED,
    Preview,
    Table,
    is_text,
    preview,
)
from labelsmooth.predictions.delimited import read_delimited
from labelsmooth.predictions.words import refusal

__all__ = [
    "ENDINGS",
    "MAX_BYTES",
    "MAX_CLASSES",
    "MAX_ROWS",
    "MAX_UNFOLDED",
    "Preview",
    "Table",
    "is_text",
    "preview",
    "read_table",
    "read_text",
]

READERS: dict[str, Callable[[str, bytes], Table]] = {"parquet": read_parquet, "npz": read_npz, "npy": read_npy}
DELIMITED = ("csv", "tsv", "txt")
ENDINGS = (*DELIMITED, *READERS, "gz")  # of the files that are read, .gz being .csv.gz, .tsv.gz or .txt.gz
MAGIC = {b"PAR1": "parquet", b"PK\x03\x04": "npz", b"PK\x05\x06": "npz", b"\x93NUMPY": "npy", b"\x1f\x8b": "gz"}
KINDS = {"parquet": "a Parquet file", "npz": "a ZIP archive", "npy": "a NumPy array", "gz": "a gzip file"}
PACKED = {"zip": "ZIP", "bz2": "bzip2", "xz": "xz", "zst": "Zstandard", "7z": "7z", "tar": "tar"}
PASTED = "pasted text"
PIECE = 1 << 16  # bytes unfolded at a time
MAX_MEMBERS = 10_000  # of a gzip file: one for each 64 KiB is usual, and a hostile one has millions


def read_table(name: str, content: bytes, header: bool | None = None) -> Table:
    """Read a file by the ending of its name; `header` overrules whether row 1 of delimited text is a header.

    Raises:
        ValueError: one line that names the file, what is wrong with it and where.

    >>> read_table("x.csv", b"cat,dog,label\\n0.9,0.1,cat\\n").said
    'comma-separated text; row 1 is the header'
    """
    if not content:
        raise refusal(name, "the file is empty")
    if len(content) > MAX_BYTES:
        raise refusal(name, f"is larger than {MAX_BYTES >> 20} MiB")
    stem, _, ending = name.lower().rpartition(".")
    if ending == "gz" and stem.endswith(DELIMITED):
        _check_content(name, ending, content)
        content, ending = _gunzip(name, content), stem.rpartition(".")[2]
    if ending in PACKED or ending == "gz":
        raise refusal(name, f"is packed with {PACKED.get(ending, 'gzip')}: unpack it first (only .csv.gz is read)")
    if ending in {"xlsx", "xls", "ods"}:
        raise refusal(name, "is a spreadsheet: save it as CSV first")
    _check_content(name, ending, content)
    if ending in DELIMITED:
        return read_delimited(name, content, header)
    if ending not in READERS:
        raise refusal(name, f"has another ending than {', '.join(f'.{known}' for known in ENDINGS)}")
    return READERS[ending](name, content)


def read_text(text: str) -> Table:
    """Read delimited text that was pasted."""
    content = text.encode("utf-8", "replace")
    if not content:
        raise refusal(PASTED, "there is none")
    if len(content) > MAX_BYTES:
        raise refusal(PASTED, f"is larger than {MAX_BYTES >> 20} MiB")
    return read_delimited(PASTED, content, None)


def _check_content(name: str, ending: str, content: bytes) -> None:
    """Refuse a file whose first bytes belong to another ending."""
    found = next((kind for magic, kind in MAGIC.items() if content.startswith(magic)), None)
    if ending in KINDS and found is None:
        raise refusal(name, f"is no .{ending} file, whatever its name says")
    if found is not None and found != ending:
        raise refusal(name, f"is {KINDS[found]}, whatever its name says")


def _gunzip(name: str, content: bytes) -> bytes:
    """The text in a gzip file, unfolded piece by piece and no further than the limit."""
    pieces, left, members = list[bytes](), MAX_UNFOLDED, 1
    unfolder = zlib.decompressobj(wbits=31)
    try:
        for start in range(0, len(content), PIECE):
            rest = content[start : start + PIECE]
            while rest:
                if unfolder.eof:
                    unfolder, members = zlib.decompressobj(wbits=31), members + 1
                pieces.append(unfolder.decompress(rest, left + 1))
                left -= len(pieces[-1])
                if left < 0:
                    raise refusal(name, f"unfolds to more than {MAX_UNFOLDED >> 20} MiB")
                if members > MAX_MEMBERS:
                    raise refusal(name, f"is a gzip file of more than {MAX_MEMBERS:,} parts")
                rest = unfolder.unused_data if unfolder.eof else unfolder.unconsumed_tail
    except zlib.error:
        raise refusal(name, "is a damaged gzip file") from None
    if not unfolder.eof:
        raise refusal(name, "is a gzip file that is cut off")
    return b"".join(pieces)
