"""Both models of a finished training judged by every estimator and every score: what pages and command line show."""

from labelsmooth.calibration import FloatArray, softmax
from labelsmooth.estimators import Estimate, calibration_table
from labelsmooth.selective import SCORES, RiskCoverage, Score, confidence_score, risk_coverage
from labelsmooth.snapshots import Snapshot

COLUMNS = (0, -1)  # of hard labels and smoothed among the epsilons


def estimates(
    snapshot: Snapshot, temperature: float = 1.0, bins: int = 15
) -> tuple[tuple[Estimate, ...], tuple[Estimate, ...]]:
    """Every calibration error of hard labels and smoothed on the shown seed's test part, at one temperature."""
    test = snapshot.test
    hard, smoothed = (
        calibration_table(softmax(test.logits[column] / temperature), test.labels, bins) for column in COLUMNS
    )
    return hard, smoothed


def risks(snapshot: Snapshot) -> dict[Score, tuple[RiskCoverage, RiskCoverage]]:
    """Risk against coverage of hard labels and smoothed, for every score, on the shown seed's test part."""
    labels = snapshot.test.labels
    hard, smoothed = (snapshot.test.logits[column] for column in COLUMNS)

    def judged(logits: FloatArray, score: Score) -> RiskCoverage:
        return risk_coverage(confidence_score(logits, score), logits.argmax(1) == labels)

    return {score: (judged(hard, score), judged(smoothed, score)) for score in SCORES}
