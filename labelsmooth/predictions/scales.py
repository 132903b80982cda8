"""Logits, log-probabilities or probabilities: which of them numbers are, and what they must fulfil to be them.

Legend: N examples, K classes.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from labelsmooth.calibration import SUM_TOLERANCE, FloatArray
from labelsmooth.predictions.words import quoted, refusal

Scale = Literal["logits", "log-probabilities", "probabilities"]
SCALES: tuple[Scale, ...] = get_args(Scale)

LARGEST = 1e100  # the square of anything larger is soon infinite
# Rounding to two or more digits may put the sum of a row this far from 1; beyond, too much of it is lost.
MOST_ROUNDED, FEWEST_DIGITS, MOST_DIGITS = 0.05, 2, 5
NEARLY = 0.1  # from 1: sums of what might be log-probabilities
SHARE = 0.1  # of rows that look like probabilities: by chance none does, so above it they all should


@dataclass(frozen=True)
class Place:
    """Where values (N, K) stand: the file, the number of its first row, and the names of its columns."""

    name: str
    columns: tuple[str, ...]
    first_row: int = 1

    def refuse(self, row: int, what: str, column: int | None = None) -> ValueError:
        """The error that says what is wrong with a row, or with one cell of it."""
        cell = "" if column is None else f", column {quoted(self.columns[column])}:"
        return refusal(self.name, f"row {self.first_row + row}{cell} {what}")


def check_scale(values: FloatArray, scale: Scale, place: Place) -> None:
    """Refuse numbers (N, K) that are not on the scale, with the first row that is not."""
    check_numbers(values, place)
    if scale == "logits":
        return
    if scale == "probabilities":
        outside, allowed = (values < 0) | (values > 1 + SUM_TOLERANCE), "lie between 0 and 1"
    else:
        outside, allowed = values > SUM_TOLERANCE, "are at most 0"
    if outside.any():
        row, column = _first(outside)
        raise place.refuse(row, f"{values[row, column]:.6g}, but {scale} {allowed}", column)
    sums = _sums(values, scale)
    off = np.abs(sums - 1) > SUM_TOLERANCE
    if not off.any():
        return
    digits, tolerance = _rounding(values, scale)
    off = np.abs(sums - 1) > tolerance
    if off.any():
        row = int(off.argmax())
        what = f"sums to {sums[row]:.6g} as probabilities, which must sum to 1 within {tolerance:.3g}"
        raise place.refuse(row, what + ("; these numbers are rounded too far: write more digits" if digits else ""))


def about_rounding(values: FloatArray, scale: Scale) -> str:
    """What to say of (log-)probabilities (N, K) that were accepted because they are rounded, else nothing."""
    if scale == "logits" or np.abs(_sums(values, scale) - 1).max() <= SUM_TOLERANCE:
        return ""
    digits, _ = _rounding(values, scale)
    zero = scale == "probabilities" and (values == 0).any()
    lost = " A probability of 0 counts as impossible: write more digits."
    return f"Numbers are rounded to {digits} digits, and rows divided by their sums.{lost if zero else ''}"


def check_numbers(values: FloatArray, place: Place) -> None:
    """Refuse NaN, plus infinity, sizes that no arithmetic bears, and rows of nothing but minus infinity."""
    if values.min() >= -LARGEST and values.max() <= LARGEST:  # false where there is a NaN
        return
    bad = ~(values <= LARGEST) | ((values < -LARGEST) & ~np.isneginf(values))
    if bad.any():
        row, column = _first(bad)
        value = values[row, column]
        if np.isnan(value):
            what = "NaN, or an empty cell"
        elif np.isinf(value):
            what = "plus infinity, or a number too large for a float64"
        else:
            what = f"{value:.6g}; at most {LARGEST:g} in size is allowed, and -inf for a class that is masked"
        raise place.refuse(row, what, column)
    nothing = np.isneginf(values).all(axis=1)
    if nothing.any():
        raise place.refuse(int(nothing.argmax()), "holds nothing but -inf")


def tell_scale(values: FloatArray, place: Place) -> tuple[Scale, str]:
    """The scale that the numbers (N, K) themselves tell, and why; mixed scales are refused."""
    check_numbers(values, place)
    for scale in ("probabilities", "log-probabilities"):
        fits, sums = _fits(values, scale)
        if not fits.all() and (tolerance := _rounding(values, scale)[1]) > SUM_TOLERANCE:
            fits, sums = _fits(values, scale, tolerance)
        count = int(fits.sum())
        if count == len(fits):
            return scale, f"{_bounds(scale)} and rows sum to 1 within {np.abs(sums - 1).max():.2g}{_exponent(scale)}"
        if count >= SHARE * len(fits):
            row = int(fits.argmin())
            what = f"breaks what {count:,} of {len(fits):,} rows are, {scale}: it {_broken(values, row, scale)}"
            raise place.refuse(row, f"{what}; choose the scale logits if these are no {scale}")
    _check_unclear(values, place)
    row = int(_fits(values, "probabilities")[0].argmin())
    return "logits", f"row {place.first_row + row} {_broken(values, row, 'probabilities')}"


def to_logits(values: FloatArray, scale: Scale) -> FloatArray:
    """Logits (N, K): as they are, or log-probabilities of the rows divided by their sums."""
    if scale == "logits":
        return values
    sums = _sums(values, scale)[:, None]
    if scale == "log-probabilities":
        return np.asarray(values - np.log(sums))
    shares = values / sums  # log p - log sum would lose the last digits of a probability near 1
    with np.errstate(divide="ignore"):
        return np.log(shares, out=shares)


def _check_unclear(values: FloatArray, place: Place) -> None:
    """Refuse to guess where numbers that are no probabilities are no clear logits either."""
    if values.min() >= 0 and values.max() <= 1 + SUM_TOLERANCE:
        row = int(_fits(values, "probabilities")[0].argmin())
        what = (
            f"sums to {values[row].sum():.4g}, yet all numbers lie between 0 and 1: choose the scale logits if they "
            "are; probabilities must sum to 1, which rounded ones and those of separate yes-or-no outputs do not"
        )
        raise place.refuse(row, what)
    sums = _sums(values, "log-probabilities")
    if values.max() <= SUM_TOLERANCE and (np.abs(sums - 1) < NEARLY).all():
        row = int(_fits(values, "log-probabilities")[0].argmin())
        what = (
            f"sums to {sums[row]:.4g} after exp, and all rows nearly to 1: choose the scale logits if they are; "
            "log-probabilities must sum to 1 after exp, so write more digits"
        )
        raise place.refuse(row, what)


def _rounding(values: FloatArray, scale: Scale) -> tuple[int | None, float]:
    """Digits behind the point, where all numbers (N, K) have few, and how far from 1 sums may then be."""
    few = [d for d in range(1, MOST_DIGITS + 1) if _has_digits(values[:99], d)]
    digits = next((d for d in few if _has_digits(values, d)), None)
    if digits is None:
        return None, SUM_TOLERANCE
    half = 0.5 * 10.0**-digits
    slack = (half * values.shape[1] if scale == "probabilities" else np.expm1(half)) + 1e-9
    allowed = digits >= FEWEST_DIGITS and slack <= MOST_ROUNDED + 1e-8
    return digits, max(SUM_TOLERANCE, slack) if allowed else SUM_TOLERANCE


def _has_digits(values: FloatArray, digits: int) -> bool:
    """Whether no number has more digits behind the point, as nearly as a float32 can say."""
    scaled = np.where(np.isfinite(values), values, 0) * 10.0**digits
    return bool((np.abs(scaled - np.rint(scaled)) < 0.01).all())


def _fits(values: FloatArray, scale: Scale, tolerance: float = SUM_TOLERANCE) -> tuple[NDArray[np.bool_], FloatArray]:
    """Which rows (N,) are on the scale, and what they sum to as probabilities."""
    low, high = (0.0, 1 + SUM_TOLERANCE) if scale == "probabilities" else (-np.inf, SUM_TOLERANCE)
    inside = np.ones(len(values), np.bool_)
    if values.min() < low or values.max() > high:
        inside = np.asarray(((values >= low) & (values <= high)).all(axis=1))
    sums = _sums(values, scale)
    return inside & (np.abs(sums - 1) <= tolerance), sums


def _sums(values: FloatArray, scale: Scale) -> FloatArray:
    """Sums (N,) of the rows as probabilities; of rows that are none, any number far from 1."""
    return np.asarray((values if scale == "probabilities" else np.exp(np.minimum(values, 1))).sum(axis=1))


def _bounds(scale: Scale) -> str:
    return "all numbers lie between 0 and 1" if scale == "probabilities" else "no number is above 0"


def _exponent(scale: Scale) -> str:
    return "" if scale == "probabilities" else " after exp"


def _broken(values: FloatArray, row: int, scale: Scale) -> str:
    """What keeps a row from being on the scale."""
    numbers = values[row]
    if scale == "log-probabilities":
        return f"sums to {_sums(numbers[None], scale)[0]:.4g} after exp and holds {numbers.max():.4g}"
    farthest = numbers[np.abs(numbers - 0.5).argmax()]
    return f"sums to {numbers.sum():.4g} and holds {farthest:.4g}"


def _first(wrong: NDArray[np.bool_]) -> tuple[int, int]:
    """Row and column of the first true cell of (N, K)."""
    row, column = divmod(int(wrong.argmax()), wrong.shape[1])
    return row, column
