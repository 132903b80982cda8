"""Words for what a file holds: bounded, printable and on one line, whatever a stranger wrote into it."""

from collections.abc import Sequence

CELL = 40  # characters of a file that a message repeats
NAME = 16  # of one name in a list of names


def shown(text: object, limit: int = CELL) -> str:
    """Text with at most `limit` characters, a question mark for whatever does not print."""
    start = str(text)[: limit + 1]
    start = "".join(letter if letter.isprintable() else "?" for letter in start)
    return start if len(start) <= limit else f"{start[: limit - 1]}…"


def quoted(text: object) -> str:
    """A cell or a name in quotes."""
    return f"'{shown(text)}'"


def listed(names: Sequence[str], limit: int = 5) -> str:
    """The first names, and how many more there are."""
    few = ", ".join(f"'{shown(name, NAME)}'" for name in names[:limit])
    return few if len(names) <= limit else f"{few} and {len(names) - limit} more"


def refusal(name: str, what: str) -> ValueError:
    """The error that says of a file what is wrong with it."""
    return ValueError(f"{shown(name)}: {what}")
