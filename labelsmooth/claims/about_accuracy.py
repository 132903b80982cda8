"""Claims about what is predicted: accuracy, likelihood, students, label noise."""

from labelsmooth.claims.claim import Claim, Line, Profile
from labelsmooth.claims.contrasts import POINTS, above, below, over_epsilon

CLAIMS: dict[str, Claim] = {
    "accuracy": Claim(
        "Better accuracy",
        "Smoothing, and likewise a penalty on confident predictions, make a classifier more accurate.",
        "Pereyra et al. 2017, arXiv 1701.06548, table 1",
        "MNIST, test error in %: dropout 1.28, smoothing 1.23, confidence penalty 1.17, each ± .06: no difference "
        "exceeds about one standard error.",
        "Hard labels, ε = 0.1 and a confidence penalty (cross-entropy − 0.1 × entropy) on clean digits. Both must be "
        "more accurate than hard labels.",
        (
            above("accuracy, ε = 0.1 − hard", "accuracy at 0.1", "accuracy at 0", **POINTS, source=0.05),
            above("accuracy, penalty − hard", "accuracy with penalty", "accuracy at 0", **POINTS, source=0.11),
        ),
        "The baseline in the source is a network with dropout, here one without.",
    ),
    "nll": Claim(
        "More accurate, but worse NLL",
        "Smoothing improves what is decided (accuracy, BLEU) and worsens the likelihood (NLL, perplexity).",
        "Vaswani et al. 2017, arXiv 1706.03762, table 3",
        "English-German: BLEU 25.3 → 25.8, perplexity 4.67 → 4.92, which is .052 nats a token.",
        "Hard labels against ε = 0.1 on clean digits. Accuracy must be higher and NLL too.",
        (
            above("accuracy, ε = 0.1 − hard", "accuracy at 0.1", "accuracy at 0", **POINTS),
            above("NLL, ε = 0.1 − hard", "nll at 0.1", "nll at 0", unit=" nats", source=0.052),
            above("NLL, ε = 0.05 − hard", "nll at 0.05", "nll at 0", unit=" nats", decides=False),
        ),
        "ε = 0.05 stands beside it, to show whether a smaller ε escapes the worse likelihood.",
    ),
    "distillation": Claim(
        "Smoothed teachers distil worse",
        "A teacher trained with smoothing is more accurate itself, but its students are less accurate.",
        "Müller, Kornblith, Hinton 2019, arXiv 1906.02629, on knowledge distillation",
        "MNIST, student's test error: .74 % from a hard-label teacher with dropout, .91 % from a smoothed teacher "
        "without dropout: two things differ.",
        "A small student learns from a larger teacher trained on hard labels or with ε = 0.1, from the same weights on "
        "the same examples; 0.9 of its loss comes from the teacher. The distillation temperature 2 decides.",
        (
            below(
                "student, T = 2: from smoothed − from hard",
                "student at 0.1, T 2",
                "student at 0, T 2",
                **POINTS,
                source=-0.17,
            ),
            below(
                "student, T = 1: from smoothed − from hard",
                "student at 0.1, T 1",
                "student at 0, T 1",
                **POINTS,
                decides=False,
            ),
            below(
                "student, T = 4: from smoothed − from hard",
                "student at 0.1, T 4",
                "student at 0, T 4",
                **POINTS,
                decides=False,
            ),
            above("teacher: smoothed − hard", "teacher at 0.1", "teacher at 0", **POINTS, decides=False),
            above("student from hard, T = 2 − without teacher", "student at 0, T 2", "alone", **POINTS, decides=False),
        ),
        "Where students gain nothing from their teacher (last row), the comparison of teachers has little power. "
        "Contested: Shen et al. 2021 (arXiv 2104.00676) find smoothed teachers compatible with distillation; "
        "Chandrasegaran et al. 2022 (arXiv 2206.14532) that it depends on the temperature.",
    ),
    "label_noise": Claim(
        "Helps under label noise",
        "Where training labels are noisy, smoothing makes the network more accurate on clean test labels.",
        "Lukasik et al. 2020, arXiv 2003.02819",
        "In words: competitive with methods made for label noise; no single number.",
        "Hard labels against several ε at label noise 0.2, 0.4 and 0.6. ε = 0.2 decides, and must help at each of the "
        "three.",
        (
            above(
                "accuracy at noise 0.2, ε = 0.2 − hard",
                "accuracy at 0.2, noise 0.2",
                "accuracy at 0, noise 0.2",
                **POINTS,
            ),
            above(
                "accuracy at noise 0.4, ε = 0.2 − hard",
                "accuracy at 0.2, noise 0.4",
                "accuracy at 0, noise 0.4",
                **POINTS,
            ),
            above(
                "accuracy at noise 0.6, ε = 0.2 − hard",
                "accuracy at 0.2, noise 0.6",
                "accuracy at 0, noise 0.6",
                **POINTS,
            ),
            above(
                "accuracy at noise 0.4, ε = 0.1 − hard",
                "accuracy at 0.1, noise 0.4",
                "accuracy at 0, noise 0.4",
                **POINTS,
                decides=False,
            ),
            above(
                "accuracy at noise 0.4, ε = 0.4 − hard",
                "accuracy at 0.4, noise 0.4",
                "accuracy at 0, noise 0.4",
                **POINTS,
                decides=False,
            ),
        ),
        "All networks train until they have memorised many of the wrong labels. Which ε helps changes with the noise.",
        Profile(
            "Accuracy",
            "epsilon",
            tuple(
                Line(f"noise {noise:g}", over_epsilon("accuracy", (0, 0.1, 0.2, 0.4), noise=noise))
                for noise in (0.2, 0.4, 0.6)
            ),
        ),
    ),
    "negative": Claim(
        "Negative smoothing at high noise",
        "At high label noise a negative ε, which sharpens the labels, is better than a positive one and than none.",
        "Wei et al. 2022, arXiv 2106.04149",
        "In words: the best ε goes from positive to negative as the noise grows; no single number.",
        "Digits with label noise 0.6. The loss is unbounded below for negative ε, so the epochs are few. ε = −0.4 "
        "decides, against 0 and against 0.4; a run that diverges has no number.",
        (
            above("accuracy, ε = −0.4 − hard", "accuracy at -0.4", "accuracy at 0", **POINTS),
            above("accuracy, ε = −0.4 − ε = 0.4", "accuracy at -0.4", "accuracy at 0.4", **POINTS),
            above("accuracy, ε = −0.2 − hard", "accuracy at -0.2", "accuracy at 0", **POINTS, decides=False),
        ),
        "The paper also warms up on plain cross-entropy and takes ε far below −0.5, which is where this trainer ends.",
        Profile(
            "Accuracy",
            "epsilon",
            (Line("noise 0.6", over_epsilon("accuracy", (-0.4, -0.2, 0, 0.2, 0.4))),),
            "accuracy at 0",
            "hard labels",
        ),
    ),
}
