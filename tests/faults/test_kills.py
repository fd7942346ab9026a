"""kill -9 at seeded moments: a few here, hundreds in `make soak`."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.kills import K, Toll, kill_app, kill_engine, kill_score
from tests.faults.load import press
from tests.faults.rig import App, Engine

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine() as running:
        yield running


@pytest.fixture(scope="module")
def app(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with App(tmp_path_factory.mktemp("faults") / "grm.db", engine) as running:
        yield running


def test_a_run_outlives_the_engine_without_the_user(app: App, engine: Engine) -> None:
    assert kill_engine(app, engine, random.Random(1), 4) == Toll(kills=4, runs=4, shown=4 * K)


def test_fifty_clients_are_served_in_turn(app: App) -> None:
    load = press(app, 50, 0, k=6, at_once=3)
    assert (load.refused, load.failed) == (0, 0)
    assert len(load.by_client) == 50
    assert load.waited, "a hundred and fifty runs do not fit at once: some waited in the line, and said so"


def test_nothing_shown_is_lost_with_the_app(app: App) -> None:
    toll = kill_app(app, random.Random(2), 1)
    assert toll.shown > 0, "killed before anything was seen: nothing is tested"
    assert (toll.kills, toll.lost, toll.twice, toll.damaged) == (1, 0, 0, 0)


def test_a_killed_score_goes_on_with_the_same_samples(engine: Engine, tmp_path: Path) -> None:
    toll = kill_score(engine, tmp_path, random.Random(3), 3)
    assert toll == Toll(kills=3, runs=toll.runs, shown=toll.runs * 640)
