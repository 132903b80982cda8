"""Labels, as whole numbers or names, against the classes that the value columns stand for.

Legend: N examples, K classes.
"""

from collections.abc import Sequence
from itertools import repeat

import numpy as np

from labelsmooth.calibration import FloatArray, IntArray
from labelsmooth.predictions.columns import Column, is_text
from labelsmooth.predictions.scales import Place
from labelsmooth.predictions.words import NAME, listed, quoted, shown


def encode(column: Column, classes: Sequence[str], named: bool, place: Place) -> tuple[IntArray, str]:
    """The class (N,) of every label, and how they were understood; `named` says whether the classes have names.

    `place` is that of the label column alone.
    """
    if is_text(column):
        if not named and not all(name in classes for name in set(column)):
            row = next(i for i, name in enumerate(column) if name not in classes)
            raise place.refuse(row, f"{quoted(column[row])} is a name, but the columns of values have no names", 0)
        return _by_name(column, classes, place), "named like the columns of values"
    _check_whole(column, place)
    numbers = [int(name) if name.isascii() and name.isdigit() else None for name in classes]
    if named and None not in numbers:
        counted = numbers == list(range(len(classes)))
        codes = _by_number(column, [float(n) for n in numbers if n is not None], place)
        return codes, "whole numbers" if counted else "whole numbers, which are the names of the columns of values"
    _check_range(column, len(classes), place)
    first, last = shown(classes[0], NAME), shown(classes[-1], NAME)
    said = f"whole numbers, 0 for '{first}' to {len(classes) - 1} for '{last}'" if named else "whole numbers"
    return column.astype(np.intp), said


def _by_name(column: Column, classes: Sequence[str], place: Place) -> IntArray:
    """The class of every name."""
    code_of = {name: i for i, name in enumerate(classes)}
    codes = np.fromiter(map(code_of.get, column.tolist(), repeat(-1)), np.intp, len(column))
    if codes.min() < 0:
        row = int(codes.argmin())
        what = "is empty" if column[row] == "" else f"{quoted(column[row])} is none of the classes"
        raise place.refuse(row, f"{what} {listed(classes)}" if column[row] else what, 0)
    return codes


def _by_number(column: FloatArray, numbers: Sequence[float], place: Place) -> IntArray:
    """The class of every number, where classes are named by numbers."""
    _check_from_one(column, len(numbers), numbers, place)
    order = np.argsort(numbers)
    ordered = np.asarray(numbers)[order]
    found = np.searchsorted(ordered, column).clip(max=len(ordered) - 1)
    unknown = ordered[found] != column
    if unknown.any():
        row = int(unknown.argmax())
        names = listed([f"{number:g}" for number in numbers])
        raise place.refuse(row, f"{column[row]:g} is out of range: the columns of values are named {names}", 0)
    return order[found]


def _check_whole(column: FloatArray, place: Place) -> None:
    """Refuse labels that are missing or no whole numbers."""
    wrong = ~(np.isfinite(column) & (column == np.rint(column)))
    if wrong.any():
        row = int(wrong.argmax())
        what = "is empty or NaN" if np.isnan(column[row]) else f"{column[row]:g} is no whole number, so no label"
        raise place.refuse(row, what, 0)


def _check_range(column: FloatArray, k: int, place: Place) -> None:
    """Refuse labels that do not count the classes from 0."""
    outside = (column < 0) | (column >= k)
    if not outside.any():
        return
    _check_from_one(column, k, range(k), place)
    row = int(outside.argmax())
    raise place.refuse(row, f"{column[row]:g} is out of range 0..{k - 1}", 0)


def _check_from_one(column: FloatArray, k: int, numbers: Sequence[float], place: Place) -> None:
    """Refuse labels from 1 to K where the classes, whose numbers are given, are counted from 0."""
    if sorted(numbers) == list(range(k)) and column.min() == 1 and column.max() == k:
        row = int(column.argmax())
        what = f"labels run from 1 to {k}: count them from 0 to {k - 1}, or name the columns of values 1 to {k}"
        raise place.refuse(row, f"{column[row]:g}; {what}", 0)
