"""The page "Why and what" without a browser: its formulas, pictures and sentences move with the choices."""

import math
import re
from typing import Any

import numpy as np
import pytest
from addressed import at
from open_pages import QUICK, chosen, frame, settled, told, traces, trained_on, whole, widget
from streamlit.testing.v1 import AppTest

from labelsmooth.conventions import compose_noise, minimum_loss, optimal_logit_gap
from labelsmooth.dashboard.theory_formulas import number
from labelsmooth.training import train

PAGE = "understand/theory.py"
FILMS = ["hard", "measured hard", "measured little", "target", "loss", "optimum", "measured optimum"]


def opened(**query: str) -> AppTest:
    """The page at this address, after its training."""
    return settled(at(PAGE, **QUICK | query))


def formulas(page: AppTest) -> str:
    return "\n".join(each.value for each in page.latex)


def mean_line(film: dict[str, Any], axis: str, name: str) -> list[float]:
    (trace,) = traces(film, yaxis=axis, name=name, mode="lines")
    values: list[float] = trace["y"]
    return values


@pytest.fixture(scope="module")
def page() -> AppTest:
    return opened()


def test_five_steps_with_a_picture_and_a_formula_each(page: AppTest) -> None:
    assert [each.value[:2] for each in page.header] == ["1.", "2.", "3.", "4.", "5."]
    shown = whole(page)
    assert list(shown) == FILMS
    assert all(film["alt"].endswith(".") for film in shown.values())
    assert [key for key, film in shown.items() if film["follow"] == "target"] == ["loss", "optimum"]
    assert shown["target"]["releases"]
    assert len(page.latex) == 6


def test_classes_move_the_formula_and_the_picture() -> None:
    page = opened()
    assert "1 - 0.1 + 0.1/10 = 0.910" in formulas(page)
    first, *_ = (each for each in page.select_slider if each.label == "Classes K")
    settled(first.set_value(1000).run())
    assert chosen(page).target_classes == 1000
    assert "1 - 0.1 + 0.1/1000 = 0.900" in formulas(page)
    assert rf"= {number(optimal_logit_gap(0.1, 1000))}" in formulas(page)
    target = whole(page)["target"]
    assert frame(target, "0.1")["data"][0]["y"] == pytest.approx([0.9001] + [1e-4] * 9)
    assert target["figure"]["layout"]["xaxis"]["title"]["text"] == "class; and 990 more like the last"


def test_epsilon_moves_the_formula_and_the_picture() -> None:
    page = opened()
    settled(widget(page.select_slider, "Smoothing ε").set_value(0.3).run())
    assert "1 - 0.3 + 0.3/10 = 0.730" in formulas(page)
    assert rf"\log(0.730 / 0.030) = {number(optimal_logit_gap(0.3, 10))}" in formulas(page)
    assert rf"&= {number(minimum_loss(0.3, 10))}" in formulas(page)
    shown = whole(page)
    assert shown["target"]["start"] == "0.3"
    assert frame(shown["target"], "0.3")["data"][0]["y"][0] == pytest.approx(0.73)
    dot = frame(shown["loss"], "0.3")["data"][5]
    assert (dot["x"], dot["y"]) == ([optimal_logit_gap(0.3, 10)], [minimum_loss(0.3, 10)])
    names = [note["text"] for note in shown["measured optimum"]["figure"]["layout"]["annotations"]]
    assert f"memorising optimum, smoothed: {optimal_logit_gap(0.3, 10):.2f}" in names


def test_the_other_convention_has_its_own_formula() -> None:
    page = opened(convention="others")
    assert r"q'_y &= 1 - \varepsilon \\ &= 1 - 0.1 = 0.900" in formulas(page)
    assert r"0.1/9 = 0.0111" in formulas(page)
    r = compose_noise(0.1, 0.4, 10, "others")
    assert f"= {r:.3g}" in formulas(page)
    assert number(optimal_logit_gap(r, 10)) in formulas(page)


def test_what_is_called_measured_is_what_the_training_gives(page: AppTest) -> None:
    snapshots = list(train(trained_on(page)))
    shown = whole(page)
    for key, axis, name, measure, column in (
        ("measured hard", "y", "hard labels", "train_logit_gap", 0),
        ("measured little", "y3", "test part", "confidence", 0),
        ("measured optimum", "y3", "smoothed", "test_logit_gap", 1),
        ("measured optimum", "y4", "smoothed", "accuracy", 1),
    ):
        values = [float(getattr(each, measure)[:, column].mean()) for each in snapshots]
        assert mean_line(shown[key], axis, name) == pytest.approx(values, abs=1e-4)
    said = re.search(r"mean gap on the training examples is ([\d.]+) after epoch 3", told(page))
    assert said is not None
    assert float(said[1]) == pytest.approx(snapshots[-1].train_logit_gap[:, 0].mean(), abs=0.05)
    assert "the networks answer with the label they were given on" in told(page)
    assert told(page).count("noise optimum 2.") == 2


@pytest.mark.parametrize(("name", "value"), [("train_size", 400), ("label_noise", 0.2)])
def test_a_second_widget_of_a_choice_is_the_same_choice(name: str, value: float) -> None:
    page = opened()
    label = chosen(page).spec(name).label

    def widgets() -> list[Any]:
        return [each for each in (*page.slider, *page.select_slider) if each.label == label]

    twin = widgets()[0] if widgets()[0].key.startswith("little") else widgets()[1]
    assert twin.key.startswith("little")
    settled(twin.set_value(value).run())
    assert getattr(chosen(page), name) == value
    assert {each.value for each in widgets()} == {value}
    (sidebar,) = (each for each in widgets() if each.key.startswith(name))
    before = trained_on(page)
    settled(sidebar.set_value(sidebar.value * 2).run())
    assert {each.value for each in widgets()} == {value * 2}
    assert trained_on(page) != before


def test_epsilon_zero_says_that_the_optimum_is_infinite() -> None:
    page = opened(epsilon="0")
    assert "With ε = 0 the optimum is infinite" in told(page)
    assert r"\log(1.000 / 0.000) = \infty" in formulas(page)
    assert "both models are the same" in told(page)
    shown = whole(page)
    assert frame(shown["loss"], "0")["data"][5]["x"] == [None]
    assert not list(traces(shown["measured optimum"], name="smoothed"))


def test_a_negative_epsilon_has_no_optimum() -> None:
    page = opened(negative="yes", epsilon="-0.2")
    assert "there is no optimum: the loss has no lower bound" in told(page)
    assert "no lower bound: the larger the logit" in told(page)
    assert "g^*" not in formulas(page)
    assert r"1 - (-0.2) + (-0.2)/10 = 1.180" in formulas(page)
    shown = whole(page)
    sums = frame(shown["loss"], "-0.2")["data"][2]["y"]
    assert np.all(np.diff(sums) < 0)
    assert sums[-1] < 0
    assert not list(traces(shown["measured optimum"], name="smoothed", yaxis="y2"))


def test_without_label_noise_there_is_no_noise_optimum() -> None:
    page = opened(label_noise="0")
    assert "the noise optimum" not in told(page)
    assert r"\rho" not in formulas(page)
    notes = whole(page)["measured optimum"]["figure"]["layout"]["annotations"]
    assert not any("noise optimum" in note["text"] for note in notes)


def test_diverged_networks_lead_to_no_conclusion() -> None:
    page = opened(learning_rate="1000", epochs="30")
    assert "nothing is concluded" in told(page)
    assert "still growing" not in told(page)


def test_a_number_may_be_infinite() -> None:
    assert (number(math.inf), number(-math.inf), number(0.5)) == (r"\infty", r"-\infty", "0.500")
