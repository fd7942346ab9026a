"""Files of others on the command line: import, convert, score, bench pairs, and what is exported for others."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from grm_core.formats.items import read_items
from storage.listing import Wanted
from storage.store import Store
from tests.cli.conftest import Command
from tests.cli.fake_vllm import FakeVLLM
from tests.make import make_example, make_sample
from tests.storage.make import RUN, SESSION


def chat(query: str, response: str) -> list[dict[str, str]]:
    """Two turns."""
    return [{"role": "user", "content": query}, {"role": "assistant", "content": response}]


def annotation(query: str, preference: float | None, critique: Any = "") -> dict[str, Any]:
    """A line of AlpacaEval's annotations.json."""
    return {
        "instruction": query, "output_1": "5", "generator_1": "m1", "dataset": "own", "output_2": "4",
        "generator_2": "m2", "annotator": "gpt", "preference": preference, "raw_completion": critique,
    }  # fmt: skip


def score(name: str, value: Any, **fields: Any) -> dict[str, Any]:
    """A score of Langfuse."""
    kind = "NUMERIC" if "stringValue" not in fields else "CATEGORICAL"
    return {"id": name, "traceId": "t", "name": name, "value": value, "dataType": kind, "source": "EVAL"} | fields


def event(name: str, value: float, **fields: Any) -> dict[str, Any]:
    """An evaluation as OpenTelemetry's JSON has it."""
    attributes = [{"key": "gen_ai.evaluation.name", "value": {"stringValue": name}}]
    attributes.append({"key": "gen_ai.evaluation.score.value", "value": {"doubleValue": value}})
    attributes.append({"key": "gen_ai.evaluation.explanation", "value": {"stringValue": "Because."}})
    return {"name": "gen_ai.evaluation.result", "attributes": attributes} | fields


MESSAGES = {
    "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "2+2?"}]}],
    "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "4"}]}],
}
SPAN = {
    "traceId": "t", "spanId": "s", "name": "chat m",
    "attributes": [{"key": key, "value": {"stringValue": json.dumps(value)}} for key, value in MESSAGES.items()],
    "events": [event("relevance", 8.0)],
}  # fmt: skip
RB2 = {
    "id": ["1", "2", "3"], "subset": ["Math", "Math", "Ties"], "model": "m", "model_type": "Generative RM",
    "results": [1, 0, None], "scores": [None, None, [9, 9, 2]], "num_correct": [1, 1, 2],
    "texts_chosen": [[chat("q", "a")], [chat("q", "a")], [chat("q", "a"), chat("q", "b")]],
    "texts_rejected": [[chat("q", "x"), chat("q", "y")], [chat("q", "x"), chat("q", "y")], [chat("q", "x")]],
}  # fmt: skip
FILES: dict[str, tuple[Any, int, int, list[list[int] | None]]] = {
    "annotations.json": (
        [annotation("a", 1, "first"), annotation("b", 1.9, {"concise_explanation": "second"}),
         annotation("c", 1.5), annotation("d", None)],
        4, 0, [[10, 1], [1, 10], None, None],
    ),
    "final_results_gpt.jsonl": (
        [{"prompt": "q", "scores": [9, 2, 3], "judgments": ["A", "B", "C"]},
         {"prompt": "r", "scores": [9, -1, 3], "judgments": ["A", "?", "C"]},
         {"prompt": "s", "scores": [7.5, 1, 3], "judgments": ["A", "B", "C"]}],
        3, 0, [[9, 2, 3], None, None],
    ),
    "rb2.json": (RB2, 3, 0, [[10, 1, 1], None, [9, 9, 2]]),
    "traces.json": (
        {"data": [
            {"id": "t", "input": chat("q", "")[:1], "output": {"role": "assistant", "content": "a"}, "scores": [
                score("help", 8, comment="Good."), score("faith", 1), score("tone", 0.5),
                score("kind", 1, stringValue="ok")]},
            {"id": "u", "input": "q", "output": "a", "scores": [score("help", 3)]},
            {"id": "v", "input": "q", "output": "a", "scores": []}], "meta": {}},
        5, 1, [[8], [3], None, None, None],
    ),
    "otlp.json": (
        {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}],
         "resourceLogs": [{"scopeLogs": [{"logRecords": [event("grounded", 0.5, traceId="t", spanId="s")]}]}]},
        2, 0, [None, [8]],
    ),
}  # fmt: skip


def write(folder: Path, name: str, content: Any) -> Path:
    """A file: JSON Lines by name, else JSON."""
    path = folder / name
    lined = name.endswith(".jsonl")
    path.write_text("".join(json.dumps(line) + "\n" for line in content) if lined else json.dumps(content, indent=1))
    return path


@pytest.mark.parametrize("name", FILES)
def test_finished_judgments_become_sessions_once(command: Command, tmp_path: Path, name: str) -> None:
    content, judgments, left_out, expected = FILES[name]
    file, db = write(tmp_path, name, content), tmp_path / "x.db"
    (record,) = command("convert", file).lines
    assert (record["judgments"], record["left_out"]) == (judgments, left_out)
    first = command("import", file, "--db", db)
    assert first.code == 0
    assert [line["added"] for line in first.lines] == [1] * judgments
    again = command("import", file, "--db", db)
    assert [(line["added"], line["state"]) for line in again.lines] == [(0, "unchanged")] * judgments
    store = Store(db)
    rows = store.sessions(Wanted(sort="oldest"), 100)
    assert [row.foreign for row in rows] == [record["form"]] * judgments
    samples = [store.samples(row.session.id) for row in rows]
    assert [each.scores and list(each.scores) for (each,) in samples] == expected
    store.close()
    run, *_ = command("export", "--db", db).lines
    assert (run["run"]["engine"], run["run"]["template"]) == ("foreign", record["form"])


def test_what_a_judge_wrote_and_gave_is_kept(command: Command, tmp_path: Path) -> None:
    db = tmp_path / "x.db"
    for name in ("annotations.json", "traces.json", "otlp.json"):
        command("import", write(tmp_path, name, FILES[name][0]), "--db", db)
    store = Store(db)
    kept = {}
    for row in store.sessions(Wanted(sort="oldest"), 100):
        (sample,) = store.samples(row.session.id)
        kept[row.model, row.session.example.query[-1].content] = (sample.completion.text, str(sample.parsed.status))
    store.close()
    assert kept["gpt", "b"] == ("second\n\nPreference in the imported file: 1.9 (1: first, 2: second)", "ok")
    assert kept["gpt", "c"][1] == "no_scores"
    assert kept["help (EVAL)", "q"][1] == "ok"
    assert kept["faith (EVAL)", "q"] == ("Scores in the imported file: 1", "out_of_range")
    assert kept["kind (EVAL)", "q"] == ("kind in the imported file: ok", "no_scores")
    assert kept["relevance", "2+2?"] == ("Because.", "ok")
    assert kept["grounded", "2+2?"] == ("Because.\n\nScores in the imported file: 0.5", "out_of_range")


def test_reports_say_that_a_judgment_was_imported(command: Command, tmp_path: Path) -> None:
    db, out = tmp_path / "x.db", tmp_path / "r.csv"
    (line,) = command("import", write(tmp_path, "a.json", [annotation("ü", 2, "é")]), "--db", db).lines
    command("export", line["session_id"], "--db", db, "--format", "md", "--out", tmp_path / "r.md")
    assert "Judged elsewhere by gpt, imported from alpaca-eval" in (tmp_path / "r.md").read_text().replace("\\", "")
    command("export", line["session_id"], "--db", db, "--format", "csv", "--out", out)
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines())
    assert row["imported_from"] == "alpaca-eval"


def test_a_broken_file_of_judgments_imports_nothing(command: Command, tmp_path: Path) -> None:
    good = write(tmp_path, "good.json", [annotation("a", 1)])
    bad = write(tmp_path, "bad.jsonl", [annotation("a", 1), annotation("b", "good")])
    done = command("import", good, bad, "--db", tmp_path / "x.db")
    assert (done.code, done.lines) == (2, [])
    assert f"{bad}, line 2: " in done.words
    assert "a line that would be right: " in done.words
    assert command("export", "--db", tmp_path / "x.db").lines == []


def test_items_are_imported_as_sessions_that_nobody_has_judged(command: Command, tmp_path: Path) -> None:
    pairs = [{"prompt": f"q{i}", "chosen": "a", "rejected": "b"} for i in range(3)]
    file, db = write(tmp_path, "p.json", pairs), tmp_path / "x.db"
    for state in ("new", "unchanged"):
        done = command("import", file, "--db", db)
        assert [line["state"] for line in done.lines] == [state] * 3
        assert f"p.json: 3 sessions (3 {state}), 0 samples added" in done.words


def test_samples_of_ours_in_another_kind_of_file_are_imported_too(command: Command, tmp_path: Path) -> None:
    lines = [
        {"item": {"id": "a", "query": "Grüße?", "responses": ["x", "y"]}},
        {"item_id": "a", "index": 0, "scores": [8, 3], "text": "Straße"},
    ]
    listed = write(tmp_path, "s.json", lines)
    wide = tmp_path / "wide.jsonl"
    wide.write_bytes("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode("utf-16"))
    assert [line["added"] for line in command("import", listed, "--db", tmp_path / "x.db").lines] == [1]
    assert [line["state"] for line in command("import", wide, "--db", tmp_path / "x.db").lines] == ["unchanged"]


def test_convert_shows_what_is_understood_and_writes_items(command: Command, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes("prompt;response_a;response_b;winner\nGrüße;a;;a\nq;c;d;tie\nr;;;b\n".encode("utf-8-sig"))
    done = command("convert", table, "--out", tmp_path / "items.jsonl")
    (record,) = done.lines
    assert (record["items"], record["responses"], record["labelled"], record["empty_responses"]) == (3, {"2": 3}, 2, 3)
    assert record["cannot_be_judged"] == [
        {"place": "item-3", "reason": "all responses are empty; there is nothing to judge"}
    ]
    assert "CSV, UTF-8 with a byte-order mark, responses side by side, 3 items, 2 with labels" in done.words
    first, *_ = read_items(tmp_path / "items.jsonl")
    assert (first.query[0].content, first.responses, first.labels) == ("Grüße", ("a", ""), (1, 0))
    assert command("convert", table, "--out", tmp_path / "items.jsonl").code == 2
    assert command("convert", table, "--out", "-").lines[0]["id"] == "item-1"


def test_an_empty_response_is_judged_and_all_empty_ones_are_not(
    command: Command, server: FakeVLLM, tmp_path: Path
) -> None:
    file = write(
        tmp_path,
        "items.jsonl",
        [{"id": 1, "query": "q", "responses": ["", "real"]}, {"id": 2, "query": "q", "responses": ["", " "]}],
    )
    done = command("score", file, "--k", 2, "--out", tmp_path / "o.jsonl", "--engine", server.url, "--meta", "none")
    assert done.code == 1
    assert "item '2': all responses are empty" in done.words
    assert [line["item_id"] for line in command("vote", tmp_path / "o.jsonl").lines if line["k_effective"]] == ["1"]


def test_score_reads_a_list_and_says_what_it_understood(command: Command, server: FakeVLLM, tmp_path: Path) -> None:
    file = write(tmp_path, "pairs.json", [{"chosen": chat("q", "a"), "rejected": chat("q", "b")}])
    done = command("score", file, "--k", 2, "--out", tmp_path / "o.jsonl", "--engine", server.url, "--meta", "none")
    assert done.code == 0
    assert f"{file}: JSON, UTF-8, chosen and rejected, 1 item, 1 with labels" in done.words


@pytest.mark.parametrize("name", ["p.json", "p.csv", "p.jsonl", "pairs"])
def test_bench_pairs_reads_preference_pairs(tmp_path: Path, name: str) -> None:
    from grm_core.benchmarks import named
    from grm_core.benchmarks.scoring import load

    path = tmp_path / name
    if name == "p.csv":
        path.write_bytes("id;prompt;response_a;response_b;winner\n1;q;a;b;b\n2;r;c;d;a\n".encode("utf-16"))
    else:
        own = {"id": "2", "source": "own", "prompt": "user: r", "a": "c", "b": "d", "gold": "a"}
        both = [{"id": 1, "prompt": "q", "chosen": "b", "rejected": "a"}, own]
        path.write_text(json.dumps(both) if name == "p.json" else "".join(json.dumps(each) + "\n" for each in both))
    one, two = load(named("pairs"), path)
    assert (one.id, dict(zip(one.responses, one.labels, strict=True))) == ("1", {"a": 0, "b": 1})
    assert (two.id, two.query[0].content, two.labels) == ("2", "r", (1, 0))


def test_a_dataset_folder_holds_samples_labels_and_a_card(command: Command, tmp_path: Path) -> None:
    from datasets import load_dataset

    db, folder = tmp_path / "x.db", tmp_path / "data"
    store = Store(db)
    store.add_run(RUN)
    store.add_session(SESSION)
    store.add_sample(make_sample(0, (8, 3), session_id="s", order=(1, 0), text="a \ud800"))
    store.add_sample(make_sample(1, None, session_id="s"))
    store.close()
    label = {"id": "l", "session_id": "s", "kind": "best", "label": "A", "author": "me", "created_at": "2026-01-01"}
    command("labels", "import", write(tmp_path, "l.jsonl", [label]), "--db", db)
    command("import", write(tmp_path, "a.json", [annotation("q", 1)]), "--db", db)
    done = command("export", "--db", db, "--format", "hf", "--out", folder)
    assert "2 sessions, 3 samples and 1 label written" in done.words
    samples = pyarrow.parquet.read_table(folder / "data" / "samples.parquet").to_pylist()
    assert [(row["session_id"] == "s", row["foreign"], row["scores"]) for row in samples] == [
        (True, False, [8, 3]), (True, False, None), (False, True, [10, 1]),
    ]  # fmt: skip
    assert samples[0]["order"] == [1, 0]
    card = (folder / "README.md").read_text()
    assert "judged elsewhere, imported from alpaca" in card
    loaded = {
        name: load_dataset(str(folder), name, cache_dir=str(tmp_path / "c"))["train"] for name in ("samples", "labels")
    }
    assert (loaded["samples"].num_rows, loaded["labels"].num_rows) == (3, 1)
    assert loaded["labels"][0]["label"] == "A"
    assert command("export", "--db", db, "--format", "hf", "--out", folder).code == 2
    assert command("export", "--db", db, "--format", "hf").code == 2


def test_pairs_are_those_of_the_vote(command: Command, tmp_path: Path) -> None:
    db = tmp_path / "x.db"
    store = Store(db)
    store.add_run(RUN)
    store.add_session(SESSION)
    store.add_sample(make_sample(0, (8, 3), session_id="s"))
    store.close()
    (pair,) = command("export", "--db", db, "--format", "pairs").lines
    best, other = make_example().responses
    assert (pair["chosen"][0]["content"], pair["rejected"][0]["content"]) == (best, other)
    assert (pair["margin"], pair["item_id"]) == (5, "item")
