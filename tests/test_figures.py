"""Figures say what the numbers say, are valid Plotly, and their axes never shrink under a film."""

import json
import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from labelsmooth.figures.boundary import SURE, boundary_figure, boundary_frame
from labelsmooth.figures.curves import PANELS, Optima, curves_figure, curves_frame
from labelsmooth.figures.live import FEW, LiveView, live_figure, live_frame
from labelsmooth.figures.style import Arrangement, Frame, Moving, log_axis, rounded, rounded_range
from labelsmooth.pictures import Picture, picture
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Grid, Snapshot
from labelsmooth.training import train

OPTIMA = Optima(train_gap=(math.inf, 4.51), test_gap=(2.77, 2.54), train_loss=(0.0, 0.5))
HARD_MEAN, HARD_POINTS, SMOOTHED_POINTS = 10, 14, 17  # traces of the live film


@cache
def run(dataset: str = "digits") -> tuple[Snapshot, ...]:
    setup = TrainingSetup(dataset=dataset, train_size=100, hidden=(16,), epochs=4, seeds=(0, 1))
    return tuple(train(setup))


@cache
def pictures(dataset: str = "digits", classes: tuple[int, ...] = (3, 5, 8)) -> tuple[Picture, ...]:
    shown: list[Picture] = []
    for snapshot in run(dataset):
        shown.append(picture(snapshot, classes, shown[-1] if shown else None))
    return tuple(shown)


def films() -> dict[str, tuple[Moving, list[Frame]]]:
    moons = pictures("moons", (0, 1))
    return {
        "live": (live_figure(pictures(), LiveView(("3", "5", "8"), 0.1)), [live_frame(p) for p in pictures()]),
        "two classes": (live_figure(moons, LiveView(("up", "low"), 0.1)), [live_frame(p) for p in moons]),
        "curves": (curves_figure(run(), 4, OPTIMA), [curves_frame(s.epoch) for s in run()]),
        "boundary": (boundary_figure(run("moons")[0], ["a", "b"], (0, 1)), [boundary_frame(s) for s in run("moons")]),
    }


@pytest.mark.parametrize("name", ["live", "two classes", "curves", "boundary"])
def test_every_film_is_a_valid_plotly_figure_and_plain_json(name: str) -> None:
    moving, frames = films()[name]
    figure = moving.plotly(frames)  # plotly refuses what it does not know
    figure.update_layout(moving.narrow)
    assert [frame.name for frame in figure.frames] == ["0", "1", "2", "3", "4"]
    assert {len(frame.data) for frame in figure.frames} == {len(frames[0]["traces"])}
    json.dumps([moving.figure, moving.narrow, frames], allow_nan=False)


def test_the_live_film_draws_the_picture_it_is_given() -> None:
    shown = pictures()[-1]
    data = live_frame(shown)["data"]
    for trace, points in zip(data[:3], shown.hard.clusters, strict=True):
        np.testing.assert_allclose(np.stack([trace["x"], trace["y"]], 1), points, atol=0.006 * np.abs(points).max())
    assert data[HARD_MEAN]["x"] == [shown.hard.curve.confidence] * 2
    assert sum(data[HARD_MEAN - 2]["y"]) == pytest.approx(1, abs=1e-3)


def test_few_examples_make_a_faint_point_and_no_curve() -> None:
    shown = pictures()[-1]
    data = live_frame(shown)["data"]
    for number, model in ((HARD_POINTS, shown.hard), (SMOOTHED_POINTS, shown.smoothed)):
        few = model.curve.bin_count < FEW
        assert few.any()
        assert not few.all()
        assert (np.array(data[number]["marker"]["opacity"]) < 0.5).tolist() == few.tolist()
        assert [y is None for y in data[number - 1]["y"]] == few.tolist()
        area = (np.array(data[number]["marker"]["size"]) - 4) ** 2
        np.testing.assert_allclose(area / area.sum(), model.share, atol=0.02)


def test_a_common_scale_is_the_same_for_both_models() -> None:
    layouts = {
        scale: live_figure(pictures(), LiveView(("3", "5", "8"), 0.1, scale)).figure["layout"]
        for scale in ("own", "common")
    }
    common, own = layouts["common"], layouts["own"]
    for axis, column in (("xaxis", 0), ("yaxis", 1)):
        models = [[p.hard for p in pictures()], [p.smoothed for p in pictures()]]
        points = [[np.concatenate([*m.clusters, m.templates])[:, column] for m in model] for model in models]
        assert [own[axis]["range"], own[f"{axis}2"]["range"]] == [rounded_range(p) for p in points]
        assert common[axis]["range"] == common[f"{axis}2"]["range"] == rounded_range([*points[0], *points[1]])
    assert own["yaxis2"]["scaleanchor"] == "x2"


def test_ranges_hold_their_values_and_only_grow() -> None:
    generator = np.random.default_rng(0)
    for _ in range(200):
        values = generator.normal(generator.normal(0, 5), 10.0 ** generator.uniform(-3, 3), 30)
        before = [math.inf, -math.inf]
        for count in range(1, len(values) + 1):
            low, high = rounded_range([values[:count]])
            assert low <= min(values[:count].min(), before[0])
            assert high >= max(values[:count].max(), before[1])
            before = [low, high]


def test_ranges_change_in_jumps() -> None:
    steps = {tuple(rounded_range([np.array([0.0, high])])) for high in np.linspace(1, 2, 200)}
    assert len(steps) < 12


def test_rounding_keeps_what_a_screen_can_show() -> None:
    assert rounded(np.array([1234.567, -56.78, np.nan, np.inf]), 3) == [1230.0, -60.0, None, None]
    assert rounded(np.array([0.00012345]), 3) == [0.000123]
    assert rounded(np.zeros(2)) == [0.0, 0.0]


@pytest.mark.parametrize("arrangement", [Arrangement(2, 2, 600), Arrangement(4, 1, 1360), Arrangement(3, 2, 700)])
def test_panels_stay_inside_the_figure_and_apart(arrangement: Arrangement) -> None:
    places = arrangement.domains()
    assert len(places) == arrangement.rows * arrangement.columns
    for x, y in places:
        assert 0 <= x[0] < x[1] <= 1
        assert 0 <= y[0] < y[1] <= 1
    for i, (x, y) in enumerate(places):
        for other_x, other_y in places[:i]:
            beside = x[0] > other_x[1] or other_x[0] > x[1]
            assert beside or y[1] < other_y[0]


def test_curves_are_the_means_of_the_snapshots_and_the_cursor_is_the_epoch() -> None:
    figure = curves_figure(run(), 4, OPTIMA).figure
    accuracy = [trace for trace in figure["data"] if trace["xaxis"] == "x" and trace["mode"] == "lines"]
    cursor, hard, hard_training, smoothed, _ = accuracy
    np.testing.assert_allclose(hard["y"], [s.accuracy[:, 0].mean() for s in run()], rtol=1e-3)
    np.testing.assert_allclose(smoothed["y"], [s.accuracy[:, 1].mean() for s in run()], rtol=1e-3)
    np.testing.assert_allclose(hard_training["y"], [s.train_accuracy[:, 0].mean() for s in run()], rtol=1e-3)
    assert cursor["x"] == [0, 0]
    assert [data["x"] for data in curves_frame(3)["data"]] == [[3, 3]] * len(PANELS)


def test_an_infinite_optimum_has_no_line() -> None:
    traces = curves_figure(run(), 4, OPTIMA).figure["data"]
    lines = [trace["y"][0] for trace in traces if trace.get("line", {}).get("dash") == "dash"]
    assert lines == [0.0, 0.5, 4.51, 2.77, 2.54]


def test_a_class_has_the_colour_of_its_corner_in_the_clusters() -> None:
    moons = run("moons")[0]
    first, second = (
        trace["marker"]["color"]
        for trace in boundary_figure(moons, ["a", "b"], (1, 0)).figure["data"]
        if trace.get("showlegend") and trace["mode"] == "markers"
    )
    clusters = live_figure(pictures("moons", (0, 1)), LiveView(("b", "a"), 0.1)).figure["data"][:2]
    assert [first, second] == [trace["marker"]["color"] for trace in clusters]


def test_the_boundary_lies_where_two_classes_are_equally_likely() -> None:
    x = np.linspace(-2, 2, 41, dtype=np.float32)
    towards_right = np.tile(x, len(x))
    logits = np.stack([np.zeros_like(towards_right), towards_right - 0.5], 1)[None]
    snapshot = replace(run("moons")[0], grid=Grid(x, x, logits))
    boundary, sure, _, _ = boundary_frame(snapshot)["data"]
    assert {value for value in boundary["x"] if value is not None} == {0.5}
    where = np.array([value for value in sure["x"] if value is not None], float)
    logit = math.log(SURE / (1 - SURE))  # 2.197: only 0.5 - 2.197 = -1.697 lies on this grid
    np.testing.assert_allclose(where, 0.5 - logit, atol=0.01)


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((-0.5, 1.0), ["0.1", "0.2", "0.5", "1", "2", "5", "10", "20", "50"]),
        ((-2.0, 2.0), ["0.01", "0.1", "1", "10", "100"]),
        ((-40.0, 0.0), ["1e-40", "1e-35", "1e-30", "1e-25", "1e-20", "1e-15", "1e-10", "1e-05", "1"]),
    ],
)
def test_a_logarithmic_axis_has_a_few_ticks_that_are_written_out(ends: tuple[float, float], words: list[str]) -> None:
    axis = log_axis(ends)
    assert (axis["range"], axis["ticktext"]) == (list(ends), words)
    assert [float(word) for word in words] == axis["tickvals"]
