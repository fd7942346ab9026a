"""Names of the models that answered: read from files, kept by the store, written back, found; older files open."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grm_core import prompts
from grm_core.errors import UsageError
from grm_core.formats import items, sessions
from grm_core.types import Example
from storage import schema, transfer
from storage.errors import StoreError
from storage.listing import Wanted
from storage.store import Store
from tests.make import make_example, make_sample
from tests.storage.make import RUN, SESSION
from tests.storage.test_exchange import write

NAMES = ("<img src=x onerror=alert(1)>", "${alert(1)}", "m\ud800")


def named(name: str, models: tuple[str, ...] | None = NAMES) -> Example:
    return replace(make_example(3), id=name, models=models)


def test_answers_by_model_become_responses_of_named_models(tmp_path: Path) -> None:
    chat = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "?"},
    ]
    path = write(
        tmp_path / "i.jsonl",
        {"id": "1", "query": "q", "answers": {"model-b": "x", "model-a": "y"}, "subset": "s", "reference": "r"},
        {"id": "2", "query": chat, "responses": ["x", "y"], "models": ["model-a", "model-b"], "labels": [1, 0]},
    )
    first, second = items.read_items(path)
    assert (first.responses, first.models) == (("x", "y"), ("model-b", "model-a"))
    assert (first.subset, first.reference, second.models) == ("s", "r", ("model-a", "model-b"))
    line = json.loads(sessions.item_line(first))["item"]
    assert (line["responses"], line["models"]) == (["x", "y"], ["model-b", "model-a"])
    assert "answers" not in line


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"answers": {"a": "x"}}, "one model only"),
        ({"answers": {}}, "0 responses"),
        ({"answers": ["x", "y"]}, '"answers" must be an object'),
        ({"answers": {"a": "x", "b": None}}, "no text of model 'b'"),
        ({"answers": {"a": "x", "b": " "}}, "no text of model 'b'"),
        ({"answers": {"a": "x", "b": 5}}, "no text of model 'b'"),
        ({"answers": {"a": "x", " ": "y"}}, "1 to 200 characters"),
        ({"answers": {"a": "x", "b" * 201: "y"}}, "1 to 200 characters"),
        ({"answers": {"a": "x", "b": "y"}, "responses": ["x", "y"]}, "one or the other"),
        ({"answers": {"a": "x", "b": "y"}, "models": ["a", "b"]}, "one or the other"),
        ({}, '"responses" is missing, and so is "answers"'),
        ({"responses": ["x", "y"], "models": ["a"]}, "1 models for 2 responses"),
        ({"responses": ["x"], "models": ["a"]}, "one model only"),
        ({"responses": ["x", "y"], "models": ["a", "a"]}, "model 'a' already"),
        ({"responses": ["x", "y"], "models": ["a", 5]}, r"models\[1\]"),
        ({"responses": ["x", "y"], "models": "ab"}, "must be a list"),
        ('{"id": "b", "query": "q", "answers": {"a": "x", "b": "y", "a": "z"}}', "'a' stands there twice"),
        ({"id": "a", "answers": {"a": "x", "b": "y"}}, "item 'a' already"),
    ],
)
def test_a_line_whose_answers_cannot_be_compared_is_named(tmp_path: Path, line: Any, message: str) -> None:
    good = {"id": "a", "query": "q", "answers": {"a": "x", "b": "y"}}
    bad = line if isinstance(line, str) else {"id": "b", "query": "q"} | line
    path = write(tmp_path / "items.jsonl", good, bad)
    with pytest.raises(UsageError, match=message) as caught:
        items.read_items(path)
    assert str(caught.value).startswith(f"{path}, line 2: ")
    assert len(str(caught.value)) < 300 + len(str(path))


def test_a_scored_file_may_give_answers_by_model_too(tmp_path: Path) -> None:
    item = {"id": "x", "query": "q", "answers": {"a": "one", "b": "two"}}
    path = write(tmp_path / "s.jsonl", {"item": item}, {"item_id": "x", "index": 0, "scores": [3, 7]})
    (block,) = sessions.read_samples(path)
    assert block.items[0].example is not None
    assert block.items[0].example.models == ("a", "b")


def test_names_survive_store_export_and_import(store: Store, path: Path, tmp_path: Path) -> None:
    store.add_session(replace(SESSION, id="named", example=named("named")))
    store.add_sample(make_sample(0, (3, 7, 1), session_id="named", text="x"))
    again = store.session("named")
    assert again is not None
    assert again.example.models == NAMES
    out = tmp_path / "out.jsonl"
    with out.open("w", encoding="ascii") as file:
        transfer.export_store(store, None, file)
    other = Store(tmp_path / "other.db")
    transfer.import_file(other, out)
    copied = other.session("named")
    with (tmp_path / "back.jsonl").open("w", encoding="ascii") as file:
        transfer.export_store(other, None, file)
    other.close()
    assert copied == again
    assert (tmp_path / "back.jsonl").read_bytes() == out.read_bytes()


def test_an_item_without_names_is_written_as_before() -> None:
    assert "models" not in sessions.item_line(make_example(2))


def test_runs_and_sessions_are_found_by_whether_they_name_models(store: Store) -> None:
    store.add_run(replace(RUN, id="board"))
    for name, models in (("one", NAMES), ("two", NAMES), ("bare", None)):
        store.add_session(replace(SESSION, id=name, run_id="board", example=named(name, models)))
    assert [(run.id, count) for run, count in store.runs(models=True)] == [("board", 2)]
    assert [(run.id, count) for run, count in store.runs()] == [("board", 3), ("run", 1)]
    choice = Wanted(run="board", models=True, sort="oldest")
    assert [row.session.id for row in store.sessions(choice)] == ["one", "two"]
    assert store.count_sessions(choice) == 2
    store.bin("one")
    assert [(run.id, count) for run, count in store.runs(models=True)] == [("board", 1)]


def test_runs_that_name_models_are_found_by_their_index(store: Store, path: Path) -> None:
    with sqlite3.connect(path) as conn:
        plan = conn.execute(
            f"EXPLAIN QUERY PLAN SELECT run_id FROM session AS s WHERE {schema.NAMES_MODELS}"
        ).fetchall()
    conn.close()
    assert "session_models" in str(plan)


def test_a_file_from_before_names_were_kept_opens_and_takes_them(tmp_path: Path) -> None:
    from sqlite_utils import Database

    path = tmp_path / "old.db"
    conn = sqlite3.connect(path)
    schema.migrations().apply(Database(conn), stop_before="m005_named_models")
    conn.execute(
        "INSERT INTO run VALUES (1, 'r', '', '', '', '', '', '{}', 8, NULL, 0, 'random', '[]', '{}', NULL, NULL, '{}')"
    )
    example = '{"id": "x", "query": "q", "responses": ["a", "b"]}'
    conn.execute("INSERT INTO session VALUES (1, 's', 'r', 't', '[]', '', ?, 2, NULL)", (example,))
    conn.commit()
    conn.close()
    with pytest.raises(StoreError, match="older schema"):
        Store(path, read_only=True)
    store = Store(path)
    old = store.session("s")
    assert old is not None
    assert old.example.models is None
    assert store.runs(models=True) == []
    store.add_session(replace(SESSION, id="new", run_id="r", example=named("new")))
    assert [(run.id, count) for run, count in store.runs(models=True)] == [("r", 1)]
    store.close()
    with sqlite3.connect(path) as conn:
        assert not schema.pending(conn)
    conn.close()


@pytest.mark.parametrize("name", prompts.names())
def test_the_grm_is_never_shown_who_answered(name: str) -> None:
    n = 1 if name == "single" else 3
    example = replace(make_example(n, reference="r"), models=("secret-1", "secret-2", "secret-3")[:n])
    (message,) = prompts.fill(prompts.load(name), example, range(n), ("Be exact",) if "principles" in name else ())
    assert "secret" not in message.content
    assert "Candidate text number 0." in message.content
