"""Lists of sessions: which ones, in which order, a page at a time."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from grm_core.types import FOREIGN, Run, Session
from storage import passages, rows, schema
from storage.errors import StoreError

SORTS = {
    "newest": "s.seq DESC",
    "oldest": "s.seq",
    "title": "s.title COLLATE NOCASE, s.seq DESC",
    "most samples": "samples DESC, s.seq DESC",
    "most responses": "s.n DESC, s.seq DESC",
    "item": "json_extract(s.example, '$.id') COLLATE NOCASE, s.seq DESC",
}
"""Name -> SQL; a name from outside is looked up here and never becomes SQL."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sessions a list shows; '' and False leave a criterion out."""

    words: str = ""
    """One passage holds all of them."""
    tag: str = ""
    model: str = ""
    labelled: bool = False
    """Only those whose item has labels."""
    models: bool = False
    """Only those whose item names the models that answered."""
    run: str = ""
    """Id of the run that they were judged under."""
    binned: bool = False
    """Those in the bin instead of the others."""
    sort: str = "newest"


class SessionRow(NamedTuple):
    """A session as a list shows it."""

    session: Session
    n: int
    """Responses."""
    model: str
    k_asked: int
    samples: int
    """Samples stored, failed ones included."""
    valid: int
    """Samples that cast a vote."""
    snippet: str
    """Where the searched words stand (see Hit.snippet), '' when nothing is searched."""
    foreign: str = ""
    """The form of the file that it was imported from, where others judged it; '' for our own."""


def page(conn: sqlite3.Connection, wanted: Wanted, limit: int | None, offset: int) -> list[SessionRow]:
    """So many of the wanted sessions, None for all; StoreError for an unknown sort."""
    if wanted.sort not in SORTS:
        raise StoreError(f"sessions are sorted by {', '.join(SORTS)}, not by {wanted.sort!r}")
    search = passages.words(wanted.words)
    columns = ", ".join(f"s.{name}" for name in rows.SESSION_COLUMNS.split(", "))
    counts = "(SELECT count(*) FROM sample WHERE session_id = s.id"
    source, values = _from(search, wanted)
    sql = f"""SELECT {columns}, s.n, r.model, r.k, r.engine, r.template, h.passage,
        {counts}) AS samples, {counts} AND status = 'ok') AS valid
        {source} ORDER BY {SORTS[wanted.sort]} LIMIT ? OFFSET ?"""
    listed = rows.fetch(conn, sql, *values, -1 if limit is None else limit, offset)
    snippets = passages.snippets(conn, search, [row["passage"] for row in listed]) if search else {}
    return [_row(row, snippets.get(row["passage"], "")) for row in listed]


def hits(conn: sqlite3.Connection, wanted: Wanted, limit: int, offset: int) -> list[passages.Hit]:
    """Passages with the words in the sessions that are wanted otherwise; [] without words."""
    search = passages.words(wanted.words)
    if search is None:
        return []
    source, values = _from(None, wanted)
    return passages.hits(conn, search, limit, offset, (f"SELECT s.id {source}", values))


def count(conn: sqlite3.Connection, wanted: Wanted) -> int:
    """How many sessions are wanted."""
    source, values = _from(passages.words(wanted.words), wanted)
    return int(conn.execute(f"SELECT count(*) {source}", values).fetchone()[0])


def runs(conn: sqlite3.Connection, limit: int, models: bool = False, least: int = 1) -> list[tuple[Run, int]]:
    """The newest runs with their number of sessions that are not in the bin, those with `least` or more.

    `models`: only sessions whose item names the models that answered count.
    """
    named = f" AND {schema.NAMES_MODELS}" if models else ""
    columns = ", ".join(f"r.{name}" for name in rows.RUN_COLUMNS.split(", "))
    sql = f"""SELECT {columns}, count(*) AS sessions FROM run AS r JOIN session AS s ON s.run_id = r.id
        WHERE s.binned_at IS NULL{named} GROUP BY r.id HAVING count(*) >= ? ORDER BY r.seq DESC LIMIT ?"""
    return [(rows.run_from(row), row["sessions"]) for row in rows.fetch(conn, sql, least, limit)]


def newest_tags(conn: sqlite3.Connection, run_id: str = "") -> dict[str, tuple[str, ...]]:
    """Run id -> the tags of its newest session that is not in the bin; '' means every run."""
    # SQLite takes a bare column from the row that max() takes its value from.
    sql = """SELECT run_id, tags, max(seq) FROM session WHERE binned_at IS NULL AND (? = '' OR run_id = ?)
        GROUP BY run_id"""
    key = rows.pack(run_id)
    return {rows.unpack(row["run_id"]): tuple(json.loads(row["tags"])) for row in rows.fetch(conn, sql, key, key)}


def newest_of_runs(conn: sqlite3.Connection, run_ids: Sequence[str], limit: int) -> list[Session]:
    """Sessions of these runs that are not in the bin: by run, the newest first, and of each the newest first."""
    columns = ", ".join(f"s.{name}" for name in rows.SESSION_COLUMNS.split(", "))
    marks = ", ".join("?" * len(run_ids))
    sql = f"""SELECT {columns} FROM session AS s JOIN run AS r ON r.id = s.run_id
        WHERE s.binned_at IS NULL AND r.id IN ({marks}) ORDER BY r.seq DESC, s.seq DESC LIMIT ?"""
    return [rows.session_from(row) for row in rows.fetch(conn, sql, *map(rows.pack, run_ids), limit)]


def run_sessions(conn: sqlite3.Connection, run_id: str) -> list[tuple[str, int]]:
    """The sessions of a run that are not in the bin with their numbers of samples, in order of arrival."""
    sql = """SELECT id, (SELECT count(*) FROM sample WHERE session_id = s.id) AS samples FROM session AS s
        WHERE run_id = ? AND binned_at IS NULL ORDER BY seq"""
    return [(row["id"], row["samples"]) for row in rows.fetch(conn, sql, rows.pack(run_id))]


def facets(conn: sqlite3.Connection) -> tuple[list[str], list[str]]:
    """All tags and all models of the sessions that are not in the bin, in alphabetical order."""
    # Not json_each: it would hand out a lone surrogate as bytes that are no text.
    lists = rows.fetch(conn, "SELECT DISTINCT tags FROM session WHERE binned_at IS NULL")
    tags = {tag for row in lists for tag in json.loads(row["tags"])}
    used = "SELECT DISTINCT r.model FROM session AS s JOIN run AS r ON r.id = s.run_id WHERE s.binned_at IS NULL"
    return sorted(tags), sorted(rows.unpack(row["model"]) for row in rows.fetch(conn, used))


def _from(search: passages.Words | None, wanted: Wanted) -> tuple[str, tuple[Any, ...]]:
    """FROM and WHERE, and what stands for the question marks; h.passage is the first passage with the words."""
    join = "LEFT JOIN (SELECT NULL AS passage) AS h"
    values: tuple[str, ...] = ()
    if search is not None:
        hits = (
            f"SELECT p.session_id, min(p.id) AS passage FROM passage AS p WHERE {search.where} GROUP BY p.session_id"
        )
        join, values = f"JOIN ({hits}) AS h ON h.session_id = s.id", search.values
    tests = [f"s.binned_at IS {'NOT ' if wanted.binned else ''}NULL"]
    if wanted.tag:
        tests.append("EXISTS (SELECT 1 FROM json_each(s.tags) WHERE value = ?)")
    if wanted.model:
        tests.append("r.model = ?")
    if wanted.run:
        tests.append("r.id = ?")
    if wanted.models:
        tests.append(schema.NAMES_MODELS)
    if wanted.labelled:
        tests.append("json_type(s.example, '$.labels') = 'array'")
    criteria = tuple(rows.pack(text) for text in (wanted.tag, wanted.model, wanted.run) if text)
    source = f"FROM session AS s JOIN run AS r ON r.id = s.run_id {join} WHERE {' AND '.join(tests)}"
    return source, (*values, *criteria)


def _row(row: sqlite3.Row, snippet: str) -> SessionRow:
    session, model = rows.session_from(row), rows.unpack(row["model"])
    foreign = rows.unpack(row["template"]) if row["engine"] == FOREIGN else ""
    return SessionRow(session, row["n"], model, row["k"], row["samples"], row["valid"], snippet, foreign)
