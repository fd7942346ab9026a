"""All that one person made: exported, and forgotten under another name or for good."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core.types import Annotation
from storage.batches import Batch
from storage.store import Store
from tests.cli.conftest import Command
from tests.make import make_sample
from tests.storage.make import RUN, SESSION

NOW = "2026-11-28T12:00:00+00:00"


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A database in which anna and ben have begun sessions, labelled each other's and put a batch into the line."""
    path = tmp_path / "people.db"
    store = Store(path)
    store.add_run(RUN)
    for name, other in (("anna", "ben"), ("ben", "anna")):
        session = replace(SESSION, id=f"of-{name}", title=f"secret of {name}")
        store.add_session(session)
        store.add_sample(make_sample(0, (3, 7), session_id=session.id, text=f"critique of {name}" * 50))
        store.acts.own(session.id, name)
        store.acts.note(name, "began a run", session.id)
        store.batches.add(Batch(f"batch-{name}", "file", NOW, "{}", (), 1, owner=name), ['{"id": "x"}'])
        store.desk.add(Annotation(f"by-{other}", session.id, "best", "0", other, NOW))
    store.acts.note("ben", "renamed a person", "anna")
    store.close()
    return path


def texts(path: Path) -> bytes:
    """All bytes of the database and of its log."""
    return b"".join(Path(f"{path}{end}").read_bytes() for end in ("", "-wal") if Path(f"{path}{end}").exists())


def test_all_that_one_person_made_is_exported_and_logged(command: Command, filled: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = command("people", "export", "anna", "--out", out, "--db", filled)
    assert done.code == 0, done.words
    counts = {"sessions": 1, "labels": 1, "assignments": 0, "batches": 1, "acts": 1}
    assert done.lines == [{"name": "anna", **counts}]
    written = {path.name: path.read_text() for path in out.iterdir()}
    assert "secret of anna" in written["sessions.jsonl"]
    assert "secret of ben" not in written["sessions.jsonl"]
    assert json.loads(written["labels.jsonl"])["author"] == "anna"
    assert json.loads(written["audit.jsonl"])["what"] == "began a run"
    with Store(filled, read_only=True).reading() as conn:
        assert conn.execute("SELECT count(*) FROM audit WHERE what LIKE 'exported%' AND target = 'anna'").fetchone()[0]
    assert command("people", "export", "anna", "--out", out, "--db", filled).code == 2, "nothing is written over"


def test_a_forgotten_name_stands_nowhere_and_what_was_made_stays(command: Command, filled: Path) -> None:
    done = command("people", "forget", "anna", "--db", filled)
    assert done.lines[0]["now"] == "forgotten-1"
    store = Store(filled, read_only=True)
    assert store.acts.owners(["of-anna", "of-ben"]) == {"of-anna": "forgotten-1", "of-ben": "ben"}
    assert {each.author for each in store.desk.annotations()} == {"forgotten-1", "ben"}
    assert {batch.owner for batch in store.batches.all()} == {"forgotten-1", "ben"}
    assert store.samples("of-anna")
    assert store.acts.newest()[0].target == "forgotten-1"
    assert "anna" not in {word for act in store.acts.newest() for word in (act.who, act.target)}
    store.close()
    assert command("people", "forget", "anna", "--db", filled).code == 2
    assert command("people", "forget", "ben", "--db", filled).lines[0]["now"] == "forgotten-2"


def test_what_is_deleted_leaves_no_byte_behind(command: Command, filled: Path) -> None:
    assert b"critique of anna" in texts(filled)
    command("people", "forget", "anna", "--delete", "--db", filled)
    assert b"of anna" not in texts(filled)
    assert b"critique of ben" in texts(filled)
    store = Store(filled, read_only=True)
    assert [row.session.id for row in store.sessions()] == ["of-ben"]
    assert [each.author for each in store.desk.annotations()] == [], "ben's label was on anna's session"
    assert store.search("critique")[0].session_id == "of-ben"
    assert store.integrity() == "ok"
    store.close()
    with sqlite3.connect(filled) as raw:
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    raw.close()


def test_while_the_page_runs_nobody_is_forgotten(command: Command, filled: Path, tmp_path: Path) -> None:
    held = Store(filled)
    done = command("people", "forget", "anna", "--db", filled)
    assert (done.code, "stop the page first" in done.words) == (2, True)
    held.close()
    assert command("people", "forget", "nobody", "--db", filled).code == 2
    assert command("people", "export", "anna", "--db", filled).code == 2
