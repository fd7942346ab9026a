"""The annotators' desk: annotations, which are only ever added, and the queues that they are made in."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from grm_core.formats.fields import identifier
from grm_core.formats.lines import compact
from grm_core.types import Annotation
from storage import rows
from storage.database import Database
from storage.errors import Refused

_STANDS = "a.label != '' AND NOT EXISTS (SELECT 1 FROM annotation AS b WHERE b.replaces = a.id)"
"""Neither taken back nor replaced."""


class Queue(NamedTuple):
    """A list of sessions to look at."""

    id: str
    title: str
    rules: tuple[str, ...]
    overlap: float
    """Share 0..1 of the items that two annotators look at."""
    seed: int
    created_at: str
    source: str = ""
    """JSON of whoever lets the queue grow; '' for a queue that stays as it is."""


class QueueItem(NamedTuple):
    """One session of a queue, in its place."""

    place: int
    session_id: str
    reason: str
    need: int
    """Annotators who have to look at it."""
    assigned: tuple[str, ...]
    """Who has it, done or not."""
    done: tuple[str, ...]
    """Who is through with it."""


class Desk:
    """Annotations and queues of one database; made by Store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, annotation: Annotation) -> None:
        """Keep an annotation; it is on disk when this returns. The same one again changes nothing.

        Refused where its id is another one's, or its session or what it replaces is not there.
        """
        self.add_all([annotation])

    def add_all(self, annotations: Iterable[Annotation]) -> int:
        """Keep all of them or none; returns how many were not there yet."""
        with self._db.write() as conn:
            return sum(_add(conn, annotation) for annotation in annotations)

    def annotations(self, session_id: str = "", queue: str = "", author: str = "") -> list[Annotation]:
        """All that were made, replaced ones too, in order of arrival; '' leaves a criterion out."""
        wanted = {"session_id": session_id, "queue": queue, "author": author}
        tests = {name: rows.pack(value) for name, value in wanted.items() if value}
        where = " AND ".join(f"{name} = ?" for name in tests) or "1"
        with self._db.read() as conn:
            sql = f"SELECT {rows.ANNOTATION_COLUMNS} FROM annotation WHERE {where} ORDER BY seq"
            return [rows.annotation_from(row) for row in rows.fetch(conn, sql, *tests.values())]

    def add_queue(self, queue: Queue, items: Sequence[tuple[str, str, int]], seen: Iterable[str] = ()) -> None:
        """Keep a queue with its items (session id, reason, annotators needed), in their order.

        `seen` are the sessions that were looked at, when it grows.
        """
        values = (queue.id, rows.pack(queue.title), compact(queue.rules), queue.overlap, queue.seed, queue.created_at)
        with self._db.write() as conn:
            conn.execute(
                "INSERT INTO queue (id, title, rules, overlap, seed, created_at, source) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*values, rows.pack(queue.source)),
            )
            _append(conn, queue.id, items, seen)

    def grow(self, queue_id: str, items: Sequence[tuple[str, str, int]], seen: Iterable[str]) -> None:
        """Put further items at a queue's end; sessions that it has already are left out."""
        with self._db.write() as conn:
            there = {row["session_id"] for row in rows.fetch(conn, _HELD, rows.pack(queue_id))}
            _append(conn, queue_id, [item for item in items if item[0] not in there], seen)

    def seen(self, queue_id: str) -> set[str]:
        """The sessions that a queue has or that its rules have passed over."""
        key = rows.pack(queue_id)
        with self._db.read() as conn:
            return {row["session_id"] for row in rows.fetch(conn, f"{_HELD} UNION {_SEEN}", key, key)}

    def open_for(self, author: str) -> set[tuple[str, str]]:
        """(queue, session) of the items that the author has and has not finished, or may still get."""
        sql = f"""SELECT i.queue_id, i.session_id FROM queue_item AS i
            LEFT JOIN assignment AS t ON t.queue_id = i.queue_id AND t.place = i.place
            WHERE NOT EXISTS (SELECT 1 FROM annotation AS a WHERE a.session_id = i.session_id
                AND a.queue = i.queue_id AND a.kind = 'done' AND a.author = ? AND {_STANDS})
            GROUP BY i.queue_id, i.place HAVING count(t.author) < i.need OR coalesce(max(t.author = ?), 0)"""
        me = rows.pack(author)
        with self._db.read() as conn:
            return {(row["queue_id"], row["session_id"]) for row in rows.fetch(conn, sql, me, me)}

    def queues(self) -> list[Queue]:
        """All queues, the newest first."""
        with self._db.read() as conn:
            return [_queue(row) for row in rows.fetch(conn, "SELECT * FROM queue ORDER BY seq DESC")]

    def queue(self, queue_id: str) -> Queue | None:
        """The queue of that id."""
        with self._db.read() as conn:
            stored = rows.fetch(conn, "SELECT * FROM queue WHERE id = ?", rows.pack(queue_id))
        return _queue(stored[0]) if stored else None

    def items(self, queue_id: str) -> list[QueueItem]:
        """The queue's items in their order."""
        with self._db.read() as conn:
            return _items(conn, queue_id)

    def assigned(self, author: str) -> set[tuple[str, str]]:
        """(queue, session) of the items that the author has, done or not."""
        sql = """SELECT i.queue_id, i.session_id FROM queue_item AS i
            JOIN assignment AS t ON t.queue_id = i.queue_id AND t.place = i.place WHERE t.author = ?"""
        with self._db.read() as conn:
            return {(row["queue_id"], row["session_id"]) for row in rows.fetch(conn, sql, rows.pack(author))}

    def take(self, queue_id: str, author: str, after: int = -1) -> QueueItem | None:
        """The author's next item: the first begun and not done, else the first that needs somebody; None at the end.

        Whoever takes an item has it: two annotators at once never get the same one unless it needs both. `after` is
        the place of an item that is skipped: it comes again when nothing else is left, and as long as nothing was said
        of it others may take it.
        """
        with self._db.write() as conn:
            if after >= 0:
                _release(conn, queue_id, after, author)
            items = _items(conn, queue_id)
            mine = [item for item in items if author in item.assigned and author not in item.done]
            free = [item for item in items if author not in item.assigned and len(item.assigned) < item.need]
            later, ahead = ([item for item in some if item.place > after] for some in (mine, free))
            if later or (mine and not ahead) or not free:
                return next(iter(later or mine), None)
            chosen = (ahead or free)[0]
            _assign(conn, queue_id, chosen.place, author)
            return chosen._replace(assigned=(*chosen.assigned, author))

    def assign(self, queue_id: str, place: int, author: str) -> None:
        """Give an item to somebody; again: nothing changes. Refused where there is no such item."""
        with self._db.write() as conn:
            if not any(item.place == place for item in _items(conn, queue_id)):
                raise Refused(f"queue {queue_id} has no item {place + 1}")
            _assign(conn, queue_id, place, author)


_HELD = "SELECT session_id FROM queue_item WHERE queue_id = ?"
_SEEN = "SELECT session_id FROM queue_seen WHERE queue_id = ?"


def _append(
    conn: sqlite3.Connection, queue_id: str, items: Sequence[tuple[str, str, int]], seen: Iterable[str]
) -> None:
    key = rows.pack(queue_id)
    sql = "SELECT coalesce(max(place) + 1, 0) AS place FROM queue_item WHERE queue_id = ?"
    first = rows.fetch(conn, sql, key)[0]["place"]
    conn.executemany(
        "INSERT INTO queue_item (queue_id, place, session_id, reason, need) VALUES (?, ?, ?, ?, ?)",
        [(key, place, rows.pack(name), rows.pack(why), need) for place, (name, why, need) in enumerate(items, first)],
    )
    conn.executemany("INSERT OR IGNORE INTO queue_seen VALUES (?, ?)", [(key, rows.pack(name)) for name in seen])


def _add(conn: sqlite3.Connection, annotation: Annotation) -> bool:
    identifier(annotation.id, "annotation id")
    stored = rows.fetch(conn, f"SELECT {rows.ANNOTATION_COLUMNS} FROM annotation WHERE id = ?", annotation.id)
    if stored:
        if rows.annotation_from(stored[0]) != annotation:
            raise Refused(f"there is another annotation {annotation.id} already")
        return False
    if not rows.fetch(conn, "SELECT 1 FROM session WHERE id = ?", rows.pack(annotation.session_id)):
        raise Refused(f"there is no session {annotation.session_id}")
    if annotation.replaces and not rows.fetch(conn, "SELECT 1 FROM annotation WHERE id = ?", annotation.replaces):
        raise Refused(f"there is no annotation {annotation.replaces} to replace")
    values = rows.annotation_row(annotation)
    marks = ", ".join("?" * len(values))
    conn.execute(f"INSERT INTO annotation ({rows.ANNOTATION_COLUMNS}) VALUES ({marks})", values)
    return True


def _assign(conn: sqlite3.Connection, queue_id: str, place: int, author: str) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    conn.execute("INSERT OR IGNORE INTO assignment VALUES (?, ?, ?, ?)", (queue_id, place, rows.pack(author), now))


def _release(conn: sqlite3.Connection, queue_id: str, place: int, author: str) -> None:
    """Let others have an item that its taker has said nothing of."""
    key, me = rows.pack(queue_id), rows.pack(author)
    said = """SELECT 1 FROM queue_item AS i
        JOIN annotation AS a ON a.session_id = i.session_id AND a.queue = i.queue_id
        WHERE i.queue_id = ? AND i.place = ? AND a.author = ?"""
    if not rows.fetch(conn, said, key, place, me):
        conn.execute("DELETE FROM assignment WHERE queue_id = ? AND place = ? AND author = ?", (key, place, me))


def _items(conn: sqlite3.Connection, queue_id: str) -> list[QueueItem]:
    key = rows.pack(queue_id)
    assigned: dict[int, list[str]] = {}
    for row in rows.fetch(conn, "SELECT place, author FROM assignment WHERE queue_id = ? ORDER BY rowid", key):
        assigned.setdefault(row["place"], []).append(rows.unpack(row["author"]))
    done: dict[str, list[str]] = {}
    ends = (
        f"SELECT session_id, author FROM annotation AS a WHERE queue = ? AND kind = 'done' AND {_STANDS} ORDER BY seq"
    )
    for row in rows.fetch(conn, ends, key):
        done.setdefault(row["session_id"], []).append(rows.unpack(row["author"]))
    sql = "SELECT place, session_id, reason, need FROM queue_item WHERE queue_id = ? ORDER BY place"
    return [
        QueueItem(
            row["place"], row["session_id"], rows.unpack(row["reason"]), row["need"],
            tuple(assigned.get(row["place"], ())), tuple(done.get(row["session_id"], ())),
        )
        for row in rows.fetch(conn, sql, key)
    ]  # fmt: skip


def _queue(row: sqlite3.Row) -> Queue:
    rules = tuple(json.loads(row["rules"]))
    title, source = rows.unpack(row["title"]), rows.unpack(row["source"])
    return Queue(row["id"], title, rules, row["overlap"], row["seed"], row["created_at"], source)
