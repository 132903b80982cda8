"""Train live: hard labels and smoothed side by side, as a film."""

import streamlit as st

from labelsmooth.dashboard.controls import current
from labelsmooth.dashboard.panels import conclusion, how_to_read, labels_note, metric_strip, run_state, show
from labelsmooth.dashboard.server import gallery, registry, viewer

settings = current()
setup = settings.setup()
run = registry().join(setup, viewer())
pictures = gallery(setup, settings.shown)
ticking = not run.ended


@st.fragment(run_every=0.5 if ticking else None)
def watch() -> None:
    """The strip, the films and the conclusion, as far as the run has come."""
    if not run.snapshots:
        # The first frame is worth a short wait: the next tick would show it half a second later.
        run.wait(1, timeout=0.2)
    done = run.poll(viewer()) not in ("queued", "running")
    snapshots = run.snapshots
    run_state(run)
    if not snapshots:
        return
    wall = pictures.wall(snapshots, settings.scale)
    labels_note(snapshots[-1], setup)
    metric_strip(snapshots[-1], pictures.optima)
    show(
        wall.live,
        setup,
        key="live",
        done=done,
        ticking=ticking,
        identity=settings.shown,
        alt="Penultimate clusters of three classes on hard labels and smoothed, both confidence histograms, and both "
        "reliability curves, at one epoch of the training.",
    )
    conclusion(snapshots[-1], setup)
    if wall.boundary is not None:
        st.caption("Solid lines are the decision boundaries, dotted ones where the confidence reaches 0.9.")
        show(
            wall.boundary,
            setup,
            key="boundary",
            follow="live",
            done=done,
            alt="Decision boundaries of both models over the test examples; dotted lines where confidence reaches 0.9.",
        )
    st.caption(
        "Learning curves: solid on the test part, dotted on the training part with the labels given; shaded from the "
        "lowest to the highest seed. The grey line is the epoch of the film, dashed lines are the optimal gaps."
    )
    show(
        wall.curves,
        setup,
        key="curves",
        follow="live",
        done=done,
        alt="Accuracy, loss, ECE, mean confidence and logit gaps of both models against the epoch.",
    )


watch()
how_to_read()
