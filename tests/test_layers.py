"""The floors of the house: an import only ever points down, and heavy libraries stay where they belong."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# From the top down. A module imports from floors below its own; a package is one floor, free within itself.
FLOORS = (
    ("app", "pages"),
    ("labelsmooth.dashboard",),
    ("labelsmooth.__main__",),
    ("labelsmooth.commands",),
    ("labelsmooth.figures",),
    ("labelsmooth.claims", "labelsmooth.grid", "labelsmooth.assessment"),
    (
        *("labelsmooth.sweep", "labelsmooth.clusters", "labelsmooth.advice", "labelsmooth.tightness"),
        *("labelsmooth.theory", "labelsmooth.distillation", "labelsmooth.confidence_penalty"),
    ),
    ("labelsmooth.pictures", "labelsmooth.comparison", "labelsmooth.judgements", "labelsmooth.training"),
    ("labelsmooth.measures", "labelsmooth.cluster_measures", "labelsmooth.optimizers"),
    ("labelsmooth.network",),
    ("labelsmooth.snapshots", "labelsmooth.setups"),
    ("labelsmooth.datasets", "labelsmooth.cross_fit", "labelsmooth.temperature_scaling"),
    (
        *("labelsmooth.own_data", "labelsmooth.temperature", "labelsmooth.temperature_path", "labelsmooth.selective"),
        *("labelsmooth.mutual_information", "labelsmooth.streaming", "labelsmooth.hosting"),
    ),
    ("labelsmooth.estimators", "labelsmooth.pitfalls", "labelsmooth.likelihood", "labelsmooth.predictions"),
    ("labelsmooth.null_draws", "labelsmooth.null_recombined", "labelsmooth.class_sums"),
    ("labelsmooth.smooth_ece", "labelsmooth.cells", "labelsmooth.decoder", "labelsmooth.origin"),
    ("labelsmooth.calibration", "labelsmooth.geometry", "labelsmooth.libraries", "labelsmooth.loss"),
    ("labelsmooth.fused", "labelsmooth.targets"),
    ("labelsmooth.loss_inputs",),
    ("labelsmooth.conventions", "labelsmooth.rows", "labelsmooth.workers"),
)
# What a module, or a package, reaches neither itself nor through others of ours.
BARRED = {
    **dict.fromkeys(
        [f"labelsmooth.{name}" for name in ("conventions", "libraries", "decoder", "pitfalls")], ("torch", "numpy")
    ),
    **dict.fromkeys(
        [
            f"labelsmooth.{name}"
            for name in (
                "calibration", "temperature", "geometry", "snapshots", "setups", "datasets", "comparison", "pictures",
                "temperature_path", "selective", "estimators", "smooth_ece", "sweep", "clusters", "advice",
                "judgements", "tightness", "theory", "mutual_information", "predictions", "assessment", "own_data",
                "cross_fit", "class_sums", "null_draws", "null_recombined",
                "claims.claim", "claims.contrasts", "claims.verdicts", "claims.catalogue",
                "dashboard.settings", "dashboard.runs", "dashboard.schedule", "dashboard.groups","workers",
                "dashboard.cost", "dashboard.journal", "dashboard.vitals", "dashboard.python_code",
                "dashboard.programs", "hosting",
            )
        ],
        ("torch",),
    ),
    "labelsmooth.figures": ("torch", "labelsmooth.training"),
}  # fmt: skip
STREAMLIT = ("app", "pages", "labelsmooth.dashboard")
WITHOUT_STREAMLIT = tuple(
    f"labelsmooth.dashboard.{name}"
    for name in (
        *("runs", "schedule", "groups", "settings", "specs", "choices", "album"),
        *("cost", "journal", "vitals", "python_code", "programs"),
    )
)


def our_sources() -> dict[str, str]:
    """The text of every module of ours by its name."""
    files = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "labelsmooth").rglob("*.py")]
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files]
    return dict(zip(names, (file.read_text(encoding="utf-8") for file in files), strict=True))


def inside(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def floor(module: str) -> int | None:
    """The number of a module's floor from the top, None where the plan does not name it."""
    return next((number for number, names in enumerate(FLOORS) if inside(module, *names)), None)


@cache
def import_statements(text: str) -> list[ast.Import | ast.ImportFrom]:
    """All of them in a source, wherever they stand."""
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]


def imports(text: str, modules: Mapping[str, object]) -> Iterator[str]:
    """Every module that a source imports; `from package import module` is that module."""
    for node in import_statements(text):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            source = "." * node.level + (node.module or "")
            members = (f"{source}.{alias.name}" for alias in node.names)
            yield from {member if member in modules else source for member in members}


def violations(sources: Mapping[str, str]) -> list[str]:
    """What breaks the plan, one sentence each."""
    found = {module: set(imports(text, sources)) for module, text in sources.items()}

    def reached(module: str) -> set[str]:
        seen, waiting = set[str](), [module]
        while waiting:
            new = found.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        return seen

    def problems(module: str) -> Iterator[str]:
        own = floor(module)
        if own is None and module != "labelsmooth":
            yield "has no floor"
        for target in sorted(found[module]):
            below = floor(target)
            if target.startswith("."):
                yield f"imports {target}, a relative name"
            elif own is not None and below is not None and below <= own and not _same_package(module, target):
                yield f"imports {target}, which is not below it"
            elif inside(target, "streamlit") and (not inside(module, *STREAMLIT) or inside(module, *WITHOUT_STREAMLIT)):
                yield "imports streamlit"
        for place, barred in BARRED.items():
            if inside(module, place):
                yield from (f"reaches {name}" for name in barred if any(inside(t, name) for t in reached(module)))

    return [f"{module} {problem}" for module in sources for problem in problems(module)]


def _same_package(module: str, target: str) -> bool:
    return any(inside(module, name) and inside(target, name) for names in FLOORS for name in names)


def test_our_modules_keep_to_the_plan() -> None:
    sources = our_sources()
    assert {"app", "labelsmooth", "labelsmooth.training", "labelsmooth.dashboard.runs"} <= sources.keys()
    assert violations(sources) == []


@pytest.mark.parametrize(
    ("module", "line", "problem"),
    [
        ("labelsmooth.conventions", "import numpy as np", "reaches numpy"),
        ("labelsmooth.geometry", "from torch import nn", "reaches torch"),
        ("labelsmooth.setups", "from labelsmooth import loss", "reaches torch"),
        ("labelsmooth.comparison", "import labelsmooth.measures", "reaches torch"),
        ("labelsmooth.dashboard.runs", "def later():\n    import torch.nn", "reaches torch"),
        ("labelsmooth.figures.style", "from labelsmooth.training import train", "reaches labelsmooth.training"),
        ("labelsmooth.figures.style", "import streamlit", "imports streamlit"),
        ("labelsmooth.training", "if True:\n    import streamlit.components", "imports streamlit"),
        ("labelsmooth.dashboard.settings", "import streamlit as st", "imports streamlit"),
        (
            "labelsmooth.datasets",
            "from labelsmooth.setups import RANGES",
            "imports labelsmooth.setups, which is not below it",
        ),
        (
            "labelsmooth.training",
            "from labelsmooth import figures",
            "imports labelsmooth.figures, which is not below it",
        ),
        (
            "labelsmooth.calibration",
            "import labelsmooth.temperature",
            "imports labelsmooth.temperature, which is not below it",
        ),
        ("labelsmooth.dashboard.film", "import app", "imports app, which is not below it"),
        ("labelsmooth.measures", "from .setups import RANGES", "imports .setups, a relative name"),
        ("labelsmooth.novelty", "", "has no floor"),
    ],
)
def test_a_breach_of_the_plan_is_found(module: str, line: str, problem: str) -> None:
    sources = our_sources()
    assert f"{module} {problem}" in violations(sources | {module: f"{sources.get(module, '')}\n{line}\n"})


def test_no_page_lies_in_a_folder_of_that_name_beside_the_script() -> None:
    """Streamlit would start its older multipage mode beside the navigation."""
    assert list((ROOT / "pages").glob("*/*.py"))
    assert [path.name for path in (ROOT / "pages").glob("*.py")] == ["every_page.py"]
    assert not (ROOT / "pages" / "pages").exists()
