"""Laws of the desk: every wish counts once, whatever interrupts a run, and the address follows."""

from dataclasses import replace
from typing import Any

import pytest
from desk_visit import PLAIN, RunEndedError, Visit

from labelsmooth.dashboard import controls
from labelsmooth.dashboard.choices import Choice, Flag, Number
from labelsmooth.dashboard.desk import shown_values
from labelsmooth.dashboard.presets import PRESETS
from labelsmooth.dashboard.settings import Settings
from labelsmooth.dashboard.specs import SPECS, VIEW


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Visit:
    return Visit(monkeypatch)


def another(settings: Settings, name: str) -> Any:
    """A valid value that the widget does not show."""
    spec, shown = settings.spec(name), shown_values(settings)[name]
    if isinstance(spec, Flag):
        return not shown
    if isinstance(spec, Choice | Number):
        return next(option for option in spec.options if option != shown)
    return "20-10"


@pytest.mark.parametrize("name", [name for name in SPECS if name != "shown"])
def test_the_wish_of_every_widget_is_taken_once(visit: Visit, name: str) -> None:
    value = another(PLAIN, name)
    visit.wish(name, value)
    visit.run()
    taken = visit.settings
    assert shown_values(taken)[name] == value
    assert visit.query == taken.to_query()
    before = visit.desk.generation
    visit.run()
    assert (visit.settings, visit.desk.generation) == (taken, before)
    visit.desk.clicks.append(visit.desk.click("reset", controls._reset))  # the widget's old value is no wish any more
    visit.run()
    visit.run()
    assert visit.settings == Settings()


def test_a_picked_class_is_taken_once(visit: Visit) -> None:
    visit.wish("shown 0", 0)  # which is shown on top: the two change places
    visit.run()
    visit.run()
    assert visit.settings == replace(PLAIN, shown=(0, 5, 3))


def test_a_click_counts_once_however_often_its_callback_is_run(visit: Visit) -> None:
    visit.run()
    drawn = visit.desk.click("new seed", controls._new_seed)
    seed, seeds = visit.settings.seed, visit.settings.seeds
    for again in range(3):  # twice before a run that takes it, and once after that
        visit.desk.clicks += [drawn, drawn][: 2 - min(again, 1)]
        visit.run()
        assert visit.settings.seed == seed + seeds
    visit.desk.clicks.append(visit.desk.click("new seed", controls._new_seed))
    visit.run()
    assert visit.settings.seed == seed + 2 * seeds


def everything_at_once(visit: Visit) -> Settings:
    """Two wishes, a click and a film in one message, and what they come to."""
    visit.wish("noisy_validation", True)
    visit.wish("seeds", 3)
    visit.desk.clicks.append(visit.desk.click("new seed", controls._new_seed))
    visit.leave("sweep", "0.35", 1)
    return replace(PLAIN, noisy_validation=True, seeds=3, seed=8, epsilon=0.35)


def test_all_wishes_of_one_message_count(visit: Visit) -> None:
    asked = everything_at_once(visit)
    visit.run()
    assert visit.settings == asked
    assert visit.query == asked.to_query()
    visit.run()
    assert visit.settings == asked


def test_a_wish_that_makes_new_widgets_drops_no_other_wish(visit: Visit) -> None:
    visit.wish("dataset", "iris")  # which has no 1000 examples to learn from
    visit.wish("epochs", 7)
    visit.run()
    assert (visit.settings.dataset, visit.settings.train_size, visit.settings.epochs) == ("iris", 90, 7)


def test_a_run_may_end_at_any_access_to_the_session_and_no_wish_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    endings = 0
    while True:
        visit = Visit(monkeypatch)
        asked = everything_at_once(visit)
        visit.session.at = visit.session.accesses + endings + 1
        try:
            visit.run()
            break
        except RunEndedError:
            endings += 1
        visit.run()
        assert visit.settings == asked
        assert visit.query == asked.to_query()
        visit.run()
        assert visit.settings == asked
    assert endings > 5


def test_a_run_that_the_new_address_ends_loses_nothing(visit: Visit) -> None:
    before = dict(visit.query)
    asked = everything_at_once(visit)
    visit.query.ends_the_run = True
    with pytest.raises(RunEndedError):
        visit.run()
    visit.message(before)  # it crossed the new address on its way
    visit.run()
    assert visit.settings == asked
    assert visit.query == asked.to_query()
    visit.wish("dataset", "iris")
    visit.query.ends_the_run = True
    with pytest.raises(RunEndedError):
        visit.run()
    corrected = visit.desk.said
    visit.run()  # the new address is known, and no visitor's doing
    assert corrected
    assert visit.desk.said == corrected


def test_what_a_widget_cannot_show_makes_it_a_new_one(visit: Visit) -> None:
    first = visit.desk.generation
    visit.wish("epsilon", 0.3)
    visit.run()
    assert visit.desk.generation == first  # the widget shows it already
    visit.wish("hidden", "many")
    visit.run()
    assert visit.desk.generation > first
    assert visit.settings.hidden == PLAIN.hidden
    assert "many" in visit.desk.said[0]
    visit.run()
    assert visit.desk.said  # until the next choice
    visit.wish("epsilon", 0.4)
    visit.run()
    assert not visit.desk.said


def test_a_film_is_heard_once_and_every_time_it_is_left(visit: Visit) -> None:
    visit.leave("reliability", "2.51", 1)
    visit.run()
    assert visit.settings == replace(PLAIN, temperature=2.51)
    visit.wish("temperature", 1.0)
    visit.run()
    assert visit.settings.temperature == 1.0
    visit.leave("reliability", "2.51", 2)
    visit.run()
    assert visit.settings.temperature == 2.51


@pytest.mark.parametrize("film", ["live", "clusters"])
def test_a_paused_film_is_pinned_until_it_plays_on(visit: Visit, film: str) -> None:
    visit.leave(film, "12", 1)
    visit.run()
    assert visit.query["epoch"] == "12"
    before = visit.desk.generation
    visit.leave(film, "", 2)
    visit.run()
    assert visit.query["epoch"] == "-1"
    assert visit.settings == PLAIN
    assert visit.desk.generation == before  # no widget shows the epoch


def test_a_pin_beyond_the_training_moves_to_its_end_and_says_so(visit: Visit) -> None:
    visit.leave("live", "79", 1)
    visit.run()
    visit.wish("epochs", 60)
    visit.run()
    assert visit.settings == replace(PLAIN, epochs=60, epoch=60)
    assert visit.desk.said == ["Epoch of the film: 79 is more than this training allows; 60 is used."]


def test_what_a_film_told_the_server_before_this_one_is_no_choice(visit: Visit) -> None:
    visit.leave("sweep", "0.35", 1, of="a session of a server that is gone")
    visit.run()
    assert visit.settings == PLAIN
    visit.leave("sweep", "0.35", 2)
    visit.run()
    assert visit.settings == replace(PLAIN, epsilon=0.35)


def test_no_message_that_crosses_new_addresses_is_taken_for_back(visit: Visit) -> None:
    written = [dict(visit.query)]
    for epsilon in (0.3, 0.4):
        visit.wish("epsilon", epsilon)
        visit.run()
        written.append(dict(visit.query))
    for old in (*written, *reversed(written), {}):
        visit.message(old)
        visit.run()
        assert visit.settings.epsilon == 0.4
        assert visit.query == written[-1]
    visit.message(written[0], back=True)
    visit.run()
    assert visit.settings == PLAIN
    visit.message(written[1], back=True)  # and Forward
    visit.run()
    assert visit.settings.epsilon == 0.3


def test_going_to_another_page_keeps_everything(visit: Visit) -> None:
    visit.wish("epsilon", 0.3)
    visit.run()
    visit.message({})
    visit.run("Clusters")
    assert visit.settings == replace(PLAIN, epsilon=0.3)
    assert visit.query == visit.settings.to_query()
    visit.wish("epsilon", 0.4)
    visit.run("Clusters")
    visit.message({}, back=True)  # to how the visitor came to this page
    visit.run("Clusters")
    assert visit.settings == replace(PLAIN, epsilon=0.3)
    assert not visit.query  # or Back could never leave the page


def test_back_to_another_page_brings_the_choices_of_its_address(visit: Visit) -> None:
    before = dict(visit.query)
    visit.message({})
    visit.run("Clusters")
    visit.wish("epsilon", 0.4)
    visit.run("Clusters")
    visit.message(before, back=True)
    visit.run()
    assert visit.settings == PLAIN
    visit.message({}, back=True)
    visit.run("Clusters")
    assert visit.settings == PLAIN
    assert not visit.query


def test_a_story_keeps_how_things_are_looked_at(visit: Visit) -> None:
    for name in VIEW:
        visit.wish(name, another(visit.settings, name))
    visit.run()
    seen = visit.settings
    visit.wish("preset None", "two moons")
    visit.run()
    story = PRESETS["two moons"].settings
    for name in SPECS:
        assert getattr(visit.settings, name) == getattr(seen if name in VIEW else story, name)
    assert all(getattr(seen, name) != getattr(story, name) for name in VIEW)


def test_a_story_clicked_again_stays_told(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = Visit(monkeypatch, Settings(epsilon=0.3, bins=7))
    before = visit.desk.generation
    visit.wish("preset noisy labels", None)
    visit.run()
    assert visit.settings == Settings(epsilon=0.3, bins=7)
    assert visit.desk.generation > before  # or the widget would go on without its mark
