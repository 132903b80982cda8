"""What is found out about the predictions of one model: numbers only.

Legend: N rows, K classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from labelsmooth.calibration import FloatArray, IntArray, ReliabilityCurve, Scheme
from labelsmooth.comparison import Comparison
from labelsmooth.estimators import Estimate
from labelsmooth.predictions.given import Scale
from labelsmooth.selective import RiskCoverage, Score
from labelsmooth.temperature import TemperatureFit


@dataclass(frozen=True, eq=False)
class State:
    """A model as it is, or after temperature scaling: reliability of the top label, nine errors, the losses."""

    curve: ReliabilityCurve  # with `bins` bins of `scheme`
    estimates: tuple[Estimate, ...]  # of `calibration_table`, with `bins` bins
    nll: float  # nats; inf where a label has probability 0
    brier: float  # in [0, 2]
    gap: Comparison  # over the rows: hard = accuracy, smoothed = confidence, so the difference is confidence - accuracy

    def estimate(self, name: str) -> Estimate:
        """The calibration error of this name."""
        return next(estimate for estimate in self.estimates if estimate.name == name)


@dataclass(frozen=True, eq=False)
class Assessment:
    """One model's predictions judged as they are and after temperature scaling.

    `fit` is what to divide the logits by: fitted on the validation set, or on all rows where there is none. Then
    `after` is cross-fitted: each row was divided by the temperature of the other folds, `fold_temperatures`, and
    validation_rows is 0. `after` is None where every temperature is equally good, `fit.flat`.

    A row whose label has probability 0 has an infinite NLL at every temperature: it is left out of the fit and of
    `nll_change`, and counts in everything else.
    """

    name: str
    scale: Scale
    rows: int
    classes: tuple[str, ...]
    labelled: IntArray  # (K,), rows of each class
    predicted: IntArray  # (K,), predictions of each class
    impossible: int  # rows whose label has probability 0
    bins: int
    scheme: Scheme
    seed: int  # of the folds, and of the labels that chance draws
    before: State
    after: State | None
    fit: TemperatureFit
    fitted_rows: int  # that the temperature was fitted on
    fitted_errors: int  # of them, rows that are predicted wrong
    fold_temperatures: tuple[float, ...]
    validation_rows: int
    validation_is_test: bool  # the same rows in the same order
    row_temperatures: FloatArray  # (N,), or (1,) where all rows have the same: what `after` was divided by
    nll_change: Comparison | None  # over the rows: hard = before, smoothed = after; None also where no row counts
    brier_change: Comparison | None
    risks: Mapping[Score, RiskCoverage]  # of the rows as they are; without a score that cannot be taken

    @property
    def errors(self) -> int:
        """Wrong predictions."""
        return self.rows - round(self.rows * self.before.curve.accuracy)

    @property
    def states(self) -> dict[str, State]:
        """The model before temperature scaling and, where a temperature changes anything, after it."""
        found = {"before": self.before, "after": self.after}
        return {name: state for name, state in found.items() if state is not None}

    def ece(self, state: State) -> Estimate:
        """The ECE of a state beside chance, in the bins of `scheme`."""
        return state.estimate(f"ECE, {self.scheme.replace('-', ' ')}")
