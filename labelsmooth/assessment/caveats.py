"""What to be careful of in an assessment: few rows, few errors, one-sided rows, labels that were ruled out.

Legend: K classes.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from labelsmooth.assessment.judged import Assessment
from labelsmooth.calibration import clopper_pearson
from labelsmooth.comparison import count

FEW = 100  # rows, below which an interval says little
FEW_ERRORS = 10  # wrong predictions, below which a few rows decide what a temperature does
NAMED = 5  # classes


def caveats(assessment: Assessment) -> Iterator[str]:
    """Sentences on what these rows cannot show; none where nothing is special."""
    if assessment.rows < FEW:
        yield (
            f"{count(assessment.rows, 'row').capitalize()} tell little: the intervals are wide, and rough themselves."
            if assessment.rows > 1
            else "One row tells nothing of a model."
        )
    yield from _errors(assessment)
    yield from _validation(assessment)
    yield from _classes(assessment)
    yield from _impossible(assessment)


def _errors(assessment: Assessment) -> Iterator[str]:
    """What follows from no errors, or from more than guessing makes."""
    errors, rows, classes = assessment.errors, assessment.rows, len(assessment.classes)
    right = "the columns must stand in the order of the classes, and the labels must belong to these rows"
    _, best = clopper_pearson(rows - errors, rows)
    if errors == 0:
        yield (
            "No prediction is wrong: such rows cannot show over-confidence, and any confidence below 1 counts as too "
            "little."
        )
    elif errors == rows:
        yield f"No prediction is right: {right}."
    elif float(best) < 1 / classes:
        yield f"The accuracy is below that of guessing, {1 / classes:.3f}: {right}."
    if 0 < errors < min(FEW_ERRORS, rows):
        yield (
            f"Only {_wrong(errors)}: over-confidence, the losses and a temperature hang on so few rows, and their "
            "intervals are rough."
        )


def _validation(assessment: Assessment) -> Iterator[str]:
    """What follows from a validation set that is no other data, or holds few errors."""
    if assessment.validation_is_test:
        yield "The validation set is the test set itself: the numbers after scaling flatter."
    elif assessment.validation_rows and 0 < assessment.fitted_errors < FEW_ERRORS:
        yield f"In the validation set only {_wrong(assessment.fitted_errors)}: the temperature hangs on so few rows."


def _wrong(errors: int) -> str:
    """So many predictions are wrong."""
    return f"{count(errors, 'prediction')} {'is' if errors == 1 else 'are'} wrong"


def _classes(assessment: Assessment) -> Iterator[str]:
    """What follows from classes that do not occur."""
    names = assessment.classes
    predicted, missing = np.flatnonzero(assessment.predicted), np.flatnonzero(assessment.labelled == 0)
    if len(predicted) == 1 and assessment.rows > 1:
        yield f"Only one class is ever predicted: {names[predicted[0]]}."
    if len(missing):
        yield (
            f"No label is {_named(names, missing)} ({len(missing)} of {len(names)} classes): how often that is right "
            "where the model expects it is not known."
        )
    if len(names) == 2:
        yield "Of two classes the Brier score given here is twice that of one of them."


def _named(names: Sequence[str], chosen: np.ndarray) -> str:
    """The first of the chosen class names."""
    more = ["..."] if len(chosen) > NAMED else []
    return ", ".join([*(names[k] for k in chosen[:NAMED]), *more])


def _impossible(assessment: Assessment) -> Iterator[str]:
    """What follows from labels of probability 0."""
    if assessment.impossible:
        one = assessment.impossible == 1
        yield (
            f"The model gave the label of {count(assessment.impossible, 'row')} the probability 0: the NLL is "
            f"infinite at every temperature. {'That row is' if one else 'These rows are'} left out of the NLL below, "
            f"and {'counts' if one else 'count'} in the accuracy, the Brier score and every calibration error."
        )
    given = assessment.validation_rows or assessment.rows
    if assessment.fitted_rows < given:
        yield (
            f"The temperature is fitted on the {count(assessment.fitted_rows, 'row')} of {given:,} whose label is "
            "possible. Errors made with certainty are missing there, so it may leave the model too sure."
        )
