"""What people would use instead of the batched trainer: the same networks, trained by a loop or by other libraries.

Legend: S seeds, E epsilons, R = S * E runs, N training examples, D features, K classes, P batches of an epoch.

All do the same work: the splits and batch sizes of the setup, Adam, the same number of epochs, no look at the networks
on the way; scikit-learn cannot smooth labels. Each answers with the accuracy on the test parts.
"""

import warnings
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from labelsmooth.datasets import Split, class_names, make_split
from labelsmooth.setups import TrainingSetup

Answer = float  # mean accuracy of the networks, a fraction


def splits(setup: TrainingSetup) -> list[Split]:
    """The data of every seed, as the trainer has them."""
    return [make_split(setup.dataset, setup.train_size, setup.label_noise, seed) for seed in setup.seeds]


def sizes(setup: TrainingSetup, data: Split) -> tuple[int, ...]:
    """Inputs, hidden units and classes."""
    return (data.x_train.shape[1], *setup.hidden, len(class_names(setup.dataset, setup.classes)))


def perceptron(units: tuple[int, ...]) -> nn.Sequential:
    """A network as a module."""
    layers = [layer for shape in pairwise(units) for layer in (nn.Linear(*shape), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


def one_by_one(setup: TrainingSetup, batches_of: Callable[[Split], Callable[[], Iterator[Any]]]) -> Answer:
    """The textbook: network by network, autograd, Adam and the built-in loss, on batches that are given."""
    right = []
    for split in splits(setup):
        batches = batches_of(split)
        for epsilon in setup.epsilons:
            model = perceptron(sizes(setup, split))
            optimizer = torch.optim.Adam(model.parameters(), lr=setup.learning_rate)
            for _ in range(setup.epochs):
                for x, labels in batches():
                    optimizer.zero_grad()
                    loss = F.cross_entropy(model(x), labels, label_smoothing=epsilon)
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimizer.step()
            with torch.no_grad():
                right.append(np.mean(model(torch.from_numpy(split.x_test)).argmax(1).numpy() == split.test_labels))
    return float(np.mean(right))


def loop_on_tensors(setup: TrainingSetup) -> Answer:
    """Batches are rows of tensors."""

    def batches_of(split: Split) -> Callable[[], Iterator[tuple[Tensor, Tensor]]]:
        x, labels = torch.from_numpy(split.x_train), torch.from_numpy(split.train_given)
        return lambda: ((x[rows], labels[rows]) for rows in torch.split(torch.randperm(len(x)), setup.batch_size))

    return one_by_one(setup, batches_of)


def loop_with_dataloader(setup: TrainingSetup) -> Answer:
    """Batches come from a DataLoader."""

    def batches_of(split: Split) -> Callable[[], Iterator[Any]]:
        data = TensorDataset(torch.from_numpy(split.x_train), torch.from_numpy(split.train_given))
        loader = DataLoader(data, batch_size=setup.batch_size, shuffle=True)
        return lambda: iter(loader)

    return one_by_one(setup, batches_of)


def scikit_learn(setup: TrainingSetup) -> Answer:
    """MLPClassifier, told not to stop early."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    right = []
    for split in splits(setup):
        for _ in setup.epsilons:
            model = MLPClassifier(
                setup.hidden,
                alpha=0.0,
                batch_size=setup.batch_size,
                learning_rate_init=setup.learning_rate,
                max_iter=setup.epochs,
                n_iter_no_change=setup.epochs,
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # as many epochs as all the others
                model.fit(split.x_train, split.train_given)
            right.append(model.score(split.x_test, split.test_labels))
    return float(np.mean(right))


def torch_func(setup: TrainingSetup) -> Answer:
    """All networks at once as torch.func has it: stacked modules, vmap of the gradient, Adam on what is stacked."""
    from torch.func import functional_call, grad, stack_module_state, vmap

    data = splits(setup)
    models = [perceptron(sizes(setup, data[0])) for _ in range(setup.runs)]
    parameters, _ = stack_module_state(cast(Any, models))
    optimizer = torch.optim.Adam(parameters.values(), lr=setup.learning_rate, fused=True)
    epsilons = torch.tensor(setup.epsilons * len(setup.seeds))

    def loss(parameters: dict[str, Tensor], x: Tensor, labels: Tensor, epsilon: Tensor) -> Tensor:
        log_probs = F.log_softmax(functional_call(models[0], parameters, (x,)), 1)
        on_label = log_probs.gather(1, labels[:, None])[:, 0]
        return -((1 - epsilon) * on_label + epsilon * log_probs.mean(1)).mean()

    gradients_of = vmap(grad(loss))
    x, labels = (torch.from_numpy(np.stack([getattr(s, f) for s in data])) for f in ("x_train", "train_given"))
    seeds = torch.arange(len(data)).repeat_interleave(len(setup.epsilons))[:, None]
    for _ in range(setup.epochs):
        order = torch.stack([torch.randperm(setup.train_size) for _ in data])[seeds[:, 0]]
        for rows in torch.split(order, setup.batch_size, dim=1):
            gradients = gradients_of(parameters, x[seeds, rows], labels[seeds, rows], epsilons)
            for name, parameter in parameters.items():
                parameter.grad = gradients[name]
            optimizer.step()
    with torch.no_grad():
        x_test = torch.from_numpy(np.stack([s.x_test for s in data]))[seeds[:, 0]]
        chosen = vmap(lambda p, x: functional_call(models[0], p, (x,)))(parameters, x_test).argmax(2).numpy()
    return float(np.mean(chosen == np.stack([s.test_labels for s in data])[seeds[:, 0]]))
