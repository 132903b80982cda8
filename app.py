"""What `streamlit run app.py` serves: the pages, and the files that browsers need for them."""

# Imported here, before any thread starts and anybody waits: lazy imports inside threads have crashed.
import contourpy  # noqa: F401
import numpy as np  # noqa: F401
import pandas as pd  # noqa: F401
import plotly.graph_objects as go  # noqa: F401
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet  # noqa: F401
import segno  # noqa: F401
import sklearn.datasets  # noqa: F401
import streamlit as st
import torch  # noqa: F401

import labelsmooth.dashboard.gate
import labelsmooth.training  # noqa: F401
from labelsmooth.dashboard.entrance import entrance
from labelsmooth.dashboard.life import life
from labelsmooth.dashboard.public import announced, routes

app = st.App("pages/every_page.py", routes=routes(), middleware=[entrance(), announced()], lifespan=life)
