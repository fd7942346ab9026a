"""What is measured, a function a row: each makes its data in a folder and runs both sides."""

import contextlib
import io
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import app
from grm_core.analysis import scaling
from grm_core.formats.scores import read_scores
from grm_core.types import Method
from perf import data
from perf.pairs import Row, measure
from storage import numbers, rows, schema
from storage.listing import Wanted
from storage.store import Store
from storage.transfer import import_file
from ui import run_panels

ROOT = Path(__file__).parent.parent
K, N = 32, 4
_TIMES = 20
"""Short work is done so many times a round."""
Measured = Callable[[Path, int, int], Row]


def vote(folder: Path, items: int, rounds: int) -> Row:
    """`vote` of a file."""
    file = data.write(folder / f"{items}.jsonl", items, K, N)

    def other() -> None:
        totals: dict[str, list[int]] = {}
        for line in file.open("rb"):
            sample = json.loads(line)
            if sample.get("scores"):
                before = totals.setdefault(sample["item_id"], [0] * N)
                totals[sample["item_id"]] = [a + b for a, b in zip(before, sample["scores"], strict=True)]

    beside = "json.loads of every line and a sum, nothing checked"
    return measure("vote", "vote of a file", beside, items, rounds, lambda: _quiet(["vote", str(file)]), other)


def curve(folder: Path, items: int, rounds: int) -> Row:
    """`curve` of a file, three methods."""
    file = data.write(folder / f"{items}.jsonl", items, K, N)

    def other() -> None:
        for block in read_scores(file):
            for item in block:
                for method in Method:
                    scaling.tables([item], method)[0].curve()

    beside = "the same functions, one item after the other in one process"
    return measure("curve", "curve of a file", beside, items, rounds, lambda: _quiet(["curve", str(file)]), other)


def run_page(folder: Path, items: int, rounds: int) -> Row:
    """All panels of a run, computed anew, beside reading its samples with their texts."""
    path = folder / f"{items}.db"
    _import(data.write(folder / f"{items}.jsonl", items, K, N), path)
    run = data.run(f"perf-{items}-{K}-{N}", K).id
    store = Store(path, read_only=True)

    def ours() -> None:
        run_panels.panels(numbers.of_run(store, run))

    def other() -> None:
        store.samples_by_session(store.session_ids())

    beside = "reading the same samples as objects, nothing computed"
    try:
        return measure("runs", "all panels of the Runs page, nothing kept", beside, items, rounds, ours, other)
    finally:
        store.close()


def import_(folder: Path, items: int, rounds: int) -> Row:
    """`import` beside bare sqlite3 with the same tables, indexes and search index."""
    file = data.write(folder / f"{items}.jsonl", items, K, N)
    whole = folder / f"{items}.db"
    _import(file, whole)
    with sqlite3.connect(whole) as conn:
        tables = {
            name: (columns, conn.execute(f"SELECT {columns} FROM {name}").fetchall())
            for name, columns in (
                ("run", rows.RUN_COLUMNS),
                ("session", f"{rows.SESSION_COLUMNS}, n"),
                ("sample", rows.SAMPLE_COLUMNS),
                ("passage", "session_id, sample_id, field, body"),
            )
        }
    conn.close()

    def ours() -> None:
        fresh = folder / "ours.db"
        fresh.unlink(missing_ok=True)
        _import(file, fresh)

    def other() -> None:
        fresh = folder / "other.db"
        fresh.unlink(missing_ok=True)
        conn = sqlite3.connect(fresh, isolation_level=None)
        conn.execute("PRAGMA journal_mode=WAL")
        schema.apply(conn)
        conn.execute("BEGIN")
        for name, (columns, stored) in tables.items():
            marks = ", ".join("?" * len(stored[0]))
            conn.executemany(f"INSERT INTO {name} ({columns}) VALUES ({marks})", stored)
        conn.execute("COMMIT")
        conn.close()

    beside = "rows that lie ready, by executemany in one transaction into the same tables, indexes and search index"
    return measure("import", "import of a file into a new database", beside, items, rounds, ours, other)


def start(folder: Path, items: int, rounds: int) -> Row:
    """`--help` beside a Python that does nothing."""
    python = [sys.executable, "-c", "pass"]
    ours = [sys.executable, str(ROOT / "app.py"), "--help"]
    return measure("start", "app.py --help", "python -c pass", 0, rounds, lambda: _run(ours), lambda: _run(python))


def sessions(folder: Path, items: int, rounds: int) -> Row:
    """The Sessions page's list, with its count and choices, of 20 times as many sessions."""
    store = Store(_searched(folder, items), read_only=True)

    def ours() -> None:
        for _ in range(_TIMES):
            store.sessions(limit=50)
            store.count_sessions(Wanted())
            store.facets()

    def other() -> None:
        with store.reading() as conn:
            for _ in range(_TIMES):
                conn.execute("SELECT id, title FROM session ORDER BY seq DESC LIMIT 50").fetchall()
                conn.execute("SELECT count(*) FROM session").fetchall()

    what = f"{_TIMES} times the Sessions page of {20 * items:,} sessions"
    try:
        return measure("sessions", what, "ids, titles and their number in bare SQL", items, rounds, ours, other)
    finally:
        store.close()


def search(folder: Path, items: int, rounds: int) -> Row:
    """50 hits for words that stand in at most 1% of the critiques, 20 times as many as items."""
    store = Store(_searched(folder, items), read_only=True)
    words = data.rare(_TIMES)

    def ours() -> None:
        for word in words:
            store.search(word, 50)

    def other() -> None:
        sql = "SELECT rowid FROM passage_fts WHERE passage_fts MATCH ? ORDER BY rank LIMIT 50"
        with store.reading() as conn:
            for word in words:
                conn.execute(sql, (f'"{word}"',)).fetchall()

    what = f"{_TIMES} searches of {20 * items:,} critiques, 50 hits with snippets each"
    try:
        return measure("search", what, "the index alone, without snippets", items, rounds, ours, other)
    finally:
        store.close()


def _searched(folder: Path, items: int) -> Path:
    return data.database(folder / f"sessions-{20 * items}.db", 20 * items, 1)


ROWS: dict[str, Measured] = {
    "vote": vote, "curve": curve, "runs": run_page, "import": import_, "sessions": sessions, "search": search,
    "start": start,
}  # fmt: skip


def _quiet(argv: list[str]) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        code = app.main(argv)
    if code:
        raise SystemExit(code)


def _run(command: list[str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def _import(file: Path, path: Path) -> None:
    if not path.exists():
        store = Store(path)
        import_file(store, file)
        store.close()
