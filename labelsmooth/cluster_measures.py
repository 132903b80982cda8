"""How tight the classes of R runs lie among the penultimate features: the numbers of `geometry`, for all runs.

Legend: R runs, H penultimate units, N examples, K classes; examples last, as the network has them. Everything is
float64: within a tight class squares differ in digits that float32 does not have.
"""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from labelsmooth.geometry import NEGLIGIBLE
from labelsmooth.network import padded

CLUSTER_MEASURES = ("separation", "within", "between", "nc1")
EIGENVALUE_CUTOFF = 1e-12  # of the largest: smaller ones of the class means' covariance count as zero
PARALLEL = 1e-12  # a total cosine distance below this is rounding
TINY = 1e-300  # the length of a row of zeros, which no float32 number is near


def cluster_measures(features: Tensor, labels: Tensor) -> dict[str, np.ndarray]:
    """Separation, within, between and NC1, (R,) each, of features (R, H, N) and labels (R, N) from 0, N >= 1.

    Separation and NC1 are those of `class_separation` and `neural_collapse`. With means mu_k of the K classes that
    occur, within^2 = mean_k mean_{x of k} |x - mu_k|^2 and between^2 = mean_{j != k} |mu_j - mu_k|^2, so both are in
    units of the features. A run with a feature that is not finite has nan in all; separation is nan where all rows
    are parallel, between for a single class, and NC1 where all class means are equal.
    """
    share = _shares(labels, padded(features.shape[2]))
    weight = (share.amax(2) > 0).double()
    weight /= weight.sum(1, keepdim=True)  # (R, K): each class that occurs counts alike
    each = map(_class_means, _one_by_one(features), share, weight)
    means, squares = (torch.stack(numbers) for numbers in zip(*each, strict=True))  # (R, 2, K, H) and (R,)
    finite = squares.isfinite()
    if not finite.all():
        features = features.where(finite[:, None, None], 0.0)
        means = means.where(finite[:, None, None, None], 0.0)
    centres = weight[:, None, None] @ means  # (R, 2, 1, H)
    mean_square = (means.square().sum(3) * weight[:, None]).sum(2)  # (R, 2)
    total = 1 - centres[:, 1].square().sum((1, 2))
    separation = 1 - (1 - mean_square[:, 1]) / total
    # Squares less the square of the mean: what float64 loses of them float32 features do not have.
    within = (squares - mean_square[:, 0]).clamp(min=0).sqrt()
    between, nc1 = _between_and_collapse(features, share, weight, means[:, 0], centres[:, 0])
    known = finite & (total >= PARALLEL)
    measures = separation.where(known, torch.nan), within, between, nc1
    numbers = (value.where(finite, torch.nan).numpy() for value in measures)
    return dict(zip(CLUSTER_MEASURES, numbers, strict=True))


def _shares(labels: Tensor, examples: int) -> Tensor:
    """What each example is of its class's mean, (R, K, examples): 0 for other classes and behind the labels (R, N)."""
    labels = F.pad(labels, (0, examples - labels.shape[1]), value=-1)
    member = labels[:, None] == torch.arange(int(labels.max()) + 1)[:, None]
    return member / member.sum(2, keepdim=True).clamp(min=1).double()


def _one_by_one(features: Tensor) -> Iterator[Tensor]:
    """Each run's features as float64 with zeros behind, all in one place: fresh memory takes as long as the sums."""
    _, units, examples = features.shape
    x = torch.zeros(padded(units), padded(examples), dtype=torch.float64)
    for run in features:
        x[:units, :examples] = run
        yield x


def _class_means(x: Tensor, share: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Class means (2, K, H) of one run's examples x (H, N) and of x at length 1; mean square length of x."""
    squares = torch.linalg.vecdot(x, x, dim=0)
    lengths = squares.sqrt().clamp(min=TINY)
    # With the examples last in both factors this product takes half the time.
    means = torch.cat([share, share / lengths]) @ x.T
    return means.view(2, len(share), -1), weight @ (share @ squares)


def _between_and_collapse(
    features: Tensor, share: Tensor, weight: Tensor, means: Tensor, centre: Tensor
) -> tuple[Tensor, Tensor]:
    """Distance of two class means (R, K, H), and NC1: the spread along each of their axes in units of theirs."""
    number = weight.shape[1]
    offsets = (means - centre) * (weight > 0)[..., None]
    offsets = F.pad(offsets, (0, 0, 0, padded(number) - number))
    # These K x K products have the eigenvalues of the H x H covariance, times the number of classes.
    size, vectors = torch.linalg.eigh(offsets @ offsets.mT)  # in ascending order, so behind those of the padding
    kept = size > EIGENVALUE_CUTOFF * size[:, -1:]
    axes = ((vectors / size.where(kept, torch.inf)[:, None]).mT @ offsets)[:, -number:]  # (R, K, H)
    each = map(_spread, _one_by_one(features), axes, centre, share)
    along = torch.stack(list(each))  # (R, K)
    alike = weight.amax(1)  # 1 / number of the classes that occur
    # Along each axis the class means themselves have this mean square.
    spread = ((along * weight).sum(1) - kept.sum(1) * alike).clamp(min=0)
    apart = size[:, -1] > NEGLIGIBLE**2 * means.square().sum((1, 2))
    # All pairs of K points have K times the squares of their distances from the centre; nan is 0 / 0.
    between = (2 * size.sum(1).clamp(min=0) / (1 / alike - 1)).sqrt()
    return between.where(alike < 1, torch.nan), spread.where(apart, torch.nan)


def _spread(x: Tensor, axes: Tensor, centre: Tensor, share: Tensor) -> Tensor:
    """Each class's mean square (K,) along all axes (K, H) of one run's examples x (H, N), from the centre (1, H)."""
    return share @ (axes @ x - axes @ centre.T).square_().sum(0)
