"""Laws of refusal: every malformed file gives one clear line, and nothing valid is refused."""

import gzip
import io
import tracemalloc
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hostile import CORPUS, KINDS, Hostile, hostile_files
from hypothesis import given, settings
from hypothesis import strategies as st
from prediction_files import File, in_every_form, npy, npz, parquet, rows_of, sample, text

from labelsmooth.predictions import arrays, columnar, columns, tables
from labelsmooth.predictions.given import SCALES, Scale
from labelsmooth.predictions.reading import Reading, Wishes, read_predictions
from labelsmooth.predictions.tables import MAX_BYTES, Table, read_table, read_text

quick = settings(derandomize=True, deadline=None, database=None, max_examples=150)
ENDINGS = ("csv", "tsv", "txt", "parquet", "npz", "npy", "csv.gz")


def read(*files: File) -> Reading:
    return read_predictions([read_table(*file) for file in files])


def outcome(*files: File) -> str | None:
    """The line that refuses the files, None where they are read; anything else is raised."""
    try:
        read(*files)
    except ValueError as error:
        return str(error)
    return None


def refusal(*files: File) -> str:
    """The line that refuses the files, as it must."""
    line = outcome(*files)
    assert line is not None
    return line


def is_clear(line: str, files: tuple[File, ...]) -> bool:
    """Whether a refusal is one short printable line that names a file."""
    names = {"".join(letter if letter.isprintable() else "?" for letter in name)[:39] for name, _ in files}
    return line.isprintable() and len(line) < 300 and any(line.startswith(name) for name in names)


def test_the_corpus_is_large_and_of_many_kinds() -> None:
    assert len(CORPUS) >= 200
    assert {case.kind for case in CORPUS} == KINDS.keys()
    assert len(KINDS) >= 100


@pytest.mark.parametrize("kind", KINDS)
def test_every_malformed_file_is_refused_in_one_clear_line(kind: str) -> None:
    for case in CORPUS:
        if case.kind == kind:
            line = refusal(*case.files)
            assert is_clear(line, case.files), line
            assert all(part in line for part in case.says), (line, case.says)


@quick
@given(hostile_files())
def test_whatever_is_drawn_from_the_malformed_files_is_refused(case: Hostile) -> None:
    line = refusal(*case.files)
    assert is_clear(line, case.files), line
    assert all(part in line for part in case.says), (line, case.says)


@settings(quick, max_examples=12)
@given(st.integers(0, 2**32 - 1), st.sampled_from(SCALES), st.integers(3, 30), st.integers(2, 6))
def test_no_valid_file_is_refused(seed: int, scale: Scale, n: int, k: int) -> None:
    predictions = sample(np.random.default_rng(seed), scale, max(n, k), k)
    for files in in_every_form(predictions).values():
        assert read(*files).predictions.scale == scale


@settings(quick, max_examples=300)
@given(
    st.sampled_from(ENDINGS),
    st.sampled_from((b"", b"PAR1", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"\x1f\x8b\x08")),
    st.binary(max_size=300),
)
def test_random_bytes_raise_nothing_but_a_clear_error(ending: str, magic: bytes, content: bytes) -> None:
    file = (f"given.{ending}", magic + content)
    line = outcome(file)
    assert line is None or is_clear(line, (file,)), line


@settings(quick, max_examples=300)
@given(
    st.sampled_from(("csv", "packed", "parquet", "npz", "npz stored", "labels first")),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_changed_bytes_raise_nothing_but_a_clear_error(form: str, changes: list[tuple[float, int]]) -> None:
    *others, (name, content) = VALID[form]
    broken = bytearray(content)
    for position, byte in changes:
        broken[int(position * len(broken))] = byte
    files = (*others, (name, bytes(broken)))
    line = outcome(*files)
    assert line is None or is_clear(line, files), line


VALID = in_every_form(sample(np.random.default_rng(1), "logits"))


@settings(quick, max_examples=80)
@given(st.text(max_size=60))
def test_pasted_text_raises_nothing_but_a_clear_error(pasted: str) -> None:
    file = ("pasted.txt", pasted.encode("utf-8", "replace"))
    line = outcome(file)
    assert line is None or is_clear(line, (file,)), line


def test_pasted_text_is_read_like_a_file() -> None:
    pasted, saved = (t.columns for t in (read_text("a\tb\n1\tx\n"), read_table("x.tsv", b"a\tb\n1\tx\n")))
    assert pasted.keys() == saved.keys()
    assert all((pasted[name] == saved[name]).all() for name in saved)
    with pytest.raises(ValueError, match="pasted text: there is none"):
        read_text("")


def shrink(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """Files may unfold to this many bytes only."""
    for module in (arrays, columnar, columns, tables):
        monkeypatch.setattr(module, "MAX_UNFOLDED", limit)


def understated(content: bytes, size: int) -> bytes:
    """An archive whose headers claim that its first member unfolds to `size` bytes."""
    changed = bytearray(content)
    place = changed.index(b"PK\x01\x02")
    changed[place + 24 : place + 28] = size.to_bytes(4, "little")
    return bytes(changed)


def bomb(kind: str) -> File:
    """A small file of two million bytes."""
    if kind == "gzip":
        return "bomb.csv.gz", gzip.compress(b"1,2\n" * 500_000)
    if kind == "narrow numbers":
        return "bomb.npz", npz({name: np.zeros((25_000, 1), np.int8) for name in "abcdefg"})
    if kind == "parquet":
        return "bomb.parquet", parquet(("a", "b"), np.zeros((2, 125_000)), compression="zstd")
    archive = npz({"a": np.zeros((125_000, 2))})
    return "bomb.npz", understated(archive, 300) if kind == "lying archive" else archive


@pytest.mark.parametrize("kind", ["gzip", "parquet", "archive", "lying archive", "narrow numbers"])
def test_a_file_that_unfolds_beyond_the_limit_is_refused_before_it_has(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shrink(monkeypatch, 200_000)
    monkeypatch.setattr(tables, "PIECE", 10_000)
    file = bomb(kind)
    assert len(file[1]) < 50_000
    tracemalloc.start()
    line = refusal(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "bomb" in line
    assert peak < 900_000


def test_text_that_parquet_names_very_often_stays_one_string() -> None:
    """A string of 20 kB in each of 65,536 rows takes 1.3 GB where it is spread out."""
    notes = pa.DictionaryArray.from_arrays(pa.array(np.zeros(65_536, np.int32)), ["x" * 20_000])
    table, buffer = pa.table({"note": notes, "a": np.zeros(65_536), "label": ["a"] * 65_536}), io.BytesIO()
    pa.parquet.write_table(table, buffer, store_schema=False)
    content = buffer.getvalue()
    assert len(content) < 10_000
    before, counted = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
    pa.set_memory_pool(counted)
    try:
        found = read_table("given.parquet", content).columns["note"]
    finally:
        pa.set_memory_pool(before)
    assert len({id(note) for note in found.tolist()}) == 1
    assert 0 < counted.max_memory() < 10_000_000


@pytest.mark.parametrize("letter", [b"x", "x"])
def test_text_of_numpy_is_never_spread_out(letter: bytes | str) -> None:
    content = npz({"note": np.full(2000, letter * 4000)})
    unfolded = 2000 * 4000 * (1 if isinstance(letter, bytes) else 4)
    tracemalloc.start()
    assert len(set(map(id, read_table("given.npz", content).columns["note"].tolist()))) == 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.5 * unfolded + 20_000_000


def test_a_file_of_very_many_parts_is_refused_before_they_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    part = gzip.compress(b"1,2\n")
    assert "more than 10,000 parts" in refusal(("parts.csv.gz", part * 10_001))
    assert read_table("parts.csv.gz", part * 10_000).rows == 10_000
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "holds 501 arrays" in refusal(("parts.npz", b"PK\x03\x04" + b"PK\x01\x02" * 501))


def test_a_cell_of_very_many_digits_is_no_burden() -> None:
    """Looking for a number takes time in proportion to its length."""
    rows = b"logit_a,logit_b,y\n1,2,0\n1," + b"1" * 100_000 + b"x,0\n"
    assert "row 3, column 'logit_b'" in refusal(("given.csv", rows))


def test_text_that_unfolds_to_the_limit_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch, 200_000)
    whole = b"1,2\n" * 12_500
    assert read_table("a.csv.gz", gzip.compress(whole)).rows == 12_500
    assert read_table("a.csv.gz", gzip.compress(whole[:20_000]) + gzip.compress(whole[20_000:])).rows == 12_500
    with pytest.raises(ValueError, match="numbers"):
        read_table("a.csv.gz", gzip.compress(whole + b"1,2\n"))


def test_a_file_over_the_limit_is_not_looked_at() -> None:
    with pytest.raises(ValueError, match="larger than 100 MiB"):
        read_table("given.csv", bytes(MAX_BYTES + 1))


def test_cells_of_text_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (arrays, columnar):
        monkeypatch.setattr(module, "MAX_TEXT", 5)
    monkeypatch.setattr("labelsmooth.predictions.delimited.MAX_TEXT", 5)
    words = ["x"] * 6
    for file in (("a.csv", b"name\n" + b"x\n" * 6), ("a.npy", npy(words)), ("a.parquet", parquet(["a"], [words]))):
        assert "cells of text" in refusal(file)


class Trap:
    """An object whose loading fails the test."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return pytest.fail, ("unpickled",)


@pytest.mark.parametrize("name", ["given.npy", "given.npz"])
def test_nothing_is_ever_unpickled(name: str) -> None:
    array = np.array([Trap()], object)
    content = npy(array) if name.endswith("npy") else npz({"logits": array})
    with pytest.raises(pytest.fail.Exception, match="unpickled"):  # the trap works
        np.load(io.BytesIO(content), allow_pickle=True)[slice(None) if name.endswith("npy") else "logits"]
    assert "pickled objects" in refusal((name, content))


def test_wishes_that_contradict_the_numbers_are_refused_with_the_row() -> None:
    rows = rows_of(sample(np.random.default_rng(0), "logits"), prefix=False)
    table = read_table("given.csv", text(rows))
    for scale in ("probabilities", "log-probabilities"):
        with pytest.raises(ValueError, match="row 2"):
            read_predictions([table], Wishes(scale=scale))
    for wrong in (Wishes(label_column="nothing"), Wishes(value_columns=("cat", "nothing")), Wishes(value_columns=())):
        with pytest.raises(ValueError, match=r"given\.csv: "):
            read_predictions([table], wrong)
    with pytest.raises(ValueError, match="one file or two"):
        read_predictions([table] * 3)
    with pytest.raises(ValueError, match="must be one of"):
        read_predictions([table], Wishes(scale="odds"))  # type: ignore[arg-type]


def test_a_table_holds_nothing_but_floats_and_text() -> None:
    for files in VALID.values():
        for table in (read_table(*file) for file in files):
            assert isinstance(table, Table)
            assert {column.dtype.str for column in table.columns.values()} <= {"<f8", "|O"}


def test_an_archive_keeps_its_members_apart() -> None:
    """A member's name is a name only: nothing is ever written where it points."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../up.npy", npy(np.zeros((3, 2))))
    assert read_table("given.npz", buffer.getvalue()).rows == 3
