"""Laws of the command line: it trains what the setup says, and prints what was measured."""

import json
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelsmooth.__main__ import COMMANDS, main, parser
from labelsmooth.commands.options import setup_of
from labelsmooth.commands.train import TRAIN_COLUMNS
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import MEASURES, Snapshot
from labelsmooth.training import train

OPTIONS = shlex.split(
    "train --dataset iris --train-size 60 --hidden 9 7 --epochs 4 --batch-size 16 --seed 3 --seeds 2 --label-noise 0.2 "
    "--epsilons 0 0.1 0.3 --convention others --activation tanh --optimizer sgd --learning-rate 0.05 "
    "--weight-decay 0.01 --noisy-validation"
)
SETUP = TrainingSetup(
    dataset="iris", train_size=60, hidden=(9, 7), epochs=4, batch_size=16, seeds=(3, 4), label_noise=0.2,
    epsilons=(0.0, 0.1, 0.3), convention="others", activation="tanh", optimizer="sgd", learning_rate=0.05,
    weight_decay=0.01, noisy_validation=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def trained() -> Snapshot:
    *_, last = train(SETUP)
    return last


def printed(options: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(options) == 0
    text, errors = capsys.readouterr()
    assert errors == ""
    assert "nan" not in text.lower()
    assert "inf" not in text.lower()
    return text


def test_json_is_the_setup_and_what_training_measured(trained: Snapshot, capsys: pytest.CaptureFixture[str]) -> None:
    record: dict[str, Any] = json.loads(printed([*OPTIONS, "--json"], capsys))
    record["setup"] |= {name: tuple(record["setup"][name]) for name in ("epsilons", "seeds", "hidden")}
    assert TrainingSetup(**record["setup"]) == SETUP
    assert record["epoch"] == 4
    for name in (*MEASURES, "diverged"):
        np.testing.assert_array_equal(record[name], getattr(trained, name))
    assert trained.best is not None
    assert record["validation_examples"] == trained.best.examples == 22
    names = {
        "best_temperature": "temperature",
        "ece_at_best_temperature": "ece",
        "nll_at_best_temperature": "nll",
        "best_temperature_at_bound": "at_bound",
        "brier_at_best_temperature": "brier",
        "confidence_at_best_temperature": "confidence",
        "no_validation_errors": "no_errors",
    }
    assert set(names.values()) == set(trained.best.arrays)
    for name, field in names.items():
        np.testing.assert_array_equal(record[name], trained.best.arrays[field])


def test_table_is_the_means_and_paired_changes_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads(printed([*OPTIONS, "--json"], capsys))
    about, header, *rows, median, note = printed(OPTIONS, capsys).splitlines()
    assert about == "iris, epoch 4; means over 2 seeds; on the test part, but the train gap"
    assert median == "Best T: the median over the seeds."
    assert note.startswith("Changes: paired")
    assert header.split()[0] == "epsilon"
    names = [*TRAIN_COLUMNS, "best_temperature", "ece_at_best_temperature"]
    for column, (row, epsilon) in enumerate(zip(rows, ("0", "0.1", "0.3"), strict=True)):
        cells = row.split()
        means = [np.mean(np.array(record[name])[:, column]) for name in names]
        assert cells[: 1 + len(names)] == [epsilon, *(f"{mean:.3f}" for mean in means)]
        changes = [np.diff(np.array(record[name])[:, [0, column]]).mean() for name in ("accuracy", "ece")]
        shown = [float(cell.replace("−", "-")) for cell in cells[1 + len(names) :: 3]]
        assert shown == ([] if column == 0 else pytest.approx(changes, abs=6e-4))


def test_a_best_temperature_at_its_bound_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    options = shlex.split("train --dataset wine --train-size 100 --hidden 16 --epochs 20 --label-noise 0 --seeds 3")
    record = json.loads(printed([*options, "--json"], capsys))
    temperature, at_bound = np.array(record["best_temperature"]), np.array(record["best_temperature_at_bound"])
    assert 0 < np.count_nonzero(at_bound == -1) == np.count_nonzero(temperature == 0.05)
    text = printed(options, capsys)
    for column, row in enumerate(text.splitlines()[2:4]):
        mark = "*" if at_bound[:, column].any() else ""
        assert row.split()[1 + len(TRAIN_COLUMNS)] == f"{np.median(temperature[:, column]):.3f}{mark}"
    count = np.count_nonzero(at_bound)
    assert f"*: T is at its bound, 0.05, in {count} of 6 runs; the best lies beyond." in text


def test_without_options_the_default_setup_is_trained() -> None:
    assert setup_of(parser().parse_args(["train"])) == TrainingSetup()


@pytest.mark.parametrize("command", ["train", "sweep"])
@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--train-size", "1079"], "train_size must be a whole number between 20 and 1078; got 1079"),
        (["--label-noise", "0.9"], "label_noise must be a number between 0 and 0.8; got 0.9"),
        (["--epsilons", "nan"], "epsilon must be a number between -0.5 and 1; got nan"),
        (["--hidden", "64", "1"], "width must be a whole number between 2 and 512; got 1"),
        (["--seeds", "0"], "runs must be a whole number between 1 and 2000; got 0"),
        (["--dataset", "mnist"], "invalid choice: 'mnist'"),
        (["--epochs", "many"], "invalid int value: 'many'"),
    ],
)
def test_a_wrong_setup_ends_with_2_and_says_what_is_allowed(
    command: str, options: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: Any = main([command, *options])
    except SystemExit as refused:  # what argparse itself refuses
        code = refused.code
    assert code == 2
    text, errors = capsys.readouterr()
    assert text == ""
    assert problem in errors


def test_what_diverged_is_said_and_null(capsys: pytest.CaptureFixture[str]) -> None:
    options = [*OPTIONS, "--learning-rate", "1e4"]
    assert "6 of 6 runs diverged: their last good epoch is shown." in printed(options, capsys)
    record = json.loads(printed([*options, "--json"], capsys))
    assert record["best_temperature"] == [[None] * 3] * 2
    assert np.all(np.isfinite(record["nll"]))


def test_one_seed_has_no_interval(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed([*OPTIONS, "--seeds", "1"], capsys)
    assert "; one seed;" in text
    assert "±" not in text
    assert "median" not in text
    assert "interval" not in text


def test_progress_is_a_bar_where_somebody_watches(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    main(OPTIONS)
    bars = capsys.readouterr().err
    assert "6 networks" in bars
    assert "100 %" in bars
    assert "4 of 4 epochs" in bars


def test_every_command_has_examples_that_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        command = import_module(f"labelsmooth.commands.{name}")
        with pytest.raises(SystemExit, match="0"):
            main([name, "--help"])
        text = capsys.readouterr().out
        assert "examples:" in text
        for example in command.EXAMPLES:
            assert f"  labelsmooth {example}" in text
            first, *options = shlex.split(example.split(">")[0])
            assert first == name
            assert parser().parse_args([name, *options]).command == name


def test_an_interrupt_ends_with_130_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(setup: TrainingSetup) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("labelsmooth.commands.train.train_with_bar", interrupted)
    assert main(["train"]) == 130
    assert capsys.readouterr().err == "labelsmooth train: interrupted\n"


def test_a_file_that_cannot_be_is_refused_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path, problem in ((tmp_path / "missing" / "film.html", "there is no folder"), (tmp_path, "is a folder")):
        with pytest.raises(SystemExit, match="2"):
            main([*OPTIONS, "--html", str(path)])
        assert problem in capsys.readouterr().err


def test_a_file_that_cannot_be_written_ends_with_1_and_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, *_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", full)
    assert main([*OPTIONS, "--html", str(tmp_path / "film.html")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("labelsmooth train: ")
    assert line.endswith("film.html: No space left on device")


def test_output_that_nobody_reads_to_its_end_is_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "labelsmooth", *OPTIONS, "--csv"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait() == 1
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_the_dashboard_is_served_from_a_checkout_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("labelsmooth.commands.dashboard.ROOT", tmp_path)
    assert main(["dashboard"]) == 1
    assert "run this in a checkout" in capsys.readouterr().err


def test_csv_and_json_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["sweep", "--csv", "--json"])
    assert "not allowed with argument" in capsys.readouterr().err


def test_data_of_ones_own_are_named_and_said_how_they_were_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "cats.csv"
    rows = [f"{n % 7},{n % 3},{'cat' if n % 2 else 'dog'}" for n in range(60)]
    table.write_text("\n".join(["size,spare,kind", *rows]))
    options = shlex.split(f"train --data {table} --label kind --without spare --epochs 2 --seeds 1 --hidden 4")
    first, *others = printed(options, capsys).splitlines()
    assert any(line.startswith("cats.csv, epoch 2; one seed") for line in others)
    assert first == "Columns of numbers, used as they are: 1."
    assert main([*options, "--without", "size", "spare"]) == 2
    assert main([*options, "--without", "shape"]) == 2
    assert "no column 'shape' to leave out" in capsys.readouterr().err
    assert main(["train", "--without", "size"]) == 2
