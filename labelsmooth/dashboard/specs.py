"""The choices of the pages in words: what each is called, what it explains, and what it may be."""

from labelsmooth.claims.catalogue import CLAIMS
from labelsmooth.dashboard.choices import Choice, Classes, Flag, Number, Spec, Widths
from labelsmooth.datasets import DATASETS, largest_train_size
from labelsmooth.decoder import TITLES
from labelsmooth.selective import SCORES
from labelsmooth.setups import RANGES
from labelsmooth.temperature_path import TEMPERATURES

EPSILON_STEPS = tuple(n / 200 for n in range(-100, 101))
FROM_ZERO = EPSILON_STEPS[100:]
MOST_SEEDS = 20
SEEDS = range(int(RANGES["seed"][1]) - MOST_SEEDS + 2)  # first ones: the last of the most must be one too
PLAYING = -1  # the epoch of a film that stands nowhere
COVERAGES = tuple(n / 20 for n in range(1, 21))
_REAL = [name for name, dataset in DATASETS.items() if dataset.examples == "real"]
_CLASSES = {name: dataset.choose_classes for name, dataset in DATASETS.items() if dataset.choose_classes}
# In a link a library has a short name.
LIBRARY_NAMES = {name.removesuffix("-transformer"): name for name in TITLES}
# The code to copy, by the name of its file.
SNIPPETS = {
    "pytorch": "PyTorch",
    "sequence": "PyTorch: sequences, padding",
    "huggingface": "Hugging Face Trainer",
    "lightning_module": "Lightning",
    "keras_model": "Keras",
    "optax_step": "JAX with optax",
    "skorch_net": "scikit-learn, by skorch",
}


def _decades(low: int, high: int) -> tuple[float, ...]:
    """1, 2, 3 and 5 times each power of ten from 10**low, up to 10**high."""
    return (*(float(f"{digit}e{power}") for power in range(low, high) for digit in (1, 2, 3, 5)), 10.0**high)


# Read in this order: the first two decide what the others may be.
SPECS: dict[str, Spec] = {
    "dataset": Choice(
        "Data set",
        f"What the networks learn. Real data are {', '.join(_REAL)}; the others are made by a formula. Data of your "
        'own come from the page "Your data".',
        {name: dataset.title for name, dataset in DATASETS.items()},
    ),
    "classes": Number(
        "Classes",
        f"How many kinds of points there are. Only these leave a choice: {', '.join(_CLASSES)}.",
        range(min(map(min, _CLASSES.values())), max(map(max, _CLASSES.values())) + 1),
    ),
    "train_size": Number(
        "Training examples",
        "How many examples the networks learn from. At least 40 % of the data are kept for measuring.",
        range(1, max(map(largest_train_size, DATASETS)) + 1),
    ),
    "label_noise": Number(
        "Label noise",
        "Share of the training labels that are replaced by a label drawn at random from all classes.",
        tuple(n / 100 for n in range(81)),
    ),
    "noisy_validation": Flag(
        "Noise in the validation labels too",
        "The best temperature is found on validation data. Real data seldom have clean labels there.",
    ),
    "negative": Flag(
        "Negative ε too",
        "Below 0 the target takes more than all of the probability to the label and less than none to the others: it "
        "sharpens instead of smoothing. It has been proposed for noisy labels. The loss then has no lower bound.",
    ),
    "epsilon": Number(
        "Smoothing ε",
        "Share of each label's probability that is given away to the classes. 0 means hard labels.",
        FROM_ZERO,
    ),
    "convention": Choice(
        "Who receives ε",
        "Libraries differ: ε/K for every class, also the right one, or ε/(K-1) for the other classes only.",
        {"uniform": "every class, ε/K", "others": "the other classes, ε/(K-1)"},
    ),
    "seed": Number(
        "Seed",
        "All chance starts from this number: the same seed gives the same networks again.",
        SEEDS,
    ),
    "seeds": Number(
        "Number of seeds",
        "Everything is repeated with this many splits, noises and starting weights, to see what is chance.",
        range(1, MOST_SEEDS + 1),
    ),
    "hidden": Widths(
        "Hidden layers",
        "Units in each hidden layer, such as 64-64. The last one makes the clusters that are drawn.",
    ),
    "activation": Choice("Activation", "What each hidden unit does with its sum.", {"relu": "ReLU", "tanh": "tanh"}),
    "epochs": Number(
        "Epochs",
        "How often the networks go through all training examples. Many epochs let them memorise.",
        range(1, 401),
    ),
    "batch_size": Number(
        "Batch size",
        "How many examples are averaged for one step of the optimizer.",
        tuple(2**n for n in range(2, 11)),
    ),
    "learning_rate": Number(
        "Learning rate", "How far one step goes. With too large a step training diverges.", _decades(-4, 3)
    ),
    "weight_decay": Number(
        "Weight decay", "How strongly each step also pulls the weights towards 0.", (0.0, *_decades(-5, 0))
    ),
    "optimizer": Choice(
        "Optimizer", "The rule that turns gradients into steps.", {"adam": "Adam", "sgd": "SGD with momentum"}
    ),
    "shown": Classes(
        "Classes shown",
        "Three classes whose clusters are drawn: the first on the left, the second right, the third on top.",
        "digits",
        10,
        DATASETS["digits"].shown,
    ),
    "scale": Choice(
        "Scale of the clusters",
        "A common scale shows how far apart the clusters are; own scales show their shapes.",
        {"own": "each model its own", "common": "the same for both"},
    ),
    "bias": Flag(
        "The bias is part of the template",
        "The paper takes each class's bias as one more coordinate of its template. Some replications left it out.",
    ),
    "depth": Flag("Third dimension", "Shows the test part with a third axis as well: the main direction of the rest."),
    "steps": Number(
        "Epsilons from 0 to 0.5", "How many values of epsilon the sweep trains, evenly spaced.", (6, 11, 21, 26)
    ),
    "map_over": Choice(
        "Map",
        "Trains sweeps for several amounts of label noise, or of training examples, to see how the best epsilon moves.",
        {"none": "none", "label_noise": "label noise × ε", "train_size": "training examples × ε"},
    ),
    "map_measure": Choice(
        "Measure of the map",
        "Which number the colours of the map show.",
        {"ece": "ECE", "nll": "NLL", "accuracy": "accuracy"},
    ),
    "bins": Number("Bins", "Into how many groups of similar confidence the test examples are sorted.", range(1, 51)),
    "binning": Choice(
        "Kind of bins",
        "Equally wide on the scale of confidence, or with equally many examples in each.",
        {"equal-width": "equal width", "equal-mass": "equal mass"},
    ),
    "event": Choice(
        "Judged",
        "The confidence in the predicted class, or the probability of one class whether predicted or not.",
        {"top": "the predicted class"} | {str(k): f"class {k}" for k in range(10)},
    ),
    "temperature": Number(
        "Temperature", "What the logits are divided by before the softmax. 1 leaves them alone.", TEMPERATURES
    ),
    "score": Choice(
        "Ranked by",
        "What decides which examples are the most confident.",
        {str(score): title for score, title in SCORES.items()},
    ),
    "coverage": Number(
        "Coverage", "Share of the test examples that are accepted, the most confident first.", COVERAGES
    ),
    "target_classes": Number(
        "Classes K",
        "How many classes the formulas on this page have. The trained networks keep theirs.",
        (*range(2, 21), 50, 100, 200, 500, 1000),
    ),
    "library": Choice(
        "Library",
        "Whose label smoothing is decoded: the same epsilon does not mean the same everywhere.",
        {name: TITLES[library] for name, library in LIBRARY_NAMES.items()},
    ),
    "padding": Number(
        "Padding class",
        "The class that only fills sentences up to one length, which the loss should ignore. -1: there is none.",
        range(-1, 1000),
        "the number of classes",
    ),
    "class_weight": Number(
        "Weight of class 0",
        "How much class 0 counts in the loss; every other class counts 1. Used to balance rare classes.",
        _decades(-2, 2),
    ),
    "snippet": Choice(
        "Code for",
        "The library that the code to copy is for.",
        SNIPPETS,
    ),
    "claim": Choice(
        "Claim",
        "Which of the claims is tested anew, with other seeds than those of the record.",
        {name: claim.title for name, claim in CLAIMS.items()},
    ),
    "epoch": Number(
        "Epoch of the film", "Where the film of a training stands. -1: it plays.", range(PLAYING, 401), "this training"
    ),
    "mode": Choice(
        "View",
        "For a lecture: one picture, larger letters, and the controls folded away.",
        {"full": "everything", "lecture": "for a lecture"},
    ),
}
# How things are looked at: a story leaves that as it is.
VIEW = (
    *("scale", "bias", "depth", "steps", "negative", "map_over", "map_measure"),
    *("bins", "binning", "score", "coverage", "target_classes"),
    *("library", "padding", "class_weight", "snippet", "claim", "mode"),
)
