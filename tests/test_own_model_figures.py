"""What the figures of a model of one's own show is what was found out about it, whatever its file is called."""

import json
import re
from functools import cache

import numpy as np
import pytest
from classifiers import SCHEMES

from labelsmooth.assessment.assess import assess
from labelsmooth.assessment.film import FILM_CELLS, FILM_ROWS, TemperatureFilm, film_rows, temperature_film
from labelsmooth.assessment.judged import Assessment
from labelsmooth.calibration import Scheme
from labelsmooth.figures.live import FEW
from labelsmooth.figures.own_film import LONGEST, in_figure, own_film, own_losses, own_risks, short_name, told_apart
from labelsmooth.figures.own_model import OWN, STATES, before_after_figure
from labelsmooth.figures.reliability import LEANS
from labelsmooth.figures.style import HARD, SMOOTHED, Moving, Spec
from labelsmooth.figures.temperature import ENDLESS, temperature_frames
from labelsmooth.predictions.given import Predictions
from labelsmooth.selective import risk_coverage
from labelsmooth.temperature_path import (
    TEMPERATURES,
    Event,
    consistency_band,
    name_of,
    reliability_moments,
    temperature_path,
)

BINS = 10
HOSTILE = "a<b>\"&'%{x} $y$</script>\n\N{GRINNING FACE}.csv"


@cache
def predictions(factor: float = 3.0, rows: int = 400, classes: int = 4) -> Predictions:
    """Logits of an over-confident classifier, or with a factor below 1 of an under-confident one."""
    generator = np.random.default_rng(0)
    labels = generator.integers(classes, size=rows)
    logits = factor * (generator.normal(size=(rows, classes)) + 2 * np.eye(classes)[labels])
    return Predictions(logits, labels, tuple(f"class {k}" for k in range(classes)), "logits")


@cache
def assessed(scheme: Scheme = "equal-width") -> Assessment:
    return assess(predictions(), bins=BINS, scheme=scheme)


@cache
def film(factor: float = 3.0) -> TemperatureFilm:
    return temperature_film(predictions(factor), BINS, fitted=1.5)


def checked(moving: Moving) -> list[Spec]:
    """The traces of a figure that Plotly and plain JSON accept in both layouts."""
    moving.plotly().update_layout(moving.narrow)
    json.dumps([moving.figure, moving.narrow], allow_nan=False)
    assert moving.narrow["height"] > moving.figure["layout"]["height"]
    traces: list[Spec] = moving.figure["data"]
    return traces


def of_state(traces: list[Spec], name: str, kind: str) -> Spec:
    """The trace that a state's name and a kind of trace have in their words."""
    (found,) = [t for t in traces if t.get("name", "").startswith(name) and kind in t["name"]]
    return found


@pytest.mark.parametrize("scheme", SCHEMES)
def test_points_intervals_and_bands_are_those_of_the_assessment(scheme: Scheme) -> None:
    found = assessed(scheme)
    traces = checked(before_after_figure(found))
    assert found.after is not None
    for state, name, colour in zip((found.before, found.after), STATES, OWN, strict=True):
        curve, points = state.curve, of_state(traces, name, "bin with")
        filled, enough = curve.bin_count > 0, curve.bin_count >= FEW
        known = np.array(points["customdata"])
        assert known[:, 0].tolist() == curve.bin_count[filled].tolist()
        assert points["marker"]["color"] == colour
        assert (np.array(points["marker"]["opacity"]) < 0.5).tolist() == (~enough[filled]).tolist()
        sizes = np.array(points["marker"]["size"])
        assert (np.argsort(sizes, kind="stable") == np.argsort(known[:, 0], kind="stable")).all()
        for drawn, value in ((points["x"], curve.bin_confidence), (points["y"], curve.bin_accuracy)):
            np.testing.assert_allclose(drawn, value[filled], atol=1e-3)
        low, high = consistency_band(curve)
        np.testing.assert_allclose(known[:, 4:].T, [low[filled], high[filled]], atol=1e-3)
        band = of_state(traces, name, "90 % range")
        np.testing.assert_allclose(band["base"], np.where(enough, low, 0), atol=1e-3)
        np.testing.assert_allclose(np.add(band["base"], band["y"]), np.where(enough, high, 0), atol=2e-3)
        (lines,) = [t for t in traces if _is_intervals(t, colour)]
        ends = [end for end in lines["y"] if end is not None]
        np.testing.assert_allclose(ends, np.stack([curve.bin_low, curve.bin_high], 1)[enough].ravel(), atol=1e-3)
        (line,) = [t for t in traces if t.get("line") == {"color": colour, "width": 1.5, "dash": "dot"}]
        np.testing.assert_allclose(np.array(line["y"], float), np.where(enough, curve.bin_accuracy, np.nan), atol=1e-3)
        np.testing.assert_allclose(of_state(traces, name, "mean confidence")["x"], curve.confidence, atol=1e-3)


def _is_intervals(trace: Spec, colour: str) -> bool:
    return trace.get("mode") == "lines" and trace["yaxis"] == "y" and trace["line"] == {"color": colour, "width": 1.5}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_histograms_hold_every_row_by_count_or_by_area(scheme: Scheme) -> None:
    found = assessed(scheme)
    moving = before_after_figure(found)
    bars = [t for t in moving.figure["data"] if t["type"] == "bar" and t["yaxis"] == "y2"]
    assert [sum(trace["customdata"]) for trace in bars] == [found.rows] * 2
    for trace in bars:
        area = np.dot(trace["y"], trace["width"])
        total = found.rows / BINS if scheme == "equal-width" else 1
        assert area == pytest.approx(total, rel=5e-3)
        # No top label has a confidence below 1/K.
        begins = 0 if scheme == "equal-width" else 1 / len(found.classes)
        assert trace["x"][0] - trace["width"][0] / 2 == pytest.approx(begins, abs=1e-3)
    wanted = "examples" if scheme == "equal-width" else "density of examples"
    assert moving.figure["layout"]["yaxis2"]["title"]["text"] == wanted


def test_without_a_temperature_there_is_only_before() -> None:
    flat = assess(Predictions(np.zeros((20, 2)), np.arange(20) % 2, ("a", "b"), "logits"))
    assert flat.after is None
    names = [trace.get("name", "") for trace in checked(before_after_figure(flat))]
    assert not [name for name in names if name.startswith(STATES[1])]
    assert [name for name in names if name.startswith(STATES[0])]


def test_the_colours_of_own_models_mean_nothing_else() -> None:
    assert not {*OWN} & {HARD, SMOOTHED, *(colour for _, colour in LEANS)}


@pytest.mark.parametrize(("scheme", "event"), [("equal-width", "top label"), ("equal-mass", 2)])
def test_a_film_is_what_reliability_moments_says_of_its_rows(scheme: Scheme, event: Event) -> None:
    given = predictions()
    found = temperature_film(given, BINS, scheme, event, fitted=1.7)
    expected = reliability_moments(given.logits, given.labels, TEMPERATURES, event, BINS, scheme)
    for mine, other in zip(found.moments, expected, strict=True):
        assert (mine.temperature, mine.curve.n) == (other.temperature, 400)
        assert mine.nll == pytest.approx(other.nll, rel=1e-12)
        for name in ("edges", "band_low", "band_high", "histogram", "smooth_accuracy"):
            np.testing.assert_allclose(getattr(mine, name), getattr(other, name), atol=1e-9)
        for name in ("bin_count", "bin_accuracy", "bin_confidence", "ece"):
            np.testing.assert_allclose(getattr(mine.curve, name), getattr(other.curve, name), atol=1e-9)
    path = temperature_path(given.logits, given.labels, bins=BINS)
    fitted = temperature_path(given.logits, given.labels, [1.7], BINS)
    assert found.fitted is not None
    for name in vars(path):
        np.testing.assert_allclose(getattr(found.path, name), getattr(path, name), atol=1e-9)
        np.testing.assert_allclose(getattr(found.fitted, name), getattr(fitted, name), atol=1e-9)
    moving, frames = own_film(["m.csv"], [found.moments], None if event == "top label" else given.classes[event])
    checked(moving)
    json.dumps(frames, allow_nan=False)
    step = TEMPERATURES.index(1.0)
    assert frames[step]["name"] == "1"
    counts = frames[step]["data"][8]["y"]
    assert counts == found.moments[step].histogram.tolist()
    assert f"{found.moments[step].curve.ece:.3f} m.csv" in frames[step]["caption"]


def test_a_film_at_one_is_the_model_as_it_is_also_where_printed_probabilities_lie_on_edges() -> None:
    probabilities = np.array([[0.6, 0.4], [0.8, 0.2], [0.3, 0.7], [0.1, 0.9]] * 30)
    given = Predictions(np.log(probabilities), np.arange(120) % 2, ("a", "b"), "probabilities")
    (moment,) = [m for m in temperature_film(given, BINS).moments if m.temperature == 1]
    np.testing.assert_array_equal(moment.curve.bin_count, assess(given, bins=BINS).before.curve.bin_count)


@pytest.mark.parametrize(("rows", "classes", "kept"), [(20_000, 10, None), (20_001, 10, FILM_ROWS), (9000, 2000, 1000)])
def test_a_film_takes_random_rows_only_where_there_are_too_many(rows: int, classes: int, kept: int | None) -> None:
    chosen = film_rows(rows, classes)
    if kept is None:
        assert chosen == slice(None)
        return
    assert isinstance(chosen, np.ndarray)
    assert len(chosen) == len(set(chosen.tolist())) == kept <= FILM_CELLS // classes
    assert (np.diff(chosen) > 0).all()
    assert 0 <= chosen[0] < chosen[-1] < rows
    np.testing.assert_array_equal(chosen, film_rows(rows, classes))
    assert (chosen != film_rows(rows, classes, seed=1)).any()


def test_the_rows_of_a_film_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert film().sentence == "The film over temperature is of all 400 rows."
    monkeypatch.setattr("labelsmooth.assessment.film.FILM_ROWS", 50)
    part = temperature_film(predictions(), seed=7)
    chosen = film_rows(400, 4, seed=7)
    assert "is of 50 of the 400 rows, drawn at random with seed 7" in part.sentence
    assert part.moments[0].curve.n == 50
    expected = temperature_path(predictions().logits[chosen], predictions().labels[chosen])
    np.testing.assert_allclose(part.path.nll, expected.nll)


def test_an_event_is_a_class() -> None:
    with pytest.raises(ValueError, match=r"event must be 'top label' or a class in 0..3, got 4"):
        temperature_film(predictions(), event=4)


def test_two_models_stand_beside_each_other_in_their_colours() -> None:
    films = [film(3.0), film(0.5)]
    names = ["hard.csv", "soft.csv"]
    moving, frames = own_film(names, [each.moments for each in films])
    traces = checked(moving)
    assert [traces[k]["marker"]["color"] for k in (7, 17)] == [HARD, SMOOTHED]
    assert [frame["name"] for frame in frames] == [name_of(t) for t in TEMPERATURES]
    assert all(name in frames[0]["caption"] for name in names)
    losses = own_losses(names, [each.path for each in films], [each.fitted for each in films])
    marks = [t for t in checked(losses) if t["mode"] == "lines+markers"]
    assert [mark["line"]["color"] for mark in marks] == [HARD, SMOOTHED] * 2
    assert temperature_frames(TEMPERATURES)[0]["traces"] == [0, 1]
    long = own_losses(["x" * LONGEST] * 2, [each.path for each in films], [None, None])
    assert long.narrow["margin"]["t"] > losses.narrow["margin"]["t"]  # its legend takes more lines on a phone
    still = own_losses(names, [each.path for each in films], [None, None], cursors=False)
    assert len(checked(still)) == len(losses.figure["data"]) - 2 - 4
    curve = risk_coverage(predictions().logits.max(1), predictions().logits.argmax(1) == predictions().labels)
    for count, colours in ((1, [OWN[0]]), (2, [HARD, SMOOTHED])):
        traces = checked(own_risks(names[:count], [curve] * count, 0.8))
        assert [t["line"]["color"] for t in traces[:count]] == colours
        shown = [t["name"] for t in traces if t.get("showlegend", True)]
        assert shown == [*names[:count], "best possible"]


def test_an_impossible_label_makes_the_nll_endless_and_is_told() -> None:
    given = predictions()
    logits = given.logits.copy()
    logits[0, given.labels[0]] = -np.inf
    endless = temperature_film(Predictions(logits, given.labels, given.classes, "logits"), fitted=1.5)
    moving = own_losses(["m"], [endless.path], [endless.fitted])
    traces = checked(moving)
    titles = [note["text"] for note in moving.figure["layout"]["annotations"]]
    assert titles[0] == "NLL" + ENDLESS
    assert ENDLESS not in titles[1]
    assert [t["yaxis"] for t in traces if t["mode"] == "lines+markers"] == ["y2"]
    json.dumps(own_film(["m"], [endless.moments])[1], allow_nan=False)


def test_a_name_is_drawn_letter_by_letter() -> None:
    moving, frames = own_film([HOSTILE], [film().moments], of_class=HOSTILE)
    risk = risk_coverage([0.5, 0.6], [True, False])
    figures = [moving, own_losses([HOSTILE], [film().path], [film().fitted]), own_risks([HOSTILE], [risk], 0.5)]
    for figure in figures:
        text = json.dumps([checked(figure), figure.figure["layout"], figure.narrow], ensure_ascii=False)
        assert "&lt;b&gt;" in text
        # The only tags and numbers asked for are ours.
        assert set(re.findall(r"<[^>]*>", text)) <= {"<br>", "<extra>", "</extra>"}
        assert "%{x} $" not in text
        assert "$y$" not in text
    assert "a<b>" in frames[0]["caption"]
    assert in_figure("%{x} & <b>") == "%&#123;x} &amp; &lt;b&gt;"


def test_long_names_keep_their_ends_and_equal_ones_are_numbered() -> None:
    long = "x" * 50 + "first" + "y" * 200 + ".csv"
    assert len(short_name(long)) <= LONGEST
    assert short_name(long).endswith(".csv")
    assert short_name(" two\n lines ") == "two lines"
    assert told_apart(["a", "b"]) == ["a", "b"]
    assert told_apart(["a", "a"]) == ["a (1)", "a (2)"]
