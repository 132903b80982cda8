"""What the server process holds once for all visitors: the runs and their pictures."""

import atexit
import gc
import os

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from threadpoolctl import threadpool_limits

from labelsmooth.dashboard.gallery import Gallery
from labelsmooth.dashboard.runs import Registry
from labelsmooth.setups import TrainingSetup
from labelsmooth.training import train_by_epoch


@st.cache_resource(show_spinner=False)
def registry() -> Registry:
    """The background trainings of this server, one thread a worker."""
    # What the imports made stays for ever: no later collection should look at it again.
    gc.collect()
    gc.freeze()
    # Two BLAS threads for matrices this small only wait for each other: 0.4 ms became 50.
    threadpool_limits(1)
    runs = Registry(train_by_epoch, workers=os.cpu_count() or 1)
    # A thread that is still inside torch when the interpreter goes aborts the process.
    atexit.register(runs.close)
    return runs


@st.cache_resource(show_spinner=False, max_entries=16)
def gallery(setup: TrainingSetup, shown: tuple[int, ...]) -> Gallery:
    """The pictures of a run for one choice of projected classes."""
    return Gallery(setup, shown)


def viewer() -> str:
    """Who looks: one name a browser session."""
    context = get_script_run_ctx()
    assert context is not None, "only a running page has a viewer"
    return context.session_id
