"""How a page follows the training that its numbers come from."""

import math
import time

import streamlit as st

from labelsmooth.dashboard.pace import keep_pace
from labelsmooth.dashboard.runs import Follower, Run
from labelsmooth.dashboard.server import registry, viewer
from labelsmooth.dashboard.turns import stepping_aside
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot

FIRST = 0.3  # seconds that a tick waits for a first picture: the next tick would show it half a second later
_failed = st.components.v2.component(
    "failed",
    html="<div></div>",
    js='export default ({ setTriggerValue }) => setTriggerValue("failed", Date.now());',
    isolate_styles=False,
)


def follow(
    setup: TrainingSetup, *, more: bool, bar: bool = False, part: str = "", ahead: Follower | None = None
) -> tuple[bool, tuple[Snapshot, ...]]:
    """Whether the run of this setup has ended, and its snapshots so far; says what a visitor has to know of it.

    A visitor follows one run in each `part` of a page, which ticks as long as there is `more`. With `bar` there is one
    while it runs. `ahead` is called with the snapshots whenever there are more of them, so that no tick has to do it.
    """
    reader = viewer() + part
    # Joined anew at each tick: a run that ended while a hidden tab slept starts again, and no page keeps an old one.
    run = registry().join(setup, reader)
    if ahead is not None and not run.ended:
        run.followers.add(ahead)
    if not run.snapshots:
        with stepping_aside():
            run.wait(1, timeout=FIRST)
    done = run.ended
    if more:
        keep_pace()
    _say(run, reader)
    if bar and not done:
        left = "" if math.isnan(run.remaining) else f", about {math.ceil(run.remaining)} s left"
        st.progress(run.progress, f"Training {setup.runs} networks: {run.progress:.0%}{left}".replace("%", " %"))
    if more and run.state == "failed":
        # Where a run is finished a film says so; one that failed may have none.
        _failed(key=f"failed{part}", data={"at": time.monotonic()}, on_failed_change=st.rerun)
    return done, run.snapshots


def ticking(setup: TrainingSetup) -> bool:
    """Join the run of this setup; whether there is more of it to come."""
    return not registry().join(setup, viewer()).ended


def _say(run: Run, reader: str) -> None:
    """One line on where the run stands, when that is not simply running or finished."""

    def restart() -> None:
        registry().restart(run.setup, reader)
        st.rerun()

    position = run.position
    if run.error is not None:
        st.error(run.error)
        if run.state == "failed" and not run.too_long:
            st.button("Try again", on_click=restart)
    elif position:
        st.info(f"Waiting for a free trainer: place {position} in the queue.")
