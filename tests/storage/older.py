"""A database as an older version wrote it."""

import sqlite3
from pathlib import Path

from sqlite_utils import Database

from storage import schema


def age(new: Path, old: Path) -> None:
    """The same data in a file of the schema before the last migration, as an older version wrote it."""
    conn = sqlite3.connect(old)
    schema.migrations().apply(Database(conn), stop_before="m005_named_models")
    conn.execute("ATTACH ? AS new", (str(new),))
    for table in ("run", "session", "sample", "annotation"):
        columns = ", ".join(f'"{row[1]}"' for row in conn.execute(f"PRAGMA main.table_info({table})"))
        conn.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
    conn.commit()
    assert schema.pending(conn)
    conn.close()
