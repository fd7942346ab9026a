"""Files and a database that version 0.1 wrote open as they are, give the same numbers and are written the same."""

import io
import json
import shutil
from pathlib import Path

import pytest

from grm_core.analysis.labels import standing
from grm_core.formats import annotations, items, sessions
from grm_core.formats.lines import canonical
from grm_core.formats.verdicts import VERDICT
from grm_core.voting import vote
from runs import verdict_file
from storage.store import Store
from storage.transfer import export_store, import_file

OLD = Path(__file__).parents[1] / "fixtures" / "version-0.1"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    path = tmp_path / "store.sqlite"
    shutil.copy(OLD / "store.sqlite", path)
    return Store(path)


def exported(store: Store) -> str:
    out = io.StringIO()
    export_store(store, None, out)
    return out.getvalue()


def test_a_database_gives_the_same_lines(store: Store) -> None:
    assert exported(store) == (OLD / "samples.jsonl").read_text()
    made = store.desk.annotations()
    assert [canonical(annotations.annotation_record(each)) for each in made] == lines("labels.jsonl")
    judged = {name: (store.session(name).example, store.samples(name)) for name in store.session_ids()}  # type: ignore[union-attr]
    training = annotations.training(standing(made), judged)
    assert [canonical(line) for line in training] == lines("training.jsonl")
    store.close()


def test_samples_give_the_same_votes(store: Store) -> None:
    blocks = list(sessions.read_samples(OLD / "samples.jsonl"))
    samples = {item.session.id: item.samples for block in blocks for item in block.items if item.session}
    for name, numbers in json.loads((OLD / "votes.json").read_text()).items():
        session_id, method = name.split()
        for kept in (samples[session_id], store.samples(session_id)):
            verdict = vote(kept, method)
            totals = None if verdict.totals is None else list(verdict.totals)
            assert [verdict.k, verdict.k_effective, totals, verdict.winner, verdict.margin] == numbers
    store.close()


def test_samples_come_through_a_new_database_unchanged(tmp_path: Path) -> None:
    new = Store(tmp_path / "new.db")
    assert {each.state for each in import_file(new, OLD / "samples.jsonl")} == {"new"}
    assert exported(new) == (OLD / "samples.jsonl").read_text()
    new.close()


def test_labels_items_and_verdicts_are_read(store: Store) -> None:
    assert annotations.read_annotations(OLD / "labels.jsonl") == store.desk.annotations()
    examples = items.read_items(OLD / "items.jsonl")
    assert [canonical(items.item_record(each)) for each in examples] == lines("items.jsonl")
    judged = annotations.read_labelled(OLD / "training.jsonl")
    assert [line.accept for line in judged] == [json.loads(line)["accept"] for line in lines("training.jsonl")]
    ((_, verdict),) = VERDICT.lines(OLD / "verdicts.jsonl")
    example = next(each for each in examples if each.id == verdict.item_id)
    again = verdict_file.record(verdict_file.read(verdict, example), verdict.run or {})
    assert [canonical(again)] == lines("verdicts.jsonl")
    store.close()


def lines(name: str) -> list[str]:
    return (OLD / name).read_text().splitlines()
