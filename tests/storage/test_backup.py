"""Copies are whole, also of a database that is being written; a damaged one gives what can be read of it."""

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from storage import backup
from storage.errors import StoreError
from storage.store import Store
from tests.make import make_sample
from tests.storage.make import RUN, SESSION, filled
from tests.storage.older import age


def test_a_copy_of_a_database_that_is_being_written_is_of_one_moment(store: Store, tmp_path: Path) -> None:
    ended = threading.Event()

    def write() -> None:
        for index in range(0, 2000, 2):
            with store.transaction():
                store.add_sample(make_sample(index, (3, 7), text="critique " * 40))
                store.add_sample(make_sample(index + 1, (3, 7), text="critique " * 40))
            if ended.is_set():
                return

    thread = threading.Thread(target=write)
    thread.start()
    while len(store.samples("s")) < 10:
        pass
    copies = [backup.backup(store.path, tmp_path / f"copy-{number}") for number in range(4)]
    ended.set()
    thread.join()
    assert copies[0].samples >= 10
    assert [copy.samples % 2 for copy in copies] == [0, 0, 0, 0], "both of a transaction or none"
    for copy in copies:
        assert copy.path.stat().st_mode & 0o777 == 0o600
        opened = Store(copy.path)
        assert [sample.index for sample in opened.samples("s")] == list(range(copy.samples))
        assert opened.search("critique", limit=1)
        assert opened.integrity() == "ok"
        opened.close()
    assert not list(tmp_path.glob("*.part*"))


def test_a_copy_takes_no_files_place(store: Store, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    with pytest.raises(StoreError, match="exists already"):
        backup.backup(store.path, tmp_path / "kept")
    assert (tmp_path / "kept").read_text() == "kept"
    with pytest.raises(StoreError, match="no such file"):
        backup.backup(tmp_path / "none", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_restored_copy_is_what_was_there(store: Store, path: Path, tmp_path: Path) -> None:
    store.add_sample(make_sample(0, (3, 7)))
    backup.backup(path, tmp_path / "copy")
    store.add_sample(make_sample(1, (3, 7)))
    with pytest.raises(StoreError, match=f"process {os.getpid()} uses it|in use by process"):
        backup.restore(tmp_path / "copy", path)
    store.close()
    restored = backup.restore(tmp_path / "copy", path)
    assert (restored.sessions, restored.samples) == (1, 1)
    before, now = Store(restored.before or ""), Store(path)
    assert [len(each.samples("s")) for each in (before, now)] == [2, 1]
    before.close()
    now.close()
    fresh = backup.restore(tmp_path / "copy", tmp_path / "elsewhere.db")
    assert fresh.before is None


def test_a_link_to_a_database_stays_a_link_when_a_copy_is_put_back(store: Store, path: Path, tmp_path: Path) -> None:
    backup.backup(path, tmp_path / "copy")
    store.add_sample(make_sample(0, (3, 7)))
    store.close()
    link = tmp_path / "link.db"
    link.symlink_to(path)
    restored = backup.restore(tmp_path / "copy", link)
    assert link.is_symlink()
    assert restored.before is not None
    assert not restored.before.is_symlink()
    now = Store(path)
    assert now.samples("s") == []
    now.close()


def test_what_is_no_copy_takes_no_databases_place(store: Store, path: Path, tmp_path: Path) -> None:
    store.close()
    (tmp_path / "text").write_text("no database " * 1000)
    sqlite3.connect(tmp_path / "others").execute("CREATE TABLE t (x)").connection.close()
    before = path.read_bytes()
    for name, why in (("text", "not a SQLite database"), ("others", "another program"), ("none", "no such file")):
        with pytest.raises(StoreError, match=why):
            backup.restore(tmp_path / name, path)
    assert path.read_bytes() == before


def test_a_copy_of_an_older_version_opens(store: Store, path: Path, tmp_path: Path) -> None:
    age(path, tmp_path / "old.db")
    assert backup.backup(tmp_path / "old.db", tmp_path / "copy").sessions == 1
    opened = Store(tmp_path / "copy")
    assert len(opened.session_ids()) == 1
    opened.close()


def damage(path: Path, table: str) -> None:
    """Overwrite one page in the middle of a table."""
    with sqlite3.connect(path) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = conn.execute("PRAGMA page_size").fetchone()[0]
        pages = [
            row[0] for row in conn.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'", (table,))
        ]
    conn.close()
    with path.open("r+b") as file:
        file.seek((pages[len(pages) // 2] - 1) * size)
        file.write(b"\xde\xad" * (size // 2))


def has_dbstat() -> bool:
    try:
        sqlite3.connect(":memory:").execute("SELECT 1 FROM dbstat")
    except sqlite3.OperationalError:
        return False
    return True


@pytest.mark.skipif(not has_dbstat(), reason="this SQLite does not tell which page is whose")
def test_a_damaged_database_gives_all_but_what_was_on_the_damaged_page(path: Path) -> None:
    filled(path, [make_sample(index, (3, 7), text="critique " * 60) for index in range(200)])
    damage(path, "sample")
    assert backup.problem(path)
    with pytest.raises(StoreError, match="damaged"):
        backup.backup(path, path.with_name("copy"))
    mended = backup.repair(path)
    assert 180 <= mended.samples < 200
    assert mended.sessions == 1
    assert mended.before is not None
    assert mended.before.exists()
    assert backup.problem(path) == ""
    opened = Store(path)
    samples = opened.samples("s")
    assert {len(sample.completion.text) for sample in samples if sample.completion} == {540}
    opened.add_sample(make_sample(1000, (3, 7)))
    assert opened.search("critique", limit=1)
    opened.close()


def test_the_commands_back_up_restore_and_repair(path: Path, tmp_path: Path) -> None:
    store = Store(path)
    store.add_run(RUN)
    store.add_session(SESSION)

    def app(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "app.py", *words, "--db", str(path)], capture_output=True, text=True)

    copy = str(tmp_path / "copy")
    done = app("backup", copy)
    assert (done.returncode, '"sessions": 1' in done.stdout.replace('":', '": ').replace("  ", " ")) == (0, True)
    assert "in use by process" in (busy := app("restore", copy)).stderr or "uses it" in busy.stderr
    store.close()
    assert app("restore", copy).returncode == 0
    assert "nothing to repair" in app("doctor", "--repair").stderr


def test_a_repair_brings_every_table_over_that_holds_data_of_its_own(store: Store) -> None:
    with sqlite3.connect(store.path) as raw:
        tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    derived = {name for name in tables if name.startswith(("passage_fts", "sqlite_", "_sqlite"))} | {"kept"}
    assert tables - derived == set(backup.TABLES)
