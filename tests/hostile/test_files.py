"""Hostile files: refused in words with their line, quickly, and nothing else is touched."""

import gzip
import io
import json
import os
import sqlite3
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core.errors import GRMError, UsageError
from grm_core.formats.foreign.reading import read_items
from storage import backup
from storage.errors import StoreError
from storage.store import Store
from tests.make import make_sample
from tests.storage.make import SESSION, filled

ITEM = {"id": "a", "query": "q", "responses": ["x", "y"], "labels": [1, 0]}
LINE = json.dumps(ITEM).encode() + b"\n"


def refused(folder: Path, data: bytes, name: str = "items.jsonl") -> str:
    """What is said of a file with these bytes."""
    (path := folder / name).write_bytes(data)
    with pytest.raises(GRMError) as caught:
        read_items(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_59_brackets_without_end_are_a_line_that_cannot_be_read(tmp_path: Path) -> None:
    assert "line 2" in refused(tmp_path, LINE + b'{"id": "b", "query": ' + b"[" * 100_000 + b"}\n")


@pytest.mark.parametrize("value", ["1e400", "NaN", "-Infinity", "9" * 5000])
def test_60_a_label_that_is_no_finite_number_is_refused(tmp_path: Path, value: str) -> None:
    assert "line 1" in refused(tmp_path, LINE.replace(b"[1, 0]", f"[{value}, 0]".encode()))


def test_61_a_key_that_stands_there_twice_is_told_however_many_there_are(tmp_path: Path) -> None:
    assert "'id' stands there twice" in refused(tmp_path, b'{"id": "b", ' + LINE[1:])
    many = ", ".join(f'"k{i}": 1' for i in range(200_000))
    assert "'k199999' stands there twice" in refused(tmp_path, f'{{{many}, "k199999": 2}}\n'.encode())


def test_62_a_table_of_a_hundred_thousand_columns_is_refused_in_time(tmp_path: Path) -> None:
    header = ",".join(f"c{i}" for i in range(100_000))
    assert "line 2" in refused(tmp_path, f"{header}\n{','.join('x' * 100_000)}".encode(), "wide.csv")
    assert "two columns 'c99999'" in refused(tmp_path, f"{header},c99999\n".encode(), "twice.csv")


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1" + b"\xff" * 200 + b"PAR1", b"PAR1" + b"\0" * 10**6])
def test_63_what_only_begins_like_parquet_is_told(tmp_path: Path, data: bytes) -> None:
    assert "Parquet" in refused(tmp_path, data)


def test_64_what_unpacks_to_far_more_than_it_is_stops_at_the_limit(tmp_path: Path) -> None:
    packed = gzip.compress(b"\0" * (80 * 2**20))
    assert len(packed) < 100_000
    assert "unpacked it is larger than 67,108,864 bytes" in refused(tmp_path, packed, "bomb.jsonl.gz")


def test_65_a_zip_with_names_that_lead_out_of_it_writes_nothing(tmp_path: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("../../evil.jsonl", LINE)
    refused(tmp_path, held.getvalue(), "slip.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["slip.zip"]
    assert not (tmp_path.parent / "evil.jsonl").exists()


@pytest.mark.parametrize("data", [b"\0" * 10_000, b"\n" * 10_000, b"", b'+AHs-"id":1}', b"\xff\xfe", b'"' * 10_000])
def test_66_what_is_no_text_of_items_is_told(tmp_path: Path, data: bytes) -> None:
    refused(tmp_path, data)


@pytest.mark.parametrize("name", ["../../../etc/passwd", "a\r\nSet-Cookie: x=1", "con", "\u202etxt.exe", "a" * 10_000])
def test_67_an_id_names_no_file(tmp_path: Path, name: str) -> None:
    (path := tmp_path / "items.jsonl").write_text(json.dumps(ITEM | {"id": name}))
    assert read_items(path).items[0].id == name
    assert [each.name for each in tmp_path.iterdir()] == ["items.jsonl"]


def test_68_a_folder_or_a_device_in_a_files_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="directory"):
        read_items(tmp_path)
    refused(tmp_path, b"")
    with pytest.raises(GRMError):
        read_items("/dev/null")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A closed database with two samples."""
    return filled(tmp_path / "grm.db", [make_sample(index, (3, 7), text="critique " * 400) for index in range(2)])


@pytest.mark.parametrize("seed", range(8))
def test_69_bytes_that_were_changed_are_found_or_change_nothing(database: Path, seed: int) -> None:
    data = bytearray(database.read_bytes())
    for at in (seed * 4999 + 100, seed * 7919 + 5000):
        data[at % len(data)] ^= 0xFF
    database.write_bytes(data)
    try:
        wrong = backup.problem(database)
        store = Store(database)
        held = [sample.scores for sample in store.samples(SESSION.id)]
        store.close()
    except (StoreError, sqlite3.Error, ValueError):
        return  # told in words, or at least not shown as if nothing were wrong
    assert wrong or held == [(3, 7), (3, 7)]


@pytest.mark.parametrize("data", [b"", b"x" * 5000, b"SQLite format 3\0", b"SQLite format 3\0" + b"\xff" * 5000])
def test_70_what_is_no_database_takes_no_databases_place(database: Path, tmp_path: Path, data: bytes) -> None:
    before = database.read_bytes()
    (copy := tmp_path / "copy.db").write_bytes(data)
    with pytest.raises(StoreError):
        backup.restore(copy, database)
    assert database.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir() if "part" in path.name) == []


@pytest.mark.slow
def test_71_a_disk_that_is_full_is_told_and_what_was_saved_stays(database: Path, tmp_path: Path) -> None:
    """On a real, small file system where one can be mounted, else under a limit of the size of files."""
    code = (
        "import sys; from storage.store import Store; from storage.errors import StoreError; "
        "from tests.make import make_sample\n"
        "store = Store(sys.argv[1])\n"
        "try:\n"
        "    for index in range(2, 10_000): store.add_sample(make_sample(index, (3, 7), text='critique ' * 2000))\n"
        "except StoreError as error: print(index, error)\n"
        "print(len(store.samples(store.session_ids()[0])), store.integrity())\n"
    )
    small = tmp_path / "small"
    small.mkdir()
    mount = f"mount -t tmpfs -o size=4m none {small} && cp {database} {small}/grm.db"
    mount += f" && exec {sys.executable} - {small}/grm.db"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount], input=code, capture_output=True, text=True, check=False
    )
    if done.returncode:
        limit = f"ulimit -f 4000 && exec {sys.executable} - {database}"
        done = subprocess.run(["sh", "-c", limit], input=code, capture_output=True, text=True, check=True)
    said, held = done.stdout.strip().splitlines()
    assert "disk" in said
    assert held.split() == [said.split()[0], "ok"], "each sample that was not refused is there"


def test_72_a_clock_that_jumps_changes_no_order(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(database)
    for number, at in enumerate(
        ("2031-01-01T00:00:00+00:00", "1999-01-01T00:00:00+00:00", "2026-06-01T00:00:00+00:00")
    ):
        store.add_session(replace(SESSION, id=f"jump-{number}", created_at=at))
        monkeypatch.setattr(time, "time", lambda: 0.0)
        store.acts.note("anna", "began a run", f"jump-{number}")
    assert [row.session.id for row in store.sessions()][:3] == ["jump-2", "jump-1", "jump-0"]
    assert [act.target for act in store.acts.newest()][:3] == ["jump-2", "jump-1", "jump-0"]
    store.close()


def test_73_a_name_that_is_a_link_to_another_file_is_not_written_through(database: Path, tmp_path: Path) -> None:
    (victim := tmp_path / "victim").write_text("mine")
    (link := tmp_path / "copy.db").symlink_to(victim)
    with pytest.raises(StoreError, match="exists already"):
        backup.backup(database, link)
    assert victim.read_text() == "mine"
    os.unlink(link)
