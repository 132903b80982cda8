"""A film as one HTML file that needs no network: plotly.js, the figure, its frames and their captions."""

import json
from collections.abc import Sequence
from html import escape
from string import Template
from typing import Any

from plotly.offline import get_plotlyjs

from labelsmooth.figures.style import Frame, Moving, room_for_controls

NARROW = 640  # pixels; the figure has another layout below
CONFIG = {"displaylogo": False, "showSendToCloud": False, "responsive": True}
# The policy is a promise that a browser keeps: nothing is fetched from anywhere.
_PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data: blob:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light; }
body { max-width: 1100px; margin: 0 auto; padding: 8px; background: #fff; color: #222; font-family: sans-serif; }
h1 { margin: 8px 0 16px; font-size: 22px; }
figure { margin: 0; }
figcaption { min-height: 3em; margin: 8px 0; line-height: 1.5; }
</style>
</head>
<body>
<h1>$title</h1>
<figure><div id="film"></div><figcaption aria-live="polite"></figcaption></figure>
<script>$library</script>
<script>
const film = $film;
const node = document.getElementById("film");
const caption = document.querySelector("figcaption");
const narrow = matchMedia("(max-width: ${narrow}px)");
const still = { mode: "immediate", frame: { duration: 0, redraw: false }, transition: { duration: 0 } };
let shown = film.start;

function say(name) {
  shown = name;
  caption.textContent = film.captions[name];
}

async function draw() {
  // Plotly writes into what it is given.
  const { data, frames, layouts, config } = structuredClone(film);
  await Plotly.newPlot(node, { data, frames, layout: narrow.matches ? layouts.narrow : layouts.wide, config });
  node.on("plotly_animatingframe", event => say(event.name));
  await Plotly.animate(node, [shown], still);
}

narrow.addEventListener("change", draw);
draw();
</script>
</body>
</html>
""")


def film_html(
    moving: Moving, frames: Sequence[Frame], title: str, start: str | None = None, prefix: str = "epsilon = "
) -> str:
    """The page: `start` names the frame shown first, by default the first one; `prefix` stands before its name."""
    names = [frame["name"] for frame in frames]
    if start is not None and start not in names:
        raise ValueError(f"start must be one of {', '.join(names)}; got {start!r}")
    figure = moving.plotly(frames, prefix)
    wide = figure.to_plotly_json()
    figure.update_layout({**moving.narrow, **room_for_controls(moving.narrow)})
    film = {
        "data": wide["data"],
        "frames": wide["frames"],
        "layouts": {"wide": wide["layout"], "narrow": figure.to_plotly_json()["layout"]},
        "config": CONFIG,
        "captions": {frame["name"]: frame["caption"] for frame in frames},
        "start": names[0] if start is None else start,
    }
    return _PAGE.substitute(title=escape(title), library=get_plotlyjs(), film=_script(film), narrow=NARROW - 1)


def _script(value: Any) -> str:
    """JSON that can stand inside a script element, whatever its strings say."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
