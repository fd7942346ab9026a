"""The file under real threads, killed processes, other programs and full disks."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from storage.errors import StoreError
from storage.store import Store
from tests.make import make_sample


def test_eight_threads_lose_no_sample(store: Store) -> None:
    errors: list[Exception] = []

    def work(thread: int) -> None:
        try:
            for i in range(50):
                store.add_sample(make_sample(thread * 50 + i, (3, 7), text="some critique"))
                store.count_sessions("critique")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(store.samples("s")) == 400
    assert len(store.search("critique", limit=1000)) == 400


WRITER = """
import sys
from storage.store import Store
from tests.make import make_sample
from tests.storage.make import RUN, SESSION
store = Store(sys.argv[1])
store.add_run(RUN)
store.add_session(SESSION)
for index in range(len(store.samples("s")), 100_000):
    sample = make_sample(index, (3, 7), text="critique " * 50)
    store.add_sample(sample)
    print(sample.id, flush=True)
"""


@pytest.mark.slow
def test_kill_9_loses_no_sample_that_was_shown(path: Path) -> None:
    shown: set[str] = set()
    for round_ in range(10):
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        shown.add(child.stdout.readline().strip())
        time.sleep(random.Random(round_).uniform(0, 0.1))
        child.send_signal(signal.SIGKILL)
        # The last line may be cut by the kill.
        shown.update(line.strip() for line in child.stdout if line.endswith("\n"))
        child.stdout.close()
        child.wait()
    store = Store(path)
    stored = [sample.id for sample in store.samples("s")]
    assert shown <= set(stored)
    assert stored == [f"s/{i}" for i in range(len(stored))]
    assert store.integrity() == "ok"
    store.close()


def test_a_second_process_reads_and_is_told_who_writes(store: Store, path: Path) -> None:
    code = "import sys; from storage.store import Store; s = Store(sys.argv[1]); print(s.read_only, s.holder)"
    reader = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert reader.stdout.split() == ["True", str(os.getpid())]


def test_a_second_store_cannot_write_until_the_first_is_closed(store: Store, path: Path) -> None:
    second = Store(path)
    with pytest.raises(StoreError, match="nothing can be saved: process"):
        second.add_sample(make_sample(0, (3, 7)))
    store.add_sample(make_sample(0, (3, 7)))
    assert len(second.samples("s")) == 1
    second.close()
    store.close()
    third = Store(path)
    assert not third.read_only
    third.close()


def test_a_reader_leaves_the_lock_alone(store: Store, path: Path) -> None:
    store.close()
    reader = Store(path, read_only=True)
    writer = Store(path)
    assert (reader.read_only, writer.read_only) == (True, False)
    reader.close()
    with pytest.raises(StoreError, match="closed"):
        reader.samples("s")
    writer.close()


def test_a_file_that_is_not_ours_is_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_bytes(b"these are notes and no database" * 100)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as conn:
        conn.execute("CREATE TABLE t (x)")
    conn.close()
    for file, message in ((text, "not a SQLite database"), (other, "another program")):
        before = file.read_bytes()
        with pytest.raises(StoreError, match=message) as caught:
            Store(file)
        assert str(file) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert file.read_bytes() == before


def test_a_newer_schema_is_refused_in_words(store: Store, path: Path) -> None:
    store.close()
    with sqlite3.connect(path) as conn:
        conn.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('grm-lens', 'm999_x', '')"
        )
    conn.close()
    for read_only in (False, True):
        with pytest.raises(StoreError, match="newer version of GRM Lens"):
            Store(path, read_only)


def test_opening_twice_migrates_once(store: Store, path: Path) -> None:
    store.close()
    with sqlite3.connect(path) as conn:
        before = (
            conn.execute("SELECT * FROM _sqlite_migrations").fetchall(),
            conn.execute("PRAGMA schema_version").fetchone(),
        )
    Store(path).close()
    with sqlite3.connect(path) as conn:
        after = (
            conn.execute("SELECT * FROM _sqlite_migrations").fetchall(),
            conn.execute("PRAGMA schema_version").fetchone(),
        )
    conn.close()
    assert before == after


def test_missing_folders_and_files_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        Store(tmp_path / "none" / "x.db")
    with pytest.raises(StoreError, match="no such file"):
        Store(tmp_path / "x.db", read_only=True)
    with pytest.raises(StoreError):
        Store(tmp_path)


def test_a_database_locked_by_another_program_is_told(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    monkeypatch.setattr("storage.database._BUSY_S", 0.1)
    mine = Store(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another program keeps it locked"):
        mine.add_sample(make_sample(0, (3, 7)))
    other.execute("ROLLBACK")
    mine.add_sample(make_sample(0, (3, 7)))
    other.close()
    mine.close()


def test_a_full_disk_is_told_and_keeps_what_was_saved(store: Store) -> None:
    store.add_sample(make_sample(0, (3, 7)))
    with store._db.write() as conn:  # SQLite's own limit: the same error as a full disk, without filling one
        pages = conn.execute("PRAGMA page_count").fetchone()[0]
    store._db._writer.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[union-attr]
    with pytest.raises(StoreError, match="disk is full"):
        store.add_sample(make_sample(1, (3, 7), text="x" * 100_000))
    assert len(store.samples("s")) == 1
    store._db._writer.execute("PRAGMA max_page_count = 1000000")  # type: ignore[union-attr]
    store.add_sample(make_sample(1, (3, 7)))
    assert store.integrity() == "ok"


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_a_database_that_is_gone_takes_no_write_and_is_rescued(store: Store, path: Path, replaced: bool) -> None:
    store.add_sample(make_sample(0, (3, 7)))
    assert len(store.samples("s")) == 1
    path.unlink()
    if replaced:
        sqlite3.connect(path).close()
        path.write_bytes(b"")
    for index in (1, 2):
        with pytest.raises(StoreError, match=r"deleted or replaced .*rescued"):
            store.add_sample(make_sample(index, (3, 7)))
    assert [sample.index for sample in store.samples("s")] == [0], "what was open can still be read"
    assert not replaced or path.read_bytes() == b"", "the other file stays as it is"
    rescued = Store(Path(f"{path}.rescued"))
    assert [sample.index for sample in rescued.samples("s")] == [0]
    assert rescued.integrity() == "ok"
    rescued.close()
    assert not Path(f"{path}.rescued-2").exists()


def test_a_database_that_was_moved_away_and_back_is_written_again(store: Store, path: Path) -> None:
    path.rename(f"{path}.away")
    with pytest.raises(StoreError, match="deleted or replaced"):
        store.add_sample(make_sample(0, (3, 7)))
    Path(f"{path}.away").rename(path)
    store.add_sample(make_sample(0, (3, 7)))
    assert len(store.samples("s")) == 1


def test_only_its_owner_reads_a_database(store: Store, path: Path) -> None:
    store.add_sample(make_sample(0, (3, 7)))
    for end in ("", "-wal", "-shm", ".lock"):
        assert Path(f"{path}{end}").stat().st_mode & 0o777 == 0o600, end
