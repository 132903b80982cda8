"""The figures of the clusters say what the numbers say, and are light enough for a film."""

import json
from functools import cache

import numpy as np
import pytest

from labelsmooth.clusters import ClusterPicture, cluster_picture, image_codes
from labelsmooth.datasets import class_names
from labelsmooth.figures.clusters import ClustersView, clusters_figure, clusters_frame
from labelsmooth.figures.clusters3d import TALLEST, clusters3d_figure
from labelsmooth.figures.collapse import PANELS, collapse_figure, collapse_frame
from labelsmooth.figures.style import Frame, Moving, Spec, rounded_range
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.training import train

DIGITS, MOONS = (3, 5, 8), (0, 1)
PANEL_AXES = ("x", "x2", "x3", "x4")  # hard labels: training part, test part; smoothed: the same


@cache
def run(dataset: str = "digits", noise: float = 0.4) -> tuple[Snapshot, ...]:
    setup = TrainingSetup(dataset, train_size=1000, label_noise=noise, hidden=(16,), epochs=3, seeds=(0, 1))
    return tuple(train(setup))


@cache
def pictures(dataset: str = "digits", noise: float = 0.4) -> tuple[ClusterPicture, ...]:
    shown: list[ClusterPicture] = []
    for snapshot in run(dataset, noise):
        shown.append(
            cluster_picture(snapshot, DIGITS if dataset == "digits" else MOONS, True, shown[-1] if shown else None)
        )
    return tuple(shown)


def view(dataset: str = "digits", scale: str = "own") -> ClustersView:
    shown = DIGITS if dataset == "digits" else MOONS
    images = image_codes(run()[0], DIGITS) if dataset == "digits" else None
    return ClustersView(class_names(dataset, 3), shown, 0.1, scale, images)


def films() -> dict[str, tuple[Moving, list[Frame]]]:
    return {
        "digits": (clusters_figure(pictures(), view()), [clusters_frame(p, "seed 0") for p in pictures()]),
        "moons": (clusters_figure(pictures("moons"), view("moons")), [clusters_frame(p) for p in pictures("moons")]),
        "space": (clusters3d_figure(pictures()[-1], view()), []),
        "collapse": (collapse_figure(run(), 3), [collapse_frame(s.epoch) for s in run()]),
    }


@pytest.mark.parametrize("name", ["digits", "moons", "space", "collapse"])
def test_every_film_is_a_valid_plotly_figure_and_plain_json(name: str) -> None:
    moving, frames = films()[name]
    figure = moving.plotly(frames)  # plotly refuses what it does not know
    figure.update_layout(moving.narrow)
    assert len(figure.frames) == len(frames)
    json.dumps([moving.figure, moving.narrow, frames], allow_nan=False)


@pytest.mark.parametrize(("dataset", "shown"), [("digits", DIGITS), ("moons", MOONS)])
def test_fifty_frames_take_less_than_half_a_megabyte(dataset: str, shown: tuple[int, ...]) -> None:
    snapshots = train(TrainingSetup(dataset, epochs=20, seeds=(0,)))
    frames = [len(json.dumps(clusters_frame(cluster_picture(snapshot, shown, True)))) for snapshot in snapshots]
    assert 50 * np.mean(frames) < 500_000


def points(figure: Spec, axis: str) -> list[Spec]:
    """The traces of examples in a panel."""
    return [trace for trace in figure["data"] if trace["xaxis"] == axis and "meta" in trace]


@pytest.mark.parametrize("dataset", ["digits", "moons"])
def test_a_panel_draws_its_model_and_part(dataset: str) -> None:
    first = pictures(dataset)[0]
    figure = clusters_figure(pictures(dataset), view(dataset)).figure
    models = [model for model in (first.hard, first.smoothed) for _ in range(2)]
    for axis, model, part in zip(PANEL_AXES, models, ("train", "test") * 2, strict=True):
        clusters = getattr(model, part)
        drawn = sorted((x, y) for trace in points(figure, axis) for x, y in zip(trace["x"], trace["y"], strict=True))
        expected = np.concatenate([cluster.points[:, :2] for cluster in clusters])
        # Rounding may change the order of two neighbours, but not what is there.
        np.testing.assert_allclose(
            np.sort(np.array(drawn), 0), np.sort(expected, 0), atol=0.01 * np.abs(expected).max()
        )
        assert {trace["meta"]["part"] for trace in points(figure, axis)} == {part}


def test_what_an_example_says_of_itself_is_true() -> None:
    last = pictures()[-1]
    figure = clusters_figure(pictures(), view()).figure
    frame = clusters_frame(last)
    names, images = figure["layout"]["meta"]["classes"], figure["layout"]["meta"]["images"]
    for part, axis, snapshot_part in (("train", "x", run()[-1].train), ("test", "x2", run()[-1].test)):
        rows = np.concatenate([cluster.rows for cluster in getattr(last.hard, part)])
        seen = []
        for number, trace in enumerate(figure["data"]):
            if trace["xaxis"] != axis or "meta" not in trace:
                continue
            predicted = frame["data"][number]["meta"]["predicted"]
            for (place, *more), digit in zip(trace["customdata"], predicted, strict=True):
                row = rows[place]
                given, clean = snapshot_part.labels[row], snapshot_part.clean_labels[row]
                assert trace["meta"]["label"].endswith(names[given])
                assert more == ([] if given == clean else [f"right label: {names[clean]}"])
                assert (trace["marker"].get("symbol") == "circle-open") == (given != clean)
                assert int(digit, 36) == snapshot_part.logits[0, row].argmax()
                assert int(images[part][place][20], 17) / 16 == snapshot_part.inputs[row, 20]
                seen.append(place)
        assert sorted(seen) == list(range(len(rows)))


def test_wrong_labels_are_told_in_the_legend_where_there_are_any() -> None:
    noisy = clusters_figure(pictures(), view()).figure["data"]
    clean = clusters_figure(pictures(noise=0.0), view()).figure["data"]
    assert [trace["name"] for trace in noisy if trace.get("showlegend", True)] == [
        *("digit 3", "digit 5", "digit 8", "templates", "label given is wrong")
    ]
    assert [trace["name"] for trace in clean if trace.get("showlegend", True)] == [
        *("digit 3", "digit 5", "digit 8", "templates")
    ]


@pytest.mark.parametrize("scale", ["own", "common"])
def test_both_parts_of_a_model_have_one_scale_and_all_panels_the_common_one(scale: str) -> None:
    layout = clusters_figure(pictures(), view(scale=scale)).figure["layout"]
    for letter, column in (("x", 0), ("y", 1)):
        ranges = [layout[f"{letter}axis{number}"]["range"] for number in ("", "2", "3", "4")]
        assert ranges[0] == ranges[1]
        assert ranges[2] == ranges[3]
        models = [[picture.hard for picture in pictures()], [picture.smoothed for picture in pictures()]]
        values = [
            [m.templates[:, column] for m in of_model]
            + [cluster.points[:, column] for m in of_model for cluster in (*m.train, *m.test)]
            for of_model in models
        ]
        both = [value for of_model in values for value in of_model]
        expected = [rounded_range(both if scale == "common" else of_model) for of_model in values]
        assert [ranges[0], ranges[2]] == expected


def test_the_triangle_lies_flat_in_space_under_equal_units_of_the_plane() -> None:
    picture = pictures()[-1]
    figure = clusters3d_figure(picture, view()).figure
    templates = [trace for trace in figure["data"] if trace.get("name") == "templates"]
    assert [trace["z"] for trace in templates] == [[0.0] * 4] * 2
    clusters = [trace for trace in figure["data"] if trace.get("mode") == "markers"]
    for trace, cluster in zip(clusters, (*picture.hard.test, *picture.smoothed.test), strict=True):
        drawn = np.stack([trace[letter] for letter in "xyz"], 1)
        np.testing.assert_allclose(drawn, cluster.points, atol=0.006 * np.abs(cluster.points).max())
        assert len(trace["text"]) == len(cluster.predicted)
    for scene in ("scene", "scene2"):
        space = figure["layout"][scene]
        units = {
            letter: space["aspectratio"][letter] / np.diff(space[f"{letter}axis"]["range"]).item() for letter in "xyz"
        }
        assert units["x"] == pytest.approx(units["y"])
        assert units["z"] == pytest.approx(units["x"]) or space["aspectratio"]["z"] == TALLEST


def test_collapse_draws_every_measure_of_both_parts() -> None:
    figure = collapse_figure(run(), 3).figure
    for number, panel in enumerate(PANELS, start=1):
        axis = "x" if number == 1 else f"x{number}"
        cursor, *lines = [t for t in figure["data"] if t["xaxis"] == axis and t["mode"] == "lines"]
        expected = [(column, measure) for column in (0, 1) for measure in (panel.solid, panel.dashed)]
        for line, (column, measure) in zip(lines, expected, strict=True):
            values = [getattr(snapshot, measure)[:, column].mean() for snapshot in run()]
            np.testing.assert_allclose(line["y"], values, rtol=2e-3)
        assert cursor["x"] == [0, 0]
        assert collapse_frame(2)["data"][number - 1]["x"] == [2, 2]


def test_a_logarithmic_axis_holds_its_values_and_its_cursor() -> None:
    figure = collapse_figure(run(), 3).figure
    axis = figure["layout"]["yaxis2"]
    values = np.log10([getattr(s, name)[:, [0, -1]] for s in run() for name in ("nc1", "train_nc1")])
    assert axis["type"] == "log"
    assert axis["range"][0] <= values.min() <= values.max() <= axis["range"][1]
    assert sum(axis["range"][0] <= np.log10(tick) <= axis["range"][1] for tick in axis["tickvals"]) >= 2
    cursor = figure["data"][1]
    assert cursor["yaxis"] == "y2"
    assert min(cursor["y"]) > 0
