"""Experiments that are plain trainings: what is measured of every smoothing of one seed.

Legend: E epsilons, N examples, K classes, H penultimate units. Each experiment measures one seed, alone: a run's
numbers do not depend on what else is trained, and a seed is the unit in which an experiment can be stopped.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from labelsmooth.calibration import FloatArray
from labelsmooth.claims.claim import name_at
from labelsmooth.selective import confidence_score, risk_coverage
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import NEVER, Snapshot
from labelsmooth.training import train

Measured = dict[str, float]  # by name, nan where a run diverged


class Experiment(Protocol):
    """What a claim is tested with; a dataclass, whose fields are all that its numbers depend on."""

    def measure(self, seed: int) -> Measured:
        """Every number of one seed."""
        ...


def last_of(setup: TrainingSetup, seed: int) -> Snapshot:
    """The last snapshot of a training of one seed."""
    *_, last = train(replace(setup, seeds=(seed,)))
    return last


def of_good_runs(setup: TrainingSetup, last: Snapshot, measure: str, values: FloatArray, **also: float) -> Measured:
    """The values (E,) of one measure by name, without those of runs that diverged."""
    good = np.where(last.diverged[0] == NEVER, values, math.nan)
    names = [name_at(measure, epsilon, **also) for epsilon in setup.epsilons]
    return dict(zip(names, good.tolist(), strict=True))


@dataclass(frozen=True)
class Measures:
    """Some measures of the last snapshot; with `scaled` also the ECE after temperature scaling."""

    setup: TrainingSetup
    names: tuple[str, ...]
    scaled: bool = False

    def measure(self, seed: int) -> Measured:
        """Those of every epsilon."""
        last, found = last_of(self.setup, seed), Measured()
        for name in self.names:
            found |= of_good_runs(self.setup, last, name, getattr(last, name)[0])
        if self.scaled:
            assert last.best is not None
            found |= of_good_runs(self.setup, last, "scaled ece", last.best.ece[0])
        return found


@dataclass(frozen=True)
class NoiseGrid:
    """Accuracy on clean test labels at several shares of label noise."""

    setup: TrainingSetup
    noises: tuple[float, ...]

    def measure(self, seed: int) -> Measured:
        """That of every epsilon and noise."""
        found = Measured()
        for noise in self.noises:
            setup = replace(self.setup, label_noise=noise)
            last = last_of(setup, seed)
            found |= of_good_runs(setup, last, "accuracy", last.accuracy[0], noise=noise)
        return found


@dataclass(frozen=True)
class Tightness:
    """How tight clusters are on the training part, and how equal the angles between the class means."""

    setup: TrainingSetup

    def measure(self, seed: int) -> Measured:
        """NC1, within over between, class separation, and the spread of angles."""
        last, found = last_of(self.setup, seed), Measured()
        values = {
            "nc1": last.train_nc1[0],
            "width": last.train_within[0] / last.train_between[0],
            "separation": last.train_separation[0],
            "angles": np.array([spread_of_angles(rows, last.train.labels) for rows in last.train.features]),
        }
        for name, numbers in values.items():
            found |= of_good_runs(self.setup, last, name, numbers)
        return found


def spread_of_angles(features: FloatArray, labels: np.ndarray) -> float:
    """NC2: the standard deviation of the cosines between all pairs of class means (H,), seen from their centre.

    It is 0 where the means of features (N, H) by labels (N,) form a regular simplex; nan where one lies in the centre.
    """
    means = np.stack([features[labels == label].mean(axis=0) for label in np.unique(labels)]).astype(np.float64)
    offsets = means - means.mean(axis=0)
    lengths = np.linalg.norm(offsets, axis=1)
    if not lengths.all():
        return math.nan
    units = offsets / lengths[:, None]
    return float((units @ units.T)[np.triu_indices(len(units), 1)].std())


@dataclass(frozen=True)
class Ranking:
    """How well the maximum probability ranks right answers above wrong ones."""

    setup: TrainingSetup

    def measure(self, seed: int) -> Measured:
        """AURC, E-AURC and AUROC of every epsilon, and accuracy, which AURC mixes in."""
        last, found = last_of(self.setup, seed), Measured()
        labels = last.test.labels
        curves = [risk_coverage(confidence_score(z), z.argmax(1) == labels) for z in last.test.logits]
        for name in ("aurc", "e_aurc", "auroc", "accuracy"):
            found |= of_good_runs(self.setup, last, name, np.array([getattr(curve, name) for curve in curves]))
        return found


@dataclass(frozen=True)
class Collapse:
    """How fast NC1 of the training part falls: its mean decade over the epochs, and the epochs until a level."""

    setup: TrainingSetup
    level: float

    def measure(self, seed: int) -> Measured:
        """Mean log10 NC1, the first epoch at or under the level (or the last epoch), and NC1 at the end."""
        epochs, nc1 = list[int](), list[FloatArray]()
        for last in self._film(seed):
            epochs.append(last.epoch)
            nc1.append(last.train_nc1[0])
        values, found = np.stack(nc1), Measured()
        decades = np.trapezoid(np.log10(values), epochs, axis=0) / (epochs[-1] - epochs[0])
        reached = values <= self.level
        reached[-1] = True
        first = np.array(epochs, float)[reached.argmax(axis=0)]
        numbers: dict[str, FloatArray] = {"decades": decades, "epochs": first, "nc1": values[-1]}
        for name, of_runs in numbers.items():
            found |= of_good_runs(self.setup, last, name, of_runs)
        return found

    def _film(self, seed: int) -> Iterator[Snapshot]:
        return train(replace(self.setup, seeds=(seed,), film=True))
