"""One writer, many doors: what a command keeps is the same whether it writes itself or the running app does."""

import contextlib
import io
import json
import os
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core.errors import UsageError
from grm_core.formats import sessions
from grm_core.formats.sessions import Block
from grm_core.types import Annotation
from runs import writing
from storage import door as doors
from storage import transfer
from storage.errors import StoreError
from storage.store import Store
from tests.make import make_example, make_sample
from tests.runs import doorkeeper
from tests.storage.make import RUN, SESSION

ROOT = Path(__file__).resolve().parents[2]
NOW = "2026-01-01T00:00:00+00:00"
COUNT = 250
"""Sessions, which are three portions."""


def fill(path: Path, count: int = COUNT) -> None:
    store = Store(path)
    store.add_run(RUN)
    with store.transaction():
        for number in range(count):
            name = f"s-{number}"
            example = replace(make_example(query=f"Why {number}? \ud800"), id=f"item-{number}")
            store.add_session(replace(SESSION, id=name, example=example))
            for index in range(3):
                sample = make_sample(index, None if index == 2 else (5, 6), session_id=name)
                store.add_sample(sample if index < 2 else replace(sample, completion=None, error="no"))
    store.close()


def exported(path: Path) -> bytes:
    out = io.StringIO()
    store = Store(path, read_only=True)
    transfer.export_store(store, None, out)
    store.close()
    return out.getvalue().encode("ascii")


def blocks(data: bytes) -> list[Block]:
    return transfer.named(list(sessions.read_samples(io.BytesIO(data))), "the file")


def written(path: Path, data: bytes) -> list[transfer.Imported]:
    with writing.writing(path) as writer:
        return list(writer.keep(blocks(data)))


@pytest.fixture
def data(tmp_path: Path) -> bytes:
    fill(tmp_path / "source.db")
    return exported(tmp_path / "source.db")


@contextlib.contextmanager
def app(path: Path, *most: int) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the database and has a door."""
    command = [sys.executable, "-m", "tests.runs.doorkeeper", str(path), *map(str, most)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_through_the_door_and_without_it_the_same_is_kept(data: bytes, tmp_path: Path) -> None:
    here, there = tmp_path / "here.db", tmp_path / "there.db"
    alone = written(here, data)
    with app(there):
        handed = written(there, data)
        again = written(there, data)
    assert handed == alone
    assert {each.state for each in handed} == {"new"}
    assert [each._replace(state="unchanged", added=0) for each in handed] == again
    assert exported(there) == exported(here) == data


@pytest.mark.slow
def test_a_file_without_a_run_and_one_without_samples_go_through_the_door(tmp_path: Path) -> None:
    items = [{"item": {"id": f"i-{n}", "query": f"q {n}", "responses": ["a", "b"]}} for n in range(COUNT)]
    votes = [{"item_id": f"i-{n}", "index": i, "scores": [1, 2]} for n in range(COUNT) for i in range(n % 3)]
    data = "".join(f"{json.dumps(line)}\n" for line in [*items, *votes]).encode()
    here, there = tmp_path / "here.db", tmp_path / "there.db"
    alone = written(here, data)
    with app(there):
        assert written(there, data) == alone
        assert {each.state for each in written(there, data)} == {"unchanged"}
    assert exported(there) == exported(here)


@pytest.mark.slow
def test_an_app_that_is_killed_between_portions_loses_nothing_that_was_acknowledged(
    data: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "x.db"
    with app(path, 1) as process, writing.writing(path) as writer:
        arriving = writer.keep(blocks(data))
        first = [next(arriving) for _ in range(100)]
        assert process.poll() is None
        assert exported(path) == data[: len(exported(path))]
        rest = list(arriving)
        assert process.wait(timeout=10) == -9
    assert [each.session_id for each in [*first, *rest]] == [f"s-{n}" for n in range(COUNT)]
    assert exported(path) == data


def test_a_portion_that_comes_twice_changes_nothing_even_where_its_ids_are_taken(tmp_path: Path) -> None:
    store = Store(tmp_path / "x.db")
    fill(tmp_path / "source.db", 1)
    data = exported(tmp_path / "source.db")
    take = writing.TAKERS[writing.SESSIONS]
    take(store, data)
    states = []
    for score in (3, 4):  # the same session with other samples, twice each
        other = data.replace(b'"scores":[5,6]', b'"scores":[%d,6]' % score)
        assert other != data
        for _ in range(2):
            (told,) = take(store, other)
            states.append((told["state"], told["added"]))
    assert states == [("copied", 3), ("unchanged", 0)] * 2
    assert store.count_sessions() == 3
    store.close()


def test_annotations_are_kept_all_or_none_and_once(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    fill(path, 2)
    good = [
        Annotation("a-1", "s-0", "best", "A", "ann", NOW),
        Annotation("a-2", "s-1", "class", "good", "ann", NOW, sample=0, note="\ud800"),
    ]
    with app(path):
        with writing.writing(path) as writer:
            assert (writer.annotate(good), writer.annotate(good)) == (2, 0)
        changed = [Annotation("b-1", "s-0", "best", "B", "bob", NOW), replace(good[0], label="B")]
        with writing.writing(path) as writer, pytest.raises(UsageError, match="another annotation a-1"):
            writer.annotate(changed)
        with writing.writing(path) as writer, pytest.raises(UsageError, match="is not a label of the kind best"):
            writer.annotate([replace(good[0], id="c", label="Z")])
    store = Store(path)
    assert store.desk.annotations() == good
    store.close()


def test_only_the_users_account_reads_the_token_and_nothing_else_opens_the_door(tmp_path: Path) -> None:
    store = Store(tmp_path / "x.db")
    with doorkeeper.served(store) as url:
        file = doors.path_of(store.path)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        way = doors.of(store.path, os.getpid())
        assert way is not None
        assert way.url == url
        for said in ({}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {way.token[:-1]}"}):
            request = urllib.request.Request(f"{url}/{writing.SESSIONS}", b"{}", said)
            with pytest.raises(urllib.error.HTTPError, match="401") as refused:
                urllib.request.urlopen(request)
            refused.value.close()
        assert doors.of(store.path, os.getpid() + 1) is None
    assert not file.exists()
    store.close()


@pytest.mark.slow
def test_a_door_that_is_left_behind_means_nothing(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with app(path):
        pass  # killed
    assert doors.path_of(path).exists()
    assert len(written(path, data)) == COUNT
    assert exported(path) == data


def test_a_process_without_a_door_is_named(data: bytes, tmp_path: Path) -> None:
    store = Store(tmp_path / "x.db")
    with pytest.raises(UsageError, match=rf"in use by process {os.getpid()} \(the running app\?\)"):
        written(store.path, data)
    store.close()


def test_a_door_of_another_user_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path) -> bytes:
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(StoreError, match="process 7 of another user"):
        doors.of(tmp_path / "x.db", 7)
