"""Pages without a browser: opened at an address, trained to the end, and read."""

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from labelsmooth.dashboard import server
from labelsmooth.dashboard.film import name_of
from labelsmooth.dashboard.settings import Settings
from labelsmooth.setups import TrainingSetup

APP = Path(__file__).parents[1] / "pages" / "every_page.py"
QUICK = {"epochs": "3", "seeds": "2", "train_size": "200", "hidden": "16", "steps": "6"}
SWEPT = "How much smoothing is right for these data?"  # title of the page that trains a sweep


def visited(file: str = "train_live", **query: str) -> AppTest:
    """A page at this address, after its first run."""
    page = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in (QUICK | query).items():
        page.query_params[name] = value
    return page.switch_page(f"experiment/{file}.py").run()


def opened(file: str = "train_live", **query: str) -> AppTest:
    """A page at this address, after its training."""
    return settled(visited(file, **query))


def settled(page: AppTest) -> AppTest:
    """The page once its training has ended; AppTest does not tick by itself."""
    for _ in range(400):
        assert not page.exception
        ended = page.error or server.registry().finished(trained_on(page))
        page.run()
        if ended:
            return page
        time.sleep(0.02)
    raise AssertionError("still training after 400 ticks")


def chosen(page: AppTest) -> Settings:
    """The settings of the page's visitor."""
    return page.session_state["desk"].settings


def trained_on(page: AppTest) -> TrainingSetup:
    """What the page trains."""
    return chosen(page).sweep() if page.title[0].value == SWEPT else chosen(page).setup()


def left(frame: str, when: int) -> dict[str, dict[str, object]]:
    """What a film says when it is left at a frame."""
    return {"released": {"frame": frame, "when": when, "visit": name_of("test session id")}}


def sent_films(page: AppTest) -> list[Any]:
    """The components that are films."""
    return [each for each in page.get("bidi_component") if each.proto.component_name == "film"]


def films(page: AppTest) -> list[dict[str, Any]]:
    """What the last run has sent to each film: no frame and no figure twice."""
    return [json.loads(film.proto.bytes or film.proto.json) for film in sent_films(page)]


def whole(page: AppTest) -> dict[str, dict[str, Any]]:
    """Every film by its key, all of it sent anew."""
    for film in films(page):
        del page.session_state[f"film {film['key']}"]
    page.run()
    return {film["key"]: film for film in films(page)}


def traces(film: dict[str, Any], **wanted: Any) -> Iterator[dict[str, Any]]:
    """The traces of a film's figure that have these entries."""
    for trace in film["figure"]["data"]:
        if wanted.items() <= {key: value for key, value in trace.items() if key in wanted}.items():
            yield trace


def frame(film: dict[str, Any], name: str) -> dict[str, Any]:
    """The frame of this name, its data by the number of the trace."""
    (found,) = (each for each in film["frames"] if each["name"] == name)
    return {**found, "data": dict(zip(found["traces"], found["data"], strict=True))}


def metrics(page: AppTest) -> dict[str, str]:
    """The value of each metric by its label."""
    return {metric.label: metric.value for metric in page.metric}


def widget(widgets: Iterable[Any], label: str) -> Any:
    """The widget with this label."""
    (found,) = (each for each in widgets if each.label == label)
    return found


def said(page: AppTest) -> str:
    """The corrections."""
    return " ".join(text.value for text in page.text)


def told(page: AppTest) -> str:
    """All that the page says in sentences."""
    return "\n".join(each.value for kind in (page.markdown, page.caption, page.info, page.warning) for each in kind)
