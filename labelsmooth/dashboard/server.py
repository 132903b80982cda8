"""What the server process holds once for all visitors: the runs, their pictures, and what is counted of them."""

import gc
import sys
import time
from functools import lru_cache

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from threadpoolctl import threadpool_limits

from labelsmooth.dashboard.gallery import Gallery
from labelsmooth.dashboard.journal import Journal, runs_log
from labelsmooth.dashboard.life import at_end
from labelsmooth.dashboard.runs import Registry
from labelsmooth.dashboard.turns import take_turns
from labelsmooth.dashboard.unwatched import watch_no_files
from labelsmooth.dashboard.uploads import uploads
from labelsmooth.dashboard.vitals import Presence, Vitals, vitals
from labelsmooth.hosting import hosting
from labelsmooth.setups import TrainingSetup
from labelsmooth.training import train_by_epoch

SWITCH = 0.00005  # seconds after which a busy thread lets others run
_BEGAN = time.monotonic()


@st.cache_resource(show_spinner=False)
def registry() -> Registry:
    """The background trainings of this server, one thread a worker."""
    # What the imports made stays for ever: no later collection should look at it again.
    gc.collect()
    gc.freeze()
    # Two BLAS threads for matrices this small only wait for each other: 0.4 ms became 50.
    threadpool_limits(1)
    # A message to a browser costs its thread two turns; with the usual 5 ms behind each busy thread a dozen visitors
    # of one run waited for ever.
    sys.setswitchinterval(SWITCH)
    watch_no_files()
    take_turns()
    settings = hosting()
    runs = Registry(
        train_by_epoch,
        workers=settings.trainers,
        max_bytes=settings.runs_mb << 20,
        limit=settings.training_seconds,
        journal=journal(),
    )
    # A thread that is still inside torch when the interpreter goes aborts the process.
    at_end(runs.close)
    return runs


@st.cache_resource(show_spinner=False)
def journal() -> Journal:
    """What has happened to runs on this server."""
    return Journal(runs_log())


# Streamlit's cache takes a millisecond to find a key like this one, at every tick of every page.
@lru_cache(16)
def gallery(setup: TrainingSetup, shown: tuple[int, ...]) -> Gallery:
    """The pictures of a run for one choice of projected classes."""
    return Gallery(setup, shown)


def viewer() -> str:
    """Who looks: one name a browser session."""
    context = get_script_run_ctx()
    assert context is not None, "only a running page has a viewer"
    return context.session_id


@st.cache_resource(show_spinner=False)
def _presence() -> Presence:
    return Presence()


@st.cache_resource(show_spinner=False, scope="session", on_release=lambda presence: presence.change(-1))
def present() -> Presence:
    """Count this session for as long as it is connected."""
    presence = _presence()
    presence.change(1)
    return presence


def now() -> Vitals:
    """What this server is doing."""
    budget = uploads()
    return vitals(
        _BEGAN,
        _presence().count,
        registry().standing,
        journal(),
        (budget.used, budget.limit),
        hosting(),
    )
