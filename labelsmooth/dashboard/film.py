"""The film: a Plotly figure, with or without frames, that the browser draws in place, plays and scrubs."""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from labelsmooth.dashboard.changes import Versions
from labelsmooth.dashboard.public import public
from labelsmooth.dashboard.sending import let_it_appear

# Streamlit sends a component's code and style with every message, so they are served as files and only loaded here.
_LOADER = """const read = new WeakMap();
export default async component => {
  const { data: bytes } = component;
  // What is shown again must be the same object, or the film draws it anew.
  if (!read.has(bytes)) read.set(bytes, JSON.parse(new TextDecoder().decode(bytes)));
  const data = read.get(bytes);
  (await import(new URL(data.code, document.baseURI))).default({ ...component, data });
};
"""
_component = st.components.v2.component(
    "film",
    html='<div class="film-slot"></div>',
    js=_LOADER,
    isolate_styles=False,
)
# Its code goes with the message all the same: it has to be there when files do not come.
_early = st.components.v2.component(
    "early",
    html="<div></div>",
    js=Path(__file__).with_name("early.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


@dataclass(frozen=True)
class Reel:
    """A figure and the frames that have come in so far.

    `run` names what is shown: another value starts the film anew. `figure` is the base, {"data", "layout"} as in
    `json.loads(fig.to_json())`, and may be another one from one call to the next, but none is changed in place;
    `narrow` holds the layout entries that differ where the film is narrower than 640 pixels. `frames` only ever grows:
    {"name", "data", "traces"} as in Plotly, and a plain-text "caption". There will be `total` of them, the last one
    named `final`, and no more once `done`.
    """

    run: str
    figure: Mapping[str, Any]
    narrow: Mapping[str, Any]
    frames: Sequence[Mapping[str, Any]]
    total: int
    done: bool
    final: str = ""

    def __post_init__(self) -> None:
        if len(self.frames) > self.total:
            raise ValueError(f"a reel of {self.total} frames holds 0 to {self.total}, got {len(self.frames)}")


@dataclass(frozen=True)
class Sent:
    """What a browser has of a film: the run, how many of its frames, and which version of its figure."""

    run: str
    have: int
    version: str


class _Texts:
    """Things as JSON, each found once for all viewers, who are shown the same objects: none is changed in place."""

    def __init__(self, most_letters: int) -> None:
        self._most = most_letters
        self._letters = 0
        self._lock = threading.Lock()
        # The objects themselves are kept too: the id of one that is gone may be another's.
        self._known: OrderedDict[tuple[int, ...], tuple[tuple[Any, ...], str]] = OrderedDict()

    def of(self, content: Any, *parts: Any) -> str:
        """The JSON of something that is made of these objects."""
        name = tuple(map(id, parts))
        with self._lock:
            if name in self._known:
                self._known.move_to_end(name)
                return self._known[name][-1]
        text = json.dumps(content, sort_keys=True)
        with self._lock:
            if name not in self._known:  # else another thread was faster
                self._known[name] = parts, text
                self._letters += len(text)
            while self._letters > self._most:
                _, (_, oldest) = self._known.popitem(last=False)
                self._letters -= len(oldest)
        return text


_figures, _frames = _Texts(8 * 2**20), _Texts(32 * 2**20)
_versions = Versions(64)


def text_of(frame: Mapping[str, Any]) -> str:
    """A frame as JSON, found once."""
    return _frames.of(frame, frame)


def name_of(*what: object) -> str:
    """A short name for the browser of whatever these things together are."""
    return sha256(repr(what).encode()).hexdigest()[:16]


def parcel(reel: Reel, sent: Sent | None) -> tuple[dict[str, Any], Sent]:
    """The part of a reel that the browser does not have yet, and what it will have then."""
    same_run = sent is not None and sent.run == reel.run
    first = sent.have if sent is not None and same_run else 0
    figure = {"data": reel.figure["data"], "layout": reel.figure["layout"], "narrow": reel.narrow}
    version = sha256(_figures.of(figure, reel.figure, reel.narrow).encode()).hexdigest()[:16]
    base = sent.version if sent is not None and same_run else ""
    step = _versions.way(base, version, figure)
    frames = list(reel.frames[first:])
    message = {
        "run": reel.run,
        "first": first,
        "frames": frames,
        "total": reel.total,
        "final": reel.final,
        "done": reel.done,
        "version": version,
        "base": base,
        "change": step,
        "figure": figure if step is None else None,
    }
    return message, Sent(reel.run, first + len(frames), version)


def packed(reel: Reel, message: Mapping[str, Any]) -> bytes:
    """A message as JSON, of which all that is large is found once."""
    small = {name: value for name, value in message.items() if name not in ("frames", "figure")}
    frames = ",".join(map(text_of, message["frames"]))
    figure = message["figure"]
    figure = "null" if figure is None else _figures.of(figure, reel.figure, reel.narrow)
    return f'{json.dumps(small)[:-1]}, "frames": [{frames}], "figure": {figure}}}'.encode()


def visit() -> str:
    """A name for this session: what a film says carries it, since a browser repeats it all to another server."""
    context = get_script_run_ctx()
    return "" if context is None else name_of(context.session_id)


def film(
    reel: Reel,
    *,
    key: str,
    alt: str,
    unit: str = "epoch",
    follow: str | None = None,
    autoplay: bool = True,
    start: str | None = None,
    fps: float = 10.0,
    ticking: bool = False,
    on_released: Callable[[], None] | None = None,
    on_ended: Callable[[], None] = st.rerun,
) -> None:
    """Show a reel; call it again, with the same key, whenever there is more of it.

    `alt` describes the picture, `unit` is what its frames count. A film with `follow` has no controls and shows its
    frame of the same name as the film with that key. One with a `start` stands at the frame of that name, or the newest
    until it has come, and goes there again when `start` changes; without one it plays if it does `autoplay`. `fps` are
    frames a second at speed 1. `on_released` is called when the viewer has left the film at a frame, or lets one play
    on that stood at a `start` and does `autoplay`: `st.session_state[key]["released"]` then holds the frame's name, or
    "", as "frame", the time as "when", and `visit()` as "visit". While the caller is `ticking`, `on_ended` is called
    when the browser holds all frames of a reel that is done, and again after a while should the caller tick on.
    Followers do not.
    """
    if not fps > 0:
        raise ValueError(f"fps is above 0, got {fps}")
    ledger = f"film {key}"
    message, st.session_state[ledger] = parcel(reel, st.session_state.get(ledger))

    _component(
        key=key,
        # Streamlit turns anything but bytes into JSON twice, for each viewer and at every tick.
        data=packed(
            reel,
            {
                **message,
                **_addresses(),
                "key": key,
                "alt": alt,
                "unit": unit,
                "follow": follow,
                "autoplay": autoplay,
                "start": start,
                "fps": fps,
                "ticking": ticking,
                "visit": visit(),
                "releases": on_released is not None,
                # What the viewer did later is newer than this message.
                "heard": (st.session_state.get(key, {}).get("released") or {}).get("when"),
            },
        ),
        on_missing_change=lambda: _believe_the_browser(key, ledger),
        on_ended_change=on_ended,
        on_released_change=on_released or _nothing,
    )
    let_it_appear()


def load_early() -> None:
    """At the top of a page: what films need, which the browser has been told of, runs while the page is still made."""
    _early(key="early", data=_addresses())


def _believe_the_browser(key: str, ledger: str) -> None:
    """Send from where the browser says that it is."""
    # Of a film whose first run was interrupted the session does not know the state yet: all is sent again.
    browser = st.session_state.get(key, {}).get("missing")
    st.session_state[ledger] = Sent(browser["run"], browser["have"], browser["version"]) if browser else None


def _nothing() -> None:
    """What is done where nobody wants to know."""


def _addresses() -> dict[str, str]:
    """Where the browser finds plotly.js and the code of films."""
    return {"library": public().library, "code": public().code}
