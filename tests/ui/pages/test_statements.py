"""A page of 300 sessions asks the database a few times, not once per session or sample."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from grm_core.types import ParseStatus, Principle
from storage.listing import Wanted
from storage.store import Store
from tests.cli.conftest import Command
from tests.cli.conftest import command as command  # a fixture
from tests.make import make_example, make_sample
from tests.storage.make import RUN, SESSION
from ui import site
from ui.pages.benchmarks import BenchPage
from ui.pages.models import ModelsPage
from ui.pages.principles import PrinciplesPage
from ui.pages.queue import QueuePage
from ui.pages.runs import RunPage
from ui.vectors import Vectors

SESSIONS = 300
FEW = 12


class Letters:
    """A sentence model that counts letters: like words, like vectors."""

    def embed(self, texts: list[str]) -> Any:
        counts = np.array([[1 + text.lower().count(letter) for letter in "aeiost"] for text in texts], np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 300 sessions with two samples each, and 20 runs of one session."""
    path = tmp_path_factory.mktemp("many") / "x.db"
    store = Store(path)
    with store.transaction():
        for number in range(20):
            store.add_run(replace(RUN, id=f"one{number}"))
            store.add_session(replace(SESSION, id=f"one{number}", run_id=f"one{number}"))
            store.add_sample(make_sample(0, (5, 6), session_id=f"one{number}"))
        store.add_run(replace(RUN, id="many"))
        for number in range(SESSIONS):
            example = replace(make_example(2, labels=(1.0, 0.0), subset="Chat"), id=f"i{number}", models=("a", "b"))
            session = replace(
                SESSION, id=f"s{number}", run_id="many", example=example, title=f"sky {number}", tags=("pairs",)
            )
            store.add_session(session)
            for index, scores in enumerate([(8, 3), (4, 6)]):
                sample = make_sample(index, scores, session_id=session.id, text="Clarity and truth.")
                principles = (Principle(f"Clarity {number % 7}", 50.0, (0, 7)),)
                assert sample.parsed.status is ParseStatus.OK
                store.add_sample(replace(sample, parsed=replace(sample.parsed, principles=principles)))
        store.add_run(replace(RUN, id="again", seed=1))
        for number in range(FEW):
            example = replace(make_example(2, labels=(1.0, 0.0), subset="Chat"), id=f"i{number}", models=("a", "b"))
            store.add_session(replace(SESSION, id=f"again{number}", run_id="again", example=example))
            store.add_sample(make_sample(0, (8, 3), session_id=f"again{number}"))
    store.close()
    return path


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements over connections that are opened from now on, without SQLite's own."""
    executed: list[str] = []
    connect = sqlite3.connect

    def keep(statement: str) -> None:
        inner = statement.startswith(("--", "PRAGMA", "SELECT 1 FROM sqlite_master")) or "passage_fts_" in statement
        if not inner:
            executed.append(statement)

    def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(keep)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    return executed


@pytest.fixture
def store(path: Path, statements: list[str]) -> Iterator[Store]:
    opened = Store(path)
    yield opened
    opened.close()


PAGES: dict[str, Callable[[Store], Any]] = {
    "a benchmark": lambda store: BenchPage(store).run("many", "", "naive", "", ""),
    "all benchmarks": lambda store: BenchPage(store).choices(),
    "a run": lambda store: RunPage(store, site.zipped).run("many", "first"),
    "the items of a run": lambda store: RunPage(store, site.zipped).items("many"),
    "findings of a run": lambda store: RunPage(store, site.zipped).findings([f"s{number}" for number in range(100)]),
    "two runs": lambda store: RunPage(store, site.zipped).compared(["many", "again"]),
    "a leaderboard": lambda store: ModelsPage(store).board("many", "naive", None, None),
    "the principles of a run": lambda store: PrinciplesPage(store, Vectors(Letters())).principles("run", "many", ""),
    "the principles by settings": lambda store: PrinciplesPage(store, Vectors(Letters())).settings(),
    "a new queue": lambda store: QueuePage(store, Vectors(Letters())).make(
        {"run": "many", "tag": "", "rules": ["split samples"], "overlap": 0.0, "control": 0.0, "seed": 0, "title": ""}
    ),
    "a list of sessions": lambda store: store.sessions(Wanted("sky"), limit=SESSIONS),
    "a search": lambda store: store.search("sky", limit=SESSIONS),
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_many_sessions_is_a_few_statements(store: Store, statements: list[str], page: str) -> None:
    with gr.Blocks():
        statements.clear()
        answer = PAGES[page](store)
    assert not (isinstance(answer, dict) and "error" in answer), answer
    # A new queue is a row for every item; all else that is written or asked counts.
    executed = [each for each in statements if not each.startswith("INSERT INTO queue_item")]
    assert 1 <= len(executed) <= FEW, executed[:20]


def test_one_at_a_time_would_be_noticed(store: Store, statements: list[str]) -> None:
    statements.clear()
    for number in range(SESSIONS):
        store.samples(f"s{number}")
    assert len(statements) == SESSIONS


@pytest.mark.parametrize("arguments", [("export",), ("leaderboard", "--run", "many")], ids=lambda each: each[0])
def test_a_command_over_many_sessions_is_a_few_statements(
    command: Command, path: Path, statements: list[str], arguments: tuple[str, ...]
) -> None:
    assert command(*arguments, "--db", path).code == 0
    assert 1 <= len([each for each in statements if each.startswith("SELECT")]) <= 2 * FEW


def test_many_sessions_come_in_the_order_asked_for(store: Store) -> None:
    ids = [f"s{number}" for number in (7, 250, 3)]
    assert list(store.sessions_by_id([*ids, "gone"])) == ids
    samples = store.samples_by_session([*ids, "gone"])
    assert [len(each) for each in samples.values()] == [2, 2, 2, 0]
    assert samples["s3"] == store.samples("s3")
