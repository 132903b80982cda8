"""What the files for hosting say agrees with the code: none of them can be run where there is no Docker."""

import re
import shlex
import tomllib
from dataclasses import fields
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from labelsmooth.__main__ import parser
from labelsmooth.hosting import PREFIX, Hosting

ROOT = Path(__file__).parents[1]
CADDYFILE = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
HOSTING = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
VARIABLES = {PREFIX + field.name.upper(): field.default for field in fields(Hosting)}
REPLICAS = {name: service for name, service in COMPOSE["services"].items() if name != "caddy"}


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, each in one line, and what they say."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(name, " ".join(said.split())) for name, said in lines]


DOCKERFILE = instructions()


def said(instruction: str) -> list[str]:
    """What the instructions of one kind say."""
    return [rest for name, rest in DOCKERFILE if name == instruction]


def command_of(text: str) -> list[str]:
    """The words of a command in exec form, which no shell stands between and its signals."""
    words: list[str] = yaml.safe_load(text.removeprefix("CMD "))
    assert isinstance(words, list)
    return words


def test_the_image_has_the_python_and_the_torch_that_the_project_asks_for() -> None:
    (base,) = said("FROM")
    version = re.fullmatch(r"python:(\d+)\.(\d+)-slim", base)
    assert version is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lowest = re.fullmatch(r">=(\d+)\.(\d+)", project["requires-python"])
    assert lowest is not None
    assert tuple(map(int, version.groups())) >= tuple(map(int, lowest.groups()))
    arguments = dict(each.split("=", 1) for each in said("ARG"))
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert re.search(rf"^torch=={re.escape(arguments['TORCH_VERSION'])}\s", requirements, re.MULTILINE)
    assert arguments["TORCH_INDEX"].startswith("https://download.pytorch.org/")


def test_other_code_installs_nothing_again() -> None:
    steps = [f"{name} {rest}" for name, rest in DOCKERFILE]
    order = [
        next(i for i, step in enumerate(steps) if word in step) for word in ("torch==", "--requirement", "COPY app.py")
    ]
    assert order == sorted(order)
    assert not [step for step in steps[: order[0]] if step.startswith("COPY")]


def test_the_image_is_made_of_files_that_exist_and_are_sent_to_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = [line[1:] for line in lines if line.startswith("!")]
    assert "*" in lines
    assert all((ROOT / name).exists() for name in sent)
    copied = [word for each in said("COPY") for word in each.split()[:-1]]
    assert copied
    for name in copied:
        assert any(fnmatch(entry, name) or entry.startswith(f"{name}/") for entry in sent), name


def test_the_image_runs_as_somebody_who_may_write_nothing_of_it() -> None:
    (account,) = [shlex.split(rest) for rest in said("RUN") if rest.startswith("useradd")]
    uid = account[account.index("--uid") + 1]
    assert int(uid) >= 1000
    assert said("USER") == [uid]
    assert DOCKERFILE.index(("USER", uid)) > max(i for i, (step, _) in enumerate(DOCKERFILE) if step in ("RUN", "COPY"))
    assert "--chown" not in " ".join(said("COPY"))
    assert not re.search(r"--owner|chown|chmod", " ".join(said("RUN")))
    # And in compose.yaml, where all is read-only.
    for service in REPLICAS.values():
        assert service["read_only"] is True
        (temporary,) = service["tmpfs"]
        assert temporary.startswith("/tmp:")


def test_the_image_starts_the_dashboard_for_other_machines_and_asks_it_how_it_is() -> None:
    python, module, name, *arguments = command_of(said("CMD")[-1])
    assert [python, module, name] == ["python", "-m", "labelsmooth"]
    options = parser().parse_args(arguments)
    assert (options.command, options.no_browser, options.address) == ("dashboard", True, "0.0.0.0")
    assert said("EXPOSE") == [str(options.port)]
    (check,) = said("HEALTHCHECK")
    *_, code = command_of("CMD " + check.split(" CMD ", 1)[1])
    compile(code, "HEALTHCHECK", "exec")
    assert f"http://127.0.0.1:{options.port}/_stcore/health" in code
    assert re.search(r"^\thealth_uri /_stcore/health$", CADDYFILE.replace("\t\t", "\t"), re.MULTILINE)
    # The proxy knows the replicas by the names that compose.yaml gives them, and at this port.
    default = re.search(r"\{\$REPLICAS:([^}]*)\}", CADDYFILE)
    assert default is not None
    assert default[1].split() == [f"{service}:{options.port}" for service in REPLICAS]


def test_compose_runs_two_equal_replicas_that_only_the_proxy_reaches() -> None:
    one, other = REPLICAS.values()
    assert one == other
    assert {"ports", "network_mode", "privileged"}.isdisjoint(one)
    assert [COMPOSE["networks"][name] for name in one["networks"]] == [{"internal": True}]
    assert one["mem_limit"]
    assert one["cap_drop"] == ["ALL"]
    proxy = COMPOSE["services"]["caddy"]
    assert {port.split(":")[0] for port in proxy["ports"]} == {"80", "443"}
    assert "./deploy/Caddyfile:/etc/caddy/Caddyfile:ro" in proxy["volumes"]


def test_compose_refuses_to_start_without_a_cookie_secret_and_sets_only_what_is_known() -> None:
    environment = REPLICAS["dashboard1"]["environment"]
    secret = environment["STREAMLIT_SERVER_COOKIE_SECRET"]
    assert re.fullmatch(r"\$\{COOKIE_SECRET:\?.+\}", secret)
    ours = {name: text for name, text in environment.items() if name.startswith(PREFIX)}
    assert ours.keys() == VARIABLES.keys()
    defaults = {name: re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", text or "") for name, text in ours.items()}
    Hosting.from_environment(defaults)
    assert COMPOSE["services"]["caddy"]["environment"].keys() <= set(re.findall(r"\{\$(\w+):", CADDYFILE))


def test_the_page_on_hosting_has_every_variable_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(LABELSMOOTH_\w+)` \| ([^|]+) \|", HOSTING, re.MULTILINE))
    assert rows.keys() == VARIABLES.keys()
    for name, default in VARIABLES.items():
        expected = {"LABELSMOOTH_TRAINERS": "number of cores", "LABELSMOOTH_ALLOWED_HOSTS": "empty: any"}
        assert rows[name].strip() == expected.get(name, str(default))
    proxy = set(re.findall(r"^\| `(\w+)` \|", HOSTING, re.MULTILINE)) - VARIABLES.keys()
    assert proxy == set(re.findall(r"\{\$(\w+):", CADDYFILE))


def test_the_page_on_hosting_names_files_that_exist() -> None:
    named = set(re.findall(r"\]\((?!https?:|#)([^)]+)\)", HOSTING))
    assert named
    assert all((ROOT / "docs" / name).exists() for name in named)
