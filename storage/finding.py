"""Search in a file that is only read: without a Store, whose codecs take longer to import than the search itself."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import Connection

from storage import passages
from storage.database import Database
from storage.passages import Hit


@contextmanager
def searching(db: Database, words: str) -> Iterator[Connection]:
    """Borrow a read-only connection; a search for words that takes longer than its limit is a StoreError."""
    try:
        with db.read(passages.TIME_LIMIT_S if words.strip() else None) as conn:
            yield conn
    except TimeoutError:
        raise passages.too_slow() from None


def find(path: str | Path, query: str, limit: int) -> list[Hit]:
    """What `Store.search` finds in the file outside the bin; StoreError where it cannot be read."""
    with closing(Database(Path(path), read_only=True)) as db, searching(db, query) as conn:
        words = passages.words(query)
        return [] if words is None else passages.hits(conn, words, limit)
