"""How tight the clusters of both models become, epoch by epoch: mean and spread over seeds."""

from collections.abc import Sequence

from labelsmooth.figures.curves import Panel, cursor_frame, panels_figure
from labelsmooth.figures.style import Arrangement, Frame, Moving
from labelsmooth.snapshots import Snapshot

WIDE = Arrangement(rows=2, columns=2, height=560)
NARROW = Arrangement(rows=4, columns=1, height=1000, top=95, gap_y=70)
PANELS = (
    Panel("Class separation R²", "separation", "train_separation"),
    Panel("NC1: spread within classes over that between", "nc1", "train_nc1", log=True),
    Panel("Distance within classes, in activations", "within", "train_within"),
    Panel("Distance between classes, in activations", "between", "train_between"),
)


def collapse_frame(epoch: int) -> Frame:
    """The cursor of every panel at this epoch."""
    return cursor_frame(epoch, len(PANELS))


def collapse_figure(snapshots: Sequence[Snapshot], epochs: int) -> Moving:
    """All curves so far, solid on the test part and dotted on the training part, on axes for `epochs`."""
    return panels_figure(snapshots, epochs, PANELS, WIDE, NARROW)
