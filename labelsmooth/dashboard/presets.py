"""Named settings that each show something else about label smoothing."""

from dataclasses import dataclass, replace

from labelsmooth.dashboard.settings import Settings
from labelsmooth.dashboard.specs import VIEW
from labelsmooth.setups import TrainingSetup


@dataclass(frozen=True)
class Preset:
    """Settings with a title for the menu and a sentence on what to look for."""

    title: str
    summary: str
    settings: Settings


PRESETS: dict[str, Preset] = {
    "noisy labels": Preset(
        "Noisy labels",
        "Can smoothing repair the over-confidence of a network that memorises wrong labels?",
        Settings(),
    ),
    "easy digits": Preset(
        "Easy digits",
        "With clean labels and an easy task, does smoothing make the network under-confident?",
        Settings(label_noise=0.0, train_size=600, hidden=(256, 64), batch_size=128, learning_rate=1e-3, epochs=60),
    ),
    "little data": Preset(
        "Little data",
        "Twelve examples of each digit: does smoothing help where a network can learn them all by heart?",
        Settings(label_noise=0.0, train_size=120, batch_size=32),
    ),
    "hard task": Preset(
        "Hard task",
        "No label noise, but classes that overlap: what does better calibration cost in accuracy?",
        Settings(dataset="hard", label_noise=0.0, batch_size=128, learning_rate=2e-3, shown=(0, 1, 2)),
    ),
    "two moons": Preset(
        "Two moons",
        "Two dimensions, so the decision boundary can be drawn: does it bend around wrong labels?",
        Settings(
            dataset="moons",
            label_noise=0.2,
            train_size=200,
            hidden=(32, 32),
            batch_size=32,
            learning_rate=1e-2,
            shown=(0, 1),
        ),
    ),
}


def matching_preset(settings: Settings) -> str | None:
    """The preset that valid settings still tell the story of, or None.

    Epsilon, the seed, the classes shown and the scale may differ: they are what a visitor turns while looking
    at one story. So may a choice without effect, such as the number of classes of real data.
    """
    story = _story(settings)
    return next((name for name, preset in PRESETS.items() if _story(preset.settings) == story), None)


def told_by(preset: Preset, settings: Settings) -> Settings:
    """The preset's settings, seen as the visitor sees things now: bins, scale and the like stay."""
    return replace(preset.settings, **{name: getattr(settings, name) for name in VIEW})


def _story(settings: Settings) -> TrainingSetup:
    return replace(settings, epsilon=0.0, seed=0).setup()
