"""Texts of strangers where Streamlit reads Markdown: names of files, columns and classes."""

import re

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
