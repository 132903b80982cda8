"""Laws of the claims: what decides them, what an experiment measures, and what a record keeps."""

import json
import math
import shlex
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from labelsmooth.__main__ import main
from labelsmooth.claims import running
from labelsmooth.claims.background import SEEDS, Background, Job
from labelsmooth.claims.catalogue import CLAIMS
from labelsmooth.claims.claim import Claim, Contrast, name_at
from labelsmooth.claims.contrasts import above, below, within
from labelsmooth.claims.laboratory import EASY, EXPERIMENTS, setup_of
from labelsmooth.claims.methods import Information, Penalty, Students
from labelsmooth.claims.record import COMMITTED, Entry, read, versions, write
from labelsmooth.claims.trainings import (
    Collapse,
    Experiment,
    Measured,
    Measures,
    NoiseGrid,
    Ranking,
    Tightness,
    spread_of_angles,
)
from labelsmooth.claims.verdicts import CONTRADICTED, HOLDS, LEAST_SEEDS, UNDECIDED, judge, judge_all, verdict
from labelsmooth.claims.words import difference_in_words, setup_in_words
from labelsmooth.distillation import distil
from labelsmooth.figures.claims import contrasts_figure, profile_figure
from labelsmooth.selective import confidence_score, risk_coverage
from labelsmooth.setups import TrainingSetup
from labelsmooth.training import train

TINY: dict[str, Any] = {"train_size": 60, "hidden": (8,), "epochs": 4}
SMALL = replace(EASY, **TINY)

# The rule.


def around(mean: float, spread: float, seeds: int = 12) -> list[float | None]:
    """Made values with this mean, half of them below it."""
    return [mean + spread * (-1) ** n for n in range(seeds)]


ABOVE, BELOW = above("up", "after", "before"), below("down", "after", "before", -1.0)
ALIKE = within("alike", "after", "before", -0.5, 0.5)


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


def test_every_claim_has_source_figure_test_and_experiment() -> None:
    assert list(CLAIMS) == list(EXPERIMENTS)
    for said in (
        "figure 1", "CIFAR-100: .150 on hard labels, .021", "MNIST .002 → .102", "dropout 1.28, smoothing 1.23",
        "BLEU 25.3 → 25.8, perplexity 4.67 → 4.92", "student's test error: .74", "Lukasik et al. 2020",
        "Wei et al. 2022", "1.633 → 2.111 %", "Guo et al. 2024", "log 2 = .693",
    ):  # fmt: skip
        assert sum(said in f"{claim.source} {claim.figure}" for claim in CLAIMS.values()) == 1, said
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
    claim = CLAIMS[name]
    wanted = {side for contrast in claim.contrasts for side in (contrast.after, contrast.before) if side}
    assert wanted | (claim.profile.names if claim.profile else set()) <= found.keys()


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


# Running, resuming, the record.


@dataclass(frozen=True)
class Made:
    """An experiment that trains nothing and writes down what it is asked for."""

    effect: float
    asked: Callable[[int], object]

    def measure(self, seed: int) -> Measured:
        self.asked(seed)
        return {"before": float(seed), "after": seed + self.effect + 0.1 * (-1) ** seed, "lost": math.nan}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Two claims whose experiments are made, in a catalogue of their own; the seeds that they are asked for."""
    seeds = list[int]()
    made: dict[str, Experiment] = {"holds": Made(1.0, seeds.append), "fails": Made(-1.0, seeds.append)}
    setups = {name: {"experiment": "Made", "effect": [vars(made[name])["effect"]]} for name in made}
    with monkeypatch.context() as patch:
        for name in list(CLAIMS):
            patch.delitem(CLAIMS, name)
        for name, experiment in made.items():
            patch.setitem(CLAIMS, name, Claim(name, f"It {name}.", "", "", "", (ABOVE,), ""))
            patch.setitem(EXPERIMENTS, name, experiment)
        patch.setattr(running, "setup_of", setups.__getitem__)
        yield seeds


def printed(options: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(shlex.split(options)) == 0
    text, errors = capsys.readouterr()
    assert errors == ""
    return text


def test_resuming_repeats_nothing_and_changes_nothing(
    asked: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "record.json"
    command = f"claims --record {file} --seeds 12"
    assert "holds: HOLDS" in printed(f"{command} --claim holds", capsys)
    first = json.loads(file.read_text())["claims"]["holds"]
    assert sorted(asked) == list(range(12))
    asked.clear()
    text = printed(command, capsys)
    assert "fails: CONTRADICTED" in text
    assert "1 claim tested" in text
    assert "1 was in the record" in text
    assert sorted(asked) == list(range(12))
    both = file.read_bytes()
    assert json.loads(both)["claims"]["holds"] == first
    asked.clear()
    text = printed(command, capsys)
    assert "0 claims tested" in text
    assert "2 were in the record" in text
    assert asked == []
    assert file.read_bytes() == both
    # Other seeds, other versions or another setup are another test.
    printed(f"claims --record {file} --seeds 11 --claim holds", capsys)
    assert sorted(asked) == list(range(11))
    monkeypatch.setattr(running, "versions", lambda: versions() | {"torch": "0"})
    printed(f"claims --record {file} --seeds 11 --claim holds", capsys)
    assert len(asked) == 22
    monkeypatch.setattr(running, "setup_of", lambda name: {"experiment": "Made", "effect": [7.0]})
    printed(f"claims --record {file} --seeds 11 --claim holds", capsys)
    assert len(asked) == 33


def test_a_command_that_is_stopped_keeps_what_it_finished(
    asked: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "record.json"

    def stop(seed: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(EXPERIMENTS, "fails", Made(-1.0, stop))
    assert main(shlex.split(f"claims --record {file} --seeds 10")) == 130
    assert list(read(file)) == ["holds"]
    assert [each.name for each in tmp_path.iterdir()] == ["record.json"]


def test_a_record_is_read_as_it_was_written(tmp_path: Path, asked: list[int]) -> None:
    file = tmp_path / "record.json"
    numbers = {"after": (1.0, None, 0.1 + 0.2), "before": (0.0, 1e-300, -2.5)}
    entry = Entry({"setup": {"hidden": [64, 64]}}, (0, 1, 7), {"torch": "1 [2]"}, "2026-01-02", 3.5, numbers)
    write(file, {"holds": entry})
    assert read(file) == {"holds": entry}
    assert read(tmp_path / "none.json") == {}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"claims": {"holds": {}}}', '{"claims": {"holds": 7}}'])
def test_a_file_that_is_no_record_is_refused_and_kept(
    text: str, asked: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "record.json"
    file.write_text(text)
    assert main(shlex.split(f"claims --record {file}")) == 2
    assert "must be a file that this command has written" in capsys.readouterr().err
    assert file.read_text() == text
    assert asked == []


@pytest.mark.parametrize("seeds", ["0", "-1", "2001"])
def test_a_number_of_seeds_that_cannot_be_is_refused(seeds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claims", "--seeds", seeds]) == 2
    assert f"seeds must be between 1 and 2000; got {seeds}" in capsys.readouterr().err


def test_progress_is_a_bar_where_somebody_watches(
    asked: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    main(shlex.split(f"claims --record {tmp_path}/record.json --seeds 3 --claim holds"))
    bars = capsys.readouterr().err
    assert "holds" in bars
    for done in range(4):
        assert f"{done} of 3 seeds" in bars


def test_a_number_of_one_seed_does_not_depend_on_how_many_workers_there_are() -> None:
    experiment = Measures(SMALL, ("nll", "nc1"))
    alone, together = (list(running.measured(experiment, range(4), workers)) for workers in (1, 2))
    assert alone == together == [experiment.measure(seed) for seed in range(4)]


# The record that comes with the package.


@pytest.mark.parametrize("name", CLAIMS)
def test_the_committed_record_fits_the_code(name: str) -> None:
    entry, written = read(COMMITTED)[name], json.loads(COMMITTED.read_text(encoding="utf-8"))["claims"][name]
    claim = CLAIMS[name]
    assert entry.setup == setup_of(name)
    assert len(entry.seeds) >= LEAST_SEEDS
    assert {len(values) for values in entry.numbers.values()} == {len(entry.seeds)}
    assert written["verdict"] == entry.verdict(name)
    assert list(written["contrasts"]) == [contrast.text for contrast in claim.contrasts]
    for judged, told in zip(entry.judged(name), written["contrasts"].values(), strict=True):
        assert told["verdict"] == judged.verdict
        assert judged.comparison is not None
        assert told["low"] == pytest.approx(judged.comparison.low, abs=1e-6)
    assert claim.profile is None or claim.profile.names <= entry.numbers.keys()
    assert "training examples" in setup_in_words(entry.setup)


def test_a_seed_of_the_committed_record_is_measured_again() -> None:
    """With the versions of the record to the last bit on one machine; elsewhere kernels round otherwise."""
    entry = read(COMMITTED)["selective"]
    found = EXPERIMENTS["selective"].measure(entry.seeds[0])
    for name, value in found.items():
        assert entry.numbers[name][0] == pytest.approx(value, abs=0.03)


@pytest.mark.parametrize("name", CLAIMS)
def test_pictures_hold_the_numbers_of_the_record(name: str) -> None:
    entry = read(COMMITTED)[name]
    judged = entry.judged(name)
    for live in ((), judged):
        moving = contrasts_figure(judged, live)
        moving.plotly()
        for number, each in enumerate(judged, start=1):
            axis = "x" if number == 1 else f"x{number}"
            of_panel = [trace for trace in moving.figure["data"] if trace["xaxis"] == axis]
            bars = [trace for trace in of_panel if trace["mode"] == "lines+markers"]
            assert len(bars) == (2 if live else 1)
            assert each.comparison is not None
            ends = np.array([each.comparison.low, each.comparison.difference, each.comparison.high])
            assert bars[0]["x"] == pytest.approx(each.contrast.scale * ends, rel=1e-4, abs=1e-6)
            dots = [trace for trace in of_panel if trace["mode"] == "markers" and len(trace["x"]) == len(entry.seeds)]
            assert len(dots) == len(bars)
            low, high = moving.figure["layout"][f"xaxis{axis[1:]}"]["range"]
            shown = np.concatenate([trace["x"] for trace in of_panel])
            assert low <= shown.min() < shown.max() <= high
            sources = [trace["x"] for trace in of_panel if "source" in trace.get("hovertemplate", "")]
            assert sources == ([] if each.contrast.source is None else [[each.contrast.source]])
    profile = CLAIMS[name].profile
    if profile is not None:
        moving = profile_figure(profile, entry.numbers)
        moving.plotly()
        lines = [trace for trace in moving.figure["data"] if trace["mode"] == "lines+markers"]
        for line, trace in zip(profile.lines, lines, strict=True):
            means = [np.nanmean(np.array(entry.numbers[number], float)) for _, number in line.points]
            assert trace["y"] == pytest.approx(means, rel=1e-4)


# In the background.


def made_entry(name: str) -> Entry:
    return Entry({}, SEEDS, {}, "2026-01-01", 1.0, {})


def test_one_claim_at_a_time_and_the_last_of_each_is_kept() -> None:
    go, tested = threading.Event(), list[tuple[str, tuple[int, ...]]]()

    def test(name: str, seeds: tuple[int, ...], workers: int, progress: Any) -> Entry:
        progress(name, 3, 10)
        tested.append((name, seeds))
        assert go.wait(10)
        return made_entry(name)

    tests = Background(test)
    assert (tests.running, tests.job("a")) == (None, None)
    assert tests.start("a")
    assert not tests.start("a")
    assert not tests.start("b")
    job = tests.job("a")
    assert job is not None
    assert job is tests.running
    go.set()
    tests.close()
    assert job.ended
    assert (job.entry, job.done, job.error) == (made_entry("a"), 3, None)
    assert tested == [("a", SEEDS)]
    assert tests.running is None
    assert not tests.start("b")  # it is closed


def test_a_test_that_fails_ends_in_a_sentence_and_can_be_tried_again() -> None:
    def test(name: str, seeds: tuple[int, ...], workers: int, progress: Any) -> Entry:
        raise OSError("/secret/path")

    tests = Background(test)
    for _ in range(2):
        assert tests.start("a")
        while tests.running:
            pass
    job = tests.job("a")
    assert isinstance(job, Job)
    assert job.error == "The test ended with an error (OSError). Details are in the server's log."


def test_closing_ends_a_test_after_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    started, go, seeds = threading.Event(), threading.Event(), list[int]()

    def ask(seed: int) -> None:
        seeds.append(seed)
        started.set()
        assert go.wait(10)

    monkeypatch.setitem(EXPERIMENTS, "nll", Made(1.0, ask))
    monkeypatch.setattr(running, "setup_of", lambda name: {})
    tests = Background()
    assert tests.start("nll")
    assert started.wait(10)
    closing = threading.Thread(target=tests.close)
    closing.start()
    while not tests._closed:
        pass
    go.set()
    closing.join(10)
    job = tests.job("nll")
    assert job is not None
    assert job.error == "The server was closed."
    assert seeds == [SEEDS[0]]


def test_live_seeds_are_enough_and_not_those_of_the_record() -> None:
    assert len(SEEDS) >= LEAST_SEEDS
    assert not set(SEEDS) & {seed for entry in read(COMMITTED).values() for seed in entry.seeds}
