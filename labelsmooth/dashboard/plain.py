"""Texts of strangers where Streamlit reads Markdown (names of files, columns and classes), and numbers as text."""

import re

from labelsmooth.estimators import Estimate

# Streamlit makes more of plain letters than Markdown does, and after its backslashes are gone: addresses, :smile:,
# :material/home:, -> and --. An invisible character that allows no break keeps the pieces of such signs apart.
_JOINER = "\N{WORD JOINER}"
_SIGNS = re.compile(r"(?<=[:@])(?=\S)|(?<=[-<>=])(?=[-<>=])|(?<=www)(?=\.)", re.IGNORECASE)
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    """Markdown that shows this text letter by letter, in one line.

    >>> print(plain("a_b: *2*"))
    a\\_b\\: \\*2\\*
    """
    line = " ".join(text.split())
    return _PUNCTUATION.sub(r"\\\1", _SIGNS.sub(_JOINER, line))


def by_chance(estimate: Estimate) -> str:
    """What chance alone makes of an error: the median, and where nine in ten lie."""
    return f"{number(estimate.null_median)} ({number(estimate.null_low)} to {number(estimate.null_high)})"


def number(value: float, digits: int = 3) -> str:
    """A finite or infinite number with a true minus, which nothing that rounds to 0 has.

    >>> number(-0.0004), number(-0.25, 1)
    ('0.000', '\N{MINUS SIGN}0.2')
    """
    return f"{value:z.{digits}f}".replace("-", "\N{MINUS SIGN}").replace("inf", "\N{INFINITY}")
