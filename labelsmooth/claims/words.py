"""What was measured and how it was trained, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from labelsmooth.claims.verdicts import Judged
from labelsmooth.comparison import LEVEL, signed
from labelsmooth.datasets import dataset_of


def difference_in_words(judged: Judged) -> str:
    """The mean difference with its interval, and how many seeds lost a run."""
    contrast, found = judged.contrast, judged.comparison
    if found is None:
        return "every seed lost a run that diverged"
    mean, low, high = (
        signed(contrast.scale * value, contrast.digits) for value in (found.difference, found.low, found.high)
    )
    if found.seeds == 1:
        return f"{mean}{contrast.unit}, one seed"
    lost = f"; runs diverged in {judged.lost} of {len(judged.differences)} seeds" if judged.lost else ""
    return f"{mean}{contrast.unit} ({100 * LEVEL:.0f} % interval {low} to {high}{lost})"


def setup_in_words(setup: Mapping[str, Any]) -> str:
    """The trainings in the setup of a record's entry, one part each."""
    parts = {"setup": "", "teacher": "teacher: ", "student": "student: "}
    noises = setup.get("noises", ())
    return "; ".join(f"{title}{_training(setup[name], noises)}" for name, title in parts.items() if name in setup) + "."


def _training(setup: Mapping[str, Any], noises: Sequence[float]) -> str:
    layers = "-".join(map(str, setup["hidden"]))
    shares = ", ".join(f"{noise:g}" for noise in noises or [setup["label_noise"]])
    noise = f", label noise {shares}" if shares != "0" else ""
    epsilons = ", ".join(f"{epsilon:g}" for epsilon in setup["epsilons"])
    title = dataset_of(setup["dataset"]).title
    return (
        f"{title}, {setup['train_size']} training examples{noise}, hidden layers {layers}, "
        f"{setup['optimizer']} at learning rate {setup['learning_rate']:g}, batches of {setup['batch_size']}, "
        f"{setup['epochs']} epochs, ε = {epsilons}"
    )
