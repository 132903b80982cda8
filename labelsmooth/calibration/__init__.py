"""How far confidence is from accuracy: bins, reliability curve, ECE, intervals, and the ECE that chance alone makes."""

from labelsmooth.calibration.arrays import (
    SUM_TOLERANCE,
    FloatArray,
    IntArray,
    check_confidence,
    check_correct,
    check_labels,
    check_matrix,
    check_probabilities,
    log_softmax,
    softmax,
)
from labelsmooth.calibration.bins import (
    TIE,
    Scheme,
    ascending,
    bin_index,
    bin_sums,
    ece_of_runs,
    event_sums,
    inner_edges,
    mass_edges,
    numbers_below,
    width_edges,
)
from labelsmooth.calibration.curve import ReliabilityCurve, class_reliability, event_reliability, reliability_curve
from labelsmooth.calibration.intervals import clopper_pearson
from labelsmooth.calibration.null import BLOCK, NullECE, null_ece
from labelsmooth.calibration.scores import brier_score, nll

__all__ = [
    "BLOCK", "SUM_TOLERANCE", "TIE",
    "FloatArray", "IntArray", "NullECE", "ReliabilityCurve", "Scheme",
    "ascending", "bin_index", "bin_sums", "brier_score", "check_confidence", "check_correct", "check_labels",
    "check_matrix", "check_probabilities", "class_reliability", "clopper_pearson", "ece_of_runs", "event_reliability",
    "event_sums", "inner_edges", "log_softmax", "mass_edges", "nll", "null_ece", "numbers_below", "reliability_curve",
    "softmax", "width_edges",
]  # fmt: skip
