"""Laws of `labelsmooth calibrate`: it says and writes what the package finds of the same arrays."""

import json
from pathlib import Path

import numpy as np
import pytest
from hostile import CORPUS

from labelsmooth.__main__ import main
from labelsmooth.assessment.assess import assess
from labelsmooth.assessment.comparing import compare_models, pair_of
from labelsmooth.assessment.judged import Assessment
from labelsmooth.assessment.records import to_csv, to_json
from labelsmooth.assessment.words import verdict
from labelsmooth.commands.calibrate import told_apart
from labelsmooth.predictions.given import Predictions, from_arrays

CLASSES = ("cat", "dog", "eel")


def drawn(seed: int, sharpness: float) -> Predictions:
    """Logits that are too sharp by a factor, and labels drawn from what they should have been."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(300, 3)).round(3)
    labels = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)
    return from_arrays(sharpness * logits, labels, "logits", CLASSES)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, ...]:
    """A model that is too sure, its validation examples, and a model that is calibrated."""
    paths = tuple(tmp_path / name for name in ("sharp.csv", "validation.csv", "calibrated.csv"))
    for path, predictions in zip(paths, MODELS, strict=True):
        rows = zip(predictions.logits.tolist(), predictions.labels, strict=True)
        lines = ["logit_cat,logit_dog,logit_eel,label"]
        lines += [",".join([*map(repr, row), CLASSES[label]]) for row, label in rows]
        path.write_text("\n".join(lines))
    return paths


MODELS = (drawn(0, 3.0), drawn(1, 3.0), drawn(0, 1.0))


def found(capsys: pytest.CaptureFixture[str], *options: str | Path) -> str:
    assert main(["calibrate", *map(str, options)]) == 0
    text, errors = capsys.readouterr()
    assert errors == ""
    return text


def judged(predictions: Predictions, name: str, validation: Predictions | None = None) -> Assessment:
    return assess(predictions, validation, bins=7, scheme="equal-mass", seed=2, name=name)


def test_files_give_what_their_arrays_give(files: tuple[Path, ...], capsys: pytest.CaptureFixture[str]) -> None:
    sharp, validation, calibrated = files
    how = ("--bins", "7", "--binning", "equal-mass", "--seed", "2")
    first = judged(MODELS[0], sharp.name, MODELS[1])
    second = judged(MODELS[2], calibrated.name)
    assert found(capsys, sharp, "--validation", validation, *how, "--json") == to_json(first)
    assert found(capsys, sharp, "--validation", validation, *how, "--csv") == to_csv(first)
    pair: list[str | Path] = [sharp, "--validation", validation, "--compare", calibrated, *how]
    assert json.loads(found(capsys, *pair, "--json")) == [json.loads(to_json(each)) for each in (first, second)]
    header, *lines = found(capsys, *pair, "--csv").splitlines()
    assert [header, *lines] == to_csv(first).splitlines() + to_csv(second).splitlines()[1:]
    text = " ".join(found(capsys, *pair).split())
    compared = compare_models(pair_of(MODELS[0], MODELS[2], first, second))
    for paragraph in (*verdict(first), *verdict(second), *compared):
        assert " ".join(paragraph.split()) in text
    estimate = first.before.estimates[0]
    assert f"{estimate.name} {estimate.value:.3f} {estimate.null_low:.3f} to {estimate.null_high:.3f}" in text


def test_the_scale_and_the_labels_can_be_overruled(files: tuple[Path, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert "Scale: logits" in found(capsys, files[0])
    assert main(["calibrate", str(files[0]), "--scale", "probabilities"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "sharp.csv" in line
    assert "row 2" in line
    assert main(["calibrate", str(files[0]), "--label-column", "logit_cat"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_models_of_the_same_name_are_told_apart_by_their_folders() -> None:
    paths = [Path("/data/hard/seed 0/test.csv"), Path("/data/smooth/seed 0/test.csv")]
    assert told_apart(paths) == ["hard/seed 0/test.csv", "smooth/seed 0/test.csv"]
    assert told_apart([paths[0], Path("/data/other.csv")]) == ["test.csv", "other.csv"]
    assert told_apart(paths[:1]) == ["test.csv"]
    assert told_apart([paths[0], paths[0]]) == ["test.csv", "test.csv"]


def test_how_the_validation_set_was_read_is_said(files: tuple[Path, ...], capsys: pytest.CaptureFixture[str]) -> None:
    text = found(capsys, files[0], "--validation", files[1])
    assert "Validation: validation.csv: comma-separated text; row 1 is the header." in text


def test_the_columns_of_values_can_be_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("p_cat,p_dog,shade,label\n.9,.1,.4,cat\n.6,.4,.5,dog\n.2,.8,.6,dog\n")
    two = json.loads(found(capsys, path, "--value-columns", "p_cat", "p_dog", "--json"))
    assert [each["name"] for each in two["classes"]] == ["cat", "dog"]
    assert two["scale"] == "probabilities"


def test_the_report_holds_the_words(files: tuple[Path, ...], capsys: pytest.CaptureFixture[str]) -> None:
    report = files[0].with_name("report.html")
    assert main(["calibrate", str(files[0]), "--html", str(report)]) == 0
    text, told = capsys.readouterr()
    assert told == f"Written: {report}\n"
    assert "over-confident" in text
    page = report.read_text(encoding="utf-8")
    assert "over-confident" in page
    assert "sharp.csv" in page


def test_every_malformed_file_is_one_line_and_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(CORPUS) >= 200
    for number, case in enumerate(CORPUS):
        folder = tmp_path / str(number)
        folder.mkdir()
        paths = [folder / name for name, _ in case.files]
        for path, (_, content) in zip(paths, case.files, strict=True):
            path.write_bytes(content)
        assert main(["calibrate", *map(str, paths)]) == 2, case
        text, errors = capsys.readouterr()
        assert text == ""
        assert len(errors.splitlines()) == 1, case


@pytest.mark.parametrize(("options", "code"), [(["missing.csv"], 1), (["y.csv", "--compare-validation", "x.csv"], 2)])
def test_what_cannot_be_is_said_in_one_line(options: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", *options]) == code
    assert len(capsys.readouterr().err.splitlines()) == 1
