"""What the store keeps comes back, exactly and in order."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from grm_core.types import Sample
from storage.errors import StoreError
from storage.store import Store
from tests.make import make_example, make_sample
from tests.storage.make import RUN, SESSION, any_sample


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


def test_ids_that_cannot_stand_in_an_address_are_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="session id"):
        store.add_session(replace(SESSION, id="../x"))
    with pytest.raises(StoreError, match="run id"):
        store.add_run(replace(RUN, id=""))
