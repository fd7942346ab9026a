"""Results that were computed before, by a digest of all that they follow from: a change of that is another key."""

import sqlite3

MOST = 500
"""Results that are kept; of more, those go that were made first."""


def find(conn: sqlite3.Connection, key: str) -> str | None:
    """The result of that key."""
    row = conn.execute("SELECT value FROM kept WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def keep(conn: sqlite3.Connection, key: str, value: str) -> None:
    """Keep a result."""
    conn.execute("INSERT OR REPLACE INTO kept (key, value) VALUES (?, ?)", (key, value))
    conn.execute("DELETE FROM kept WHERE seq <= (SELECT max(seq) FROM kept) - ?", (MOST,))
