"""Laws of `labelsmooth judge`: what the package finds of a training, as tables, CSV, JSON and a report."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from test_command_line import OPTIONS, SETUP, printed

from labelsmooth.__main__ import main
from labelsmooth.advice import advice
from labelsmooth.judgements import estimates, risks
from labelsmooth.snapshots import Snapshot
from labelsmooth.training import train


@pytest.fixture(scope="module")
def swept() -> Snapshot:
    *_, last = train(replace(SETUP, film=False))
    return last


JUDGED = ["judge", *OPTIONS[1:]]


def test_judgements_are_those_of_the_package(swept: Snapshot, capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads(printed([*JUDGED, "--temperature", "2", "--bins", "7", "--coverage", "0.5", "--json"], capsys))
    hard, smoothed = estimates(swept, 2.0, 7)
    for each in (*zip(hard, ["hard_labels"] * 9, strict=True), *zip(smoothed, ["smoothed"] * 9, strict=True)):
        estimate, model = each
        assert record["estimates"][estimate.name][model]["value"] == estimate.value
        assert record["estimates"][estimate.name][model]["null_high"] == estimate.null_high
    for score, (_, ranked) in risks(swept).items():
        numbers = record["risk_coverage"][score]["smoothed"]
        assert (numbers["aurc"], numbers["accuracy"]) == (ranked.aurc, ranked.accuracy_at(0.5))
    text = " ".join(printed(JUDGED, capsys).split())
    assert f"{estimates(swept)[1][0].value:.3f}" in text
    assert advice(swept, estimates(swept), risks(swept)["probability"])[0] in text


def test_csv_and_report_have_the_numbers_of_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    record = json.loads(printed([*JUDGED, "--json"], capsys))
    page = tmp_path / "judged.html"
    assert main([*JUDGED, "--csv", "--html", str(page)]) == 0
    text, told = capsys.readouterr()
    assert told == f"Written: {page}\n"
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 2 * (9 + 4 * 4)
    named = {(row["measure"], row["model"]): row for row in rows}
    for measure, models in record["estimates"].items():
        for model in ("hard labels", "smoothed"):
            row = named[measure, model]
            assert float(row["value"]) == models[model.replace(" ", "_")]["value"]
            assert f"{float(row['value']):.3f}" in page.read_text(encoding="utf-8")
    assert float(named["aurc, entropy", "smoothed"]["value"]) == record["risk_coverage"]["entropy"]["smoothed"]["aurc"]


@pytest.mark.parametrize(
    ("option", "value"), [("--temperature", "0"), ("--temperature", "inf"), ("--bins", "0"), ("--coverage", "1.5")]
)
def test_what_cannot_be_judged_is_refused_before_training(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*JUDGED, option, value]) == 2
    assert f"{option[2:]} must be" in capsys.readouterr().err
