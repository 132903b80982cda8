"""Predictions written as files of every kind, for tests that read them back.

Legend: N examples, K classes.
"""

import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from labelsmooth.calibration import log_softmax
from labelsmooth.predictions.given import Scale

NAMES = ("cat", "dog", "bird", "fox", "owl", "élan")
PREFIX: dict[Scale, str] = {"logits": "logit_", "log-probabilities": "log_prob_", "probabilities": "prob_"}
ARRAY: dict[Scale, str] = {"logits": "logits", "log-probabilities": "log_probs", "probabilities": "probs"}
File = tuple[str, bytes]


@dataclass(frozen=True, eq=False)
class Sample:
    """Values (N, K) on a scale, labels (N,) and class names."""

    values: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    scale: Scale


def sample(generator: np.random.Generator, scale: Scale, n: int = 8, k: int = 3) -> Sample:
    """Predictions whose every label is there, if N >= K."""
    logits = generator.normal(size=(n, k)) * 3
    values = logits if scale == "logits" else log_softmax(logits)
    values = np.exp(values) if scale == "probabilities" else values
    return Sample(values, generator.permutation(np.arange(n) % k), NAMES[:k], scale)


def rows_of(given: Sample, prefix: bool = True, named: bool = True) -> list[list[str]]:
    """The cells of a table with a header, numbers written so that they read back to the bit."""
    header = [f"{PREFIX[given.scale] if prefix else ''}{name}" for name in given.classes]
    labels = [given.classes[label] if named else str(label) for label in given.labels]
    body = [[*map(repr, row), label] for row, label in zip(given.values.tolist(), labels, strict=True)]
    return [[*header, "label"], *body]


def text(rows: Sequence[Sequence[str]], delimiter: str = ",", newline: str = "\n", bom: bool = False) -> bytes:
    """Cells as delimited text."""
    joined = newline.join(delimiter.join(row) for row in rows) + newline
    return joined.encode("utf-8-sig" if bom else "utf-8")


def csv(rows: Sequence[Sequence[str]], delimiter: str = ",") -> tuple[File, ...]:
    """Cells as the one file that they make."""
    return (("given.tsv" if delimiter == "\t" else "given.csv", text(rows, delimiter)),)


def npy(array: Any) -> bytes:
    """An array as .npy; objects are pickled."""
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array), allow_pickle=True)
    return buffer.getvalue()


def npz(arrays: Mapping[str, Any], compressed: bool = True) -> bytes:
    """Arrays as .npz; objects are pickled."""
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def parquet(names: Sequence[str], columns: Sequence[Any], **options: Any) -> bytes:
    """Columns as .parquet."""
    buffer = io.BytesIO()
    pa.parquet.write_table(pa.Table.from_arrays([pa.array(c) for c in columns], names=list(names)), buffer, **options)
    return buffer.getvalue()


def in_every_form(given: Sample) -> dict[str, tuple[File, ...]]:
    """The same predictions in every kind of file that can hold them to the bit."""
    named, counted, array = rows_of(given), rows_of(given, named=False), ARRAY[given.scale]
    both = {array: given.values, "labels": given.labels}
    labels = np.array(given.classes)[given.labels]
    columns = [*given.values.T, labels.tolist()]
    values = ("values.csv", text([row[:-1] for row in named]))
    big = {array: given.values.astype(">f8"), "targets": given.labels.astype(">i2")}
    stored = {array: np.asfortranarray(given.values), "y": labels[:, None], "classes": np.array(given.classes)}
    shuffled = [[row[-1], *row[-2::-1]] for row in named]
    return {
        "csv": csv(named),
        "tsv": csv(named, "\t"),
        "semicolons": csv(named, ";"),
        "bars": csv(counted, "|"),
        "numbers": csv(counted),
        "windows": (("given.csv", text(named, newline="\r\n", bom=True)),),
        "no end of line": (("given.txt", text(named).rstrip()),),
        "many ends of lines": (("given.txt", text(named) + b"\n\n"),),
        "spaces": csv([[f" {cell} " for cell in row] for row in named]),
        "quotes": csv([[f'"{cell}"' for cell in row] for row in named]),
        "row numbers": csv([["" if i == 0 else str(i - 1), *row] for i, row in enumerate(named)]),
        "other columns": csv([[*row, "split" if i == 0 else "test"] for i, row in enumerate(named)]),
        "packed": (("given.csv.gz", gzip.compress(text(named), mtime=0)),),
        "columns turned round": csv(shuffled),
        "labels apart": (values, ("truth.csv", text([row[-1:] for row in named]))),
        "labels first": (("truth.npy", npy(given.labels)), (f"{array}.npy", npy(given.values))),
        "mixed": (values, ("truth.npz", npz({"y": given.labels}))),
        "parquet": (("given.parquet", parquet(named[0], columns)),),
        "npz": (("given.npz", npz(both)),),
        "npz stored": (("given.npz", npz(stored, compressed=False)),),
        "big-endian": (("given.npz", npz(big)),),
    }  # fmt: skip
