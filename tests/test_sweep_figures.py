"""Figures of a sweep say what its numbers say, are valid Plotly, and have explicit axes that hold all they draw."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from labelsmooth.figures.noise_map import map_figure
from labelsmooth.figures.style import HARD, SMOOTHED, Moving, Spec
from labelsmooth.figures.sweep import TITLES, sweep_figure, sweep_frame
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import NEVER, BestTemperature, Snapshot
from labelsmooth.sweep import RANKED, best_of, map_rows, sweep

MakeSnapshot = Callable[..., Snapshot]
EPSILONS = (-0.1, 0.0, 0.1, 0.2, 0.3)
SHAPE = (3, len(EPSILONS))
SETUP = TrainingSetup(epsilons=EPSILONS, seeds=(0, 1, 2), film=False)


def snapshot(make: MakeSnapshot, **changed: Any) -> Snapshot:
    """Five epsilons over three seeds; one epsilon has lost a run, another all of its runs."""
    generator = np.random.default_rng(1)
    numbers = {name: generator.uniform(0.2, 0.9, SHAPE) for name in ("accuracy", "nll", "brier", "ece", "confidence")}
    diverged = np.full(SHAPE, NEVER)
    diverged[0, 2], diverged[:, 3] = 5, 5
    after = {name: generator.uniform(0.2, 0.9, SHAPE) for name in ("ece", "nll", "brier", "confidence")}
    at_bound = np.zeros(SHAPE, int)
    at_bound[1, 4] = 1
    temperature = generator.uniform(0.3, 20, SHAPE)
    best = BestTemperature(
        temperature=temperature, **after, at_bound=at_bound, no_errors=np.zeros(SHAPE, bool), examples=9
    )
    whole = make(0.5, seeds=3, epsilons=5, finished=True, best=best, diverged=diverged, **numbers)
    logits = generator.normal(size=(5, 40, 3))
    return replace(whole, test=replace(whole.test, logits=logits), **changed)


def panel(moving: Moving, name: str) -> list[Spec]:
    """The traces of a panel after its cursor."""
    number = list(TITLES).index(name) + 1
    axis = "x" if number == 1 else f"x{number}"
    return [trace for trace in moving.figure["data"][len(TITLES) :] if trace["xaxis"] == axis]


def named(traces: list[Spec], name: str) -> Spec:
    """The one trace of this name."""
    (found,) = [trace for trace in traces if trace.get("name") == name]
    return found


def values(trace: Spec) -> np.ndarray:
    return np.array(trace["y"], float)


def y_axis(moving: Moving, name: str) -> Spec:
    number = list(TITLES).index(name) + 1
    axis: Spec = moving.figure["layout"]["yaxis" if number == 1 else f"yaxis{number}"]
    return axis


def odd_snapshots(make: MakeSnapshot) -> dict[str, tuple[Snapshot, TrainingSetup]]:
    """A whole sweep, and those with the least in them."""
    whole = snapshot(make)
    one = replace(SETUP, epsilons=(0.0,))
    return {
        "whole": (whole, SETUP),
        "unfinished": (replace(whole, finished=False, best=None), SETUP),
        "all diverged": (replace(whole, diverged=np.full(SHAPE, 3)), SETUP),
        "one epsilon": (make(1.0, seeds=3, epsilons=1), one),
    }


@pytest.mark.parametrize("case", ["whole", "unfinished", "all diverged", "one epsilon"])
def test_every_sweep_is_a_valid_plotly_figure_with_explicit_axes(case: str, make_snapshot: MakeSnapshot) -> None:
    last, setup = odd_snapshots(make_snapshot)[case]
    moving = sweep_figure(sweep(last, setup), 0.0)
    frames = [sweep_frame(epsilon) for epsilon in setup.epsilons]
    figure = moving.plotly(frames)  # plotly refuses what it does not know
    figure.update_layout(moving.narrow)
    assert [frame.name for frame in figure.frames] == [f"{epsilon:g}" for epsilon in setup.epsilons]
    json.dumps([moving.figure, moving.narrow, frames], allow_nan=False)
    for name in TITLES:
        axis, traces = y_axis(moving, name), panel(moving, name)
        low, high = axis["range"]
        assert low < high
        drawn = np.concatenate([values(trace) for trace in traces])
        drawn = drawn[np.isfinite(drawn)]
        drawn = np.log10(drawn) if axis.get("type") == "log" else drawn
        assert np.all((drawn >= low - 1e-9) & (drawn <= high + 1e-9))
    for axis_name, axis in moving.figure["layout"].items():
        if axis_name.startswith("xaxis"):
            assert axis["range"][0] < setup.epsilons[0] <= setup.epsilons[-1] < axis["range"][1]


def test_curves_and_bands_are_the_numbers_of_the_sweep(make_snapshot: MakeSnapshot) -> None:
    numbers = sweep(snapshot(make_snapshot), SETUP)
    moving = sweep_figure(numbers, 0.1)
    for name in TITLES:
        traces, line = panel(moving, name), numbers.lines[name]
        curve = named(traces, "smoothed")
        assert curve["x"] == list(EPSILONS)
        np.testing.assert_allclose(values(curve), line.centre, rtol=1e-4)
        assert curve["y"][3] is None
        band = next(t for t in traces if t.get("fillcolor") == SMOOTHED)
        # Nothing is drawn over the epsilon that has no run left: the band has two parts.
        assert band["x"] == [-0.1, 0.0, 0.1, 0.1, 0.0, -0.1, None, 0.3, 0.3]
        edges = [*line.high[:3], *line.low[2::-1], np.nan, line.high[4], line.low[4]]
        np.testing.assert_allclose(values(band), edges, rtol=2e-3)
        hard = named(traces, "hard labels")
        assert (hard["x"], hard["marker"]["color"]) == ([0.0], HARD)
        np.testing.assert_allclose(values(hard), line.centre[1], rtol=1e-4)
    assert curve["customdata"][4].endswith(", at a bound in 1 of 3")
    assert "bound" not in curve["customdata"][0]


def test_what_each_measure_is_held_against_is_drawn(make_snapshot: MakeSnapshot) -> None:
    numbers = sweep(snapshot(make_snapshot), SETUP)
    moving = sweep_figure(numbers, 0.1)
    for name in TITLES:
        scaled = [t for t in panel(moving, name) if t.get("name") == "hard labels, temperature-scaled"]
        assert len(scaled) == (name in ("nll", "brier", "ece", "confidence"))
        for trace in scaled:
            np.testing.assert_allclose(values(trace), numbers.lines[name].reference, rtol=1e-3)
    chance = named(panel(moving, "ece"), "ECE by chance")
    np.testing.assert_allclose(values(chance), numbers.null_median, rtol=1e-4)
    accuracy = named(panel(moving, "confidence"), "accuracy")
    np.testing.assert_allclose(values(accuracy), numbers.lines["accuracy"].centre, rtol=1e-4)
    assert panel(moving, "temperature")[0]["y"] == [1.0] * len(EPSILONS)
    unfinished = sweep_figure(sweep(*odd_snapshots(make_snapshot)["unfinished"]), 0.1)
    names = {trace.get("name") for trace in unfinished.figure["data"]}
    assert "ECE by chance" not in names
    assert "hard labels, temperature-scaled" not in names


def test_each_entry_of_the_legend_is_there_once(make_snapshot: MakeSnapshot) -> None:
    data = sweep_figure(sweep(snapshot(make_snapshot), SETUP), 0.1).figure["data"]
    told = [trace["name"] for trace in data if trace.get("showlegend")]
    assert len(told) == len(set(told)) == 6
    assert all(trace["legendgroup"] == trace["name"] for trace in data if "name" in trace)


def test_the_star_stands_on_the_best_and_is_full_where_the_seeds_can_tell(make_snapshot: MakeSnapshot) -> None:
    together = np.array([[0.0], [0.01], [0.02]])
    clear = np.array([0.5, 0.4, 0.1, 0.3, 0.6]) + together
    loose = clear.copy()
    loose[:, 3] = [0.01, 0.7, 0.2]
    whole = np.full(SHAPE, NEVER)
    numbers = sweep(snapshot(make_snapshot, ece=clear, nll=loose, diverged=whole), SETUP)
    moving = sweep_figure(numbers, 0.1)
    for name in RANKED:
        star, best = named(panel(moving, name), "best epsilon"), best_of(numbers, name)
        assert best is not None
        assert star["x"] == [best.epsilon]
        np.testing.assert_allclose(values(star), best.value, rtol=1e-4)
        assert star["marker"]["symbol"] == ("star" if best.decided else "star-open")
        assert ("seeds can tell" in star["hovertemplate"]) == best.decided
    assert [named(panel(moving, name), "best epsilon")["marker"]["symbol"] for name in ("ece", "nll")] == [
        "star",
        "star-open",
    ]
    for name in ("confidence", "temperature"):
        assert all(trace.get("name") != "best epsilon" for trace in panel(moving, name))


def test_before_the_end_a_star_is_the_best_so_far_and_open(make_snapshot: MakeSnapshot) -> None:
    moving = sweep_figure(sweep(*odd_snapshots(make_snapshot)["unfinished"]), 0.1)
    stars = [trace for trace in moving.figure["data"] if str(trace.get("name")).startswith("best epsilon")]
    assert {(star["name"], star["marker"]["symbol"]) for star in stars} == {("best epsilon so far", "star-open")}


def test_the_cursor_is_the_epsilon_and_crosses_every_panel(make_snapshot: MakeSnapshot) -> None:
    moving = sweep_figure(sweep(snapshot(make_snapshot), SETUP), 0.1)
    cursors = moving.figure["data"][: len(TITLES)]
    assert [trace["x"] for trace in cursors] == [[0.1, 0.1]] * len(TITLES)
    frame = sweep_frame(0.2)
    assert (frame["name"], frame["traces"]) == ("0.2", list(range(len(TITLES))))
    assert [data["x"] for data in frame["data"]] == [[0.2, 0.2]] * len(TITLES)
    assert sweep_frame(0.0)["name"] == "0"
    for trace, name in zip(cursors, TITLES, strict=True):
        assert (trace["y"][0] > 0) == (y_axis(moving, name).get("type") == "log")


def test_an_exploding_nll_has_a_logarithmic_axis(make_snapshot: MakeSnapshot) -> None:
    nll = np.full(SHAPE, 0.5)
    assert "type" not in y_axis(sweep_figure(sweep(snapshot(make_snapshot, nll=nll), SETUP), 0.1), "nll")
    nll[:, 0] = 30
    moving = sweep_figure(sweep(snapshot(make_snapshot, nll=nll), SETUP), 0.1)
    assert y_axis(moving, "nll")["type"] == "log"


def drawn_map(make: MakeSnapshot) -> tuple[Any, Moving]:
    decided = np.array([0.5, 0.4, 0.1, 0.3, 0.6]) + np.array([[0.0], [0.01], [0.02]])
    whole = {"diverged": np.full(SHAPE, NEVER)}
    rows = {
        0.0: snapshot(make, ece=decided, **whole),
        0.4: snapshot(make, **whole),
        0.8: None,
        0.6: snapshot(make, diverged=np.full(SHAPE, 3)),
    }
    numbers = map_rows(rows, SETUP)
    return numbers, map_figure(numbers)


def test_a_map_is_the_means_with_a_ring_on_the_best_of_each_row(make_snapshot: MakeSnapshot) -> None:
    numbers, moving = drawn_map(make_snapshot)
    moving.plotly().update_layout(moving.narrow)
    json.dumps([moving.figure, moving.narrow], allow_nan=False)
    cells, rim, ring = moving.figure["data"]
    np.testing.assert_allclose(np.array(cells["z"], float), numbers.means, rtol=1e-4)
    assert [row.count(None) for row in cells["z"]] == [0, 0, 5, 5]
    assert cells["text"][1][2] == "label noise 40%, epsilon 0.1: ECE"
    known = [best for best in numbers.bests if best is not None]
    assert len(known) == 2
    assert ring["y"] == rim["y"] == [0, 1]
    assert [EPSILONS[place] for place in ring["x"]] == [best.epsilon for best in known]
    assert ring["marker"]["symbol"] == ["circle" if best.decided else "circle-open" for best in known]
    assert ring["marker"]["symbol"][0] == "circle"
    assert "the seeds can tell it" in ring["customdata"][0]


def test_the_axes_of_a_map_are_explicit_and_name_hard_labels(make_snapshot: MakeSnapshot) -> None:
    numbers, moving = drawn_map(make_snapshot)
    layout = moving.figure["layout"]
    assert (layout["xaxis"]["range"], layout["yaxis"]["range"]) == ([-0.5, 4.5], [-0.5, 3.5])
    assert layout["yaxis"]["ticktext"] == ["0%", "40%", "60%", "80%"]
    many = tuple(n / 20 for n in range(-10, 11))
    grid = make_snapshot(0.5, seeds=3, epsilons=len(many))
    wide = map_figure(map_rows({50: grid, 100: None}, replace(SETUP, epsilons=many), "train_size", "accuracy"))
    ticks = wide.figure["layout"]["xaxis"]
    assert len(ticks["ticktext"]) <= 8
    assert ticks["ticktext"][ticks["tickvals"].index(10)] == "0"
    assert wide.figure["layout"]["yaxis"]["ticktext"] == ["50", "100"]
    assert wide.figure["layout"]["annotations"][0]["text"] == "Accuracy, mean over seeds"
    assert isinstance(numbers.means, np.ndarray)
