"""Temperature scaling as a layer behind a trained classifier.

Dimensions: N examples, K classes.
"""

import math
from typing import Self

import torch
from torch import Tensor, nn

from labelsmooth.temperature import TemperatureFit, fit_temperature


class TemperatureScaling(nn.Module):
    """Divides logits by one temperature, fitted on validation data.

    Formula: softmax(logits / T), with the T that minimises the negative log-likelihood, as in `fit_temperature`.

    Args:
        temperature: T to begin with, above 0 and finite; 1 changes nothing.
        logits: of the call, floating, of any shape, on any device; of `fit`, shape (N, K), K >= 2, of validation data,
            -inf for a masked class.
        labels: of `fit`; integers in 0..K-1, shape (N,).
        bounds: of `fit`; the lowest and the highest T, 0 < low < high < inf.

    Returns:
        The call returns logits / T, of the shape and dtype of the logits; gradients pass to them, none to T. The
        largest logit of a row stays the largest, though rounding can level another with it. `fit` returns the module
        itself, and `result` then holds the `TemperatureFit`; where that is `flat`, T is 1. T is a buffer, part of
        `state_dict`, and `result` is not.

    Raises:
        ValueError: temperature, shapes, labels or bounds out of range; logits that are NaN or +inf in `fit`. T is then
            as before.

    Example:
        >>> logits, labels = torch.tensor([[0.0, 1.0]] * 4), torch.tensor([1, 1, 1, 0])
        >>> scaling = TemperatureScaling().fit(logits, labels)
        >>> scaling
        TemperatureScaling(0.910239)
        >>> scaling(logits[:1]).softmax(1)
        tensor([[0.2500, 0.7500]])
        >>> calibrated = nn.Sequential(nn.Linear(5, 2), scaling)

    Source: Guo et al. 2017, arXiv 1706.04599, section 4.2.
    """

    temperature: Tensor

    def __init__(self, temperature: float = 1.0) -> None:
        super().__init__()
        if not 0 < temperature < math.inf:
            raise ValueError(f"temperature must be above 0 and finite, got {temperature}")
        self.result: TemperatureFit | None = None
        # Not float64, which some devices do not have.
        self.register_buffer("temperature", torch.tensor(temperature, dtype=torch.float32))

    def extra_repr(self) -> str:
        """The temperature, as `print(scaling)` shows it."""
        return f"{self.temperature.item():g}"

    def fit(self, logits: Tensor, labels: Tensor, bounds: tuple[float, float] = (0.05, 20.0)) -> Self:
        """Take the temperature that fits logits (N, K) to labels (N,) best; see the class."""
        # On the host first: some devices have no float64.
        self.result = fit_temperature(logits.detach().cpu().double(), labels.cpu(), bounds)
        self.temperature.fill_(self.result.temperature)
        return self

    def forward(self, logits: Tensor) -> Tensor:
        """Logits of any shape, divided by the temperature."""
        return logits / self.temperature
