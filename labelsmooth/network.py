"""R multilayer perceptrons trained as one, with all their parameters in one flat tensor.

Legend: R runs, B examples of a batch, D features, H hidden units, K classes, P parameters of all runs. Examples
come last, behind their features: multiplying by a thin output layer is three times as fast that way.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
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


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread of torch: with more, the rounding of a product depends on how work is shared out."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True)
class Memory:
    """Where the results of R runs and B examples are written, time after time.

    Fetching memory anew for each of them takes as long as computing them: the system clears every page of it.
    Views are made once: a call of torch takes a microsecond at least, and after each one a thread asks for the
    interpreter again, which another group may hold. Sleeping until it is free takes as long as a small product.
    """

    rows: Tensor  # of the inputs, one behind the other: (R * B, D), or (B, D) where all runs have the same
    inputs: Tensor  # the same as (R, B, D)
    states: list[Tensor]  # of each hidden layer (R, H, B), and the logits (R, K, B)
    turned: list[Tensor]  # what each layer is applied to, with examples first: (R, B, D), then (R, B, H)
    delta: Tensor  # the gradient on the logits (R, K, B)
    behind: list[Tensor]  # the gradients on the hidden layers (R, H, B)


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
        self._turned = [weight.mT for weight in self.weights]
        self._slope = (
            partial(torch.ops.aten.threshold_backward.grad_input, threshold=0)
            if activation == "relu"
            else torch.ops.aten.tanh_backward.grad_input
        )

    def initialise(self, generators: Sequence[np.random.Generator]) -> None:
        """He-uniform weights and zero biases, drawn for each run from its own generator."""
        for run, generator in enumerate(generators):
            for weight in self.weights:
                bound = np.sqrt(6 / weight.shape[2])
                weight[run] = torch.from_numpy(generator.uniform(-bound, bound, weight.shape[1:]))

    def memory(self, examples: int, *, same: bool = False) -> Memory:
        """For batches of so many examples, a multiple of ROWS; the same ones for all runs or not."""
        units = [weight.shape[1] for weight in self.weights]
        runs = len(self.weights[0])
        states, deltas = ([torch.empty(runs, n, examples) for n in units] for _ in range(2))
        rows = torch.empty((1 if same else runs) * examples, self.weights[0].shape[2])
        inputs = rows.view(-1, examples, rows.shape[1]).expand(runs, -1, -1)
        turned = [inputs, *(state.mT for state in states[:-1])]
        return Memory(rows, inputs, states, turned, deltas[-1], deltas[:-1])

    def activations(
        self, x: Tensor, runs: slice | None = None, out: Sequence[Tensor | None] | None = None
    ) -> list[Tensor]:
        """The input (R, D, B), each hidden layer (R, H, B) and the logits (R, K, B) of inputs (R, B, D).

        B is a multiple of ROWS. The inputs are those of `runs`, or of all. Results are written to `out`, where it has
        a place.
        """
        assert x.shape[1] % ROWS == 0
        states = [x.mT]
        weights, biases = self.weights, self.biases
        if runs is not None:
            weights, biases = [weight[runs] for weight in weights], [bias[runs] for bias in biases]
        for weight, bias, place in zip(weights, biases, out or [None] * len(weights), strict=True):
            if len(states) > 1:
                states[-1] = states[-1].relu_() if self.activation == "relu" else states[-1].tanh_()
            states.append(torch.baddbmm(bias, weight, states[-1], out=place))
        return states

    def backward(self, memory: Memory, delta: Tensor) -> None:
        """Write the parameters' gradients, from the gradient on the logits (R, K, B).

        The activations are those that `memory` holds, of its inputs.
        """
        for layer in reversed(range(len(self.weights))):
            torch.bmm(delta, memory.turned[layer], out=self._weight_gradients[layer])
            torch.sum(delta, 2, keepdim=True, out=self._bias_gradients[layer])
            if layer:
                delta = torch.bmm(self._turned[layer], delta, out=memory.behind[layer - 1])
                self._slope(delta, memory.states[layer - 1], grad_input=delta)
