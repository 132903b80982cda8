"""Experiments that need more than a training: the confidence penalty, students, and mutual information.

Legend: E epsilons, N examples, C copies of each, D features, K classes.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from labelsmooth.calibration import FloatArray
from labelsmooth.claims.claim import name_at
from labelsmooth.claims.trainings import Measured, last_of, of_good_runs
from labelsmooth.confidence_penalty import train_with_penalty
from labelsmooth.datasets import make_split
from labelsmooth.distillation import distil
from labelsmooth.mutual_information import information_as_printed, mutual_information
from labelsmooth.network import BatchedMLP, pad_examples
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import NEVER, Snapshot
from labelsmooth.training import networks_by_epoch


def accuracy_of(last: Snapshot) -> float:
    """Test accuracy of the only run, nan if it diverged."""
    return float(last.accuracy[0, 0]) if last.diverged[0, 0] == NEVER else math.nan


@dataclass(frozen=True)
class Penalty:
    """Smoothing and the confidence penalty against hard labels, from the same weights on the same data."""

    setup: TrainingSetup
    beta: float

    def measure(self, seed: int) -> Measured:
        """Accuracy of every epsilon and of the penalty."""
        last = last_of(self.setup, seed)
        *_, penalised = train_with_penalty(replace(self.setup, seeds=(seed,), epsilons=(0.0,)), self.beta)
        found = of_good_runs(self.setup, last, "accuracy", last.accuracy[0])
        return found | {"accuracy with penalty": accuracy_of(penalised)}


@dataclass(frozen=True)
class Students:
    """Students of a teacher with and without smoothing, at several temperatures, and one without a teacher."""

    teacher: TrainingSetup
    student: TrainingSetup
    temperatures: tuple[float, ...]
    weight: float

    def measure(self, seed: int) -> Measured:
        """Accuracy of teachers and students; the students of one seed start alike."""
        last = last_of(self.teacher, seed)
        found = of_good_runs(self.teacher, last, "teacher", last.accuracy[0])
        student = replace(self.student, seeds=(seed,))
        found["alone"] = accuracy_of(last_of(student, seed))
        for column, epsilon in enumerate(self.teacher.epsilons):
            for temperature in self.temperatures:
                logits = last.train.logits[column]
                *_, taught = distil(student, logits, temperature=temperature, weight=self.weight)
                lost = last.diverged[0, column] != NEVER
                found[name_at("student", epsilon, T=temperature)] = math.nan if lost else accuracy_of(taught)
        return found


@dataclass(frozen=True)
class Information:
    """Mutual information between training examples of two classes and the difference of their two logits.

    Every example is seen in `copies` copies with normal noise on its features; f is the first copy, mu their mean.
    Both classes have equally many examples.
    """

    setup: TrainingSetup
    classes: tuple[int, int]
    noise: float
    copies: int
    shown: tuple[int, ...]

    def measure(self, seed: int) -> Measured:
        """Information of every epsilon after the epochs shown, and the formula as printed after the last epoch."""
        setup = replace(self.setup, seeds=(seed,))
        inputs, found = self._inputs(seed), Measured()
        for epoch, network in enumerate(networks_by_epoch(setup), start=1):
            if epoch in self.shown:
                for epsilon, outputs in zip(setup.epsilons, self._outputs(network, inputs), strict=True):
                    f, mu = outputs[:, 0], outputs.mean(axis=1)
                    good = np.isfinite(outputs).all()
                    value = mutual_information(f, mu) if good else math.nan
                    found[name_at("information", epsilon, epoch=epoch)] = value
                    if epoch == setup.epochs:
                        found[name_at("printed", epsilon)] = information_as_printed(f, mu) if good else math.nan
        return found

    def _inputs(self, seed: int) -> Tensor:
        """Copies of the examples (N * C, D), those of one example together."""
        setup = self.setup
        split = make_split(setup.dataset, setup.train_size, setup.label_noise, seed, classes=setup.classes)
        rows = [np.flatnonzero(split.train_given == label) for label in self.classes]
        size = min(map(len, rows))
        x = np.repeat(split.x_train[np.concatenate([of_class[:size] for of_class in rows])], self.copies, axis=0)
        # Stream 3 of a seed: the trainer has 1 and 2.
        noise = np.random.default_rng([seed, 3]).normal(0, self.noise, x.shape)
        return torch.from_numpy((x + noise).astype(np.float32))

    def _outputs(self, network: BatchedMLP, inputs: Tensor) -> FloatArray:
        """Differences of the two logits (E, N, C)."""
        runs = len(self.setup.epsilons)
        logits = network.activations(pad_examples(inputs[None]).expand(runs, -1, -1))[-1][..., : len(inputs)]
        first, second = self.classes
        return (logits[:, first] - logits[:, second]).double().numpy().reshape(runs, -1, self.copies)
