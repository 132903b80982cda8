"""What a visitor can take home from the page "Your model", made when it is asked for."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from labelsmooth.assessment.records import to_csv, to_json
from labelsmooth.assessment.words import verdict
from labelsmooth.dashboard.your_model import Judged
from labelsmooth.dashboard.your_model_pictures import names
from labelsmooth.figures import report


def own_downloads(models: Sequence[Judged], compared: Sequence[str], coverage: float) -> None:
    """The report of all models as one HTML file, and the numbers of each as JSON and CSV."""
    with st.container(horizontal=True):
        _button("Report as HTML", partial(_report, models, compared, coverage), "report.html", "text/html")
        for number, (name, judged) in enumerate(zip(names(models), models, strict=True), start=1):
            part, end = (f" of the {name}", f"-{number}") if len(models) > 1 else ("", "")
            found = judged.assessment
            _button(f"Numbers{part} as JSON", partial(to_json, found), f"calibration{end}.json", "application/json")
            _button(f"Numbers{part} as CSV", partial(to_csv, found), f"calibration{end}.csv", "text/csv")


def _button(label: str, make: Callable[[], str], file: str, kind: str) -> None:
    st.download_button(label, make, file, kind, key=f"own {file}", on_click="ignore")


def _report(models: Sequence[Judged], compared: Sequence[str], coverage: float) -> str:
    """The report; the second model is in it where it can be compared with the first."""
    first, *others = [
        report.Judged(judged.assessment, judged.predictions, judged.understood, verdict(judged.assessment))
        for judged in models
    ]
    pair = report.Rival(others[0], compared) if others and compared else None
    return report.assessment_report(
        first.assessment, first.predictions, first.understood, first.paragraphs, pair, coverage
    )
