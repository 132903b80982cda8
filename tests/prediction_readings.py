"""Files of predictions read, for tests, and what the arrays in them give."""

from prediction_files import File, Sample

from labelsmooth.predictions.given import Predictions, from_arrays
from labelsmooth.predictions.reading import Reading, Wishes, read_predictions
from labelsmooth.predictions.tables import read_table


def read(*files: File, **wishes: object) -> Reading:
    return read_predictions([read_table(*file) for file in files], Wishes(**wishes))  # type: ignore[arg-type]


def read_csv(content: str, **wishes: object) -> Reading:
    return read(("given.csv", content.encode()), **wishes)


def arrays_of(predictions: Sample) -> Predictions:
    return from_arrays(predictions.values, predictions.labels, predictions.scale, predictions.classes)


def assert_same(first: Predictions, second: Predictions) -> None:
    """Equal to the bit."""
    assert first.logits.tobytes() == second.logits.tobytes()
    assert first.labels.tolist() == second.labels.tolist()
    assert first.scale == second.scale
