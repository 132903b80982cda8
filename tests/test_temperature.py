"""Laws of the fitted temperature."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from labelsmooth import likelihood, rows, temperature
from labelsmooth.calibration import log_softmax, nll, reliability_curve, softmax
from labelsmooth.temperature import fit_temperature

INF = float("inf")
Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def validation(seed: int, true_temperature: float, n: int = 400, classes: int = 5) -> tuple[Floats, Ints]:
    """Logits (N, K) whose labels follow softmax(logits / T)."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(n, classes)) * 2 * true_temperature
    return logits, np.argmax(logits / true_temperature + generator.gumbel(size=logits.shape), axis=1)


def loss(b: float, logits: Floats, labels: Ints) -> float:
    """NLL at T = 1 / b, written out."""
    return float(np.mean(logsumexp(b * logits, axis=1) - b * logits[np.arange(len(labels)), labels]))


@pytest.mark.parametrize(
    ("logits", "labels", "temperature", "at_bound", "optimum"),
    [
        ([[0, 1]] * 4, [1, 1, 1, 0], 1 / np.log(3), None, "finite"),
        ([[3, 2, -4]] * 3, [1, 1, 1], 3.906774, None, "finite"),  # all wrong
        ([[1, 0], [1, 0], [10, 0]], [0, 0, 1], 20.0, "upper", "infinite"),  # two of three right
        ([[1, 0], [0, 3]], [1, 0], 20.0, "upper", "infinite"),  # two classes, all wrong
        ([[0, 1], [0, 1]], [0, 1], 20.0, "upper", "infinite"),  # the sum is exactly 0
        ([[0, 1e-200]] * 2, [0, 1], 20.0, "upper", "infinite"),  # the derivative is 0 to the last bit
        ([[2, 0, 1], [0, 3, 0]], [0, 1], 0.05, "lower", "zero"),  # all right
        ([[1, 1, 0], [2, 0, 0]], [1, 0], 0.05, "lower", "zero"),  # a tie is not an error
        ([[0, -1e6]], [0], 0.05, "lower", "zero"),  # and here
        ([[5, 0], [5, 0], [0, 1e-50]], [0, 0, 0], 0.05, "lower", "finite"),  # one tiny error
        ([[2, -INF, 0]] * 3, [0, 0, 2], 2 / np.log(2), None, "finite"),  # a masked class
    ],
)
def test_temperature_by_hand(
    logits: list[list[float]], labels: list[int], temperature: float, at_bound: str | None, optimum: str
) -> None:
    fit = fit_temperature(logits, labels)
    assert fit.temperature == pytest.approx(temperature, abs=1e-6)
    assert (fit.at_bound, fit.optimum, fit.flat) == (at_bound, optimum, False)


@pytest.mark.parametrize(
    ("logits", "labels", "value"),
    [
        ([[1, 1, 1], [-2, -2, -2]], [0, 1], np.log(3)),
        ([[4, -INF, 4]], [2], np.log(2)),
        ([[4, -INF, 1]], [1], INF),
        (np.zeros((0, 3)), np.zeros(0, np.intp), np.nan),
    ],
    ids=["constant", "constant but for a mask", "masked label", "no rows"],
)
def test_a_flat_loss_keeps_temperature_one(logits: Floats, labels: Ints, value: float) -> None:
    fit = fit_temperature(logits, labels)
    assert fit.flat
    assert (fit.temperature, fit.at_bound, fit.optimum) == (1, None, None)
    assert [fit.nll_before, fit.nll_after] == pytest.approx([value, value], nan_ok=True)


def test_towards_zero_the_loss_is_the_mean_log_of_the_ties() -> None:
    fit = fit_temperature([[1, 1, 0], [2, 0, 0]], [1, 0], bounds=(1e-3, 1))
    assert fit.nll_after == pytest.approx(np.log(2) / 2)


@pytest.mark.parametrize("bounds", [(2.0, 20.0), (0.05, 0.5)])
def test_a_finite_optimum_outside_the_bounds_ends_at_the_nearer_one(bounds: tuple[float, float]) -> None:
    fit = fit_temperature([[0, 1]] * 4, [1, 1, 1, 0], bounds)
    lower = bounds[0] > 1
    assert fit.temperature == bounds[0 if lower else 1]
    assert (fit.at_bound, fit.optimum) == ("lower" if lower else "upper", "finite")


@pytest.mark.parametrize("true_temperature", [0.07, 0.3, 1.0, 4.0, 15.0])
def test_temperature_is_the_one_that_a_minimiser_and_a_difference_quotient_find(
    true_temperature: float,
) -> None:
    logits, labels = validation(0, true_temperature)
    fit = fit_temperature(logits, labels)
    peer = minimize_scalar(loss, bounds=(0.05, 20), args=(logits, labels), method="bounded", options={"xatol": 1e-10})
    assert fit.temperature == pytest.approx(1 / peer.x, rel=1e-5)
    assert fit.temperature == pytest.approx(true_temperature, rel=0.2)
    step = 1e-4 / fit.temperature
    left, right = (loss(1 / fit.temperature + side, logits, labels) for side in (-step, step))
    assert (right - left) / (2 * step) == pytest.approx(0, abs=1e-6 * fit.temperature)
    assert fit.nll_after == pytest.approx(nll(log_softmax(logits / fit.temperature), labels))
    assert fit.nll_before == pytest.approx(nll(log_softmax(logits), labels))
    assert fit.nll_after <= fit.nll_before


def test_the_loss_is_convex_in_the_inverse_temperature() -> None:
    logits, labels = validation(1, 1.0)
    values = [nll(log_softmax(b * logits), labels) for b in np.linspace(0.05, 3, 60)]
    assert (np.diff(values, 2) > 0).all()


def test_temperature_follows_the_scale_of_the_logits_and_ignores_a_shift_of_a_row() -> None:
    logits, labels = validation(2, 1.0)
    fitted = fit_temperature(logits, labels).temperature
    assert fit_temperature(3 * logits, labels).temperature == pytest.approx(3 * fitted)
    shift = np.random.default_rng(0).normal(size=(len(labels), 1)) * 100
    assert fit_temperature(logits + shift, labels).temperature == pytest.approx(fitted)


def test_a_class_masked_everywhere_is_a_class_that_is_not_there() -> None:
    logits, labels = validation(3, 2.0)
    masked = np.insert(logits, 5, -INF, axis=1)
    assert fit_temperature(masked, labels).temperature == pytest.approx(fit_temperature(logits, labels).temperature)


def test_temperature_changes_confidence_and_not_accuracy() -> None:
    logits, labels = validation(4, 3.0)
    fit = fit_temperature(logits, labels)
    before, after = (reliability_curve(softmax(logits / t), labels) for t in (1.0, fit.temperature))
    assert before.accuracy == after.accuracy
    assert after.confidence < before.confidence
    assert after.ece < before.ece


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (2.0, 1.0), (0.5, INF), (np.nan, 1.0)])
def test_bounds_are_checked(bounds: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="bounds must be 0 < low < high < inf, got"):
        fit_temperature([[0.0, 1.0]], [0], bounds)


@pytest.mark.parametrize("bad", [np.nan, INF])
def test_logits_are_checked(bad: float) -> None:
    with pytest.raises(ValueError, match=f"logits must be finite or -inf, got {bad}"):
        fit_temperature([[0.0, bad]], [0])


@pytest.fixture
def in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search among some rows and a refinement among all, in passes of a few."""
    for module, name in ((rows, "CHUNK"), (temperature, "SEARCHED")):
        monkeypatch.setattr(module, name, 300)


CASES = [
    *((*validation(seed, true), bounds) for seed, true in enumerate([0.07, 1.0, 15.0]) for bounds in
      [(0.05, 20.0), (0.5, 0.9), (3.0, 4.0)]),
    ([[1, 1, 0], [2, 0, 0]] * 200, [1, 0] * 200, (0.05, 20.0)),
    ([[0, 1], [0, 1]] * 300, [0, 1] * 300, (0.05, 20.0)),
    ([[2, -INF, 0]] * 300, [0, 0, 2] * 100, (0.05, 20.0)),
    # The rows that are searched, every other one, are all right, or all wrong.
    ([[3, 0], [3, 0]] * 300, [0, 0] * 200 + [0, 1] * 100, (0.05, 20.0)),
    ([[3, 0], [3, 0]] * 300, [1, 0] * 300, (0.05, 20.0)),
    ([[3, 0], [0.1, 0]] * 300, [1, 0] * 20 + [0, 0] * 280, (1e-3, 1e3)),
]  # fmt: skip


@pytest.mark.parametrize(("logits", "labels", "bounds"), CASES)
def test_many_rows_have_the_temperature_of_one_search(
    logits: Floats, labels: Ints, bounds: tuple[float, float], request: pytest.FixtureRequest
) -> None:
    whole = fit_temperature(logits, labels, bounds)
    request.getfixturevalue("in_chunks")
    fit = fit_temperature(logits, labels, bounds)
    assert fit.temperature == pytest.approx(whole.temperature, rel=1e-8)
    assert (fit.at_bound, fit.optimum) == (whole.at_bound, whole.optimum)
    assert [fit.nll_before, fit.nll_after] == pytest.approx([whole.nll_before, whole.nll_after], rel=1e-12)


@pytest.mark.parametrize("b", [0.3, 1.0, 2.5])
def test_each_derivative_is_the_difference_quotient_of_the_one_before(b: float) -> None:
    logits, labels = validation(5, 1.0)
    step = 1e-4
    left, right = (
        np.array([likelihood.loss_at(logits, labels, at), *likelihood.derivatives(logits, labels, at)])
        for at in (b - step, b + step)
    )
    quotient = (right - left)[:4] / (2 * step)
    assert quotient.tolist() == pytest.approx(likelihood.derivatives(logits, labels, b), rel=1e-5, abs=1e-7)
