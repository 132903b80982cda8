"""What is written about the project agrees with the project: links, counts, versions, commands, and the picture."""

import re
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.__main__ import NAMES as BENCHMARKS
from labelsmooth.__main__ import COMMANDS
from labelsmooth.claims.catalogue import CLAIMS
from labelsmooth.claims.record import COMMITTED, read
from labelsmooth.claims.verdicts import CONTRADICTED, HOLDS, UNDECIDED

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/hosting.md", "docs/package.md")
TWO_SCREENS = 90  # lines
READABLE = 1100  # pixels: a README shows some 830, and letters that shrink to less than three quarters are small


def text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def anchors(document: Path) -> set[str]:
    """The names under which a document's headings can be reached."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files_and_headings_that_exist(document: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text(document)) if not link.startswith("https://")]
    for link in links:
        path, _, anchor = link.partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def test_the_readme_is_two_screens_long() -> None:
    assert len(text("README.md").splitlines()) <= TWO_SCREENS


def test_the_picture_of_the_readme_moves_is_light_and_stays_readable() -> None:
    (name,) = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text("README.md"))
    assert (ROOT / name).stat().st_size < 3_000_000
    with Image.open(ROOT / name) as picture:
        assert getattr(picture, "n_frames", 1) > 20
        assert picture.width <= READABLE


def test_claims_in_the_readme_are_those_of_the_record() -> None:
    verdicts = [entry.verdict(name) for name, entry in read(COMMITTED).items()]
    holds, contradicted, undecided = (verdicts.count(each) for each in (HOLDS, CONTRADICTED, UNDECIDED))
    told = f"{len(CLAIMS)} claims about smoothing | {holds} hold here, {contradicted} are contradicted, "
    assert f"{told}{undecided} stay undecided" in text("README.md")


def test_one_version_everywhere() -> None:
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    assert re.findall(r"^## (\S+)", text("CHANGELOG.md"), re.MULTILINE)[0] == version
    assert f"version = {{{version}}}" in text("README.md")


def test_every_command_has_its_line() -> None:
    assert re.findall(r"^\| `(\w+)[^`]*` \|", text("docs/package.md"), re.MULTILINE) == list(COMMANDS)


def test_the_tests_are_run_as_continuous_integration_runs_them() -> None:
    commands = re.findall(r"^ *(pytest .*?)(?: \|\| .*)?$", text(".ci/run"), re.MULTILINE)
    assert len(commands) == 2
    for document in ("README.md", "CONTRIBUTING.md"):
        assert " && ".join(commands) in text(document)


def test_every_benchmark_runs_in_its_short_form_before_anything_lands() -> None:
    run = [name for names in re.findall(r"benchmarks --short ([a-z ]+)", text(".ci/run")) for name in names.split()]
    # Of load, tests/test_load.py is the short form.
    assert sorted([*run, "load"]) == sorted(BENCHMARKS)
