"""All that one person made in a database: found, and forgotten."""

import sqlite3
from datetime import UTC, datetime
from typing import NamedTuple

from storage import rows
from storage.acts import Act
from storage.database import Database

_NAMES = (
    ("owner", "name"), ("annotation", "author"), ("assignment", "author"), ("batch", "owner"), ("audit", "who")
)  # fmt: skip
"""Where a person's name stands."""


class Made(NamedTuple):
    """What one person made."""

    sessions: tuple[str, ...]
    """Ids of those that he or she began, in the bin too, in order of arrival."""
    annotations: int
    assignments: int
    """Items of queues that he or she took."""
    batches: int
    acts: tuple[Act, ...]
    """His or her lines of the audit log, the oldest first."""


class People:
    """The persons of one database, by their logins; made by Store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def made_by(self, name: str) -> Made:
        """All that stands under a name."""
        key = rows.pack(name)
        with self._db.read() as conn:
            mine = "SELECT id FROM session JOIN owner ON session_id = id WHERE name = ? ORDER BY seq"
            owned = rows.fetch(conn, mine, key)
            labels, assignments, batches = (
                int(conn.execute(f"SELECT count(*) FROM {table} WHERE {column} = ?", (key,)).fetchone()[0])
                for table, column in _NAMES[1:4]
            )
            acts = rows.fetch(conn, "SELECT at, who, what, target FROM audit WHERE who = ? ORDER BY seq", key)
        log = tuple(Act(row["at"], rows.unpack(row["who"]), row["what"], rows.unpack(row["target"])) for row in acts)
        return Made(tuple(row["id"] for row in owned), labels, assignments, batches, log)

    def forget(self, name: str, delete: bool = False) -> str:
        """Put another name in a person's place wherever it stands; returns that.

        With `delete`, the person's sessions with all that others said of them, labels and batches are deleted for
        good, and nothing of them stays in the file. What is imported or backed up elsewhere is not reached.
        """
        key = rows.pack(name)
        with self._db.write() as conn:
            alias = _alias(conn)
            if delete:
                conn.execute("DELETE FROM session WHERE id IN (SELECT session_id FROM owner WHERE name = ?)", (key,))
                for table, column in (("annotation", "author"), ("assignment", "author"), ("batch", "owner")):
                    conn.execute(f"DELETE FROM {table} WHERE {column} = ?", (key,))
                conn.execute("DELETE FROM kept")  # results that quote what is gone; they are computed again
            for table, column in _NAMES:
                conn.execute(f"UPDATE OR REPLACE {table} SET {column} = ? WHERE {column} = ?", (alias, key))
            conn.execute("UPDATE audit SET target = ? WHERE target = ?", (alias, key))
            now = datetime.now(UTC).isoformat(timespec="seconds")
            what = "forgot a person and all that he or she made" if delete else "forgot a person's name"
            conn.execute("INSERT INTO audit (at, who, what, target) VALUES (?, '', ?, ?)", (now, what, alias))
        self._db.sweep()
        return alias


def _alias(conn: sqlite3.Connection) -> str:
    """A name that nobody has had."""
    number = 1
    while any(
        conn.execute(f"SELECT 1 FROM {table} WHERE {column} = ?", (f"forgotten-{number}",)).fetchone()
        for table, column in _NAMES
    ):
        number += 1
    return f"forgotten-{number}"
