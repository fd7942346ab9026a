"""A database under other names: symbolic links, hard links, and what stands for a mount of the file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.errors import StoreError
from storage.store import Store
from tests.make import make_sample

ROOT = Path(__file__).resolve().parents[2]
OPEN = "import sys; from storage.store import Store; s = Store(sys.argv[1], *map(eval, sys.argv[2:])); "
SAMPLES = ROOT / "assets" / "demo" / "recorded.jsonl"


def elsewhere(code: str, *argv: object) -> subprocess.CompletedProcess[str]:
    """Another process opens a database; its last line is what it says or what is wrong."""
    command = [sys.executable, "-c", OPEN + code, *map(str, argv)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(params=["symbolic", "hard", "hard in another folder", "folder"])
def other(request: pytest.FixtureRequest, path: Path, tmp_path: Path) -> Path:
    """Another name of the store's file."""
    folder = tmp_path / "elsewhere"
    if request.param == "folder":
        folder.symlink_to(tmp_path)
        return folder / path.name
    folder.mkdir()
    name = folder / "link.db" if "folder" in request.param else tmp_path / "link.db"
    path.touch()
    name.symlink_to(path) if request.param == "symbolic" else name.hardlink_to(path)
    return name


def is_hard(other: Path, path: Path) -> bool:
    return os.path.realpath(other) != os.path.realpath(path)


@pytest.mark.slow
def test_no_other_name_lets_a_second_process_write(store: Store, path: Path, other: Path) -> None:
    command = [sys.executable, "app.py", "import", str(SAMPLES), "--db", str(other)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"in use by process {os.getpid()}" in done.stderr
    store.add_sample(make_sample(0, (3, 7)))
    assert store.integrity() == "ok"
    assert store.count_sessions() == 1


@pytest.mark.slow
def test_another_name_reads_only_where_the_log_is_found(store: Store, path: Path, other: Path) -> None:
    store.add_sample(make_sample(0, (3, 7)))
    for read_only in (True, False):
        done = elsewhere("print(s.read_only, len(s.samples('s')))", other, read_only)
        if is_hard(other, path):
            assert f"in use by process {os.getpid()} under another name" in done.stderr
        else:
            assert done.stdout.split() == ["True", "1"]


def test_a_second_store_of_the_same_process_is_no_exception(store: Store, path: Path, other: Path) -> None:
    if is_hard(other, path):
        with pytest.raises(StoreError, match="under another name"):
            Store(other)
    else:
        second = Store(other)
        assert (second.read_only, second.holder) == (True, os.getpid())
        second.close()
    done = elsewhere("print(s.read_only, s.holder)", path)
    assert done.stdout.split() == ["True", str(os.getpid())], "the first one still holds it"


def test_a_name_is_free_again_when_the_other_is_closed(store: Store, path: Path, other: Path) -> None:
    store.close()
    for name in (other, path, other):
        again = Store(name)
        assert not again.read_only
        again.close()


def test_a_killed_process_leaves_no_lock(path: Path, other: Path) -> None:
    done = elsewhere("import os; print(s.read_only, flush=True); os.kill(os.getpid(), 9)", path)
    assert (done.stdout.split(), done.returncode) == (["False"], -9)
    again = Store(other)
    assert not again.read_only
    again.close()


def test_sqlite_keeps_its_own_locks_when_a_reader_is_closed(store: Store, path: Path) -> None:
    """Closing a file drops the locks that a process has on it: ours must not take SQLite's along."""
    store.add_sample(make_sample(0, (3, 7)))
    Store(path, read_only=True).close()
    Store(path).close()
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=0); c.execute('PRAGMA journal_mode=DELETE')"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert "database is locked" in done.stderr
    os.close(os.open(path, os.O_RDONLY))
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, "this is how it is lost, and how this test would see it"


def test_a_dangling_link_makes_the_file_it_names(tmp_path: Path) -> None:
    link, path = tmp_path / "link.db", tmp_path / "real.db"
    link.symlink_to(path)
    store = Store(link)
    assert not store.read_only
    assert Store(path).read_only
    store.close()
