"""Numbers in, Plotly figures out: nothing here knows torch or Streamlit."""
