"""Laws of the settings: a link gives back what it was made from, and no link can break a page."""

import random
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from labelsmooth.dashboard.choices import Choice, Classes, Flag, Number, Spec, Widths
from labelsmooth.dashboard.presets import PRESETS, matching_preset
from labelsmooth.dashboard.settings import Settings
from labelsmooth.dashboard.specs import SPECS
from labelsmooth.datasets import DATASETS, largest_train_size, smallest_train_size
from labelsmooth.own_data.held import OwnData, register
from labelsmooth.setups import ACTIVATIONS, CONVENTIONS, OPTIMIZERS, TrainingSetup

HOSTILE = [
    "", " ", "\x00", "-", "--", "1-", "nan", "NaN", "inf", "-inf", "1e400", "-1e400", "1e-400", "-1", "-0.0",
    "0", "0x10", "1_000", "1,5", ".", "1e", "0.1.2", "٣", "½", "None", "True", "9" * 5000, "-" + "9" * 5000,
    "1-" * 500, "2-" * 9 + "2", "99999999999-0", "3-3-3", "0-1", "0-1-9", "9-8-7", "digits\x00", "\ud800",
    "\u202eepsilon", "<script>alert(1)</script>", "[a](javascript:b)", "x" * 10**6, "a\nb\r\n\tc",
]  # fmt: skip


def draw(spec: Spec, chance: random.Random) -> Any:
    if isinstance(spec, Number):
        return chance.choice(spec.options)
    if isinstance(spec, Choice):
        return chance.choice(list(spec.options))
    if isinstance(spec, Widths):
        return tuple(chance.choice((2, 64, 511, 512)) for _ in range(chance.randint(1, 4)))
    if isinstance(spec, Classes):
        return tuple(chance.sample(range(spec.count), len(spec.usual)))
    assert isinstance(spec, Flag)
    return chance.random() < 0.5


def drawn_settings(seed: int) -> Settings:
    chance, settings = random.Random(seed), Settings()
    for name in SPECS:
        settings = replace(settings, **{name: draw(settings.spec(name), chance)})
    return settings


def assert_usable(settings: Settings, said: Sequence[str]) -> None:
    assert settings.corrected() == (settings, [])
    assert settings.setup().runs in (settings.seeds, 2 * settings.seeds)
    for sentence in said:
        assert sentence.isprintable()
        assert len(sentence) < 180
        assert sentence.endswith(".")


def test_a_link_gives_back_the_settings_it_was_made_from() -> None:
    for settings in map(drawn_settings, range(300)):
        query = settings.to_query()
        assert Settings.from_query(query) == (settings, [])
        assert set(query) == {*SPECS, "v"}
        assert max(map(len, query.values())) <= 20
        settings.setup()


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_link_breaks_the_settings(text: str) -> None:
    for name in (*SPECS, "v", text):
        assert_usable(*Settings.from_query({name: text}))
        assert_usable(*Settings.from_query({name: [text, text]}))
    for dataset in DATASETS:
        assert_usable(*Settings.from_query(dict.fromkeys(SPECS, text) | {"dataset": dataset}))


@pytest.mark.parametrize("value", [b"\xff", None, 7, [], [None], ["0.2", b"1"], {}])
def test_what_is_no_text_is_said_and_ignored(value: Any) -> None:
    assert_usable(*Settings.from_query(dict.fromkeys(SPECS, value)))
    settings, said = Settings.from_query({"epsilon": value})
    assert settings == Settings()
    assert said[-1] == "Smoothing ε: something unreadable is not a number; 0.1 is used."


@pytest.mark.parametrize(
    ("query", "name", "value", "sentences"),
    [
        ({}, "epsilon", 0.1, []),
        ({"epsilon": "2e-1"}, "epsilon", 0.2, []),
        ({"epsilon": "0.30000000000000004"}, "epsilon", 0.3, []),
        ({"epsilon": "0.123"}, "epsilon", 0.125, ["Smoothing ε: 0.123 lies between two steps; 0.125 is used."]),
        ({"epsilon": "9"}, "epsilon", 0.5, ["Smoothing ε: 9 is more than this page allows; 0.5 is used."]),
        ({"epsilon": "nan"}, "epsilon", 0.1, ["Smoothing ε: nan is not a number; 0.1 is used."]),
        ({"epochs": "-1e400"}, "epochs", 1, ["Epochs: -1e400 is less than this page allows; 1 is used."]),
        ({"learning_rate": "1e5"}, "learning_rate", 1e3,
         ["Learning rate: 1e5 is more than this page allows; 1000.0 is used."]),
        ({"batch_size": "100"}, "batch_size", 128, ["Batch size: 100 lies between two steps; 128 is used."]),
        ({"train_size": "99999"}, "train_size", 1078,
         ["Training examples: 99999 is more than digits allows; 1078 is used."]),
        ({"train_size": "0"}, "train_size", 20,
         ["Training examples: 0 is less than digits allows; 20 is used."]),
        ({"dataset": "mnist"}, "dataset", "digits",
         ["Data set: mnist is not one of the choices; digits is used."]),
        ({"noisy_validation": "1"}, "noisy_validation", False,
         ["Noise in the validation labels too: 1 is neither yes nor no; no is used."]),
        ({"hidden": "9999-1-8-8-8"}, "hidden", (512, 2, 8, 8),
         ["Hidden layers: 9999-1-8-8-8 is not 1 to 4 widths from 2 to 512; 512-2-8-8 is used."]),
        ({"shown": "1-1-2"}, "shown", (3, 5, 0),
         ["Classes shown: 1-1-2 is not 3 different classes of digits, 0 to 9; 3-5-0 is used."]),
        ({"seed": str(2**31 - 1)}, "seed", 2**31 - 20,
         ["Seed: 2147483647 is more than this page allows; 2147483628 is used."]),
        ({"seeds": ["2", "3"]}, "seeds", 3, ["Number of seeds: given 2 times; the last one counts."]),
        ({"v": "1"}, "seed", 0, []),
        ({"v": "7\n"}, "seed", 0, ["This link has version 7; this page reads it as version 1."]),
        ({"lr": "1", "colour": "2"}, "seed", 0, ["Not known here and ignored: lr, colour."]),
        ({"v": "1" * 50}, "seed", 0,
         [f"This link has version {'1' * 39}…; this page reads it as version 1."]),
    ],
)  # fmt: skip
def test_a_correction_is_the_nearest_value_and_one_sentence(
    query: dict[str, str | list[str]], name: str, value: Any, sentences: list[str]
) -> None:
    settings, said = Settings.from_query(query)
    assert said == sentences
    assert settings == replace(Settings(), **{name: value})
    assert type(getattr(settings, name)) is type(value)


@pytest.mark.parametrize(
    ("changed", "expected", "sentences"),
    [
        ({"dataset": "iris"}, {"train_size": 90, "shown": (0, 1, 2)}, 2),
        ({"dataset": "moons"}, {"shown": (0, 1)}, 1),
        ({"dataset": "blobs", "classes": 2}, {"shown": (0, 1)}, 1),
        ({"dataset": "blobs", "classes": 9, "train_size": 17}, {"train_size": 18}, 1),
        ({"dataset": "spirals", "classes": 10, "shown": (2, 0, 4)}, {"classes": 5}, 1),
        ({"classes": 10}, {}, 0),
        ({"epsilon": float("nan"), "epochs": None}, {"epsilon": 0.1, "epochs": 100}, 2),
        ({"hidden": "32-16", "shown": [5, 3, 8]}, {"hidden": (32, 16), "shown": (5, 3, 8)}, 0),
    ],
)
def test_what_widgets_hold_is_corrected_to_what_the_data_set_allows(
    changed: dict[str, Any], expected: dict[str, Any], sentences: int
) -> None:
    settings, said = replace(Settings(), **changed).corrected()
    assert settings == replace(Settings(), **changed | expected)
    assert len(said) == sentences
    assert_usable(settings, said)


@pytest.mark.parametrize(
    ("name", "value", "expected", "sentences"),
    [
        ("epsilon", 0.30000000000000004, {"epsilon": 0.3}, []),
        ("hidden", " 32-16", {"hidden": (32, 16)}, []),
        ("hidden", "many", {}, ["Hidden layers: many is not 1 to 4 widths from 2 to 512; 64-64 stays."]),
        ("hidden", "1", {"hidden": (2,)}, ["Hidden layers: 1 is not 1 to 4 widths from 2 to 512; 2 is used."]),
        ("dataset", "iris", {"dataset": "iris", "train_size": 90, "shown": (0, 1, 2)},
         ["Training examples: 1000 is more than iris allows; 90 is used.",
          "Classes shown: 3-5-0 is not 3 different classes of iris, 0 to 2; 0-1-2 is used."]),
    ],
)  # fmt: skip
def test_a_change_takes_the_other_choices_along(
    name: str, value: Any, expected: dict[str, Any], sentences: list[str]
) -> None:
    assert Settings().changed(name, value) == (replace(Settings(), **expected), sentences)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_typed_text_breaks_the_settings(text: str) -> None:
    for name in SPECS:
        assert_usable(*Settings().changed(name, text))


@pytest.mark.parametrize("dataset", DATASETS)
def test_naming_a_data_set_alone_needs_no_correction(dataset: str) -> None:
    settings, said = Settings.from_query({"dataset": dataset})
    assert said == []
    assert settings.shown == DATASETS[dataset].shown[: len(settings.shown)]
    assert settings.train_size == min(1000, largest_train_size(dataset))
    assert_usable(settings, said)


@pytest.mark.parametrize("dataset", DATASETS)
def test_limits_are_those_of_the_trainer(dataset: str) -> None:
    settings, _ = Settings.from_query({"dataset": dataset})
    for name in SPECS:
        spec = settings.spec(name)
        if isinstance(spec, Number):
            for value in (spec.options[0], spec.options[-1]):
                end: dict[str, Any] = {"seeds": 20, name: value}
                replace(settings, **end).corrected()[0].setup()
    sizes = settings.spec("train_size")
    assert isinstance(sizes, Number)
    assert sizes.options[0] == smallest_train_size(dataset, settings.classes)
    assert sizes.options[-1] == largest_train_size(dataset)


def test_a_link_to_data_that_are_not_here_keeps_all_that_needs_no_data() -> None:
    query = {"dataset": "own-0123456789ab", "train_size": "7", "shown": "44-45-46", "event": "44", "epsilon": "0.3"}
    settings, said = Settings.from_query(query)
    assert settings == Settings(epsilon=0.3)
    assert len(said) == 2
    assert_usable(settings, said)
    assert Settings().changed("dataset", "own-0123456789ab")[0] == Settings()


def test_a_link_to_own_data_gives_back_its_settings_where_they_are() -> None:
    labels = np.repeat(np.arange(50), 20)
    own = OwnData("trees.csv", np.eye(50)[labels], labels, tuple(f"kind {k}" for k in range(50)), ("x",) * 50)
    here = {register(own): own.title}
    settings, said = Settings().changed("dataset", own.name, here)
    assert (settings.train_size, settings.shown) == (600, (3, 5, 0))
    assert said == ["Training examples: 1000 is more than your data set allows; 600 is used."]
    settings = replace(settings, event="49", shown=(49, 0, 7), train_size=100)
    assert Settings.from_query(settings.to_query(), here) == (settings, [])
    assert max(map(len, settings.to_query().values())) <= 20
    assert_usable(settings, said)


def test_the_default_setup_is_the_pinned_story() -> None:
    assert Settings().setup() == TrainingSetup()
    assert TrainingSetup() == TrainingSetup(
        dataset="digits",
        train_size=1000,
        label_noise=0.4,
        epsilons=(0.0, 0.1),
        seeds=(0, 1, 2, 3, 4),
        hidden=(64, 64),
        epochs=100,
        batch_size=64,
        learning_rate=5e-3,
        optimizer="adam",
    )


def test_setup_trains_hard_labels_once_and_counts_seeds_up() -> None:
    setup = Settings(epsilon=0.0, seed=7, seeds=3).setup()
    assert (setup.epsilons, setup.seeds) == ((0.0,), (7, 8, 9))
    assert replace(Settings(), epsilon=0.3).setup().epsilons == (0.0, 0.3)


def test_a_choice_without_effect_makes_no_other_experiment() -> None:
    assert Settings(classes=7).setup() == Settings().setup()
    assert Settings(shown=(1, 2, 3), scale="common").setup() == Settings().setup()
    blobs = Settings(dataset="blobs", shown=(0, 1, 2))
    assert replace(blobs, classes=7).setup() != blobs.setup()


def test_every_field_has_words() -> None:
    assert list(SPECS) == [field.name for field in fields(Settings)]
    assert len({spec.label for spec in SPECS.values()}) == len(SPECS)
    for spec in SPECS.values():
        assert spec.label[0].isupper()
        assert spec.help.endswith(".")
        assert len(spec.help) > 25


def test_menus_offer_what_the_trainer_knows() -> None:
    offered = {name: set(spec.options) for name, spec in SPECS.items() if isinstance(spec, Choice)}
    assert offered["dataset"] == set(DATASETS)
    assert offered["convention"] == set(CONVENTIONS)
    assert offered["activation"] == set(ACTIVATIONS)
    assert offered["optimizer"] == set(OPTIMIZERS)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_valid_and_found_again(name: str) -> None:
    settings = PRESETS[name].settings
    assert_usable(settings, [PRESETS[name].summary.replace("?", ".")])
    assert matching_preset(settings) == name
    assert matching_preset(replace(settings, epsilon=0.37, seed=12, scale="common")) == name
    assert matching_preset(replace(settings, epsilon=0.0)) == name
    assert matching_preset(replace(settings, label_noise=0.77)) is None
    assert matching_preset(replace(settings, seeds=6)) is None


def test_the_first_preset_is_the_default_story() -> None:
    assert next(iter(PRESETS.values())).settings == Settings()
