"""Batches: files of items that are judged in the background, one after the other, and how far each is."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from grm_core.formats.lines import compact
from storage import rows
from storage.database import Database

WAITING, RUNNING, PAUSED, CANCELLED, DONE, FAILED = "waiting", "running", "paused", "cancelled", "done", "failed"
"""What a batch may be: in the line, under way, and why it is neither."""


class Batch(NamedTuple):
    """A file of items and how it is to be judged."""

    id: str
    title: str
    created_at: str
    settings: str
    """JSON, of whoever judges."""
    tags: tuple[str, ...]
    """Of its sessions."""
    size: int
    """Items."""
    phase: str = WAITING
    error: str = ""
    """What went wrong, for a person."""
    owner: str = ""
    """The login that began it; none where nobody has to log in."""


class Counts(NamedTuple):
    """What the store has of a run."""

    samples: int = 0
    """With a completion."""
    failed: int = 0
    unreadable: int = 0
    """With a completion that casts no vote."""
    whole: int = 0
    """Sessions that have all their samples."""


class Batches:
    """The batches of one database; made by Store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, batch: Batch, items: Iterable[str]) -> None:
        """Keep a batch at the end of the line, with its items as lines of ITEMS.jsonl."""
        values = (
            *(batch.id, rows.pack(batch.title), batch.created_at, rows.pack(batch.settings), compact(batch.tags)),
            *(batch.size, batch.phase, rows.pack(batch.error), rows.pack(batch.owner), "\n".join(items)),
        )
        with self._db.write() as conn:
            conn.execute(
                "INSERT INTO batch (id, title, created_at, settings, tags, size, phase, error, owner, items) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )

    def all(self) -> list[Batch]:
        """All batches, the newest first."""
        with self._db.read() as conn:
            return [_batch(row) for row in rows.fetch(conn, f"SELECT {_COLUMNS} FROM batch ORDER BY seq DESC")]

    def batch(self, batch_id: str) -> Batch | None:
        """The batch of that id."""
        with self._db.read() as conn:
            stored = rows.fetch(conn, f"SELECT {_COLUMNS} FROM batch WHERE id = ?", rows.pack(batch_id))
        return _batch(stored[0]) if stored else None

    def line(self) -> list[Batch]:
        """What is to be judged, in its order: the batch under way, then those that have waited longest."""
        sql = f"SELECT {_COLUMNS} FROM batch WHERE phase IN (?, ?) ORDER BY phase = ? DESC, seq"
        with self._db.read() as conn:
            return [_batch(row) for row in rows.fetch(conn, sql, RUNNING, WAITING, RUNNING)]

    def items(self, batch_id: str) -> list[str]:
        """The batch's items as lines of ITEMS.jsonl, in their order."""
        with self._db.read() as conn:
            stored = rows.fetch(conn, "SELECT items FROM batch WHERE id = ?", rows.pack(batch_id))
        return str(stored[0]["items"]).split("\n") if stored else []

    def move(self, batch_id: str, phase: str, before: Sequence[str], error: str = "") -> bool:
        """Give a batch another phase if it has one of those `before`; whether it had."""
        marks = ", ".join("?" * len(before))
        with self._db.write() as conn:
            changed = conn.execute(
                f"UPDATE batch SET phase = ?, error = ? WHERE id = ? AND phase IN ({marks})",
                (phase, rows.pack(error), rows.pack(batch_id), *before),
            )
            return changed.rowcount > 0

    def remove(self, batch_id: str, before: Sequence[str]) -> bool:
        """Take a batch of one of these phases off the list, whether it was there; its sessions stay."""
        marks = ", ".join("?" * len(before))
        with self._db.write() as conn:
            values = (rows.pack(batch_id), *before)
            return conn.execute(f"DELETE FROM batch WHERE id = ? AND phase IN ({marks})", values).rowcount > 0

    def held(self, run_id: str) -> dict[str, frozenset[int]]:
        """Session id -> the indices of the samples that it has of a run; failed ones are left out."""
        held: dict[str, set[int]] = {}
        sql = f'SELECT session.id, s."index" {_SAMPLES} AND s.error IS NULL WHERE session.run_id = ?'
        with self._db.read() as conn:
            for row in rows.fetch(conn, sql, rows.pack(run_id)):
                mine = held.setdefault(row["id"], set())
                if row["index"] is not None:
                    mine.add(row["index"])
        return {session_id: frozenset(mine) for session_id, mine in held.items()}

    def counts(self, run_id: str, k: int) -> Counts:
        """What there is of a run whose sessions have k samples each."""
        sql = f"""SELECT count(s.id) AS stored, count(s.error) AS failed,
            count(CASE WHEN s.error IS NULL AND s.status != 'ok' THEN 1 END) AS unreadable
            {_SAMPLES} WHERE session.run_id = ? GROUP BY session.id"""
        with self._db.read() as conn:
            sessions = rows.fetch(conn, sql, rows.pack(run_id))
        return Counts(
            samples=sum(row["stored"] - row["failed"] for row in sessions),
            failed=sum(row["failed"] for row in sessions),
            unreadable=sum(row["unreadable"] for row in sessions),
            whole=sum(row["stored"] - row["failed"] >= k for row in sessions),
        )


_COLUMNS = "id, title, created_at, settings, tags, size, phase, error, owner"
_SAMPLES = "FROM session LEFT JOIN sample AS s ON s.session_id = session.id"


def _batch(row: sqlite3.Row) -> Batch:
    tags = tuple(json.loads(row["tags"]))
    title, settings, error, owner = (rows.unpack(row[name]) for name in ("title", "settings", "error", "owner"))
    return Batch(row["id"], title, row["created_at"], settings, tags, row["size"], row["phase"], error, owner)
