"""The page "Your data" without a browser: from a file to the figures of another page, and what others see of it."""

import gc

import pytest
from open_pages import chosen, metrics, said, settled, told, trained_on, visited, whole, widget
from streamlit.testing.v1 import AppTest
from trained_runs import last_of

from labelsmooth.dashboard import own_data, server
from labelsmooth.dashboard.guide import RELOADING
from labelsmooth.datasets import dataset_of
from labelsmooth.own_data.held import DataGoneError, find

PAGE, LIVE = "apply/your_data.py", "experiment/train_live.py"
HOSTILE = "**x** [a](javascript:b) <script>alert(1)</script>.csv"


@pytest.fixture(autouse=True, scope="module")
def started() -> None:
    """The server, before the first visitor: as it starts it freezes what there is, and such a session never ends."""
    server.registry()


def rows(count: int = 90, classes: int = 3) -> bytes:
    """A table with a column of text, gaps, and classes that the numbers tell apart."""
    lines = [
        f"{i % classes + i / count},{i * i % 97 if i % 8 else ''},{'ab'[i % 2]},c{i % classes}" for i in range(count)
    ]
    return "\n".join(["size,rest,sort,class", *lines]).encode()


def at_your_data(**query: str) -> AppTest:
    page = visited(**query)
    page.query_params = {}  # as a browser does between pages
    return page.switch_page(PAGE).run()


def give(page: AppTest, content: bytes, name: str = "trees.csv") -> AppTest:
    (uploader,) = page.file_uploader
    uploader.set_value((name, content, "text/csv"))
    return page.run()


def imputed(page: AppTest) -> AppTest:
    return widget(page.selectbox, "Where a value is missing").set_value("impute").run()


def train(page: AppTest) -> AppTest:
    """Press the button, which shows another page; AppTest itself has to be told to stay there."""
    widget(page.button, "Train on these data").click().run()
    assert page.title[0].value == "What does label smoothing change while a network learns?"
    page.query_params = {}
    return page.switch_page(LIVE).run()


def test_the_example_is_tried_with_two_clicks() -> None:
    page = at_your_data()
    widget(page.button, "Try the example").click().run()
    assert not page.error
    assert any("178 examples" in each.value for each in page.text)
    # The example's gaps are imputed; a visitor's own are not, unless they say so.
    assert "a value is missing" in give(page, rows()).error[0].value
    widget(page.button, "Try the example").click().run()
    page = settled(train(page))
    assert "bottles.csv (yours)" in widget(page.selectbox, "Data set").options
    assert {"Barolo", "Barbera"} <= {trace.get("name") for trace in whole(page)["live"]["figure"]["data"]}


def test_a_file_goes_to_the_metrics_and_the_figure_of_another_page() -> None:
    page = give(at_your_data(), rows())
    assert "a value is missing" in page.error[0].value
    page = train(imputed(page))
    assert not page.exception
    settled(page)
    mine, last = chosen(page), last_of(trained_on(page))
    assert (mine.dataset, mine.train_size, mine.label_noise) == (page.query_params["dataset"], 54, 0.0)
    assert metrics(page)["Accuracy"].startswith(f"{100 * last.accuracy[:, 0].mean():.1f} →")
    names = {trace.get("name") for trace in whole(page)["live"]["figure"]["data"]}
    assert {"c0", "c1", "c2"} <= names
    assert last.test.inputs.shape[1] == 4
    menu = widget(page.selectbox, "Data set")
    assert menu.value == mine.dataset
    assert "trees.csv (yours)" in menu.options
    # Other data, and back.
    menu.set_value("iris").run()
    widget(page.selectbox, "Data set").set_value(mine.dataset).run()
    assert chosen(page).dataset == mine.dataset


def test_a_link_says_that_the_data_are_missing_and_takes_its_settings_back_with_them() -> None:
    first = train(imputed(give(at_your_data(seed="7"), rows())))
    widget(first.select_slider, "Smoothing ε").set_value(0.35).run()
    link = dict(first.query_params)
    second = visited(**link)
    own = link["dataset"]
    assert find(own)  # in this process, and still not for this visitor
    assert f"The data {own} are not part of the link, or the page was reloaded: digits is shown instead." in said(
        second
    )
    assert 'the page "Your data"' in said(second)
    assert (chosen(second).dataset, chosen(second).epsilon, chosen(second).seed) == ("digits", 0.35, 7)
    assert all("(yours)" not in option for option in widget(second.selectbox, "Data set").options)
    widget(second.select_slider, "Smoothing ε").set_value(0.1).run()
    second.query_params = {}
    give(second.switch_page(PAGE).run(), rows(), "the same.csv")
    assert any("needs the data" in each.value for each in second.info)
    widget(imputed(second).multiselect, "Columns to leave out").set_value(["sort"]).run()
    assert any("These are not the data of the link" in each.value for each in second.info)
    widget(second.multiselect, "Columns to leave out").set_value([]).run()
    assert any("These are the data of the link" in each.value for each in second.info)
    train(second)
    assert chosen(second) == chosen(first)
    assert "the same.csv (yours)" in widget(second.selectbox, "Data set").options
    assert "the same.csv (yours)" not in widget(first.run().selectbox, "Data set").options


def test_the_owner_can_copy_the_choices_of_the_data_in_use() -> None:
    page = imputed(give(at_your_data(), rows()))
    assert not page.code
    widget(page.multiselect, "Columns to leave out").set_value(["sort"]).run()
    train(page)
    page.query_params = {}
    page.switch_page(PAGE).run()
    recipe = "label column: class; missing values: impute; columns left out: sort"
    assert [code.value for code in page.code] == [recipe]
    # Other choices are not in use before they are trained on.
    widget(page.multiselect, "Columns to leave out").set_value([]).run()
    assert [code.value for code in page.code] == [recipe]
    assert RELOADING in told(page)


def test_data_end_with_their_session_or_when_they_are_forgotten() -> None:
    page = train(imputed(give(at_your_data(), rows(96))))
    own = chosen(page).dataset
    page.query_params = {}
    page.switch_page(PAGE).run()
    widget(page.button, "Forget my data").click().run()
    assert not page.exception
    assert chosen(page).dataset == "digits"
    gc.collect()
    with pytest.raises(DataGoneError):
        find(own)
    page.query_params = {}
    page.switch_page(LIVE).run()
    assert not page.exception
    other = train(imputed(give(at_your_data(), rows(99))))
    own = chosen(other).dataset
    assert find(own)
    del other
    gc.collect()
    with pytest.raises(DataGoneError):
        find(own)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a,b\n1\n", b"a,b\n" + b"1,2\n" * 20_001])
def test_a_file_that_cannot_be_read_takes_nothing_away(content: bytes) -> None:
    page = imputed(give(at_your_data(), rows()))
    give(page, content, HOSTILE)
    assert not page.exception
    (problem,) = page.error
    assert "<script>" not in problem.value
    assert widget(page.button, "Train on these data")
    assert widget(page.selectbox, "Where a value is missing").value == "impute"


def test_a_hostile_file_is_shown_letter_by_letter_and_trains() -> None:
    text = rows().decode().replace("size", '"<img src=x>"').replace("c0", "<b>$x$</b>").encode()
    page = train(imputed(give(at_your_data(), text, HOSTILE)))
    settled(page)
    names = {trace.get("name") for trace in whole(page)["live"]["figure"]["data"]}
    assert "‹b›＄x＄‹/b›" in names
    assert "<" not in "".join(widget(page.selectbox, "Data set").options)


@pytest.mark.parametrize(("classes", "file"), [(50, "clusters"), (2, "drag_epsilon"), (50, "calibration")])
def test_other_pages_take_few_classes_and_many(classes: int, file: str) -> None:
    page = train(imputed(give(at_your_data(), rows(12 * classes, classes))))
    page.query_params = {}
    settled(page.switch_page(f"experiment/{file}.py").run())
    assert not page.exception
    assert len(dataset_of(chosen(page).dataset).class_names) == classes
    assert whole(page)


def test_two_columns_of_numbers_get_a_decision_boundary_with_all_classes() -> None:
    page = give(at_your_data(), rows(144, 12))  # more than there are colours
    widget(page.multiselect, "Columns to leave out").set_value(["sort"]).run()
    settled(train(imputed(page)))
    names = {trace.get("name") for trace in whole(page)["boundary"]["figure"]["data"]}
    assert {f"c{k}" for k in range(12)} <= names


def test_the_example_is_understood_once_its_gaps_are_imputed_as_the_page_says() -> None:
    page = give(at_your_data(), own_data.example(), own_data.EXAMPLE)
    assert "It has gaps" in told(page)
    assert "a value is missing" in page.error[0].value
    imputed(page)
    assert not page.error
    assert widget(page.button, "Train on these data")
    assert "178 examples, 8 features, 3 classes." in "\n".join(text.value for text in page.text)
