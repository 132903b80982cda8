"""What a visitor can take home."""

import streamlit as st

from labelsmooth.dashboard.sweeps import SweepWall
from labelsmooth.figures.export import film_html
from labelsmooth.sweep import to_csv, to_json


def sweep_downloads(wall: SweepWall, epsilon: float) -> None:
    """The sweep as CSV and JSON, and the film over epsilon as one file; made when they are asked for."""
    setup, snapshot = wall.setup, wall.snapshot

    def page() -> str:
        title = f"Label smoothing on {setup.dataset}: drag epsilon"
        return film_html(wall.film.moving, wall.film.frames, title, start=wall.nearest(epsilon))

    with st.container(horizontal=True):
        for label, make, file, kind in (
            ("Sweep as CSV", lambda: to_csv(snapshot, setup), "sweep.csv", "text/csv"),
            ("Sweep as JSON", lambda: to_json(snapshot, setup), "sweep.json", "application/json"),
            ("Film as HTML", page, "film.html", "text/html"),
        ):
            st.download_button(label, make, f"label-smoothing-{file}", kind, key=f"download {file}", on_click="ignore")
