"""Server: what this server is doing, for whoever runs it."""

import pandas as pd
import streamlit as st

from labelsmooth.dashboard.server import now

numbers = now()
with st.container(horizontal=True):
    for label, value in (
        ("Visitors", numbers.visitors),
        ("Runs waiting", numbers.runs.queued),
        ("Runs training", numbers.runs.active),
        ("Runs finished", numbers.events["finished"]),
        ("Runs refused", numbers.events["refused"]),
    ):
        st.metric(label, value)
st.table(pd.DataFrame.from_dict(numbers.rows(), orient="index", columns=["now"]))
st.subheader("What has happened to runs since the start")
st.table(pd.DataFrame.from_dict(numbers.events, orient="index", columns=["times"]))
st.button("Read again")
with st.expander("The same as JSON"):
    st.code(numbers.to_json(), language="json")
st.caption(
    "Visitors are browser tabs that are connected. Seconds are those of one core. Nothing here tells who visits, and "
    "the server's log has one line for each event above, with no more about visitors than this."
)
