"""Laws of what a training costs: it never falls with a size, too much is refused in words, and no run outgrows it."""

import math
import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from open_pages import opened, settled, whole, widget
from run_fakes import GROUPED, A, B, Clock, FakeTraining, Lab

from labelsmooth.dashboard import server
from labelsmooth.dashboard.cost import OVERRUN, overrun, refusal, seconds
from labelsmooth.dashboard.runs import Registry
from labelsmooth.own_data.held import OwnData, register
from labelsmooth.setups import TrainingSetup

MADE = {"moons": TrainingSetup("moons", train_size=90, epochs=30), "digits": TrainingSetup(epsilons=(0.1,), film=False)}
# A size, and the setup with that much of it.
SIZES: dict[str, tuple[list[int], Callable[[TrainingSetup, int], TrainingSetup]]] = {
    "epochs": (list(range(1, 1001)), lambda setup, n: replace(setup, epochs=n)),
    "seeds": (list(range(1, 61)), lambda setup, n: replace(setup, seeds=tuple(range(n)))),
    "epsilons": (list(range(1, 61)), lambda setup, n: replace(setup, epsilons=tuple(k / 100 for k in range(n)))),
    "width": (list(range(2, 513)), lambda setup, n: replace(setup, hidden=(8, n))),
    "layers": ([1, 2, 3, 4], lambda setup, n: replace(setup, hidden=(16,) * n)),
    "train_size": (list(range(20, 1079)), lambda setup, n: replace(setup, train_size=n)),
}


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("size", SIZES)
def test_more_never_costs_less_and_much_more_costs_more(size: str, name: str) -> None:
    values, make = SIZES[size]
    if len(values) > 60:
        values = sorted({values[0], values[-1], *random.Random(0).sample(values, 58)})
    costs = np.array([seconds(make(MADE[name], value)) for value in values])
    assert (np.diff(costs) >= 0).all()
    assert costs[-1] > 1.1 * costs[0] > 0


def test_a_film_costs_more_and_small_batches_cost_more() -> None:
    setup = TrainingSetup()
    assert seconds(setup) > seconds(replace(setup, film=False))
    assert seconds(replace(setup, batch_size=4)) > 2 * seconds(setup)


def test_the_largest_sweep_of_the_usual_data_is_within_the_usual_limit() -> None:
    sweep = TrainingSetup(epsilons=tuple(n / 50 for n in range(26)), seeds=tuple(range(20)), film=False)
    assert 50 < seconds(sweep) < 600
    assert refusal(sweep, 600) is None
    assert refusal(replace(sweep, epochs=1000), 600) is not None


def test_a_refusal_names_cost_and_limit_and_what_it_proposes_fits() -> None:
    setup = TrainingSetup(seeds=tuple(range(10)), epochs=400)
    limit = seconds(setup) / 3.5
    told = refusal(setup, limit)
    assert told is not None
    assert f"about {math.ceil(seconds(setup))} s" in told
    assert f"allows {limit:,.10g} s" in told
    epochs, seeds = (int(told.split(f"{what}: at most ")[1].split()[0].rstrip(".")) for what in ("epochs", "seeds"))
    assert refusal(replace(setup, epochs=epochs), limit) is None
    assert refusal(replace(setup, epochs=epochs + 1), limit) is not None
    assert refusal(replace(setup, seeds=setup.seeds[:seeds]), limit) is None
    assert refusal(replace(setup, seeds=setup.seeds[: seeds + 1]), limit) is not None
    assert "\n" not in told


def test_where_nothing_fits_nothing_is_proposed() -> None:
    told = refusal(TrainingSetup(), 1e-3)
    assert told is not None
    assert "at most" not in told


def test_own_data_cost_what_they_are_and_gone_ones_are_left_to_the_training() -> None:
    chance = np.random.default_rng(0)
    costs = []
    for columns in (3, 300):
        x, y = chance.normal(size=(400, columns)), np.arange(400) % 4
        own = OwnData("a.csv", x, y, tuple("abcd"), tuple(f"f{k}" for k in range(columns)))
        register(own)
        setup = TrainingSetup(own.name, train_size=200)
        costs.append(seconds(setup))
        assert refusal(setup, 1e-3) is not None
        del own
    assert costs[1] > 1.1 * costs[0]
    assert refusal(setup, 1e-3) is None


def test_what_is_refused_waits_for_nothing_and_ends_what_its_viewer_looked_at() -> None:
    lab = Lab()
    lab.registry._limit = seconds(A) * 1.01
    old, large = lab.registry.join(A, "ann"), replace(A, epochs=200)
    lab.steps(2)
    run = lab.registry.join(large, "ann")
    assert (run.state, run.ended, run.position, run.snapshots) == ("refused", True, 0, ())
    assert run.error == refusal(large, lab.registry._limit)
    assert old.state == "stopped"
    lab.run_dry()
    assert lab.training.started == [A]
    assert lab.registry.join(large, "bob") is run
    assert lab.registry.join(A, "ann").state == "running"
    lab.registry.leave("bob")
    assert lab.registry.join(large, "eve") is not run  # forgotten with its last viewer


@pytest.mark.parametrize("setup", [A, GROUPED])
def test_a_run_that_takes_twice_the_limit_fails_with_the_limit_and_others_go_on(setup: TrainingSetup) -> None:
    limit, clock = seconds(setup), Clock()
    step = limit / 20
    training = FakeTraining(lambda _setup, _epoch: setattr(clock, "now", clock.now + step), epochs=100)
    registry = Registry(training, workers=0, turn=0.0, processor=clock, limit=limit)
    run = registry.join(setup, "ann")
    while not run.ended:
        assert registry.step()
    assert (run.state, run.error) == ("failed", overrun(limit))
    assert OVERRUN * limit < run.trained <= OVERRUN * limit + 1.5 * step
    training.epochs = 2
    other = registry.join(replace(B, epochs=1), "bob")
    while registry.step():
        pass
    assert other.state == "finished"
    assert sorted(map(repr, training.closed)) == sorted(map(repr, training.started))
    assert registry.restart(setup, "ann") is not run


def test_a_refused_wish_leaves_the_picture_and_says_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened()
    shown = whole(page)["live"]
    monkeypatch.setattr(server.registry(), "_limit", 0.5)
    refused = server.journal().counts["refused"]
    widget(page.slider, "Epochs").set_value(400).run()
    page.run()
    assert not page.exception
    (error,) = page.error
    assert "this server allows 0.5 s" in error.value
    assert "epochs: at most" in error.value
    assert whole(page)["live"]["run"] == shown["run"]
    assert server.journal().counts["refused"] == refused + 1
    assert not page.button or all(button.label != "Try again" for button in page.button)
    widget(page.slider, "Epochs").set_value(2).run()
    settled(page)
    assert not page.error
    assert whole(page)["live"]["run"] != shown["run"]
