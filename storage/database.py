"""One SQLite file: who may write it, how connections are opened, what its errors mean.

One connection writes, behind one lock, because several writing connections lose rows to SQLITE_BUSY when a table has
full-text triggers, and because SQLite before 3.51.3 can corrupt a WAL that several connections reset. Readers are
read-only connections from a small pool. A second process (or a second Database) on the same file opens read-only, and
not at all by another name of it (see `lock`).
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

from storage import schema
from storage.errors import Locked, StoreError
from storage.lock import FileLock

_BUSY_S = 10.0
_IDLE_READERS = 8
_MEANINGS = {
    "SQLITE_FULL": "the disk is full; free some space, nothing that was saved before is lost",
    "SQLITE_BUSY": "another program keeps it locked; close that program and try again",
    "SQLITE_LOCKED": "another program keeps it locked; close that program and try again",
    "SQLITE_NOTADB": "it is not a SQLite database; choose another file",
    "SQLITE_CORRUPT": "the file is damaged; restore a copy, or save what can be read with 'sqlite3 FILE .recover'",
    "SQLITE_READONLY": "it cannot be written; check the permissions of the file and its folder",
    "SQLITE_CANTOPEN": "it cannot be opened; check that the folder exists and may be written",
    "SQLITE_PERM": "it cannot be opened; check the permissions of the file and its folder",
    "SQLITE_IOERR": "reading or writing failed; check the disk",
    "SQLITE_TOOBIG": "a text is larger than SQLite can hold",
}


class Database:
    """An open file. `read_only` says whether it may be written, `holder` which process holds it instead of us."""

    def __init__(self, path: Path, read_only: bool = False) -> None:
        """Open the file, made and brought to this version's schema when that is needed; StoreError if it cannot be."""
        self.path = path
        self.holder: int | None = None
        self._lock: FileLock | None = None
        self._writer: sqlite3.Connection | None = None
        self._write_lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._idle_lock = threading.Lock()
        self._closed = False
        self._rescued: Path | None = None
        try:
            self._open(read_only)
        except BaseException:
            self.close()
            raise

    @property
    def read_only(self) -> bool:
        """Whether this process may only read the file."""
        return self._writer is None

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Hold the one writing connection inside a transaction; it is on disk when the block ends without an error."""
        with self._write_lock, explained(self.path):
            conn = self._writing()
            if conn.in_transaction:  # a write inside a write joins it
                yield conn
                return
            self._check_in_place(conn)
            conn.execute("BEGIN IMMEDIATE")
            try:
                yield conn
                conn.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                if conn.in_transaction:
                    conn.execute("ROLLBACK")
                raise

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """Hold the one writing connection outside a transaction, for what SQLite does only there."""
        with self._write_lock, explained(self.path):
            conn = self._writing()
            self._check_in_place(conn)
            yield conn

    def sweep(self) -> None:
        """Leave nothing of what was deleted in free pages, in the search index and in the log of writes."""
        with self.alone() as conn:
            conn.execute("INSERT INTO passage_fts(passage_fts) VALUES ('rebuild')")
            conn.execute("VACUUM")
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def read(self, seconds: float | None = None) -> Iterator[sqlite3.Connection]:
        """Borrow a read-only connection; queries are interrupted (TimeoutError) after `seconds`."""
        with explained(self.path):
            conn = self._borrow()
            deadline = None if seconds is None else time.monotonic() + seconds
            if deadline is not None:
                conn.set_progress_handler(lambda: int(time.monotonic() > deadline), 2000)
            try:
                yield conn
            except sqlite3.OperationalError as error:
                if _name(error) == "SQLITE_INTERRUPT":
                    raise TimeoutError from error
                raise
            finally:
                conn.set_progress_handler(None, 0)
                self._give_back(conn)

    def close(self) -> None:
        """Close every connection and let the next process write; safe to call twice."""
        with self._write_lock, self._idle_lock:
            self._closed = True
            for conn in self._idle:
                conn.close()
            self._idle.clear()
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def _open(self, read_only: bool) -> None:
        with explained(self.path):
            if not read_only and self.path.exists() and not os.access(self.path, os.W_OK):
                raise StoreError(_MEANINGS["SQLITE_READONLY"])
            self._lock = FileLock(self.path, writing=not read_only)
            self.holder = self._lock.holder
            if self._lock.held:
                self._writer = self._connect_writer()
            else:
                self._check_readable()

    def _connect_writer(self) -> sqlite3.Connection:
        conn = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            schema.pending(conn)  # before the first write: a file that is not ours stays as it is
            conn.execute("PRAGMA journal_mode=WAL")
            conn.execute("PRAGMA synchronous=FULL")
            conn.execute("PRAGMA foreign_keys=ON")
            schema.apply(conn)
        except BaseException:
            conn.close()
            raise
        return conn

    def _check_readable(self) -> None:
        if not self.path.exists():
            raise StoreError("there is no such file")
        with self.read() as conn:
            if schema.pending(conn):
                raise StoreError("it has an older schema and can only be read after it was opened for writing once")

    def _writing(self) -> sqlite3.Connection:
        if self._writer is not None:
            return self._writer
        if self._closed:
            raise StoreError("it is closed")
        held = f"process {self.holder} is using it" if self.holder else "it is open for reading only"
        raise StoreError(f"nothing can be saved: {held}")

    def _check_in_place(self, conn: sqlite3.Connection) -> None:
        """Refuse what would be gone at the next start, and save a copy of all that is still at hand."""
        if self._lock is None or self._lock.in_place(self.path):
            return
        if self._rescued is None:
            copy = unused(self.path, "rescued")
            with closing(sqlite3.connect(copy)) as target:
                os.chmod(copy, 0o600)
                conn.backup(target)
            self._rescued = copy
        raise StoreError(
            f"it was deleted or replaced while it was in use; nothing can be saved here any more. All that it held "
            f"is in {self._rescued}: stop the program, then `restore` that file"
        )

    def _borrow(self) -> sqlite3.Connection:
        with self._idle_lock:
            if self._closed:
                raise StoreError("it is closed")
            if self._idle:
                return self._idle.pop()
        if self._lock is not None and not self._lock.in_place(self.path):
            raise StoreError("it was deleted or replaced while it was in use; start the program anew")
        return _connect_reader(self.path)

    def _give_back(self, conn: sqlite3.Connection) -> None:
        with self._idle_lock:
            if not self._closed and len(self._idle) < _IDLE_READERS:
                self._idle.append(conn)
                return
        conn.close()


def unused(path: Path, ending: str) -> Path:
    """A name beside a file that nothing has yet: FILE.ending, FILE.ending-2 and so on."""
    names = (Path(f"{path}.{ending}{'' if number == 1 else f'-{number}'}") for number in count(1))
    return next(name for name in names if not name.exists())


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say about the file into a StoreError that names it; bugs stay as they are."""
    try:
        yield
    except StoreError as error:
        raise type(error)(_named(path, str(error))) from None
    except (sqlite3.Error, OSError) as error:
        meaning = None if isinstance(error, TimeoutError) else _meaning(error)
        if meaning is None:
            raise
        kind = Locked if _name(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) else StoreError
        raise kind(_named(path, meaning)) from error


def _connect_reader(path: Path) -> sqlite3.Connection:
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro"
    conn = sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        conn.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        conn.close()
        # A WAL file in a folder that may not be written can only be read when nobody can be writing it.
        if (
            not _name(error).startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY"))
            or Path(f"{path.resolve()}-wal").exists()
        ):
            raise
        conn = sqlite3.connect(uri + "&immutable=1", uri=True, isolation_level=None, check_same_thread=False)
    except BaseException:
        conn.close()
        raise
    return conn


def _named(path: Path, message: str) -> str:
    return message if message.startswith("database ") else f"database {path}: {message}"


def _name(error: BaseException) -> str:
    return getattr(error, "sqlite_errorname", "") or ""


def _meaning(error: sqlite3.Error | OSError) -> str | None:
    """The meaning of an error for a person; None for a bug of ours, which keeps its traceback."""
    if isinstance(error, OSError):
        return f"{error.strerror or error}"
    name = _name(error)
    return next((meaning for prefix, meaning in _MEANINGS.items() if name.startswith(prefix)), None)
