"""A report as one HTML file that needs no network: headings, paragraphs, tables, and figures with their films."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from string import Template

from plotly.offline import get_plotlyjs

from labelsmooth.figures.export import SHOW, drawable, script_json
from labelsmooth.figures.style import Frame, Moving


@dataclass(frozen=True)
class Table:
    """A head and rows of as many cells, the first of each naming its row."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure, what it shows in words, and the film that it may be: `prefix` stands before a frame's name."""

    moving: Moving
    alt: str
    frames: Sequence[Frame] = ()
    prefix: str = ""
    start: str | None = None


@dataclass(frozen=True, eq=False)
class Section:
    """A part of a report, in this order."""

    heading: str
    paragraphs: Sequence[str] = ()
    drawings: Sequence[Drawing] = ()
    table: Table | None = None
    notes: Sequence[str] = ()


_DRAW = (
    SHOW
    + """
for (const figure of document.querySelectorAll("figure")) {
  const [node, data, caption] = figure.children;
  show(JSON.parse(data.textContent), node, caption);
}
"""
)
# Nothing is fetched from anywhere, and no script runs but the two that the hashes name. Text and grid of the figures
# take their colours from the page, so that they hold on light, on dark and on paper without being drawn again.
_PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src $hashes; \
style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light dark; --paper: #fff; --ink: #222; --line: #d8d8d8; --soft: #f3f3f3; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #0e1117; --ink: #e6e6e6; --line: #3b404a; --soft: #1d222b; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #222; --line: #d8d8d8; --soft: #f3f3f3; }
}
body { max-width: 1100px; margin: 0 auto; padding: 8px 16px 32px; background: var(--paper); color: var(--ink);
  font-family: sans-serif; line-height: 1.5; overflow-wrap: anywhere; }
h1 { margin: 16px 0; font-size: 26px; line-height: 1.25; }
h2 { margin: 36px 0 8px; font-size: 20px; }
p { max-width: 75ch; margin: 8px 0; }
figure { margin: 16px 0; }
figcaption:not(:empty) { margin: 4px 0; min-height: 1.5em; }
.table { overflow-x: auto; margin: 16px 0; }
table { border-collapse: collapse; font-size: 15px; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { padding: 5px 12px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child { text-align: left; }
tbody th { font-weight: normal; white-space: normal; min-width: 8em; }
thead th { background: var(--soft); vertical-align: bottom; }
.js-plotly-plot :is(.main-svg, .bg) { background: none !important; }
.js-plotly-plot .main-svg .bg { fill: none !important; }
.js-plotly-plot .main-svg :not(.hovertext) > text { fill: var(--ink) !important; }
.js-plotly-plot :is(.gridlayer, .zerolinelayer) path { stroke: var(--line) !important; }
.js-plotly-plot :is(.updatemenu-item-rect, .slider-rail-rect, .slider-grip-rect) {
  fill: var(--soft) !important; stroke: var(--line) !important; }
.js-plotly-plot .slider-grip-rect { fill: var(--ink) !important; }
@media print {
  figure, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  .modebar-container, .slider-container, .updatemenu-container { display: none; }
}
</style>
</head>
<body>
<h1>$title</h1>
$sections
<script>$library</script>
<script>$draw</script>
</body>
</html>
""")


def report_html(title: str, sections: Sequence[Section]) -> str:
    """The file: the same bytes for the same sections."""
    scripts = {"library": get_plotlyjs(), "draw": _DRAW}
    return _PAGE.substitute(
        title=_text(title),
        hashes=" ".join(map(_hash, scripts.values())),
        sections="\n".join(map(_section, sections)),
        **scripts,
    )


def _text(text: str) -> str:
    """Any text as HTML that shows it; half a character, as file names may hold, as a question mark."""
    return escape(text.encode("utf-8", "replace").decode("utf-8"))


def _hash(script: str) -> str:
    """How a content security policy names a script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _section(section: Section) -> str:
    parts = [f"<h2>{_text(section.heading)}</h2>", *map(_paragraph, section.paragraphs)]
    parts += map(_figure, section.drawings)
    if section.table is not None:
        parts.append(_table(section.table))
    parts += map(_paragraph, section.notes)
    return "<section>\n" + "\n".join(parts) + "\n</section>"


def _paragraph(text: str) -> str:
    return f"<p>{_text(text)}</p>"


def _figure(drawing: Drawing) -> str:
    film = drawable(drawing.moving, drawing.frames, drawing.prefix, drawing.start)
    for layout in film["layouts"].values():
        layout["template"] = {}  # the usual one edges bars in the white of its paper
    data = f'<script type="application/json">{script_json(film)}</script>'
    caption = '<figcaption aria-live="polite"></figcaption>'
    return f'<figure aria-label="{_text(drawing.alt)}">\n<div></div>\n{data}\n{caption}\n</figure>'


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{_text(cell)}</th>' for cell in table.head)
    rows = []
    for name, *cells in table.rows:
        assert len(cells) + 1 == len(table.head), "every row has a cell for each column"
        values = "".join(f"<td>{_text(cell)}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{_text(name)}</th>{values}</tr>')
    # A table that scrolls is reached by the keyboard too.
    body = f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody>"
    return f'<div class="table" tabindex="0"><table>\n{body}\n</table></div>'
