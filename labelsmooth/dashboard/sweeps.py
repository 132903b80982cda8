"""The pictures of an epsilon sweep at one moment, made once for all its viewers."""

from dataclasses import dataclass

import streamlit as st

from labelsmooth.dashboard.film import Reel, film, name_of
from labelsmooth.dashboard.gallery import Shot
from labelsmooth.figures import films
from labelsmooth.figures.sweep import sweep_figure, sweep_frame
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot, numbers_only
from labelsmooth.sweep import Sweep, conclusion, sweep


@dataclass(frozen=True, eq=False)
class SweepWall:
    """All that a page shows of a sweep at one moment: its numbers, the film over epsilon, the curves below it."""

    setup: TrainingSetup
    name: str  # of what is shown, for the browser
    snapshot: Snapshot  # its numbers
    examples: int  # of the test part
    sweep: Sweep
    film: Shot
    curves: Shot

    def nearest(self, epsilon: float) -> str:
        """The name of the frame nearest to an epsilon, which need not be one of the sweep."""
        return f"{min(self.setup.epsilons, key=lambda each: abs(each - epsilon)):g}"


@st.cache_resource(show_spinner=False, max_entries=8)
def sweep_wall(
    setup: TrainingSetup, shown: tuple[int, ...], epoch: int, finished: bool, _snapshot: Snapshot
) -> SweepWall:
    """The pictures of a sweep's newest snapshot; epoch and whether it is the last tell snapshots apart."""
    numbers = sweep(_snapshot, setup)
    cursors = [sweep_frame(epsilon) for epsilon in setup.epsilons]
    return SweepWall(
        setup=setup,
        name=name_of(setup, shown, epoch, finished),
        snapshot=numbers_only(_snapshot),
        examples=len(_snapshot.test.labels),
        sweep=numbers,
        film=Shot(*films.sweep_film(setup, _snapshot, shown)),
        curves=Shot(sweep_figure(numbers, 0.0), cursors),
    )


def sweep_film(wall: SweepWall, epsilon: float, *, done: bool, ticking: bool) -> None:
    """The film over epsilon, and under it, following it, the measures against epsilon."""
    film(
        _reel(wall, wall.film, done),
        key="sweep",
        alt="Clusters on two scales, confidence histogram and reliability curve of the model at one epsilon, over "
        "those of hard labels.",
        unit="ε =",
        autoplay=False,
        start=wall.nearest(epsilon),
        ticking=ticking,
        on_released=st.rerun,
    )


def sweep_curves(wall: SweepWall, *, done: bool) -> None:
    """The measures against epsilon; the grey line follows the film."""
    alt = "Accuracy, NLL, Brier score, ECE, mean confidence and best temperature against epsilon."
    film(_reel(wall, wall.curves, done), key="measures", alt=alt, follow="sweep")
    st.caption(
        "Each line is the mean over seeds (of the best temperature the median), shaded from the lowest to the highest; "
        "the grey line is the ε of the film. A star marks the best ε, filled where the seeds can tell it from its "
        "neighbours."
    )


def sweep_note(wall: SweepWall) -> None:
    """What the pictures are of."""
    seeds, sweep = len(wall.setup.seeds), wall.sweep
    means = f"curves: means over {seeds} seeds" if seeds > 1 else "curves: one seed"
    st.caption(
        f"Epoch {sweep.epoch} of {wall.setup.epochs}; {len(sweep.epsilons)} epsilons; film: seed "
        f"{wall.setup.seeds[0]}, {means}; all on the test part ({wall.examples} examples)."
    )


def sweep_conclusion(wall: SweepWall, *, brief: bool) -> None:
    """What the sweep says, once it is finished, or only the first of it."""
    if not wall.sweep.finished:
        return
    with st.container(border=True):
        first, *others = conclusion(wall.sweep)
        st.markdown(f"**{first}**")
        for sentence in () if brief else others:
            st.markdown(sentence)


def _reel(wall: SweepWall, shot: Shot, done: bool) -> Reel:
    return Reel(
        run=wall.name,
        figure=shot.moving.figure,
        narrow=shot.moving.narrow,
        frames=shot.frames,
        total=len(shot.frames),
        done=done,
    )
