"""What the page "Your model" says beside its numbers: what they rest on, what is missing, what was refused."""

import numpy as np
import pytest
from open_pages import metrics, settled, told, widget
from prediction_files import Sample, rows_of, text
from test_your_model_page import (
    FILE,
    GIVEN,
    HELD_OUT,
    OTHER,
    OTHER_VALIDATION,
    SECOND,
    SMOOTHED,
    TEST,
    VALID,
    VALIDATION,
    arrays,
    errors,
    opened,
    shown_metrics,
    upload,
)

from labelsmooth.assessment.assess import assess
from labelsmooth.dashboard.guide import ESTIMATORS, RANKINGS, RELOADING
from labelsmooth.dashboard.plain import plain
from labelsmooth.predictions.given import Predictions


@pytest.mark.parametrize(("first", "second"), [(TEST, VALIDATION), (OTHER, OTHER_VALIDATION)])
def test_a_validation_set_is_named_and_one_that_was_given_for_another_model_too(first: int, second: int) -> None:
    page = upload(opened(), first, FILE)
    assert plain("cross-fitted on 200 rows of model.csv") in told(page)
    upload(page, second, ("held_out.csv", VALID[1]))
    fitted = plain("Temperature: fitted on 200 rows of held_out.csv.")
    still = plain("The validation set held_out.csv is still used for this model.")
    assert fitted in told(page)
    assert still not in told(page)
    assert any(fitted in metric.help for metric in page.metric)
    upload(page, first, SECOND)
    assert metrics(page) == shown_metrics(assess(arrays(SMOOTHED), arrays(HELD_OUT)))
    assert fitted in told(page)
    assert still in told(page)
    widget(page.button, "Remove the validation set").click().run()
    assert metrics(page) == shown_metrics(assess(arrays(SMOOTHED)))
    assert fitted not in told(page)
    # One that comes first, and one that comes last, are of this model.
    upload(page, second, ("held_out.csv", VALID[1]))
    assert still not in told(page)


def test_the_page_says_what_is_missing_and_keeps_open_what_holds_something() -> None:
    page = opened()
    beside = next(each for each in page.expander if each.label.startswith("Add a validation set"))
    assert not beside.proto.expanded
    assert page.file_uploader[TEST].label.endswith("(CSV, Parquet, NPZ, NPY)")
    assert RELOADING in told(page)
    upload(page, VALIDATION, VALID).run()
    assert next(each for each in page.expander if each.label.startswith("Add a validation set")).proto.expanded
    assert "no predictions on test data yet" in told(page)
    assert "no predictions here yet" not in told(page)
    upload(page, OTHER, SECOND)
    assert "it is judged alone" in told(page)
    assert metrics(page) == shown_metrics(assess(arrays(SMOOTHED)))
    upload(page, TEST, FILE)
    assert "it is judged alone" not in told(page)


def test_two_complete_files_are_not_taken_for_scores_and_labels() -> None:
    page = opened(("a.csv", FILE[1]), ("b.csv", SECOND[1]))
    (error,) = errors(page)
    assert plain("both files are complete predictions: give the second one as the second model") in error
    assert not page.metric


def test_rows_of_impossible_labels_are_left_out_of_the_nll_and_a_bound_is_no_temperature_to_use() -> None:
    probabilities = np.random.default_rng(0).dirichlet(np.ones(3), 60)
    probabilities[:7] = [0.0, 0.4, 0.6]
    labels = np.append(np.zeros(7, int), np.arange(53) % 3)
    given = Sample(probabilities, labels, ("cat", "dog", "bird"), "probabilities")
    page = opened(("p.csv", text(rows_of(given))))
    with np.errstate(divide="ignore"):
        change = assess(Predictions(np.log(probabilities), labels, given.classes, "probabilities")).nll_change
    assert change is not None
    nll = widget(page.metric, "NLL")
    assert (nll.value, nll.delta) == (f"{change.hard:.3f} → {change.smoothed:.3f}", "7 rows left out")
    right = Sample(GIVEN.values, GIVEN.values.argmax(1), GIVEN.classes, "logits")
    upload(page, TEST, ("right.csv", text(rows_of(right))))
    assert widget(page.metric, "Temperature T").delta == "not usable"
    assert widget(page.metric, "NLL").delta == ""
    assert all("-" not in cell for cell in page.table[0].value["as it is"])


def test_text_that_is_refused_stays_and_an_empty_one_clears_nothing() -> None:
    page = opened(FILE)

    def read(pasted: str) -> list[str]:
        page.text_area[TEST].set_value(pasted)
        next(button for button in page.button if button.label == "Read the text").click().run()
        return errors(page)

    for bad in ("cat,dog,label\n0.5,nan,cat\n", " \n"):
        (error,) = read(bad)
        assert page.text_area[TEST].value == bad
        assert metrics(page) == shown_metrics(assess(arrays(GIVEN)))
    assert "there is no text to read" in error
    assert plain("model.csv: 200 rows") in told(page)
    assert read(SECOND[1].decode()) == []
    assert page.text_area[TEST].value == ""


def test_both_pages_explain_the_estimators_with_the_same_words() -> None:
    page = opened(FILE)
    assert ESTIMATORS in told(page)
    assert RANKINGS in told(page)
    settled(page.switch_page("experiment/calibration.py").run())
    assert ESTIMATORS in told(page)
    assert RANKINGS in told(page)
