"""The films and curves of one model of one's own, or of two beside each other, under the names of their files.

Of two the first was trained without label smoothing and the second with it: they have the colours of both everywhere.
"""

from collections.abc import Sequence
from html import escape

from labelsmooth.figures.own_model import OWN
from labelsmooth.figures.reliability import ReliabilityView, film_figure, film_frames
from labelsmooth.figures.risk import risks_figure
from labelsmooth.figures.style import HARD, SMOOTHED, Frame, Moving
from labelsmooth.figures.temperature import losses_figure
from labelsmooth.selective import RiskCoverage
from labelsmooth.temperature_path import ReliabilityMoment, TemperaturePath

LONGEST = 30  # letters of a name in a figure

Models = list[tuple[str, str]]  # name, colour


def short_name(name: str) -> str:
    """A name in one line, with a gap in its middle where it is long."""
    line = " ".join(name.split())
    half = (LONGEST - 1) // 2
    return line if len(line) <= LONGEST else f"{line[:half]}\N{HORIZONTAL ELLIPSIS}{line[-half:]}"


def in_figure(text: str) -> str:
    """Text as Plotly shows it letter by letter: it knows tags, and braces that ask for numbers."""
    return escape(text, quote=False).replace("{", "&#123;").replace("$", "&#36;")


def own_film(
    names: Sequence[str],
    series: Sequence[Sequence[ReliabilityMoment]],
    of_class: str | None = None,
) -> tuple[Moving, list[Frame]]:
    """Reliability over temperature of one model or two; the event of the moments is the top label or a class."""
    said = told_apart(names)
    word = None if of_class is None else short_name(of_class)
    drawn = ReliabilityView(None if word is None else in_figure(word), "examples")
    figure = film_figure(series, drawn, _models(said, drawn=True))
    # Captions are plain text.
    return figure, film_frames(series, ReliabilityView(word), _models(said, drawn=False))


def own_losses(
    names: Sequence[str],
    paths: Sequence[TemperaturePath],
    fitted: Sequence[TemperaturePath | None],
    *,
    cursors: bool = True,
) -> Moving:
    """NLL and ECE against temperature, with a cursor for the frames of `temperature_frames`."""
    return losses_figure(paths, fitted, _models(told_apart(names), drawn=True), cursors=cursors)


def own_risks(names: Sequence[str], curves: Sequence[RiskCoverage], coverage: float) -> Moving:
    """Risk against coverage, with a point at one coverage."""
    return risks_figure(curves, coverage, _models(told_apart(names), drawn=True))


def told_apart(names: Sequence[str]) -> list[str]:
    """Short names, numbered where they are the same."""
    said = [short_name(name) for name in names]
    return said if len(set(said)) == len(said) else [f"{name} ({k})" for k, name in enumerate(said, start=1)]


def _models(names: Sequence[str], *, drawn: bool) -> Models:
    """Names, as a figure writes them if they are drawn, with the colours."""
    colours = OWN[:1] if len(names) == 1 else (HARD, SMOOTHED)
    return [(in_figure(name) if drawn else name, colour) for name, colour in zip(names, colours, strict=True)]
