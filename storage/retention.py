"""Retention: what is older than a day that somebody names, deleted for good."""

from datetime import datetime
from typing import NamedTuple

from storage.batches import CANCELLED, DONE, FAILED
from storage.database import Database

_OLD = "julianday(created_at) < julianday(?)"
_UNLABELLED = "id NOT IN (SELECT session_id FROM annotation)"


class Aged(NamedTuple):
    """What there is from before a day."""

    sessions: int
    """Those that go, in the bin too."""
    labelled: int
    """Sessions that stay because somebody labelled them."""
    batches: int
    """Batches that have ended: they hold the items of their file."""


class Retention:
    """What of one database is kept for how long; made by Store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def aged(self, before: datetime, labelled: bool = False) -> Aged:
        """What `prune` would delete, which takes sessions with labels too where `labelled`; `before` has a zone."""
        day = before.isoformat()
        with self._db.read() as conn:
            old, free = (
                int(conn.execute(f"SELECT count(*) FROM session WHERE {rule}", (day,)).fetchone()[0])
                for rule in (_OLD, f"{_OLD} AND {_UNLABELLED}")
            )
            ended = f"SELECT count(*) FROM batch WHERE {_OLD} AND phase IN (?, ?, ?)"
            batches = int(conn.execute(ended, (day, DONE, CANCELLED, FAILED)).fetchone()[0])
        return Aged(old, 0, batches) if labelled else Aged(free, old - free, batches)

    def prune(self, before: datetime, labelled: bool = False) -> Aged:
        """Delete sessions of before that time, with their samples and what was said of them, and ended batches.

        Nothing of them stays in the file. The audit log stays, with a line more. Copies elsewhere are not reached.
        """
        aged, day = self.aged(before, labelled), before.isoformat()
        with self._db.write() as conn:
            conn.execute(f"DELETE FROM session WHERE {_OLD}" + ("" if labelled else f" AND {_UNLABELLED}"), (day,))
            conn.execute("DELETE FROM run WHERE id NOT IN (SELECT run_id FROM session)")
            ended = f"DELETE FROM batch WHERE {_OLD} AND phase IN (?, ?, ?)"
            conn.execute(ended, (day, DONE, CANCELLED, FAILED))
            conn.execute("DELETE FROM kept")  # results that quote what is gone; they are computed again
        self._db.sweep()
        return aged
