"""The loss against what people would use instead: `python -m benchmarks.loss`, `--short`.

Forward and backward, in turn in one process, on all cores. Peak memory is that of a process of its own that does it
once, above what it held with its logits; the limit is the time in which this machine copies the logits, as they must be
read and a gradient of their size be written.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.report import Bar, Finding, Times, as_text, in_turn, machine, peak_megabytes, table
from labelsmooth import LabelSmoothingLoss
from labelsmooth.origin import LabelSmoothing

Loss = Callable[[Tensor, Tensor], Tensor]

EPSILON = 0.1
LARGE, MIDDLE, SMALL = (2048, 32_000), (8192, 1000), (128, 10)
SHORT = (64, 1000)
TURNS = {LARGE: 3, MIDDLE: 7, SMALL: 20}
CALLS = {SMALL: 100}  # a turn: one alone is too short for a clock
DTYPES = (torch.float32, torch.bfloat16)
BUILT_IN, HARD, TIMM, ORIGIN, OURS = "torch, smoothed", "torch, hard labels", "timm's formula", "origin", "labelsmooth"
COPY = "a copy of the logits"
ROWS = 64  # of the logits, for which the error is found
MEGABYTE = 2**20


def timm(logits: Tensor, labels: Tensor) -> Tensor:
    """The two terms written out."""
    log_probs = logits.log_softmax(-1)
    picked = -log_probs.gather(-1, labels.unsqueeze(1)).squeeze(1)
    return ((1 - EPSILON) * picked - EPSILON * log_probs.mean(-1)).mean()


def losses(classes: int) -> dict[str, Loss]:
    """All contenders; the origin has another target, of the same cost."""
    origin, ours = LabelSmoothing(classes, EPSILON), LabelSmoothingLoss(EPSILON)
    return {
        BUILT_IN: lambda z, y: F.cross_entropy(z, y, label_smoothing=EPSILON),
        HARD: F.cross_entropy,
        TIMM: timm,
        ORIGIN: lambda z, y: origin(z.log_softmax(-1), y),
        OURS: ours,
    }


def batch(shape: tuple[int, int], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Logits that want a gradient, and labels."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.empty(shape, dtype=dtype).normal_(0, 3, generator=generator).requires_grad_()
    return logits, torch.randint(shape[1], shape[:1], generator=generator)


def there_and_back(loss: Loss, logits: Tensor, labels: Tensor) -> None:
    """One forward and one backward pass."""
    logits.grad = None
    torch.autograd.backward(loss(logits, labels))


@dataclass(frozen=True)
class Race:
    """Seconds of each contender at one shape, and of a copy of the logits."""

    shape: tuple[int, int]
    dtype: torch.dtype
    times: Times

    @property
    def name(self) -> str:
        """Shape and dtype."""
        return f"({self.shape[0]}, {self.shape[1]}) {str(self.dtype).removeprefix('torch.')}"

    def rows(self) -> list[list[str]]:
        """Of each contender its milliseconds, and how many times as long as ours it takes."""
        milliseconds = 1000 / CALLS.get(self.shape, 1)
        return [
            [self.name, name, self.times.told(name, milliseconds), f"{self.times.ratio(name, OURS):.2f}"]
            for name in self.times.seconds
        ]


def race(shape: tuple[int, int], dtype: torch.dtype, turns: int) -> Race:
    """All contenders in turn."""
    logits, labels = batch(shape, dtype)
    calls, target = CALLS.get(shape, 1), torch.empty(shape, dtype=dtype)

    def repeated(loss: Loss) -> Callable[[], None]:
        def work() -> None:
            for _ in range(calls):
                there_and_back(loss, logits, labels)

        return work

    contenders: dict[str, Callable[[], object]] = {name: repeated(loss) for name, loss in losses(shape[1]).items()}
    contenders[COPY] = lambda: [target.copy_(logits.detach()) for _ in range(calls)]
    return Race(shape, dtype, in_turn(contenders, turns))


def errors(shape: tuple[int, int], dtype: torch.dtype) -> dict[str, float]:
    """Mean error of the gradient against double precision, of those that mean the same, as a multiple of torch's."""
    logits, labels = (each[:ROWS].detach() for each in batch(shape, dtype))
    found, right = {}, None
    for kind, name in ((torch.float64, BUILT_IN), (dtype, BUILT_IN), (dtype, TIMM), (dtype, OURS)):
        z = logits.to(kind).requires_grad_()
        there_and_back(losses(shape[1])[name], z, labels)
        assert z.grad is not None
        if right is None:
            right = z.grad
        else:
            found[name] = (z.grad.double() - right).abs().mean().item()
    return {name: error / found[BUILT_IN] for name, error in found.items()}


def peak(name: str, shape: tuple[int, int], dtype: torch.dtype) -> float:
    """Peak of one pass there and back, above what there was, as a multiple of the logits."""
    loss = losses(shape[1])[name]
    there_and_back(loss, *batch((64, shape[1]), dtype))
    logits, labels = batch(shape, dtype)
    before = peak_megabytes()
    there_and_back(loss, logits, labels)
    return (peak_megabytes() - before) / (logits.nbytes / MEGABYTE)


def peaks(names: Sequence[str], shape: tuple[int, int], dtype: torch.dtype) -> dict[str, float]:
    """The peak of each contender, each in a process of its own, two at a time."""
    command = [sys.executable, "-m", "benchmarks.loss", "--peak", str(dtype).removeprefix("torch."), *map(str, shape)]

    def one(name: str) -> float:
        answer = subprocess.run([*command, name], capture_output=True, check=True, text=True).stdout
        return float(json.loads(answer))

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(one, names), strict=True))


def measure(short: bool) -> Finding:
    """Times at all shapes, errors, peaks at the large one, and the bars."""
    shapes = (SHORT, SMALL) if short else (LARGE, MIDDLE, SMALL)
    races = [race(shape, dtype, 1 if short else TURNS[shape]) for shape in shapes for dtype in DTYPES]
    first = shapes[0]
    wrong = {dtype: errors(first, dtype) for dtype in DTYPES}
    names = [OURS] if short else list(losses(first[1]))
    most = {dtype: peaks(names, first, dtype) for dtype in DTYPES[: 1 if short else None]}
    parts = [
        "Milliseconds there and back, median (least to most), and how many times as long as `labelsmooth`:",
        table(("logits", "", "ms", "ratio"), [row for each in races for row in each.rows()]),
        "Error of the gradient against double precision, torch's being 1; peak memory, gradient included, in logits:",
        table(("dtype", "", "error", "peak"), _errors_and_peaks(wrong, most)),
        machine("torch"),
    ]
    return Finding("The loss", "\n\n".join(parts), () if short else _bars(races, wrong, most))


def _errors_and_peaks(
    wrong: dict[torch.dtype, dict[str, float]], most: dict[torch.dtype, dict[str, float]]
) -> list[list[str]]:
    return [
        [
            str(dtype).removeprefix("torch."),
            name,
            f"{wrong[dtype][name]:.3f}" if name in wrong[dtype] else "",
            f"{of:.2f}",
        ]
        for dtype, found in most.items()
        for name, of in found.items()
    ]


def _bars(
    races: Sequence[Race], wrong: dict[torch.dtype, dict[str, float]], most: dict[torch.dtype, dict[str, float]]
) -> list[Bar]:
    bars = []
    for each in races:
        if each.shape == LARGE:
            bars += [
                Bar(f"{each.name}: times faster than torch, smoothed", each.times.ratio(BUILT_IN, OURS), "at least", 2),
                Bar(f"{each.name}: times faster than torch, hard", each.times.ratio(HARD, OURS), "at least", 1),
                Bar(f"{each.name}: peak in logits", most[each.dtype][OURS], "at most", 1.1),
            ]
        if each.shape == SMALL:
            bars.append(Bar(f"{each.name}: as long as torch", each.times.ratio(OURS, BUILT_IN), "at most", 1.1))
    return [*bars, *(Bar(f"{dtype}: error as torch's", of[OURS], "at most", 1.01) for dtype, of in wrong.items())]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="smallest sizes")
    parser.add_argument("--peak", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        dtype, rows, classes, name = given.peak
        print(json.dumps(peak(name, (int(rows), int(classes)), getattr(torch, dtype))))
        return
    print(as_text(measure(given.short)))


if __name__ == "__main__":
    main()
