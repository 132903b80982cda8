"""The pictures of one run, made once for all its viewers and for every tick of their pages."""

import math
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from labelsmooth.calibration import NullECE, null_ece, softmax
from labelsmooth.conventions import compose_noise, minimum_loss, optimal_logit_gap
from labelsmooth.dashboard.album import Album
from labelsmooth.dashboard.film import text_of
from labelsmooth.datasets import class_names
from labelsmooth.figures.boundary import boundary_figure, boundary_frame
from labelsmooth.figures.curves import Optima, curves_figure, curves_frame
from labelsmooth.figures.films import live_caption
from labelsmooth.figures.live import LiveView, live_figure, live_frame
from labelsmooth.figures.style import Frame, Moving
from labelsmooth.pictures import Picture, picture
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot, numbers_only


@dataclass(frozen=True)
class Shot:
    """A figure and its frames, as far as the run has come."""

    moving: Moving
    frames: Sequence[Frame]


@dataclass(frozen=True, eq=False)
class Wall:
    """All that a page shows of a run at one moment; `boundary` exists for 2-D data, `null` at the end of the run.

    `measures` are the snapshots without what pictures need. `null` is the ECE that chance alone would show of
    calibrated models, hard labels and smoothed, on the first seed.
    """

    setup: TrainingSetup
    shown: tuple[int, ...]
    snapshot: Snapshot  # the newest
    measures: tuple[Snapshot, ...]
    optima: Optima
    live: Shot
    curves: Shot
    boundary: Shot | None
    null: tuple[NullECE, NullECE] | None

    def measured(self, epoch: int) -> Snapshot:
        """The measures of this epoch, or, as the film shows it, of the newest where there is no such epoch yet."""
        return next((each for each in self.measures if each.epoch == epoch), self.measures[-1])


@dataclass(frozen=True, eq=False)
class Page:
    """One epoch: what is drawn, and the frames of the films; `boundary` exists for 2-D data, `null` as in `Wall`."""

    measures: Snapshot
    picture: Picture
    live: Frame
    curves: Frame
    boundary: Frame | None
    null: tuple[NullECE, NullECE] | None


class Gallery:
    """Pictures of a run for one choice of projected classes; it grows with the run, in any thread."""

    def __init__(self, setup: TrainingSetup, shown: tuple[int, ...]) -> None:
        self._setup = setup
        self._shown = shown
        self._names = class_names(setup.dataset, setup.classes)
        self._optima = optima(setup)
        self._album = Album(self._page)
        self._lock = threading.Lock()
        self._walls: dict[str, Wall] = {}  # the latest of each scale

    def wall(self, snapshots: Sequence[Snapshot], scale: str) -> Wall:
        """The pictures of these snapshots, at least one; the same objects for everybody who asks."""
        with self._lock:
            wall = self._walls.get(scale)
            if wall is None or len(wall.live.frames) != len(snapshots):
                wall = self._walls[scale] = self._hang(snapshots, scale)
            return wall

    def develop(self, snapshots: Sequence[Snapshot]) -> None:
        """Make the pictures of these snapshots, and what films send of them, before anybody asks."""
        # Whoever asks meets the fault again; the training has nothing to do with it.
        with suppress(Exception):
            self._album.pages(snapshots)

    def latest(self) -> Wall | None:
        """What was hung last, for whoever waits for something new."""
        with self._lock:
            return max(self._walls.values(), key=lambda wall: len(wall.live.frames), default=None)

    def _page(self, snapshot: Snapshot, previous: Page | None) -> Page:
        drawn = picture(snapshot, self._shown, None if previous is None else previous.picture)
        boundary = None if snapshot.grid is None else boundary_frame(snapshot)
        live = live_frame(drawn, live_caption(snapshot, self._setup.seeds[0]))
        # Its text for the browser, too.
        text_of(live)
        null = null_bands(snapshot) if snapshot.finished else None
        return Page(numbers_only(snapshot), drawn, live, curves_frame(snapshot.epoch), boundary, null)

    def _hang(self, snapshots: Sequence[Snapshot], scale: str) -> Wall:
        pages, last = self._album.pages(snapshots), snapshots[-1]
        view = LiveView(tuple(self._names[label] for label in self._shown), self._setup.epsilons[-1], scale)
        borders = None
        if last.grid is not None:
            frames = [page.boundary for page in pages if page.boundary is not None]
            borders = Shot(boundary_figure(snapshots[0], self._names, self._shown), frames)
        return Wall(
            setup=self._setup,
            shown=self._shown,
            snapshot=last,
            measures=tuple(page.measures for page in pages),
            optima=self._optima,
            live=Shot(live_figure([page.picture for page in pages], view), [page.live for page in pages]),
            curves=Shot(curves_figure(snapshots, self._setup.epochs, self._optima), [page.curves for page in pages]),
            boundary=borders,
            null=pages[-1].null,
        )


def optima(setup: TrainingSetup) -> Optima:
    """What gaps and loss are driven to; without label noise nothing asks for a test gap in particular."""
    classes = len(class_names(setup.dataset, setup.classes))
    hard, smoothed = 0.0, setup.epsilons[-1]

    def under_noise(epsilon: float) -> float:
        mixed = compose_noise(epsilon, setup.label_noise, classes, setup.convention)
        return optimal_logit_gap(mixed, classes) if setup.label_noise else math.nan

    return Optima(
        train_gap=(math.inf, optimal_logit_gap(smoothed, classes, setup.convention)),
        test_gap=(under_noise(hard), under_noise(smoothed)),
        train_loss=(0.0, minimum_loss(smoothed, classes, setup.convention)),
    )


def null_bands(snapshot: Snapshot) -> tuple[NullECE, NullECE]:
    """The ECE that chance alone would show of a calibrated model, hard labels and smoothed, first seed."""
    hard, smoothed = (null_ece(softmax(snapshot.test.logits[column]).max(-1)) for column in (0, -1))
    return hard, smoothed
