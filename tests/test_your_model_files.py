"""How files come to the page "Your model", without the page: what waits, what is refused, what the guide writes."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hostile import CORPUS, Hostile
from prediction_files import npy, text
from sklearn.linear_model import LogisticRegression
from starlette.formparsers import MultiPartParser
from test_layers import imports, our_sources
from test_your_model_page import FILE, GIVEN, read_all
from torch.utils.data import DataLoader, TensorDataset

from labelsmooth.dashboard.plain import plain
from labelsmooth.dashboard.uploads import LIMIT
from labelsmooth.dashboard.your_model import Slot
from labelsmooth.dashboard.your_model_guide import PYTORCH, SCIKIT_LEARN
from labelsmooth.predictions.reading import read_predictions
from labelsmooth.predictions.tables import read_table


def test_what_the_guide_says_of_programs_makes_files_that_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inputs = np.random.default_rng(0).normal(size=(40, 2))
    labels = pd.Series(np.where(inputs.sum(1) > 0, "cat", "dog")).sample(frac=1, random_state=0)
    inputs = inputs[labels.index]
    model = LogisticRegression().fit(inputs, labels)
    exec(SCIKIT_LEARN, {"pd": pd, "np": np, "model": model, "x_test": inputs, "y_test": labels})
    read = read_predictions([read_table("predictions.csv", Path("predictions.csv").read_bytes())]).predictions
    assert [read.classes[label] for label in read.labels] == labels.tolist()
    assert (read.logits.argmax(1) == read.labels).mean() > 0.9
    network = torch.nn.Linear(2, 3)
    numbers = torch.tensor((labels == "cat").to_numpy(), dtype=torch.long)
    data = TensorDataset(torch.tensor(inputs, dtype=torch.float32), numbers)
    loader = DataLoader(data, batch_size=16)
    exec(PYTORCH, {"torch": torch, "np": np, "model": network, "test_loader": loader, "device": "cpu"})
    read = read_predictions([read_table("predictions.npz", Path("predictions.npz").read_bytes())]).predictions
    assert read.labels.tolist() == numbers.tolist()
    assert read.logits.shape == (40, 3)


def test_every_page_with_an_uploader_keeps_files_off_the_disk() -> None:
    sources = our_sources()

    def reached(module: str) -> set[str]:
        seen, waiting = {module}, [module]
        while waiting:
            new = {each for each in imports(sources[waiting.pop()], sources) if each in sources} - seen
            seen |= new
            waiting += new
        return seen

    found = {page: reached(page) for page in sources if page.startswith("pages.")}
    uploading = {
        page: modules for page, modules in found.items() if any("file_uploader(" in sources[each] for each in modules)
    }
    assert uploading.keys() == {"pages.apply.your_model", "pages.apply.your_data"}
    assert all("labelsmooth.dashboard.uploads" in modules for modules in uploading.values())
    assert MultiPartParser.spool_max_size == LIMIT


def test_every_malformed_file_gives_one_line_and_keeps_what_there_was() -> None:
    for bad in CORPUS:
        slot = Slot()
        slot.take(partial(read_all, [FILE]))
        before = slot.reading
        slot.take(partial(read_all, bad.files))
        assert slot.problem, bad.kind
        assert slot.problem.isprintable(), bad.kind
        assert before is not None
        assert slot.reading is before


LONE = list({bad.kind: bad for bad in CORPUS if len(bad.files) == 1}.values())[::5]


def test_what_is_wrong_with_a_file_does_not_depend_on_what_came_before() -> None:
    def problem(slot: Slot, bad: Hostile) -> str:
        slot.take(partial(read_all, bad.files))
        return slot.problem

    alone = {bad.kind: problem(Slot(), bad) for bad in LONE}
    assert len(LONE) >= 12
    for first in LONE:
        for second in LONE:
            slot = Slot()
            assert problem(slot, first) == alone[first.kind]
            assert problem(slot, second) == alone[second.kind], (first.kind, second.kind)


def test_only_halves_wait_and_a_bad_file_between_them_does_no_harm() -> None:
    scores, labels = ("scores.npy", npy(GIVEN.values)), ("truth.csv", text([["y"], *([str(y)] for y in GIVEN.labels)]))
    bad = ("bad.csv", b"cat,dog,label\n0.5,nan,cat\n")
    slot = Slot()
    for file in (scores, bad):
        slot.take(partial(read_all, [file]))
        assert slot.held[0].name == file[0]  # for the menus
    assert slot.problem.startswith("bad.csv")
    slot.take(partial(read_all, [labels]))
    assert slot.problem == ""
    assert slot.name == "scores.npy and truth.csv"
    slot.take(partial(read_all, [labels]))
    assert slot.problem.startswith("truth.csv")  # what is in use waits for nothing
    assert slot.name == "scores.npy and truth.csv"


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("a_b*c", r"a\_b\*c"),
        ("x.csv: row 3", r"x\.csv\: row 3"),
        ("[x](http://y.z)", "\\[x\\]\\(http\\:\u2060\\/\\/y\\.z\\)"),
        (":red[x] :smile:", "\\:\u2060red\\[x\\] \\:\u2060smile\\:"),
        ("www.a.b", "www\u2060\\.a\\.b"),
        ("a@b.c\n<b>", "a\\@\u2060b\\.c \\<b\\>"),
        ("-->", "\\-\u2060\\-\u2060\\>"),
        ("$x$", r"\$x\$"),
    ],
)
def test_a_strangers_text_is_no_markdown(text: str, markdown: str) -> None:
    assert plain(text) == markdown
