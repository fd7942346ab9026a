"""`bench`: a benchmark from its official files to its headline, on a server that answers over HTTP."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from storage.store import Store
from tests.benchmarks.make import as_json, jsonl
from tests.cli.conftest import Command, drawn
from tests.cli.fake_vllm import FakeVLLM


@pytest.fixture
def llmbar(tmp_path: Path) -> Path:
    records = [
        {"input": f"Say {i}", "output_1": f"{i}", "output_2": f"not {i}", "label": 1 + i % 2} for i in range(12)
    ]
    as_json(tmp_path / "LLMBar" / "Natural" / "dataset.json", records)
    return tmp_path / "LLMBar"


@pytest.mark.slow
def test_a_benchmark_is_judged_reported_and_brought_into_the_database(
    command: Command, server: FakeVLLM, llmbar: Path, tmp_path: Path
) -> None:
    out, db = tmp_path / "out", tmp_path / "grm.db"
    options = ("--k", 8, "--engine", server.url, "--out", out, "--db", db, "--tie", "half")
    done = command("bench", "llmbar", "--data", llmbar, *options)
    assert done.code == 0, done.words
    (report,) = done.lines
    assert report == json.loads((out / "report.json").read_text())
    assert report["counts"]["items"] == 12
    again = command("report", "llmbar", "--data", llmbar, "--samples", out / "samples.jsonl", "--tie", "half")
    assert (again.lines[0]["headline"], again.lines[0]["table"]) == (report["headline"], report["table"])
    assert "kappa" in (out / "report.md").read_text()
    assert "<html" in (out / "report.html").read_text()[:200]
    orders = [order for _, _, order, _, _ in drawn(out / "samples.jsonl")]
    assert orders.count((0, 1)) == orders.count((1, 0)) == 48, "this benchmark counts both orders"
    store = Store(db, read_only=True)
    sessions = store.sessions()
    assert {(row.session.tags, row.session.example.source) for row in sessions} == {(("llmbar",), "llmbar")}
    store.close()
    count = len(server.asked)
    assert command("bench", "llmbar", "--data", llmbar, *options).lines == [report]
    assert len(server.asked) == count, "called again, there is nothing left to ask for"


@pytest.mark.slow
def test_a_killed_benchmark_goes_on_and_ends_with_the_same_bytes(
    command: Command, llmbar: Path, tmp_path: Path
) -> None:
    uninterrupted, out = tmp_path / "whole", tmp_path / "out"
    arguments = ["bench", "llmbar", "--data", llmbar, "--k", "16", "--db", "none"]
    with FakeVLLM() as server:
        expected = command(*arguments, "--out", uninterrupted, "--engine", server.url).lines
    samples = out / "samples.jsonl"
    for lines in (30, 90):
        with FakeVLLM(delay=0.15) as server:
            child = subprocess.Popen(
                [sys.executable, "app.py", *map(str, arguments), "--out", out, "--engine", server.url],
                stderr=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
            while not samples.exists() or samples.read_bytes().count(b"\n") < lines:
                assert child.poll() is None
                time.sleep(0.01)
            child.kill()
            child.wait()
    kept = len(drawn(samples))
    assert kept < 12 * 16
    with FakeVLLM() as server:
        assert command(*arguments, "--out", out, "--engine", server.url).lines == expected
        assert len(server.asked) == 12 * 16 - kept
    assert drawn(samples) == drawn(uninterrupted / "samples.jsonl")
    assert (out / "report.json").read_bytes() == (uninterrupted / "report.json").read_bytes()


@pytest.mark.slow
def test_a_replayed_benchmark_that_was_cut_short_ends_with_the_same_bytes(
    command: Command, server: FakeVLLM, llmbar: Path, tmp_path: Path
) -> None:
    arguments = ["bench", "llmbar", "--data", llmbar, "--k", "16", "--db", "none"]
    command(*arguments, "--out", tmp_path / "recorded", "--engine", server.url)
    recorded = tmp_path / "recorded" / "samples.jsonl"
    replay, out = ["--engine", f"replay:{recorded}", "--template", "pointwise"], tmp_path / "out"
    command(*arguments, "--out", out, *replay)
    uninterrupted = (out / "samples.jsonl").read_bytes()
    lines = [
        [line for line in data.splitlines() if b'"item_id"' in line] for data in (uninterrupted, recorded.read_bytes())
    ]
    assert lines[0] == lines[1], "a replayed sample is the recorded one, byte by byte"
    for kept in (9, 50, 151):
        cut = uninterrupted.splitlines(keepends=True)
        (out / "samples.jsonl").write_bytes(b"".join(cut[:kept]) + cut[kept][:40])
        assert command(*arguments, "--out", out, *replay).code == 0
        assert (out / "samples.jsonl").read_bytes() == uninterrupted


def test_some_items_are_drawn_by_the_seed(command: Command, server: FakeVLLM, tmp_path: Path) -> None:
    lines = [{"id": f"p{i}", "source": "s", "prompt": "Q", "a": "x", "b": "y", "gold": "a"} for i in range(40)]
    data = jsonl(tmp_path / "pairs.jsonl", lines)

    def ids_of(seed: int, name: str) -> list[str]:
        options: tuple[Any, ...] = ("--items", 5, "--k", 1, "--seed", seed, "--db", "none", "--out", tmp_path / name)
        assert command("bench", "pairs", "--data", data, "--engine", server.url, *options).code == 0
        return list(dict.fromkeys(item for item, *_ in drawn(tmp_path / name / "samples.jsonl")))

    first, same, other = ids_of(0, "a"), ids_of(0, "b"), ids_of(1, "c")
    assert first == same != other
    assert len(first) == 5
    assert first == sorted(first, key=lambda name: int(name[1:])), "in the data's order"


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("llmbar", ("--k", "3"), "even --k"),
        ("llmbar", ("--order", "random"), "both orders"),
        ("realmistake", (), "plain text"),
        ("nonsense", (), "there is no benchmark"),
    ],
)
def test_what_cannot_give_the_headline_is_refused_before_anything_is_asked(
    command: Command, server: FakeVLLM, llmbar: Path, tmp_path: Path, name: str, options: tuple[str, ...], words: str
) -> None:
    out = tmp_path / "out"
    done = command("bench", name, "--data", llmbar, "--engine", server.url, "--out", out, *options)
    assert (done.code, words in done.words, out.exists(), server.asked) == (2, True, False, [])


@pytest.mark.slow
def test_a_record_that_cannot_be_judged_is_told_and_spoils_nothing(
    command: Command, server: FakeVLLM, tmp_path: Path
) -> None:
    records = [{"input": "Say it" if i else "  ", "output_1": "a", "output_2": "b", "label": 1} for i in range(3)]
    as_json(tmp_path / "LLMBar" / "Natural" / "dataset.json", records)
    out, db = tmp_path / "out", tmp_path / "grm.db"
    arguments = (
        "bench",
        "llmbar",
        "--data",
        tmp_path / "LLMBar",
        "--k",
        2,
        "--engine",
        server.url,
        "--out",
        out,
        "--db",
        db,
    )
    for _ in range(2):  # the second time it goes on with what is there
        done = command(*arguments)
        assert (done.code, "the query is empty" in done.words) == (1, True), done.words
        assert done.lines[0]["counts"]["items"] == 3
        assert done.lines[0]["headline"] is not None
    assert len((out / "items.jsonl").read_text().splitlines()) == 2


def test_models_on_single_responses_have_headlines_and_no_comparison(
    command: Command, server: FakeVLLM, tmp_path: Path
) -> None:
    records = [
        {"question_id": f"q{i}", "prompt": f"Why {i}?", **{f"response_{j}": f"so {j}" for j in range(1, 33)},
         "scores": [True, False] * 16}
        for i in range(2)
    ]  # fmt: skip
    data = jsonl(tmp_path / "gpqa_best_of_k.jsonl", records)
    arguments = ("bench", "ppe-best-of-k", "--data", data, "--k", 1, "--engine", server.url, "--db", "none")
    done = command(
        *arguments, "--out", tmp_path / "out", "--model", "a=fake-grm", "--model", "b=fake-grm", "--items", 8
    )
    assert done.code == 0, done.words
    assert set(done.lines[-1]["comparison"]["headlines"]) == {"a", "b"}
    assert "no curves" in done.words
