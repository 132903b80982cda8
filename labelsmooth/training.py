"""Train R = seeds x epsilons networks at once and tell what they look like, epoch by epoch.

Legend: S seeds, E epsilons, R = S * E runs (seed by seed), N examples, B batch, D features, H hidden units,
K classes, G grid points a side.
"""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from labelsmooth.cluster_measures import CLUSTER_MEASURES, cluster_measures
from labelsmooth.conventions import target_probabilities
from labelsmooth.datasets import class_names, make_split
from labelsmooth.measures import fitted_temperatures, held_out_measures, training_measures
from labelsmooth.network import BatchedMLP, one_thread, pad_examples, padded
from labelsmooth.optimizers import optimizer
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import NEVER, BestTemperature, Grid, Part, Snapshot, keep_last_good, snapshot_epochs

LOOKED_AT = 2**20  # features at a time: 4 MB of them
GRID_SIDE = 50
DIVERGED_LOSS = 1e3  # nats; guessing at random costs log K, which is below 4 for 50 classes, the most there are

# From p - q' (R, K, B), which is the gradient of a step but for 1/B, the logits (R, K, B) and the rows of the examples
# (R, B), those of seed s counted from s * N: the same for another loss.
Objective = Callable[[Tensor, Tensor, Tensor], Tensor]


def train(setup: TrainingSetup) -> Iterator[Snapshot]:
    """Snapshots of a training after each of `snapshot_epochs`, the last one `finished`.

    Formula: each step moves all R = S * E networks along their own gradients; on the logits of a batch of B examples
    that is (p - q) / B, with p = softmax(logits) and q the target of `smooth_targets`.

    Args:
        setup: what is trained.

    Returns:
        An iterator of `Snapshot`, which trains as it is read; closing it stops the training. Bit-identical for the
        same setup, and for each run whichever other runs are trained with it. When every run has diverged the last
        snapshot comes early.

    Raises:
        Nothing of its own: `TrainingSetup` refuses what cannot be trained.

    Example:
        >>> *_, last = train(TrainingSetup("iris", train_size=60, seeds=(0,), epochs=2))
        >>> last.epoch, last.finished, last.accuracy.shape
        (2, True, (1, 2))

    Source: Szegedy et al. 2016, arXiv 1512.00567, section 7 (the gradient); He et al. 2015, arXiv 1502.01852,
    section 2.2 (the variance of the first weights, here uniform ones).
    """
    return (snapshot for snapshot in train_by_epoch(setup) if snapshot is not None)


def train_by_epoch(setup: TrainingSetup, objective: Objective | None = None) -> Iterator[Snapshot | None]:
    """The same as `train`, with a None for every epoch without a snapshot: whoever reads can stop after each.

    Where there is an `objective`, it changes the gradient of every step; the training loss shown stays the smoothed
    cross-entropy.
    """
    trainer = _Trainer(setup, objective)
    shown = snapshot_epochs(setup.epochs, film=setup.film)
    # A start that is not shown is looked at only if a run diverges before anything is.
    start = trainer.network.parameters.clone()
    snapshot = trainer.snapshot(0) if 0 in shown else None
    for epoch in range(1, setup.epochs + 1):
        yield snapshot if epoch - 1 in shown else None
        trainer.train_epoch()
        if epoch in shown:
            new = trainer.snapshot(epoch)
            if snapshot is None and np.any(new.diverged != NEVER):
                snapshot = trainer.snapshot_with(start, 0)
            snapshot = new if snapshot is None else keep_last_good(new, snapshot)
            if np.all(snapshot.diverged != NEVER):
                break
    assert snapshot is not None, "the last epoch is always shown"
    best = trainer.best_temperature(lost=snapshot.diverged != NEVER)
    yield replace(snapshot, finished=True, best=best)


def networks_by_epoch(setup: TrainingSetup) -> Iterator[BatchedMLP]:
    """The networks of `train` after each epoch, always the same object: for measures that no snapshot has."""
    trainer = _Trainer(setup)
    for _ in range(setup.epochs):
        trainer.train_epoch()
        yield trainer.network


class _Trainer:
    """The state of one training: data, networks, optimizer, and each seed's generator of batch orders."""

    def __init__(self, setup: TrainingSetup, objective: Objective | None = None) -> None:
        self.setup, self.objective = setup, objective
        splits = [
            make_split(
                setup.dataset,
                setup.train_size,
                setup.label_noise,
                seed,
                classes=setup.classes,
                noisy_validation=setup.noisy_validation,
            )
            for seed in setup.seeds
        ]
        self.first = splits[0]
        # name of a Split's field: that field of every seed (S, ...)
        self.data = {
            field.name: torch.from_numpy(np.stack([getattr(split, field.name) for split in splits]))
            for field in fields(splits[0])
        }
        # As evaluation wants them: inputs (S, B, D) with padding examples of every seed, labels (R, N) of every run.
        # Inputs are repeated block by block: of a large table as many copies as runs would take gigabytes.
        self.inputs = {part: pad_examples(self.data[f"x_{part}"]) for part in ("train", "validation", "test")}
        self.labels = {
            "train": self._runs(self.data["train_given"]),
            "validation": self._runs(self.data["validation_labels"]),
            "test": self._runs(self.data["test_labels"]),
        }
        classes = len(class_names(setup.dataset, setup.classes))
        sizes = (self.first.x_train.shape[1], *setup.hidden, classes)
        self.network = BatchedMLP(sizes, setup.runs, setup.activation)
        # Streams 1 and 2 of a seed; its data come from the seed itself. A seed's epsilons share all of it.
        self.network.initialise([np.random.default_rng([seed, 1]) for seed in setup.seeds for _ in setup.epsilons])
        self.orders = [np.random.default_rng([seed, 2]) for seed in setup.seeds]
        targets = [target_probabilities(e, classes, setup.convention) for e in setup.epsilons]
        self.targets = np.array(targets * len(setup.seeds))  # (R, 2): on the label, on every other class
        self.step = optimizer(setup, self.network)
        # By the size of a batch; the last one of an epoch can be smaller.
        self.memory = {
            size: self.network.memory(padded(size), same=len(setup.seeds) == 1)
            for size in {min(setup.batch_size, setup.train_size), setup.train_size % setup.batch_size} - {0}
        }
        self.grid = _grid_points(self.first.x_train)

    def _runs(self, x: Tensor) -> Tensor:
        """(S, ...) repeated for the epsilons of each seed: (R, ...)."""
        return x.repeat_interleave(len(self.setup.epsilons), 0)

    @torch.inference_mode()
    @one_thread()
    def train_epoch(self) -> None:
        """One pass over the training part: each seed in its own order, its epsilons in the same one."""
        on_label, on_other = torch.from_numpy(self.targets.astype(np.float32)).T[..., None, None]
        runs, examples, most = self.setup.runs, self.setup.train_size, self.setup.batch_size
        less = (on_other - on_label).expand(-1, 1, most)
        # One gather a batch serves all runs: seed s finds its rows behind those of the s seeds before it.
        x_train, given = self.data["x_train"].flatten(0, 1), self.data["train_given"].flatten()
        order = np.stack([s * examples + generator.permutation(examples) for s, generator in enumerate(self.orders)])
        of_runs = self._runs(torch.from_numpy(order))
        # The runs of a single seed read the same copy of its rows.
        gathered = of_runs[:1] if len(self.setup.seeds) == 1 else of_runs
        batches = torch.split(gathered, most, 1), torch.split(given.take(of_runs)[:, None], most, 2)
        for batch, labels in zip(*batches, strict=True):
            size = batch.shape[1]
            memory = self.memory[size]
            # Padding repeats row 0 and is left out of the gradient.
            behind = padded(size) - size
            rows = F.pad(batch, (0, behind)) if behind else batch
            torch.index_select(x_train, 0, rows.flatten(), out=memory.rows)
            *_, logits = self.network.activations(memory.inputs, out=memory.states)
            # The gradient of the mean smoothed cross-entropy on the logits: (p - q') / B.
            delta = torch.softmax(logits, 1, out=memory.delta).sub_(on_other)
            delta.scatter_add_(1, labels, less)
            if self.objective is not None:
                delta = self.objective(delta, logits, rows.expand(runs, -1))
            if behind:
                delta[..., size:] = 0
            self.network.backward(memory, delta.div_(size))
            self.step()

    def _outputs(self, part: str, runs: range) -> tuple[Tensor, Tensor, np.ndarray]:
        """Of some runs: penultimate features (R, H, N), logits (R, K, N), and whether these are finite (R,), else 0."""
        inputs, examples = self.inputs[part], self.labels[part].shape[1]
        *before, width, classes = (weight.shape[1] for weight in self.network.weights)
        features, logits = (torch.empty(len(runs), n, inputs.shape[1]) for n in (width, classes))
        # Run by run: what a run computes on the way to its features stays in the cache.
        on_the_way = [torch.empty(1, n, inputs.shape[1]) for n in before]
        for place, run in enumerate(runs):
            seed, here = run // len(self.setup.epsilons), slice(place, place + 1)
            out = [*on_the_way, features[here], logits[here]]
            self.network.activations(inputs[seed : seed + 1], slice(run, run + 1), out)
        finite = logits.sum((1, 2)).isfinite()
        logits[~finite] = 0  # so that no measure warns of a run whose numbers overflowed
        return features[..., :examples], logits[..., :examples], finite.numpy()

    @torch.inference_mode()
    @one_thread()
    def snapshot(self, epoch: int) -> Snapshot:
        """All measures, and the first seed in full; a run that has gone bad is marked with the epoch."""
        shape = (len(self.setup.seeds), len(self.setup.epsilons))
        test, test_finite, measures = self._look_at("test", epoch)
        train, train_finite, train_measures = self._look_at("train", epoch)
        measures |= train_measures
        good = train_finite & test_finite & (measures["train_loss"] < DIVERGED_LOSS)
        return Snapshot(
            epoch=epoch,
            finished=False,
            **{name: value.reshape(shape) for name, value in measures.items()},
            diverged=np.where(good, NEVER, epoch).reshape(shape),
            test=test,
            train=train,
            weights=self._shown(self.network.weights[-1]),
            biases=self._shown(self.network.biases[-1])[:, 0],
            grid=self._grid_now(),
        )

    def _look_at(self, part: str, epoch: int) -> tuple[Part, np.ndarray, dict[str, Any]]:
        """The test or the training part: the first seed's, which runs are finite (R,), and measures (R,) by name."""
        labels, first, shown = self.labels[part], self.first, len(self.setup.epsilons)
        (width, classes), examples = (self.network.weights[-1].shape[n] for n in (2, 1)), labels.shape[1]
        part_logits, part_features = (np.empty((shown, examples, n), np.float32) for n in (classes, width))
        found = []
        # A few runs at a time: memory for all of them would be fetched anew at each look, and that takes as long.
        at_once = max(1, LOOKED_AT // (width * examples))
        for start in range(0, self.setup.runs, at_once):
            runs = range(start, min(start + at_once, self.setup.runs))
            here = slice(runs.start, runs.stop)
            features, logits, finite = self._outputs(part, runs)
            part_logits[here] = logits[: max(shown - start, 0)].mT.numpy()
            part_features[here] = features[: max(shown - start, 0)].mT.numpy()
            measures = (
                held_out_measures(logits, labels[here])
                if part == "test"
                else training_measures(logits, labels[here], self.targets[here])
            )
            found.append({"finite": finite, **measures, **self._cluster_measures(epoch, part, features, labels[here])})
        all_runs = {name: np.concatenate([some[name] for some in found]) for name in found[0]}
        own = (first.x_test, first.test_labels, first.test_labels)
        if part == "train":
            own = (first.x_train, first.train_given, first.train_clean)
        return Part(own[0], part_logits, part_features, *own[1:]), all_runs.pop("finite"), all_runs

    def snapshot_with(self, parameters: Tensor, epoch: int) -> Snapshot:
        """The snapshot of networks with other parameters."""
        now = self.network.parameters.clone()
        self.network.parameters.copy_(parameters)
        snapshot = self.snapshot(epoch)
        self.network.parameters.copy_(now)
        return snapshot

    def _cluster_measures(self, epoch: int, part: str, features: Tensor, labels: Tensor) -> dict[str, np.ndarray]:
        """How tight clusters are, by name; without a film nobody watches them before the last epoch: then nan."""
        if self.setup.film or epoch == self.setup.epochs:
            measures = cluster_measures(features, labels)
        else:
            measures = dict.fromkeys(CLUSTER_MEASURES, np.full(len(labels), np.nan))
        return {("train_" if part == "train" else "") + name: value for name, value in measures.items()}

    def _shown(self, x: Tensor) -> np.ndarray:
        """A copy of the first seed's part of x (R, units, examples) as (E, examples, units)."""
        return x[: len(self.setup.epsilons)].transpose(1, 2).numpy().copy()

    def _grid_now(self) -> Grid | None:
        """The first seed's logits over the plane of 2-D inputs."""
        if self.grid is None:
            return None
        x, y = self.grid
        points = np.stack(np.meshgrid(x, y), -1).reshape(1, -1, 2)
        shown = len(self.setup.epsilons)
        inputs = pad_examples(torch.from_numpy(points)).expand(shown, -1, -1)
        logits = self.network.activations(inputs, slice(shown))[-1]
        return Grid(x, y, self._shown(logits[..., : GRID_SIDE**2]))

    @torch.inference_mode()
    @one_thread()
    def best_temperature(self, lost: np.ndarray) -> BestTemperature:
        """Temperatures fitted on the validation parts, (S, E); nan, at no bound, for the runs that are lost (S, E)."""
        (_, validation, _), (_, test, _) = (
            self._outputs(part, range(self.setup.runs)) for part in ("validation", "test")
        )
        best = fitted_temperatures(validation, self.labels["validation"], test, self.labels["test"])
        unknown = {"at_bound": 0, "no_errors": False}
        arrays: dict[str, Any] = {
            name: np.where(lost, unknown.get(name, np.nan), value.reshape(lost.shape))
            for name, value in best.arrays.items()
        }
        return replace(best, **arrays)


def _grid_points(x_train: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Coordinates (G,) of a grid that covers 2-D inputs (N, 2) with a margin; None for other data."""
    if x_train.shape[1] != 2:
        return None
    low, high = x_train.min(0), x_train.max(0)
    margin = 0.1 * (high - low)
    x, y = np.linspace(low - margin, high + margin, GRID_SIDE, dtype=np.float32).T
    return x, y
