"""Laws of data of one's own: what becomes of a file, what it is called, and how long it is there."""

import argparse
import gc
import pickle
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import datasets as sklearn_datasets

from labelsmooth.commands.options import add_setup_options, setup_of
from labelsmooth.datasets import DATASETS, MOST_MEASURED, Split, class_names, make_split
from labelsmooth.own_data.held import DataGoneError, OwnData, find, is_own, register
from labelsmooth.own_data.preparing import MAX_FEATURES, prepare, shown_name
from labelsmooth.predictions.tables import Table, read_table
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import MEASURES
from labelsmooth.training import train

KINDS = ("oak", "elm", "ash")


def table(**columns: Any) -> Table:
    """A table with these columns; what is no number is text."""
    arrays = {name: np.array(list(values)) for name, values in columns.items()}
    read = {name: a.astype(float if a.dtype.kind in "bif" else object) for name, a in arrays.items()}
    return Table("trees.csv", read, len(next(iter(read.values()))), "", first_row=2)


def trees(rows: int = 40, /, **changed: Any) -> Table:
    """A table of two classes, a column of numbers and one of text."""
    columns = {"height": np.arange(rows) ** 2 / 7, "kind": [KINDS[i % 3] for i in range(rows)]}
    return table(**columns | {"label": np.arange(rows) % 2} | changed)


def given(own: OwnData) -> tuple[Any, ...]:
    return own.x.tolist(), own.y.tolist(), own.classes, own.features


def iris_file() -> Table:
    data, target = sklearn_datasets.load_iris(return_X_y=True)
    names = DATASETS["iris"].class_names
    rows = [",".join((*map(repr, row.tolist()), names[label])) for row, label in zip(data, target, strict=True)]
    return read_table("flowers.csv", "\n".join(["a,b,c,d,kind", *rows]).encode())


def test_a_file_of_iris_trains_to_the_numbers_of_iris() -> None:
    own = prepare(iris_file(), "kind")
    setup = TrainingSetup("iris", train_size=60, epochs=3, seeds=(3, 4), hidden=(8,))
    (*_, known), (*_, mine) = train(setup), train(replace(setup, dataset=register(own)))
    for name in MEASURES:
        np.testing.assert_array_equal(getattr(mine, name), getattr(known, name))
    np.testing.assert_array_equal(mine.test.logits, known.test.logits)
    assert class_names(own.name, 3) == class_names("iris", 3)


def test_numbers_stay_and_text_becomes_a_column_a_category() -> None:
    own = prepare(trees(), "label")
    assert own.features == ("height", "kind = ash", "kind = elm", "kind = oak")
    assert own.classes == ("0", "1")
    by_hand = np.array([[0, 0, 0, 1], [1 / 7, 0, 1, 0], [4 / 7, 1, 0, 0], [9 / 7, 0, 0, 1]])
    np.testing.assert_array_equal(own.x[:4], by_hand)
    assert own.x.dtype == np.float64
    assert own.y.tolist() == [0, 1] * 20
    assert own.understood[:2] == (
        "Columns of numbers, used as they are: 1.",
        "Columns of text: 1, with 3 categories, each of which becomes a column of 0 and 1.",
    )


@pytest.mark.parametrize(
    ("labels", "classes"),
    [([10, 9, 2], ("2", "9", "10")), (["10", "9", "b"], ("10", "9", "b")), ([0.5, -1, 2], ("-1", "0.5", "2"))],
)
def test_classes_stand_in_the_order_of_numbers_or_of_the_alphabet(labels: list[Any], classes: tuple[str, ...]) -> None:
    own = prepare(trees(60, label=labels * 20), "label")
    assert own.classes == classes
    assert [own.classes[k] for k in own.y[:3]] == [str(label) for label in labels]


def test_what_is_constant_or_empty_is_left_out_and_said() -> None:
    nothing, twice = ["", " "] * 20, ["x", ""] * 20
    own = prepare(trees(one=[3] * 40, void=[np.nan] * 40, nothing=nothing, twice=twice), "label", "impute")
    assert own.features == prepare(trees(), "label").features
    assert [name in " ".join(own.understood) for name in ("one", "void", "nothing", "twice")] == [True] * 4


def test_a_name_says_the_data_and_nothing_else() -> None:
    first = prepare(trees(), "label")
    assert is_own(first.name)
    assert len(first.name) <= 20
    same = replace(trees(), name="other.csv")
    assert prepare(same, "label").name == prepare(trees(), "label").name == first.name
    heights = np.arange(40) ** 2 / 7
    heights[39] = np.nextafter(heights[39], 0)
    others = [
        prepare(trees(height=heights), "label"),
        prepare(trees(height=np.arange(40)[::-1] ** 2 / 7), "label"),
        prepare(trees(label=["a", "b"] * 20), "label"),
        prepare(trees(label=[0] * 20 + [1] * 20), "label"),
        prepare(trees(), "label", columns=["height"]),
        prepare(trees(), "label", columns=["kind", "height"]),
        prepare(trees(kind=["oak", "elm", "fir"] * 13 + ["oak"]), "label"),
        prepare(trees(height=[np.nan, *heights[1:]]), "label", "impute"),
    ]
    assert len({first.name, *(own.name for own in others)}) == 1 + len(others)


def test_the_order_of_rows_changes_nothing_but_the_order() -> None:
    order = np.random.default_rng(0).permutation(40)
    whole, shuffled = trees(), trees()
    shuffled = replace(whole, columns={name: column[order] for name, column in whole.columns.items()})
    one, other = prepare(whole, "label"), prepare(shuffled, "label")
    assert (other.features, other.classes, other.understood) == (one.features, one.classes, one.understood)
    np.testing.assert_array_equal(other.x, one.x[order])
    np.testing.assert_array_equal(other.y, one.y[order])


@pytest.mark.parametrize(
    ("made", "label", "problem"),
    [
        (trees(), "sort", "there is no column 'sort'; there are 'height', 'kind', 'label'"),
        (trees(label=[1] * 40), "label", "label column 'label' has one class only"),
        (trees(), "height", "label column 'height': class 0 has 1 of the 5 rows"),
        (trees(60), "height", "label column 'height' has 60 different values; at most 50 classes"),
        (trees(label=[0] * 4 + [1] * 36), "label", "label column 'label': class 0 has 4 of the 5 rows"),
        (trees(label=["", "a"] * 20), "label", "label column 'label', row 2: a label is missing"),
        (trees(18), "label", "2 classes need at least 20 rows, 10 a class; got 18"),
        (trees(20_001), "label", "trees.csv: has 20,001 rows; 1 to 20,000"),
        (trees(**{f"x{i}": np.arange(40) for i in range(198)}), "label", "has 201 columns; 2 to 200"),
        (trees(height=[*range(39), np.nan]), "label", "column 'height', row 41: a value is missing"),
        (trees(kind=["oak", "", "elm", "ash"] * 10), "label", "column 'kind', row 3: a value is missing"),
        (trees(height=[*range(39), -np.inf]), "label", "column 'height', row 41: -inf is infinite or too large"),
        (trees(height=[1e200, *range(39)]), "label", "column 'height', row 2: 1e+200 is infinite or too large"),
        (
            trees(200, kind=[f"kind {i}" for i in range(200)]),
            "label",
            "column 'kind' has 200 different texts; at most 100",
        ),
        (table(kind=["oak"] * 40, label=[0, 1] * 20), "label", "no column to learn from"),
        (
            table(**{f"t{i}": [f"v{k % 90}" for k in range(180)] for i in range(5)}, label=[0, 1] * 90),
            "label",
            f"column 't4': with its 90 categories there are 450 features, of which {MAX_FEATURES} are allowed",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(made: Table, label: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)) as refusal:
        prepare(made, label)
    assert "\n" not in str(refusal.value)


def test_a_column_that_numbers_the_rows_is_warned_of() -> None:
    own = prepare(trees(tree=np.arange(40)[::-1] + 7), "label")
    assert "Column 'tree' numbers the rows: leave it out unless it means something." in own.understood


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<b>x</b>", "‹b›x‹/b›"),
        ("a\nb\x00\u202ec", "a?b??c"),
        ("%{x}$", "％{x}＄"),
        (" ", "(no name)"),
        ("x" * 50, "x" * 39 + "…"),
    ],
)
def test_a_name_is_one_short_line_that_no_figure_takes_for_markup(name: str, shown: str) -> None:
    assert shown_name(name) == shown
    own = prepare(trees(label=[f"{name}\x01", f"{name}\x02"] * 20, **{name: np.arange(40.0)}), "label", columns=[name])
    assert own.features == (shown,)
    assert len(set(own.classes)) == 2  # where their names became one


def test_gaps_are_filled_and_scaled_by_the_training_part_alone() -> None:
    heights, kinds = np.arange(200.0) ** 2, np.array([KINDS[i % 3] for i in range(200)], object)
    heights[::7], kinds[::5] = np.nan, ""
    own = prepare(trees(200, height=heights, kind=kinds), "label", "impute")
    split = make_split(register(own), 100, 0.0, seed=1)
    lost = np.isnan(own.x).any(1).sum()
    parts = [split.x_train, split.x_validation, split.x_test]
    assert [len(part) for part in parts] == [100, 25, 75]
    # What is missing is the mean of the training part, and so 0 once it is standardised.
    assert 0 < lost <= sum((np.abs(part) < 1e-6).any(1).sum() for part in parts)
    np.testing.assert_allclose(split.x_train.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(split.x_train.std(0), 1, atol=1e-5)
    # Other values outside of the training part leave it as it is.
    trained = np.isin(np.arange(200), _rows_trained_on(own, 100, seed=1))
    heights[~trained & ~np.isnan(heights)] = 1e5
    changed = prepare(trees(200, height=heights, kind=kinds), "label", "impute")
    again = make_split(register(changed), 100, 0.0, seed=1)
    np.testing.assert_array_equal(again.x_train, split.x_train)
    assert not np.array_equal(again.x_test, split.x_test)


def _rows_trained_on(own: OwnData, size: int, seed: int) -> np.ndarray:
    """Rows of the data that are in a training part, found with one feature that numbers them."""
    numbered = OwnData("", np.arange(float(len(own.y)))[:, None], own.y, own.classes, ("row",))
    split = make_split(register(numbered), size, 0.0, seed)
    every = np.concatenate([split.x_train, split.x_validation, split.x_test])[:, 0]
    return np.argsort(np.argsort(every))[:size]


@pytest.mark.parametrize("counts", [(5, 15), (5, 5, 20), (5,) * 10 + (60,), (5, 4000), (10,) * 50, (11, 9) * 25])
def test_every_data_set_that_is_not_refused_trains_at_both_ends(counts: tuple[int, ...]) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    own = prepare(table(x=np.arange(len(labels)) ** 2, label=labels), "label")
    name = register(own)
    for size in (own.smallest_train_size, int(0.6 * len(labels))):
        TrainingSetup(name, train_size=size)
        for seed in range(5):
            split = make_split(name, size, 0.0, seed)
            assert set(split.train_clean) == set(split.test_labels) == set(range(len(counts)))


def test_a_large_test_part_is_bounded() -> None:
    own = prepare(table(x=np.arange(12_000) % 997, label=np.arange(12_000) % 4), "label")
    split = make_split(register(own), 1000, 0.0, seed=0)
    assert (len(split.x_train), len(split.x_test)) == (1000, MOST_MEASURED)
    assert np.bincount(split.test_labels).tolist() == [MOST_MEASURED // 4] * 4


def test_a_value_far_from_all_others_overflows_nothing() -> None:
    heights = np.where(np.arange(40) == 7, 1e100, np.arange(40) % 3 * 1e-100)
    own = prepare(trees(height=heights), "label")
    name = register(own)
    for seed in range(4):
        split = make_split(name, 20, 0.0, seed)
        assert all(np.isfinite(part).all() for part in (split.x_train, split.x_validation, split.x_test))


def test_data_are_there_as_long_as_anybody_holds_them() -> None:
    first, second = prepare(trees(), "label"), prepare(trees(), "label")
    name, setup = register(first), None
    assert register(second) == name
    setup = TrainingSetup(name, train_size=20)
    split = make_split(name, 20, 0.1, 0)
    del first
    gc.collect()
    assert find(name) is second
    again = make_split(name, 20, 0.1, 0)
    assert all(np.array_equal(getattr(split, f.name), getattr(again, f.name)) for f in fields(Split))
    del second
    gc.collect()
    with pytest.raises(DataGoneError, match=f"the data {name} are not here"):
        next(iter(train(setup)))
    with pytest.raises(DataGoneError):
        replace(setup, epochs=3)
    copy = pickle.loads(pickle.dumps(prepare(trees(), "label")))
    assert register(copy) == name
    assert given(find(name)) == given(prepare(trees(), "label"))


@pytest.mark.parametrize("name", ["own-", "own-0123456789a", "own-0123456789abc", "own-0123456789AB", "iris"])
def test_what_only_looks_like_a_name_is_none(name: str) -> None:
    assert not is_own(name)


def test_the_command_line_trains_on_a_file(tmp_path: Path) -> None:
    file = tmp_path / "trees.csv"
    file.write_text(
        "height,kind,label\n" + "\n".join(f"{i % 9 if i else ''},{KINDS[i % 3]},{i % 2}" for i in range(40))
    )

    def options(*arguments: str) -> argparse.Namespace:
        parser = argparse.ArgumentParser()
        add_setup_options(parser, train_size=(1000, 20))
        return parser.parse_args(arguments)

    asked = options("--data", str(file), "--label", "label", "--missing", "impute", "--epochs", "2")
    setup = setup_of(asked, train_size=20)
    assert (setup.label_noise, setup.epochs) == (0.0, 2)
    assert find(setup.dataset) is asked.own_data
    assert asked.train_size == (24,)
    assert setup_of(asked, train_size=20) == setup
    noisy = options("--data", str(file), "--label", "label", "--missing", "impute", "--label-noise", "0.4")
    assert setup_of(noisy, train_size=20).label_noise == 0.4
    for wrong, problem in (
        (("--data", str(file), "--label", "label"), "column 'height', row 2: a value is missing"),
        (("--data", str(file)), "--data needs --label"),
        (("--label", "label"), "--label is"),
    ):
        with pytest.raises(ValueError, match=problem):
            setup_of(options(*wrong), train_size=20)
