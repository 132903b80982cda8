"""Laws of what a sweep says, which can turn out every way."""

from typing import Any

import numpy as np
import pytest
from made_sweeps import DECIDED, EPSILONS, LOOSE, SEEDS, MakeSnapshot, lost, paired, trained

from labelsmooth.snapshots import NEVER
from labelsmooth.sweep import conclusion, sweep
from labelsmooth.sweep.words import stretches


def test_neighbours_in_words() -> None:
    assert stretches([0.1], EPSILONS) == "0.1"
    assert stretches([0.1, 0.2], EPSILONS) == "0.1 to 0.2"
    assert stretches([0.0, 0.2, 0.3], EPSILONS) == "0 and 0.2 to 0.3"
    assert stretches([-0.2, 0.0, 0.2], (-0.2, -0.1, 0.0, 0.1, 0.2)) == "−0.2, 0 and 0.2"


HARD = paired(0.1, 0.2, 0.3, 0.4)
# each: the ECE, the ECE after temperature scaling, and what is said of it
CALIBRATION: dict[str, tuple[np.ndarray, Any, tuple[str, ...]]] = {
    "scaling is better": (
        DECIDED,
        0.05 + (DECIDED - DECIDED.mean(0)),
        (
            "ECE is lowest at epsilon 0.1 (0.100); over 4 seeds it can be told from every other epsilon.",
            "The hard-label model after temperature scaling has 0.050: no epsilon comes as low (difference +0.050, "
            "95 % interval +0.050 to +0.050).",
        ),
    ),
    "smoothing is better": (
        DECIDED,
        0.2,
        ("has 0.200: epsilon 0.1 beats it, though it was chosen on the test part (difference −0.100, 95 % interval",),
    ),
    "undecided": (
        LOOSE,
        0.3,
        (
            "(0.290); over 4 seeds 0 to 0.3 cannot be told from it.",
            "has 0.300: the seeds do not tell epsilon 0.1 from it (difference −0.010, 95 % interval −",
            ": undecided).",
        ),
    ),
    "hard labels": (HARD, 0.2, ("ECE is lowest at epsilon 0, hard labels (0.100);", "0.200: epsilon 0 beats it")),
    "the end": (HARD[:, ::-1], 0.2, ("ECE is lowest at epsilon 0.3 (0.100, the end of the grid);",)),
    "one seed": (
        DECIDED[:1],
        0.2,
        (
            "epsilon 0.1 (0.090); one seed cannot tell how far that is chance.",
            "has 0.200: one seed does not decide between it and epsilon 0.1 (difference −0.110, one seed: no interval)",
        ),
    ),
    "no temperature yet": (DECIDED, None, ("it can be told from every other epsilon.",)),
}


@pytest.mark.parametrize("case", CALIBRATION)
def test_the_sentence_on_calibration_can_turn_out_every_way(case: str, make_snapshot: MakeSnapshot) -> None:
    ece, scaled, parts = CALIBRATION[case]
    said = conclusion(sweep(*trained(make_snapshot, scaled=scaled, ece=ece)))[0]
    for part in parts:
        assert part in said
    assert ("temperature" in said) == (scaled is not None)
    assert "nan" not in said
    assert "inf" not in said


@pytest.mark.parametrize(
    ("accuracy", "said"),
    [
        (paired(0.6, 0.65, 0.7, 0.6), "It is more accurate than hard labels (difference +10.0 points, 95 % interval"),
        (
            paired(0.6, 0.61, 0.62, 0.6, spread=0.1),
            "It is not clearly more accurate than hard labels (difference +2.0 points, 95 % interval −",
        ),
        (paired(0.7, 0.6, 0.6, 0.6), "hard labels (70.0 %); over 4 seeds it can be told from every other epsilon. No "),
        (paired(0.6, 0.7, 0.6, 0.6)[:1], "than hard labels (difference +10.0 points, one seed: no interval)."),
    ],
)
def test_the_sentence_on_accuracy_can_turn_out_every_way(
    accuracy: np.ndarray, said: str, make_snapshot: MakeSnapshot
) -> None:
    sentence = conclusion(sweep(*trained(make_snapshot, accuracy=accuracy)))[1]
    assert sentence.startswith("Accuracy is highest at epsilon ")
    assert said in sentence


def test_agreement_of_the_measures_can_turn_out_every_way(make_snapshot: MakeSnapshot) -> None:
    def said(**ece_and_others: Any) -> str:
        same = {"accuracy": 1 - DECIDED, "nll": DECIDED, "brier": DECIDED, "ece": DECIDED}
        return conclusion(sweep(*trained(make_snapshot, **same | ece_and_others)))[2]

    assert said() == "Accuracy, NLL, Brier score and ECE are all best at epsilon 0.1."
    hard = {"accuracy": 1 - HARD, "nll": HARD, "brier": HARD, "ece": HARD}
    assert said(**hard) == "Accuracy, NLL, Brier score and ECE are all best at epsilon 0, hard labels."
    assert said(ece=HARD) == (
        "The measures disagree about the best epsilon: accuracy at 0.1, NLL at 0.1, Brier score at 0.1, ECE at 0; "
        "every epsilon is clearly worse than the best by at least one of them."
    )
    assert said(ece=paired(0.3, 0.31, 0.29, 0.3, spread=0.1)).endswith(
        "ECE at 0.2; 0.1 cannot be told from the best by any of them."
    )
    one_seed = {name: values[:1] for name, values in {**hard, "ece": DECIDED}.items()}
    assert said(**one_seed).endswith("Brier score at 0, ECE at 0.1.")
    assert said(diverged=lost((0, 3), (2, 3))).endswith(" 2 of 16 runs diverged and count nowhere.")


def test_a_negative_epsilon_has_a_real_minus(make_snapshot: MakeSnapshot) -> None:
    said = conclusion(sweep(*trained(make_snapshot, (-0.2, -0.1, 0.0, 0.1), ece=DECIDED)))
    assert "ECE is lowest at epsilon −0.1 (0.100)" in said[0]
    assert "-" not in "".join(said).replace("hard-label", "")


def test_where_nothing_can_be_compared_one_sentence_says_so(make_snapshot: MakeSnapshot) -> None:
    (said,) = conclusion(sweep(*trained(make_snapshot, diverged=np.full((SEEDS, 4), 3))))
    assert said == "All 16 runs diverged, so there is nothing to compare."
    (said,) = conclusion(sweep(*trained(make_snapshot, (0.0,))))
    assert said == "Only one epsilon was trained, 0, so there is nothing to compare."
    diverged = np.full((SEEDS, 4), 3)
    diverged[1, 2] = NEVER
    (said,) = conclusion(sweep(*trained(make_snapshot, diverged=diverged)))
    assert said == "All runs but those of one epsilon diverged, 0.2, so there is nothing to compare."
    hard_lost = conclusion(sweep(*trained(make_snapshot, scaled=np.nan, diverged=lost(*((s, 0) for s in range(4))))))
    assert "nan" not in "".join(hard_lost)
    assert "temperature" not in hard_lost[0]
