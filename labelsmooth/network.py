"""R multilayer perceptrons trained as one, with all their parameters in one flat tensor.

Legend: R runs, B examples of a batch, D features, H hidden units, K classes, P parameters of all runs. Examples
come last, behind their features: multiplying by a thin output layer is three times as fast that way.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

# A run's numbers must not depend on who else is in the batch, to the last bit. Vectorised code rounds some
# numbers of a block differently when the block starts elsewhere in a cache line, so each run's block of every
# tensor is a whole number of cache lines: parameters have padding behind them, batches have padding examples.
ALIGNMENT = 64  # floats
ROWS = 16  # of a batch: 16 floats fill a cache line


def padded(rows: int) -> int:
    """The next multiple of ROWS."""
    return -(-rows // ROWS) * ROWS


def pad_examples(x: Tensor) -> Tensor:
    """Inputs (R, N, D) with zeros behind them, so that their number is a multiple of ROWS."""
    return F.pad(x, (0, 0, 0, padded(x.shape[1]) - x.shape[1]))


class BatchedMLP:
    """R networks D -> hidden -> K of one activation, with gradients written by hand: that saves a third."""

    def __init__(self, sizes: Sequence[int], runs: int, activation: str = "relu") -> None:
        assert activation in ("relu", "tanh")
        self.activation = activation
        shapes = [shape for fan_in, fan_out in pairwise(sizes) for shape in ((fan_out, fan_in), (fan_out, 1))]
        lengths = [-(-rows * columns // ALIGNMENT) * ALIGNMENT for rows, columns in shapes]
        self.parameters = torch.zeros(runs * sum(lengths))
        self.gradients = torch.zeros_like(self.parameters)

        def views(flat: Tensor) -> list[Tensor]:
            blocks = torch.split(flat, [runs * length for length in lengths])
            return [
                block.view(runs, -1)[:, : rows * columns].view(runs, rows, columns)
                for block, (rows, columns) in zip(blocks, shapes, strict=True)
            ]

        # Of each layer: weights (R, out, in) and biases (R, out, 1).
        self.weights, self.biases = views(self.parameters)[::2], views(self.parameters)[1::2]
        self._weight_gradients, self._bias_gradients = views(self.gradients)[::2], views(self.gradients)[1::2]

    def initialise(self, generators: Sequence[np.random.Generator]) -> None:
        """He-uniform weights and zero biases, drawn for each run from its own generator."""
        for run, generator in enumerate(generators):
            for weight in self.weights:
                bound = np.sqrt(6 / weight.shape[2])
                weight[run] = torch.from_numpy(generator.uniform(-bound, bound, weight.shape[1:]))

    def activations(self, x: Tensor) -> list[Tensor]:
        """The input (R, D, B), each hidden layer (R, H, B) and the logits (R, K, B) of inputs (R, B, D).

        B is a multiple of ROWS. An input of fewer runs is that of the first ones.
        """
        assert x.shape[1] % ROWS == 0
        states = [x.transpose(1, 2)]
        for weight, bias in zip(self.weights, self.biases, strict=True):
            if len(states) > 1:
                states[-1] = states[-1].relu_() if self.activation == "relu" else states[-1].tanh_()
            states.append(torch.baddbmm(bias[: len(x)], weight[: len(x)], states[-1]))
        return states

    def backward(self, states: list[Tensor], delta: Tensor) -> None:
        """Write the parameters' gradients, from the activations and the gradient on the logits (R, K, B)."""
        for layer in reversed(range(len(self.weights))):
            state = states[layer]
            torch.bmm(delta, state.transpose(1, 2), out=self._weight_gradients[layer])
            torch.sum(delta, 2, keepdim=True, out=self._bias_gradients[layer])
            if layer:
                delta = torch.bmm(self.weights[layer].transpose(1, 2), delta)
                if self.activation == "relu":
                    delta = torch.ops.aten.threshold_backward(delta, state, 0)
                else:
                    delta = torch.ops.aten.tanh_backward(delta, state)
