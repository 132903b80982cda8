"""What a training run shows of itself: numbers only, no tensors and no pictures.

Legend: S seeds, E epsilons, R = S * E runs, N examples, D features, H penultimate units,
K classes, G grid points a side.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

NEVER = -1  # in `Snapshot.diverged`: this run has not diverged
DENSE_EPOCHS = 20  # the first epochs of a film change the picture most: each is shown
SPARSE_SNAPSHOTS = 30
SNAPSHOTS_WITHOUT_FILM = 4  # and one early, so that there is soon something to see: each costs an epoch's time

MEASURES = (
    "accuracy",
    "nll",
    "brier",
    "ece",
    "confidence",
    "test_logit_gap",
    "train_loss",
    "train_accuracy",
    "train_logit_gap",
    "separation",
    "within",
    "between",
    "nc1",
    "train_separation",
    "train_within",
    "train_between",
    "train_nc1",
)


@dataclass(frozen=True)
class Part:
    """Inputs (N, D), logits (E, N, K), penultimate features (E, N, H), and labels (N,): given, and clean."""

    inputs: np.ndarray
    logits: np.ndarray
    features: np.ndarray
    labels: np.ndarray
    clean_labels: np.ndarray

    @property
    def wrong_share(self) -> float:
        """Share of the labels that noise really changed: a noisy label can hit the right class."""
        return float(np.mean(self.labels != self.clean_labels))


@dataclass(frozen=True)
class Grid:
    """Logits (E, G * G, K) on a square grid over 2-D inputs, row by row: x (G,) within y (G,)."""

    x: np.ndarray
    y: np.ndarray
    logits: np.ndarray


@dataclass(frozen=True)
class BestTemperature:
    """Temperatures fitted on the validation part, and measures of the test part at them, all (S, E).

    ECE, NLL, Brier score and mean confidence are in the units of `Snapshot`; accuracy is the same at any temperature.
    at_bound (S, E) is -1 or 1 where the lower or upper bound stopped the fit, else 0; no_errors (S, E) tells where
    every validation label has the largest logit; examples is the size of one validation part.
    """

    temperature: np.ndarray
    ece: np.ndarray
    nll: np.ndarray
    brier: np.ndarray
    confidence: np.ndarray
    at_bound: np.ndarray
    no_errors: np.ndarray
    examples: int

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """What there is of each run, by name: arrays (S, E)."""
        return {name: value for name, value in vars(self).items() if name != "examples"}


@dataclass(frozen=True)
class Snapshot:
    """All runs of a setup after one epoch: measures (S, E), and the first seed in full for the pictures.

    Formula: a logit gap is the mean of z_y - mean over k != y of z_k; train_loss that of -sum_k q_k log p_k, with q
    the target of `smooth_targets`. ECE is that of `reliability_curve` with 15 equal-width bins. Of penultimate features
    x with the means mu_k of the K classes, within^2 = mean_k mean_{x of k} |x - mu_k|^2 and between^2 is the mean of
    |mu_j - mu_k|^2 over all ordered pairs of different classes.

    Attributes:
        epoch: passes over the training part so far.
        finished: whether it is the last snapshot.
        accuracy: on the test part, (S, E), a fraction.
        nll: on the test part, (S, E), in nats.
        brier: on the test part, (S, E), in [0, 2].
        ece: on the test part, (S, E), a fraction.
        confidence: mean on the test part, (S, E), a fraction.
        test_logit_gap: to the clean label, (S, E), in nats.
        train_loss: smoothed cross-entropy to the given labels, (S, E), in nats.
        train_accuracy: against the given labels, (S, E), a fraction.
        train_logit_gap: to the given label, (S, E), in nats.
        separation: `class_separation` of the test part by its labels, (S, E), up to 1; nan where all rows are parallel.
        within: spread of a class of the test part around its mean, (S, E), in penultimate activations.
        between: distance of two class means of the test part, (S, E), in penultimate activations.
        nc1: `neural_collapse` of the test part, (S, E), from 0 up; nan where all class means are equal.
        train_separation: as `separation`, but of the training part by the labels given, (S, E); so are the next three.
        train_within: (S, E), in penultimate activations.
        train_between: (S, E), in penultimate activations.
        train_nc1: (S, E).
        diverged: the epoch a run was seen to have diverged at, else -1, (S, E); everything else then stays at
            that run's last good epoch.
        test: the test `Part` of the first seed: inputs (N, D), logits (E, N, K), penultimate features
            (E, N, H), labels (N,).
        train: its training `Part`, whose labels are the given ones; clean_labels (N,) are the true ones.
        weights: of the first seed's last layer, (E, H, K).
        biases: of the first seed's last layer, (E, K).
        grid: the first seed's logits over the plane, a `Grid`; None but for 2-D data.
        best: fitted temperatures, a `BestTemperature`; None before the end.

    Example:
        >>> from labelsmooth.setups import TrainingSetup
        >>> from labelsmooth.training import train
        >>> first = next(train(TrainingSetup("iris", train_size=60, seeds=(0, 1))))
        >>> first.epoch, first.ece.shape, first.test.logits.shape
        (0, (2, 2), (2, 68, 3))

    Source: those of `nll`, `brier_score`, `reliability_curve`, `fit_temperature`, `class_separation` and
    `neural_collapse`; the logit gap, within and between are ours.
    """

    epoch: int
    finished: bool
    accuracy: np.ndarray
    nll: np.ndarray
    brier: np.ndarray
    ece: np.ndarray
    confidence: np.ndarray
    test_logit_gap: np.ndarray
    train_loss: np.ndarray
    train_accuracy: np.ndarray
    train_logit_gap: np.ndarray
    separation: np.ndarray
    within: np.ndarray
    between: np.ndarray
    nc1: np.ndarray
    train_separation: np.ndarray
    train_within: np.ndarray
    train_between: np.ndarray
    train_nc1: np.ndarray
    diverged: np.ndarray
    test: Part
    train: Part
    weights: np.ndarray
    biases: np.ndarray
    grid: Grid | None = None
    best: BestTemperature | None = None

    @property
    def nbytes(self) -> int:
        """Bytes that this snapshot alone keeps alive: data and grid points are shared by all of a run."""
        arrays = [self.test.logits, self.test.features, self.train.logits, self.train.features]
        arrays += [self.weights, self.biases, self.diverged, *(getattr(self, name) for name in MEASURES)]
        arrays += [] if self.grid is None else [self.grid.logits]
        arrays += [] if self.best is None else self.best.arrays.values()
        return sum(array.nbytes for array in arrays)


def snapshot_epochs(epochs: int, *, film: bool = True) -> frozenset[int]:
    """The epochs with a snapshot, the last always: of a film many at first, else the first and evenly spaced ones."""
    if not film:
        return frozenset({1, *range(epochs, 0, -max(1, round(epochs / SNAPSHOTS_WITHOUT_FILM)))})
    step = max(1, -(-(epochs - DENSE_EPOCHS) // SPARSE_SNAPSHOTS))
    return frozenset(range(min(epochs, DENSE_EPOCHS) + 1)) | frozenset(range(epochs, DENSE_EPOCHS, -step))


def numbers_only(snapshot: Snapshot) -> Snapshot:
    """The same measures without what pictures need: a few kilobytes."""

    def bare(part: Part) -> Part:
        return Part(*(array[:0].copy() for array in vars(part).values()))

    return replace(
        snapshot,
        test=bare(snapshot.test),
        train=bare(snapshot.train),
        weights=snapshot.weights[:0].copy(),
        biases=snapshot.biases[:0].copy(),
        grid=None,
    )


def merge(parts: Sequence[Snapshot]) -> Snapshot:
    """One snapshot of all seeds from those of groups of seeds at the same epoch; the first part is shown."""
    first = parts[0]
    assert all(part.epoch == first.epoch for part in parts), "groups are merged epoch by epoch"
    if len(parts) == 1:
        return first
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in (*MEASURES, "diverged")
    }
    finished = all(part.finished for part in parts)
    # A group whose runs all diverged has finished before the others.
    best = _merge_best([part.best for part in parts if part.best is not None]) if finished else None
    return replace(first, finished=finished, best=best, **joined)


def _merge_best(parts: Sequence[BestTemperature]) -> BestTemperature | None:
    """The temperatures of all groups, if there are any."""
    if not parts:
        return None
    names = parts[0].arrays
    joined: dict[str, Any] = {name: np.concatenate([part.arrays[name] for part in parts]) for name in names}
    return replace(parts[0], **joined)


def keep_last_good(new: Snapshot, previous: Snapshot) -> Snapshot:
    """The new snapshot, in which every run that has diverged, now or before, keeps its previous numbers."""
    diverged = np.where(previous.diverged == NEVER, new.diverged, previous.diverged)
    lost = diverged != NEVER
    if not lost.any():
        return new
    kept: dict[str, Any] = {name: np.where(lost, getattr(previous, name), getattr(new, name)) for name in MEASURES}

    def choose(after: np.ndarray, before: np.ndarray) -> np.ndarray:
        return np.where(lost[0].reshape(-1, *[1] * (after.ndim - 1)), before, after)

    def choose_part(after: Part, before: Part) -> Part:
        logits, features = choose(after.logits, before.logits), choose(after.features, before.features)
        return replace(after, logits=logits, features=features)

    grid = new.grid
    if grid is not None and previous.grid is not None:
        grid = replace(grid, logits=choose(grid.logits, previous.grid.logits))
    return replace(
        new,
        diverged=diverged,
        test=choose_part(new.test, previous.test),
        train=choose_part(new.train, previous.train),
        weights=choose(new.weights, previous.weights),
        biases=choose(new.biases, previous.biases),
        grid=grid,
        **kept,
    )
