"""Laws of temperature scaling as a layer."""

import copy
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from labelsmooth.temperature import fit_temperature
from labelsmooth.temperature_scaling import TemperatureScaling

LOGITS, LABELS = torch.tensor([[0.0, 1.0]] * 4), torch.tensor([1, 1, 1, 0])


def overconfident(dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Logits (500, 4), three times too large, and labels."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(500, 4, generator=generator)
    labels = torch.multinomial(logits.softmax(1), 1, generator=generator).squeeze(1)
    return (3 * logits).to(dtype), labels


def test_three_of_four_by_hand() -> None:
    scaling = TemperatureScaling().fit(LOGITS, LABELS)
    assert scaling.temperature.item() == pytest.approx(1 / math.log(3), rel=1e-6)
    assert str(scaling) == "TemperatureScaling(0.910239)"
    torch.testing.assert_close(scaling(LOGITS).softmax(1), torch.tensor([[0.25, 0.75]] * 4))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_fit_is_that_of_the_numbers_whatever_their_dtype(dtype: torch.dtype) -> None:
    logits, labels = overconfident(dtype)
    scaling = TemperatureScaling().fit(logits.requires_grad_(), labels.int())
    assert scaling.result == fit_temperature(logits.detach().double().numpy(), labels.numpy())
    assert scaling.temperature.item() == pytest.approx(scaling.result.temperature, rel=1e-7)
    assert scaling.temperature.item() == pytest.approx(3, rel=0.15)
    assert scaling(logits).dtype == dtype


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("temperature", [0.05, 0.3, 1.0, 7.0, 20.0])
def test_the_largest_logit_stays_the_largest(temperature: float, dtype: torch.dtype) -> None:
    logits = overconfident(dtype)[0]
    top = logits.argmax(1, keepdim=True)
    scaled = TemperatureScaling(temperature)(logits)
    assert torch.equal(scaled.gather(1, top), scaled.amax(1, keepdim=True))
    if dtype != torch.bfloat16:  # where rounding levels more than one
        assert torch.equal(scaled.argmax(1, keepdim=True), top)


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 3, 5, 5)])
def test_gradients_are_divided_like_the_logits(shape: tuple[int, ...]) -> None:
    logits = torch.zeros(shape, requires_grad=True)
    TemperatureScaling(4.0)(logits).sum().backward()
    assert logits.grad is not None
    assert torch.equal(logits.grad, torch.full(shape, 0.25))
    assert not list(TemperatureScaling().parameters())


def test_the_temperature_travels_with_the_model_it_stands_behind() -> None:
    model = nn.Sequential(nn.Linear(2, 2), TemperatureScaling().fit(LOGITS, LABELS))
    assert "1.temperature" in model.state_dict()
    fresh = nn.Sequential(nn.Linear(2, 2), TemperatureScaling())
    fresh.load_state_dict(model.state_dict())
    for other in (fresh, copy.deepcopy(model)):
        assert torch.equal(other(LOGITS), model(LOGITS))
        assert torch.equal(model(LOGITS), model[0](LOGITS) / model[1].temperature)
    assert model.to("meta")[1].temperature.device.type == "meta"


def test_where_every_temperature_is_as_good_it_is_one() -> None:
    scaling = TemperatureScaling(3.0).fit(torch.zeros(3, 2), torch.tensor([0, 1, 1]))
    assert scaling.result is not None
    assert scaling.result.flat
    assert scaling.temperature == 1


def test_a_fit_stops_at_its_bounds() -> None:
    scaling = TemperatureScaling().fit(LOGITS, torch.ones(4).long(), bounds=(0.5, 2.0))
    assert scaling.result is not None
    assert (scaling.temperature.item(), scaling.result.at_bound) == (0.5, "lower")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((LOGITS, LABELS, (2.0, 1.0)), r"0 < low < high < inf, got \(2.0, 1.0\)"),
        ((LOGITS, LABELS + 1), r"labels must be in 0\.\.1, got 2"),
        ((LOGITS, LABELS[:3]), r"integers of shape \(4,\).*got int64 of shape \(3,\)"),
        ((LOGITS, LABELS.double()), "integers.*got float64"),
        ((LOGITS[0], LABELS), r"shape \(N, K\) with K >= 2, got \(2,\)"),
        ((LOGITS * math.nan, LABELS), "finite or -inf, got nan"),
    ],
)
def test_a_wrong_fit_is_refused_and_changes_nothing(arguments: Any, message: str) -> None:
    scaling = TemperatureScaling(2.0)
    with pytest.raises(ValueError, match=message):
        scaling.fit(*arguments)
    assert scaling.temperature == 2
    assert scaling.result is None


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.inf, math.nan])
def test_a_wrong_temperature_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match=f"above 0 and finite, got {wrong}"):
        TemperatureScaling(wrong)
