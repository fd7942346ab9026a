"""Copies of a database: made while it is written, put back, and saved out of a damaged file."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from storage import schema
from storage.database import explained, unused
from storage.errors import StoreError
from storage.lock import FileLock

TABLES = (
    *("run", "session", "sample", "passage", "annotation", "queue", "queue_item", "queue_seen", "assignment"),
    *("code_event", "owner", "audit", "batch"),
)
"""What holds data, each after those that it refers to. The index for search follows from `passage` by triggers."""
_FAR = 2**40
"""No table has as many rows."""


class Copied(NamedTuple):
    """A database that was written."""

    path: Path
    sessions: int
    samples: int
    labels: int
    before: Path | None = None
    """Where the file is that it took the place of."""

    def counts(self) -> dict[str, int]:
        """How many sessions, samples and labels it holds, by these names."""
        return {"sessions": self.sessions, "samples": self.samples, "labels": self.labels}


def backup(database: Path, target: Path) -> Copied:
    """Copy a database as it is at one moment, whoever writes it meanwhile; the copy is checked before it is named.

    StoreError where the database is none of ours or damaged, or where `target` exists.
    """
    if target.exists():
        raise StoreError(f"{target} exists already; choose another name")
    with _new(target) as part:
        return _copied(database, part)._replace(path=target)


def restore(source: Path, database: Path) -> Copied:
    """Put a copy in a database's place, which is kept beside it under another name.

    StoreError where the copy is damaged or none of ours, or while another process uses the database.
    Of a symbolic link the file that it names is replaced, and not the link.
    """
    database = database.resolve() if database.is_symlink() else database
    with _held(database), _new(database) as part:
        copied = _copied(source, part)
        return copied._replace(path=database, before=_put_away(database, "before"))


def problem(database: Path) -> str:
    """What is wrong with a database; '' for nothing. StoreError where it is none of ours."""
    with explained(database):
        try:
            with closing(_reader(database)) as conn:
                schema.pending(conn)
                return _problem(conn)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname != "SQLITE_CORRUPT":
                raise
            return "damaged"


def repair(database: Path) -> Copied:
    """Save all that can be read of a damaged database into a new file in its place; the old one is kept beside it.

    StoreError where it is none of ours, or while another process uses it.
    """
    database = database.resolve() if database.is_symlink() else database
    with _held(database), _new(database) as part, explained(database):
        with closing(_reader(database)) as old, closing(sqlite3.connect(part, isolation_level=None)) as new:
            schema.apply(new)
            new.execute("BEGIN")
            for table in TABLES:
                _save(old, new, table)
            _drop_orphans(new)
            new.execute("COMMIT")
            copied = _count(new, database)
        return copied._replace(before=_put_away(database, "damaged"))


def _copied(source: Path, target: Path) -> Copied:
    """Copy one file into a new one and check it."""
    with explained(source), closing(_reader(source)) as old, closing(sqlite3.connect(target)) as new:
        if old.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
            raise StoreError("it is empty, and no copy of a database")
        schema.pending(old)
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")  # one file, that may be moved by itself
        if wrong := _problem(new):
            raise StoreError(f"the copy is damaged ({wrong}); try `doctor --repair` on the file that it is of")
        return _count(new, source)


def _problem(conn: sqlite3.Connection) -> str:
    lines = [str(line) for (line,) in conn.execute("PRAGMA integrity_check(10)")]
    lines += [f"{row[0]} refers to no {row[2]}" for row in conn.execute("PRAGMA foreign_key_check").fetchmany(3)]
    return "" if lines == ["ok"] else "; ".join(line for line in lines if line != "ok")


def _count(conn: sqlite3.Connection, path: Path) -> Copied:
    tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    sessions, samples, labels = (
        int(conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) if table in tables else 0
        for table in ("session", "sample", "annotation")
    )
    return Copied(path, sessions, samples, labels)


def _reader(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise StoreError("there is no such file")
    return sqlite3.connect(f"file:{quote(os.fsencode(path.absolute()))}?mode=ro", uri=True, isolation_level=None)


@contextmanager
def _new(target: Path) -> Iterator[Path]:
    """A new file beside `target`, which takes its name when the block ends well. Only its owner may read it."""
    with explained(target):
        part = unused(target, "part")
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            yield part
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.rename(target)
            folder = os.open(target.absolute().parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
        finally:
            for end in ("", "-wal", "-shm", "-journal"):
                Path(f"{part}{end}").unlink(missing_ok=True)


@contextmanager
def _held(database: Path) -> Iterator[None]:
    """The database for this process alone."""
    with explained(database):
        is_new = not database.exists()
        lock = FileLock(database, writing=True)
        if is_new:
            database.unlink()  # the lock has made it
        try:
            if not lock.held:
                raise StoreError(f"process {lock.holder} uses it; stop that first")
            yield
        finally:
            lock.release()


def _put_away(database: Path, ending: str) -> Path | None:
    """Give a database's files another name; returns it."""
    if not database.exists():
        return None
    away = unused(database, ending)
    for end in ("-wal", "-shm", ""):
        if Path(f"{database}{end}").exists():
            Path(f"{database}{end}").rename(f"{away}{end}")
    return away


def _save(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> None:
    """Copy all rows of a table that can be read."""
    theirs = [row[1] for row in old.execute(f"PRAGMA table_info({table})")]
    ours = {row[1] for row in new.execute(f"PRAGMA table_info({table})")}
    columns = ", ".join(f'"{name}"' for name in theirs if name in ours)
    if columns:
        marks = ", ".join("?" * (columns.count(",") + 1))
        new.executemany(f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})", _readable(old, table, columns))


def _readable(conn: sqlite3.Connection, table: str, columns: str) -> Iterator[tuple[object, ...]]:
    last = -1
    while True:
        try:
            for row in conn.execute(f"SELECT rowid, {columns} FROM {table} WHERE rowid > ? ORDER BY rowid", (last,)):
                last = row[0]
                yield row[1:]
            return
        except sqlite3.DatabaseError:
            beyond = _beyond(conn, table, last)
            if beyond is None:
                return
            last = beyond - 1


def _beyond(conn: sqlite3.Connection, table: str, last: int) -> int | None:
    """The first row behind the damage that follows `last`; None where there is none."""
    low, step = last + 1, 1
    while not _reads(conn, table, last + 1 + step):
        low, step = last + 1 + step, step * 2
        if step > _FAR:
            return None
    high = last + 1 + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _reads(conn, table, middle) else (middle, high)
    return high


def _reads(conn: sqlite3.Connection, table: str, rowid: int) -> bool:
    """Whether the row at or behind a number can be read."""
    try:
        conn.execute(f"SELECT * FROM {table} WHERE rowid >= ? ORDER BY rowid LIMIT 1", (rowid,)).fetchone()
    except sqlite3.DatabaseError:
        return False
    return True


def _drop_orphans(conn: sqlite3.Connection) -> None:
    """Drop rows whose session, run or queue is lost, until none is left."""
    while orphans := conn.execute("PRAGMA foreign_key_check").fetchall():
        for table, rowid, *_ in orphans:
            conn.execute(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))
