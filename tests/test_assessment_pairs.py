"""Two models are compared over the right rows, and what is said of them follows from the numbers."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from test_assessment import honest, of_probabilities
from test_assessment_words import change

from labelsmooth.assessment.assess import assess
from labelsmooth.assessment.comparing import Contrast, Pair, compare_models, pair_of
from labelsmooth.assessment.losses import losses_at
from labelsmooth.calibration import log_softmax, nll
from labelsmooth.comparison import Comparison, compare, compare_unpaired
from labelsmooth.cross_fit import cross_fit_temperature
from labelsmooth.predictions.given import Predictions


def pair(first: Predictions, second: Predictions) -> Pair:
    return pair_of(first, second, assess(first, name="hard"), assess(second, name="smoothed"))


def test_two_models_of_one_name_are_numbered_and_other_classes_refused_by_name() -> None:
    first = honest(30)
    judged = assess(first, name="net.csv")
    assert pair_of(first, first, judged, judged).names == ("net.csv (1)", "net.csv (2)")
    turned = replace(first, classes=first.classes[::-1])
    with pytest.raises(ValueError, match=r"^other\.csv must have .*, 4 classes \('a', .*, got 4 classes \('d', "):
        pair_of(first, turned, judged, replace(judged, name="other.csv"))


def test_the_same_rows_are_compared_row_by_row() -> None:
    first, second = honest(300, factor=3), replace(honest(300), logits=honest(300).logits[:, ::-1].copy())
    found = pair(first, second)
    assert found.paired
    right = [predictions.logits.argmax(axis=1) == predictions.labels for predictions in (first, second)]
    witness = stats.ttest_rel(right[1] * 1.0, right[0] * 1.0).confidence_interval(0.95)
    assert (found.accuracy.low, found.accuracy.high) == pytest.approx((witness.low, witness.high))
    plain = [-log_softmax(predictions.logits)[np.arange(300), first.labels] for predictions in (first, second)]
    assert found.as_they_are.nll is not None
    assert found.as_they_are.nll.half_width == pytest.approx(compare(*plain).half_width)
    crossed = cross_fit_temperature(first.logits, first.labels)
    scaled = log_softmax(first.logits / crossed.temperatures[crossed.fold, None])
    assert found.rivals is not None
    assert found.rivals.nll is not None
    assert found.rivals.nll.hard == pytest.approx(nll(scaled, first.labels))
    assert found.rivals.nll.smoothed == pytest.approx(plain[1].mean())
    assert found.rivals.gap.hard == pytest.approx(np.exp(scaled.max(axis=1)).mean() - right[0].mean())
    assert found.scaled is not None
    assert found.scaled.brier.hard == found.rivals.brier.hard


def test_other_rows_are_compared_as_samples() -> None:
    first, second = honest(300, factor=3), honest(200, seed=1)
    found = pair(first, second)
    assert (found.paired, found.rows) == (False, (300, 200))
    losses = [losses_at(predictions, np.ones(1))[1].brier for predictions in (second, first)]
    witness = stats.ttest_ind(*losses, equal_var=False).confidence_interval(0.95)
    brier = found.as_they_are.brier
    assert (brier.low, brier.high) == pytest.approx((witness.low, witness.high))


def test_welch_by_hand_and_by_samples() -> None:
    """(0, 2) and (1, 5): variances 2 and 8, error sqrt(5), 25 / (1 + 16) degrees of freedom."""
    found = compare_unpaired(np.array([0.0, 2.0]), np.array([1.0, 5.0]))
    assert (found.hard, found.smoothed, found.difference, found.seeds) == (1, 3, 2, 2)
    assert found.half_width == pytest.approx(stats.t.ppf(0.975, 25 / 17) * 5**0.5)
    assert compare_unpaired(np.ones(1), np.ones(5)).half_width == np.inf
    assert compare_unpaired(np.ones(3), np.zeros(4)).half_width == 0
    generator = np.random.default_rng(0)
    samples = [(generator.normal(size=8), generator.normal(1, 3, size=20)) for _ in range(1000)]
    covered = [result.low <= 1 <= result.high for result in (compare_unpaired(*sample) for sample in samples)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.02)


def test_impossible_labels_of_either_model_are_left_out_of_a_paired_likelihood() -> None:
    first = of_probabilities([[0.5, 0.5], [1.0, 0.0], [0.9, 0.1], [0.4, 0.6]] * 5, [0, 1, 1, 1] * 5)
    second = of_probabilities([[0.0, 1.0], [0.5, 0.5], [0.8, 0.2], [0.3, 0.7]] * 5, [0, 1, 1, 1] * 5)
    judged = assess(first), assess(second)
    found = pair_of(first, second, *judged)
    assert found.left_out == (10, 10)
    assert found.as_they_are.nll is not None
    assert found.as_they_are.nll.seeds == 10
    other = replace(second, labels=second.labels[::-1], logits=second.logits[::-1])
    assert pair_of(first, other, judged[0], judged[1]).left_out == (5, 5)


def test_a_temperature_that_harms_or_has_no_end_is_no_rival() -> None:
    predictions = honest(60)
    found = assess(predictions)
    worse = Comparison(0.5, 0.7, 0.2, 0.01, 60)
    harmed = pair_of(predictions, predictions, replace(found, nll_change=worse, brier_change=worse), found)
    assert harmed.rivals is None
    assert harmed.scaled is not None
    endless = replace(found, fit=replace(found.fit, optimum="zero"))
    assert pair_of(predictions, predictions, found, endless).scaled is None
    assert pair_of(predictions, predictions, endless, found).rivals is None


def contrast(nll: float | None, brier: float) -> Contrast:
    return Contrast(None if nll is None else change(nll), change(brier), change(-0.2, before=0.15))


def compared(**fields: Any) -> Pair:
    better = contrast(-0.1, -0.1)
    pair = Pair(("A", "B"), (400, 400), True, (0, 0), change(0.02), better, better, better)
    return replace(pair, **fields)


def starting(words: Iterable[str], start: str) -> str:
    (found,) = (paragraph for paragraph in words if paragraph.startswith(start))
    return found


@pytest.mark.parametrize(
    ("nll", "brier", "better", "choice"),
    [
        (-0.1, -0.1, "So B is better.", "So smoothing gives this model more than a temperature does."),
        (0.1, 0.0, "So A is better.", "So keep the labels hard and scale the logits."),
        (0.1, -0.1, "So the losses disagree.", "So it depends on which of the losses counts."),
        (0.002, -0.1, "So it is open which is better: ", "So it is open: what is told of one loss, the mean"),
        (0.002, -0.002, "undecided.", "So these rows give no reason to train with smoothing: a temperature"),
        (None, -0.1, "So B is better.", "So smoothing gives this model more than a temperature does."),
    ],
)
def test_which_model_is_better_follows_from_the_losses(
    nll: float | None, brier: float, better: str, choice: str
) -> None:
    sides = contrast(nll, brier)
    words = compare_models(compared(as_they_are=sides, scaled=sides, rivals=sides))
    assert better in starting(words, "Both as they are: ")
    assert better in starting(words, "Both with their own temperatures: ")
    assert choice in starting(words, "The practical question, B as it is against A with its temperature: ")
    assert "confidence less accuracy goes from +0.150 to −0.050, −0.200 (95 % interval −0.210 to −0.190)" in words[1]


@pytest.mark.parametrize(("after", "turned"), [(-0.1, True), (0.1, False)])
def test_a_smoothed_model_may_need_a_temperature_too(after: float, turned: bool) -> None:
    pair = compared(rivals=contrast(0.1, 0.1), scaled=contrast(after, after))
    assert ("unless the smoothed model is scaled as well" in compare_models(pair)[-1]) == turned


def test_how_the_rows_were_compared_is_said() -> None:
    accuracy = change(0.004)
    paired = compare_models(compared(accuracy=accuracy))[0]
    assert "in pairs of 400 rows, since the labels agree row by row: this supposes that the rows are the same" in paired
    assert "+0.4 points (95 % interval −0.6 to +1.4: undecided)" in paired
    other = compare_models(compared(paired=False, rows=(400, 90)))[0]
    assert "as samples of 400 and 90 rows: the labels differ in order or number, so they are taken for" in other
    assert "With so few rows" in other
    assert "With so few rows" not in paired
    left_out = compare_models(compared(left_out=(2, 2)))[1]
    assert "the NLL (without 2 rows whose label has the probability 0) goes" in left_out


def test_without_a_temperature_only_what_is_known_is_compared() -> None:
    words = compare_models(compared(scaled=None, rivals=None))
    assert words[2:] == ("A temperature is of no use for A here, so B against A as they are is what counts.",)
