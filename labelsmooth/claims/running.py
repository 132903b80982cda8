"""Testing claims: seeds side by side, a claim after the other, and nothing twice."""

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date

from labelsmooth.claims.catalogue import CLAIMS
from labelsmooth.claims.laboratory import EXPERIMENTS, setup_of
from labelsmooth.claims.record import Entry, Record, versions
from labelsmooth.claims.trainings import Experiment, Measured

Progress = Callable[[str, int, int], None]  # name of a claim, seeds done, and seeds in all


def measured(experiment: Experiment, seeds: Sequence[int], workers: int) -> Generator[Measured, None, None]:
    """The numbers of each seed in order, so many seeds at a time; closing it starts no further one."""
    if workers == 1:
        yield from map(experiment.measure, seeds)
        return
    pool = ThreadPoolExecutor(workers)
    try:
        yield from pool.map(experiment.measure, seeds)
    finally:
        pool.shutdown(cancel_futures=True)


def retest(name: str, seeds: tuple[int, ...], workers: int, progress: Progress) -> Entry:
    """Test one claim; `progress` is called before the first seed and after each."""
    began = time.monotonic()
    found = list[Measured]()
    progress(name, 0, len(seeds))
    with closing(measured(EXPERIMENTS[name], seeds, workers)) as each_seed:
        for numbers in each_seed:
            found.append(numbers)
            progress(name, len(found), len(seeds))
    return Entry(
        setup=setup_of(name),
        seeds=seeds,
        versions=versions(),
        date=date.today().isoformat(),
        seconds=round(time.monotonic() - began, 1),
        numbers={key: tuple(_known(numbers[key]) for numbers in found) for key in found[0]},
    )


def retest_all(
    names: Sequence[str], seeds: tuple[int, ...], workers: int, record: Record, progress: Progress
) -> Iterator[str]:
    """Bring these claims of the record up to date, in place; yields the name of each that was tested anew."""
    for name in names:
        known = record.get(name)
        if known and known.repeats(setup_of(name), seeds, versions()) and CLAIMS[name].names <= known.numbers.keys():
            continue
        record[name] = retest(name, seeds, workers, progress)
        yield name


def _known(value: float) -> float | None:
    """A number for JSON, which has no NaN."""
    return value if math.isfinite(value) else None
