"""Label smoothing: the loss, what epsilon means in each library, calibration, and the geometry of clusters.

The trainer is `labelsmooth.training.train`. It stands apart: scikit-learn takes a second to import.
"""

from labelsmooth.calibration import (
    NullECE,
    ReliabilityCurve,
    brier_score,
    clopper_pearson,
    nll,
    null_ece,
    reliability_curve,
)
from labelsmooth.conventions import minimum_loss, optimal_logit_gap
from labelsmooth.geometry import TemplatePlane, class_separation, neural_collapse, template_plane
from labelsmooth.libraries import LIBRARIES, Library, convert_epsilon
from labelsmooth.loss import LabelSmoothingLoss, smooth_targets
from labelsmooth.temperature import TemperatureFit, fit_temperature

__all__ = [
    "LIBRARIES",
    "LabelSmoothingLoss",
    "Library",
    "NullECE",
    "ReliabilityCurve",
    "TemperatureFit",
    "TemplatePlane",
    "brier_score",
    "class_separation",
    "clopper_pearson",
    "convert_epsilon",
    "fit_temperature",
    "minimum_loss",
    "neural_collapse",
    "nll",
    "null_ece",
    "optimal_logit_gap",
    "reliability_curve",
    "smooth_targets",
    "template_plane",
]
