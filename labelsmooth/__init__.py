"""Label smoothing: the loss, what epsilon means in each library, a batched toy trainer, and calibration."""

from labelsmooth.calibration import (
    NullECE,
    ReliabilityCurve,
    brier_score,
    clopper_pearson,
    nll,
    null_ece,
    reliability_curve,
)
from labelsmooth.conventions import convert_epsilon, minimum_loss, optimal_logit_gap
from labelsmooth.loss import LabelSmoothingLoss, smooth_targets
from labelsmooth.temperature import TemperatureFit, fit_temperature

__all__ = [
    "LabelSmoothingLoss",
    "NullECE",
    "ReliabilityCurve",
    "TemperatureFit",
    "brier_score",
    "clopper_pearson",
    "convert_epsilon",
    "fit_temperature",
    "minimum_loss",
    "nll",
    "null_ece",
    "optimal_logit_gap",
    "reliability_curve",
    "smooth_targets",
]
