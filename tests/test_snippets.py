"""The code to copy runs as it stands, and its loss is that of this project."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from labelsmooth.dashboard.code import INSTALL
from labelsmooth.dashboard.specs import SNIPPETS

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "labelsmooth/dashboard/snippets"
NEEDS = {
    "huggingface": ("transformers", "accelerate"),
    "lightning_module": ("lightning",),
    "keras_model": ("keras",),
    "optax_step": ("jax", "optax"),
    "skorch_net": ("skorch",),
}
REQUIRED = ("pytorch", "sequence", "optax_step")  # on the server that tests, whose libraries are pinned
# Lightning itself calls what torch has deprecated.
ALLOWED = {"lightning_module": ("-W", "ignore::FutureWarning")}
# Runs a file like `python file`, then computes its loss again from its logits and labels.
CHECK = """
import runpy, sys
import numpy as np
import torch
from labelsmooth.loss import LabelSmoothingLoss

def tensor(value):
    return value.detach() if isinstance(value, torch.Tensor) else torch.tensor(np.asarray(value))

torch.set_num_threads(1)
found = runpy.run_path(sys.argv[1], run_name="__main__")
logits, labels = tensor(found["logits"]), tensor(found["labels"]).long()
padding = found.get("PAD", -100)
print("compared", tensor(found["loss"]).item(), LabelSmoothingLoss(0.1, ignore_index=padding)(logits, labels).item())
if "loss_without" in found:
    real = LabelSmoothingLoss(0.1, ignore_index=-1)(logits[:, 1:], labels - 1)
    print("compared", tensor(found["loss_without"]).item(), real.item())
"""


def compared(name: str) -> list[tuple[float, float]]:
    """The losses of a file beside ours, from a Python of its own: libraries change the one that imports them."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    warnings = ("-W", "error", *ALLOWED.get(name, ()))
    command = [sys.executable, "-B", *warnings, "-c", CHECK, str(FOLDER / f"{name}.py")]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=240)
    assert run.returncode == 0, run.stderr
    lines = [line.split() for line in run.stdout.splitlines() if line.startswith("compared ")]
    return [(float(theirs), float(ours)) for _, theirs, ours in lines]


@pytest.mark.parametrize("name", SNIPPETS)
def test_the_file_runs_and_its_loss_is_ours(name: str) -> None:
    missing = [library for library in NEEDS.get(name, ()) if find_spec(library) is None]
    if missing and not (os.environ.get("CI") and name in REQUIRED):
        pytest.skip(f"{', '.join(missing)} not installed: {name}.py is not run")
    pairs = compared(name)
    assert len(pairs) == (2 if name == "sequence" else 1)
    for theirs, ours in pairs:
        assert theirs == pytest.approx(ours, rel=1e-5)
        assert theirs > 0.2  # the smallest possible loss of three classes is 0.29, that of hard labels 0


def test_every_file_is_offered_and_short() -> None:
    assert {file.stem for file in FOLDER.glob("*.py")} == set(SNIPPETS) == set(INSTALL)
    assert set(NEEDS) < set(SNIPPETS)
    for file in FOLDER.glob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 35
        assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("name", SNIPPETS)
def test_what_a_file_imports_is_what_is_told_to_install(name: str) -> None:
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    for library in NEEDS.get(name, ("torch",)):
        assert library in INSTALL[name].split()
        assert library == "accelerate" or f"import {library}" in text or f"from {library}" in text
