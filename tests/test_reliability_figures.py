"""The film over temperature says what the curves say, and never grows a bar on the way; the losses follow it."""

import json
import math
from functools import cache

import numpy as np
import pytest

from labelsmooth.calibration import Scheme
from labelsmooth.figures.live import FEW
from labelsmooth.figures.reliability import (
    LEANS,
    SMOOTH_X,
    ReliabilityView,
    reliability_figure,
    reliability_frames,
)
from labelsmooth.figures.style import HARD, NEUTRAL, SMOOTHED, Frame, Moving, Spec, joined
from labelsmooth.figures.temperature import CUT, temperature_figure, temperature_frames
from labelsmooth.temperature_path import (
    TEMPERATURES,
    Event,
    ReliabilityMoment,
    TemperaturePath,
    name_of,
    reliability_moments,
    temperature_path,
)

N, CLASSES, BINS = 400, 10, 15
BAND, OVER, UNDER, FAINT_OVER, FAINT_UNDER, INTERVALS, SMOOTH, POINTS, COUNTS, MEAN = range(10)  # traces of a model
VARIANTS: list[tuple[Scheme, Event]] = [("equal-width", "top label"), ("equal-mass", "top label"), ("equal-width", 3)]


@cache
def logits(column: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, K) of an over-confident (0) or an under-confident (1) classifier, and labels (N,)."""
    generator = np.random.default_rng(0)
    labels = generator.integers(CLASSES, size=N)
    z = generator.normal(size=(N, CLASSES)) + 2 * np.eye(CLASSES)[labels]
    return z * (3, 0.5)[column], labels


@cache
def film(
    scheme: Scheme = "equal-width", event: Event = "top label"
) -> tuple[list[list[ReliabilityMoment]], Moving, list[Frame]]:
    moments = [reliability_moments(*logits(column), TEMPERATURES, event, BINS, scheme) for column in (0, 1)]
    view = ReliabilityView(None if event == "top label" else "Siamese cat")
    return moments, reliability_figure(moments[0], moments[1], view), reliability_frames(moments[0], moments[1], view)


def whole(moving: Moving, frame: Frame) -> list[Spec]:
    """All traces as they look at a frame."""
    traces = list(moving.figure["data"])
    for number, data in zip(frame["traces"], frame["data"], strict=True):
        traces[number] = joined(traces[number], data)
    return traces


def shown(scheme: Scheme, event: Event, step: int) -> list[tuple[ReliabilityMoment, list[Spec]]]:
    """Both models' moments at one temperature, with their ten traces each."""
    moments, moving, frames = film(scheme, event)
    traces = whole(moving, frames[step])
    return [(moments[column][step], traces[10 * column : 10 * column + 10]) for column in (0, 1)]


@pytest.mark.parametrize(("scheme", "event"), VARIANTS)
def test_the_film_is_a_valid_light_figure_of_scatter_and_bars(scheme: Scheme, event: Event) -> None:
    _, moving, frames = film(scheme, event)
    figure = moving.plotly(frames)  # plotly refuses what it does not know
    figure.update_layout(moving.narrow)
    assert [frame.name for frame in figure.frames] == [name_of(t) for t in TEMPERATURES]
    assert {trace["type"] for trace in moving.figure["data"]} == {"scatter", "bar"}
    text = json.dumps(frames, allow_nan=False)
    assert len(text) < 400_000
    json.dumps([moving.figure, moving.narrow], allow_nan=False)


@pytest.mark.parametrize(("scheme", "event"), VARIANTS)
def test_a_bar_that_comes_later_in_a_film_would_have_no_colour(scheme: Scheme, event: Event) -> None:
    _, moving, frames = film(scheme, event)
    for frame in frames:
        for trace in whole(moving, frame):
            if trace["type"] == "bar":
                assert len(trace["y"]) == len(trace["x"]) == len(trace["width"]) == BINS
                assert None not in trace["y"]
            assert len(trace["x"]) > 0


@pytest.mark.parametrize(("scheme", "event"), VARIANTS)
@pytest.mark.parametrize("step", [0, 20, 30])
def test_gaps_reach_from_confidence_to_accuracy(scheme: Scheme, event: Event, step: int) -> None:
    for moment, traces in shown(scheme, event, step):
        curve = moment.curve
        gap = curve.bin_accuracy - curve.bin_confidence
        for number, sign, many in (
            (OVER, -1, True),
            (UNDER, 1, True),
            (FAINT_OVER, -1, False),
            (FAINT_UNDER, 1, False),
        ):
            rows = (np.sign(gap) == sign) & ((curve.bin_count >= FEW) == many)
            base, height = np.array(traces[number]["base"]), np.array(traces[number]["y"])
            np.testing.assert_allclose(base[rows], curve.bin_confidence[rows], atol=1e-3)
            np.testing.assert_allclose((base + height)[rows], curve.bin_accuracy[rows], atol=2e-3)
            assert (height[~rows] == 0).all()
        enough = curve.bin_count >= FEW
        low, height = np.array(traces[BAND]["base"]), np.array(traces[BAND]["y"])
        np.testing.assert_allclose(low[enough], moment.band_low[enough], atol=1e-3)
        np.testing.assert_allclose((low + height)[enough], moment.band_high[enough], atol=2e-3)


def test_colours_tell_over_from_under_confidence_and_the_models_apart() -> None:
    (_, hard), (_, smoothed) = shown("equal-width", "top label", 20)
    for traces, colour in ((hard, HARD), (smoothed, SMOOTHED)):
        assert [traces[k]["marker"]["color"] for k in (OVER, UNDER, FAINT_OVER, FAINT_UNDER)] == 2 * [
            c for _, c in LEANS
        ]
        assert [traces[k]["name"] for k in (OVER, UNDER)] == ["over-confident", "under-confident"]
        assert {traces[k]["line"]["color"] for k in (INTERVALS, SMOOTH, MEAN)} == {colour}
        assert {traces[k]["marker"]["color"] for k in (POINTS, COUNTS)} == {colour}
    assert np.abs(hard[OVER]["y"]).sum() > np.abs(hard[UNDER]["y"]).sum()
    assert np.abs(smoothed[UNDER]["y"]).sum() > np.abs(smoothed[OVER]["y"]).sum()


@pytest.mark.parametrize("step", [0, 20, 30])
def test_points_know_their_bin_and_are_faint_below_ten_examples(step: int) -> None:
    faint = 0
    for moment, traces in shown("equal-width", "top label", step):
        curve, points = moment.curve, traces[POINTS]
        rows = curve.bin_count > 0
        known = np.array(points["customdata"])
        np.testing.assert_array_equal(known[:, 0], curve.bin_count[rows])
        np.testing.assert_allclose(known[:, 1], (curve.bin_accuracy - curve.bin_confidence)[rows], atol=1e-3)
        np.testing.assert_allclose(known[:, 2:4].T, [curve.bin_low[rows], curve.bin_high[rows]], atol=1e-3)
        np.testing.assert_allclose(known[:, 4:].T, [moment.band_low[rows], moment.band_high[rows]], atol=1e-3)
        np.testing.assert_allclose(
            [points["x"], points["y"]], [curve.bin_confidence[rows], curve.bin_accuracy[rows]], atol=1e-3
        )
        few = curve.bin_count[rows] < FEW
        assert (np.array(points["marker"]["opacity"]) < 0.5).tolist() == few.tolist()
        faint += few.sum()
        ends = [end for end in traces[INTERVALS]["y"] if end is not None]
        enough = curve.bin_count >= FEW
        np.testing.assert_allclose(ends, np.stack([curve.bin_low, curve.bin_high], 1)[enough].ravel(), atol=1e-3)
    assert faint > 0


@pytest.mark.parametrize(("scheme", "event"), VARIANTS)
def test_bars_stand_on_the_edges_of_their_bins(scheme: Scheme, event: Event) -> None:
    for moment, traces in shown(scheme, event, 25):
        for number in (BAND, OVER, UNDER, FAINT_OVER, FAINT_UNDER):
            x, width = np.array(traces[number]["x"]), np.array(traces[number]["width"])
            np.testing.assert_allclose([x - width / 2, x + width / 2], [moment.edges[:-1], moment.edges[1:]], atol=3e-3)


@pytest.mark.parametrize(("scheme", "event"), VARIANTS)
def test_histograms_count_every_example(scheme: Scheme, event: Event) -> None:
    for moment, traces in shown(scheme, event, 25):
        counts = traces[COUNTS]
        assert counts["y"] == moment.histogram.tolist()
        assert sum(counts["y"]) == N
        np.testing.assert_allclose(counts["x"], (np.arange(BINS) + 0.5) / BINS, atol=1e-3)
        np.testing.assert_allclose(traces[MEAN]["x"], moment.curve.confidence, atol=1e-3)
    _, moving, _ = film(scheme, event)
    accuracy = [trace for trace in moving.figure["data"] if trace.get("legendgroup") == "accuracy"]
    expected = [moment.curve.accuracy for moment, _ in shown(scheme, event, 0)]
    assert [trace["x"][0] for trace in accuracy] == pytest.approx(expected, abs=1e-4)
    assert {trace["line"]["color"] for trace in accuracy} == {NEUTRAL}


def test_the_smooth_curve_has_gaps_where_it_knows_nothing() -> None:
    for moment, traces in shown("equal-width", "top label", 20):
        drawn = np.array(traces[SMOOTH]["y"], float)
        assert 5 < np.isfinite(drawn).sum() < len(SMOOTH_X)
        expected = np.interp(SMOOTH_X, moment.smooth.t, moment.smooth_accuracy)
        np.testing.assert_allclose(drawn, expected, atol=1e-2)


@pytest.mark.parametrize(("scheme", "moves"), [("equal-mass", True), ("equal-width", False)])
def test_equal_mass_bins_move_with_the_temperature_and_others_are_sent_once(scheme: Scheme, moves: bool) -> None:
    _, moving, frames = film(scheme)
    assert ("width" in frames[0]["data"][OVER]) is moves
    assert "width" not in frames[0]["data"][COUNTS]
    widths = {tuple(whole(moving, frame)[OVER]["width"]) for frame in frames}
    assert (len(widths) > 1) is moves


def test_captions_and_axes_name_the_event() -> None:
    (hard, smoothed), moving, frames = film()
    numbers = [f"NLL {m[24].nll:.2f}, ECE {m[24].curve.ece:.3f}" for m in (hard, smoothed)]
    assert frames[24]["caption"] == f"T = 1.58: {numbers[0]} hard labels; {numbers[1]} smoothed"
    titles = [note["text"] for note in moving.figure["layout"]["annotations"]]
    assert titles == [
        "Reliability, hard labels",
        "Reliability, smoothed",
        "Confidence, hard labels",
        "Confidence, smoothed",
    ]
    _, moving, frames = film("equal-width", 3)
    assert "ECE (Siamese cat) 0." in frames[24]["caption"]
    layout = moving.figure["layout"]
    assert layout["annotations"][2]["text"] == "Probability of Siamese cat, hard labels"
    assert [layout[f"{axis}axis"]["title"]["text"] for axis in "xy"] == [
        "probability of Siamese cat",
        "share of Siamese cat",
    ]


def test_one_temperature_is_a_still_picture() -> None:
    hard, smoothed = (reliability_moments(*logits(column), (1.0,)) for column in (0, 1))
    still = reliability_figure(hard, smoothed, ReliabilityView())
    frames = reliability_frames(hard, smoothed, ReliabilityView())
    assert whole(still, frames[0]) == still.figure["data"]


def paths() -> tuple[TemperaturePath, TemperaturePath]:
    return temperature_path(*logits(0)), temperature_path(*logits(1))


def at(column: int, temperature: float) -> TemperaturePath:
    return temperature_path(*logits(column), [temperature])


def test_losses_are_a_valid_figure_whose_cursor_follows_the_film() -> None:
    moving = temperature_figure(*paths(), (at(0, 2.7), at(1, 0.45)))
    frames = temperature_frames(TEMPERATURES)
    moving.plotly(frames).update_layout(moving.narrow)
    json.dumps([moving.figure, moving.narrow, frames], allow_nan=False)
    assert [frame["name"] for frame in frames] == [frame["name"] for frame in film()[2]]
    assert frames[24]["data"] == [{"x": [1.58, 1.58]}] * 2
    cursors = [moving.figure["data"][k] for k in frames[24]["traces"]]
    assert {trace["line"]["color"] for trace in cursors} == {NEUTRAL}
    assert {trace["xaxis"] for trace in cursors} == {"x", "x2"}


def test_the_curve_passes_through_its_fitted_temperature() -> None:
    fits = at(0, 2.7), at(1, 0.45)
    data = temperature_figure(*paths(), fits).figure["data"]
    marks = [trace for trace in data if trace["mode"] == "lines+markers"]
    assert len(marks) == 4
    curves = [trace for trace in data if trace["mode"] == "lines" and len(trace["x"]) == 42]
    expected = [fit.nll[0] for fit in fits] + [fit.ece[0] for fit in fits]
    for mark, curve, value in zip(marks, curves, expected, strict=True):
        assert mark["y"][1] == pytest.approx(value, abs=1e-3)
        assert curve["y"][curve["x"].index(mark["x"][1])] == pytest.approx(value, abs=1e-3)
        assert curve["x"] == sorted(curve["x"])
        assert mark["line"]["color"] == curve["line"]["color"]
        assert "fitted T = " in mark["name"]


def test_without_a_fitted_temperature_there_is_no_mark() -> None:
    data = temperature_figure(*paths(), (at(0, 2.7), None)).figure["data"]
    assert [trace["line"]["color"] for trace in data if trace["mode"] == "lines+markers"] == [HARD, HARD]
    assert not [t for t in temperature_figure(*paths()).figure["data"] if t["mode"] == "lines+markers"]


def test_the_steep_ends_do_not_squash_the_rest() -> None:
    hard, smoothed = paths()
    layout = temperature_figure(hard, smoothed, (at(0, 2.7), None)).figure["layout"]
    top = layout["yaxis"]["range"][1]
    assert top < 0.7 * hard.nll.max()
    assert top > 1.05 * max(hard.nll[20], smoothed.nll[20], hard.nll.min(), smoothed.nll.min())
    assert layout["annotations"][0]["text"] == "NLL" + CUT
    z, labels = logits(0)
    rash = temperature_path(5 * z, labels)
    assert rash.nll[20] > 3 * rash.nll.min()
    assert temperature_figure(rash, smoothed).figure["layout"]["yaxis"]["range"][1] > rash.nll[20]
    flat = temperature_path([[0.0, 0.1]] * 2, [0, 1])
    assert temperature_figure(flat, flat).figure["layout"]["annotations"][0]["text"] == "NLL"


def test_a_fitted_temperature_beyond_the_path_is_on_the_axis() -> None:
    layout = temperature_figure(*paths(), (at(0, 20.0), at(1, 0.05))).figure["layout"]
    for axis in ("xaxis", "xaxis2"):
        low, high = layout[axis]["range"]
        assert low < math.log10(0.05)
        assert high > math.log10(20)
