"""Laws of columns of one's own data: the same from any kind of file, gaps by any name, and no numbers of rows."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from test_own_data import KINDS, trees

from labelsmooth.own_data.preparing import prepare
from labelsmooth.predictions.tables import read_table


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "__index_level_0__", "id"])
def test_a_column_that_is_known_to_number_the_rows_is_left_out(name: str) -> None:
    """The file may be sorted by its labels, which the number of the row then gives away."""
    labels = [0] * 20 + [1] * 20
    own = prepare(trees(label=labels, **{name: np.arange(40)}), "label")
    assert own.name == prepare(trees(label=labels), "label").name
    assert f"Column '{name}' numbers the rows and is left out." in own.understood
    twice = prepare(trees(**{name: np.arange(40) // 2}), "label")
    assert len(twice.features) == len(own.features) + 1


def test_what_pandas_calls_its_index_is_left_out() -> None:
    frame = pd.DataFrame({"height": np.arange(40) ** 2 / 7, "label": np.arange(40) % 2})
    buffer = io.BytesIO()
    frame.set_index(pd.Index(np.arange(40) / 3, name="tree")).to_parquet(buffer)
    own = prepare(read_table("trees.parquet", buffer.getvalue()), "label")
    assert own.features == ("height",)
    assert "Column 'tree' numbers the rows and is left out." in own.understood


def test_parquet_and_text_give_the_same_data() -> None:
    """Truth values, gaps, numbers among gaps, and a column that is of use to nobody."""
    frame = pd.DataFrame(
        {
            "height": np.where(np.arange(40) == 3, np.nan, np.arange(40) ** 2 / 7),
            "tall": np.arange(40) % 3 == 0,
            "kind": [None if i == 5 else KINDS[i % 3] for i in range(40)],
            "when": pd.date_range("2020-01-01", periods=40),
            "label": np.arange(40) % 2,
        }
    )
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    text = frame.drop(columns="when").to_csv(index=False, na_rep="?").encode()
    one = prepare(read_table("trees.csv", text), "label", "impute")
    other = prepare(read_table("trees.parquet", buffer.getvalue()), "label", "impute")
    assert one.features == other.features == ("height", "tall", "kind = ash", "kind = elm", "kind = oak")
    assert one.name == other.name
    assert "Column 'when' cannot be read as numbers or text and is left out." in other.understood
    assert "Counted as missing in column 'height': '?'." in one.understood
    with pytest.raises(ValueError, match=r"column 'when' is of type timestamp"):
        prepare(read_table("trees.parquet", buffer.getvalue()), "when")


@pytest.mark.parametrize("word", ["?", "NA", "N/A", "null", " ? "])
def test_words_for_a_missing_value_are_no_category(word: str) -> None:
    own = prepare(trees(kind=["oak", word, "elm", "ash"] * 10), "label", "impute")
    assert own.features == ("height", "kind = ash", "kind = elm", "kind = oak")
    assert np.isnan(own.x[1, 1:]).all()
    assert f"Counted as missing in column 'kind': '{word.strip()}'." in own.understood
    with pytest.raises(ValueError, match=re.escape(f"row 3: '{word}' counts as missing; choose to impute")):
        prepare(trees(kind=["oak", word, "elm", "ash"] * 10), "label")
