"""Who began a session, and the audit log: who did what, and when."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from storage import rows
from storage.database import Database


class Act(NamedTuple):
    """One line of the audit log."""

    at: str
    who: str
    """The login, or '' where nobody had to log in."""
    what: str
    target: str


class Acts:
    """Owners and the audit log of one database; made by Store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def note(self, who: str, what: str, target: str = "") -> None:
        """Add a line; nothing where the file cannot be written."""
        if self._db.read_only:
            return
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._db.write() as conn:
            values = (now, rows.pack(who), what, rows.pack(target))
            conn.execute("INSERT INTO audit (at, who, what, target) VALUES (?, ?, ?, ?)", values)

    def newest(self, limit: int = 200) -> list[Act]:
        """The newest lines, the last one first."""
        with self._db.read() as conn:
            lines = rows.fetch(conn, "SELECT at, who, what, target FROM audit ORDER BY seq DESC LIMIT ?", limit)
        return [Act(row["at"], rows.unpack(row["who"]), row["what"], rows.unpack(row["target"])) for row in lines]

    def own(self, session_id: str, name: str) -> None:
        """Keep whose a session is."""
        with self._db.write() as conn:
            conn.execute("INSERT OR IGNORE INTO owner VALUES (?, ?)", (session_id, rows.pack(name)))

    def owner(self, session_id: str) -> str:
        """Whose a session is; '' = nobody's, as of what was imported."""
        return self.owners([session_id])[session_id]

    def owners(self, session_ids: Iterable[str]) -> dict[str, str]:
        """Session id -> whose it is, in the order in which the sessions are named."""
        names = dict.fromkeys(session_ids, "")
        with self._db.read() as conn:
            for row in rows.fetch_by(conn, "SELECT session_id, name FROM owner WHERE session_id IN KEYS", names):
                names[row["session_id"]] = rows.unpack(row["name"])
        return names
