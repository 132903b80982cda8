"""Laws of the record that comes with the package, and of the pictures made of it."""

import json

import numpy as np
import pytest

from labelsmooth.claims.catalogue import CLAIMS
from labelsmooth.claims.laboratory import EXPERIMENTS, setup_of
from labelsmooth.claims.record import COMMITTED, read
from labelsmooth.claims.verdicts import LEAST_SEEDS
from labelsmooth.claims.words import setup_in_words
from labelsmooth.figures.claims import contrasts_figure, profile_figure


@pytest.mark.parametrize("name", CLAIMS)
def test_the_committed_record_fits_the_code(name: str) -> None:
    assert name in read(COMMITTED), (
        f"python -m labelsmooth claims --claim {name} --record labelsmooth/claims/record.json"
    )
    entry, written = read(COMMITTED)[name], json.loads(COMMITTED.read_text(encoding="utf-8"))["claims"][name]
    claim = CLAIMS[name]
    assert entry.setup == setup_of(name)
    assert len(entry.seeds) >= LEAST_SEEDS
    assert {len(values) for values in entry.numbers.values()} == {len(entry.seeds)}
    assert written["verdict"] == entry.verdict(name)
    assert list(written["contrasts"]) == [contrast.text for contrast in claim.contrasts]
    for judged, told in zip(entry.judged(name), written["contrasts"].values(), strict=True):
        assert told["verdict"] == judged.verdict
        assert judged.comparison is not None
        assert told["low"] == pytest.approx(judged.comparison.low, abs=1e-6)
    assert claim.profile is None or claim.profile.names <= entry.numbers.keys()
    assert "training examples" in setup_in_words(entry.setup)


def test_a_seed_of_the_committed_record_is_measured_again() -> None:
    """With the versions of the record to the last bit on one machine; elsewhere kernels round otherwise."""
    entry = read(COMMITTED)["selective"]
    found = EXPERIMENTS["selective"].measure(entry.seeds[0])
    for name, value in found.items():
        assert entry.numbers[name][0] == pytest.approx(value, abs=0.03)


@pytest.mark.parametrize("name", CLAIMS)
def test_pictures_hold_the_numbers_of_the_record(name: str) -> None:
    entry = read(COMMITTED)[name]
    judged = entry.judged(name)
    for live in ((), judged):
        moving = contrasts_figure(judged, live)
        moving.plotly()
        for number, each in enumerate(judged, start=1):
            axis = "x" if number == 1 else f"x{number}"
            of_panel = [trace for trace in moving.figure["data"] if trace["xaxis"] == axis]
            bars = [trace for trace in of_panel if trace["mode"] == "lines+markers"]
            assert len(bars) == (2 if live else 1)
            assert each.comparison is not None
            ends = np.array([each.comparison.low, each.comparison.difference, each.comparison.high])
            assert bars[0]["x"] == pytest.approx(each.contrast.scale * ends, rel=1e-4, abs=1e-6)
            dots = [trace for trace in of_panel if trace["mode"] == "markers" and len(trace["x"]) == len(entry.seeds)]
            assert len(dots) == len(bars)
            low, high = moving.figure["layout"][f"xaxis{axis[1:]}"]["range"]
            shown = np.concatenate([trace["x"] for trace in of_panel])
            assert low <= shown.min() < shown.max() <= high
            sources = [trace["x"] for trace in of_panel if "source" in trace.get("hovertemplate", "")]
            assert sources == ([] if each.contrast.source is None else [[each.contrast.source]])
    profile = CLAIMS[name].profile
    if profile is not None:
        moving = profile_figure(profile, entry.numbers)
        moving.plotly()
        lines = [trace for trace in moving.figure["data"] if trace["mode"] == "lines+markers"]
        for line, trace in zip(profile.lines, lines, strict=True):
            means = [np.nanmean(np.array(entry.numbers[number], float)) for _, number in line.points]
            assert trace["y"] == pytest.approx(means, rel=1e-4)
