"""R multilayer perceptrons trained as one: each is a row of one flat tensor of parameters.

Legend: R runs, B examples of a batch, D features, H hidden units, K classes, P parameters of a run.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

# A run's numbers must not depend on who else is in the batch, to the last bit. Vectorised code rounds some
# numbers of a block differently when the block starts elsewhere in a cache line, so each run's block of every
# tensor is a whole number of cache lines: parameters have padding behind them, inputs have padding rows.
ALIGNMENT = 64  # floats
ROWS = 16  # of an input: any width times 16 floats fills cache lines


def padded(rows: int) -> int:
    """The next multiple of ROWS."""
    return -(-rows // ROWS) * ROWS


class BatchedMLP:
    """R networks D -> hidden -> K of one activation, with gradients written by hand: that saves a third."""

    def __init__(self, sizes: Sequence[int], runs: int, activation: str = "relu") -> None:
        assert activation in ("relu", "tanh")
        self.sizes = tuple(sizes)
        self.activation = activation
        blocks = [shape for fan_in, fan_out in pairwise(sizes) for shape in ((fan_in, fan_out), (1, fan_out))]
        lengths = [-(-rows * columns // ALIGNMENT) * ALIGNMENT for rows, columns in blocks]
        self.parameters = torch.zeros(runs, sum(lengths))
        self.gradients = torch.zeros_like(self.parameters)
        starts = np.cumsum([0, *lengths])
        self._blocks = list(zip(starts, blocks, strict=False))
        self.weights, self.biases = self._views(self.parameters)
        self._weight_gradients, self._bias_gradients = self._views(self.gradients)

    def _views(self, flat: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Weights (R, in, out) and biases (R, 1, out) of each layer inside a flat tensor (R, P)."""
        views = [
            flat[:, start : start + rows * columns].view(len(flat), rows, columns)
            for start, (rows, columns) in self._blocks
        ]
        return views[::2], views[1::2]

    def initialise(self, generators: Sequence[np.random.Generator]) -> None:
        """He-uniform weights and zero biases, drawn for each run from its own generator."""
        for run, generator in enumerate(generators):
            for weight in self.weights:
                bound = np.sqrt(6 / weight.shape[1])
                draw = generator.uniform(-bound, bound, weight.shape[1:]).astype(np.float32)
                weight[run] = torch.from_numpy(draw)

    def activations(self, x: Tensor) -> list[Tensor]:
        """Input (R, B, D), each hidden layer (R, B, H) and logits (R, B, K); B is a multiple of ROWS.

        An input of fewer runs is that of the first ones.
        """
        assert x.shape[1] % ROWS == 0
        states = [x]
        for weight, bias in zip(self.weights, self.biases, strict=True):
            if len(states) > 1:
                states[-1] = states[-1].relu_() if self.activation == "relu" else states[-1].tanh_()
            states.append(torch.baddbmm(bias[: len(x)], states[-1], weight[: len(x)]))
        return states

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Penultimate features (R, B, H) and logits (R, B, K) of inputs (R, B, D)."""
        rows = x.shape[1]
        *_, penultimate, logits = self.activations(F.pad(x, (0, 0, 0, padded(rows) - rows)))
        return penultimate[:, :rows], logits[:, :rows]

    def backward(self, states: list[Tensor], delta: Tensor) -> None:
        """Write the parameters' gradients, from the activations and the gradient on the logits (R, B, K)."""
        for layer in reversed(range(len(self.weights))):
            state = states[layer]
            torch.bmm(state.transpose(1, 2), delta, out=self._weight_gradients[layer])
            torch.sum(delta, 1, keepdim=True, out=self._bias_gradients[layer])
            if layer:
                delta = torch.bmm(delta, self.weights[layer].transpose(1, 2))
                if self.activation == "relu":
                    delta = torch.ops.aten.threshold_backward(delta, state, 0)
                else:
                    delta = torch.ops.aten.tanh_backward(delta, state)
