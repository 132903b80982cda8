"""The map of a measure over epsilon and another choice: sweeps trained row by row, when somebody asks for it."""

import streamlit as st

from labelsmooth.dashboard.film import Reel, film, name_of
from labelsmooth.dashboard.following import follow
from labelsmooth.dashboard.pace import beat
from labelsmooth.dashboard.server import registry, viewer
from labelsmooth.dashboard.settings import Settings
from labelsmooth.figures.noise_map import map_figure
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot, numbers_only
from labelsmooth.sweep import map_rows

PART = " map"  # of the page: its run is another than that of the sweep
MOST = 200  # rows that are remembered


@st.cache_resource(show_spinner=False)
def _rows() -> dict[TrainingSetup, Snapshot]:
    """The measures of rows that anybody has had trained, the latest last."""
    return {}


def noise_map(settings: Settings) -> None:
    """The map as far as it is trained, and the rest of its training; nothing where no map is wanted."""
    rows = settings.map_rows()
    waiting = _next(rows)
    if waiting is None:
        leave_map()
    more = waiting is not None and registry().join(rows[waiting], viewer() + PART).error is None

    @st.fragment(run_every=beat(more))
    def watch() -> None:
        waiting = _next(rows)
        if waiting is not None:
            st.caption(f"Row {list(rows).index(waiting) + 1} of {len(rows)} of the map.")
            _, snapshots = follow(rows[waiting], more=more, bar=True, part=PART)
            if snapshots and snapshots[-1].finished:
                _remember(rows[waiting], snapshots[-1])
        trained = {value: _rows().get(setup) for value, setup in rows.items()}
        if any(trained.values()):
            _film(settings, trained, ticking=more)

    watch()


def leave_map() -> None:
    """Let the training of a row end that this visitor no longer looks at."""
    registry().leave(viewer() + PART)


def _next(rows: dict[float, TrainingSetup]) -> float | None:
    """The first row that is not trained yet."""
    return next((value for value, setup in rows.items() if setup not in _rows()), None)


def _remember(setup: TrainingSetup, snapshot: Snapshot) -> None:
    rows = _rows()
    rows[setup] = numbers_only(snapshot)
    while len(rows) > MOST:
        del rows[next(iter(rows))]


def _film(settings: Settings, trained: dict[float, Snapshot | None], *, ticking: bool) -> None:
    """The map as a still picture."""
    setup = next(iter(settings.map_rows().values()))
    numbers = map_rows(trained, setup, settings.map_over, settings.map_measure)
    shot = map_figure(numbers)
    done = all(snapshot is not None for snapshot in trained.values())
    name = name_of(settings.map_rows(), settings.map_measure)
    reel = Reel(name, shot.figure, shot.narrow, [], 0, done=done)
    what = settings.map_over.replace("_", " ")
    film(reel, key="map", alt=f"A map of {settings.map_measure} over {what} and epsilon.", ticking=ticking)
    st.caption(f"Means over {len(setup.seeds)} seeds; a mark stands on the best epsilon of each row.")
