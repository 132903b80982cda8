"""The code in README.md runs and says the truth."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from labelsmooth import reliability_curve

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the names in the README hold after all its Python blocks, run one after the other."""
    blocks = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 5
    namespace: dict[str, Any] = {}
    for block in blocks:
        exec(block, namespace)
    return namespace


def test_the_five_lines_are_the_loss(names: dict[str, Any]) -> None:
    loss, same, also = (float(names[name]) for name in ("loss", "same", "also"))
    assert same == pytest.approx(loss, rel=1e-6)
    assert also == pytest.approx(loss, rel=1e-6)


def test_the_numbers_in_the_comments_are_those_of_the_functions(names: dict[str, Any]) -> None:
    assert names["convert_epsilon"](0.1, 10, "fairseq", "torch") == pytest.approx(0.111, abs=5e-4)
    assert names["optimal_logit_gap"](0.1, 10) == pytest.approx(4.51, abs=5e-3)
    assert names["minimum_loss"](0.1, 10) == pytest.approx(0.500, abs=5e-4)


def test_the_metric_in_batches_is_that_of_all_rows(names: dict[str, Any]) -> None:
    probs, labels = torch.softmax(names["logits"].double(), -1).numpy(), names["labels"].numpy()
    assert names["metric"].compute().ece == pytest.approx(reliability_curve(probs, labels).ece, abs=1e-12)
    torch.testing.assert_close(names["calibrated"], names["logits"] / names["scaling"].temperature)


def test_random_logits_are_badly_calibrated_and_rank_nothing(names: dict[str, Any]) -> None:
    assert names["ece"].value > names["ece"].null_high
    assert names["ranking"].e_aurc <= names["ranking"].aurc
    assert 0.4 < names["ranking"].auroc < 0.6
    assert names["temperature"] > 3  # the flatter, the better: there is nothing to be sure of
