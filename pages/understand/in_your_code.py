"""In your code: losses side by side, what epsilon means in each library, and code to copy."""

import streamlit as st

from labelsmooth.dashboard.code import code_to_copy, decoder, side_by_side_panel
from labelsmooth.dashboard.controls import choices
from labelsmooth.dashboard.desk import current

settings = current()
st.subheader("What does ε mean in your library?")
choices("library", "target_classes")
choices("padding", "class_weight", "negative")
decoder(settings)
st.subheader("Two conventions on one batch")
choices("seed")
side_by_side_panel(settings)
st.subheader("Code to copy")
choices("snippet")
code_to_copy(settings)
