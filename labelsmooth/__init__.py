"""Label smoothing: the loss, what epsilon means in each library, calibration, and the geometry of clusters.

The trainer is `labelsmooth.training.train`. It stands apart: scikit-learn takes a second to import.
"""

from labelsmooth.calibration import (
    NullECE,
    ReliabilityCurve,
    brier_score,
    class_reliability,
    clopper_pearson,
    nll,
    null_ece,
    reliability_curve,
)
from labelsmooth.conventions import minimum_loss, optimal_logit_gap
from labelsmooth.estimators import (
    Estimate,
    adaptive_classwise_ece,
    calibration_table,
    classwise_ece,
    debiased_ece,
    rms_calibration_error,
)
from labelsmooth.geometry import TemplatePlane, class_separation, neural_collapse, template_plane
from labelsmooth.libraries import LIBRARIES, Library, convert_epsilon
from labelsmooth.loss import LabelSmoothingLoss
from labelsmooth.mutual_information import mutual_information
from labelsmooth.selective import SCORES, RiskCoverage, confidence_score, risk_coverage
from labelsmooth.smooth_ece import SmoothECE, smooth_ece
from labelsmooth.streaming import CalibrationError
from labelsmooth.targets import smooth_targets
from labelsmooth.temperature import TemperatureFit, fit_temperature
from labelsmooth.temperature_path import TemperaturePath, temperature_path
from labelsmooth.temperature_scaling import TemperatureScaling

__all__ = [
    "LIBRARIES",
    "SCORES",
    "CalibrationError",
    "Estimate",
    "LabelSmoothingLoss",
    "Library",
    "NullECE",
    "ReliabilityCurve",
    "RiskCoverage",
    "SmoothECE",
    "TemperatureFit",
    "TemperaturePath",
    "TemperatureScaling",
    "TemplatePlane",
    "adaptive_classwise_ece",
    "brier_score",
    "calibration_table",
    "class_reliability",
    "class_separation",
    "classwise_ece",
    "clopper_pearson",
    "confidence_score",
    "convert_epsilon",
    "debiased_ece",
    "fit_temperature",
    "minimum_loss",
    "mutual_information",
    "neural_collapse",
    "nll",
    "null_ece",
    "optimal_logit_gap",
    "reliability_curve",
    "risk_coverage",
    "rms_calibration_error",
    "smooth_ece",
    "smooth_targets",
    "temperature_path",
    "template_plane",
]
