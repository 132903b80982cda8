"""The pictures of one run, made once for all its viewers and for every tick of their pages."""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from labelsmooth.calibration import NullECE, null_ece, softmax
from labelsmooth.conventions import compose_noise, optimal_logit_gap
from labelsmooth.datasets import class_names
from labelsmooth.figures.boundary import boundary_figure, boundary_frame
from labelsmooth.figures.curves import GapOptima, curves_figure, curves_frame
from labelsmooth.figures.live import LiveView, live_figure, live_frame
from labelsmooth.figures.style import Frame, Moving
from labelsmooth.pictures import Picture, picture
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot


@dataclass(frozen=True)
class Shot:
    """A figure and its frames, as far as the run has come."""

    moving: Moving
    frames: Sequence[Frame]


@dataclass(frozen=True)
class Wall:
    """All that a page shows of a run at one moment; `boundary` exists for 2-D data."""

    live: Shot
    curves: Shot
    boundary: Shot | None


class Gallery:
    """Pictures of a run for one choice of projected classes; it grows with the run, in any thread."""

    def __init__(self, setup: TrainingSetup, shown: tuple[int, ...]) -> None:
        self.setup = setup
        self.names = class_names(setup.dataset, setup.classes)
        self.optima = gap_optima(setup)
        self._shown = shown
        self._lock = threading.Lock()
        self._pictures: list[Picture] = []
        self._frames: list[tuple[Frame, Frame, Frame | None]] = []  # live, curves, boundary
        self._walls: dict[tuple[int, str], Wall] = {}  # by number of snapshots and scale: the latest of each scale

    def wall(self, snapshots: Sequence[Snapshot], scale: str) -> Wall:
        """The pictures of these snapshots, at least one; the same objects for everybody who asks."""
        with self._lock:
            for snapshot in snapshots[len(self._pictures) :]:
                self._add(snapshot)
            key = (len(snapshots), scale)
            if key not in self._walls:
                self._walls = {old: wall for old, wall in self._walls.items() if old[1] != scale}
                self._walls[key] = self._hang(snapshots, scale)
            return self._walls[key]

    def _add(self, snapshot: Snapshot) -> None:
        previous = self._pictures[-1] if self._pictures else None
        self._pictures.append(picture(snapshot, self._shown, previous))
        boundary = None if snapshot.grid is None else boundary_frame(snapshot)
        live = live_frame(self._pictures[-1], _caption(snapshot, self.setup.seeds[0]))
        self._frames.append((live, curves_frame(snapshot.epoch), boundary))

    def _hang(self, snapshots: Sequence[Snapshot], scale: str) -> Wall:
        count = len(snapshots)
        view = LiveView(tuple(self.names[label] for label in self._shown), self.setup.epsilons[-1], scale)
        live, curves, boundary = zip(*self._frames[:count], strict=True)
        return Wall(
            Shot(live_figure(self._pictures[:count], view), live),
            Shot(curves_figure(snapshots, self.setup.epochs, self.optima), curves),
            None if snapshots[0].grid is None else Shot(boundary_figure(snapshots[0], self.names), boundary),
        )


def gap_optima(setup: TrainingSetup) -> GapOptima:
    """Where the logit gaps of hard labels and smoothed go: on memorised labels, and under the noise."""
    classes = len(class_names(setup.dataset, setup.classes))
    hard, smoothed = 0.0, setup.epsilons[-1]

    def population(epsilon: float) -> float:
        return optimal_logit_gap(compose_noise(epsilon, setup.label_noise, classes, setup.convention), classes)

    return GapOptima(
        (math.inf, optimal_logit_gap(smoothed, classes, setup.convention)), (population(hard), population(smoothed))
    )


def null_bands(snapshot: Snapshot) -> tuple[NullECE, NullECE]:
    """The ECE that chance alone would show of a calibrated model, hard labels and smoothed, first seed."""
    hard, smoothed = (null_ece(softmax(snapshot.test.logits[column]).max(-1)) for column in (0, -1))
    return hard, smoothed


def _caption(snapshot: Snapshot, seed: int) -> str:
    """What the film shows at this epoch, in numbers."""

    def pair(measure: str, scale: float = 1, digits: int = 3, unit: str = "") -> str:
        hard, smoothed = getattr(snapshot, measure)[0, [0, -1]] * scale
        return f"{hard:.{digits}f}{unit} hard, {smoothed:.{digits}f}{unit} smoothed"

    return (
        f"Seed {seed}: accuracy {pair('accuracy', 100, 1, ' %')}; ECE {pair('ece')}; "
        f"confidence {pair('confidence', 1, 2)}"
    )
