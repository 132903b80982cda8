"""All claims in their order: what each says, where, with which figure, and which contrasts decide it.

A side or a margin stands in code before there is a number; `laboratory` has the experiments.
"""

from labelsmooth.claims import about_accuracy, about_confidence, about_features
from labelsmooth.claims.claim import Claim

_ALL = about_features.CLAIMS | about_confidence.CLAIMS | about_accuracy.CLAIMS
_ORDER = (
    "tight_clusters",
    "like_temperature",
    "easy_data",
    "accuracy",
    "nll",
    "distillation",
    "label_noise",
    "negative",
    "selective",
    "collapse",
    "information",
)
CLAIMS: dict[str, Claim] = {name: _ALL[name] for name in _ORDER}
