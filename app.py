"""The front door: page config, navigation and the controls that all pages share."""

import time

# Imported here, before any thread starts: lazy imports inside threads have crashed.
import numpy as np  # noqa: F401
import pandas as pd  # noqa: F401
import plotly.graph_objects as go  # noqa: F401
import streamlit as st
import torch  # noqa: F401

from labelsmooth.dashboard import controls
from labelsmooth.dashboard.server import registry

st.set_page_config(page_title="Label smoothing, live", layout="wide", initial_sidebar_state="auto")
registry()

QUESTIONS = {"Train live": "What does label smoothing change while a network learns?"}
page = st.navigation(
    {"Experiment": [st.Page("pages/experiment/train_live.py", title="Train live", default=True)]}, position="sidebar"
)

controls.restore(page.title)
st.title(QUESTIONS[page.title])
controls.say_corrections()
controls.first_choices()
controls.sidebar_choices()
controls.write_address()
page.run()
# A tick that waits while this run ends makes Streamlit drop the last elements before they are sent, and then take
# them off the page. A moment is enough to send them.
time.sleep(0.05)
