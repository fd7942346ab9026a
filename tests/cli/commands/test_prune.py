"""What is older than a number of days is deleted for good; what was labelled stays unless it is asked for."""

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from grm_core.types import Annotation
from storage.batches import DONE, WAITING, Batch
from storage.store import Store
from tests.cli.conftest import Command
from tests.make import make_sample
from tests.storage.make import RUN, SESSION

LABELLED, OLD, NEW = "labelled", "old", "new"


def ago(days: float, hours: int = 0) -> str:
    """A time so many days ago, as written in a zone that is so many hours from UTC."""
    return (
        (datetime.now(UTC) - timedelta(days=days))
        .astimezone(timezone(timedelta(hours=hours)))
        .isoformat(timespec="seconds")
    )


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """Sessions of 40, 30.1 and 29.9 days ago, the first labelled, each of a run of its own; batches of 40 days ago."""
    path = tmp_path / "aged.db"
    store = Store(path)
    for name, days, hours in ((LABELLED, 40, 0), (OLD, 30.1, 9), (NEW, 29.9, -9)):
        store.add_run(replace(RUN, id=f"run-{name}"))
        session = replace(SESSION, id=name, run_id=f"run-{name}", title=f"title {name}", created_at=ago(days, hours))
        store.add_session(session)
        store.add_sample(make_sample(0, (3, 7), session_id=name, text=f"critique of {name}" * 50))
    store.desk.add(Annotation("a", LABELLED, "best", "0", "anna", ago(39)))
    for phase in (DONE, WAITING):
        items = [json.dumps({"query": f"item of {phase}" * 50})]
        store.batches.add(Batch(f"batch-{phase}", "file", ago(40), "{}", (), 1, phase=phase), items)
    store.close()
    return path


def left(path: Path) -> tuple[set[str], int, int]:
    """Ids of the sessions, number of runs and of batches."""
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        sessions = {row[0] for row in raw.execute("SELECT id FROM session")}
        runs, batches = (raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("run", "batch"))
    raw.close()
    return sessions, runs, batches


def test_what_is_older_goes_for_good_and_what_was_labelled_stays(command: Command, filled: Path) -> None:
    assert b"critique of old" in filled.read_bytes()
    done = command("prune", "--older-than", "30", "--db", filled)
    assert done.code == 0, done.words
    counts = done.lines[0]
    assert (counts["sessions"], counts["labelled"], counts["batches"]) == (1, 1, 1)
    assert left(filled) == ({LABELLED, NEW}, 2, 1)
    written = filled.read_bytes()
    assert b"critique of old" not in written
    assert b"item of done" not in written
    assert b"item of waiting" in written, "a batch that has not ended stays"
    store = Store(filled, read_only=True)
    assert {hit.session_id for hit in store.search("critique")} == {LABELLED, NEW}
    assert store.acts.newest()[0].what == "deleted what was older"
    store.close()


def test_labelled_sessions_go_with_their_labels_where_that_is_asked_for(command: Command, filled: Path) -> None:
    assert command("prune", "--older-than", "30", "--labelled", "--db", filled).lines[0]["sessions"] == 2
    assert left(filled) == ({NEW}, 1, 1)
    store = Store(filled, read_only=True)
    assert store.desk.annotations() == []
    store.close()


def test_a_dry_run_says_what_would_go_also_beside_the_page(command: Command, filled: Path) -> None:
    held = Store(filled)
    done = command("prune", "--older-than", "30", "--dry-run", "--db", filled)
    assert (done.code, done.lines[0]["sessions"], done.lines[0]["labelled"]) == (0, 1, 1)
    refused = command("prune", "--older-than", "30", "--db", filled)
    assert (refused.code, "stop the page first" in refused.words) == (2, True)
    held.close()
    assert left(filled) == ({LABELLED, OLD, NEW}, 3, 2)


@pytest.mark.parametrize("days", ["0", "-1", "many"])
def test_an_age_is_a_number_of_days(command: Command, filled: Path, days: str) -> None:
    assert command("prune", "--older-than", days, "--db", filled).code == 2
