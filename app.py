"""The front door: page config, navigation and the controls that all pages share."""

import time

# Imported here, before any thread starts: lazy imports inside threads have crashed.
import numpy as np  # noqa: F401
import pandas as pd  # noqa: F401
import plotly.graph_objects as go  # noqa: F401
import streamlit as st
import torch  # noqa: F401

from labelsmooth.dashboard import controls, desk
from labelsmooth.dashboard.server import registry
from labelsmooth.dashboard.wakeup import close_page_not_found

st.set_page_config(page_title="Label smoothing, live", layout="wide", initial_sidebar_state="auto")
registry()

QUESTIONS = {
    "Train live": "What does label smoothing change while a network learns?",
    "Drag epsilon": "How much smoothing is right for these data?",
    "Clusters": "How does smoothing move the clusters inside a network?",
    "Calibration": "Can the network's confidence be trusted?",
}
files = {
    "Train live": "train_live",
    "Drag epsilon": "drag_epsilon",
    "Clusters": "clusters",
    "Calibration": "calibration",
}
experiment = [st.Page(f"pages/experiment/{file}.py", title=title) for title, file in files.items()]
page = st.navigation({"Experiment": experiment}, position="sidebar")

close_page_not_found(page.url_path)
desk.restore(page.title)
st.title(QUESTIONS[page.title])
controls.say_corrections()
controls.first_choices()
# The page "Clusters" has these choices above its pictures, and "Calibration" draws none.
controls.sidebar_choices(clusters=page.title in ("Train live", "Drag epsilon"))
desk.write_address()
page.run()
# A tick that waits while this run ends makes Streamlit drop the last elements before they are sent, and then take
# them off the page. A moment is enough to send them.
time.sleep(0.05)
