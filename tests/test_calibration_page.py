"""The page "Calibration" without a browser: bins, temperature and coverage, in the tables and in the figures."""

import re
from typing import Any

import numpy as np
import pytest
from open_pages import frame, left, opened, said, settled, told, traces, trained_on, whole, widget
from streamlit.testing.v1 import AppTest
from trained_runs import last_of

from labelsmooth.calibration import class_reliability, reliability_curve, softmax
from labelsmooth.estimators import calibration_table
from labelsmooth.judgements import risks
from labelsmooth.selective import Score
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot

PAGE = "calibration"
# A model that is over-confident in some bins and under-confident in others: without, all bins have one ECE.
MIXED = {"epochs": "5", "learning_rate": "0.05"}
SETUP = TrainingSetup(train_size=200, hidden=(16,), epochs=5, learning_rate=0.05, seeds=(0, 1))
BAND = "90 % range of a calibrated model"  # a bar for every bin
MODELS = ("hard labels", "smoothed")


@pytest.fixture(scope="module")
def trained() -> Snapshot:
    return last_of(SETUP)


@pytest.fixture
def page() -> AppTest:
    return opened(PAGE, **MIXED)


@pytest.fixture(scope="module")
def still() -> AppTest:
    """The same page for tests that change nothing on it."""
    return opened(PAGE, **MIXED)


def probabilities(snapshot: Snapshot, temperature: float = 1.0) -> list[np.ndarray]:
    """Those (N, K) of both models on the test part."""
    return [softmax(snapshot.test.logits[column] / temperature) for column in (0, -1)]


def eces(snapshot: Snapshot, bins: int = 15, temperature: float = 1.0, scheme: Any = "equal-width") -> list[str]:
    """The ECE of both models, as the page writes it."""
    curves = [
        reliability_curve(probs, snapshot.test.labels, bins, scheme) for probs in probabilities(snapshot, temperature)
    ]
    return [f"{curve.ece:.3f}" for curve in curves]


def estimated(page: AppTest, row: str = "ECE, equal width") -> list[str]:
    """One estimator of both models in the first table."""
    table = page.table[0].value
    return [table.loc[row, model] for model in MODELS]


def captioned(page: AppTest, name: str) -> list[str]:
    """The ECE of both models in the caption of a frame."""
    return re.findall(r"ECE(?: \([^)]*\))? ([\d.]+)", frame(whole(page)["reliability"], name)["caption"])


def test_bins_change_the_bars_and_the_table_alike(page: AppTest, trained: Snapshot) -> None:
    assert trained_on(page) == SETUP
    for bins in (15, 7):
        widget(page.slider, "Bins").set_value(bins).run()
        shown = whole(page)
        for kind in ("x", "x2"):
            (band,) = traces(shown["reliability"], name=BAND, xaxis=kind)
            assert len(band["x"]) == len(band["width"]) == bins
        assert estimated(page) == captioned(page, "1") == eces(trained, bins)
        assert f"{bins} bins" in told(page)
    assert eces(trained, 7) != eces(trained)
    assert page.query_params["bins"] == "7"


def test_every_row_of_the_table_is_an_estimator_beside_chance(still: AppTest, trained: Snapshot) -> None:
    table = still.table[0].value
    for model, probs in zip(MODELS, probabilities(trained), strict=True):
        rows = calibration_table(probs, trained.test.labels, 15)
        assert list(table.index) == [row.name for row in rows]
        assert list(table[model]) == [f"{row.value:.3f}" for row in rows]
        chance = [f"{row.null_median:.3f} ({row.null_low:.3f} to {row.null_high:.3f})" for row in rows]
        assert list(table[f"{model}, by chance alone"]) == chance


def test_bins_of_equal_mass_have_other_widths_and_their_own_row(page: AppTest, trained: Snapshot) -> None:
    widget(page.selectbox, "Kind of bins").set_value("equal-mass").run()
    assert page.query_params["binning"] == "equal-mass"
    moment = frame(whole(page)["reliability"], "1")["data"][0]
    assert len(set(moment["width"])) > 2
    assert captioned(page, "1") == estimated(page, "ECE, equal mass") == eces(trained, scheme="equal-mass")
    assert captioned(page, "1") != eces(trained)


def test_the_judged_class_is_drawn_and_named(page: AppTest, trained: Snapshot) -> None:
    before = whole(page)["reliability"]
    widget(page.selectbox, "Judged").set_value("3").run()
    after = whole(page)["reliability"]
    curves = [class_reliability(probs, trained.test.labels, 3) for probs in probabilities(trained)]
    assert "ECE (digit 3)" in frame(after, "1")["caption"]
    assert captioned(page, "1") == [f"{curve.ece:.3f}" for curve in curves]
    points = [k for k, trace in enumerate(after["figure"]["data"]) if str(trace.get("name")).startswith("bin with")]
    for place, curve in zip(points, curves, strict=True):
        assert frame(after, "1")["data"][place]["y"] == pytest.approx(curve.bin_accuracy[curve.bin_count > 0], abs=1e-3)
    assert after["figure"]["layout"]["xaxis"]["title"]["text"] == "probability of digit 3"
    assert before["figure"]["layout"]["xaxis"]["title"]["text"] == "confidence"
    assert page.query_params["event"] == "3"


def test_a_class_that_other_data_do_not_have_is_judged_no_more() -> None:
    page = opened(PAGE, event="7")
    settled(widget(page.selectbox, "Data set").set_value("iris").run())
    assert "Judged: 7 is not one of the choices" in said(page)
    assert page.query_params["event"] == "top"
    assert len(page.table) == 2


def test_the_film_starts_at_the_temperature_of_the_address_and_the_table_is_made_there(trained: Snapshot) -> None:
    page = opened(PAGE, **MIXED, temperature="0.501")
    shown = whole(page)["reliability"]
    assert len(shown["frames"]) == 41
    assert shown["start"] == "0.501"
    assert estimated(page) == captioned(page, "0.501") == eces(trained, temperature=0.501)
    assert "temperature 0.501" in told(page)
    assert eces(trained, temperature=0.501) != eces(trained) == captioned(page, "1")


def test_where_the_film_is_left_becomes_the_temperature_of_the_page(page: AppTest, trained: Snapshot) -> None:
    page.session_state["reliability"] = left("2", 1)
    page.run()
    assert page.query_params["temperature"] == "2.0"
    assert whole(page)["reliability"]["start"] == "2"
    assert estimated(page) == eces(trained, temperature=2.0)


def test_temperature_moves_the_figure_and_not_the_accuracy(still: AppTest, trained: Snapshot) -> None:
    shown = whole(still)["reliability"]
    means = [k for k, trace in enumerate(shown["figure"]["data"]) if trace.get("name") == "mean confidence"]
    for temperature in ("0.501", "1", "5.01"):
        drawn = [frame(shown, temperature)["data"][k]["x"][0] for k in means]
        expected = [probs.max(1).mean() for probs in probabilities(trained, float(temperature))]
        assert drawn == pytest.approx(expected, abs=1e-4)
    accuracy = [trace["x"][0] for trace in traces(shown, name="accuracy")]
    assert accuracy == pytest.approx(trained.accuracy[0], abs=1e-4)
    assert not {k for k, trace in enumerate(shown["figure"]["data"]) if trace.get("name") == "accuracy"} & set(
        frame(shown, "1")["traces"]
    )


def test_the_fitted_temperatures_are_marked_on_the_curves(still: AppTest, trained: Snapshot) -> None:
    assert trained.best is not None
    shown = whole(still)["losses"]
    assert shown["follow"] == "reliability"
    for model, temperature in zip(MODELS, trained.best.temperature[0], strict=True):
        marks = list(traces(shown, name=f"{model}, fitted T = {temperature:.2f}"))
        assert [mark["x"][1] for mark in marks] == pytest.approx([temperature] * 2)


def test_score_and_coverage_change_the_figure_and_the_table(page: AppTest, trained: Snapshot) -> None:
    found = risks(trained)
    cases: list[tuple[Score, str, float]] = [
        ("probability", "maximum probability", 0.8),
        ("margin", "margin between the two largest probabilities", 0.5),
    ]
    for score, words, coverage in cases:
        widget(page.selectbox, "Ranked by").set_value(score)
        widget(page.select_slider, "Coverage").set_value(coverage)
        page.run()
        shown, table = whole(page)["risk"], page.table[1].value
        points = [trace["y"] for trace in traces(shown, mode="markers")]
        for model, result, (risk,) in zip(MODELS, found[score], points, strict=True):
            accuracy = result.accuracy_at(coverage)
            assert 1 - risk == pytest.approx(accuracy, abs=1e-4)
            row = table.loc[f"{words}, {model}"]
            assert row[f"accuracy at {100 * coverage:.0f} %"] == f"{100 * accuracy:.1f} %"
            assert row["AURC"] == f"{result.aurc:.4f}"
    assert page.query_params["score"] == "margin"
    assert page.query_params["coverage"] == "0.5"


def test_smoothing_less_changes_the_advice_the_table_and_the_film(page: AppTest, trained: Snapshot) -> None:
    advice, smoothed = told(page), estimated(page)
    settled(widget(page.select_slider, "Smoothing ε").set_value(0.4).run())
    assert told(page) != advice
    other = last_of(trained_on(page))
    assert estimated(page) == captioned(page, "1") == eces(other)
    assert estimated(page)[0] == smoothed[0]  # hard labels are what they were
    assert estimated(page)[1] != smoothed[1]


def test_epsilon_zero_says_that_both_models_are_the_same() -> None:
    page = opened(PAGE, epsilon="0")
    assert "both models are the same" in told(page)
    assert "On the seed shown" not in told(page)
    first, second = estimated(page)
    assert first == second


def test_two_classes_have_all_panels_and_a_word_on_the_score_that_ranks_nothing() -> None:
    page = opened(PAGE, dataset="moons", event="1")
    last = last_of(trained_on(page))
    assert "they rank nothing" in told(page)
    assert estimated(page) == eces(last)
    assert "ECE (lower moon)" in frame(whole(page)["reliability"], "1")["caption"]
    assert list(whole(page)) == ["reliability", "losses", "risk"]
