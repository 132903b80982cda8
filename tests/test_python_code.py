"""Laws of the code that a page gives away: it trains what the page trains, and prints what the page shows."""

import ast
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import asdict, replace
from io import StringIO
from pathlib import Path
from shlex import split

import pytest
from addressed import pages_in_the_navigation
from open_pages import chosen, metrics, opened, told, trained_on
from streamlit.testing.v1 import AppTest
from test_settings import drawn_settings
from trained_runs import last_of

from labelsmooth.__main__ import parser
from labelsmooth.assessment.assess import assess
from labelsmooth.assessment.words import verdict
from labelsmooth.commands.options import setup_of
from labelsmooth.commands.sweep import settings_wanted
from labelsmooth.dashboard.programs import FILE
from labelsmooth.dashboard.python_code import CODES, Code, code_of
from labelsmooth.dashboard.settings import Settings
from labelsmooth.own_data.held import OwnData, register
from labelsmooth.own_data.preparing import prepare
from labelsmooth.own_data.recipe import Recipe
from labelsmooth.predictions.example import example_csv
from labelsmooth.predictions.reading import read_predictions
from labelsmooth.predictions.tables import read_table
from labelsmooth.setups import TrainingSetup

UNDERSTAND = "understand/in_your_code.py"
# Names that are no identifiers, hold every sign that could end a text or a line, and are still names of columns.
LABEL, LEFT_OUT = """kind "of" 'tree'""", ("\\n{0} $(ls) `ls`", "{LABEL!r}", "-x")
TABLE = ",".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in ("size", "gap", LABEL, *LEFT_OUT)) + "\n"
TABLE += "".join(f"{i % 3 + i / 60},{'' if i % 7 == 0 else i % 5},c{i % 3},{i},{i % 2},{i % 4}\n" for i in range(60))


def printed(code: str) -> str:
    """What a program prints."""
    out = StringIO()
    with redirect_stdout(out):
        exec(compile(code, "<shared>", "exec"), {"__name__": "__main__"})
    return out.getvalue()


def setup_in(code: str) -> TrainingSetup:
    """The setup that a program writes out, every field of it."""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    (call,) = (call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "TrainingSetup")
    values = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    assert values.keys() == asdict(TrainingSetup()).keys()
    return TrainingSetup(**values)


def setup_asked(command: str) -> TrainingSetup:
    """What a command would train."""
    program, module, name, *words = split(command)
    assert [program, module, name] == ["python", "-m", "labelsmooth"]
    options = parser().parse_args(words)
    if options.command == "train":
        return setup_of(options)
    (setup,) = settings_wanted(options)
    return setup


def of(page: AppTest, title: str = "Train live", recipe: Recipe | None = None) -> Code:
    return code_of(title, chosen(page), recipe)


def strip(page: AppTest) -> Iterator[tuple[str, str]]:
    """Each measure of the strip, and the line below it."""
    for metric in page.metric:
        yield metric.value, metric.delta


@pytest.mark.parametrize(
    "query",
    [
        {},
        {
            "dataset": "wine",
            "train_size": "60",
            "negative": "yes",
            "epsilon": "-0.25",
            "optimizer": "sgd",
            "seeds": "1",
        },
        {"dataset": "blobs", "classes": "4", "convention": "others", "noisy_validation": "yes", "activation": "tanh"},
        {"epsilon": "0.0"},
        {"learning_rate": "1000", "optimizer": "sgd"},
    ],
    ids=["quick", "one seed, negative", "others", "no smoothing", "diverging"],
)
def test_the_code_prints_the_strip_of_the_page(query: dict[str, str]) -> None:
    page = opened(**query)
    lines = printed(of(page).python).splitlines()
    values = [line.partition(": ")[2] for line in lines if ": " in line and not line.startswith("Some")]
    changes = [line.strip().removeprefix("difference ") for line in lines if line.startswith(" ")]
    shown = list(strip(page))
    assert values == [value for value, _ in shown]
    if "diverged" in shown[0][1]:
        assert lines[-1].startswith("Some diverged")
    elif chosen(page).epsilon:
        assert len(changes) == len(shown)
        assert all(below.startswith(change) for change, (_, below) in zip(changes, shown, strict=True))
    else:
        assert not changes


def test_the_code_of_a_sweep_prints_what_the_page_concludes() -> None:
    page = opened("drag_epsilon")
    out, last = printed(of(page, "Drag epsilon").python), last_of(trained_on(page))
    sentences = out.splitlines()[1 + len(trained_on(page).epsilons) :]
    assert len(sentences) > 1
    for sentence in sentences:
        assert sentence in told(page)
    smoothed = f"0.1, {100 * last.accuracy[:, 1].mean():.1f} %, {last.ece[:, 1].mean():.3f}, "
    assert smoothed + f"{100 * last.confidence[:, 1].mean():.1f} %, " in out


def test_the_code_of_the_clusters_prints_what_the_page_concludes() -> None:
    page = opened("clusters")
    (*_, one, two) = printed(of(page, "Clusters").python).splitlines()
    assert {one, two} <= set(told(page).replace("**", "").splitlines())


def test_the_code_of_calibration_prints_the_table_of_the_page() -> None:
    page = opened("calibration", temperature="2.0", bins="10")
    table = page.table[0].value
    rows = dict(line.split(": ") for line in printed(of(page, "Calibration").python).splitlines() if ": " in line)
    assert [rows[name] for name in table.index] == [
        f"{hard} → {smoothed}" for hard, smoothed in zip(table["hard labels"], table["smoothed"], strict=True)
    ]


def test_the_code_of_a_library_prints_what_the_page_shows() -> None:
    page = opened(library="fairseq", target_classes="50", epsilon="0.2")
    page.switch_page(UNDERSTAND).run()
    page = page.run()
    out, shown = printed(of(page, "In your code").python), metrics(page)
    target, other = shown["Target of the label"], shown["Target of each other class"]
    assert f"target: {target} on the label, {other} on each other class" in out
    assert f"gap: {shown['Optimal logit gap']}; smallest loss: {shown['Smallest loss']}" in out


def test_code_and_command_describe_the_setup_of_any_settings() -> None:
    for settings in map(drawn_settings, range(60)):
        for title, setup in {"Train live": settings.setup(), "Drag epsilon": settings.sweep()}.items():
            code = code_of(title, settings)
            assert setup_in(code.python) == setup
            assert setup_asked(code.command) == setup


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[OwnData, Recipe]:
    """A visitor's data, held, and their recipe; the working folder has the file."""
    (tmp_path / FILE).write_text(TABLE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    table = read_table("any name.csv", TABLE.encode())
    own = prepare(table, LABEL, "impute", ["size", "gap"])
    register(own)
    return own, Recipe(LABEL, "impute", LEFT_OUT)


def of_own(own: OwnData) -> Settings:
    return Settings(dataset=own.name, train_size=30, shown=(0, 1, 2), epochs=2, seeds=2, hidden=(8,), label_noise=0.0)


def test_the_code_of_own_data_makes_them_again_of_the_same_file_alone(
    mine: tuple[OwnData, Recipe], tmp_path: Path
) -> None:
    own, recipe = mine
    code = code_of("Train live", of_own(own), recipe).python
    assert printed(code).startswith("accuracy: ")
    assert own.title not in code
    (tmp_path / FILE).write_text(TABLE.replace("c0", "c9"), encoding="utf-8")
    with pytest.raises(SystemExit, match="not the file"):
        printed(code)


@pytest.mark.parametrize(
    "name",
    ['"""', '"; import os; os.abort()  #', "'; rm -r x; '", "a\nb\r", "\\", "\u2028", "\x00", "{x}", "$(x)", "`x`"],
)
def test_the_name_of_a_column_is_a_text_in_the_code_and_a_word_in_the_command(
    mine: tuple[OwnData, Recipe], name: str
) -> None:
    code = code_of("Train live", of_own(mine[0]), Recipe(name, "impute", (name, "x")))
    assigned = {
        ast.unparse(line.targets[0]): line.value for line in ast.parse(code.python).body if isinstance(line, ast.Assign)
    }
    assert ast.literal_eval(assigned["LABEL"]) == name
    assert ast.literal_eval(assigned["LEFT_OUT"]) == (name, "x")
    words = split(code.command)
    assert words[words.index("--label") + 1] == words[words.index("--without") + 1] == name


def test_the_command_of_own_data_trains_the_same_or_is_not_offered(mine: tuple[OwnData, Recipe]) -> None:
    own, recipe = mine
    settings = of_own(own)
    assert code_of("Train live", settings, recipe).command == ""  # a column is named like an option
    fewer = replace(recipe, left_out=recipe.left_out[:2])
    less = prepare(read_table(FILE, TABLE.encode()), LABEL, "impute", ["size", "gap", "-x"])
    register(less)
    settings = of_own(less)
    assert setup_asked(code_of("Train live", settings, fewer).command) == settings.setup()


def test_the_code_for_a_model_of_ones_own_says_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = example_csv()
    (tmp_path / FILE).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    code = code_of("Your model", replace(Settings(), bins=10, binning="equal-mass"))
    found = assess(read_predictions([read_table(FILE, content)]).predictions, bins=10, scheme="equal-mass", name=FILE)
    assert printed(code.python).endswith("\n\n".join(verdict(found)) + "\n")
    options = parser().parse_args(split(code.command)[3:])
    assert (options.command, options.bins, options.binning) == ("calibrate", 10, "equal-mass")


def test_all_code_is_of_a_page_that_there_is() -> None:
    titles = [title for section in pages_in_the_navigation().values() for title in section]
    assert [title for title in titles if title in CODES] == list(CODES)
    assert code_of("Server", Settings()) == Code()


def test_where_nothing_can_be_run_the_code_says_so() -> None:
    claim = code_of("Claims, re-tested", Settings(claim="label_noise"))
    assert claim.python == ""
    assert parser().parse_args(split(claim.command)[3:]).claim == ["label_noise"]
    bare = code_of("Your data", Settings())
    assert parser().parse_args(split(bare.command)[3:]).label == "COLUMN"
    assert bare.note
