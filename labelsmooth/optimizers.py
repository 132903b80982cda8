"""What moves the parameters of R networks along their gradients: all of them in one step, in place."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from labelsmooth.network import BatchedMLP
from labelsmooth.setups import TrainingSetup


def optimizer(setup: TrainingSetup, network: BatchedMLP) -> Callable[[], None]:
    """One step of the optimizer, over the parameters of all runs at once."""
    # What the optimizers of torch.optim call in the end. The first object of these classes imports a compiler, which
    # takes as long as a training, and what they check before every step takes as long as the step of a pair of runs.
    parameters, gradients = [network.parameters], [network.gradients]
    momenta, squares = torch.zeros_like(network.parameters), torch.zeros_like(network.parameters)
    rates: dict[str, Any] = {"lr": setup.learning_rate, "weight_decay": setup.weight_decay, "maximize": False}
    if setup.optimizer == "sgd":
        rates |= {"momentum": 0.9, "dampening": 0.0, "nesterov": False, "is_first_step": False}
        return partial(torch._fused_sgd_, parameters, gradients, [momenta], **rates)
    rates |= {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "amsgrad": False}
    # numpy counts, in the memory of the tensor: that takes a tenth of a call of torch.
    count = np.zeros(1, np.float32)
    steps = torch.from_numpy(count)[0]

    def step() -> None:
        count[0] += 1
        torch._fused_adam_(parameters, gradients, [momenta], [squares], [], [steps], **rates)

    return step
