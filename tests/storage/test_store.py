"""The store against real SQLite files, real threads and real processes."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grm_core.types import Completion, Params, Parsed, ParseStatus, Principle, Run, Sample, Session
from storage.errors import StoreError
from storage.store import Store
from tests.make import make_example, make_sample

RUN = Run("run", "2026-01-01T00:00:00Z", "replay", "m", "pointwise", "0" * 16, Params(), 8, None, 0)
SESSION = Session("s", "run", make_example(query="Why is the sky blue?"), "Sky", "2026-01-01T00:00:00Z", ("physics",))
ANY_TEXT = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(
    ["\ud800", "a\0b", "\r\n", "\u202eabc\u200b", "😀", "\ue000x\ue001", "${alert(1)}", ""]
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "grm.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store(path)
    opened.add_run(RUN)
    opened.add_session(SESSION)
    yield opened
    opened.close()


@st.composite
def any_sample(draw: st.DrawFn) -> Sample:
    text = draw(ANY_TEXT)
    status = draw(st.sampled_from(ParseStatus))
    span = st.tuples(st.integers(0, 50), st.integers(50, 100))
    principle = st.builds(Principle, ANY_TEXT, st.none() | st.floats(0, 100), span)
    parsed = Parsed(
        status=status,
        principles=tuple(draw(st.lists(principle, max_size=3))),
        critique_span=draw(st.none() | span),
        shown_scores=draw(st.tuples(*[st.integers(1, 10)] * 3)) if status is ParseStatus.OK else None,
        score_spans=tuple(draw(st.lists(span, max_size=3))),
        version=draw(st.integers(1, 9)),
    )
    completion = Completion(text, draw(ANY_TEXT), 3, 4, draw(st.floats(0, 1e6)), draw(ANY_TEXT))
    return Sample(
        id="s/0",
        session_id="s",
        index=0,
        order=tuple(draw(st.permutations(range(3)))),
        seed=draw(st.integers(0, 2**62)),
        request_key=draw(ANY_TEXT),
        completion=completion if draw(st.booleans()) else None,
        error=draw(st.none() | ANY_TEXT),
        parsed=parsed,
        meta_logit=draw(st.none() | st.floats(allow_nan=False, allow_infinity=False)),
    )


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sample=any_sample())
def test_samples_come_back_exactly_as_they_were(sample: Sample, store: Store) -> None:
    if store.session("s"):
        store.delete("s")
    store.add_run(RUN)
    store.add_session(SESSION)
    store.add_sample(sample)
    assert store.samples("s") == [sample]


def test_runs_and_sessions_come_back_exactly_as_they_were(store: Store) -> None:
    run = replace(
        RUN, id="r2", principles=("p\ud800",), versions={"vllm": "1"}, commit="c", dirty=True, extra={"x": [1]}
    )
    session = replace(SESSION, id="s2", run_id="r2", title="t\0\ud800", example=make_example(3, labels=(1, 0, 0.5)))
    store.add_run(run)
    store.add_session(session)
    assert store.run("r2") == run
    assert store.session("s2") == session
    assert store.run("none") is None
    assert store.session("\ud800") is None


def test_adding_the_same_again_changes_nothing(store: Store) -> None:
    sample = make_sample(0, (3, 7))
    for _ in range(2):
        store.add_run(RUN)
        store.add_session(SESSION)
        store.add_sample(sample)
    assert store.samples("s") == [sample]
    assert len(store.search("Sky")) == 2


def test_another_thing_under_a_taken_id_is_refused(store: Store) -> None:
    store.add_sample(make_sample(0, (3, 7)))
    with pytest.raises(StoreError, match="another run run"):
        store.add_run(replace(RUN, seed=1))
    with pytest.raises(StoreError, match="another session s"):
        store.add_session(replace(SESSION, title="x"))
    with pytest.raises(StoreError, match="another sample s/0"):
        store.add_sample(make_sample(0, (4, 7)))


def test_a_failed_sample_is_replaced_by_a_later_one(store: Store) -> None:
    store.add_sample(replace(make_sample(0, None), completion=None, error="connection lost"))
    good = make_sample(0, (3, 7), text="weighed with rigour")
    store.add_sample(good)
    assert store.samples("s") == [good]
    assert len(store.search("rigour")) == 1


def test_a_sample_of_a_deleted_session_is_refused_in_words(store: Store) -> None:
    store.delete("s")
    with pytest.raises(StoreError, match="there is no session s"):
        store.add_sample(make_sample(0, (3, 7)))


def test_samples_are_ordered_by_index_not_by_arrival(store: Store) -> None:
    for index in (2, 0, 1):
        store.add_sample(make_sample(index, (3, 7)))
    assert [sample.index for sample in store.samples("s")] == [0, 1, 2]


def test_sessions_are_listed_newest_first_whatever_their_clock_says(store: Store) -> None:
    store.add_session(replace(SESSION, id="later", created_at="1970-01-01T00:00:00Z"))
    store.add_sample(make_sample(0, (3, 7)))
    store.add_sample(make_sample(1, None))
    rows = store.sessions()
    assert [row.session.id for row in rows] == ["later", "s"]
    assert (rows[1].n, rows[1].k_asked, rows[1].samples, rows[1].valid, rows[1].snippet) == (2, 8, 2, 1, "")
    assert [row.session.id for row in store.sessions(limit=1, offset=1)] == ["s"]
    assert store.count_sessions() == 2
    assert store.session_ids() == ["s", "later"]


def test_meta_logits_are_set_later_and_nan_means_not_scored(store: Store) -> None:
    store.add_sample(make_sample(0, (3, 7)))
    store.set_meta_logit("s/0", -1.5)
    assert store.samples("s")[0].meta_logit == -1.5
    store.set_meta_logit("s/0", float("nan"))
    assert store.samples("s")[0].meta_logit is None
    with pytest.raises(StoreError, match="no s/9"):
        store.set_meta_logit("s/9", 1.0)


def test_renaming_and_deleting_reach_the_search(store: Store) -> None:
    store.rename("s", "Rayleigh")
    assert store.session("s") == replace(SESSION, title="Rayleigh")
    assert store.count_sessions("Rayleigh") == 1
    store.add_sample(make_sample(0, (3, 7), text="scattering"))
    store.delete("s")
    assert (store.sessions(), store.search("Rayleigh"), store.search("scattering"), store.run("run")) == (
        [],
        [],
        [],
        None,
    )
    assert store.integrity() == "ok"
    with pytest.raises(StoreError, match="there is no s"):
        store.rename("s", "x")


def test_what_was_saved_is_there_after_opening_again(store: Store, path: Path) -> None:
    store.add_sample(make_sample(0, (3, 7)))
    store.close()
    store.close()
    again = Store(path)
    assert not again.read_only
    assert again.session("s") == SESSION
    assert again.samples("s") == [make_sample(0, (3, 7))]
    again.close()


def test_an_error_inside_a_transaction_undoes_all_of_it(store: Store) -> None:
    def interrupted() -> None:
        with store.transaction():
            store.add_sample(make_sample(0, (3, 7)))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert store.samples("s") == []
    store.add_sample(make_sample(0, (3, 7)))


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
from tests.storage.test_store import RUN, SESSION
store = Store(sys.argv[1])
store.add_run(RUN)
store.add_session(SESSION)
for index in range(len(store.samples("s")), 100_000):
    sample = make_sample(index, (3, 7), text="critique " * 50)
    store.add_sample(sample)
    print(sample.id, flush=True)
"""


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
    found = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["True", str(os.getpid())]


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


def test_ids_that_cannot_stand_in_an_address_are_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="session id"):
        store.add_session(replace(SESSION, id="../x"))
    with pytest.raises(StoreError, match="run id"):
        store.add_run(replace(RUN, id=""))
