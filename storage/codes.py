"""Code books: the changes that people made to them, which are only ever added."""

import json
import sqlite3
from collections.abc import Iterable

from grm_core.formats.lines import compact
from grm_core.types import CodeEvent
from storage import rows
from storage.database import Database
from storage.errors import Refused

_COLUMNS = "id, book, what, code, name, meaning, targets, moves, who, created_at"


class Codes:
    """The code books of one database; made by Store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def events(self) -> list[CodeEvent]:
        """All changes of all books, in order of arrival."""
        with self._db.read() as conn:
            return [_event(row) for row in rows.fetch(conn, f"SELECT {_COLUMNS} FROM code_event ORDER BY seq")]

    def add(self, events: Iterable[CodeEvent]) -> int:
        """Keep all of them or none; returns how many were not there yet. Refused where an id is another one's."""
        with self._db.write() as conn:
            return sum(_add(conn, event) for event in events)


def _add(conn: sqlite3.Connection, event: CodeEvent) -> bool:
    stored = rows.fetch(conn, f"SELECT {_COLUMNS} FROM code_event WHERE id = ?", rows.pack(event.id))
    if stored:
        if _event(stored[0]) != event:
            raise Refused(f"there is another change {event.id} of a code book already")
        return False
    texts = (event.id, event.book, event.what, event.code, event.name, event.meaning)
    values = (
        *map(rows.pack, texts), compact(event.targets), compact(event.moves),
        rows.pack(event.who), rows.pack(event.created_at),
    )  # fmt: skip
    conn.execute(f"INSERT INTO code_event ({_COLUMNS}) VALUES ({', '.join('?' * len(values))})", values)
    return True


def _event(row: sqlite3.Row) -> CodeEvent:
    texts = {name: rows.unpack(row[name]) for name in _COLUMNS.split(", ") if name not in ("targets", "moves")}
    targets, moves = json.loads(row["targets"]), json.loads(row["moves"])
    return CodeEvent(**texts, targets=tuple(targets), moves=tuple((label, code) for label, code in moves))
