"""NumPy's own files, .npy and .npz: every header is read before its data, and nothing is ever unpickled."""

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from labelsmooth.predictions.columns import MAX_TEXT, MAX_UNFOLDED, Table, check_names, check_size, exact_floats
from labelsmooth.predictions.words import quoted, refusal, shown

MAX_ARRAYS = 50
PIECE = 1 << 12  # cells of text decoded at a time
ENTRY = b"PK\x01\x02"  # of the directory of an archive; data hold these bytes by chance
MAX_ENTRIES = 10 * MAX_ARRAYS
KINDS = {
    "c": "complex numbers",
    "O": "pickled objects, never loaded here",
    "V": "records",
    "M": "dates",
    "m": "durations",
}


def read_npy(name: str, content: bytes) -> Table:
    """The table of the one array of an .npy file, which is named like the file."""
    key = PurePath(name).stem
    return _table(name, {key: _array(name, key, content)}, "NumPy array")


def read_npz(name: str, content: bytes) -> Table:
    """The table of the arrays of an .npz file."""
    # Counted before Python makes an object of each: a hundred megabytes may hold two million.
    if (count := content.count(ENTRY)) > MAX_ENTRIES:
        raise refusal(name, f"holds {count:,} arrays; at most {MAX_ARRAYS} are read")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = archive.infolist()
    except Exception as error:  # the module raises half a dozen kinds for damaged archives
        raise refusal(name, f"is a damaged ZIP archive ({type(error).__name__})") from None
    if not members:
        raise refusal(name, "holds no array")
    if len(members) > MAX_ARRAYS:
        raise refusal(name, f"holds {len(members)} arrays; at most {MAX_ARRAYS} are read")
    left = MAX_UNFOLDED
    if sum(member.file_size for member in members) > left:
        raise refusal(name, f"unfolds to more than {MAX_UNFOLDED >> 20} MiB")
    arrays: dict[str, NDArray[Any]] = {}
    for member in members:
        key = member.filename.removesuffix(".npy")
        if not member.filename.endswith(".npy"):
            raise refusal(name, f"holds {quoted(member.filename)}, which is no array of NumPy")
        if key in arrays:
            raise refusal(name, f"two arrays are named {quoted(key)}")
        unfolded = _unfold(name, archive, member, left)
        left -= len(unfolded)
        arrays[key] = _array(name, key, unfolded)
        if sum(array.nbytes for array in arrays.values()) > MAX_UNFOLDED:  # eight bytes came from one, perhaps
            raise refusal(name, f"holds more than {MAX_UNFOLDED // 8:,} numbers")
    return _table(name, arrays, "NumPy archive")


def _unfold(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """The bytes of a member, read no further than the limit: its header may understate them."""
    try:
        with archive.open(member) as file:
            unfolded = file.read(limit + 1)
    except Exception as error:  # as above, and those of the decompressors
        raise refusal(name, f"{quoted(member.filename)} is damaged ({type(error).__name__})") from None
    if len(unfolded) > limit:
        raise refusal(name, f"unfolds to more than {MAX_UNFOLDED >> 20} MiB")
    return unfolded


def _array(name: str, key: str, content: bytes) -> NDArray[Any]:
    """One array as float64 or text, (N,) or (N, C)."""
    shape, fortran, dtype, start = _header(name, key, content)
    what = f"array {quoted(key)} "
    if dtype.kind not in "biufUS":
        raise refusal(name, f"{what}holds {KINDS.get(dtype.kind, 'neither numbers nor text')}; numbers are needed")
    if dtype.kind == "f" and dtype.itemsize > 8:
        raise refusal(name, f"{what}holds {dtype.name}, more than float64 can; convert it first")
    if len(shape) not in {1, 2}:
        raise refusal(name, f"{what}has {len(shape)} dimensions; 1 or 2 are needed")
    if math.prod(shape) * dtype.itemsize != len(content) - start:
        raise refusal(name, f"{what}is damaged: its header promises another size than there is")
    check_size(name, shape[0], 1 if len(shape) == 1 else shape[1])
    if dtype.kind in "US" and math.prod(shape) > MAX_TEXT:
        raise refusal(name, f"{what}holds {math.prod(shape):,} cells of text; at most {MAX_TEXT:,} are read")
    flat = np.frombuffer(content, dtype, offset=start) if dtype.itemsize else np.zeros(math.prod(shape), dtype)
    array = flat.reshape(shape, order="F" if fortran else "C")
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if dtype.kind in "US":
        return _text(name, what, array)
    floats = exact_floats(name, array, f"array {quoted(key)}")
    # Float64 would be a read-only view that keeps the bytes of the file alive.
    return floats if floats.flags.writeable else floats.copy()


def _header(name: str, key: str, content: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, whether in Fortran order, type, and where the data begin."""
    file = io.BytesIO(content)
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(file)
    except Exception as error:  # the header is a Python literal, and its parser raises what it likes
        raise refusal(name, f"array {quoted(key)} has a damaged header ({type(error).__name__})") from None
    if min(shape, default=0) < 0:
        raise refusal(name, f"array {quoted(key)} has a damaged header: its shape is {shown(shape)}")
    return shape, fortran, dtype, file.tell()


def _text(name: str, what: str, array: NDArray[Any]) -> NDArray[Any]:
    """Text of NumPy as str; cells share the strings there are, and no piece is ever held in a wider form."""
    found = np.empty(array.shape, object)
    words: dict[str, str] = {}
    rows = max(1, PIECE // max(1, math.prod(array.shape[1:])))
    for start in range(0, len(array), rows):
        piece = array[start : start + rows]
        try:
            _check_letters(piece)
            flat = piece.ravel().tolist()
            cells = [cell if isinstance(cell, str) else cell.decode() for cell in flat]
        except UnicodeDecodeError:
            raise refusal(name, f"{what}holds text that is no Unicode") from None
        found[start : start + rows] = np.array([words.setdefault(c, c) for c in cells], object).reshape(piece.shape)
    return found


def _check_letters(piece: NDArray[Any]) -> None:
    """Refuse letters that do not exist: NumPy makes strings of them, and whoever looks at one gets a SystemError."""
    if piece.dtype.kind == "U" and piece.dtype.itemsize:
        points = np.ascontiguousarray(piece).view(piece.dtype.byteorder + "u4")
        if ((points > 0x10FFFF) | ((points >= 0xD800) & (points < 0xE000))).any():
            raise UnicodeDecodeError("utf-32", b"", 0, 1, "no letter")


def _table(name: str, arrays: Mapping[str, NDArray[Any]], kind: str) -> Table:
    """The table of some arrays; only a single one has columns."""
    check_names(name, list(arrays))
    shapes = ", ".join(f"{shown(key, 20)} {array.shape}" for key, array in list(arrays.items())[:4])
    columns: dict[str, NDArray[Any]] = {}
    if len(arrays) == 1:
        ((key, only),) = arrays.items()
        columns = {key: only} if only.ndim == 1 else {f"column {j + 1}": only[:, j] for j in range(only.shape[1])}
    return Table(name, columns, len(next(iter(arrays.values()))), f"{kind}: {shapes}", arrays=arrays)
