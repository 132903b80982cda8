"""Your model: predictions of a model of one's own, judged as on the page "Calibration", with an answer in words."""

import streamlit as st

from labelsmooth.assessment.words import verdict
from labelsmooth.dashboard.controls import choices
from labelsmooth.dashboard.desk import current
from labelsmooth.dashboard.guide import ESTIMATORS, RANKINGS, RISK
from labelsmooth.dashboard.plain import plain
from labelsmooth.dashboard.your_model import bench
from labelsmooth.dashboard.your_model_downloads import own_downloads
from labelsmooth.dashboard.your_model_files import examples, given
from labelsmooth.dashboard.your_model_guide import no_data, privacy, your_model_guide
from labelsmooth.dashboard.your_model_numbers import estimates_table, metric_strip, risk_table, temperature_source
from labelsmooth.dashboard.your_model_pictures import (
    before_after,
    both_models,
    event_choice,
    names,
    paragraphs,
    risk_curves,
    temperature_films,
)

settings, mine = current(), bench()
st.markdown(
    "Upload what your model said of **test data**: for each example its logits or probabilities, and the right label. "
    "The page answers whether the model is over- or under-confident, what a temperature buys, and whether smoothing "
    "would push the right way."
)
given(
    mine.model,
    "model",
    "Predictions on test data, in one file, or scores and labels in two",
    "A column of scores for each class, and one of labels. TSV and packed CSV are read, too.",
)
examples(mine)
privacy()
# Above the other uploads, which change what it says: whoever gave one file sees what came of it.
answer = st.container()
beside = (mine.validation, mine.other, mine.other_validation)
# What is wrong in there, or stands alone, must be seen.
unsettled = any(slot.problem or (slot.held and not mine.model.held) for slot in beside)
with st.expander("Add a validation set, or the same model trained with smoothing", expanded=unsettled):
    st.markdown(
        "With a **validation set** (examples that are in neither the training nor the test data) the temperature is "
        "fitted there. A **second model** is compared with the first: if one of them was trained with label smoothing, "
        "give that one here."
    )
    given(mine.validation, "validation", "Validation set", "Predictions of the same model on validation data.")
    given(mine.other, "other", "Second model, trained with smoothing", "Predictions on the same test data.")
    given(
        mine.other_validation,
        "other validation",
        "Validation set of the second model",
        "Predictions of the second model on validation data.",
    )

with answer:
    controls = st.container()
    with st.spinner("Judging every row, and labels drawn from the model's own probabilities"):
        models = mine.judged(settings.bins, settings.binning)
if not models:
    no_data(mine)
else:
    with controls:
        choices("bins", "binning")
        if mine.model.reading is None:
            st.caption("Only a second model is given: it is judged alone.")
    compared = tuple[str, ...]()
    with answer:
        if len(models) > 1:
            st.subheader("Both models")
            compared = both_models(mine, models)
        for name, judged in zip(names(models), models, strict=True):
            if len(models) > 1:
                st.subheader(plain(f"The {name}: {judged.assessment.name}"), anchor=False)
            if judged.problem:
                st.error(plain(judged.problem))
            paragraphs(verdict(judged.assessment))
            metric_strip(judged)
            temperature_source(mine, judged)
            before_after(judged)
    st.subheader("Any other temperature")
    temperature_films(mine, models, settings, event_choice(models))
    st.subheader("One question, many estimators")
    for name, judged in zip(names(models), models, strict=True):
        if len(models) > 1:
            st.markdown(f"**The {name}**")
        estimates_table(judged)
    st.caption(ESTIMATORS)
    st.subheader("What if the model answers only where it is sure?")
    choices("score", "coverage")
    risk_curves(models, settings)
    risk_table(models, settings)
    st.caption(f"{RISK} {RANKINGS}")
    own_downloads(models, compared, settings.coverage)
your_model_guide()
