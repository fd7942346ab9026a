"""Lists of sessions hold what is wanted, in the order that is wanted; the bin gives back what it was given."""

from dataclasses import replace

import pytest

from grm_core.types import Session
from storage.errors import StoreError
from storage.listing import SORTS, Wanted
from storage.store import Store
from tests.make import make_example, make_sample
from tests.storage.make import RUN, SESSION


def add(store: Store, name: str, **changed: object) -> Session:
    session = replace(SESSION, id=name, **changed)  # type: ignore[arg-type]
    store.add_session(session)
    return session


@pytest.fixture
def listed(store: Store) -> Store:
    """Sky (tag physics) is there already."""
    store.add_run(replace(RUN, id="big", model="big\ud800"))
    add(store, "b", title="apples", run_id="big", tags=("fruit", 'a"b'), example=make_example(4))
    add(store, "c", title="Berries", tags=("fruit",), example=make_example(3, labels=(1, 0, 0)))
    store.add_sample(make_sample(0, (3, 7, 1), session_id="c", text="x"))
    return store


def ids(store: Store, choice: Wanted) -> list[str]:
    listed = [row.session.id for row in store.sessions(choice)]
    assert store.count_sessions(choice) == len(listed)
    return listed


@pytest.mark.parametrize(
    ("choice", "session_ids"),
    [
        (Wanted(), ["c", "b", "s"]),
        (Wanted(sort="oldest"), ["s", "b", "c"]),
        (Wanted(sort="title"), ["b", "c", "s"]),
        (Wanted(sort="most samples"), ["c", "b", "s"]),
        (Wanted(sort="most responses"), ["b", "c", "s"]),
        (Wanted(tag="fruit"), ["c", "b"]),
        (Wanted(tag='a"b'), ["b"]),
        (Wanted(tag="fru"), []),
        (Wanted(model="big\ud800"), ["b"]),
        (Wanted(labelled=True), ["c"]),
        (Wanted(run="big"), ["b"]),
        (Wanted(run="nobody"), []),
        (Wanted("which better", tag="fruit", labelled=True), ["c"]),
        (Wanted("sky", tag="fruit"), []),
        (Wanted(tag="' OR 1=1 --"), []),
    ],
)
def test_a_list_holds_what_is_wanted(listed: Store, choice: Wanted, session_ids: list[str]) -> None:
    assert ids(listed, choice) == session_ids


@pytest.mark.parametrize("sort", ["", "seq", "1; DROP TABLE session", "NEWEST"])
def test_no_sort_from_outside_becomes_sql(listed: Store, sort: str) -> None:
    with pytest.raises(StoreError, match=f"sorted by {', '.join(SORTS)}, not by"):
        listed.sessions(Wanted(sort=sort))


def test_facets_are_what_can_be_filtered_by(listed: Store) -> None:
    assert listed.facets() == (['a"b', "fruit", "physics"], ["big\ud800", "m"])
    listed.bin("b")
    assert listed.facets() == (["fruit", "physics"], ["m"])


def test_the_bin_hides_from_lists_search_and_export_and_gives_back(listed: Store) -> None:
    before = listed.session("s")
    listed.bin("s")
    assert ids(listed, Wanted()) == ["c", "b"]
    assert ids(listed, Wanted(binned=True)) == ["s"]
    assert listed.session_ids() == ["b", "c"]
    assert [hit.session_id for hit in listed.search("Sky")] == []
    listed.restore("s")
    assert ids(listed, Wanted()) == ["c", "b", "s"], "in its old place"
    assert listed.session("s") == before
    assert len(listed.search("Sky")) == 2
    with pytest.raises(StoreError, match="there is no nobody"):
        listed.bin("nobody")


def test_runs_are_listed_newest_first_with_their_sessions(listed: Store) -> None:
    assert [(run.id, count) for run, count in listed.runs()] == [("big", 1), ("run", 2)]
    assert [run.id for run, _ in listed.runs(1, least=2)] == ["run"], "runs of one session do not hide it"
    assert listed.runs()[0][0] == listed.run("big")
    listed.bin("b")
    assert [(run.id, count) for run, count in listed.runs()] == [("run", 2)]


def test_tags_are_replaced_and_count_once(listed: Store) -> None:
    listed.tag("s", ["new", "two words", "new"])
    session = listed.session("s")
    assert session is not None
    assert session.tags == ("new", "two words")
    assert ids(listed, Wanted(tag="two words")) == ["s"]
