"""The page "Your model" without a browser: what is uploaded is what is judged, and nothing that is good gets lost."""

import gc
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from addressed import at
from hostile import CORPUS, Hostile
from open_pages import left, metrics, told, traces, whole, widget
from prediction_files import File, Sample, npy, rows_of, sample, text
from streamlit.testing.v1 import AppTest

from labelsmooth.assessment.assess import assess
from labelsmooth.assessment.comparing import compare_models, pair_of
from labelsmooth.assessment.judged import Assessment
from labelsmooth.assessment.records import to_csv, to_json
from labelsmooth.assessment.words import verdict
from labelsmooth.dashboard import server
from labelsmooth.dashboard.plain import plain
from labelsmooth.dashboard.uploads import uploads
from labelsmooth.predictions.example import example_csv
from labelsmooth.predictions.given import Predictions
from labelsmooth.predictions.reading import read_predictions
from labelsmooth.predictions.tables import Table, read_table

TEST, VALIDATION, OTHER, OTHER_VALIDATION = range(4)  # the uploaders, in their order


@pytest.fixture(autouse=True, scope="module")
def started() -> None:
    """The server, before the first visitor: as it starts it freezes what there is, and such a session never ends."""
    server.registry()


def over_confident(seed: int, n: int = 200, sharper: float = 2.0) -> Sample:
    """Logits that are `sharper` times too large."""
    generator = np.random.default_rng(seed)
    given = sample(generator, "logits", n, 3)
    gumbel = generator.gumbel(size=given.values.shape)
    labels = (given.values / sharper + gumbel).argmax(1)
    return Sample(given.values, labels, given.classes, "logits")


def arrays(given: Sample) -> Predictions:
    """The same, never written to a file."""
    return Predictions(given.values, given.labels, given.classes, "logits")


GIVEN, HELD_OUT, SMOOTHED = over_confident(0), over_confident(1), over_confident(0, sharper=1.0)
FILE, VALID, SECOND = (("model.csv", text(rows_of(each))) for each in (GIVEN, HELD_OUT, SMOOTHED))


def upload(page: AppTest, place: int, *files: File) -> AppTest:
    """The page after an upload."""
    page.file_uploader[place].set_value([(name, content, "") for name, content in files])
    return page.run()


def opened(*files: File, **query: str) -> AppTest:
    """The page with these files."""
    page = at("apply/your_model.py", **query)
    return upload(page, TEST, *files) if files else page


def read_all(files: Sequence[File]) -> list[Table]:
    """Files as the page reads them."""
    return [read_table(*file) for file in files]


def errors(page: AppTest) -> list[str]:
    assert not page.exception
    return [error.value for error in page.error]


def shown_metrics(found: Assessment) -> dict[str, str]:
    """The strip for these numbers."""
    before, after = found.before, found.after
    assert after is not None
    states = (before, after)

    def pair(values: Any, digits: int = 3) -> str:
        return " → ".join(f"{value:.{digits}f}" for value in values)

    return {
        "Accuracy": f"{100 * before.curve.accuracy:.1f} %",
        "Mean confidence": pair((100 * state.curve.confidence for state in states), 1) + " %",
        "ECE": pair(found.ece(state).value for state in states),
        "NLL": pair(state.nll for state in states),
        "Temperature T": f"{found.fit.temperature:.3f}",
    }


def drawn(page: AppTest) -> tuple[list[list[float]], list[list[float]]]:
    """The accuracies of the bins, before and after, and the width of the bars."""
    figure = whole(page)["own states model"]
    points = [trace["y"] for trace in traces(figure, mode="markers")]
    bars = [trace["width"] for trace in traces(figure, type="bar", xaxis="x")]
    return points, bars


def test_uploaded_numbers_are_judged_as_the_same_arrays_and_move_with_the_bins() -> None:
    page = opened(FILE)
    for bins in (15, 7):
        widget(page.slider, "Bins").set_value(bins).run()
        found = assess(arrays(GIVEN), bins=bins, name="model.csv")
        assert errors(page) == []
        assert metrics(page) == shown_metrics(found)
        points, bars = drawn(page)
        assert found.after is not None
        for curve, y in zip((found.before.curve, found.after.curve), points, strict=True):
            assert y == pytest.approx(curve.bin_accuracy[curve.bin_count > 0], abs=1e-3)
        assert {len(widths) for widths in bars} == {bins}
        for paragraph in verdict(found):
            assert plain(paragraph).split(r"\. ")[0] in told(page)
    assert page.query_params["bins"] == "7"
    assert "Scale\\: logits" in told(page)


def test_a_link_sets_bins_and_temperature_but_brings_no_data() -> None:
    page = opened(bins="9", binning="equal-mass", temperature="2.0", score="margin", coverage="0.5")
    assert "never the data" in told(page)
    assert not page.metric
    upload(page, TEST, FILE)
    found = assess(arrays(GIVEN), bins=9, scheme="equal-mass")
    assert metrics(page) == shown_metrics(found)
    shown = whole(page)
    assert shown["own reliability"]["start"] == "2"
    page.session_state["own reliability"] = left("0.501", 1)
    assert whole(page.run())["own reliability"]["start"] == page.query_params["temperature"] == "0.501"
    assert page.table[1].value.columns[-1] == "accuracy at 50 %"
    margin = found.risks["margin"]
    assert page.table[1].value.iloc[1, 3] == f"{100 * margin.accuracy_at(0.5):.1f} %"
    (marked,) = (trace["y"] for trace in traces(shown["own risk"], mode="markers"))
    assert 1 - marked[0] == pytest.approx(margin.accuracy_at(0.5), abs=1e-4)


def test_labels_may_come_in_a_file_of_their_own_together_or_one_after_the_other() -> None:
    values = ("scores.npy", npy(GIVEN.values))
    labels = ("truth.csv", text([["y"], *([str(label)] for label in GIVEN.labels)]))
    expected = shown_metrics(assess(arrays(GIVEN)))
    assert metrics(opened(labels, values)) == expected
    page = opened(values)
    assert len(errors(page)) == 1
    assert "scores\\.npy\\: 200 rows\\, waits for labels" in told(page)
    assert errors(upload(page, TEST, ("truth.csv", b"y\n1\n2\n"))) == [
        plain("truth.csv: there are 2 labels for 200 rows of values; row 1 was taken for the header")
    ]
    assert errors(upload(page, TEST, labels)) == []
    assert metrics(page) == expected


def test_the_scale_can_be_overruled_and_a_bad_wish_keeps_the_analysis() -> None:
    probabilities = np.random.default_rng(0).dirichlet(np.ones(3), 60)
    given = Sample(probabilities, np.arange(60) % 3, ("cat", "dog", "bird"), "probabilities")
    page = opened(("p.csv", text(rows_of(given, prefix=False))))
    assert "Scale\\: probabilities" in told(page)
    as_probabilities = metrics(page)
    assert as_probabilities == shown_metrics(
        assess(Predictions(np.log(probabilities), given.labels, given.classes, "probabilities"))
    )
    widget(page.selectbox, "Scale of the numbers").set_value("logits").run()
    as_logits = metrics(page)
    assert as_logits == shown_metrics(assess(Predictions(probabilities, given.labels, given.classes, "logits")))
    assert as_logits != as_probabilities
    for wish in ("log-probabilities", "probabilities"):
        widget(page.selectbox, "Scale of the numbers").set_value(wish).run()
        bad = wish == "log-probabilities"
        assert len(errors(page)) == bad
        assert metrics(page) == (as_logits if bad else as_probabilities)
    widget(page.selectbox, "Column of the labels").set_value("dog").run()
    assert len(errors(page)) == 1
    assert metrics(page) == as_probabilities


def test_a_validation_set_fits_the_temperature_and_one_of_other_classes_is_not_used() -> None:
    page = upload(opened(FILE), VALIDATION, VALID)
    assert metrics(page) == shown_metrics(assess(arrays(GIVEN), arrays(HELD_OUT)))
    assert errors(page) == []
    order = [2, 0, 1]
    classes = tuple(HELD_OUT.classes[k] for k in order)
    moved = Sample(HELD_OUT.values[:, order], np.argsort(order)[HELD_OUT.labels], classes, "logits")
    expected = metrics(page)
    upload(page, VALIDATION, ("moved.csv", text(rows_of(moved))))
    assert (metrics(page), errors(page)) == (expected, [])
    other = text([["a", "b", "label"], ["1", "2", "a"], ["2", "1", "b"]])
    upload(page, VALIDATION, ("<b>other.csv", other))
    refusal = "the test and the validation set must have the same classes: there are 3 and 2"
    assert errors(page) == [plain(f"<b>other.csv: {refusal}. It is not used.")]
    assert metrics(page) == shown_metrics(assess(arrays(GIVEN)))


def test_a_second_model_is_compared_with_the_first() -> None:
    page = upload(opened(FILE), OTHER, ("model.csv", SECOND[1]))
    pair_numbers = (arrays(GIVEN), arrays(SMOOTHED))
    first, second = (
        assess(each, name=name) for each, name in zip(pair_numbers, ("model.csv", "model.csv (2)"), strict=True)
    )
    assert errors(page) == []
    for paragraph in compare_models(pair_of(*pair_numbers, first, second))[1:]:
        assert plain(paragraph) in told(page)
    assert [metric.value for metric in page.metric] == [*shown_metrics(first).values(), *shown_metrics(second).values()]
    assert len(list(traces(whole(page)["own losses"], name="second model"))) == 2
    assert list(page.table[1].value["as it is"]) == [f"{each.value:.3f}" for each in second.before.estimates]
    upload(page, OTHER, ("b.csv", text([["a", "b", "label"], ["1", "2", "a"], ["2", "1", "b"]])))
    assert len(errors(page)) == 1
    assert plain("The models cannot be compared: b.csv must have the same classes") in errors(page)[0]


def test_the_example_is_judged_without_an_upload() -> None:
    page = opened()
    widget(page.button, "Try the example").click().run()
    test, validation = (
        read_predictions([read_table("x.csv", example_csv(part))]).predictions for part in ("test", "validation")
    )
    assert errors(page) == []
    assert metrics(page) == shown_metrics(assess(test, validation))
    # The example's validation set is not that of another model.
    assert metrics(upload(page, TEST, FILE)) == shown_metrics(assess(arrays(GIVEN)))
    assert errors(page) == []


def test_pasted_text_is_read_like_a_file() -> None:
    page = opened()
    page.text_area[TEST].set_value(FILE[1].decode())
    next(button for button in page.button if button.label == "Read the text").click().run()
    assert metrics(page) == shown_metrics(assess(arrays(GIVEN)))


def test_leaving_the_page_and_coming_back_shows_the_same() -> None:
    page = opened(FILE)
    before = metrics(page), told(page)
    page.switch_page("understand/claims.py").run()
    assert metrics(page) == {}
    page.switch_page("apply/your_model.py").run()
    assert (metrics(page), told(page)) == before


def test_what_is_downloaded_are_the_numbers_of_the_assessment(monkeypatch: pytest.MonkeyPatch) -> None:
    offered: dict[str, Callable[[], Any]] = {}

    def offer(label: str, make: Callable[[], Any], *_: object, **__: object) -> None:
        offered[label] = make

    monkeypatch.setattr("streamlit.download_button", offer)
    upload(opened(FILE), OTHER, SECOND)
    found = assess(arrays(GIVEN), name="model.csv")
    assert offered["Numbers of the first model as JSON"]() == to_json(found)
    assert offered["Numbers of the first model as CSV"]() == to_csv(found)
    report = offered["Report as HTML"]()
    assert all(word in report for word in ("model.csv", f"{found.before.nll:.4f}", "Both models"))
    assert offered["Example file, test data"]() == example_csv("test")


@pytest.fixture(scope="module")
def judged_page() -> AppTest:
    """A page with a good analysis, for uploads that must not change it."""
    return opened(FILE)


@pytest.mark.parametrize("bad", CORPUS[::21], ids=lambda bad: bad.kind)
def test_a_malformed_file_gives_one_error_and_keeps_the_analysis(judged_page: AppTest, bad: Hostile) -> None:
    expected = metrics(judged_page)
    upload(judged_page, TEST, *bad.files)
    (error,) = errors(judged_page)
    assert error.endswith(plain("Shown is still what was found in model.csv."))
    assert metrics(judged_page) == expected != {}


def test_uploads_end_with_their_session_and_with_the_button(monkeypatch: pytest.MonkeyPatch) -> None:
    gc.collect()
    start = uploads().used
    page = opened(FILE)
    held = uploads().used - start
    assert held > GIVEN.values.nbytes * 2
    monkeypatch.setattr(uploads(), "limit", uploads().used + 1000)
    upload(page, VALIDATION, VALID)
    (error,) = errors(page)
    assert "please remove something" in error
    assert metrics(page) == shown_metrics(assess(arrays(GIVEN)))
    assert uploads().used - start == held
    reading = weakref.ref(page.session_state["own model"].model.reading)
    widget(page.button, "Remove").click().run()
    gc.collect()
    assert uploads().used == start
    assert reading() is None
    assert not page.metric
    upload(page, TEST, FILE)
    del page
    gc.collect()
    assert uploads().used == start
