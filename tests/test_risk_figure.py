"""The risk-coverage figure says what the curves say, in few points."""

import json
from typing import Any

import numpy as np
import pytest

from labelsmooth.figures.risk import FIRST, POINTS, risk_figure
from labelsmooth.figures.style import HARD, SMOOTHED
from labelsmooth.selective import RiskCoverage, risk_coverage


def curve(n: int, error_rate: float, seed: int = 0, skill: float = 1.0) -> RiskCoverage:
    """A score that knows something of which answers are right."""
    generator = np.random.default_rng(seed)
    correct = generator.random(n) >= error_rate
    return risk_coverage(generator.normal(size=n) + skill * correct, correct)


def traces(hard: RiskCoverage, smoothed: RiskCoverage, coverage: float = 0.8) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = risk_figure(hard, smoothed, coverage).figure["data"]
    return data


CASES = {
    "usual": (curve(900, 0.3), curve(900, 0.25, seed=1, skill=2), 0.8),
    "few": (curve(20, 0.3), curve(20, 0.2, seed=1), 1.0),
    "many": (curve(20_000, 0.05), curve(20_000, 0.04, seed=1), 0.001),
    "no errors": (curve(50, 0.0), curve(50, 0.0), 0.5),
    "one row": (curve(1, 0.0), curve(1, 1.0), 1.0),
    "ties": (risk_coverage(np.ones(90), np.arange(90) < 60), curve(90, 0.3), 0.33),
}


@pytest.mark.parametrize("name", CASES)
def test_the_figure_is_valid_plotly_plain_json_and_holds_all_its_points(name: str) -> None:
    moving = risk_figure(*CASES[name])
    figure = moving.plotly()
    figure.update_layout(moving.narrow)
    json.dumps([moving.figure, moving.narrow], allow_nan=False)
    x_range, y_range = (moving.figure["layout"][axis]["range"] for axis in ("xaxis", "yaxis"))
    for trace in moving.figure["data"]:
        assert len(trace["x"]) == len(trace["y"]) <= POINTS
        assert x_range[0] < min(trace["x"]) <= max(trace["x"]) < x_range[1]
        if "hovertemplate" in trace:
            assert y_range[0] < min(trace["y"]) <= max(trace["y"]) < y_range[1]


@pytest.mark.parametrize("name", CASES)
def test_drawn_points_are_the_numbers_of_the_curves(name: str) -> None:
    hard, smoothed, coverage = CASES[name]
    lines = traces(hard, smoothed, coverage)
    for trace, (model, risk) in zip(
        lines[:4],
        [(hard, hard.risk), (smoothed, smoothed.risk), (hard, hard.best_risk), (smoothed, smoothed.best_risk)],
        strict=True,
    ):
        rows = np.array([count for count, _ in trace["customdata"]]) - 1
        np.testing.assert_allclose(trace["x"], model.coverage[rows], atol=1e-4)
        np.testing.assert_allclose(trace["y"], risk[rows], atol=1e-3 * max(risk.max(), 1e-9))
        wrong = [wrong for _, wrong in trace["customdata"]]
        np.testing.assert_allclose(wrong, (rows + 1) * risk[rows], atol=0.051)
        assert f" of {model.n} examples" in trace["hovertemplate"]


@pytest.mark.parametrize("name", CASES)
def test_the_points_are_at_the_chosen_coverage(name: str) -> None:
    hard, smoothed, coverage = CASES[name]
    line, *points = traces(hard, smoothed, coverage)[4:]
    assert line["x"] == [coverage, coverage]
    for point, model in zip(points, (hard, smoothed), strict=True):
        (x,), (y,) = point["x"], point["y"]
        assert 0 <= x - coverage < 1 / model.n + 1e-4
        assert 1 - y == pytest.approx(model.accuracy_at(coverage), abs=1e-3)


def test_each_model_has_its_colour_and_the_legend_is_short() -> None:
    data = traces(*CASES["usual"])
    assert [trace["line"]["color"] for trace in data[:4]] == [HARD, SMOOTHED] * 2
    assert [trace["marker"]["color"] for trace in data[5:]] == [HARD, SMOOTHED]
    named = [trace["name"] for trace in data if trace.get("showlegend", True)]
    assert named == ["hard labels", "smoothed", "best possible"]


@pytest.mark.parametrize(("n", "error_rate", "missed"), [(100, 0.3, 0.003), (900, 0.3, 0.02), (20_000, 0.05, 0.04)])
def test_few_points_draw_the_whole_curve(n: int, error_rate: float, missed: float) -> None:
    model = curve(n, error_rate)
    curves = traces(model, model)
    from_first = model.coverage >= FIRST
    for trace, risk, share in ((curves[0], model.risk, missed), (curves[2], model.best_risk, 0.003)):
        drawn = np.interp(model.coverage, trace["x"], trace["y"])
        assert np.abs(drawn - risk)[from_first].max() < share * risk[from_first].max()


def test_a_single_step_is_not_lost() -> None:
    correct = np.ones(20_000)
    correct[7_777] = 0
    model = risk_coverage(-np.arange(20_000), correct)
    trace = traces(model, model)[0]
    steps = dict(trace["customdata"])
    assert steps[7_777] == 0
    assert steps[7_778] == 1


def test_an_early_error_does_not_stretch_the_axis() -> None:
    correct = np.ones(900)
    correct[[0, -1]] = 0
    model = risk_coverage(-np.arange(900), correct)
    assert model.risk[0] == 1
    top = risk_figure(model, model, 0.8).figure["layout"]["yaxis"]["range"][1]
    assert 1 / 9 < top < 0.2  # nine are 1 % of 900
