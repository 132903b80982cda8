"""A film as one HTML file that needs no network: plotly.js, the figure, its frames and their captions."""

import json
from collections.abc import Sequence
from html import escape
from string import Template
from typing import Any

from plotly.offline import get_plotlyjs

from labelsmooth.figures.style import Frame, Moving, Spec, room_for_controls

NARROW = 640  # pixels; the figure has another layout below
CONFIG = {"displaylogo": False, "showSendToCloud": False, "responsive": True}
# Draws a film, or a still figure, again wherever the width asks for its other layout; says what the frame shown is.
SHOW = """\
const still = { mode: "immediate", frame: { duration: 0, redraw: false }, transition: { duration: 0 } };

function show(film, node, caption) {
  const narrow = matchMedia(`(max-width: ${film.narrow}px)`);
  let shown = film.start;

  function say(name) {
    shown = name;
    caption.textContent = film.captions[name];
  }

  async function draw() {
    // Plotly writes into what it is given.
    const { data, frames, layouts, config } = structuredClone(film);
    await Plotly.newPlot(node, { data, frames, layout: narrow.matches ? layouts.narrow : layouts.wide, config });
    if (shown === null) return;
    node.on("plotly_animatingframe", event => say(event.name));
    await Plotly.animate(node, [shown], still);
  }

  narrow.addEventListener("change", draw);
  draw();
}
"""
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
$show
show($film, document.getElementById("film"), document.querySelector("figcaption"));
</script>
</body>
</html>
""")


def film_html(
    moving: Moving, frames: Sequence[Frame], title: str, start: str | None = None, prefix: str = "epsilon = "
) -> str:
    """The page: `start` names the frame shown first, by default the first one; `prefix` stands before its name."""
    film = script_json(drawable(moving, frames, prefix, start))
    return _PAGE.substitute(title=escape(title), library=get_plotlyjs(), show=SHOW, film=film)


def drawable(moving: Moving, frames: Sequence[Frame] = (), prefix: str = "", start: str | None = None) -> Spec:
    """What `SHOW` draws: a figure in both layouts, with its frames if it has any, from the one named `start` on."""
    names = [frame["name"] for frame in frames]
    if start is not None and start not in names:
        raise ValueError(f"start must be one of {', '.join(names)}; got {start!r}")
    figure = moving.plotly(frames, prefix)
    wide = figure.to_plotly_json()
    narrow = {**moving.narrow, **room_for_controls(moving.narrow)} if frames else moving.narrow
    figure.update_layout(narrow)
    return {
        "data": wide["data"],
        "frames": wide.get("frames", []),
        "layouts": {"wide": wide["layout"], "narrow": figure.to_plotly_json()["layout"]},
        "narrow": NARROW - 1,
        "config": CONFIG,
        "captions": {frame["name"]: frame["caption"] for frame in frames},
        "start": names[0] if start is None and names else start,
    }


def script_json(value: Any) -> str:
    """JSON that can stand inside a script element, whatever its strings say."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
