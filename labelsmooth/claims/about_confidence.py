"""Claims about confidence: calibration, and which answers to trust."""

from labelsmooth.claims.claim import Claim, Line, Profile
from labelsmooth.claims.contrasts import POINTS, above, below, over_epsilon, within

MARGIN = 0.015  # of ECE: the largest difference in the paper's table between smoothing and temperature scaling is .013


def _ece_profile(epsilons: tuple[float, ...]) -> Profile:
    lines = (Line("ECE as trained", over_epsilon("ece", epsilons)),)
    return Profile("ECE", "epsilon", lines, "scaled ece at 0", "hard labels, temperature-scaled")


CLAIMS: dict[str, Claim] = {
    "like_temperature": Claim(
        "Calibrates like temperature scaling",
        "Smoothing lowers the calibration error of a network as far as temperature scaling does.",
        "Müller, Kornblith, Hinton 2019, arXiv 1906.02629, table 3",
        "ECE on CIFAR-100: .150 on hard labels, .021 with temperature scaling (T = 1.9), .024 with ε = 0.05; ImageNet "
        ".071, .022, .035; English-German .056, .018, .019.",
        "Hard labels against several ε on a task where hard labels make the network over-confident; the temperature is "
        f"fitted on validation data. ε = 0.1 decides; alike means a difference of less than {MARGIN:g}.",
        (
            below("ECE, ε = 0.1 − hard", "ece at 0.1", "ece at 0"),
            within("ECE, ε = 0.1 − hard with temperature", "ece at 0.1", "scaled ece at 0", -MARGIN, MARGIN),
            within(
                "ECE, ε = 0.05 − hard with temperature",
                "ece at 0.05",
                "scaled ece at 0",
                -MARGIN,
                MARGIN,
                decides=False,
                source=0.003,
            ),
        ),
        "The diamond is the paper's CIFAR-100, at ε = 0.05. A temperature is fitted to the model at hand; an ε is a "
        "guess: the curve shows how narrow the range of ε is that comes near the dashed line, here and on this task.",
        _ece_profile((0, 0.025, 0.05, 0.1, 0.2, 0.4)),
    ),
    "easy_data": Claim(
        "... but not on easy data",
        "On an easy task smoothing makes the network under-confident, and its calibration error grows.",
        "A replication of Müller et al. 2019",
        "ECE at ε = 0.1: MNIST .002 → .102, Fashion-MNIST .010 → .085.",
        "Hard labels against several ε on clean digits, which the network gets right in about 96 % of cases.",
        (
            above("ECE, ε = 0.1 − hard", "ece at 0.1", "ece at 0", source=0.1),
            below("mean confidence − accuracy at ε = 0.1", "confidence at 0.1", "accuracy at 0.1"),
        ),
        "The optimum itself is a confidence of 1 − ε + ε/K: a network that stands there and is right more often is "
        "under-confident.",
        _ece_profile((0, 0.05, 0.1, 0.2, 0.4)),
    ),
    "selective": Claim(
        "Hurts selective classification",
        "With smoothing a network's confidence tells right answers less well from wrong ones, so refusing to answer "
        "helps less.",
        "Xia et al. 2025",
        "AURC on two tabular data sets, one seed: 1.633 → 2.111 % at ε = 0.4, and 2.982 → 3.556 % at ε = 0.6.",
        "Hard labels against ε = 0.4 on a tabular task. AURC and E-AURC must be higher, and AUROC lower.",
        (
            above("AURC × 1000, ε = 0.4 − hard", "aurc at 0.4", "aurc at 0", scale=1000.0, digits=1, source=4.78),
            above("E-AURC × 1000, ε = 0.4 − hard", "e_aurc at 0.4", "e_aurc at 0", scale=1000.0, digits=1),
            below("AUROC, ε = 0.4 − hard", "auroc at 0.4", "auroc at 0"),
            below("accuracy, ε = 0.4 − hard", "accuracy at 0.4", "accuracy at 0", **POINTS, decides=False),
        ),
        "AURC mixes accuracy in: a less accurate network has a higher one with the same ranking. E-AURC is "
        "less the best possible for that many errors, and still grows with their number; AUROC judges ranking alone.",
    ),
}
