"""Annotations are only ever added; two annotators share a queue without getting the same item."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core.types import Annotation
from storage.desk import Queue
from storage.errors import Refused, StoreError
from storage.store import Store
from tests.storage.make import ANY_TEXT, RUN, SESSION

NOW = "2026-01-01T00:00:00+00:00"
MADE = Annotation("a-1", "s", "class", "good", "ann", NOW, sample=0, queue="q")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = Store(tmp_path / "x.db")
    opened.add_run(RUN)
    for name in ("s", "t", "u"):
        opened.add_session(replace(SESSION, id=name))
    return opened


def queue(store: Store, *items: tuple[str, str, int]) -> None:
    store.desk.add_queue(Queue("q", "title", ("tie",), 0.2, 0, NOW), list(items))


def done(session: str, author: str) -> Annotation:
    return Annotation(f"d-{session}-{author}", session, "done", "done", author, NOW, queue="q")


@pytest.mark.parametrize("note", ["", "\ud800", "a\0b", "${alert(1)}", "'; DROP TABLE annotation; --"])
def test_an_annotation_comes_back_as_it_was(store: Store, note: str) -> None:
    made = replace(MADE, kind="span", label="span", span=(3, 9), note=note)
    store.desk.add(made)
    store.desk.add(made)
    assert store.desk.annotations() == [made]
    with pytest.raises(StoreError, match="another annotation"):
        store.desk.add(replace(made, label=""))
    assert ANY_TEXT is not None


def test_what_is_not_there_cannot_be_annotated_or_replaced(store: Store) -> None:
    with pytest.raises(StoreError, match="no session nobody"):
        store.desk.add(replace(MADE, session_id="nobody"))
    with pytest.raises(StoreError, match="no annotation a-9"):
        store.desk.add_all([replace(MADE, id="a-0"), replace(MADE, replaces="a-9")])
    assert store.desk.annotations() == [], "all of them or none"


def test_what_can_never_be_kept_is_told_from_what_cannot_be_written_now(store: Store) -> None:
    with pytest.raises(Refused, match=r"x\.db.*no session nobody"):
        store.desk.add(replace(MADE, session_id="nobody"))
    with pytest.raises(StoreError, match="nothing can be saved") as caught:
        Store(store.path).desk.add(MADE)  # the file has a writer already
    assert not isinstance(caught.value, Refused)


def test_each_takes_the_next_item_that_needs_somebody(store: Store) -> None:
    queue(store, ("s", "tie", 1), ("t", "tie", 2), ("u", "control", 1))
    desk = store.desk
    assert [desk.take("q", "ann").place for _ in range(2)] == [0, 0], "what was begun comes first"
    assert desk.take("q", "bob").place == 1
    desk.add(done("s", "ann"))
    assert desk.take("q", "ann").place == 1, "it needs two"
    assert desk.take("q", "eve").place == 2
    desk.add(done("t", "ann"))
    assert desk.take("q", "ann") is None
    assert [item.done for item in desk.items("q")] == [("ann",), ("ann",), ()]
    desk.add(Annotation("undo", "t", "done", "", "ann", NOW, replaces="d-t-ann", queue="q"))
    assert desk.take("q", "ann").place == 1, "taken back, so it is not done any more"


def test_a_skipped_item_comes_again_when_nothing_else_is_left(store: Store) -> None:
    queue(store, ("s", "tie", 1), ("t", "tie", 1))
    assert store.desk.take("q", "ann").place == 0
    assert store.desk.take("q", "ann", after=0).place == 1
    assert store.desk.take("q", "ann", after=1).place == 0


def test_a_skipped_item_is_for_others_unless_something_was_said_of_it(store: Store) -> None:
    queue(store, ("s", "tie", 1), ("t", "tie", 1), ("u", "tie", 1))
    desk = store.desk
    assert [desk.take("q", "ann", after).place for after in (-1, 0, 1)] == [0, 1, 2]
    assert desk.take("q", "bob").place == 0, "ann has left it"
    assert desk.take("q", "ann", 2).place == 1, "the one that is free still"
    desk.add(replace(MADE, session_id="t"))
    assert desk.take("q", "ann", 1).place == 2
    assert desk.take("q", "ann", 2).place == 1, "begun, so it is kept for her"
    assert desk.take("q", "bob", 0).place == 2
    assert desk.take("q", "eve").place == 0


def test_many_at_once_never_get_the_same_item(store: Store) -> None:
    queue(store, *[("s", "tie", 1)] * 40)
    places: list[int] = []

    def work(author: str) -> None:
        for _ in range(5):
            item = store.desk.take("q", author)
            assert item is not None
            places.append(item.place)
            store.desk.assign("q", item.place, author)

    threads = [threading.Thread(target=work, args=(f"a{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(places)) == 8, "each keeps the first one, which is not done"


def test_an_item_that_is_not_there_cannot_be_assigned(store: Store) -> None:
    queue(store, ("s", "tie", 1))
    with pytest.raises(StoreError, match="no item 8"):
        store.desk.assign("q", 7, "ann")


def test_a_database_of_the_schema_before_gets_the_tables_and_keeps_its_sessions(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    store = Store(path)
    store.add_run(RUN)
    store.add_session(SESSION)
    with store._db.write() as conn:
        for table in ("annotation", "queue_item", "assignment", "queue"):
            conn.execute(f"DROP TABLE {table}")
        conn.execute("DELETE FROM _sqlite_migrations WHERE name LIKE 'm004%'")
    store.close()
    again = Store(path)
    assert again.session("s") == SESSION
    again.desk.add(MADE)
    assert again.desk.annotations() == [MADE]
