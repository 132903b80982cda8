"""Claims, re-tested: what papers say about label smoothing, and what comes out here."""

import streamlit as st

from labelsmooth.claims.catalogue import CLAIMS
from labelsmooth.dashboard.claims import card, how_to_read, live, summary
from labelsmooth.dashboard.controls import choice
from labelsmooth.dashboard.desk import current

summary()
how_to_read()
with st.container(border=True):
    choice("claim")
    live(current().claim)
for name in CLAIMS:
    card(name)
