"""Malformed predictions as text: broken cells, rows, labels, scales, encodings, names."""

import gzip
from collections.abc import Sequence
from functools import partial

import numpy as np
from hostile_kinds import Made, cut, some, table
from prediction_files import File, csv, npy, npz, parquet, rows_of, text

from labelsmooth.predictions.given import Scale


def spread(generator: np.random.Generator, rows: Sequence[Sequence[str]]) -> tuple[File, ...]:
    """Cells with any of the delimiters."""
    return csv(rows, ",;\t|"[generator.integers(4)])


def _with_cell(generator: np.random.Generator, cell: str, scale: Scale | None = None, prefix: bool = True) -> Made:
    """A table with one broken cell among the values."""
    rows = table(generator, scale, prefix=prefix)
    row, column = int(generator.integers(1, len(rows))), int(generator.integers(3))
    rows[row][column] = cell
    return spread(generator, rows), (f"row {row + 1}, column '{rows[0][column]}'",)


def _with_label(generator: np.random.Generator, cell: str, named: bool) -> Made:
    """A table with one broken label."""
    rows = table(generator, named=named)
    row = int(generator.integers(1, len(rows)))
    rows[row][-1] = cell
    return spread(generator, rows), (f"row {row + 1}, column 'label'",)


CELLS = {
    **{"NaN": "nan", "NaN in capitals": "NaN", "empty cell": "", "missing by name": "NA", "plus infinity": "inf"},
    **{"infinity in words": "Infinity", "beyond float": "1e999", "integer beyond float": "9" * 400},
    **{"too large": "1e200", "too small": "-1e200", "text among numbers": "abc", "hexadecimal": "0x1F"},
    **{"underscore": "1_000", "two points": "1.2.3", "two signs": "--1", "arabic digits": "١٢", "formula": "=1+1"},
    **{"percent": "12%", "long cell": "x" * 50_000, "control characters": "\x1b[31m\x07", "emoji": "\U0001f600" * 99},
    **{"right to left": "\u202e1.0", "markup": "<script>alert(1)</script>", "complex number": "1+2j"},
}
WRONG_LABELS = {
    **{"label out of range": "3", "negative label": "-1", "fractional label": "0.5", "infinite label": "inf"},
    **{"huge label": "1e300", "missing label": ""},
}
WRONG_NAMES = {"unknown name": "wolf", "empty name": "", "name in capitals": "CAT", "long name": "cat" * 5000}
OFF_SCALE: dict[str, tuple[str, Scale]] = {
    "negative probability": ("-0.25", "probabilities"),
    "probability above one": ("1.25", "probabilities"),
    "infinite probability": ("-inf", "probabilities"),
    "positive log-probability": ("0.5", "log-probabilities"),
}
MORE = {
    **{kind: partial(_with_cell, cell=cell) for kind, cell in CELLS.items()},
    **{kind: partial(_with_cell, cell=cell, scale=scale) for kind, (cell, scale) in OFF_SCALE.items()},
    **{kind: partial(_with_label, cell=cell, named=False) for kind, cell in WRONG_LABELS.items()},
    **{kind: partial(_with_label, cell=cell, named=True) for kind, cell in WRONG_NAMES.items()},
}


def short_row(generator: np.random.Generator) -> Made:
    rows = table(generator)
    row = int(generator.integers(1, len(rows)))
    rows[row] = rows[row][: int(generator.integers(1, 4))]
    return spread(generator, rows), (f"row {row + 1}",)


def long_row(generator: np.random.Generator) -> Made:
    rows = table(generator)
    row = int(generator.integers(1, len(rows)))
    rows[row] = [*rows[row], "0"]
    return spread(generator, rows), (f"row {row + 1}",)


def blank_row(generator: np.random.Generator) -> Made:
    rows = table(generator)
    row = int(generator.integers(len(rows)))
    return spread(generator, [*rows[:row], [], *rows[row:]]), (f"row {row + 1}",)


def unclosed_quote(generator: np.random.Generator) -> Made:
    rows = table(generator)
    rows[int(generator.integers(1, len(rows)))][0] = '"1'
    return csv(rows), ()


def sum_is_off(generator: np.random.Generator) -> Made:
    rows = table(generator, "probabilities", prefix=bool(generator.integers(2)))
    row = int(generator.integers(1, len(rows)))
    rows[row][:3] = ["0.5", "0.3", "0.3"]
    return spread(generator, rows), (f"row {row + 1}", "1.1")


def sum_of_logs_is_off(generator: np.random.Generator) -> Made:
    rows = table(generator, "log-probabilities", prefix=bool(generator.integers(2)))
    row = int(generator.integers(1, len(rows)))
    rows[row][:3] = ["-1", "-2", "-3"]
    return spread(generator, rows), (f"row {row + 1}", "0.55")


def mixed_scales(generator: np.random.Generator) -> Made:
    rows, others = table(generator, "probabilities", prefix=False), table(generator, "logits", prefix=False)[1:]
    row = len(rows)
    others[0][0] = "12.5"
    return spread(generator, [*rows, *others]), (f"row {row + 1}", "probabilities")


def another_scale_than_named(generator: np.random.Generator) -> Made:
    rows = table(generator, "logits")
    rows[1][0] = "7.5"
    prefix = ("prob", "log_prob")[generator.integers(2)]
    rows[0] = [name.replace("logit", prefix) for name in rows[0]]
    return spread(generator, rows), ("row 2",)


def masked_everywhere(generator: np.random.Generator) -> Made:
    rows = table(generator, ("logits", "log-probabilities")[generator.integers(2)])
    rows[2][:3] = ["-inf"] * 3
    return spread(generator, rows), ("row 3",)


def only_a_header(generator: np.random.Generator) -> Made:
    return spread(generator, table(generator)[:1]), ("no rows",)


def nothing(generator: np.random.Generator) -> Made:
    ending = ("csv", "tsv", "txt", "parquet", "npz", "npy", "csv.gz")[generator.integers(7)]
    return ((f"given.{ending}", b""),), ("empty",)


def only_blanks(generator: np.random.Generator) -> Made:
    return (("given.csv", (b"\n", b"\r\n", b" \n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n")[generator.integers(5)] * 3),), ()


def utf_16(generator: np.random.Generator) -> Made:
    encoding = ("utf-16", "utf-16-le", "utf-16-be", "utf-32")[generator.integers(4)]
    return (("given.csv", text(table(generator)).decode().encode(encoding)),), ()


def latin_1(generator: np.random.Generator) -> Made:
    rows = table(generator)
    row = int(generator.integers(len(rows)))
    rows[row][-1] = "élan"
    return (("given.csv", text(rows).decode().encode("latin-1")),), (f"row {row + 1} ", "UTF-8")


def nul_byte(generator: np.random.Generator) -> Made:
    rows = table(generator)
    row = int(generator.integers(len(rows)))
    rows[row][0] += "\0"
    return spread(generator, rows), (f"row {row + 1} ", "NUL")


def column_twice(generator: np.random.Generator) -> Made:
    rows = table(generator)
    rows[0][1] = rows[0][0]
    return spread(generator, rows), (f"'{rows[0][0]}'",)


def name_that_does_not_print(generator: np.random.Generator) -> Made:
    rows = table(generator)
    rows[0][1] += ("\x07", "\u202e", "\u2028", "a" * 300)[generator.integers(4)] + "."
    return spread(generator, rows), ("column 2",)


def class_without_a_name(generator: np.random.Generator) -> Made:
    rows = table(generator, "logits", prefix=False)
    rows[0][1] = ""
    return spread(generator, rows), ("no name",)


def class_twice(generator: np.random.Generator) -> Made:
    rows = table(generator)
    rows[0][1] = rows[0][0].replace("_cat", "-cat")
    return spread(generator, rows), ("same class",)


def one_class(generator: np.random.Generator) -> Made:
    return spread(generator, [[row[0], row[-1]] for row in table(generator, named=False)]), ()


def labels_from_one(generator: np.random.Generator) -> Made:
    rows = table(generator, named=False)
    return spread(generator, [rows[0], *([*r[:-1], str(int(r[-1]) + 1)] for r in rows[1:])]), ("from 1 to 3",)


def no_labels(generator: np.random.Generator) -> Made:
    return spread(generator, [row[:-1] for row in table(generator)]), ("label",)


def labels_twice(generator: np.random.Generator) -> Made:
    rows = [[*row, row[-1]] for row in table(generator)]
    rows[0][-1] = "target"
    return spread(generator, rows), ("'label', 'target'",)


def no_header_but_names(generator: np.random.Generator) -> Made:
    return spread(generator, table(generator)[1:]), ("row 1", "column names")


def names_for_numbered_columns(generator: np.random.Generator) -> Made:
    given = some(generator)
    return (
        ("logits.npy", npy(given.values)),
        ("truth.csv", text([["label"], *([given.classes[i]] for i in given.labels)])),
    ), ("row 2", "name")


def too_few_labels(generator: np.random.Generator) -> Made:
    rows = table(generator)
    truth = text([row[-1:] for row in rows[:-1]])
    return (("values.csv", text([row[:-1] for row in rows])), ("truth.csv", truth)), ("truth.csv", "labels for")


def two_files_of_values(generator: np.random.Generator) -> Made:
    rows = [row[:-1] for row in table(generator)]
    return (("values.csv", text(rows)), ("more.csv", text(rows))), ("label",)


def another_kind_of_text(generator: np.random.Generator) -> Made:
    contents = (
        b'{"a": [1, 2], "b": 3}\n',
        b"<html><body>404 not found</body></html>\n",
        b"%PDF-1.7\n%\xe2\xe3\n",
        b"# notes\n\nhello, world\n",
    )
    return (("given.csv", contents[generator.integers(len(contents))]),), ()


def too_many_columns(generator: np.random.Generator) -> Made:
    columns = int(generator.integers(2051, 3000))
    return csv([[f"c{i}" for i in range(columns)], ["0"] * columns]), ("columns",)


def endless_row(generator: np.random.Generator) -> Made:
    return (("given.csv", b"1," * (2**19 + int(generator.integers(1, 99)))),), ()


def another_ending(generator: np.random.Generator) -> Made:
    given = some(generator)
    contents = {
        "csv": text(rows_of(given)),
        "npy": npy(given.values),
        "npz": npz({"a": given.values}),
        "parquet": parquet("ab", given.values.T[:2]),
    }
    ending, other = generator.choice(list(contents), 2, replace=False)
    return ((f"given.{ending}", contents[other]),), ("whatever its name says",)


def unknown_ending(generator: np.random.Generator) -> Made:
    endings = ("", ".", ".pkl", ".xlsx", ".zip", ".csv.bz2", ".json", ".csv.zst", ".npz.gz", ".pt", ".h5", ".tar")
    return ((f"given{endings[generator.integers(len(endings))]}", text(table(generator))),), ()


def strange_name(generator: np.random.Generator) -> Made:
    names = ("\n\x1b[2J.csv", "a" * 5000 + ".csv", "<b>.csv", "../../etc/passwd", "\udcff.csv", "\u202ecsv.exe")
    return ((names[generator.integers(len(names))], b"a,b\n1,x\n"),), ()


def damaged_gzip(generator: np.random.Generator) -> Made:
    packed = gzip.compress(text(table(generator)), mtime=0)
    damaged = (cut(generator, packed), packed[:30] + b"\xff" * 9 + packed[39:], packed + b"junk", packed[:10])
    return (("given.csv.gz", damaged[generator.integers(4)]),), ("gzip",)
