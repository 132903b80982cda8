"""Laws of what `sweep` prints: the downloads of the page, or a table with what it says."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_command_line import OPTIONS, SETUP, printed

from labelsmooth.snapshots import MEASURES, Snapshot
from labelsmooth.sweep import RANKED, best_of, conclusion, sweep, to_csv, to_json
from labelsmooth.training import train

SWEEP = ["sweep", *OPTIONS[1:]]
SWEEP_SETUP = replace(SETUP, film=False)


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A sweep keeps its record in the folder that it is begun in."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def swept() -> Snapshot:
    *_, last = train(SWEEP_SETUP)
    return last


def test_downloads_of_a_sweep_are_printed_as_they_are(swept: Snapshot, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed([*SWEEP, "--csv"], capsys) == to_csv(swept, SWEEP_SETUP)
    assert printed([*SWEEP, "--json"], capsys) == to_json(swept, SWEEP_SETUP) + "\n"


def test_few_snapshots_change_no_number_of_the_last(swept: Snapshot) -> None:
    *_, trained = train(SETUP)
    for name in MEASURES:
        np.testing.assert_array_equal(getattr(swept, name), getattr(trained, name))


def test_the_table_of_a_sweep_is_its_lines_and_what_they_say(
    swept: Snapshot, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = sweep(swept, SWEEP_SETUP)
    about, header, *lines = printed(SWEEP, capsys).splitlines()
    assert about == "iris, epoch 4; means over 2 seeds; on the test part"
    assert header.split() == ["epsilon", "accuracy", "NLL", "Brier", "ECE", "confidence", "chance", "best", "T"]
    names = ("accuracy", "nll", "brier", "ece", "confidence")
    bests = {name: best_of(numbers, name) for name in RANKED}
    for column, line in enumerate(lines[:3]):
        epsilon, *means, chance, temperature = line.split()
        assert epsilon == f"{numbers.epsilons[column]:g}"
        for name, cell in zip(names, means, strict=True):
            best = bests.get(name)
            mark = ">" if best is not None and best.index == column else ""
            assert cell == f"{mark}{numbers.lines[name].centre[column]:.3f}"
        assert chance == f"{numbers.null_median[column]:.3f}"
        assert temperature.rstrip("*") == f"{numbers.lines['temperature'].centre[column]:.3f}"
        assert temperature.endswith("*") == bool(numbers.at_bound[column])
    assert lines[-3:] == [*conclusion(numbers)]


def test_a_sweep_that_diverged_says_so_and_has_no_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed([*SWEEP, "--learning-rate", "1e4"], capsys)
    assert text.splitlines()[2].split() == ["0", *["-"] * 7]
    assert "6 of 6 runs diverged: they are left out." in text
    assert text.endswith("All 6 runs diverged, so there is nothing to compare.\n")
    record = json.loads(printed([*SWEEP, "--learning-rate", "1e4", "--json"], capsys))
    assert record["best"] == dict.fromkeys(RANKED)
