"""The database's tables, as numbered migrations: the only place that says CREATE or ALTER.

A migration that has been released is never edited; a change is a new one. docs/schema.md describes the columns.
"""

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from storage.errors import StoreError
from storage.passages import responses_passage

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations

Step = Callable[["Database"], None]
FAMILY = "grm-lens"
STEPS: list[Step] = []
"""All migrations in their order."""
_TABLE = "_sqlite_migrations"

NAMES_MODELS = "json_type(example, '$.models') = 'array'"
"""SQL: whether a session's item names models. A query finds its index only when it says it in these words."""


def _step(function: Step) -> Step:
    STEPS.append(function)
    return function


@_step
def m001_runs_sessions_samples(db: "Database") -> None:
    """Create the three tables of the data's way, each in order of arrival by `seq`."""
    _script(
        db,
        """CREATE TABLE run (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL,
            engine TEXT NOT NULL, model TEXT NOT NULL, template TEXT NOT NULL, template_hash TEXT NOT NULL,
            params TEXT NOT NULL, k INTEGER NOT NULL, k_meta INTEGER, seed INTEGER NOT NULL, "order" TEXT NOT NULL,
            principles TEXT NOT NULL, versions TEXT NOT NULL, "commit" TEXT, dirty INTEGER, extra TEXT NOT NULL)""",
        """CREATE TABLE session (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, run_id TEXT NOT NULL REFERENCES run(id),
            title TEXT NOT NULL, tags TEXT NOT NULL, created_at TEXT NOT NULL, example TEXT NOT NULL,
            n INTEGER NOT NULL)""",
        "CREATE INDEX session_run ON session(run_id)",
        """CREATE TABLE sample (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE, "index" INTEGER NOT NULL,
            "order" TEXT NOT NULL, seed INTEGER NOT NULL, request_key TEXT NOT NULL,
            text TEXT, finish_reason TEXT, prompt_tokens INTEGER, completion_tokens INTEGER, seconds REAL, model TEXT,
            error TEXT, status TEXT NOT NULL, shown_scores TEXT, principles TEXT NOT NULL, critique_span TEXT,
            score_spans TEXT NOT NULL, parser_version INTEGER NOT NULL, meta_logit REAL,
            UNIQUE (session_id, "index"))""",
    )


@_step
def m002_passages(db: "Database") -> None:
    """Create what search reads: cleaned copies of titles, queries, principles and critiques, and their index."""
    _script(
        db,
        """CREATE TABLE passage (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE,
            sample_id TEXT REFERENCES sample(id) ON DELETE CASCADE,
            field TEXT NOT NULL, body TEXT NOT NULL)""",
        "CREATE INDEX passage_session ON passage(session_id)",
        "CREATE INDEX passage_sample ON passage(sample_id)",
    )
    db.table("passage").enable_fts(["body"], create_triggers=True, tokenize="unicode61 remove_diacritics 2")


@_step
def m003_bin(db: "Database") -> None:
    """Let a session be put aside without losing it: binned_at is null for the others."""
    _script(db, "ALTER TABLE session ADD COLUMN binned_at TEXT")


@_step
def m004_annotations(db: "Database") -> None:
    """Create what people say of sessions, append-only, and the queues in which they say it."""
    _script(
        db,
        """CREATE TABLE annotation (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE, kind TEXT NOT NULL,
            label TEXT NOT NULL, author TEXT NOT NULL, created_at TEXT NOT NULL, sample INTEGER, place INTEGER,
            span TEXT, note TEXT NOT NULL, replaces TEXT, queue TEXT NOT NULL)""",
        "CREATE INDEX annotation_session ON annotation(session_id)",
        "CREATE INDEX annotation_queue ON annotation(queue)",
        """CREATE TABLE queue (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
            rules TEXT NOT NULL, overlap REAL NOT NULL, seed INTEGER NOT NULL, created_at TEXT NOT NULL)""",
        """CREATE TABLE queue_item (
            queue_id TEXT NOT NULL REFERENCES queue(id) ON DELETE CASCADE, place INTEGER NOT NULL,
            session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE, reason TEXT NOT NULL,
            need INTEGER NOT NULL, PRIMARY KEY (queue_id, place))""",
        """CREATE TABLE assignment (
            queue_id TEXT NOT NULL REFERENCES queue(id) ON DELETE CASCADE, place INTEGER NOT NULL,
            author TEXT NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (queue_id, place, author))""",
    )


@_step
def m005_named_models(db: "Database") -> None:
    """Find the sessions whose item names the models that answered without reading all others.

    An older version would drop those names where it exports: it refuses a file that knows this migration.
    """
    _script(db, f"CREATE INDEX session_models ON session(run_id) WHERE {NAMES_MODELS}")


@_step
def m006_context(db: "Database") -> None:
    """Say of each run whether its responses were judged together or one at a time; all runs so far: together."""
    _script(db, "ALTER TABLE run ADD COLUMN context TEXT NOT NULL DEFAULT 'joint'")


@_step
def m007_reasoning(db: "Database") -> None:
    """Keep what a server gives of the model's thinking apart from the text."""
    _script(db, "ALTER TABLE sample ADD COLUMN reasoning TEXT")


@_step
def m008_numbers(db: "Database") -> None:
    """Keep what a vote needs of each sample together, apart from its text, and results that took long to compute."""
    _script(
        db,
        """CREATE INDEX sample_numbers ON
            sample(session_id, "index", "order", shown_scores, meta_logit, status, error)""",
        "CREATE TABLE kept (seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL)",
    )


@_step
def m009_batches(db: "Database") -> None:
    """Create the line of files that are judged in the background."""
    _script(
        db,
        """CREATE TABLE batch (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
            created_at TEXT NOT NULL, settings TEXT NOT NULL, tags TEXT NOT NULL, size INTEGER NOT NULL,
            phase TEXT NOT NULL, error TEXT NOT NULL, owner TEXT NOT NULL, items TEXT NOT NULL)""",
    )


@_step
def m010_people(db: "Database") -> None:
    """Keep who began a session, and the audit log."""
    _script(
        db,
        """CREATE TABLE owner (
            session_id TEXT PRIMARY KEY REFERENCES session(id) ON DELETE CASCADE, name TEXT NOT NULL)""",
        """CREATE TABLE audit (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
            target TEXT NOT NULL)""",
    )


@_step
def m011_responses_are_searched(db: "Database") -> None:
    """Let search read the responses of the sessions that are there already."""
    from grm_core.formats import items

    stored = db.execute("SELECT id, example FROM session ORDER BY seq").fetchall()
    texts = ((session, responses_passage(items.load_example(example).responses)) for session, example in stored)
    db.conn.executemany(
        "INSERT INTO passage (session_id, field, body) VALUES (?, ?, ?)",
        [(session, passage.field, passage.body) for session, passage in texts],
    )


@_step
def m012_code_books(db: "Database") -> None:
    """Keep code books as the changes that were made to them, and let a queue grow with its run."""
    _script(
        db,
        """CREATE TABLE code_event (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, book TEXT NOT NULL, what TEXT NOT NULL,
            code TEXT NOT NULL, name TEXT NOT NULL, meaning TEXT NOT NULL, targets TEXT NOT NULL, moves TEXT NOT NULL,
            who TEXT NOT NULL, created_at TEXT NOT NULL)""",
        "ALTER TABLE queue ADD COLUMN source TEXT NOT NULL DEFAULT ''",
        """CREATE TABLE queue_seen (
            queue_id TEXT NOT NULL REFERENCES queue(id) ON DELETE CASCADE,
            session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE, PRIMARY KEY (queue_id, session_id))""",
    )


def migrations() -> "Migrations":
    """The migrations as sqlite_utils applies them; it imports pandas, for which no reader should wait."""
    from sqlite_utils import Migrations

    steps = Migrations(FAMILY)
    for step in STEPS:
        steps()(step)
    return steps


def pending(conn: sqlite3.Connection) -> bool:
    """Whether the file lacks a migration; StoreError when it is not ours or was made by a newer version."""
    tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return True
    if _TABLE not in tables:
        raise StoreError("it is the SQLite database of another program; choose another file")
    rows = conn.execute(f"SELECT migration_set, name FROM {_TABLE}").fetchall()
    ours = {name for family, name in rows if family == FAMILY}
    names = {step.__name__ for step in STEPS}
    if newer := sorted(ours - names):
        raise StoreError(f"it was made by a newer version of GRM Lens (it knows {newer[-1]}); update the program")
    if rows and not ours:
        raise StoreError("it is the SQLite database of another program; choose another file")
    return ours != names


def apply(conn: sqlite3.Connection) -> None:
    """Bring the file to this version's schema; does nothing when it is there already."""
    if pending(conn):
        from sqlite_utils import Database

        migrations().apply(Database(conn, execute_plugins=False))


def _script(db: "Database", *statements: str) -> None:
    # executescript would commit the transaction that the migration runs in.
    for statement in statements:
        db.execute(statement)
