"""Which columns are the classes: those that something speaks for, never merely all that are left.

Legend: N examples, K classes.
"""

import re
from collections.abc import Collection, Sequence

import numpy as np

from labelsmooth.predictions.columns import MAX_CLASSES, ROW_NUMBERS, Table, is_text, is_whole
from labelsmooth.predictions.layout import is_number
from labelsmooth.predictions.sources import SAYS, Source, ask, is_probability, named_scale, prefix_of
from labelsmooth.predictions.words import listed

UNNAMED = re.compile(r"column \d+")
# What stands beside predictions of classes; with `SAYS` and row numbers, no class unless a label is named so.
BESIDE = re.compile(
    r"loss|losses|nll|ce|cross_entropy|entropy|conf|confidence|margin|uncertainty|max_prob|max_p|correct|hit|accuracy|"
    r"weight|weights|sample_weight|fold|split|epoch|step|seed|batch|rank|time|timestamp|date|argmax|"
    r"(.*[_ .-])?(id|ids|idx|index)|(id|idx|index)[_ .-].*",
    re.IGNORECASE,
)
NEAR, SHARE = 0.02, 0.9  # how near to 1 rows of probabilities sum, and how many: a broken row is told of later


def find_values(files: Sequence[Table], rest: Sequence[Source], label: Source) -> list[Source]:
    """The values: the one matrix, else the columns of one prefix, else those that labels or sums speak for.

    The one column of probabilities of a problem of two classes is found, too.
    """
    if not rest:
        raise ask(files, "there is no column beside the labels", rest)
    if matrices := [source for source in rest if source.is_matrix]:
        return [_matrix(files, matrices)]
    prefixes = {prefix_of(source.name)[0] for source in rest} - {None}
    for prefix in (name for name in SAYS if name in prefixes):
        of_prefix = [source for source in rest if prefix_of(source.name)[0] == prefix]
        if len(of_prefix) > 1:
            return of_prefix
    names = _label_names(label)
    columns = [source for source in rest if source.name in names or not _is_beside(source.name)]
    found = _counted(columns) or _supported(rest, columns, names) or _one(rest, label) or _likely(columns, names, label)
    if found:
        return found
    alone = columns or rest
    if len(alone) == 1:
        return list(alone)
    raise _unclear(files, rest, columns, names)


def _matrix(files: Sequence[Table], matrices: Sequence[Source]) -> Source:
    """The array of the values."""
    known = sorted((m for m in matrices if m.name.lower() in SAYS), key=lambda m: list(SAYS).index(m.name.lower()))
    if len(matrices) > 1 and not known:
        raise ask(files, "choose the array of the values", matrices)
    return (known or matrices)[0]


def _label_names(label: Source) -> frozenset[str]:
    """What the labels call the classes; nothing where they are too many."""
    if is_text(label.array):
        return frozenset(label.array.tolist()) - {""}
    found = np.unique(label.array)
    return frozenset(f"{number:g}" for number in found) if len(found) <= MAX_CLASSES else frozenset()


def _is_beside(name: str) -> bool:
    """Whether a column of this name stands beside the classes."""
    lower = name.lower()
    return name != "" and (lower in SAYS or lower in ROW_NUMBERS or BESIDE.fullmatch(name) is not None)


def _counted(columns: Sequence[Source]) -> list[Source]:
    """The columns, where none has a name or all are numbered; those named 0 to K-1 whatever there is besides."""
    digits = [source for source in columns if source.name.isascii() and source.name.isdigit()]
    if len(digits) > 1 and sorted(int(source.name) for source in digits) == list(range(len(digits))):
        return digits
    plain = len(digits) == len(columns) or all(UNNAMED.fullmatch(source.name) for source in columns)
    return list(columns) if plain and len(columns) > 1 else []


def _supported(rest: Sequence[Source], columns: Sequence[Source], names: Collection[str]) -> list[Source]:
    """The columns, where labels are named like all of them; else those whose rows sum to 1, and best of all to 1."""
    named = [source for source in columns if source.name in names]
    if 2 <= len(named) == len(columns):
        return named
    more = [s for s in rest if s in columns or BESIDE.fullmatch(s.name)]
    tried = [chosen for chosen in (named, *_candidates(columns, names), *_candidates(more, names)) if len(chosen) > 1]
    off = [_off(chosen) for chosen in tried]
    best = min(off, default=np.inf)
    # Zeros change no sum: the fewest columns are enough.
    return min((chosen for chosen, each in zip(tried, off, strict=True) if each == best < np.inf), key=len, default=[])


def _candidates(columns: Sequence[Source], names: Collection[str]) -> tuple[list[Source], ...]:
    """Columns named like labels with all others that begin with a number, with all numbers, and with fractions."""
    numbers = [s for s in columns if s.name in names or not (s.refused or is_text(s.array))]
    begun = [s for s in columns if s in numbers or (is_text(s.array) and len(s.array) and is_number(s.array[0]))]
    return begun, numbers, [s for s in numbers if s.name in names or not is_whole(s.array)]


def _off(columns: Sequence[Source]) -> float:
    """How far from 1 rows of (log-)probabilities sum on average, infinite where most are none."""
    arrays = [source.array for source in columns]
    if any(source.refused or is_text(source.array) for source in columns) or len({len(array) for array in arrays}) > 1:
        return np.inf
    plain, logs = np.zeros(len(arrays[0])), np.zeros(len(arrays[0]))
    for array in arrays:
        # Of no scale is what leaves its bounds: NaN, which is near to nothing.
        plain += np.where((array >= 0) & (array <= 1 + NEAR), array, np.nan)
        logs += np.where(array <= NEAR, np.exp(np.minimum(array, NEAR)), np.nan)
    found = (np.abs(sums - 1) for sums in (plain, logs))
    return min((float(off[off <= NEAR].mean()) for off in found if (off <= NEAR).mean() >= SHARE), default=np.inf)


def _one(rest: Sequence[Source], label: Source) -> list[Source]:
    """The column of probabilities of one of two classes, if its name says that it is one."""
    values = label.array[label.array != ""] if is_text(label.array) else label.array[np.isfinite(label.array)]
    if len(set(values.tolist()) if is_text(label.array) else np.unique(values)) != 2:
        return []
    found = [source for source in rest if is_probability(source.name) and not source.refused]
    sure = [source for source in found if named_scale(source.name) == "probabilities"]
    return next((kind for kind in (found, sure) if len(kind) == 1), [])


def _likely(columns: Sequence[Source], names: Collection[str], label: Source) -> list[Source]:
    """Columns of logits: those named like labels beside whole numbers only, or as many as labels count."""
    named = [source for source in columns if source.name in names]
    candidates = _candidates(columns, names)
    if len(named) > 1:
        unreadable = any(source.refused or is_text(source.array) for source in named)  # which is told of later
        fractional = unreadable or not all(is_whole(source.array) for source in named)
        return named if fractional and len(candidates[-1]) == len(named) else []
    if is_text(label.array):
        return []
    known = label.array[~np.isnan(label.array)]
    ends = (known.min(), known.max()) if len(known) else ()
    # Of two columns of anything, labels of 0 and 1 would say the same.
    return next((kind for kind in candidates if len(kind) > 2 and ends == (0, len(kind) - 1)), [])


def _unclear(
    files: Sequence[Table], rest: Sequence[Source], columns: Sequence[Source], names: Collection[str]
) -> ValueError:
    """The error that asks which columns are the classes."""
    if not columns:
        return ask(files, "no column holds the numbers of a class", rest)
    if "" in [source.name for source in columns]:
        return ask(files, "a column has no name", columns)
    strange = [source.name for source in columns if source.name not in names]
    some = len(strange) < len(columns)
    why = f"no label is named {listed(strange, 1)}" if some else "labels do not tell which columns are the classes"
    return ask(files, f"{why}: choose the classes, or begin their names with logit_ or prob_", columns)
