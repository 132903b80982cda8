"""The map of a measure over epsilon and another choice: sweeps trained row by row, when somebody asks for it."""

from hashlib import sha256

import streamlit as st

from labelsmooth.dashboard.film import Reel, film
from labelsmooth.dashboard.following import follow
from labelsmooth.dashboard.runs import Run
from labelsmooth.dashboard.server import registry, viewer
from labelsmooth.dashboard.settings import Settings
from labelsmooth.figures.noise_map import map_figure
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.sweep import map_rows

PART = " map"  # of the page: its run is another than that of the sweep


def noise_map(settings: Settings) -> None:
    """The map as far as it is trained, and the rest of its training; nothing where no map is wanted."""
    rows = settings.map_rows()
    if not rows:
        registry().leave(viewer() + PART)
        return
    ticking = _next(rows) is not None

    @st.fragment(run_every=0.5 if ticking else None)
    def watch() -> None:
        waiting = _next(rows)
        if waiting is not None:
            st.caption(f"Row {list(rows).index(waiting) + 1} of {len(rows)} of the map.")
            follow(rows[waiting], bar=True, part=PART)
        trained = {value: _newest(registry().finished(setup)) for value, setup in rows.items()}
        if any(trained.values()):
            _film(settings, trained, ticking=ticking)

    watch()


def _next(rows: dict[float, TrainingSetup]) -> float | None:
    """The first row that is not trained yet."""
    return next((value for value, setup in rows.items() if registry().finished(setup) is None), None)


def _newest(run: Run | None) -> Snapshot | None:
    return None if run is None else run.snapshots[-1]


def _film(settings: Settings, trained: dict[float, Snapshot | None], *, ticking: bool) -> None:
    """The map as a still picture."""
    setup = next(iter(settings.map_rows().values()))
    numbers = map_rows(trained, setup, settings.map_over, settings.map_measure)
    shot = map_figure(numbers)
    done = all(snapshot is not None for snapshot in trained.values())
    name = sha256(repr((settings.map_rows(), settings.map_measure)).encode()).hexdigest()[:16]
    reel = Reel(name, shot.figure, shot.narrow, [], 0, done=done)
    what = settings.map_over.replace("_", " ")
    film(reel, key="map", alt=f"A map of {settings.map_measure} over {what} and epsilon.", ticking=ticking)
    st.caption(f"Means over {len(setup.seeds)} seeds; a mark stands on the best epsilon of each row.")
