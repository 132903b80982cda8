"""The page "In your code" without a browser: what is chosen is in its sentences, its tables and its figures."""

import re
from typing import Any

import pytest
from addressed import at
from open_pages import APP, chosen, metrics, said, told, traces, whole, widget
from streamlit.testing.v1 import AppTest

from labelsmooth.dashboard.specs import SNIPPETS, SPECS
from labelsmooth.decoder import decode, equivalents
from labelsmooth.figures.targets import FEW, MOST, BarPanel, Bars, bars_figure, shown_classes
from labelsmooth.origin import EXAMPLES, side_by_side

PAGE = "understand/in_your_code.py"
SNIPPET_FOLDER = APP.parents[1] / "labelsmooth/dashboard/snippets"
HOSTILE = ("nan", "-1e400", "9" * 500, "<script>alert(1)</script>", "[a](javascript:b)", "\x00", "", "⅒")


def visited(**query: str) -> AppTest:
    """The page at this address."""
    page = at(PAGE, **query)
    assert not page.exception
    return page


def bars(page: AppTest, **wanted: Any) -> list[float]:
    """The heights of one series."""
    (trace,) = traces(whole(page)["decoded"], **wanted)
    return trace["y"]


def table(page: AppTest, place: int) -> Any:
    return page.table[place].value


@pytest.fixture(scope="module")
def still() -> AppTest:
    """A page that no test changes."""
    return visited(target_classes="10")


def test_library_and_classes_move_numbers_text_and_figure(still: AppTest) -> None:
    page = visited()
    for library, name, classes in (
        ("torch", "torch", 10),
        ("origin", "origin", 10),
        ("origin", "origin", 4),
        ("annotated", "annotated-transformer", 6),
    ):
        widget(page.selectbox, "Library").set_value(library).run()
        widget(page.select_slider, "Classes K").set_value(classes).run()
        decoded = decode(name, classes, 0.1)
        assert metrics(page)["Target of the label"] == f"{decoded.label_target:.4g}"
        assert metrics(page)["Target of each other class"] == f"{decoded.other_target:.4g}"
        assert metrics(page)["Optimal logit gap"] == f"{decoded.gap:.2f}"
        assert metrics(page)["Smallest loss"] == f"{decoded.floor:.4g}"
        (formula,) = page.latex
        assert f"= {decoded.label_target:.4g}" in formula.value
        assert f"= {decoded.other_target:.4g}" in formula.value
        assert decoded.library.call in told(page)
        assert bars(page, name="target", xaxis="x2") == pytest.approx(decoded.target(1))
        assert page.query_params["library"] == library
        assert page.query_params["target_classes"] == str(classes)


def test_the_equal_epsilon_of_every_library_is_in_the_table(still: AppTest) -> None:
    expected = equivalents(decode("torch", 10, 0.1))
    assert [float(text) for text in table(still, 0)["ε there"]] == pytest.approx([e.epsilon for e in expected])
    assert table(still, 0).loc["fairseq", "ε there"] == "0.09"
    assert table(still, 0).loc["PyTorch", "how"] == "`torch.nn.CrossEntropyLoss(label_smoothing=0.1)`"
    assert "smoothing=0.09)`, V = 11" in table(still, 0).loc["The Annotated Transformer", "how"]


def test_where_no_equal_exists_the_table_says_why() -> None:
    page = visited(library="timm", negative="yes", epsilon="-0.2")
    row = table(page, 0).loc["PyTorch"]
    assert row["ε there"] == "none"
    assert "epsilon must be in [0, 1] for torch" in row["how"]


def test_the_losses_of_the_batch_are_computed_for_the_choices_made() -> None:
    page = visited(target_classes="10")
    for classes, seed in ((10, 0), (1000, 0), (1000, 5)):
        widget(page.select_slider, "Classes K").set_value(classes).run()
        widget(page.number_input, "Seed").set_value(seed).run()
        batch = side_by_side(classes, 0.1, seed)
        values = [batch.module.value, batch.others.value, batch.builtin.value, batch.uniform.value]
        assert list(table(page, 1)["value"]) == [f"{value:.6f}" for value in values]
        assert told(page).count("difference 0 in value") + told(page).count("e-1") >= 2
        assert list(table(page, 2)["value"]) == [f"{step.value:.6f}" for step in batch.way]
        assert f"ε · K/(K-1) = {batch.equal_epsilon:.6g}" in told(page)
        film = whole(page)["gradients"]
        (module,) = traces(film, name="module")
        assert module["y"] == pytest.approx([batch.module.gradient[0, k] for k in module["customdata"]])
        (left,) = traces(film, name="difference")
        place = left["customdata"].index(int(batch.labels[0]))
        assert left["y"][place] == pytest.approx(0.1 / classes)
    assert f"× {EXAMPLES} =" in told(page)


def test_a_weight_that_inverts_the_preferred_class_is_drawn_and_warned_of() -> None:
    page = visited(target_classes="2", class_weight="0.05")
    decoded = decode("torch", 2, 0.1, weight=0.05)
    assert bars(page, name="optimum with the weight", xaxis="x") == pytest.approx(decoded.optimum(0))
    (warning,) = page.warning
    assert "prefers the WRONG class" in warning.value
    assert "class 1 has probability 0.513" in warning.value
    widget(page.select_slider, "Weight of class 0").set_value(0.1).run()
    assert not page.warning
    assert bars(page, name="optimum with the weight", xaxis="x")[0] > 0.5
    widget(page.select_slider, "Weight of class 0").set_value(1.0).run()
    assert list(traces(whole(page)["decoded"], name="optimum with the weight")) == []


def test_where_nothing_goes_wrong_nothing_is_listed() -> None:
    page = visited(epsilon="0", library="liger")
    assert "Mind" not in told(page)
    assert metrics(page)["Optimal logit gap"] == "∞"
    assert "Mind, with PyTorch always" in told(visited(epsilon="0"))


def test_padding_is_named_on_the_axis_and_its_pitfall_told() -> None:
    page = visited(target_classes="10", padding="1", library="fairseq")
    layout = whole(page)["decoded"]["figure"]["layout"]
    assert layout["xaxis"]["ticktext"][:3] == ["0<br>label", "1<br>pad", "2"]
    assert "Label 1 is padding: no loss" in [note["text"] for note in layout["annotations"]]
    assert bars(page, name="target", xaxis="x2") == [0] * 10
    assert "gives it 0.0111" in told(page)


def test_fewer_classes_pull_the_padding_class_along() -> None:
    page = visited(target_classes="10", padding="9")
    widget(page.select_slider, "Classes K").set_value(4).run()
    assert chosen(page).padding == 3
    assert "Padding class: 9 is more than the number of classes allows; 3 is used." in said(page)


def test_what_a_library_does_not_take_is_said_in_the_place_of_numbers() -> None:
    page = visited(library="annotated", target_classes="2")
    (warning,) = page.warning
    assert "num_scores must be at least 3" in warning.value
    assert metrics(page) == {}
    page = visited(library="liger", negative="yes", epsilon="-0.1")
    assert "refuses it" in page.warning[0].value
    assert "has no loss below ε = 0" in told(page)


@pytest.mark.parametrize("name", SNIPPETS)
def test_the_code_shown_is_the_file_that_is_tested(name: str) -> None:
    page = visited(snippet=name)
    assert page.code[-1].value == (SNIPPET_FOLDER / f"{name}.py").read_text(encoding="utf-8").rstrip("\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_link_does_no_harm(text: str) -> None:
    page = visited(**dict.fromkeys(("library", "target_classes", "padding", "class_weight", "snippet"), text))
    assert chosen(page).corrected() == (chosen(page), [])
    assert "<script>" not in told(page)
    assert "javascript:" not in told(page)
    assert len(page.table) == 3
    assert len(whole(page)) == 2


def test_every_choice_of_the_page_is_in_its_address(still: AppTest) -> None:
    assert set(SPECS) <= set(still.query_params)


@pytest.mark.parametrize(
    ("classes", "always", "expected"),
    [
        (3, (1,), [0, 1, 2]),
        (MOST, (1, 4), list(range(MOST))),
        (1000, (1,), list(range(FEW))),
        (1000, (1, 700), [*range(FEW - 1), 700]),
        (13, (12, 11), [*range(FEW - 2), 11, 12]),
        (13, (12, 12), [*range(FEW - 1), 12]),
    ],
)
def test_at_most_a_dozen_classes_are_drawn_with_those_that_matter(
    classes: int, always: tuple[int, ...], expected: list[int]
) -> None:
    assert shown_classes(classes, *always) == expected


def test_many_classes_are_counted_and_bars_fit_into_their_axis() -> None:
    values = [-0.2, 0.9, *[0.001] * 998]
    moving = bars_figure([BarPanel("one", 1, [Bars("q", "#000000", values)])], padding=700)
    layout = moving.figure["layout"]
    assert layout["xaxis"]["title"]["text"] == "class, and 990 more"
    assert layout["xaxis"]["ticktext"][-1] == "700<br>pad"
    low, high = layout["yaxis"]["range"]
    assert low < -0.2
    assert high > 0.9
    figure = moving.plotly()
    assert len(figure.data) == 1
    assert re.fullmatch(r"class, and \d+ more", figure.layout.xaxis.title.text)
