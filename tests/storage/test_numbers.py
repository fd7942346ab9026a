"""Numbers of a run are those of its samples, read from an index alone; results are kept by what they follow from."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grm_core.formats.scores import ItemScores, digest_of
from grm_core.types import ParseStatus, Sample, Session
from storage import kept, numbers
from storage.store import Store
from tests.make import make_example, make_sample
from tests.storage.make import RUN


def session(name: str, n: int, **fields: object) -> Session:
    example = replace(make_example(n, **fields), id=f"item of {name}")
    return Session(name, "run", example, name, "2026-01-01T00:00:00Z")


def failed(index: int, name: str) -> Sample:
    whole = make_sample(index, None, session_id=name)
    return replace(whole, completion=None, error="lost", parsed=replace(whole.parsed, status=ParseStatus.EMPTY))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Sessions of two and three responses: shuffled orders, unreadable and failed samples, one of nothing readable."""
    store = Store(tmp_path / "x.db")
    store.add_run(RUN)
    store.add_session(session("pair", 2, labels=(1.0, 0.0), subset="maths"))
    store.add_session(session("list", 3))
    store.add_session(session("unread", 3))
    store.add_session(session("empty", 2))
    for sample in (
        make_sample(2, (3, 9), order=(1, 0), session_id="pair"),
        make_sample(0, (4, 5), 0.5, order=(1, 0), session_id="pair"),
        make_sample(1, None, session_id="pair"),
        failed(3, "pair"),
        make_sample(0, (1, 2, 10), -1.5, order=(2, 0, 1), session_id="list"),
        make_sample(0, None, order=(2, 0, 1), session_id="unread"),
    ):
        store.add_sample(sample)
    return store


def assert_same(items: list[ItemScores], store: Store, names: list[str]) -> None:
    assert [item.item_id for item in items] == [f"item of {name}" for name in names]
    for item, name in zip(items, names, strict=True):
        samples = [sample for sample in store.samples(name) if sample.error is None]
        expected = ItemScores.of(item.item_id, samples)
        np.testing.assert_array_equal(item.indices, expected.indices)
        np.testing.assert_array_equal(item.logits, expected.logits)
        width = expected.scores.shape[1]
        np.testing.assert_array_equal(item.scores[:, :width], expected.scores)
        assert not item.scores[:, width:].any()


def test_numbers_of_a_run_are_those_of_its_samples_newest_first(store: Store) -> None:
    items = numbers.of_run(store, "run")
    assert_same(items, store, ["empty", "unread", "list", "pair"])
    assert (items[3].labels, items[3].subset, items[3].scores.shape) == ((1.0, 0.0), "maths", (3, 2))
    assert (items[2].labels, items[1].scores.shape, items[0].scores.shape) == (None, (1, 3), (0, 2))
    assert numbers.of_run(store, "another") == []


def test_numbers_follow_every_change(store: Store) -> None:
    before = digest_of(numbers.of_run(store, "run"))
    store.set_meta_logit("pair/2", 2.25)
    store.add_sample(make_sample(3, (8, 8), session_id="pair"))  # in place of the one that failed
    store.bin("unread")
    store.delete("empty")
    items = numbers.of_run(store, "run")
    assert_same(items, store, ["list", "pair"])
    assert items[1].logits[2] == 2.25
    after = digest_of(items)
    store.restore("unread")
    assert len({before, after, digest_of(numbers.of_run(store, "run"))}) == 3


def test_no_text_is_touched_for_them(store: Store) -> None:
    with sqlite3.connect(store.path) as conn:
        sql = numbers._SAMPLES.replace("WANTED", numbers._OF_RUN)
        plan = [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}", ("run",))]
    conn.close()
    assert any("COVERING INDEX sample_numbers" in step for step in plan), plan


def test_the_statements_do_not_grow_with_the_items(store: Store) -> None:
    def statements() -> int:
        seen: list[str] = []
        with store._db.read() as conn:
            conn.set_trace_callback(seen.append)
            numbers._listed(conn, numbers._OF_RUN, ("run",))
            conn.set_trace_callback(None)
        return len(seen)

    few = statements()
    for number in range(40):
        store.add_session(session(f"more-{number}", 2))
        store.add_sample(make_sample(0, (3, 4), session_id=f"more-{number}"))
    assert statements() == few


def test_results_are_kept_by_key_and_the_oldest_go(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 3)
    assert store.kept("a") is None
    for key in "abcd":
        store.keep(key, f"[{key!r}]")
    assert [store.kept(key) is None for key in "abcd"] == [True, False, False, False]
    store.keep("b", "again")
    assert store.kept("b") == "again"
    reader = Store(store.path, read_only=True)
    reader.keep("e", "never written")
    assert reader.kept("e") is None
    assert reader.kept("b") == "again"
    reader.close()


def test_items_are_listed_with_their_sessions_and_told_apart_by_their_texts(store: Store) -> None:
    listed = numbers.listed(store, "run")
    assert [(each.session, each.title) for each in listed] == [
        (each, each) for each in ("empty", "unread", "list", "pair")
    ]
    assert [each.item.item_id for each in listed] == [item.item_id for item in numbers.of_run(store, "run")]
    some = numbers.of_sessions(store, ["pair", "list", "gone"])
    assert set(some) == {"pair", "list"}
    assert digest_of([some["pair"]]) == digest_of([listed[3].item])
    texts = numbers.contents(store, "run")
    assert set(texts) == {"pair", "list", "unread", "empty"}
    assert texts["list"] == texts["unread"], "the same query and responses"
    assert texts["pair"] != texts["list"]
