"""Claims about what is inside a network: clusters, neural collapse, information."""

import math

from labelsmooth.claims.claim import Claim, Line, Profile, name_at
from labelsmooth.claims.contrasts import above, below, within

NEAR = 0.1  # nats around log 2
LOG_TWO = math.log(2)


def _information(epsilon: float) -> tuple[tuple[float, str], ...]:
    return tuple((epoch, name_at("information", epsilon, epoch=epoch)) for epoch in (5, 20, 50, 100, 200))


CLAIMS: dict[str, Claim] = {
    "tight_clusters": Claim(
        "Tight clusters",
        "Smoothing draws the penultimate activations of a class into a tight cluster, and puts the clusters of "
        "different classes equally far apart.",
        "Müller, Kornblith, Hinton 2019, arXiv 1906.02629, figure 1",
        "Pictures of three classes; no number.",
        "Hard labels against ε = 0.1, on the training part. NC1 and within/between measure how tight the clusters are; "
        "the spread of the cosines between class means (NC2, 0 for a regular simplex) how equal the angles.",
        (
            below("NC1, smoothed − hard", "nc1 at 0.1", "nc1 at 0"),
            below("within/between, smoothed − hard", "width at 0.1", "width at 0"),
            below("spread of the angles, smoothed − hard", "angles at 0.1", "angles at 0"),
            above("class separation R², smoothed − hard", "separation at 0.1", "separation at 0", decides=False),
        ),
        "NC1 weighs the spread along the directions that tell the classes apart; within/between counts all units "
        "of the layer alike, also those in which classes do not differ: the two can disagree. The paper's figure "
        "shows only the plane of three templates, where clusters can look tighter than they are in the whole "
        "layer. R² looks at directions from the origin only and does not see scale, so it does not decide.",
    ),
    "collapse": Claim(
        "Faster neural collapse",
        "With smoothing the classes collapse to points (NC1 → 0) faster than on hard labels.",
        "Zhou et al. 2022, arXiv 2210.02192; Guo et al. 2024, arXiv 2402.03979",
        "Curves of NC1 against the epoch; no single number.",
        "Hard labels against ε = 0.1 on clean digits, NC1 of the training part after every epoch: the mean of its "
        "decade over all epochs, and the first epoch at NC1 ≤ 0.5 (or the last, where it is not reached).",
        (
            below("mean log10 NC1 over the epochs, smoothed − hard", "decades at 0.1", "decades at 0"),
            below("epochs to NC1 ≤ 0.5, smoothed − hard", "epochs at 0.1", "epochs at 0", unit=" epochs", digits=1),
        ),
        "The epochs of the two models cost the same. A run that never gets so far counts with the last epoch.",
    ),
    "information": Claim(
        "Information about the example is lost",
        "With smoothing the mutual information between an example and the difference of two logits falls towards log 2 "
        "while training goes on: only the class is left, of two with equally many examples.",
        "Müller, Kornblith, Hinton 2019, arXiv 1906.02629, figure 6",
        "Curves against the training step; the smoothed one falls towards log 2 = .693 nats.",
        "Digits 3 and 5 of the training part, each example in 16 copies with normal noise of 0.1 on its pixels. The "
        "information of the smoothed model must fall from epoch 5 to epoch 200, and end below that of hard labels.",
        (
            below(
                "smoothed, epoch 200 − epoch 5",
                name_at("information", 0.1, epoch=200),
                name_at("information", 0.1, epoch=5),
                unit=" nats",
            ),
            below(
                "epoch 200, smoothed − hard",
                name_at("information", 0.1, epoch=200),
                name_at("information", 0, epoch=200),
                unit=" nats",
            ),
            within(
                "smoothed, epoch 200",
                name_at("information", 0.1, epoch=200),
                None,
                LOG_TWO - NEAR,
                LOG_TWO + NEAR,
                unit=" nats",
                decides=False,
            ),
            below("the formula as printed, smoothed", "printed at 0.1", None, unit=" nats", decides=False),
        ),
        "The formula printed in the paper uses one index for both of its sums, and is then never above 0. Here the "
        "inner sum runs over all examples, as mutual information is defined.",
        Profile(
            "Mutual information, nats",
            "epoch",
            (Line("hard labels", _information(0), smoothed=False), Line("smoothed", _information(0.1))),
            LOG_TWO,
            "log 2",
        ),
    ),
}
