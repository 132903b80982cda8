"""The code in README.md and docs/package.md runs and says the truth."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from labelsmooth import reliability_curve

ROOT = Path(__file__).parents[1]


def after_running(document: str, blocks: int) -> dict[str, Any]:
    """What the names in a document hold after so many Python blocks, all that it has, run one after the other."""
    text = (ROOT / document).read_text(encoding="utf-8")
    found = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert len(found) == blocks
    namespace: dict[str, Any] = {}
    for block in found:
        exec(block, namespace)
    return namespace


@pytest.fixture(scope="module")
def readme() -> dict[str, Any]:
    return after_running("README.md", 1)


@pytest.fixture(scope="module")
def package() -> dict[str, Any]:
    return after_running("docs/package.md", 4)


def test_the_loss_is_what_is_written_out_and_that_of_pytorch(readme: dict[str, Any]) -> None:
    loss, same, also = (float(readme[name]) for name in ("loss", "same", "also"))
    assert same == pytest.approx(loss, rel=1e-6)
    assert also == pytest.approx(loss, rel=1e-6)


def test_the_numbers_in_the_comments_are_those_of_the_functions(package: dict[str, Any]) -> None:
    assert package["convert_epsilon"](0.1, 10, "fairseq", "torch") == pytest.approx(0.111, abs=5e-4)
    assert package["optimal_logit_gap"](0.1, 10) == pytest.approx(4.51, abs=5e-3)
    assert package["minimum_loss"](0.1, 10) == pytest.approx(0.500, abs=5e-4)


def test_the_metric_in_batches_is_that_of_all_rows(package: dict[str, Any]) -> None:
    probs, labels = torch.softmax(package["logits"].double(), -1).numpy(), package["labels"].numpy()
    assert package["metric"].compute().ece == pytest.approx(reliability_curve(probs, labels).ece, abs=1e-12)
    torch.testing.assert_close(package["calibrated"], package["logits"] / package["scaling"].temperature)


def test_random_logits_are_badly_calibrated_and_rank_nothing(package: dict[str, Any]) -> None:
    assert package["ece"].value > package["ece"].null_high
    assert package["ranking"].e_aurc <= package["ranking"].aurc
    assert 0.4 < package["ranking"].auroc < 0.6
    assert package["temperature"] > 3  # the flatter, the better: there is nothing to be sure of
