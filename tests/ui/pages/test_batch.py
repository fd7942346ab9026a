"""What the Batch page answers: drafts, settings and endpoints that anybody may call with anything."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from runs.batches import BatchLine
from runs.jobs import Jobs
from storage.store import Store
from tests.fake_engine import FakeEngine
from tests.make import write_lines
from ui.pages import batch
from ui.pages.batch import ANY, BatchPage
from ui.view import calls

ASKING = {
    "k": 4, "temperature": 0.5, "seed": 0, "order": "random", "context": "joint", "template": "automatic",
    "principles": "", "meta": True, "risk": None, "model": "",
}  # fmt: skip
PAIRS = [{"prompt": f"q {n} \ud800", "chosen": "x" * 500, "rejected": "y"} for n in range(7)]


@pytest.fixture
def page(tmp_path: Path) -> Iterator[BatchPage]:
    """The line is not started: what is begun waits."""
    store = Store(tmp_path / "x.db")
    jobs = Jobs(store, FakeEngine())
    jobs.start()
    with gr.Blocks():
        made = BatchPage(BatchLine(jobs))
    yield made
    jobs.close()
    store.close()


def file_of(tmp_path: Path, lines: list[dict[str, Any]]) -> str:
    path = tmp_path / "f.jsonl"
    write_lines(path, lines)
    return str(path)


def understood(page: BatchPage, path: str | None, kind: str = ANY) -> Any:
    return asyncio.run(page.understood(path, kind))["draft"]


def test_a_draft_tells_count_first_items_and_fields(page: BatchPage, tmp_path: Path) -> None:
    draft = understood(page, file_of(tmp_path, PAIRS))
    assert (draft["count"], draft["labelled"], len(draft["first"]), draft["error"]) == (7, 7, 5, "")
    assert draft["fields"][0] == {"key": "prompt", "fields": ["query"]}
    assert draft["first"][0]["query"] == "q 0 \ufffd"
    assert len(draft["first"][0]["responses"][0]) == 401
    assert draft["first"][0]["labels"] == [1, 0]
    assert understood(page, None) is None


def test_a_file_that_is_none_is_told_with_a_line_that_would_be_right(page: BatchPage, tmp_path: Path) -> None:
    draft = understood(page, file_of(tmp_path, [{"text": "x"}]))
    assert "a line that would be right" in draft["error"]
    assert draft["error"].startswith("f.jsonl, line 1: ")
    assert (draft["id"], draft["count"]) == ("", 0)
    assert understood(page, file_of(tmp_path, PAIRS), "rewardbench")["error"].startswith("f.jsonl, line 1: ")


def test_columns_with_names_of_ones_own_are_read_by_choice(page: BatchPage, tmp_path: Path) -> None:
    lines = [{"Frage": f"q {n}", "eins": "x" * 200, "zwei": "y", "Sieger": "zwei"} for n in range(3)]
    draft = understood(page, file_of(tmp_path, lines))
    assert [column["key"] for column in draft["columns"]] == ["Frage", "eins", "zwei", "Sieger"]
    assert (draft["id"], draft["columns"][1]["text"]) == ("", "x" * 80 + "…")
    roles = {"Frage": "query", "eins": "response", "zwei": "response", "Sieger": "best response"}

    def mapped(roles: dict[str, str]) -> Any:
        by_name = {call.__name__: call for call in calls(page)}
        return by_name["mapped"]([draft["file"], [{"key": key, "role": role} for key, role in roles.items()]])

    again = mapped(roles)
    assert (again["count"], again["labelled"], again["first"][0]["labels"]) == (3, 3, [0, 1])
    assert page.begin(again["id"], ASKING)["title"] == "f.jsonl"
    for wrong, words in (
        ({"Frage": "query"}, "choose one column for the query"),
        (roles | {"Sieger": "query"}, "only responses can stand in more than one column"),
    ):
        assert words in mapped(wrong)["error"]
    Path(tmp_path / "f.jsonl").unlink()
    assert "drop it once more" in mapped(roles)["error"]


def test_what_is_begun_stands_in_the_line_with_its_settings(page: BatchPage, tmp_path: Path) -> None:
    draft = understood(page, file_of(tmp_path, PAIRS))
    made = page.begin(draft["id"], ASKING | {"principles": "Be right\n\n Be short ", "context": "single"})
    assert made["title"] == "f.jsonl"
    (row,) = page.batches()["rows"]
    assert (row["id"], row["phase"], row["place"], row["items"], row["total"]) == (made["id"], "waiting", 1, 7, 28)
    assert row["about"] == "fake-judge, k 4, temperature 0.5, single, 2 given principles, seed 0, no meta RM"
    assert page.items(made["id"], 0) == {"rows": [], "count": 0, "offset": 0}
    paused = page.act("pause", made["id"])
    assert paused["rows"][0]["phase"] == "paused"
    page.begin(draft["id"], ASKING | {"risk": 0.05, "k": 16})
    assert page.batches()["rows"][0]["about"].startswith("fake-judge, k up to 16, risk 0.05, ")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"k": 1.5}, "k must be a whole number"),
        ({"k": 2000}, "k is 2000"),
        ({"temperature": 9.0}, "the temperature must be a number from 0 to 2"),
        ({"template": "../x"}, "the template is one of"),
        ({"order": "sorted"}, "order"),
        ({"context": "pairs"}, "responses: choose"),
        ({"risk": 1.5}, "0.05"),
        ({"model": "other"}, "the model 'other' is not served now; choose one of fake-judge"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_kept(
    page: BatchPage, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    draft = understood(page, file_of(tmp_path, PAIRS))
    begin = next(call for call in calls(page) if call.__name__ == "begin")
    assert said in begin([draft["id"], ASKING | change])["error"]
    assert page.batches()["rows"] == []
    assert page.line.store.batches.all() == []


def test_endpoints_take_nothing_that_is_not_theirs(page: BatchPage) -> None:
    asked = {call.__name__: call for call in calls(page)}
    assert asked["begin"](["no such draft", ASKING])["error"].startswith("the app does not have this file")
    assert asked["begin"](["x", {"k": 1}]) is None
    assert asked["act"](["drop table", "x"])["error"] == "that cannot be done."
    assert asked["act"](["cancel", "'; DROP TABLE batch"])["error"] == "that cannot be done with this batch any more."
    assert asked["items"](["no such batch", -5])["count"] == 0
    assert asked["items"](["x", "y"]) is None


def test_pairs_that_a_benchmark_judges_in_both_orders_need_a_balanced_order(page: BatchPage, tmp_path: Path) -> None:
    name = next(each.name for each in batch.benchmarks.ALL if each.both_orders)
    page._drafts["d"] = batch._Kept("f", [], name)
    begin = next(call for call in calls(page) if call.__name__ == "begin")
    assert "judged in both orders" in begin(["d", ASKING])["error"]
    assert "error" not in begin(["d", ASKING | {"order": "balanced"}])


def test_the_oldest_of_many_drafts_is_forgotten(page: BatchPage, tmp_path: Path) -> None:
    path = file_of(tmp_path, PAIRS)
    first = understood(page, path)["id"]
    for _ in range(batch._DRAFTS_MOST):
        understood(page, path)
    begin = next(call for call in calls(page) if call.__name__ == "begin")
    assert "drop it once more" in begin([first, ASKING])["error"]
