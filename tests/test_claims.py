"""Laws of the claims: what decides them, and what an experiment measures."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from claim_fakes import ABOVE, ALIKE, BELOW, SMALL, TINY, around
from scipy import stats

from labelsmooth.claims.catalogue import CLAIMS
from labelsmooth.claims.claim import Claim, Contrast, name_at
from labelsmooth.claims.laboratory import EXPERIMENTS
from labelsmooth.claims.methods import Information, Penalty, Students
from labelsmooth.claims.trainings import (
    Collapse,
    Measures,
    NoiseGrid,
    Ranking,
    Tightness,
    spread_of_angles,
)
from labelsmooth.claims.verdicts import CONTRADICTED, HOLDS, LEAST_SEEDS, UNDECIDED, judge, judge_all, verdict
from labelsmooth.claims.words import difference_in_words
from labelsmooth.distillation import distil
from labelsmooth.selective import confidence_score, risk_coverage
from labelsmooth.setups import TrainingSetup
from labelsmooth.training import train


@pytest.mark.parametrize(
    ("contrast", "mean", "expected"),
    [
        (ABOVE, 1.0, HOLDS), (ABOVE, -1.0, CONTRADICTED), (ABOVE, 0.1, UNDECIDED), (ABOVE, -0.1, UNDECIDED),
        (BELOW, -2.0, HOLDS), (BELOW, 0.0, CONTRADICTED), (BELOW, -0.9, UNDECIDED),
        (ALIKE, 0.1, HOLDS), (ALIKE, 1.5, CONTRADICTED), (ALIKE, -1.5, CONTRADICTED), (ALIKE, 0.45, UNDECIDED),
    ],
)  # fmt: skip
def test_a_rule_gives_each_of_its_three_answers(contrast: Contrast, mean: float, expected: str) -> None:
    numbers = {"after": around(5 + mean, 0.3), "before": around(5.0, 0.0)}
    judged = judge(contrast, numbers)
    assert judged.verdict == expected
    low, high = stats.t.interval(0.95, 11, mean, 0.3 * math.sqrt(12 / 11) / math.sqrt(12))
    assert judged.comparison is not None
    assert [judged.comparison.low, judged.comparison.high] == pytest.approx([low, high])


@pytest.mark.parametrize(("seeds", "expected"), [(LEAST_SEEDS, HOLDS), (LEAST_SEEDS - 1, UNDECIDED), (1, UNDECIDED)])
def test_few_seeds_decide_nothing(seeds: int, expected: str) -> None:
    assert judge(ABOVE, {"after": around(9.0, 0.1, seeds), "before": around(0.0, 0.1, seeds)}).verdict == expected


def test_seeds_that_lost_a_run_count_on_neither_side() -> None:
    numbers = {"after": [*around(1.0, 0.1), None, 900.0], "before": [*around(0.0, 0.1), 0.0, None]}
    judged = judge(ABOVE, numbers)
    assert judged.lost == 2
    assert judged.comparison is not None
    assert judged.comparison.seeds == 12
    assert judged.comparison.difference == pytest.approx(1.0)
    assert "runs diverged in 2 of 14 seeds" in difference_in_words(judged)
    nothing = judge(ABOVE, {"after": [None] * 12, "before": around(0.0, 0.1)})
    assert (nothing.comparison, nothing.verdict, nothing.lost) == (None, UNDECIDED, 12)
    assert difference_in_words(nothing) == "every seed lost a run that diverged"


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        ((1.0, -2.0, 9.0), HOLDS),
        ((1.0, -0.9, 9.0), UNDECIDED),
        ((-1.0, -2.0, 9.0), CONTRADICTED),
        ((-1.0, -0.9, 9.0), CONTRADICTED),
        ((0.1, -0.9, 9.0), UNDECIDED),
    ],
)
def test_a_claim_holds_if_all_that_decides_does(means: tuple[float, ...], expected: str) -> None:
    beside = replace(ALIKE, after="third", before=None, decides=False)  # contradicted, and without a say
    contrasts = replace(ABOVE, after="first", before=None), replace(BELOW, after="second", before=None), beside
    numbers = {name: around(mean, 0.3) for name, mean in zip(("first", "second", "third"), means, strict=True)}
    claim = Claim("", "", "", "", "", contrasts, "")
    assert verdict(judge_all(claim, numbers)) == expected


# The catalogue and the experiments.

# What the papers say, as a reader of them finds it.
SAID = {
    "tight_clusters": "figure 1",
    "like_temperature": "CIFAR-100: .150 on hard labels, .021",
    "easy_data": "MNIST .002 → .102",
    "accuracy": "dropout 1.28, smoothing 1.23",
    "nll": "BLEU 25.3 → 25.8, perplexity 4.67 → 4.92",
    "distillation": "student's test error: .74",
    "label_noise": "Lukasik et al. 2020",
    "negative": "Wei et al. 2022",
    "selective": "1.633 → 2.111 %",
    "collapse": "Guo et al. 2024",
    "information": "log 2 = .693",
}


def test_every_claim_has_source_figure_test_and_experiment() -> None:
    assert list(CLAIMS) == list(EXPERIMENTS)
    for name, said in SAID.items():
        assert said in f"{CLAIMS[name].source} {CLAIMS[name].figure}", name
    for name, claim in CLAIMS.items():
        assert all((claim.title, claim.sentence, claim.source, claim.figure, claim.test, claim.note)), name
        assert any(contrast.decides for contrast in claim.contrasts), name
        assert all(contrast.low < contrast.high for contrast in claim.contrasts), name
        assert len({contrast.text for contrast in claim.contrasts}) == len(claim.contrasts), name


@pytest.mark.parametrize("name", CLAIMS)
def test_an_experiment_measures_all_that_its_claim_asks_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def smaller(setup: TrainingSetup) -> TrainingSetup:
        return replace(setup, **TINY)

    experiment: Any = EXPERIMENTS[name]
    setups = {field: smaller(value) for field, value in vars(experiment).items() if isinstance(value, TrainingSetup)}
    if isinstance(experiment, Information):
        setups["setup"] = replace(setups["setup"], batch_size=1024, epochs=200)  # names hold the epochs
    found = replace(experiment, **setups).measure(5)
    assert all(math.isfinite(value) for value in found.values())
    assert CLAIMS[name].names <= found.keys()


def snapshot_of(setup: TrainingSetup, seed: int) -> Any:
    *_, last = train(replace(setup, seeds=(seed,)))
    return last


def test_numbers_of_plain_trainings_are_those_of_their_snapshots() -> None:
    last = snapshot_of(SMALL, 4)
    measures = Measures(SMALL, ("ece", "nll"), scaled=True).measure(4)
    tight, ranked = Tightness(SMALL).measure(4), Ranking(SMALL).measure(4)
    for column, epsilon in enumerate(SMALL.epsilons):
        assert measures[f"nll at {epsilon:g}"] == last.nll[0, column]
        assert measures[f"scaled ece at {epsilon:g}"] == last.best.ece[0, column]
        assert tight[f"width at {epsilon:g}"] == last.train_within[0, column] / last.train_between[0, column]
        logits = last.test.logits[column]
        curve = risk_coverage(confidence_score(logits), logits.argmax(1) == last.test.labels)
        assert ranked[f"e_aurc at {epsilon:g}"] == curve.e_aurc
    grid = NoiseGrid(SMALL, (0.0, 0.5)).measure(4)
    assert grid["accuracy at 0.1, noise 0"] == last.accuracy[0, 1]
    assert grid["accuracy at 0.1, noise 0.5"] == snapshot_of(replace(SMALL, label_noise=0.5), 4).accuracy[0, 1]


def test_collapse_is_the_area_under_nc1_and_the_epoch_at_its_level() -> None:
    snapshots = list(train(replace(SMALL, seeds=(4,), film=True)))
    nc1 = np.stack([snapshot.train_nc1[0] for snapshot in snapshots])  # after epochs 0 to 4
    found = Collapse(SMALL, level=float(nc1[3, 1])).measure(4)
    decades = np.log10(nc1[:, 1])
    assert found["decades at 0.1"] == pytest.approx((decades[:4] + decades[1:]).sum() / 2 / 4)
    assert found["epochs at 0.1"] == np.flatnonzero(nc1[:, 1] <= nc1[3, 1])[0]
    assert Collapse(SMALL, level=0.0).measure(4)["epochs at 0"] == 4


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        ([[2.0, 0.0], [-1.0, 3**0.5], [-1.0, -(3**0.5)]], 0.0),
        # A line: cosines 1, -1, -1 of 1, 2, -3.
        ([[1.0, 0.0], [2.0, 0.0], [-3.0, 0.0]], 8**0.5 / 3),
        ([[1.0, 0.0], [0.0, 0.0], [-1.0, 0.0]], math.nan),
    ],
)
def test_equal_angles_have_no_spread(means: list[list[float]], expected: float) -> None:
    features = np.concatenate([np.array(means) + offset for offset in ([0.0, 0.25], [0.0, -0.25])]) + 7
    assert spread_of_angles(features, np.tile([0, 1, 2], 2)) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_students_are_paired_and_learn_from_their_own_teacher() -> None:
    student = replace(SMALL, epsilons=(0.0,), hidden=(6,))
    found = Students(SMALL, student, (3.0,), 0.5).measure(4)
    teacher = snapshot_of(SMALL, 4)
    for column, epsilon in enumerate(SMALL.epsilons):
        logits = teacher.train.logits[column]
        *_, taught = distil(replace(student, seeds=(4,)), logits, temperature=3.0, weight=0.5)
        assert found[f"student at {epsilon:g}, T 3"] == taught.accuracy[0, 0]
    assert found["alone"] == snapshot_of(student, 4).accuracy[0, 0]
    unmoved = Students(SMALL, student, (3.0,), 0.0).measure(4)
    assert unmoved["student at 0, T 3"] == unmoved["student at 0.1, T 3"] == found["alone"]


def test_information_depends_on_noise_and_not_on_the_neighbours() -> None:
    setup = replace(SMALL, epochs=3)
    both = Information(setup, (3, 5), 0.1, 8, (1, 3)).measure(4)
    alone = Information(replace(setup, epsilons=(0.1,)), (3, 5), 0.1, 8, (1, 3)).measure(4)
    assert alone.items() <= both.items()
    louder = Information(setup, (3, 5), 0.5, 8, (1, 3)).measure(4)
    for epsilon in (0, 0.1):
        name = name_at("information", epsilon, epoch=3)
        assert 0 <= louder[name] < both[name] < math.log(60)
        assert both[f"printed at {epsilon:g}"] <= 0


def test_a_run_that_diverged_has_no_number() -> None:
    wild = replace(SMALL, learning_rate=1e4, epochs=20)
    assert all(map(math.isnan, Measures(wild, ("accuracy",), scaled=True).measure(0).values()))
    assert math.isnan(Penalty(wild, 0.1).measure(0)["accuracy with penalty"])
