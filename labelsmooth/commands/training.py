"""Training for a command: to the end, with a bar."""

from labelsmooth.commands.progress import bar
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.training import train


def train_with_bar(setup: TrainingSetup) -> list[Snapshot]:
    """Every snapshot of a training."""
    snapshots = list[Snapshot]()
    with bar(setup.epochs, "epochs", f"{setup.runs} networks") as shown:
        for snapshot in train(setup):
            snapshots.append(snapshot)
            shown.update(snapshot.epoch - shown.n)
    return snapshots
