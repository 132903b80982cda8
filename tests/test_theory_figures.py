"""Laws of the pictures of the theory: what is drawn is what the loss module and the training say."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from labelsmooth.conventions import Convention, minimum_loss, optimal_logit_gap, target_probabilities
from labelsmooth.figures.curves import Optima
from labelsmooth.figures.style import HARD, Frame, Moving
from labelsmooth.figures.theory import TheoryView, hard_figure, hard_frames, short, target_figure, target_frames
from labelsmooth.figures.theory_loss import loss_figure, loss_frames, optimum_figure, optimum_frames
from labelsmooth.figures.theory_measured import hard_gap_figure, little_data_figure, optimum_run_figure
from labelsmooth.loss import LabelSmoothingLoss
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.training import train

EPSILONS = (-0.2, 0.0, 0.05, 0.1, 0.5)
SETUP = TrainingSetup(train_size=200, hidden=(32,), epochs=30, seeds=(0, 1))
OPTIMA = Optima(train_gap=(math.inf, 4.51), test_gap=(2.77, 2.54), train_loss=(0.0, 0.5))


def view(classes: int = 10, convention: Convention = "uniform") -> TheoryView:
    return TheoryView(classes, convention, EPSILONS)


@pytest.fixture(scope="module")
def run() -> list[Snapshot]:
    return list(train(SETUP))


def lines(moving: Moving, panel: str) -> dict[str, dict[str, Any]]:
    """The named traces of a panel."""
    return {trace["name"]: trace for trace in moving.figure["data"] if trace["yaxis"] == panel and trace.get("name")}


def frame(frames: list[Frame], name: str) -> dict[int, dict[str, Any]]:
    (found,) = (each for each in frames if each["name"] == name)
    return dict(zip(found["traces"], found["data"], strict=True))


@pytest.mark.parametrize("classes", [2, 10, 1000])
@pytest.mark.parametrize("convention", ["uniform", "others"])
def test_every_film_is_a_plotly_figure_and_moves_no_axis(classes: int, convention: Convention) -> None:
    chosen = view(classes, convention)
    for moving, frames in (
        (hard_figure(chosen), hard_frames(chosen)),
        (target_figure(chosen), target_frames(chosen)),
        (loss_figure(chosen), loss_frames(chosen)),
        (optimum_figure(chosen, 0.1), optimum_frames(chosen)),
    ):
        assert len(moving.plotly(frames).frames) == len(frames)
        assert {each["type"] for each in moving.figure["data"]} <= {"scatter", "bar"}
        assert {name for name in moving.narrow if "axis" in name} == {k for k in moving.figure["layout"] if "axis" in k}


@pytest.mark.parametrize(
    ("classes", "bars", "title"), [(2, 2, "class"), (12, 12, "class"), (1000, 10, "class; and 990 more like the last")]
)
def test_of_many_classes_the_first_have_bars_and_the_rest_is_told(classes: int, bars: int, title: str) -> None:
    moving = target_figure(view(classes))
    assert moving.figure["layout"]["xaxis"]["title"]["text"] == title
    label, other = target_probabilities(0.1, classes)
    assert frame(target_frames(view(classes)), "0.1")[0]["y"] == pytest.approx([label] + [other] * (bars - 1))
    assert frame(target_frames(view(classes)), "0.1")[1]["y"] == pytest.approx([other] * (bars - 1))


def test_captions_hold_the_numbers_of_the_bars() -> None:
    captions = {each["name"]: each["caption"] for each in target_frames(view())}
    assert captions["0.1"] == "label 1 − 0.1 + 0.1/10 = 0.910; each other class 0.1/10 = 0.010, together 0.090"
    assert captions["-0.2"].startswith("label 1 − (−0.2) + (−0.2)/10 = 1.180; each other class (−0.2)/10 = −0.020")
    others = {each["name"]: each["caption"] for each in target_frames(view(5, "others"))}
    assert others["0.1"] == "label 1 − 0.1 = 0.900; each other class 0.1/4 = 0.025, together 0.100"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.000"), (0.91, "0.910"), (0.01, "0.010"), (0.0125, "0.0125"), (-0.02, "-0.020"), (5e-6, "0.00000500")],
)
def test_a_small_number_keeps_its_digits(value: float, text: str) -> None:
    assert short(value) == text


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("convention", ["uniform", "others"])
def test_the_drawn_loss_is_that_of_the_loss_module(epsilon: float, convention: Convention) -> None:
    chosen, figure = view(10, convention), loss_figure(view(10, convention))
    logits = torch.zeros(len(chosen.gaps), 10, dtype=torch.float64)
    logits[:, 0] = torch.from_numpy(chosen.gaps)
    logits.requires_grad_()
    labels = torch.zeros(len(logits), dtype=torch.long)
    losses = LabelSmoothingLoss(epsilon, convention, reduction="none")(logits, labels)
    (gradient,) = torch.autograd.grad(losses.sum(), logits)
    moment = frame(loss_frames(chosen), f"{epsilon:g}")
    for trace, values in ((2, losses.detach()), (3, gradient[:, 0]), (4, gradient[:, 1])):
        np.testing.assert_allclose(moment[trace]["y"], values, atol=1e-3)
        np.testing.assert_allclose(figure.figure["data"][trace]["x"], chosen.gaps, atol=1e-2)
    optimum = optimal_logit_gap(epsilon, 10, convention)
    points = [(moment[k]["x"], moment[k]["y"]) for k in (5, 6, 7, 8)]
    if epsilon > 0:
        floor = minimum_loss(epsilon, 10, convention)
        assert points == [([optimum], [floor]), ([optimum], [floor]), ([optimum], [0]), ([optimum], [0])]
    else:
        assert points == [([None], [None])] * 4


def test_the_hard_loss_falls_all_the_way_and_never_to_zero() -> None:
    (curve,) = (trace for trace in hard_figure(view()).figure["data"] if trace.get("name") == "loss")
    assert np.all(np.diff(curve["y"]) < 0)
    assert min(curve["y"]) > 0
    moment = frame(hard_frames(view()), "4")
    assert moment[1]["y"] == pytest.approx([math.log(1 + 9 * math.exp(-4))])
    assert moment[1]["y"][0] == pytest.approx(curve["y"][curve["x"].index(4)])
    assert sum(moment[0]["y"]) == pytest.approx(1)
    assert "1 − 0.0" in hard_frames(view())[-1]["caption"]  # not yet 1


def test_the_optimum_is_drawn_for_the_classes_chosen() -> None:
    moving = optimum_figure(view(7), 0.1)
    for panel, of in (("y", optimal_logit_gap), ("y2", minimum_loss)):
        trace = lines(moving, panel)["K = 7"]
        at = trace["x"].index(0.1)
        assert trace["y"][at] == pytest.approx(of(0.1, 7), abs=1e-3)
    assert [each["x"] for each in frame(optimum_frames(view(7)), "0.05").values()] == [[0.05, 0.05]] * 2


def test_measured_curves_are_the_means_of_the_training(run: list[Snapshot]) -> None:
    def mean(measure: str, column: int) -> list[float]:
        return [float(getattr(each, measure)[:, column].mean()) for each in run]

    hard, little = hard_gap_figure(run, 30), little_data_figure(run, 30)
    whole = optimum_run_figure(run, 30, OPTIMA)
    assert lines(hard, "y")["hard labels"]["y"] == pytest.approx(mean("train_logit_gap", 0), abs=1e-4)
    assert lines(little, "y")["training part"]["y"] == pytest.approx(mean("train_accuracy", 0), abs=1e-5)
    assert lines(little, "y3")["test part"]["y"] == pytest.approx(mean("confidence", 0), abs=1e-5)
    assert lines(little, "y3")["test accuracy, again"]["y"] == pytest.approx(mean("accuracy", 0), abs=1e-5)
    for column, name in enumerate(("hard labels", "smoothed")):
        assert lines(whole, "y3")[name]["y"] == pytest.approx(mean("test_logit_gap", column), abs=1e-4)
        above = np.array(mean("train_loss", column)) - OPTIMA.train_loss[column]
        assert lines(whole, "y2")[name]["y"] == pytest.approx(above, abs=1e-4)
    for moving in (hard, little, whole):
        moving.plotly()


def test_every_optimum_has_a_line_and_a_name(run: list[Snapshot]) -> None:
    moving = optimum_run_figure(run, 30, OPTIMA)
    texts = {note["text"]: note for note in moving.figure["layout"]["annotations"]}
    for text, level, panel in (
        ("memorising optimum, smoothed: 4.51", 4.51, "y"),
        ("noise optimum, hard labels: 2.77", 2.77, "y3"),
        ("noise optimum, smoothed: 2.54", 2.54, "y3"),
    ):
        assert texts[text]["yref"] == panel
        assert any(t["yaxis"] == panel and t["y"] == pytest.approx([level] * 2) for t in moving.figure["data"])
    assert not any(text.startswith("memorising optimum, hard") for text in texts)


def test_a_star_stands_where_the_test_gap_first_reached_the_noise_optimum(run: list[Snapshot]) -> None:
    level = float(run[9].test_logit_gap[:, 0].mean())
    moving = optimum_run_figure(run, 30, Optima((math.inf, math.inf), (level, math.inf), (0.0, 0.5)))
    gap, accuracy = (trace for trace in moving.figure["data"] if trace.get("name") == "noise optimum reached")
    at = next(each for each in run if each.test_logit_gap[:, 0].mean() >= level)
    for star, measure in ((gap, "test_logit_gap"), (accuracy, "accuracy")):
        assert (star["x"], star["marker"]["color"]) == ([at.epoch], HARD)
        assert star["y"] == pytest.approx([getattr(at, measure)[:, 0].mean()])


def test_without_an_optimum_no_line_pretends_one(run: list[Snapshot]) -> None:
    none = Optima((math.inf, math.inf), (math.nan, math.nan), (0.0, -math.inf))
    moving = optimum_run_figure(run, 30, none)
    assert len(moving.figure["layout"]["annotations"]) == 4  # the titles
    assert set(lines(moving, "y2")) == {"hard labels"}
    assert "noise optimum reached" not in lines(moving, "y3")


def test_on_a_logarithmic_axis_the_smallest_loss_is_not_rounded_away(run: list[Snapshot]) -> None:
    small = [replace(each, train_loss=each.train_loss * 10.0 ** (-each.epoch / 5)) for each in run]
    (shade, mean) = (trace for trace in hard_gap_figure(small, 30).figure["data"] if trace["yaxis"] == "y2")
    assert min(shade["y"]) == small[-1].train_loss[:, 0].min()
    assert mean["y"][-1] == small[-1].train_loss[:, 0].mean()
    at_floor = [replace(each, train_loss=np.zeros((2, 2))) for each in run]
    layout = optimum_run_figure(at_floor, 30, OPTIMA).figure["layout"]
    assert layout["yaxis2"]["range"] == [-7, -6]
