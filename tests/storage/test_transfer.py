"""Export and import: nothing is lost, nothing is overwritten, nothing comes twice."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from grm_core.errors import UsageError
from grm_core.formats import sessions
from grm_core.formats.samples import sample_line
from grm_core.types import Sample
from storage.errors import StoreError
from storage.store import Store
from storage.transfer import export_store, import_file
from tests.make import make_example, make_sample
from tests.storage.make import RUN, SESSION, any_sample


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    pair = Store(tmp_path / "a.db"), Store(tmp_path / "b.db")
    pair[0].add_run(RUN)
    pair[0].add_session(SESSION)
    yield pair
    for store in pair:
        store.close()


def exported(store: Store) -> bytes:
    out = io.StringIO()
    export_store(store, None, out)
    return out.getvalue().encode("ascii")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sample=any_sample())
def test_export_import_export_gives_the_same_bytes(sample: Sample, stores: tuple[Store, Store]) -> None:
    first, second = stores
    session = replace(SESSION, title=sample.request_key, example=make_example(3, reference=sample.request_key or None))
    for store in stores:
        for session_id in store.session_ids():
            store.delete(session_id)
    first.add_run(RUN)
    first.add_session(session)
    first.add_sample(sample)
    data = exported(first)
    (imported,) = import_file(second, io.BytesIO(data))
    assert imported == ("s", "item", 1, "new")
    assert second.samples("s") == first.samples("s")
    assert second.session("s") == session
    assert exported(second) == data


def test_sessions_of_one_item_and_of_several_runs_survive(stores: tuple[Store, Store]) -> None:
    first, second = stores
    other = replace(RUN, id="other", extra={"z": {"deep": [None, 1.5]}, "a": "\ud800"}, principles=("Be right",))
    first.add_run(other)
    for session_id, run_id in (("t", "run"), ("u", "other"), ("v", "run")):
        first.add_session(replace(SESSION, id=session_id, run_id=run_id))
        first.add_sample(make_sample(0, (3, 7), session_id=session_id, meta_logit=0.25))
    data = exported(first)
    assert [key for line in data.splitlines() for key in json.loads(line)][:2] == ["run", "item"]
    import_file(second, io.BytesIO(data))
    assert exported(second) == data
    assert second.run("other") == other


def test_importing_again_changes_nothing(stores: tuple[Store, Store]) -> None:
    first, _ = stores
    first.add_sample(make_sample(0, (3, 7)))
    data = exported(first)
    assert import_file(first, io.BytesIO(data)) == [("s", "item", 0, "unchanged")]
    assert exported(first) == data


def test_a_grown_file_adds_what_is_missing(stores: tuple[Store, Store]) -> None:
    first, second = stores
    failed = replace(make_sample(1, None), completion=None, error="lost")
    first.add_sample(make_sample(0, (3, 7)))
    first.add_sample(failed)
    import_file(second, io.BytesIO(exported(first)))
    first.add_sample(make_sample(1, (4, 4)))
    first.add_sample(make_sample(2, (5, 4)))
    first.set_meta_logit("s/0", 2.0)
    data = exported(first)
    assert import_file(second, io.BytesIO(data)) == [("s", "item", 3, "grown")]
    assert exported(second) == data


def test_an_older_file_takes_nothing_away(stores: tuple[Store, Store]) -> None:
    first, _ = stores
    first.add_sample(replace(make_sample(0, None), completion=None, error="lost"))
    old = exported(first)
    first.add_sample(make_sample(0, (3, 7), meta_logit=1.0))
    data = exported(first)
    assert import_file(first, io.BytesIO(old)) == [("s", "item", 0, "unchanged")]
    assert exported(first) == data


@pytest.mark.parametrize("change", ["example", "run", "sample"])
def test_a_taken_id_keeps_both_sessions(stores: tuple[Store, Store], change: str) -> None:
    first, second = stores
    first.add_sample(make_sample(0, (3, 7)))
    second.add_run(replace(RUN, seed=9) if change == "run" else RUN)
    example = make_example(query="Another one?") if change == "example" else SESSION.example
    second.add_session(replace(SESSION, example=example))
    second.add_sample(make_sample(0, (1, 7) if change == "sample" else (3, 7)))
    before = second.samples("s")
    for state in ("copied", "unchanged"):
        (imported,) = import_file(second, io.BytesIO(exported(first)))
        assert imported.state == state
        assert imported.session_id != "s"
    assert second.samples("s") == before
    assert len(second.session_ids()) == 2
    assert second.samples(imported.session_id)[0].scores == (3, 7)


def test_a_renamed_session_is_recognised(stores: tuple[Store, Store]) -> None:
    first, _ = stores
    data = exported(first)
    first.rename("s", "Mine")
    assert import_file(first, io.BytesIO(data)) == [("s", "item", 0, "unchanged")]


def test_files_without_sessions_and_runs_are_imported_once(stores: tuple[Store, Store]) -> None:
    _, store = stores
    lines = [sessions.item_line(make_example()), sample_line("item", make_sample(0, (3, 7)))]
    for state in ("new", "unchanged"):
        (imported,) = import_file(store, io.BytesIO("\n".join(lines).encode()))
        assert imported.state == state
    session = store.session(imported.session_id)
    assert session is not None
    assert session.title == "Which is better?"
    lines.append(sample_line("item", make_sample(1, (3, 7))))
    assert import_file(store, io.BytesIO("\n".join(lines).encode()))[0].state == "grown"
    data = exported(store)
    store.delete(imported.session_id)
    import_file(store, io.BytesIO(data))
    assert exported(store) == data


def test_a_broken_file_imports_nothing(stores: tuple[Store, Store], tmp_path: Path) -> None:
    first, second = stores
    path = tmp_path / "broken.jsonl"
    path.write_bytes(exported(first) + b'{"item_id": "item", "index": 0, "scores": [3]}\n')
    with pytest.raises(UsageError, match="line 3: "):
        import_file(second, path)
    path.write_bytes(b'{"item_id": "item", "index": 0, "scores": [3]}\n')
    with pytest.raises(UsageError, match="line 1: item 'item' has no item line"):
        import_file(second, path)
    assert second.session_ids() == []


def test_exporting_an_unknown_session_is_refused(stores: tuple[Store, Store]) -> None:
    with pytest.raises(StoreError, match="no session zzz"):
        export_store(stores[0], ["zzz"], io.StringIO())
