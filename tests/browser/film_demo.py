"""Films for the browser tests: one whose frames come in over two seconds, its follower, and one over a value."""

import json
import time
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from labelsmooth.dashboard.film import Reel, film

TOTAL, SECONDS = 40, 2.0
HARD, SMOOTH = "#D55E00", "#0072B2"


@st.cache_data
def panels(seed: int) -> dict[str, Any]:
    """Two moving clouds and two histograms that change shape, as one figure with frames."""
    rng = np.random.default_rng(seed)
    cloud = rng.normal(size=(2, 2, 150))
    steps = np.linspace(0, 1, TOTAL)
    bins = np.linspace(0.05, 0.95, 10)

    def traces(step: float) -> list[Any]:
        clouds = [
            go.Scatter(x=x * (1 + step), y=y + 3 * step * (-1) ** i, mode="markers", name=f"cloud {i}")
            for i, (x, y) in enumerate(cloud)
        ]
        shapes = [np.exp(-((bins - centre * step) ** 2) * 20) for centre in (1.0, 0.6)]
        bars = [go.Bar(x=bins, y=shape / shape.sum(), opacity=0.6) for shape in shapes]
        sizes = 6 + 20 * shapes[0]
        line = go.Scatter(x=bins, y=bins ** (1 + step), mode="lines+markers", marker={"size": sizes})
        return [*clouds, *bars, line]

    figure = make_subplots(2, 2, subplot_titles=["Hard labels", "Smoothed", "Confidence", "Reliability"])
    places = [(1, 1), (1, 2), (2, 1), (2, 1), (2, 2)]
    for trace, (row, col), color in zip(traces(0), places, [HARD, SMOOTH, HARD, SMOOTH, SMOOTH], strict=True):
        figure.add_trace(trace, row=row, col=col)
        figure.data[-1].marker.color = color
    figure.frames = [
        go.Frame(name=str(10 * i), data=traces(step), traces=[0, 1, 2, 3, 4]) for i, step in enumerate(steps)
    ]
    figure.update_layout(
        height=620, barmode="overlay", margin={"l": 40, "r": 20, "t": 60, "b": 40}, uirevision="demo",
        xaxis_range=[-4, 4], yaxis_range=[-7, 7], xaxis2_range=[-4, 4], yaxis2_range=[-7, 7],
        yaxis3_range=[0, 0.5], xaxis4_range=[0, 1], yaxis4_range=[0, 1.05],
        legend={"orientation": "h", "y": 1.1},
    )  # fmt: skip
    whole: dict[str, Any] = json.loads(figure.to_json())
    for frame in whole["frames"]:
        frame["caption"] = f"accuracy of <frame> {frame['name']} is .{frame['name']}"
    return whole


def narrow() -> dict[str, Any]:
    """One panel below the other."""
    heights = [(0.8, 1.0), (0.54, 0.74), (0.27, 0.47), (0.0, 0.2)]
    layout: dict[str, Any] = {"height": 1200}
    for axis, domain in zip(("axis", "axis2", "axis3", "axis4"), heights, strict=True):
        layout |= {f"x{axis}": {"domain": [0, 1]}, f"y{axis}": {"domain": list(domain)}}
    return layout


def curves(seen: int) -> dict[str, Any]:
    """A curve as long as what has come in, and a cursor."""
    x = [10 * i for i in range(seen)]
    figure = go.Figure(
        [
            go.Scatter(x=x, y=[1 / (1 + i / 60) for i in x], name="loss", line={"color": HARD}),
            go.Scatter(x=[0, 0], y=[0, 1], mode="lines", name="cursor", line={"dash": "dot", "color": SMOOTH}),
        ]
    )
    figure.update_layout(height=260, margin={"l": 40, "r": 20, "t": 20, "b": 40}, xaxis_range=[0, 10 * TOTAL])
    whole: dict[str, Any] = json.loads(figure.to_json())
    return whole


def show(run: int, since: float, ticking: bool) -> bool:
    """Show what has come in; whether that is all."""
    seen = min(TOTAL, int((time.time() - since) / SECONDS * TOTAL) + 1)
    done = seen == TOTAL
    whole = panels(run)
    frames = whole["frames"][:seen]
    grown = {"xaxis": {**whole["layout"]["xaxis"], "range": [-8, 8]}} if seen > TOTAL // 2 else {}
    figure = {"data": whole["data"], "layout": whole["layout"] | grown}
    reel = Reel(str(run), figure, narrow(), frames, TOTAL, done, final=str(10 * (TOTAL - 1)))
    film(reel, key="panels", alt="Two clouds and two histograms", ticking=ticking)
    cursor = [{"name": f["name"], "traces": [1], "data": [{"x": [int(f["name"])] * 2}]} for f in frames]
    follower = Reel(str(run), curves(seen), {}, cursor, TOTAL, done)
    film(follower, key="curves", alt="Loss over epochs", follow="panels")
    return done


def live() -> None:
    """A run that starts by itself."""
    st.header("Live")

    def start(run: int) -> None:
        st.session_state.run = run
        st.session_state.since = time.time()

    if "run" not in st.session_state:
        start(1)
    # Of a run that is interrupted early Streamlit calls this again.
    st.button("New run", on_click=start, args=(st.session_state.run + 1,))
    running = time.time() - st.session_state.since < SECONDS

    @st.fragment(run_every=0.5 if running else None)
    def tick() -> None:
        show(st.session_state.run, st.session_state.since, running)

    tick()


def sweep() -> None:
    """A film over a value, which goes back to Python when it is released, and a figure without frames."""
    st.header("Sweep")
    st.session_state.runs = st.session_state.get("runs", 0) + 1
    whole = panels(0)
    value = st.select_slider("value", [f["name"] for f in whole["frames"]], value="100", key="value")
    reel = Reel("sweep", whole, narrow(), whole["frames"], TOTAL, done=True)

    def released() -> None:
        st.session_state.value = st.session_state["sweep"]["released"]["frame"]

    film(reel, key="sweep", alt="A sweep", unit="value", autoplay=False, start=value, on_released=released)
    film(Reel("", curves(TOTAL), {}, [], 0, done=True), key="plain", alt="A curve")
    st.text(f"run {st.session_state.runs} at {value}")


st.set_page_config(layout="wide")
st.navigation([st.Page(live, default=True), st.Page(sweep, url_path="sweep")]).run()
# Where a tick is waiting for the end of this run, Streamlit drops what it has not sent yet, and removes those elements.
time.sleep(0.05)
