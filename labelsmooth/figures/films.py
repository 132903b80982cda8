"""A finished training as a film over epochs, and a sweep as one over epsilons: a figure and its frames."""

from collections.abc import Sequence

from labelsmooth.datasets import class_names
from labelsmooth.figures.epsilon import EpsilonView, epsilon_captions, epsilon_figure, epsilon_frames
from labelsmooth.figures.live import LiveView, live_figure, live_frame
from labelsmooth.figures.style import Frame, Moving
from labelsmooth.pictures import Picture, epsilon_pictures, picture
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot


def training_film(
    setup: TrainingSetup, snapshots: Sequence[Snapshot], shown: tuple[int, ...]
) -> tuple[Moving, list[Frame]]:
    """Clusters, confidence and reliability of the first and the last epsilon, epoch by epoch."""
    pictures: list[Picture] = []
    for snapshot in snapshots:
        pictures.append(picture(snapshot, shown, pictures[-1] if pictures else None))
    view = LiveView(_names(setup, shown), setup.epsilons[-1], "own")
    frames = [
        live_frame(drawn, live_caption(snapshot, setup.seeds[0]))
        for drawn, snapshot in zip(pictures, snapshots, strict=True)
    ]
    return live_figure(pictures, view), frames


def sweep_film(setup: TrainingSetup, snapshot: Snapshot, shown: tuple[int, ...]) -> tuple[Moving, list[Frame]]:
    """Clusters on two scales, confidence and reliability of one snapshot, epsilon by epsilon."""
    pictures = epsilon_pictures(snapshot, shown)
    view = EpsilonView(_names(setup, shown), setup.epsilons)
    return epsilon_figure(pictures, view), epsilon_frames(pictures, setup.epsilons, epsilon_captions(snapshot, setup))


def live_caption(snapshot: Snapshot, seed: int) -> str:
    """What the film shows at this epoch, in numbers."""

    def pair(measure: str, scale: float = 1, digits: int = 3, unit: str = "") -> str:
        hard, smoothed = getattr(snapshot, measure)[0, [0, -1]] * scale
        return f"{hard:.{digits}f}{unit} hard, {smoothed:.{digits}f}{unit} smoothed"

    return (
        f"Seed {seed}: accuracy {pair('accuracy', 100, 1, ' %')}; ECE {pair('ece')}; "
        f"confidence {pair('confidence', 1, 2)}"
    )


def _names(setup: TrainingSetup, shown: tuple[int, ...]) -> tuple[str, ...]:
    names = class_names(setup.dataset, setup.classes)
    return tuple(names[label] for label in shown)
