"""Which files may wait for another one: scores without labels, and labels without scores."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from numpy.typing import NDArray

from labelsmooth.predictions.columns import Table, is_text, is_whole, numbers_rows
from labelsmooth.predictions.reading import NotUnderstoodError, read_predictions
from labelsmooth.predictions.roles import CLASSES, LABELS
from labelsmooth.predictions.words import shown

Half = Literal["scores", "labels"]
OTHER: dict[Half, Half] = {"scores": "labels", "labels": "scores"}


def half_of(table: Table) -> Half | None:
    """What a file holds that is not understood by itself; None where that is no clear half of predictions."""
    parts = dict(_parts(table))
    named = [name for name in parts if name.lower() in LABELS]
    matrices = [name for name, part in parts.items() if part.ndim == 2]
    words = [name for name, part in parts.items() if part.ndim == 1 and is_text(part)]
    others = [name for name in parts if name not in (*named, *words)]
    if len(parts) == 1 and not matrices:
        (part,) = parts.values()
        return "labels" if named or words or is_whole(part) else "scores"
    if len(named) == 1 and named[0] not in matrices and not others:
        return "labels"
    return "scores" if others and not named and not words else None


def _parts(table: Table) -> Iterator[tuple[str, NDArray[Any]]]:
    """Columns or arrays, but row numbers and names of classes."""
    whole = len(table.arrays) == 1 or not table.columns
    for name, part in (table.arrays if whole else table.columns).items():
        about_classes = whole and len(table.arrays) > 1 and name.lower() in CLASSES
        counts = not whole and name.lower() not in LABELS and numbers_rows(table, name)
        if not about_classes and not counts:
            yield name, part


def refuse_two_complete(files: Sequence[Table]) -> None:
    """Refuse two files of which each has its own values and labels: they are no halves of one set."""
    if len(files) == 2 and all(_is_complete(table) for table in files):
        names = " and ".join(shown(table.name) for table in files)
        raise ValueError(
            f"{names}: both files are complete predictions: give the second one as the second model, or as the "
            "validation set"
        )


def _is_complete(table: Table) -> bool:
    """Whether a file says by itself which of its columns are the labels and which the values, right or wrong."""
    try:
        read_predictions([table])
    except NotUnderstoodError:
        return False
    except ValueError:
        return True
    return True
