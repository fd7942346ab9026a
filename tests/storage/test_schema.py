"""The schema: one history, described where people look."""

import re
import sqlite3
from dataclasses import replace
from pathlib import Path

from storage import schema
from storage.store import Store
from tests.storage.make import RUN, SESSION
from tests.storage.older import age

DOCS = Path(__file__).parents[2] / "docs" / "schema.md"


def test_every_column_is_documented(tmp_path: Path) -> None:
    Store(tmp_path / "x.db").close()
    documented = {
        line.split("`")[1]: set(re.findall(r"`(\w+)`", line))
        for line in DOCS.read_text().splitlines()
        if line[:3] == "| `"
    }
    with sqlite3.connect(tmp_path / "x.db") as conn:
        for table in ("run", "session", "sample", "passage"):
            columns = {row[1] for row in conn.execute(f"PRAGMA table_info({table})")}
            assert columns <= documented[table]
    conn.close()


def test_a_file_of_the_first_migration_is_brought_up_to_date(tmp_path: Path) -> None:
    from sqlite_utils import Database

    path = tmp_path / "old.db"
    conn = sqlite3.connect(path)
    schema.migrations().apply(Database(conn), stop_before="m002_passages")
    conn.close()
    store = Store(path)
    assert store.search("anything") == []
    store.close()
    with sqlite3.connect(path) as conn:
        assert not schema.pending(conn)
    conn.close()


def test_responses_of_an_older_file_are_found(tmp_path: Path) -> None:
    store = Store(tmp_path / "new.db")
    store.add_run(RUN)
    store.add_session(SESSION)
    store.close()
    age(tmp_path / "new.db", tmp_path / "old.db")
    older = Store(tmp_path / "old.db")
    assert [(hit.session_id, hit.field) for hit in older.search("Candidate")] == [("s", "responses")]
    older.close()


def test_runs_of_an_older_file_judged_together(tmp_path: Path) -> None:
    from sqlite_utils import Database

    path = tmp_path / "old.db"
    conn = sqlite3.connect(path)
    schema.migrations().apply(Database(conn), stop_before="m006_context")
    values = ("r", "", "hf", "m", "compact", "", "{}", 8, 0, "random", "[]", "{}", "{}")
    columns = 'id, created_at, engine, model, template, template_hash, params, k, seed, "order", principles, versions'
    conn.execute(f"INSERT INTO run ({columns}, extra) VALUES ({', '.join('?' * len(values))})", values)
    conn.commit()
    conn.close()
    store = Store(path)
    run = store.run("r")
    assert run is not None
    assert (run.context, run.order) == ("joint", "random")
    store.add_run(replace(run, id="s", context="single", order="own"))
    stored = store.run("s")
    assert stored is not None
    assert stored.context == "single"
    store.close()
