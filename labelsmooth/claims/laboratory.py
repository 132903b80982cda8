"""The experiment of each claim, all small enough to run in a minute or two of one core.

They were tried out on seeds 1000 to 1002; those of a record count up from 0.
"""

from dataclasses import asdict, replace
from typing import Any

from labelsmooth.claims.methods import Information, Penalty, Students
from labelsmooth.claims.trainings import Collapse, Experiment, Measures, NoiseGrid, Ranking, Tightness
from labelsmooth.setups import TrainingSetup

EASY = TrainingSetup(train_size=600, label_noise=0.0, learning_rate=2e-3, film=False)
HARD = TrainingSetup(
    "hard", train_size=1000, label_noise=0.0, epochs=60, batch_size=128, learning_rate=2e-3, film=False
)
NOISY = TrainingSetup(film=False)

EXPERIMENTS: dict[str, Experiment] = {
    "tight_clusters": Tightness(EASY),
    "like_temperature": Measures(replace(HARD, epsilons=(0.0, 0.025, 0.05, 0.1, 0.2, 0.4)), ("ece",), scaled=True),
    "easy_data": Measures(
        replace(EASY, epsilons=(0.0, 0.05, 0.1, 0.2, 0.4)), ("ece", "confidence", "accuracy"), scaled=True
    ),
    "accuracy": Penalty(EASY, beta=0.1),
    "nll": Measures(replace(EASY, epsilons=(0.0, 0.05, 0.1)), ("accuracy", "nll")),
    "distillation": Students(
        teacher=replace(EASY, hidden=(128, 64)),
        student=replace(EASY, hidden=(8,), epsilons=(0.0,)),
        temperatures=(1.0, 2.0, 4.0),
        weight=0.9,
    ),
    "label_noise": NoiseGrid(replace(NOISY, epsilons=(0.0, 0.1, 0.2, 0.4)), (0.2, 0.4, 0.6)),
    "negative": Measures(
        replace(NOISY, label_noise=0.6, epochs=40, epsilons=(-0.4, -0.2, 0.0, 0.2, 0.4)), ("accuracy",)
    ),
    "selective": Ranking(replace(HARD, epsilons=(0.0, 0.4))),
    "collapse": Collapse(EASY, level=0.5),
    "information": Information(
        replace(EASY, epochs=200), classes=(3, 5), noise=0.1, copies=16, shown=(5, 20, 50, 100, 200)
    ),
}


def setup_of(name: str) -> dict[str, Any]:
    """All that the numbers of a claim depend on but the seeds, as a record holds it."""
    experiment: Any = EXPERIMENTS[name]
    chosen = {field: _plain(value) for field, value in asdict(experiment).items()}
    return {"experiment": type(experiment).__name__} | chosen


def _plain(value: Any) -> Any:
    """A field in the form that JSON gives back; of a training without its seeds, and without what changes no number."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if name not in ("seeds", "film")}
    return [_plain(inner) for inner in value] if isinstance(value, tuple) else value
