"""Laws of what columns and numbers are taken for: what nothing speaks for is left out or asked for, never guessed."""

import datetime
import io

import numpy as np
import pandas as pd
import pytest
from prediction_files import NAMES, npy, npz, parquet, sample
from prediction_readings import arrays_of, assert_same, read, read_csv

from labelsmooth.calibration import softmax
from labelsmooth.predictions.given import SCALES, Scale, from_arrays
from labelsmooth.predictions.reading import NotUnderstoodError
from labelsmooth.predictions.tables import read_table

SAMPLES = {scale: sample(np.random.default_rng(0), scale) for scale in SCALES}
EXTRAS = ("image_id", "confidence", "loss", "Unnamed: 0", "block", "y_pred", "score")


def with_extra(scale: Scale, labels: str, extra: str) -> str:
    """Predictions of three classes whose columns have no prefix, with one column more."""
    generator = np.random.default_rng(5)
    given_rows = sample(generator, scale, 60)
    beside = np.arange(60) // 2 if extra in {"image_id", "Unnamed: 0", "block"} else generator.random(60)
    truth = given_rows.labels if labels == "numbers" else np.array(given_rows.classes)[given_rows.labels]
    rows = [
        ",".join([*map(repr, row), f"{more}", f"{label}"])
        for row, more, label in zip(given_rows.values.tolist(), beside.tolist(), truth.tolist(), strict=True)
    ]
    return "\n".join([",".join([*given_rows.classes, extra, "label"]), *rows])


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("labels", ["names", "numbers"])
@pytest.mark.parametrize("extra", EXTRAS)
def test_a_column_that_nothing_speaks_for_is_no_class(scale: Scale, labels: str, extra: str) -> None:
    reading = read_csv(with_extra(scale, labels, extra))
    assert (reading.value_columns, reading.predictions.scale) == (NAMES[:3], scale)
    assert f"Not used: '{extra}'." in reading.understood


@pytest.mark.parametrize(
    ("scale", "labels"), [("logits", "names"), ("logits", "numbers"), ("probabilities", "numbers")]
)
def test_what_may_be_a_class_is_asked_for(scale: Scale, labels: str) -> None:
    lines = with_extra(scale, labels, "wolf")
    with pytest.raises(NotUnderstoodError, match="choose the classes, or begin their names with logit_") as caught:
        read_csv(lines)
    assert caught.value.columns == (*NAMES[:3], "wolf", "label")
    assert read_csv(lines, value_columns=NAMES[:3]).predictions.classes == NAMES[:3]


def test_a_class_without_an_example_is_kept_where_rows_sum_to_1_with_it() -> None:
    lines = "cat,dog,wolf,hit,fold,label\n" + ".5,.25,.125,.125,0,cat\n.125,.5,.25,.125,0,dog\n" * 5
    assert read_csv(lines).predictions.classes == ("cat", "dog", "wolf", "hit")
    whole = "cat,dog,wolf,label\n" + "1.5,-2.25,0,cat\n-1.125,2.5,1,dog\n"
    assert read_csv(whole).predictions.classes == ("cat", "dog")  # fractions beside whole numbers


@pytest.mark.parametrize(
    "columns", ["y_pred,confidence,label\n1,0.5,0\n2,0.5,1\n0,.5,2\n", "h,age,y\n.5,30,1\n.25,40,0\n"]
)
def test_columns_that_are_no_classes_are_never_taken_for_them(columns: str) -> None:
    with pytest.raises(NotUnderstoodError):
        read_csv(columns)


def test_an_index_of_pandas_is_no_class() -> None:
    frame = pd.DataFrame({"cat": [0.5, 2.5], "dog": [-1.5, 0.25], "label": ["cat", "dog"]})
    buffer, labelled = io.BytesIO(), io.BytesIO()
    frame.set_index(pd.Index([0.5, 0.5], name="wolf")).to_parquet(buffer)
    reading = read(("given.parquet", buffer.getvalue()))
    assert reading.value_columns == ("cat", "dog")
    assert "Not used: 'wolf'." in reading.understood
    frame.set_index("label").to_parquet(labelled)
    assert read(("given.parquet", labelled.getvalue())).label_column == "label"


@pytest.mark.parametrize(
    ("lines", "classes", "probabilities", "said"),
    [
        (
            "y_true,y_pred,y_score\n1,1,.75\n0,0,.25\n",
            ("0", "1"),
            [0.75, 0.25],
            "probability of class '1'; that of '0'",
        ),
        ("label,p\nham,.75\nspam,.25\n", ("ham", "spam"), [0.75, 0.25], "probability of class 'spam'"),
        ("label,p_ham,age\nham,.75,30\nspam,.25,7\n", ("ham", "spam"), [0.25, 0.75], "probability of class 'ham'"),
        ("y,prob_1\n-1,.75\n1,.25\n", ("-1", "1"), [0.75, 0.25], "probability of class '1'"),
    ],
)
def test_one_column_of_probabilities_does_for_two_classes(
    lines: str, classes: tuple[str, ...], probabilities: list[float], said: str
) -> None:
    reading = read_csv(lines)
    assert reading.predictions.classes == classes
    np.testing.assert_allclose(reading.predictions.probabilities[:, 1], probabilities)
    assert any(f"One column of values: taken as the {said}" in line for line in reading.understood)
    column = np.array(probabilities)
    expected = from_arrays(np.column_stack([1 - column, column]), reading.predictions.labels, "probabilities")
    np.testing.assert_allclose(reading.predictions.logits, expected.logits, atol=1e-15)


def test_one_column_is_log_odds_only_by_wish() -> None:
    lines = "y,z\n1,2.5\n0,-1\n"
    with pytest.raises(ValueError, match="for two classes write 1 - p beside it"):
        read_csv(lines)
    reading = read_csv(lines, scale="logits")
    assert reading.predictions.logits.tolist() == [[0, 2.5], [0, -1]]
    assert "One column of values: taken as the log odds of class '1'; the logit of '0' is 0." in reading.understood
    assert read_csv("y,z\n1,.5\n0,.25\n", scale="probabilities").predictions.logits.shape == (2, 2)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            "y,p\n1,.5\n0,1.5\n",
            "row 3, column 'p': 1.5, but probabilities lie between 0 and 1: choose the scale logits",
        ),
        ("y,p\n1,.5\n0,\n", "row 3, column 'p': NaN"),
        ("y,p\n1,.5\n,.5\n", "row 3, column 'y': is empty"),
        ("y,p\n1,.5\n0,.5\n2,.5\n", "'y' holds 3 different labels and 'p' is the one column of values"),
        ("y,logit\n1,.5\n0,.5\n", "or choose the scale logits to take it as log odds"),
        ("y,log_p_1\n1,-.5\n0,-.5\n", "for two classes write 1 - p beside it"),
    ],
)
def test_one_column_that_does_not_do_is_refused(lines: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_csv(lines)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (1 / (1 + np.exp(-SAMPLES["logits"].values)), "all numbers lie between 0 and 1: choose the scale logits"),
        (np.random.default_rng(0).dirichlet(np.ones(100), 8).round(2), "which rounded ones"),
        (SAMPLES["log-probabilities"].values.round(1), "all rows nearly to 1: choose the scale logits"),
    ],
)
def test_numbers_of_no_clear_scale_are_not_guessed(values: np.ndarray, message: str) -> None:
    files = ("scores.npy", npy(values)), ("y.npy", npy(np.arange(8) % 3))
    with pytest.raises(ValueError, match=message):
        read(*files)
    assert read(*files, scale="logits").predictions.logits.tolist() == values.tolist()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(("digits", "scale"), [(2, "probabilities"), (3, "probabilities"), (2, "log-probabilities")])
def test_rounding_is_understood_as_far_as_it_explains(digits: int, scale: Scale, dtype: str) -> None:
    whole = sample(np.random.default_rng(7), scale, 400)
    rounded = whole.values.round(digits).astype(dtype)
    files = ("scores.npy", npy(rounded)), ("y.npy", npy(whole.labels))
    reading = read(*files)
    assert reading.predictions.scale == scale
    np.testing.assert_allclose(reading.predictions.probabilities, softmax(arrays_of(whole).logits), atol=10.0**-digits)
    if digits == 2:
        assert any("Numbers are rounded to 2 digits, and rows divided by their sums." in s for s in reading.understood)
    assert_same(read(*files, scale=scale).predictions, reading.predictions)
    wrong = rounded.copy()
    wrong[7, :2] = (0.5, 0.53) if scale == "probabilities" else (-0.25, -0.25)
    with pytest.raises(ValueError, match="row 8"):
        read(("scores.npy", npy(wrong)), files[1], scale=scale)
    with pytest.raises(ValueError, match="rounded too far: write more"):
        from_arrays(SAMPLES["probabilities"].values.round(1), SAMPLES["probabilities"].labels, "probabilities")


def test_labels_that_may_count_from_1_are_told_of() -> None:
    with pytest.raises(ValueError, match="labels run from 1 to 3: count them from 0"):
        read_csv("0,1,2,y\n.2,.3,.5,1\n.2,.3,.5,3\n")
    rows = ".2,.3,.5,1\n.2,.3,.5,2\n"
    assert any("No label is 0" in line for line in read_csv(f"0,1,2,y\n{rows}").understood)
    assert not any("No label is 0" in line for line in read_csv(f"0,1,2,y\n{rows}.2,.3,.5,0\n").understood)
    with pytest.raises(ValueError, match=r"labels 'y' are a matrix \(3, 3\): give class numbers"):
        read(("given.npz", npz({"logits": np.eye(3), "y": np.eye(3)})))


def test_a_column_that_nobody_uses_may_be_of_any_type() -> None:
    day, large = [datetime.date(2020, 1, 1)] * 2, [2**60, 2**60 + 1]
    names, columns = ["cat", "dog", "when", "uid", "label"], [[0.5, 2.5], [-1.5, 0.25], day, large, ["cat", "dog"]]
    file = ("given.parquet", parquet(names, columns))
    reading = read(file)
    assert reading.predictions.logits.tolist() == [[0.5, -1.5], [2.5, 0.25]]
    assert "Not used: 'when', 'uid'." in reading.understood
    for wish, problem in (
        ({"label_column": "uid"}, "beyond 2\\^53"),
        ({"value_columns": ("cat", "when")}, "'when' is of type date"),
    ):
        with pytest.raises(ValueError, match=problem):
            read(file, **wish)
    with pytest.raises(ValueError, match="'dog' is of type date"):  # named like a label
        read(("given.parquet", parquet(["cat", "dog", "label"], [[0.5, 2.5], day, ["cat", "dog"]])))
    with pytest.raises(ValueError, match="'prob_b' is of type date"):
        read(("given.parquet", parquet(["prob_a", "prob_b", "label"], [[0.5, 2.5], day, [0, 1]])))


def test_cells_in_quotes_may_hold_ends_of_lines() -> None:
    rows = b'"a\n""b",0.25,0.75,cat\n' * 150_000
    table = read_table("given.csv", b'"no\nte",cat,dog,label\n' + rows)
    assert (table.rows, list(table.columns)[1:]) == (150_000, ["cat", "dog", "label"])
    assert set(table.columns["label"].tolist()) == {"cat"}
    with pytest.raises(ValueError, match="row 150002 differs from row 1"):
        read_table("given.csv", b"note,cat,dog,label\n" + rows + b"x,0.5\n")
