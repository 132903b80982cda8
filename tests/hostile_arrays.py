"""Malformed predictions as Parquet and NumPy files: damaged, lying, pickled, of strange types and shapes."""

import datetime
import io
import zipfile
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from hostile_kinds import Made, cut, some, table
from prediction_files import npy, npz, parquet, text


def damaged_parquet(generator: np.random.Generator) -> Made:
    whole = parquet(("a", "b", "label"), some(generator).values.T)
    damaged = (
        cut(generator, whole),
        whole[:-8] + b"\xff\xff\xff\x7fPAR1",
        b"PAR1" * 5,
        whole[:4] + b"\0" * 40 + whole[44:],
    )
    return (("given.parquet", damaged[generator.integers(4)]),), ("Parquet",)


def strange_parquet(generator: np.random.Generator) -> Made:
    day = datetime.date(2020, 1, 1)
    columns: dict[str, Any] = {
        "list": [[1.0, 2.0]] * 3, "struct": [{"x": 1}] * 3, "date": [day] * 3, "binary": [b"\xff"] * 3,
        "duration": [datetime.timedelta(1)] * 3, "map": [[]] * 3,
    }  # fmt: skip
    name = list(columns)[generator.integers(len(columns))]
    return (("given.parquet", parquet((name, "b", "label"), (columns[name], [1.0] * 3, [0] * 3))),), (f"'{name}'",)


def hole_in_parquet(generator: np.random.Generator) -> Made:
    given = some(generator, "logits")
    columns: list[list[Any]] = [*given.values.T.tolist(), given.labels.tolist()]
    row, column = int(generator.integers(len(columns[0]))), int(generator.integers(4))
    columns[column][row] = None
    names = (*given.classes, "label")
    return (("given.parquet", parquet(names, columns)),), (f"row {row + 1}, column '{names[column]}'",)


def parquet_without_rows(generator: np.random.Generator) -> Made:
    return (("given.parquet", parquet(("a", "b", "label"), [np.zeros(0)] * 3)),), ("rows",)


def arrays(generator: np.random.Generator) -> dict[str, Any]:
    """Arrays to break."""
    given = some(generator, "logits")
    return {"logits": given.values, "labels": given.labels}


def bytes_that_are_no_text(labels: np.ndarray) -> np.ndarray:
    """Labels in four letters each, none of which exists."""
    return np.full(4 * len(labels), 2**31 - 1, np.int32).view("<U4")


VALUES: dict[str, Callable[[np.ndarray], Any]] = {
    "complex array": lambda a: a + 1j,
    "array in three dimensions": lambda a: a[None],
    "no dimension": lambda a: a[0, 0],
    "dates": lambda a: a.astype("M8[s]"),
    "durations": lambda a: a.astype("m8[s]"),
    "pickled array": lambda a: a.astype(object),
    "array of text": lambda a: a.astype(str),
    "records": lambda a: np.zeros(len(a), [("x", float), ("y", int)]),
    "void": lambda a: np.zeros(len(a), "V8"),
    "long doubles": lambda a: a.astype(np.longdouble),
    "huge integers": lambda a: np.full(a.shape, 2**63 + 1025, np.uint64),
    "array without rows": lambda a: a[:0],
    "array without columns": lambda a: a[:, :0],
    "array of one class": lambda a: a[:, :1],
    "array with NaN": lambda a: np.where(a == a[1, 1], np.nan, a),
    "array with infinity": lambda a: np.where(a == a[1, 1], np.inf, a),
    "too few rows": lambda a: a[:-1],
}
LABELS: dict[str, Callable[[np.ndarray], Any]] = {
    "labels in two dimensions": lambda a: np.eye(3)[a],
    "labels beyond the last": lambda a: a + 1,
    "labels below 0": lambda a: a - 1,
    "labels between": lambda a: a + 0.5,
    "huge labels": lambda a: a + 2**62,
    "labels with NaN": lambda a: np.where(a == 1, np.nan, a),
    "too many labels": lambda a: np.append(a, 0),
    "pickled labels": lambda a: a.astype(object),
    "labels as bytes": lambda a: np.full(len(a), b"\xff\xfe"),
    "labels of strange letters": bytes_that_are_no_text,
}


def _changed(generator: np.random.Generator, part: str, change: Callable[[np.ndarray], Any]) -> Made:
    """An archive one of whose arrays was changed."""
    given = arrays(generator)
    return (("given.npz", npz(given | {part: change(given[part])})),), ()


MORE = {
    **{kind: partial(_changed, part="logits", change=change) for kind, change in VALUES.items()},
    **{kind: partial(_changed, part="labels", change=change) for kind, change in LABELS.items()},
}


@cache
def zeros(rows: int, columns: int) -> bytes:
    """A small file of many numbers."""
    return npz({"logits": np.broadcast_to(np.int8(0), (rows, columns)), "labels": np.broadcast_to(np.int8(0), rows)})


def too_many_rows(generator: np.random.Generator) -> Made:
    return (("given.npz", zeros(2_000_001, 1)),), ("2,000,001 rows",)


def too_many_numbers(generator: np.random.Generator) -> Made:
    return (("given.npz", zeros(26_300, 2000)),), ("52,600,000 numbers",)


def damaged_npy(generator: np.random.Generator) -> Made:
    whole = npy(some(generator).values)
    damaged = (
        cut(generator, whole), whole + b"\0", whole.replace(b"(", b"(9", 1), whole.replace(b"(", b"(-", 1),
        whole.replace(b"<f8", b"<f9"), whole.replace(b"False", b"Falsy"), whole[:6] + b"\x09\x00" + whole[8:],
        whole.replace(b"{", b"[", 1), whole[:8] + b"\xff\xff" + whole[10:], whole.replace(b"descr", b"decor"),
        whole.replace(b"'<f8'", b"'|O' "),
    )  # fmt: skip
    return (("given.npy", damaged[generator.integers(len(damaged))]),), ("given.npy",)


def damaged_npz(generator: np.random.Generator) -> Made:
    whole = npz(arrays(generator))
    start = int(generator.integers(60, 200))
    damaged = (
        cut(generator, whole),
        whole[:start] + bytes(9) + whole[start + 9 :],
        b"PK\x03\x04" + bytes(50),
        b"PK\x05\x06" + bytes(18),
    )
    return (("given.npz", damaged[generator.integers(4)]),), ("given.npz",)


def strange_archive(generator: np.random.Generator) -> Made:
    given = arrays(generator)
    members: tuple[list[tuple[str, bytes]], ...] = (
        [("readme.txt", b"hello")],
        [("logits.npy", npy(given["logits"])), ("logitz.npy", npy(given["logits"]))],
        [("logits.npy", text(table(generator)))],
        [(f"a{i}.npy", npy(given["logits"])) for i in range(51)],
        [("x.npy", npy(given["logits"])), ("z.npy", npy(given["logits"])), ("y.npy", npy(given["labels"]))],
        [("word/document.xml", b"<xml/>"), ("logits.npy", npy(given["logits"]))],
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members[generator.integers(len(members))]:
            archive.writestr(zipfile.ZipInfo(name), content)
    # Two members of one name, which the module warns to write.
    return (("given.npz", buffer.getvalue().replace(b"logitz", b"logits")),), ("given.npz",)


def encrypted_archive(generator: np.random.Generator) -> Made:
    whole = bytearray(npz(arrays(generator)))
    whole[6] |= 1  # the flag of the first member, here and in the directory
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    return (("given.npz", bytes(whole)),), ("damaged",)
