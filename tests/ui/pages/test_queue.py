"""What the Queue page sends: whose labels, when; how large a queue would be, and how it grows with its run."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from grm_core.errors import UsageError
from storage.batches import DONE, RUNNING, Batch
from storage.store import Store
from tests.make import make_sample
from tests.storage.make import RUN, SESSION
from tests.ui.pages.test_statements import Letters
from ui.pages.queue import QueuePage
from ui.vectors import Vectors
from ui.wire.queue import NewQueue, Said

SECRET = "improper principles"
WANTED: NewQueue = {"run": "", "tag": "", "rules": [], "overlap": 1.0, "control": 0.0, "seed": 0, "title": "all"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "x.db")
    opened.add_run(RUN)
    for name in ("s0", "s1"):
        add(opened, name)
    yield opened
    opened.close()


@pytest.fixture
def page(store: Store) -> QueuePage:
    with gr.Blocks():
        return QueuePage(store, Vectors(Letters()))


def add(store: Store, name: str, run: str = RUN.id, samples: int = 2) -> None:
    store.add_session(replace(SESSION, id=name, run_id=run))
    for index in range(samples):
        store.add_sample(make_sample(index, (3, 8), session_id=name, text="Scores."))


def said(author: str, item: Any, kind: str, label: str, sample: int | None = None, note: str = "") -> Said:
    name = f"{author}-{item['session']}-{kind}-{sample}"
    span = [0, 4] if kind == "span" else None
    return {"id": name, "session_id": item["session"], "kind": kind, "label": label, "sample": sample, "place": None,
            "span": span, "note": note, "author": author, "queue": item["queue"], "replaces": None,
            "created_at": "2026-01-01T00:00:00+00:00"}  # fmt: skip


def label(page: QueuePage, author: str, item: Any, words: str, done: bool = True) -> None:
    page.save(said(author, item, "best", "A"))
    page.save(said(author, item, "class", words, 0))
    page.save(said(author, item, "span", "span", 0, f"note of {author}"))
    if done:
        page.save(said(author, item, "done", "done"))


def everything(page: QueuePage, author: str, queue: str) -> str:
    """All that the page sends to somebody who asks for all there is."""
    answers = [page.overview(author), page.agreed(queue, author), page.failed(queue, author), page.failed("", author)]
    answers += [page.take(queue, author, -1), page.look(queue, author, 0)]
    return json.dumps(answers, default=str)


def test_a_queue_without_a_title_is_called_by_its_rules_and_its_run(page: QueuePage, store: Store) -> None:
    store.add_run(replace(RUN, id="batch-x", extra={"file": "morning.csv"}))
    add(store, "s2", "batch-x")
    page.make(WANTED | {"title": " "})
    page.make(WANTED | {"title": "", "run": "batch-x"})
    titles = {queue["title"] for queue in page.overview("ann")["queues"]}
    assert "all sessions" in titles
    assert any(title.startswith("all sessions of morning.csv, ") for title in titles)


def test_labels_of_another_annotator_are_sent_only_once_ones_own_are_saved(page: QueuePage) -> None:
    queue = page.make(WANTED)["id"]
    first = page.take(queue, "ann", -1)
    label(page, "ann", first, SECRET)
    assert "note of ann" not in everything(page, "bob", queue)
    failures = page.failed(queue, "bob")
    assert failures["said"].startswith("0 samples labelled")
    assert "Labels of others on 1 item stay hidden" in failures["lacks"]
    with pytest.raises(UsageError, match="not all annotators"):
        page.compare(queue, "bob", first["place"])
    label(page, "bob", page.look(queue, "bob", first["place"]), "good", done=False)
    assert page.failed(queue, "bob")["said"].startswith("1 sample labelled by 1, 1 of them good")
    page.save(said("bob", first, "done", "done"))
    assert page.failed(queue, "bob")["said"].startswith("1 sample labelled by 2: 2 labels, 1 of them good")
    compared = page.compare(queue, "bob", first["place"])
    assert [each["label"] for each in compared["others"]["ann"]] == ["A", SECRET, "span", "done"]


def test_a_difference_is_settled_only_when_all_are_through_and_by_whom_is_kept(page: QueuePage) -> None:
    queue = page.make(WANTED)["id"]
    item = page.take(queue, "ann", -1)
    label(page, "ann", item, SECRET)
    final = said("eve", item, "gold-class", "good", 0)
    with pytest.raises(UsageError, match="not all annotators"):
        page.save(final)
    label(page, "bob", page.look(queue, "bob", item["place"]), "good")
    page.save(final)
    (differ,) = page.agreed(queue, "eve")["differ"]
    assert differ["labels"] == {"ann": SECRET, "bob": "good"}
    assert (differ["final"]["label"], differ["adjudicator"]) == ("good", "eve")


def test_the_size_of_a_queue_is_what_is_made(page: QueuePage) -> None:
    plan = page.plan(WANTED | {"overlap": 0.5, "rules": ["small margin"], "control": 1.0})
    assert (plan["total"], plan["sessions"], plan["twice"]) == (1, 2, 0), "no margin is small: one control"
    assert page.make(WANTED | {"rules": ["small margin"], "control": 1.0})["total"] == plan["total"]
    assert page.plan(WANTED)["rules"] == {"random control": 2}


def test_an_item_says_why_it_is_here_only_where_the_queue_has_rules(page: QueuePage) -> None:
    for rules in (["small margin"], []):
        queue = page.make(WANTED | {"rules": rules, "control": 1.0})["id"]
        item = page.take(queue, "ann", -1)
        page.save(said("ann", item, "best", "A") | {"id": queue})
        shown = page.look(queue, "ann", item["place"])
        assert shown["rows"]
        assert shown.get("reason") == ("random control" if rules else None)


def test_a_queue_grows_with_its_run_by_whole_sessions_only(page: QueuePage, store: Store) -> None:
    store.add_run(replace(RUN, id="batch-b", k=2))
    store.batches.add(Batch("b", "b", "2026-01-01T00:00:00+00:00", "{}", (), 3, RUNNING), [])
    add(store, "b0", "batch-b")
    add(store, "b1", "batch-b", samples=1)
    wanted = WANTED | {"run": "batch-b", "grows": True, "overlap": 0.0}
    plan = page.plan(wanted)
    assert (plan["total"], plan["pending"]) == (1, 1)
    queue = page.make(wanted)["id"]
    item = page.take(queue, "ann", -1)
    label(page, "ann", item, "good")
    assert page.take(queue, "ann", -1)["end"]
    store.add_sample(make_sample(1, (3, 8), session_id="b1"))
    assert page.take(queue, "ann", -1)["session"] == "b1"
    add(store, "b2", "batch-b", samples=1)
    assert page.overview("ann")["queues"][0]["total"] == 2
    store.batches.move("b", DONE, [RUNNING])
    assert page.overview("ann")["queues"][0]["total"] == 3, "what a run ends with comes as it is"
    assert [each.session_id for each in store.desk.items(queue)] == ["b0", "b1", "b2"]
