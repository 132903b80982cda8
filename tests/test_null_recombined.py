"""Laws of the table of calibration errors beside chance, whether every label is drawn or blocks of them recombined."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from classifiers import Floats, Ints, classifier
from scipy.stats import ks_2samp
from test_estimators import NAMES, singles

from labelsmooth import estimators, null_draws, null_recombined, rows
from labelsmooth.calibration import null_ece, softmax
from labelsmooth.estimators import calibration_table


@pytest.fixture(params=[estimators.WHOLE, 0], ids=["every label drawn", "recombined"])
def null(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Rows up to which the table draws every label."""
    monkeypatch.setattr(estimators, "WHOLE", request.param)
    return int(request.param)


@pytest.mark.parametrize(("n", "classes", "bins"), [(450, 4, 15), (7, 2, 15), (1, 3, 1), (100, 12, 4)])
@pytest.mark.usefixtures("null")
def test_the_table_has_the_values_of_the_single_functions(n: int, classes: int, bins: int) -> None:
    probs, labels = classifier(n, n, classes)
    table = calibration_table(probs, labels, bins, draws=20)
    assert tuple(row.name for row in table) == NAMES
    assert [row.value for row in table] == pytest.approx(singles(probs, labels, bins), rel=1e-9, abs=1e-12)
    for row in table:
        assert row.null_low <= row.null_median <= row.null_high
        assert 0 <= row.p_value <= 1


@pytest.mark.usefixtures("null")
def test_the_seed_fixes_the_table_and_the_sizes_of_blocks_and_the_cores_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    probs, labels = classifier(2, n=450)
    table = calibration_table(probs, labels, draws=30)
    assert calibration_table(probs, labels, draws=30, seed=1) != table
    for module, name, value in ((null_draws, "BLOCK", 1000), (null_recombined, "BLOCK", 1000), (rows, "CHUNK", 20)):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(rows, "CORES", 3)
    again = calibration_table(probs, labels, draws=30, seed=np.random.default_rng(0))
    for row, other in zip(table, again, strict=True):
        assert list(vars(row).values())[1:] == pytest.approx(list(vars(other).values())[1:], abs=1e-9)


def test_drawn_labels_follow_their_probabilities() -> None:
    """Also where printed digits do not sum to 1."""
    probs = np.array([[0.0, 0.2, 0.8, 0.0], [0.6, 0.3995, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]])
    drawn = np.concatenate(list(null_draws.drawn_labels(probs, 20_000, np.random.default_rng(0))))
    share = np.stack([(drawn == k).mean(axis=0) for k in range(4)], axis=1)
    assert (share[probs == 0] == 0).all()
    np.testing.assert_allclose(share, probs, atol=0.015)


def drawn_by_both(given: tuple[Floats, Ints], draws: int) -> Iterator[tuple[str, Floats, Floats]]:
    """The name of each error, so many draws of it with every label drawn, and as many recombined ones of six seeds."""
    _, every = null_draws.errors_of_draws(*given, 15, draws, np.random.default_rng(0))
    pools = [
        null_recombined.errors_of_recombined_draws(*given, 15, draws // 6, np.random.default_rng(seed))[1]
        for seed in range(6)
    ]
    assert every.keys() == pools[0].keys() == set(NAMES)
    for name, drawn in every.items():
        yield name, drawn.round(12), np.concatenate([pool[name] for pool in pools]).round(12)


@pytest.mark.parametrize(("n", "classes"), [(1200, 2), (1200, 5), (300, 40)])
def test_recombined_draws_have_the_quantiles_of_draws_of_every_label(n: int, classes: int) -> None:
    """Medians within .2 standard deviations of the errors and tails within .3, of which the draws leave half; the
    distribution functions within .1.
    """
    for name, drawn, recombined in drawn_by_both(classifier(n + classes, n, classes), 900):
        wanted, found = (np.quantile(values, [0.05, 0.5, 0.95]) for values in (drawn, recombined))
        assert ks_2samp(drawn, recombined).statistic < 0.1, name
        if name != "MCE":  # often that of a single example: its quantiles jump
            assert (np.abs(found - wanted) <= drawn.std() * np.array([0.3, 0.2, 0.3])).all(), name


@pytest.mark.parametrize("by", ["confidence", "class"])
def test_the_order_of_rows_does_not_thin_the_recombined_draws(by: str) -> None:
    """Of three classes, nearly all rows certain; those that are left to chance come last, or last of their class."""
    generator = np.random.default_rng(0)
    logits = 12 * np.eye(3)[np.arange(2400) % 3]
    logits[-60:] = generator.normal(size=(60, 3))
    logits = logits[np.argsort(-(logits.max(axis=1) if by == "confidence" else logits.argmax(axis=1)), kind="stable")]
    given = softmax(logits), np.argmax(logits + generator.gumbel(size=logits.shape), axis=1)
    for name, drawn, recombined in drawn_by_both(given, 600):
        if name in ("class-wise ECE", "ACE"):
            assert ks_2samp(drawn, recombined).statistic < 0.1, name
            assert len(set(recombined)) > 0.7 * len(set(drawn)), name


@pytest.mark.usefixtures("null")
def test_every_row_is_in_a_draw_once_with_the_chances_of_its_sum() -> None:
    """Certain labels, whose printed digits do not sum to 1, have the errors of every draw."""
    for row in calibration_table(0.9995 * np.eye(3)[np.arange(200) % 3], np.arange(200) % 3, draws=20):
        assert row.value > 1e-5
        assert (row.null_low, row.null_high) == pytest.approx((row.value, row.value), rel=1e-3)


def test_p_values_of_calibrated_models_are_uniform(null: int) -> None:
    """Of 100 or 40 data sets a fifth has p <= .2 and a fifth p > .8, within 3 standard errors of .04 or .06.

    Ties count towards p: the clipped error often is 0 as are its draws, and the MCE is mostly that of a single example,
    so that theirs are larger.
    """
    tables = [
        calibration_table(probs, labels, bins=8, draws=39, seed=seed)
        for seed in range(100 if null else 40)
        for probs, labels in [classifier(seed, 60, 3)]
    ]
    allowed = 3 * math.sqrt(0.2 * 0.8 / len(tables))
    for name, column in zip(NAMES, zip(*tables, strict=True), strict=True):
        p = np.array([row.p_value for row in column])
        tied = name in {"RMS error, debiased", "MCE"}
        assert (0.0 if tied else 0.2 - allowed) <= (p <= 0.2).mean() <= 0.2 + allowed, name
        assert 0.2 - allowed <= (p > 0.8).mean() <= (1.0 if tied else 0.2 + allowed), name


def test_the_order_of_rows_changes_no_value() -> None:
    probs, labels = classifier(1, n=450, scale=2.0)
    probs = probs.round(2) / probs.round(2).sum(axis=1, keepdims=True)  # with ties
    order = np.random.default_rng(0).permutation(len(labels))
    tables = [calibration_table(probs[own], labels[own], draws=1) for own in (np.arange(len(labels)), order)]
    assert [row.value for row in tables[0]] == pytest.approx([row.value for row in tables[1]], abs=1e-9)


def test_the_null_of_the_table_is_that_of_null_ece() -> None:
    """The top label of a label drawn from p is right with the probability of the confidence."""
    probs, labels = classifier(2, n=450)
    row, other = calibration_table(probs, labels, draws=600)[0], null_ece(probs.max(axis=1), draws=600)
    found = (row.null_low, row.null_median, row.null_high)
    assert found == pytest.approx((other.low, other.median, other.high), rel=0.08)


def test_an_over_confident_model_is_told_from_chance() -> None:
    """By all but the MCE, which chance alone makes large in the emptiest bin."""
    table = calibration_table(*classifier(0, 600, scale=3.0))
    assert [row.name for row in table if row.p_value > 0.01 or row.value <= row.null_high] == ["MCE"]
