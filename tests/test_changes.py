"""What makes one figure of another."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.screen import changed
from labelsmooth.dashboard.changes import NOTHING, Versions, change

LEAVES = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a"])
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner))


@given(TREES, TREES)
def test_the_old_and_the_change_make_the_new(old: Any, new: Any) -> None:
    step = change(old, new)
    assert (old if step is None else changed(old, step)) == new


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [
        ({"x": [1, 2], "y": [3]}, {"x": [1, 2, 5], "y": [3]}, {"in": {"x": {"add": [5]}}}),
        ({"range": [0, 1]}, {"range": [0, 2]}, {"in": {"range": {"set": [0, 2]}}}),
        ([{"x": 1}, {"x": 2}], [{"x": 1}, {"x": 3}], {"in": {"1": {"in": {"x": {"set": 3}}}}}),
        ({"a": 1}, {"a": 1, "b": 2}, {"in": {"b": {"set": 2}}}),
        ({"a": 1, "b": 2}, {"a": 1}, {"set": {"a": 1}}),
        ([1, 2], [1, 2], None),
    ],
)
def test_a_change_holds_no_more_than_what_is_new(old: Any, new: Any, step: dict[str, Any] | None) -> None:
    assert change(old, new) == step


def test_there_is_a_way_from_every_version_that_is_remembered() -> None:
    versions = Versions(2)
    assert versions.way("", "one", {"x": 1}) is None
    assert versions.way("one", "one", {"x": 1}) == NOTHING
    assert versions.way("one", "two", {"x": 2}) == {"in": {"x": {"set": 2}}}
    assert versions.way("one", "two", {"x": 2}) is versions.way("one", "two", {"x": 2})
    versions.way("", "three", {"x": 3})
    assert versions.way("one", "three", {"x": 3}) is None
