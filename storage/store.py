"""The store: every query of the program. It takes and returns the types of grm_core.types, never rows.

Whatever a method has written is on disk when it returns. Order is the order of arrival, never that of clocks.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grm_core.errors import UsageError
from grm_core.formats import fields
from grm_core.formats.lines import compact
from grm_core.types import Example, Run, Sample, Session
from storage import kept, listing, passages, rows
from storage.acts import Acts
from storage.batches import Batches
from storage.codes import Codes
from storage.database import Database, explained
from storage.desk import Desk
from storage.errors import StoreError
from storage.finding import searching
from storage.listing import SessionRow, Wanted
from storage.passages import Hit
from storage.paths import default_path
from storage.people import People
from storage.retention import Retention

_PAGE = 50
_PASSAGE = "INSERT INTO passage (session_id, sample_id, field, body) VALUES (?, ?, ?, ?)"


class Store:
    """Runs, sessions and samples in one SQLite file; threads may share one Store."""

    def __init__(self, path: str | Path, read_only: bool = False) -> None:
        """Open the file, made when it does not exist; StoreError when it cannot be used.

        When another process writes the file, this one opens it read-only: see `read_only` and `holder`.
        """
        path = Path(path)
        if path == default_path() and not read_only:
            with explained(path):
                path.parent.mkdir(parents=True, exist_ok=True)
        self._db = Database(path, read_only)
        self.desk = Desk(self._db)
        self.codes = Codes(self._db)
        self.batches = Batches(self._db)
        self.acts = Acts(self._db)
        self.people = People(self._db)
        self.retention = Retention(self._db)

    @property
    def path(self) -> Path:
        """The database file."""
        return self._db.path

    @property
    def read_only(self) -> bool:
        """Whether nothing can be saved here."""
        return self._db.read_only

    @property
    def holder(self) -> int | None:
        """The id of the process that writes the file instead of this one."""
        return self._db.holder

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all writes inside one: all of them are kept, or none."""
        with self._db.write():
            yield

    def add_run(self, run: Run) -> None:
        """Keep a run; the same one again changes nothing, another one under its id is a StoreError."""
        _check_id(run.id, "run id")
        with self._db.write() as conn:
            stored = _one(conn, f"SELECT {rows.RUN_COLUMNS} FROM run WHERE id = ?", run.id)
            if stored is None:
                _insert(conn, "run", rows.RUN_COLUMNS, rows.run_row(run))
            elif rows.run_from(stored) != run:
                raise StoreError(f"there is another run {run.id} already")

    def run(self, run_id: str) -> Run | None:
        """The run of that id."""
        with self._db.read() as conn:
            row = _one(conn, f"SELECT {rows.RUN_COLUMNS} FROM run WHERE id = ?", rows.pack(run_id))
        return None if row is None else rows.run_from(row)

    def add_session(self, session: Session) -> None:
        """Keep a session of a run that is kept; again: as add_run."""
        _check_id(session.id, "session id")
        with self._db.write() as conn:
            stored = _one(conn, f"SELECT {rows.SESSION_COLUMNS} FROM session WHERE id = ?", session.id)
            if stored is not None:
                if rows.session_from(stored) != session:
                    raise StoreError(f"there is another session {session.id} already")
                return
            if _one(conn, "SELECT 1 FROM run WHERE id = ?", session.run_id) is None:
                raise StoreError(f"session {session.id}: there is no run {session.run_id}")
            values = (*rows.session_row(session), len(session.example.responses))
            _insert(conn, "session", f"{rows.SESSION_COLUMNS}, n", values)
            _add_passages(conn, session.id, None, passages.session_passages(session))

    def session(self, session_id: str) -> Session | None:
        """The session of that id."""
        with self._db.read() as conn:
            row = _one(conn, f"SELECT {rows.SESSION_COLUMNS} FROM session WHERE id = ?", rows.pack(session_id))
        return None if row is None else rows.session_from(row)

    def session_and_run(self, session_id: str) -> tuple[Session, Run] | None:
        """The session of that id with the run that it was judged under."""
        session = self.session(session_id)
        run = None if session is None else self.run(session.run_id)
        return None if session is None or run is None else (session, run)

    def sessions_by_id(self, session_ids: Iterable[str]) -> dict[str, Session]:
        """Id -> session, of those that there are, in the order in which they are named."""
        ids = list(dict.fromkeys(session_ids))
        query = f"SELECT {rows.SESSION_COLUMNS} FROM session WHERE id IN KEYS"
        with self._db.read() as conn:
            sessions = {session.id: session for session in map(rows.session_from, rows.fetch_by(conn, query, ids))}
        return {session_id: sessions[session_id] for session_id in ids if session_id in sessions}

    def runs_by_id(self, run_ids: Iterable[str]) -> dict[str, Run]:
        """Id -> run, of those that there are."""
        query = f"SELECT {rows.RUN_COLUMNS} FROM run WHERE id IN KEYS"
        with self._db.read() as conn:
            return {run.id: run for run in map(rows.run_from, rows.fetch_by(conn, query, dict.fromkeys(run_ids)))}

    def add_sample(self, sample: Sample) -> None:
        """Keep a sample; it is on disk when this returns.

        The same sample again changes nothing. A sample without a completion (it failed) is replaced by a later one
        of its id; any other difference is a StoreError.
        """
        with self._db.write() as conn:
            row = _one(conn, f"SELECT {rows.SAMPLE_COLUMNS} FROM sample WHERE id = ?", rows.pack(sample.id))
            if row is not None:
                stored = rows.sample_from(row)
                if rows.sample_row(stored) == rows.sample_row(sample):
                    return
                if stored.error is None:
                    raise StoreError(f"there is another sample {sample.id} already")
                conn.execute("DELETE FROM sample WHERE id = ?", (sample.id,))
            elif _one(conn, "SELECT 1 FROM session WHERE id = ?", rows.pack(sample.session_id)) is None:
                raise StoreError(f"sample {sample.index}: there is no session {sample.session_id} (any more)")
            _insert(conn, "sample", rows.SAMPLE_COLUMNS, rows.sample_row(sample))
            _add_passages(conn, sample.session_id, sample.id, passages.sample_passages(sample))

    def add_new(self, session: Session, samples: Sequence[Sample]) -> None:
        """Keep a session that is not there yet with all its samples and their meta logits; StoreError where it is."""
        with self._db.write() as conn:
            if _one(conn, "SELECT 1 FROM session WHERE id = ?", rows.pack(session.id)) is not None:
                raise StoreError(f"there is another session {session.id} already")
            self.add_session(session)
            marks = ", ".join("?" * len(rows.SAMPLE_COLUMNS.split(", ")))
            table = map(rows.sample_row, samples)
            conn.executemany(f"INSERT INTO sample ({rows.SAMPLE_COLUMNS}) VALUES ({marks})", table)
            texts = (
                (session.id, sample.id, passage.field, passage.body)
                for sample in samples
                for passage in passages.sample_passages(sample)
            )
            conn.executemany(_PASSAGE, texts)

    def samples(self, session_id: str) -> list[Sample]:
        """A session's samples by index."""
        query = f'SELECT {rows.SAMPLE_COLUMNS} FROM sample WHERE session_id = ? ORDER BY "index"'
        with self._db.read() as conn:
            return [rows.sample_from(row) for row in rows.fetch(conn, query, rows.pack(session_id))]

    def samples_by_session(self, session_ids: Iterable[str]) -> dict[str, list[Sample]]:
        """Session id -> its samples by index, [] where it has none; in the order in which the sessions are named."""
        samples: dict[str, list[Sample]] = {session_id: [] for session_id in session_ids}
        query = f'SELECT {rows.SAMPLE_COLUMNS} FROM sample WHERE session_id IN KEYS ORDER BY session_id, "index"'
        with self._db.read() as conn:
            for row in rows.fetch_by(conn, query, samples):
                sample = rows.sample_from(row)
                samples[sample.session_id].append(sample)
        return samples

    def judged(self, session_ids: Iterable[str]) -> dict[str, tuple[Example, list[Sample]]]:
        """Session id -> what it judges and its samples, of those that there are."""
        sessions = self.sessions_by_id(session_ids)
        samples = self.samples_by_session(sessions)
        return {name: (session.example, samples[name]) for name, session in sessions.items()}

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Borrow a connection that only reads, for the other modules of this room."""
        with self._db.read() as conn:
            yield conn

    def kept(self, key: str) -> str | None:
        """A result that was kept under this digest of all that it follows from."""
        with self._db.read() as conn:
            return kept.find(conn, key)

    def keep(self, key: str, value: str) -> None:
        """Keep a result where the file can be written; of many, the oldest go."""
        if not self.read_only:
            with self._db.write() as conn:
                kept.keep(conn, key, value)

    def sample(self, sample_id: str) -> Sample | None:
        """The sample of this id, or None."""
        with self._db.read() as conn:
            row = _one(conn, f"SELECT {rows.SAMPLE_COLUMNS} FROM sample WHERE id = ?", rows.pack(sample_id))
        return None if row is None else rows.sample_from(row)

    def set_meta_logit(self, sample_id: str, logit: float | None) -> None:
        """Keep the meta RM's raw logit of a sample; None or NaN = not scored."""
        value = fields.logit(logit)
        with self._db.write() as conn:
            self._changed(conn.execute("UPDATE sample SET meta_logit = ? WHERE id = ?", (value, sample_id)), sample_id)

    def sessions(self, wanted: Wanted | str = "", limit: int | None = _PAGE, offset: int = 0) -> list[SessionRow]:
        """The sessions that are wanted, or those that hold these words, newest first unless said otherwise.

        `limit`: so many, None for all.
        """
        wanted = Wanted(wanted) if isinstance(wanted, str) else wanted
        with searching(self._db, wanted.words) as conn:
            return listing.page(conn, wanted, limit, offset)

    def count_sessions(self, wanted: Wanted | str = "") -> int:
        """How many sessions there are of these."""
        wanted = Wanted(wanted) if isinstance(wanted, str) else wanted
        with searching(self._db, wanted.words) as conn:
            return listing.count(conn, wanted)

    def runs(self, limit: int = 1000, models: bool = False, least: int = 1) -> list[tuple[Run, int]]:
        """The newest runs that have `least` sessions outside the bin, and how many they have.

        `models`: only sessions of items that name models count. Every query scored on the page is a run of one
        session: `least` = 2 leaves those out.
        """
        with self._db.read() as conn:
            return listing.runs(conn, limit, models, least)

    def newest_tags(self, run_id: str = "") -> dict[str, tuple[str, ...]]:
        """Run id -> the tags of its newest session outside the bin, for one run or for all ('')."""
        with self._db.read() as conn:
            return listing.newest_tags(conn, run_id)

    def newest_of_runs(self, run_ids: Sequence[str], limit: int) -> list[Session]:
        """Sessions of these runs outside the bin, those of the newest run first and of each the newest first."""
        with self._db.read() as conn:
            return listing.newest_of_runs(conn, run_ids, limit)

    def facets(self) -> tuple[list[str], list[str]]:
        """All tags and all models of the sessions that are not in the bin."""
        with self._db.read() as conn:
            return listing.facets(conn)

    def run_sessions(self, run_id: str) -> list[tuple[str, int]]:
        """The sessions of a run outside the bin and how many samples each has, in order of arrival."""
        with self._db.read() as conn:
            return listing.run_sessions(conn, run_id)

    def session_ids(self) -> list[str]:
        """All sessions that are not in the bin, in order of arrival."""
        with self._db.read() as conn:
            return [
                row["id"] for row in rows.fetch(conn, "SELECT id FROM session WHERE binned_at IS NULL ORDER BY seq")
            ]

    def search(self, wanted: Wanted | str, limit: int = _PAGE, offset: int = 0) -> list[Hit]:
        """Passages (title, query, responses, principles or critique) that hold all words, best first; within a second.

        The words are literal: quotation marks, AND, NEAR(, * and title: mean themselves.
        """
        wanted = Wanted(wanted) if isinstance(wanted, str) else wanted
        with searching(self._db, wanted.words) as conn:
            return listing.hits(conn, wanted, limit, offset)

    def rename(self, session_id: str, title: str) -> None:
        """Give a session another title."""
        with self._db.write() as conn:
            changed = conn.execute("UPDATE session SET title = ? WHERE id = ?", (rows.pack(title), session_id))
            self._changed(changed, session_id)
            body = passages.clean(title)
            conn.execute("UPDATE passage SET body = ? WHERE session_id = ? AND field = 'title'", (body, session_id))

    def tag(self, session_id: str, tags: Sequence[str]) -> None:
        """Give a session these tags in place of those it has; equal ones count once."""
        kept = compact(list(dict.fromkeys(tags)))
        with self._db.write() as conn:
            self._changed(conn.execute("UPDATE session SET tags = ? WHERE id = ?", (kept, session_id)), session_id)

    def bin(self, session_id: str) -> None:
        """Put a session aside: no list, search or export of all shows it; `restore` brings it back as it was."""
        self._set_binned(session_id, datetime.now(UTC).isoformat(timespec="seconds"))

    def restore(self, session_id: str) -> None:
        """Take a session out of the bin; one that is not there stays as it is."""
        self._set_binned(session_id, None)

    def _set_binned(self, session_id: str, when: str | None) -> None:
        with self._db.write() as conn:
            self._changed(
                conn.execute("UPDATE session SET binned_at = ? WHERE id = ?", (when, session_id)), session_id
            )

    def delete(self, session_id: str) -> None:
        """Remove a session with its samples for good, and its run when no other session has it."""
        with self._db.write() as conn:
            self._changed(conn.execute("DELETE FROM session WHERE id = ?", (session_id,)), session_id)
            conn.execute("DELETE FROM run WHERE id NOT IN (SELECT run_id FROM session)")

    def integrity(self) -> str:
        """'ok', or what SQLite finds wrong with the file."""
        with self._db.read() as conn:
            return "; ".join(str(row[0]) for row in conn.execute("PRAGMA integrity_check(10)"))

    def close(self) -> None:
        """Close the file; the next process may write it then."""
        self._db.close()

    def _changed(self, cursor: sqlite3.Cursor, name: str) -> None:
        if cursor.rowcount == 0:
            raise StoreError(f"database {self.path}: there is no {name}")


def _check_id(value: str, name: str) -> None:
    try:
        fields.identifier(value, name)
    except UsageError as error:
        raise StoreError(str(error)) from None


def _one(conn: sqlite3.Connection, sql: str, *values: Any) -> sqlite3.Row | None:
    matching = rows.fetch(conn, sql, *values)
    return matching[0] if matching else None


def _insert(conn: sqlite3.Connection, table: str, columns: str, values: tuple[Any, ...]) -> None:
    marks = ", ".join("?" * len(values))
    conn.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)


def _add_passages(
    conn: sqlite3.Connection, session_id: str, sample_id: str | None, bodies: list[passages.Passage]
) -> None:
    conn.executemany(
        _PASSAGE,
        [(session_id, sample_id, passage.field, passage.body) for passage in bodies],
    )
