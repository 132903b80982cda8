"""Columns and arrays that predictions may be in, and what their names say.

Legend: N examples, K classes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from labelsmooth.predictions.columns import Table
from labelsmooth.predictions.scales import Scale
from labelsmooth.predictions.words import listed, refusal

# What stands before the name of a class, or is the name of an array: None where it does not tell the scale.
SAYS: dict[str, Scale | None] = {
    **dict.fromkeys(("logit", "logits"), "logits"),
    **dict.fromkeys(
        ("log_prob", "log_probs", "log_proba", "log_probability", "log_probabilities", "log_p"), "log-probabilities"
    ),
    **dict.fromkeys(
        ("logprob", "logprobs", "logproba", "logprobabilities", "logp", "log_softmax"), "log-probabilities"
    ),
    **dict.fromkeys(("prob", "probs", "proba", "probability", "probabilities", "p", "softmax"), "probabilities"),
    **dict.fromkeys(("y_prob", "y_proba", "y_pred_prob", "y_pred_proba", "pred_prob", "pred_proba"), "probabilities"),
    **dict.fromkeys(("score", "scores", "y_score", "y_scores", "y_pred", "pred", "preds", "prediction", "predictions")),
    **dict.fromkeys(("output", "outputs", "values")),
}
ONE = ("score", "scores", "y_score", "y_scores")  # as a rule probabilities, where there is one for two classes
PREFIX = re.compile(rf"({'|'.join(sorted(SAYS, key=len, reverse=True))})[_ .:-]+(.+)", re.IGNORECASE)


class NotUnderstoodError(ValueError):
    """Files whose columns say too little; `columns` are those that a visitor can choose from."""

    def __init__(self, message: str, columns: tuple[str, ...]) -> None:
        super().__init__(message)
        self.columns = columns


@dataclass(frozen=True, eq=False)
class Source:
    """A column (N,) or an array (N, K) of a file; `refused` says why it cannot be read, if it cannot."""

    table: Table
    name: str
    array: NDArray[Any]
    refused: str = ""

    @property
    def is_matrix(self) -> bool:
        """Whether it holds a number for every class."""
        return self.array.ndim == 2


def choices(files: Sequence[Table]) -> tuple[str, ...]:
    """Names that a visitor can choose from."""
    return tuple(dict.fromkeys(name for file in files for name in file.names))


def ask(files: Sequence[Table], what: str, candidates: Sequence[Source]) -> NotUnderstoodError:
    """The error that asks for a choice, with candidates."""
    names = list(dict.fromkeys(source.name for source in candidates))
    told = f"; there are {listed(names)}" if names else ""
    return NotUnderstoodError(str(refusal(files[0].name, f"{what}{told}")), choices(files))


def prefix_of(name: str) -> tuple[str | None, str]:
    """The known prefix of a column's name, and what it is the name of."""
    match = PREFIX.fullmatch(name)
    return (match[1].lower(), match[2]) if match else (None, name)


def named_scale(name: str) -> Scale | None:
    """The scale that the name of a lone column tells."""
    prefix, _ = prefix_of(name)
    return SAYS.get(prefix or name.lower())


def is_probability(name: str) -> bool:
    """Whether a lone column of this name holds probabilities."""
    return named_scale(name) == "probabilities" or (prefix_of(name)[0] or name.lower()) in ONE
