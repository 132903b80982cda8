"""What a film sends to the browser."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from labelsmooth.dashboard.film import Reel, Sent, _Texts, packed, parcel

BASE: dict[str, Any] = {"data": [{"x": [0]}], "layout": {"xaxis": {"range": [0, 1]}}}
GROWN: dict[str, Any] = {"data": [{"x": [0]}], "layout": {"xaxis": {"range": [0, 2]}}}


def reel(seen: int, run: str = "a", figure: dict[str, Any] = BASE) -> Reel:
    """A run of five frames of which some have come in."""
    frames = [{"name": str(i), "data": [{"x": [i]}], "traces": [0], "caption": f"{i}"} for i in range(seen)]
    return Reel(run, figure, {"height": 900}, frames, total=5, done=seen == 5, final="4")


def play(*reels: Reel) -> list[dict[str, Any]]:
    """The messages for one call after the other."""
    messages, sent = [], None
    for each in reels:
        message, sent = parcel(each, sent)
        messages.append(message)
    return messages


def test_every_frame_is_sent_once() -> None:
    messages = play(*(reel(seen) for seen in (0, 2, 2, 3, 5, 5)))
    assert [m["first"] for m in messages] == [0, 0, 2, 2, 3, 5]
    assert [frame["name"] for m in messages for frame in m["frames"]] == ["0", "1", "2", "3", "4"]
    assert [m["done"] for m in messages] == [False] * 4 + [True] * 2


def test_a_new_run_begins_at_its_first_frame() -> None:
    before, after = play(reel(3, run="a"), reel(4, run="b"))
    assert (after["first"], len(after["frames"])) == (0, 4)
    assert before["figure"] == after["figure"]


def test_of_the_figure_only_what_has_changed_is_sent_again() -> None:
    first, same, grown = play(reel(1), reel(2), reel(3, figure=GROWN))
    assert first["figure"] == {**BASE, "narrow": {"height": 900}}
    assert (same["figure"], same["change"]) == (None, {"in": {}})
    assert same["version"] == first["version"] == grown["base"] != grown["version"]
    assert grown["figure"] is None
    assert grown["change"] == {"in": {"layout": {"in": {"xaxis": {"in": {"range": {"set": [0, 2]}}}}}}}


@pytest.mark.parametrize(
    ("has", "first", "figure"),
    [
        (Sent("a", 3, "another"), 3, True),
        (Sent("a", 3, parcel(reel(1), None)[1].version), 3, False),
        (Sent("a", 0, ""), 0, True),
        (Sent("b", 3, ""), 0, True),
        (None, 0, True),
    ],
)
def test_what_a_browser_lacks_is_sent(has: Sent | None, first: int, figure: bool) -> None:
    message, sent = parcel(reel(4), has)
    assert (message["first"], len(message["frames"])) == (first, 4 - first)
    assert (message["figure"] is not None) == figure
    assert sent == Sent("a", 4, message["version"])


def test_more_frames_than_announced_are_refused() -> None:
    with pytest.raises(ValueError, match="holds 0 to 1, got 2"):
        Reel("a", BASE, {}, reel(2).frames, total=1, done=False)


def test_what_is_packed_is_the_message() -> None:
    sent = None
    for each in (reel(2), reel(2), reel(4)):
        message, sent = parcel(each, sent)
        assert json.loads(packed(each, message)) == message


def script() -> None:
    """A film of which every run of the script shows one frame more."""
    import streamlit as st

    from labelsmooth.dashboard.film import Reel, film

    seen = st.session_state["seen"] = st.session_state.get("seen", 0) + 1
    frames = [{"name": str(i), "data": [{"x": [i]}], "traces": [0]} for i in range(seen)]
    film(Reel("a", {"data": [{}], "layout": {}}, {}, frames, 2, seen == 2), key="one", alt="A line", unit="value")


def test_texts_are_made_once_and_kept_up_to_a_size() -> None:
    texts = _Texts(100)
    things = [{"x": "y" * 30} for _ in range(4)]  # 39 letters each
    first = [texts.of(thing, thing) for thing in things]
    assert first == [json.dumps(thing) for thing in things]
    again = [texts.of(thing, thing) for thing in reversed(things)]
    assert [new is old for new, old in zip(again, reversed(first), strict=True)] == [True, True, False, False]
    assert texts.of(large := {"x": "y" * 200}, large) == json.dumps(large)
    assert not texts._known
    assert texts._letters == 0


def test_a_script_sends_what_is_new() -> None:
    app = AppTest.from_function(script).run(timeout=30)
    messages = []
    for _ in range(2):
        assert not app.exception
        (element,) = app.get("bidi_component")
        messages.append(json.loads(element.proto.bytes))
        app.run(timeout=30)
    first, second = messages
    assert [frame["name"] for frame in first["frames"] + second["frames"]] == ["0", "1"]
    assert (first["key"], first["alt"], first["unit"], first["releases"]) == ("one", "A line", "value", False)
    assert (second["done"], second["figure"]) == (True, None)
    assert first["code"].endswith("/show.js")


def test_no_pace_below_zero() -> None:
    from labelsmooth.dashboard.film import film

    with pytest.raises(ValueError, match="fps is above 0, got 0"):
        film(reel(1), key="one", alt="A line", fps=0)
