"""The file that a visitor has given as a data set, what was chosen of it, and how training on it begins.

The file as it was read, and the data made of it, live in the session and end with it; their bytes are counted.
"""

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from sklearn import datasets as sklearn_datasets

from labelsmooth.dashboard.desk import Desk, desk
from labelsmooth.dashboard.settings import Settings, own_data_of
from labelsmooth.dashboard.uploads import small_enough, uploads
from labelsmooth.datasets import largest_train_size
from labelsmooth.own_data.held import OwnData
from labelsmooth.own_data.preparing import Missing, check_size, prepare
from labelsmooth.own_data.recipe import Recipe
from labelsmooth.predictions.roles import LABELS
from labelsmooth.predictions.tables import Table, read_table

_UPLOAD = "own data"
EXAMPLE = "bottles.csv"


@dataclass(eq=False)
class Upload:
    """The last file that could be read, and what was chosen of it; `problem` is what was wrong with a later one."""

    table: Table | None = None
    problem: str = ""
    generation: int = 0  # of the uploader, which forgets a file once it is read
    label: str = ""
    missing: Missing = "refuse"
    left_out: list[str] = field(default_factory=list)
    in_use: Recipe | None = None  # what made the data that networks learn from
    _made: tuple[tuple[str, str, tuple[str, ...]], OwnData] | None = None

    def take(self, name: str, content: bytes) -> None:
        """Read another file; where it cannot be read, say why and keep what there was."""
        self.generation += 1
        self.problem = ""
        try:
            with uploads().reading:
                table = read_table(name, small_enough(name, content))
                check_size(table)
                uploads().claim(table, max(table.nbytes, len(content)))
        except ValueError as refusal:
            self.problem = str(refusal)
            return
        if self.table is not None and self.table.name == EXAMPLE:
            self.missing = "refuse"  # what is right for the example need not be for a visitor's own file
        self.table, self._made = table, None
        same = self.label in table.columns
        if not same:
            named = [name for name in table.columns if name.strip().lower() in LABELS]
            self.label = named[0] if len(named) == 1 else list(table.columns)[-1]
        self.left_out = [column for column in self.left_out if same and column in table.columns]

    def try_example(self) -> None:
        """Take the example, with its gaps imputed."""
        self.take(EXAMPLE, example())
        if not self.problem:
            self.missing = "impute"

    def forget(self) -> None:
        """Drop the file and what was made of it; in place, for Streamlit keeps a replaced object for a while."""
        self.generation += 1
        self.table, self.problem, self._made = None, "", None
        self.label, self.missing, self.left_out = "", "refuse", []

    @property
    def recipe(self) -> Recipe:
        """What is chosen now."""
        return Recipe(self.label, self.missing, tuple(self.left_out))

    def prepared(self) -> OwnData:
        """The data set, made once for the same choices; ValueError in one line where it cannot be."""
        assert self.table is not None, "there is no file"
        key = self.label, self.missing, tuple(self.left_out)
        if self._made is None or self._made[0] != key:
            columns = [name for name in self.table.columns if name not in (self.label, *self.left_out)]
            own = prepare(self.table, self.label, self.missing, columns)
            uploads().claim(own, own.nbytes)
            self._made = key, own
        return self._made[1]


def upload() -> Upload:
    """The upload of this session."""
    if _UPLOAD not in st.session_state:
        st.session_state[_UPLOAD] = Upload()
    return st.session_state[_UPLOAD]


def train_on_it(ticket: int) -> None:
    """Let the next run take the data that the visitor saw for training.

    They are no argument: Streamlit keeps those of a callback, and what they hold, to the end of the session.
    """
    mine, held = desk(), upload()
    mine.clicks.append(mine.click("train", partial(_use, mine, held, held.prepared(), held.recipe), ticket))


def forget() -> None:
    """Let the next run drop the visitor's file, and the data made of it."""
    mine = desk()
    upload().forget()
    mine.clicks.append(mine.click("forget", partial(_drop, mine)))


def forget_pictures() -> None:
    """Nothing of a training on data that are gone is shown while the next one begins."""
    st.session_state.pop("on the wall", None)


def _use(mine: Desk, held: Upload, own: OwnData, recipe: Recipe, settings: Settings) -> Settings:
    """What a link that waits for these data says, or else what suits them."""
    mine.hold(own)
    held.in_use = recipe
    if own_data_of(mine.awaiting, {}) == own.name:
        link, mine.awaiting = mine.awaiting, {}
        return mine.read(link)[0]
    size = min(Settings.train_size, largest_train_size(own.name))
    suited = replace(
        settings, dataset=own.name, train_size=size, label_noise=0.0, shown=own.largest_classes, event="top"
    )
    return suited.corrected()[0]


def _drop(mine: Desk, settings: Settings) -> Settings:
    kept = settings if settings.dataset not in mine.titles else Settings()
    mine.hold(None)
    return kept


def example() -> bytes:
    """A file to try: measured bottles of wine, some with a gap, and a column of text that is made up."""
    wine = sklearn_datasets.load_wine(as_frame=True)
    table = wine.data[["alcohol", "malic_acid", "color_intensity", "hue", "proline"]].copy()
    chance = np.random.default_rng(0)
    table["closure"] = chance.choice(["cork", "screw cap", "glass"], len(table), p=[0.6, 0.3, 0.1])
    table.loc[chance.choice(len(table), 12, replace=False), "hue"] = np.nan
    table["cultivar"] = pd.Series(wine.target).map({0: "Barolo", 1: "Grignolino", 2: "Barbera"})
    return table.to_csv(index=False).encode()
