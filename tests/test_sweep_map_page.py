"""Laws of the map under "Drag epsilon": a sweep a row, trained row by row."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from open_pages import (
    chosen,
    films,
    opened,
    told,
    traces,
    whole,
    widget,
)
from streamlit.testing.v1 import AppTest
from test_drag_epsilon import PAGE, TINY
from trained_runs import last_of

from labelsmooth.dashboard import server
from labelsmooth.setups import TrainingSetup
from labelsmooth.snapshots import Snapshot
from labelsmooth.training import train_by_epoch


def test_the_map_is_trained_row_by_row_and_holds_them_all_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[float] = []

    def train(setup: TrainingSetup) -> Iterator[Snapshot | None]:
        begun.append(setup.label_noise)
        return train_by_epoch(setup)

    monkeypatch.setattr(server, "train_by_epoch", train)
    server.registry.clear()
    page = opened(PAGE, **TINY)
    assert "map" not in whole(page)
    begun.clear()
    widget(page.selectbox, "Map").set_value("label_noise").run()
    assert "of 7 of the map." in told(page)
    rows = mapped(page)
    assert begun == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    (cells,) = traces(rows, type="heatmap")
    for row, setup in enumerate(chosen(page).map_rows().values()):
        assert cells["z"][row] == pytest.approx(last_of(setup).ece.mean(0), abs=1e-6)
    widget(page.selectbox, "Measure of the map").set_value("accuracy").run()
    (others,) = traces(mapped(page), type="heatmap")
    assert others["z"] != cells["z"]
    assert len(begun) == 7
    server.registry.clear()


def mapped(page: AppTest) -> dict[str, Any]:
    """The map once all its rows are trained."""
    for _ in range(400):
        assert not page.exception
        page.run()
        if any(film["key"] == "map" and film["done"] for film in films(page)):
            return whole(page)["map"]
    raise AssertionError("still no whole map after 400 ticks")


def test_the_map_of_training_sizes_has_a_row_for_each() -> None:
    page = opened(PAGE, **TINY, map_over="train_size")
    shown = mapped(page)
    (cells,) = traces(shown, type="heatmap")
    sizes = [f"{size:g}" for size in chosen(page).map_rows()]
    assert shown["figure"]["layout"]["yaxis"]["ticktext"] == sizes
    assert np.isfinite(np.array(cells["z"])).all()
    assert len(cells["z"]) == len(sizes)
