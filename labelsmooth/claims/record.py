"""The record: of every claim that was tested the setup, the numbers of each seed, and what they say."""

import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from labelsmooth.claims.catalogue import CLAIMS
from labelsmooth.claims.verdicts import Judged, Verdict, judge_all, verdict
from labelsmooth.sweep import as_csv

COMMITTED = Path(__file__).with_name("record.json")
LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn")


@dataclass(frozen=True)
class Entry:
    """One claim as it was tested: `numbers` holds a value of each seed by name, None where a run diverged."""

    setup: Mapping[str, Any]
    seeds: tuple[int, ...]
    versions: Mapping[str, str]
    date: str
    seconds: float
    numbers: Mapping[str, tuple[float | None, ...]]

    def judged(self, name: str) -> tuple[Judged, ...]:
        """The contrasts of the claim of this name with these numbers."""
        return judge_all(CLAIMS[name], self.numbers)

    def verdict(self, name: str) -> Verdict:
        """What these numbers say of the claim."""
        return verdict(self.judged(name))

    def repeats(self, setup: Mapping[str, Any], seeds: tuple[int, ...], versions: Mapping[str, str]) -> bool:
        """Whether testing like this would give the same again."""
        return (self.setup, self.seeds, self.versions) == (setup, seeds, versions)


Record = dict[str, Entry]


def versions() -> dict[str, str]:
    """What the numbers depend on besides the setup."""
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def read(path: Path) -> Record:
    """The record in a file, empty where there is none; ValueError where it is no record."""
    if not path.exists():
        return {}
    try:
        claims = json.loads(path.read_text(encoding="utf-8"))["claims"]
        return {name: _entry(claims[name]) for name in CLAIMS if name in claims}
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ValueError(f"the record must be a file that this command has written; got {path}") from problem


def write(path: Path, record: Record) -> None:
    """Replace the file whole, so that whoever stops the command leaves the record before or after, not a half.

    One that holds the same already is left alone: it may be somebody else's.
    """
    text = to_json(record) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def to_json(record: Record) -> str:
    """The record as it is kept in a file."""
    claims = {"claims": {name: _plain(name, record[name]) for name in CLAIMS if name in record}}
    return _short(json.dumps(claims, indent=1, ensure_ascii=False, allow_nan=False))


def to_csv(record: Record) -> str:
    """One row a contrast: its mean difference and interval, on the scale that the record has, and the verdicts."""
    rows = [
        {"claim": name, "verdict of the claim": entry.verdict(name), "contrast": each.contrast.text} | _contrast(each)
        for name, entry in record.items()
        for each in entry.judged(name)
    ]
    return as_csv(rows)


def _entry(claim: dict[str, Any]) -> Entry:
    numbers = {name: tuple(values) for name, values in claim["numbers"].items()}
    entry = {name: claim[name] for name in ("setup", "versions", "date", "seconds")}
    return Entry(seeds=tuple(claim["seeds"]), numbers=numbers, **entry)


def _plain(name: str, entry: Entry) -> dict[str, Any]:
    contrasts = {each.contrast.text: _contrast(each) for each in entry.judged(name)}
    return {"verdict": entry.verdict(name), "contrasts": contrasts} | asdict(entry)


def _contrast(judged: Judged) -> dict[str, Any]:
    found = judged.comparison
    ends = (math.nan,) * 3 if found is None else (found.difference, found.low, found.high)
    numbers = [round(end, 6) if math.isfinite(end) else None for end in ends]
    told = dict(zip(("difference", "low", "high"), numbers, strict=True))
    return told | {
        "claimed": judged.contrast.region,
        "seeds": 0 if found is None else found.seeds,
        "decides": judged.contrast.decides,
        "verdict": judged.verdict,
    }


def _short(text: str) -> str:
    """JSON with each list of numbers on one line."""
    parts = text.split("[")
    lists = [part.partition("]") for part in parts[1:]]
    return parts[0] + "".join(f"[{' '.join(inner.split())}{end}{rest}" for inner, end, rest in lists)
