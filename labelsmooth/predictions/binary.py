"""Two classes in one column: the probability, or the log odds, of one of them.

Legend: N examples.
"""

import numpy as np

from labelsmooth.calibration import FloatArray, IntArray
from labelsmooth.predictions.columns import is_text, is_whole
from labelsmooth.predictions.given import Predictions, prepared
from labelsmooth.predictions.scales import Place, Scale, check_numbers
from labelsmooth.predictions.sources import Source, is_probability, named_scale, prefix_of
from labelsmooth.predictions.words import quoted, refusal


def of_one_column(source: Source, label: Source, wish: Scale | None) -> tuple[Predictions, str, str]:
    """Predictions of two classes, why they are on their scale, and what the column was taken for."""
    place = Place(source.table.name, (source.name,), source.table.first_row)
    scale = wish or ("probabilities" if is_probability(source.name) else None)
    column = f"there is one column of values, {quoted(source.name)}"
    if scale is None or scale == "log-probabilities":
        odds = ", or choose the scale logits to take it as log odds" if named_scale(source.name) == "logits" else ""
        raise refusal(place.name, f"{column}; every class needs one: for two classes write 1 - p beside it{odds}")
    labels, classes = _labels(source, label)
    check_numbers(source.array[:, None], place)
    _, name = prefix_of(source.name)
    of = classes.index(name) if name in classes else 1
    if scale == "probabilities":
        _check_bounds(source.array, place)
        first, second = 1 - source.array, source.array
    else:
        first, second = np.zeros_like(source.array), source.array
    values = np.column_stack((first, second) if of else (second, first))
    sides = Place(place.name, (source.name, source.name), place.first_row)
    predictions = prepared(np.ascontiguousarray(values), labels, classes, scale, sides)
    what, other = quoted(classes[of]), quoted(classes[1 - of])
    if scale == "probabilities":
        said = f"One column of values: taken as the probability of class {what}; that of {other} is the rest."
    else:
        said = f"One column of values: taken as the log odds of class {what}; the logit of {other} is 0."
    return predictions, "you chose it" if wish else "the column is named so and lies between 0 and 1", said


def _labels(source: Source, label: Source) -> tuple[IntArray, tuple[str, str]]:
    """Labels (N,) of 0 and 1, and the names of both classes in the order of numbers or of the alphabet."""
    place = Place(label.table.name, (label.name,), label.table.first_row)
    gaps = np.array([cell == "" for cell in label.array]) if is_text(label.array) else np.isnan(label.array)
    if gaps.any():
        raise place.refuse(int(gaps.argmax()), "is empty or NaN", 0)
    found, codes = np.unique(label.array, return_inverse=True)
    if len(found) != 2 or not (is_text(found) or is_whole(found)):
        what = f"{quoted(label.name)} holds {len(found):,} different labels and {quoted(source.name)} is the one column"
        raise refusal(source.table.name, f"{what} of values, which does for two classes: every class needs a column")
    first, second = (name if isinstance(name, str) else f"{name:g}" for name in found.tolist())
    return codes.reshape(-1).astype(np.intp), (first, second)


def _check_bounds(values: FloatArray, place: Place) -> None:
    """Refuse what is no probability."""
    outside = (values < 0) | (values > 1)
    if outside.any():
        row = int(outside.argmax())
        what = f"{values[row]:.6g}, but probabilities lie between 0 and 1"
        raise place.refuse(row, f"{what}: choose the scale logits if these are log odds", 0)
