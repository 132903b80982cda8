"""Laws of reading predictions: every file of the same numbers gives the same predictions, to the bit, and says why."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prediction_files import NAMES, in_every_form, npy, npz, parquet, sample
from prediction_readings import arrays_of, assert_same, read, read_csv

from labelsmooth.calibration import log_softmax, nll, reliability_curve, softmax
from labelsmooth.predictions.example import CLASSES, Part, example_csv
from labelsmooth.predictions.given import SCALES, Scale, from_arrays, same_classes
from labelsmooth.predictions.reading import NotUnderstoodError, choices
from labelsmooth.predictions.tables import preview, read_table
from labelsmooth.temperature import fit_temperature

SAMPLES = {scale: sample(np.random.default_rng(0), scale) for scale in SCALES}
FORMS = {scale: in_every_form(given) for scale, given in SAMPLES.items()}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("form", FORMS["logits"])
def test_every_file_gives_what_the_arrays_give(form: str, scale: Scale) -> None:
    predictions, expected = read(*FORMS[scale][form]).predictions, arrays_of(SAMPLES[scale])
    if form == "columns turned round":
        predictions, said = same_classes(expected, predictions)
        assert said is not None
        # Sums of a row in another order differ in the last bit.
        np.testing.assert_allclose(predictions.logits, expected.logits, rtol=1e-12, atol=1e-12)
        assert predictions.labels.tolist() == expected.labels.tolist()
        return
    assert_same(predictions, expected)
    numbered = form in {"labels first", "npz", "big-endian"}
    assert predictions.classes == (("0", "1", "2") if numbered else SAMPLES[scale].classes)


@settings(derandomize=True, deadline=None, database=None, max_examples=60)
@given(st.lists(st.lists(st.floats(-1e100, 1e100), min_size=2, max_size=2), min_size=1, max_size=9))
def test_numbers_are_read_to_the_bit(values: list[list[float]]) -> None:
    lines = "".join(f"{a!r},{b!r},0\n" for a, b in values)
    reading = read_csv(f"logit_a,logit_b,label\n{lines}")
    assert_same(reading.predictions, from_arrays(values, [0] * len(values), "logits"))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"])
def test_every_type_of_number_is_widened_exactly(dtype: str) -> None:
    generator = np.random.default_rng(3)
    values = generator.normal(size=(9, 3)) * 20
    values = (np.abs(values) if dtype[0] in "u?" else values).astype(dtype)
    labels = (np.arange(9) % 3).astype("i1")
    expected = from_arrays(values.astype(np.float64), labels.astype(int), "logits")
    assert_same(from_arrays(values, labels, "logits"), expected)
    assert_same(read(("given.npz", npz({"logits": values, "y": labels}))).predictions, expected)
    assert_same(read(("logits.npy", npy(values)), ("y.npy", npy(labels))).predictions, expected)
    native = values.astype(values.dtype.newbyteorder("="))
    columns = parquet(("logit_a", "logit_b", "logit_c", "y"), [*native.T, labels])
    assert_same(read(("given.parquet", columns)).predictions, expected)


def test_labels_and_names_may_be_words_of_any_type() -> None:
    expected = arrays_of(SAMPLES["logits"])
    words = np.array(SAMPLES["logits"].classes)[SAMPLES["logits"].labels]
    values = SAMPLES["logits"].values
    for labels in (words, np.char.encode(words, "utf-8")):
        arrays = {"logits": values, "y": labels, "classes": np.array(NAMES[:3])}
        assert_same(read(("given.npz", npz(arrays))).predictions, expected)
    for kind in (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())):
        table = pa.table([*values.T, pa.array(words.tolist()).cast(kind)], names=[*NAMES[:3], "label"])
        buffer = io.BytesIO()
        pa.parquet.write_table(table, buffer)
        assert_same(read(("given.parquet", buffer.getvalue())).predictions, expected)


@pytest.mark.parametrize(
    ("scale", "values"),
    [
        ("probabilities", [[0.5, 0.25, 0.25], [0.9, 0.1, 0.0], [0.3334, 0.3333, 0.3337]]),
        ("log-probabilities", [[-0.5, -1.2, -2.4], [0.0, -np.inf, -np.inf], [-1.0986, -1.0986, -1.0989]]),
    ],
)
def test_rows_are_divided_by_their_sums(scale: Scale, values: list[list[float]]) -> None:
    values[0] = (np.array(values[0]) / sum(values[0])).tolist() if scale == "probabilities" else values[0]
    given_rows = np.array(values) if scale == "probabilities" else log_softmax(values) + 5e-4
    predictions = from_arrays(given_rows, [0, 0, 1], scale)
    shares = given_rows if scale == "probabilities" else np.exp(given_rows)
    shares /= shares.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(predictions.probabilities, shares, atol=1e-15)
    np.testing.assert_allclose(np.exp(predictions.logits).sum(axis=1), 1, atol=1e-15)
    assert nll(predictions.logits, predictions.labels) == pytest.approx(-np.log(shares[[0, 1, 2], [0, 0, 1]]).mean())


@pytest.mark.parametrize(
    ("lines", "scale", "said"),
    [
        ("a,b,y\n0.5,0.5,0\n1,0,1\n", "probabilities", "rows sum to 1 within 0;"),
        ("a,b,y\n0.5,0.5004,0\n1,0,1\n", "probabilities", "rows sum to 1 within 0.0004; rows are divided"),
        ("a,b,y\n0,-inf,0\n-0.693147,-0.693147,1\n", "log-probabilities", "within 1.8e-07 after exp"),
        ("a,b,y\n0.2,0.5,a\n2.5,-9,b\n", "logits", "row 2 sums to 0.7 and holds 0.2"),
        ("a,b,y\n12.4,-10.7,a\n2.5,-9,b\n", "logits", "row 2 sums to 1.7 and holds 12.4"),
        ("prob_a,prob_b,y\n0.5,0.5,0\n", "probabilities", "the columns are named so; rows are divided"),
        ("log_prob_a,log_prob_b,y\n0,-inf,0\n", "log-probabilities", "the columns are named so"),
        ("logit_a,logit_b,y\n0.5,2,0\n", "logits", "because the columns are named so."),
        ("logit_a,logit_b,y\n0.5,0.5,0\n", "logits", "would pass for probabilities: choose those if they are"),
        ("score_a,score_b,y\n0.5,0.5,0\n", "probabilities", "all numbers lie between 0 and 1"),
    ],
)
def test_the_scale_is_told_with_a_reason(lines: str, scale: str, said: str) -> None:
    reading = read_csv(lines)
    assert reading.predictions.scale == scale
    assert said in next(line for line in reading.understood if line.startswith("Scale: "))


@pytest.mark.parametrize("scale", SCALES)
def test_the_visitor_overrules_the_scale(scale: Scale) -> None:
    rows = {"logits": "1,0", "log-probabilities": "0,-inf", "probabilities": "1,0"}
    reading = read_csv(f"score_a,score_b,y\n{rows[scale]},0\n", scale=scale)
    assert reading.predictions.scale == scale
    assert "you chose it" in " ".join(reading.understood)


@pytest.mark.parametrize(
    ("header", "row", "label", "values", "why"),
    [
        ("a,b,Label", ".5,.5,a", "Label", "a b", "by its name"),
        ("truth,a,b", "b,.5,.5", "truth", "a b", "by its name"),
        ("what,a,b", "b,.5,.5", "what", "a b", "the only one that holds text"),
        ("what,a,b", "1,.5,.5", "what", "a b", "the only one that holds whole numbers"),
        ("id,prob_a,prob_b,y,split", "0,.5,.5,1,test", "y", "prob_a prob_b", "by its name"),
        (",a,b,y", "0,.5,.5,1", "y", "a b", "by its name"),
        ("index,a,b,y", "4711,.5,.5,1", "y", "a b", "by its name"),
        ("logit_a,logit_b,prob_a,prob_b,y", "1,2,.3,.7,1", "y", "logit_a logit_b", "by its name"),
        ("p_a,p_b,y", ".5,.5,p_b", "y", "p_a p_b", "by its name"),
        ("class_0,class_1,y", ".5,.5,class_1", "y", "class_0 class_1", "by its name"),
    ],
)
def test_columns_find_their_roles(header: str, row: str, label: str, values: str, why: str) -> None:
    reading = read_csv(f"{header}\n{row}\n")
    assert (reading.label_column, " ".join(reading.value_columns)) == (label, values)
    assert why in next(line for line in reading.understood if line.startswith("Labels: "))
    unused = set(header.split(",")) - {label, *values.split()}
    assert all(f"'{name}'" in reading.understood[4] for name in unused)


def test_the_visitor_overrules_the_columns() -> None:
    lines = "a,b,c,y,target\n.5,.5,7,0,1\n.1,.9,8,1,0\n"
    reading = read_csv(lines, label_column="target", value_columns=("b", "a"))
    assert reading.predictions.classes == ("b", "a")
    assert reading.predictions.labels.tolist() == [1, 0]
    with pytest.raises(NotUnderstoodError, match="'y', 'target'") as caught:
        read_csv(lines)
    table = read_table("given.csv", lines.encode())
    assert caught.value.columns == choices([table]) == ("a", "b", "c", "y", "target")
    assert preview(table).rows == (("0.5", "0.5", "7", "0", "1"), ("0.1", "0.9", "8", "1", "0"))


def test_the_visitor_chooses_an_array() -> None:
    given_arrays = {"u": np.eye(3), "v": np.eye(3)[::-1], "y": np.arange(3), "classes": np.array(list("abc"))}
    file = ("given.npz", npz(given_arrays))
    reading = read(file, value_columns=("v",))
    assert reading.predictions.classes == ("a", "b", "c")
    assert reading.predictions.probabilities.tolist() == np.eye(3)[::-1].tolist()
    with pytest.raises(NotUnderstoodError, match="'u', 'v'") as caught:
        read(file)
    assert caught.value.columns == ("u", "v", "y", "classes")
    assert preview(read_table(*file)).names == ("u 1", "u 2", "u 3", "v 1", "v 2", "v 3", "y", "classes")


def test_a_preview_is_the_first_rows_of_the_first_columns() -> None:
    names = tuple(f"column {place}" for place in range(14))
    rows = [tuple(str(row + place) for place in range(14)) for row in range(7)]
    head = preview(read_table("given.csv", "\n".join(map(",".join, [names, *rows])).encode()))
    assert head.names == names[:12]
    assert head.rows == tuple(row[:12] for row in rows[:5])


@pytest.mark.parametrize(
    ("lines", "labels", "classes"),
    [
        ("1,2,3,y\n.2,.3,.5,1\n.2,.3,.5,3\n", [0, 2], ("1", "2", "3")),
        ("prob_2,prob_0,prob_1,y\n.2,.3,.5,2\n.2,.3,.5,1\n", [0, 2], ("2", "0", "1")),
        ("0,1,2,y\n.2,.3,.5,2\n.2,.3,.5,1\n", [2, 1], ("0", "1", "2")),
        (".2,.3,.5,2\n.2,.3,.5,1\n", [2, 1], ("0", "1", "2")),
        ("cat,dog,y\n.2,.8,1.0\n.2,.8,0\n", [1, 0], ("cat", "dog")),
    ],
)
def test_labels_are_matched_by_name_where_names_are_numbers(
    lines: str, labels: list[int], classes: tuple[str, ...]
) -> None:
    predictions = read_csv(lines).predictions
    assert predictions.labels.tolist() == labels
    assert predictions.classes == classes


@pytest.mark.parametrize(
    ("content", "names", "first_row", "said"),
    [
        (b"1.5,2\n3,4\n", ["column 1", "column 2"], 1, "comma-separated text; there is no header"),
        (b"0,1,2\n3,4,5\n", ["0", "1", "2"], 2, "row 1 is the header"),
        (b"0,1\n1,0\n", ["column 1", "column 2"], 1, "there is no header"),
        (b"a b\n1 2\n", ["a", "b"], 2, "space-separated"),
        (b"golden retriever\ntabby cat\n", ["golden retriever"], 2, "text of one column"),
        (b"a;b\n0,5;1,5\n", ["a", "b"], 2, "semicolon-separated text and decimal commas"),
        (b"\xef\xbb\xbfa\tb\r\n1\t2\r\n", ["a", "b"], 2, "tab-separated"),
        (b"a|b\r1|2\r", ["a", "b"], 2, "bar-separated"),
        (b'"a, or b",c\n1,2\n', ["a, or b", "c"], 2, "comma-separated"),
    ],
)
def test_the_layout_of_text_is_told(content: bytes, names: list[str], first_row: int, said: str) -> None:
    table = read_table("given.txt", content)
    assert (list(table.columns), table.first_row) == (names, first_row)
    assert said in table.said


def test_the_visitor_overrules_the_header() -> None:
    assert read_table("given.csv", b"0,1\n1,0\n", header=True).rows == 1
    assert read_table("given.csv", b"cat\ndog\n", header=False).columns["column 1"].tolist() == ["cat", "dog"]


def test_decimal_commas_and_missing_cells_are_read() -> None:
    table = read_table("given.csv", b"a;b;c\n0,5;-1,25e2;x\n;NA;\nnan;7;y\n")
    np.testing.assert_array_equal(table.columns["a"], [0.5, np.nan, np.nan])
    np.testing.assert_array_equal(table.columns["b"], [-125, np.nan, 7])
    assert table.columns["c"].tolist() == ["x", "", "y"]


def test_a_column_is_text_however_late_its_first_word_comes() -> None:
    lines = b"a,b\n" + b"1,2\n" * 200_000 + b"x,2\n"
    table = read_table("given.csv", lines)
    assert (table.columns["a"].dtype.kind, table.columns["b"].dtype.kind, table.rows) == ("O", "f", 200_001)
    assert len({id(cell) for cell in table.columns["a"].tolist()}) == 2  # the rows share the strings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"values": [[0.5, np.nan], [1, 0]]}, "row 1, column 'b'"),
        ({"values": [[0.5, 0.5], [1.5, -0.5]]}, "row 2, column 'a'.*1.5, but probabilities lie between 0 and 1"),
        ({"values": [[0.5, 0.6], [1, 0]]}, r"row 1 sums to 1\.1"),
        ({"values": [[0.5, 0.5]]}, "labels must be integers of shape"),
        ({"values": [0.5, 0.5]}, r"shape \(N, K\)"),
        ({"values": np.zeros((0, 2))}, "N >= 1"),
        ({"values": [[1], [1]]}, "K >= 2"),
        ({"values": [["a", "b"]] * 2}, "must be numbers"),
        ({"values": [[1j, 0]] * 2}, "must be numbers"),
        ({"labels": [0, 2]}, "labels: row 2 holds 2; labels must be in 0..1"),
        ({"labels": [0.0, 1.0]}, "labels must be integers"),
        ({"scale": "odds"}, "scale must be one of"),
        ({"classes": ("a", "a")}, "2 different names"),
        ({"classes": ("a", "b", "c")}, "2 different names, got 3"),
        ({"scale": "logits", "values": [[-np.inf, -np.inf], [0, 0]]}, "row 1 holds nothing but -inf"),
        ({"scale": "logits", "values": [[0, 0], [0, np.inf]]}, "row 2, column 'b'.*plus infinity"),
        ({"scale": "log-probabilities", "values": [[-1, 0.1], [0, 0]]}, "0.1, but log-probabilities are at most 0"),
    ],
)
def test_broken_arrays_are_refused_with_the_place(changes: dict[str, object], message: str) -> None:
    right: dict[str, object] = {"values": [[0.5, 0.5], [1, 0]], "labels": [0, 1], "scale": "probabilities"}
    right["classes"] = ("a", "b")
    from_arrays(**right)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        from_arrays(**right | changes)  # type: ignore[arg-type]


def test_a_second_set_has_the_classes_of_the_first() -> None:
    first = from_arrays([[0.1, 0.2, 0.7]], [2], "probabilities", ("a", "b", "c"))
    second = from_arrays([[0.7, 0.1, 0.2], [0.1, 0.6, 0.3]], [0, 1], "probabilities", ("c", "a", "b"))
    moved, said = same_classes(first, second)
    np.testing.assert_allclose(moved.probabilities, [[0.1, 0.2, 0.7], [0.6, 0.3, 0.1]])
    assert (moved.labels.tolist(), moved.classes, said is None) == ([2, 0], first.classes, False)
    assert same_classes(first, first) == (first, None)
    for others, message in (((*"abd",), "only the first has 'c', only the second 'd'"), ((*"abcd",), "3 and 4")):
        wrong = from_arrays(np.eye(len(others)), np.arange(len(others)), "probabilities", others)
        with pytest.raises(ValueError, match=message):
            same_classes(first, wrong)
        named = message.replace("first", "test").replace("second", "validation")
        with pytest.raises(ValueError, match=f"^the test and the validation set must have the same classes: .*{named}"):
            same_classes(first, wrong, names=("test", "validation"))


@pytest.mark.parametrize("part", ["validation", "test"])
def test_the_example_is_an_over_confident_model(part: Part) -> None:
    reading = read(("example.csv", example_csv(part)))
    predictions = reading.predictions
    assert (predictions.classes, predictions.scale) == (CLASSES, "probabilities")
    curve = reliability_curve(softmax(predictions.logits), predictions.labels)
    assert curve.confidence - curve.accuracy > 0.1
    assert 1.5 < fit_temperature(predictions.logits, predictions.labels).temperature < 10
    assert example_csv(part) is example_csv(part)
    assert example_csv("validation") != example_csv("test")
