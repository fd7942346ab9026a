"""`compare` and `bench` with several runs: files in, one table and page out."""

import json
import re
from pathlib import Path

import pytest

from tests.benchmarks.make import jsonl
from tests.cli.commands.test_baseline import Judging
from tests.cli.conftest import Command
from tests.cli.fake_vllm import FakeVLLM


def pairs(path: Path, count: int = 8) -> Path:
    lines = [
        {
            "id": f"p{i}",
            "source": "s",
            "prompt": f"Why {i}?",
            "a": "short",
            "b": "somewhat longer",
            "gold": "ab"[i % 2],
        }
        for i in range(count)
    ]
    return jsonl(path, lines)


@pytest.mark.slow
def test_bench_runs_models_and_principles_and_compares_them(
    command: Command, server: FakeVLLM, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ("bench", "pairs", "--data", pairs(tmp_path / "pairs.jsonl"), "--k", 4, "--db", "none", "--out", out)
    models = (
        "--model",
        "rft=fake-grm",
        "--model",
        "rl=fake-grm",
        "--principles",
        "generated",
        "--principles",
        "general",
    )
    done = command(*arguments, "--engine", server.url, *models)
    assert done.code == 0, done.words
    *reports, last = done.lines
    names = [f"{model}, {kind} principles" for model in ("rft", "rl") for kind in ("generated", "general")]
    assert list(last["comparison"]["headlines"]) == names
    assert [each["headline"] for each in reports] == list(last["comparison"]["headlines"].values())
    growth = last["comparison"]["growth"]
    assert [(row["judge"], row["k"], row["tokens"]) for row in growth] == [
        (name, k, 7 * k) for name in names for k in (1, 2, 4)
    ]
    same = {row["k"]: row["accuracy"] for row in growth if row["judge"] == names[0]}
    assert same == {row["k"]: row["accuracy"] for row in growth if row["judge"] == names[2]}, (
        "the same model and seeds"
    )
    runs = {path.parent.name: json.loads(path.open().readline())["run"] for path in out.glob("*/samples.jsonl")}
    assert [len(run["principles"]) for _, run in sorted(runs.items())] == [4, 0, 4, 0]
    html = (out / "comparison.html").read_text()
    assert html.count("data-figure=") == 2
    figure = json.loads(re.findall(r'<script type="application/json" id="accuracy-over-k">(.*?)</script>', html)[0])
    assert [trace["name"] for trace in figure["data"] if trace.get("name")] == [f"{name}, naive" for name in names]
    assert "## What k adds" in (out / "comparison.md").read_text()
    count = len(server.asked)
    assert command(*arguments, "--engine", server.url, *models).lines == done.lines
    assert len(server.asked) == count, "called again, there is nothing left to ask for"
    twice = command(*arguments, "--engine", server.url, "--model", "fake-grm", "--model", "fake-grm")
    assert (twice.code, "NAME=MODEL" in twice.words) == (2, True)


def test_a_grm_stands_beside_baselines_on_a_benchmarks_items(command: Command, tmp_path: Path) -> None:
    folder, verdicts = tmp_path / "grm", tmp_path / "judge.jsonl"
    with FakeVLLM() as server:
        judged = command(
            "bench", "pairs", "--data", pairs(tmp_path / "pairs.jsonl"), "--k", 2, "--db", "none", "--out", folder,
            "--engine", server.url, "--template", "ratings",
        )  # fmt: skip
        assert judged.code == 0, judged.words
    with Judging() as server:
        arguments = ("baseline", "llm-judge", "score", folder / "items.jsonl", "--k", 4, "--out", verdicts)
        assert command(*arguments, "--engine", server.url).code == 0
    page = tmp_path / "page.html"
    done = command("compare", folder / "samples.jsonl", f"LLM judge={verdicts}", "--out", page)
    assert done.code == 0, done.words
    (comparison,) = done.lines
    assert comparison["items"] == 8
    assert {(row["judge"], row["method"]) for row in comparison["growth"]} == {
        ("grm", "naive"),
        ("LLM judge", "llm-judge"),
    }
    judge = {row["k"]: row for row in comparison["growth"] if row["judge"] == "LLM judge"}
    assert judge[4]["tokens"] == 28
    lines = [json.loads(line) for line in verdicts.read_text().splitlines()]
    assert judge[4]["accuracy"] == sum(line["credit"] for line in lines) / 8
    assert [row["judge"] for row in comparison["gains"]] == ["grm", "LLM judge"]
    assert "<html" in page.read_text()[:200]
    alone = command("compare", verdicts)
    assert (alone.code, "--items" in alone.words) == (2, True)
    assert command("compare", verdicts, "--items", folder / "items.jsonl").lines[0]["items"] == 8


def test_files_that_cannot_stand_side_by_side_are_told(command: Command, tmp_path: Path) -> None:
    item = {"item": {"id": "a", "query": "q", "responses": ["x", "y"], "labels": [1, 0]}}
    row = {"item_id": "a", "index": 0, "scores": [9, 1]}
    one = jsonl(tmp_path / "one.jsonl", [{"run": {"model": "m"}}, item, row])
    two = jsonl(tmp_path / "two.jsonl", [{"run": {"model": "m"}}, item, row, {"run": {"model": "n"}}, item, row])
    for arguments, words in (
        ((one, one), "two files are called 'one'"),
        ((one, two), "holds 2 runs"),
        ((one, tmp_path / "none.jsonl"), "none.jsonl"),
        ((one, "--out", tmp_path / "page.pdf"), "a page is .md or .html"),
    ):
        done = command("compare", *arguments)
        assert (done.code, words in done.words) == (2, True), done.words
    assert command("compare", one, f"again={one}").code == 0


def test_what_could_not_be_had_is_missing_and_not_wrong(command: Command, tmp_path: Path) -> None:
    def item(name: str, **more: object) -> dict[str, object]:
        return {"item": {"id": name, "query": "q", "responses": ["x", "y"], "labels": [1, 0]} | more}

    right = [{"item_id": name, "index": 0, "scores": [9, 1]} for name in "ab"]
    failed = {"item_id": "b", "index": 0, "scores": None, "error": "lost the connection"}
    run = {"run": {"model": "m"}}
    one = jsonl(tmp_path / "one.jsonl", [run, item("a"), right[0], item("b"), failed])
    two = jsonl(tmp_path / "two.jsonl", [run, item("a"), right[0], item("b"), right[1]])
    done = command("compare", one, two)
    assert done.code == 0, done.words
    assert done.lines[0]["items"] == 1, "one has judged a only"
    assert {row["accuracy"] for row in done.lines[0]["growth"]} == {1.0}
    other = jsonl(tmp_path / "other.jsonl", [run, item("a", responses=["x", "z"]), right[0]])
    refused = command("compare", one, other)
    assert (refused.code, "other responses than in the file before" in refused.words) == (2, True)
