"""Knowledge distillation: a student that learns from the probabilities of a trained teacher besides the labels.

Legend: R runs, N training examples, B examples of a batch, K classes.
"""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from labelsmooth.calibration import FloatArray
from labelsmooth.datasets import class_names
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.training import train_by_epoch


def distil(
    student: TrainingSetup, teacher_logits: FloatArray, *, temperature: float = 2.0, weight: float = 0.9
) -> Iterator[Snapshot]:
    """Train a student on the labels and on what a teacher says of the same training examples.

    Formula: loss = (1 - w) cross-entropy(labels) + w T^2 H(softmax(t / T), softmax(z / T)), with the teacher's logits
    t and the student's z; its gradient on z is (1 - w)(p - q') + w T (softmax(z / T) - softmax(t / T)). The factor T^2
    keeps the size of the second gradient at any temperature.

    Args:
        student: what is trained, with one seed; all its epsilons learn from this teacher.
        teacher_logits: on the training part of that seed, shape (N, K), in nats: `Snapshot.train.logits` of a column.
        temperature: T of the distillation, above 0.
        weight: w, the share of the teacher, in [0, 1]; 0 is plain training, bit for bit.

    Returns:
        Snapshots as those of `train`; `train_loss` is the cross-entropy to the labels alone, in nats.

    Raises:
        ValueError: several seeds; logits of another shape or not finite; temperature or weight out of range.

    Example:
        >>> from labelsmooth.training import train
        >>> setup = TrainingSetup("iris", train_size=60, seeds=(0,), epsilons=(0.0,), epochs=2)
        >>> *_, teacher = train(setup)
        >>> *_, last = distil(setup, teacher.train.logits[0], temperature=4.0)
        >>> last.epoch, last.finished
        (2, True)

    Source: Hinton, Vinyals, Dean 2015, arXiv 1503.02531, section 2.
    """
    if len(student.seeds) != 1:
        raise ValueError(f"a student must have one seed, that of its teacher's examples; got {student.seeds}")
    shape = student.train_size, len(class_names(student.dataset, student.classes))
    logits = np.asarray(teacher_logits, np.float64)
    if logits.shape != shape or not np.isfinite(logits).all():
        raise ValueError(f"teacher_logits must be finite and of shape {shape}; got shape {logits.shape}")
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature must be above 0 and finite; got {temperature}")
    if not 0 <= weight <= 1:
        raise ValueError(f"weight must be in [0, 1]; got {weight}")
    taught = torch.softmax(torch.from_numpy(logits) / temperature, 1).float()  # (N, K)

    def objective(gradient: Tensor, logits: Tensor, rows: Tensor) -> Tensor:
        wanted = taught[rows].transpose(1, 2)
        return (1 - weight) * gradient + weight * temperature * (torch.softmax(logits / temperature, 1) - wanted)

    return (snapshot for snapshot in train_by_epoch(student, objective) if snapshot is not None)
