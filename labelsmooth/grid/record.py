"""The record of a sweep: a file of JSON lines, the plan first, then every group as it finishes.

A line is on the disk before the next group is counted, and nothing is ever changed in place: whatever kills the
process, all but the line being written is there.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from labelsmooth.grid.plan import Group, Plan, versions
from labelsmooth.grid.work import Result

KIND = "labelsmooth sweep"


@dataclass(eq=False)
class Record:
    """An open record: where in the file the result of each finished group is, by the group's key."""

    path: Path
    file: BinaryIO
    places: dict[str, int]

    def __contains__(self, group: Group) -> bool:
        return group.key in self.places

    def add(self, result: Result) -> None:
        """Keep a result for good; one that is kept already is not counted twice."""
        if result["key"] in self.places:
            return
        place = self.file.seek(0, os.SEEK_END)
        self.file.write(_line(result))
        self.file.flush()
        os.fsync(self.file.fileno())
        self.places[result["key"]] = place

    def read_again(self) -> None:
        """Find what the file has, whichever moment of adding a result was the last."""
        _, self.places, _ = _read(self.path)

    def result(self, group: Group) -> Result:
        """The result of a finished group."""
        self.file.seek(self.places[group.key])
        return json.loads(self.file.readline())


def begin(path: Path, plan: Plan) -> Record:
    """A new record; ValueError where the file is one of a sweep that has not finished, or no record at all."""
    if _has_content(path):
        header, places, _ = _read(path)
        if len(places) < header["groups"]:
            raise ValueError(
                f"{path} holds a sweep that has not finished ({len(places)} of {header['groups']} groups): "
                "go on with --resume, or name another file with --record"
            )
    header = {"kind": KIND, "plan": plan.key, "groups": len(plan.groups), "versions": versions()}
    header |= {"settings": [asdict(setup) for setup in plan.settings]}
    # Replaced whole, so that there never is a record without its plan.
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(_line(header))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    return Record(path, path.open("r+b"), {})


def resume(path: Path, plan: Plan) -> Record:
    """The record of this plan as far as it has come, a new one where there is none; ValueError for another plan."""
    if not _has_content(path):
        return begin(path, plan)
    header, places, end = _read(path)
    if header["plan"] != plan.key:
        raise ValueError(f"{path} holds another sweep: repeat the options it was begun with, or name another --record")
    if header["versions"] != versions():
        was, now = (_changed(header["versions"], versions()), _changed(versions(), header["versions"]))
        raise ValueError(f"{path} was begun with {was}, and this is {now}: the results would not be of one kind")
    file = path.open("r+b")
    file.truncate(end)  # a line that was being written when the process was killed
    return Record(path, file, places)


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _read(path: Path) -> tuple[dict[str, Any], dict[str, int], int]:
    """The header, where each group's first result is, and where the last whole line ends."""
    places, end = dict[str, int](), 0
    with path.open("rb") as file:
        header = _header(path, file.readline())
        end = file.tell()
        for number, line in _whole_lines(file):
            key = _key(line)
            if key is None:
                raise ValueError(f"line {number} of {path} is damaged: take it out, and its group is trained again")
            places.setdefault(key, end)
            end += len(line)
    return header, places, end


def _header(path: Path, line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
        if header["kind"] == KIND:
            return header
    except (ValueError, KeyError, TypeError):
        pass
    raise ValueError(f"{path} is no record of a sweep: name another file with --record")


def _whole_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers but for the last one where it has no end."""
    for number, line in enumerate(file, 2):
        if line.endswith(b"\n"):
            yield number, line


def _key(line: bytes) -> str | None:
    """The key of the group whose result this line is."""
    try:
        return str(json.loads(line)["key"])
    except (ValueError, KeyError, TypeError):
        return None


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def _changed(these: dict[str, str], those: dict[str, str]) -> str:
    """The libraries of `these` that are others in `those`."""
    return ", ".join(f"{name} {these[name]}" for name in these if these[name] != those.get(name))
