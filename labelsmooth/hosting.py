"""What whoever runs a server sets by environment variables: how much visitors may ask for, and the server's names."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from labelsmooth.predictions.columns import MAX_BYTES

PREFIX = "LABELSMOOTH_"
MOST_TRAINERS = 64
SHOWN = 60  # characters of a wrong value that a sentence repeats
# field: (smallest, largest) of the whole numbers
WHOLE = {
    "training_seconds": (1, 86400),
    "trainers": (1, MOST_TRAINERS),
    "runs_mb": (16, 65536),
    "upload_mb": (1, MAX_BYTES >> 20),
    "uploads_mb": (1, 65536),
}
_NAME = re.compile(r"(\*\.)?[a-z0-9_][a-z0-9_-]*(\.[a-z0-9_][a-z0-9_-]*)*|[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*")


@dataclass(frozen=True)
class Hosting:
    """The settings of a server; the variable of each field is its name in capitals behind LABELSMOOTH_.

    `training_seconds` are those of one core that one visitor may ask for, `trainers` the threads that train, `runs_mb`
    MiB of finished runs that are kept, `upload_mb` MiB of one file, `uploads_mb` of all visitors' together, and
    `allowed_hosts` names without port, "*.example.org" for all below one; none means any.
    """

    training_seconds: int = 600
    trainers: int = min(os.cpu_count() or 1, MOST_TRAINERS)
    runs_mb: int = 512
    upload_mb: int = MAX_BYTES >> 20
    uploads_mb: int = 512
    allowed_hosts: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Hosting":
        """The settings of these variables; `ValueError` with a line for each that is wrong or not known."""
        texts = {name: text.strip() for name, text in environ.items() if name.startswith(PREFIX)}
        known = {_variable(field): field for field in (*WHOLE, "allowed_hosts")}
        problems = [
            f"{name} is not known; what can be set is {', '.join(known)}" for name in sorted(texts) if name not in known
        ]
        given: dict[str, Any] = {known[name]: text for name, text in texts.items() if name in known and text}
        for field, (low, high) in WHOLE.items():
            text = given.get(field, str(low))
            if not (re.fullmatch("[0-9]{1,9}", text) and low <= int(text) <= high):
                problems.append(
                    f"{_variable(field)} must be a whole number between {low} and {high}; got {text[:SHOWN]!r}"
                )
        hosts = [host.strip().rstrip(".") for host in given.pop("allowed_hosts", "").lower().split(",")]
        wrong = [host for host in hosts if not _NAME.fullmatch(host)]
        if wrong and hosts != [""]:
            problems.append(
                f"{_variable('allowed_hosts')} must be host names without port, with commas between them, such as "
                f"'example.org, *.example.org'; got {wrong[0][:SHOWN]!r}"
            )
        if problems:
            raise ValueError("\n".join(problems))
        return cls(**{field: int(text) for field, text in given.items()}, allowed_hosts=tuple(filter(None, hosts)))

    @property
    def file_mb(self) -> int:
        """MiB of one uploaded file: no larger than all of them together."""
        return min(self.upload_mb, self.uploads_mb)

    def allows(self, host: str | None) -> bool:
        """Whether a request with this Host header, port or not, is answered."""
        if not self.allowed_hosts:
            return True
        try:
            name = (urlsplit(f"//{host or ''}").hostname or "").rstrip(".")
        except ValueError:
            return False
        return any(name.endswith(each[1:]) if each.startswith("*") else name == each for each in self.allowed_hosts)


def hosting() -> Hosting:
    """The settings of this process."""
    return Hosting.from_environment(os.environ)


def _variable(field: str) -> str:
    return PREFIX + field.upper()
