"""score, bench and meta with one response at a time, and the GRM as its own meta RM."""

import json
import math
from pathlib import Path

import pytest

from grm_core import cards, contexts
from grm_core.formats.sessions import read_samples
from runs.workers import Fleet
from storage.store import Store
from tests.benchmarks.make import as_json
from tests.cli.conftest import Command
from tests.cli.fake_vllm import FakeVLLM

SINGLE = ("--context", "single", "--meta", "none")


def lines(path: Path) -> list[str]:
    """The file's lines without what depends on clocks and names."""
    records = []
    for line in path.read_text().splitlines():
        value = json.loads(line)
        for name in ("run", "session"):
            value.pop(name, None)
        records.append(json.dumps(value | {"seconds": 0}))
    return records


def test_each_response_is_judged_in_a_prompt_of_its_own(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    done = command("score", items, "--k", 4, "--out", out, "--engine", server.url, *SINGLE)
    assert done.code == 0
    (block,) = read_samples(out)
    assert block.run is not None
    assert (block.run.context, block.run.order) == ("single", "own")
    for item in block.items:
        assert all(sample.order == tuple(range(item.n or 0)) for sample in item.samples)
        for sample in item.samples:
            assert sample.completion is not None
            assert contexts.read(sample.completion.text, item.n or 0) == sample.parsed
    begun = [body for body in server.bodies if body.get("continue_final_message")]
    assert len(begun) == 4 * (2 + 3 + 1 + 2)
    assert all(body["messages"][-1]["role"] == "assistant" for body in begun)
    assert not any(body["add_generation_prompt"] for body in begun)
    assert [body["n"] for body in server.bodies if body.get("stop")] == [4] * 4
    assert all(body["seed"] >= 0 and body["n"] == 1 for body in begun)


def test_a_stopped_run_ends_with_the_same_bytes(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    uninterrupted, out = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    command("score", items, "--k", 6, "--out", uninterrupted, "--engine", server.url, *SINGLE)
    kept = [line for i, line in enumerate(uninterrupted.read_text().splitlines()) if i not in (3, 5, 6, 20)]
    out.write_text("\n".join(kept) + "\n")
    count = len(server.bodies)
    done = command("score", items, "--k", 6, "--out", out, "--engine", server.url, "--resume", *SINGLE)
    assert done.code == 0
    assert lines(out) == lines(uninterrupted)
    assert len(server.bodies) - count < 14


@pytest.mark.parametrize(("before", "after"), [("single", "joint"), ("joint", "single")])
def test_resume_refuses_another_context(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path, before: str, after: str
) -> None:
    out = tmp_path / "out.jsonl"
    arguments = ("score", items, "--k", 2, "--out", out, "--engine", server.url, "--meta", "none")
    command(*arguments, "--context", before)
    done = command(*arguments, "--context", after, "--resume")
    assert done.code == 2
    assert f"made with context '{before}', not '{after}'" in done.words


def test_an_order_is_refused_where_nothing_is_shuffled(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    out = tmp_path / "x.jsonl"
    done = command("score", items, "--out", out, "--engine", server.url, *SINGLE, "--order", "balanced")
    assert done.code == 2
    assert "each response is judged alone, in no order" in done.words
    assert not out.exists()


def test_a_server_that_cannot_begin_a_reply_is_told_in_words_how_to(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    server.begins = False
    out = tmp_path / "x.jsonl"
    done = command("score", items, "--k", 2, "--out", out, "--engine", server.url, *SINGLE)
    assert done.code == 0
    (block,) = read_samples(out)
    samples = [sample for item in block.items for sample in item.samples]
    assert [sample.error for sample in samples] == [None] * 8
    assert all(sample.parsed.principles for sample in samples)


def test_given_principles_and_a_reference_work_together_one_at_a_time(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    principles, out = tmp_path / "principles.txt", tmp_path / "x.jsonl"
    principles.write_text("Is it true?\nIs it short?\n")
    done = command("score", items, "--k", 2, "--out", out, "--engine", server.url, *SINGLE, "--principles", principles)
    assert done.code == 0
    assert all(body.get("continue_final_message") for body in server.bodies)
    (block,) = read_samples(out)
    stated = {p.text for item in block.items for sample in item.samples for p in sample.parsed.principles}
    assert stated == {"Is it true?", "Is it short?"}


def test_the_models_card_says_how_it_is_asked(tmp_path: Path) -> None:
    (tmp_path / cards.CARD).write_text('{"style": "compact", "context": "single", "opens": true, "meta": "self"}')
    assert cards.read(tmp_path) == cards.Card("compact", "single", True, "self")
    (tmp_path / cards.CARD).write_text('{"style": "compact"}')
    assert cards.read(tmp_path) == cards.Card("compact")
    for nonsense in ("[1]", "{", '{"context": "both", "opens": "yes"}'):
        (tmp_path / cards.CARD).write_text(nonsense)
        assert cards.read(tmp_path) == cards.Card()


def test_a_recording_is_replayed_in_its_own_context(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    out, again = tmp_path / "out.jsonl", tmp_path / "again.jsonl"
    command("score", items, "--k", 3, "--out", out, "--engine", server.url, *SINGLE)
    count = len(server.bodies)
    done = command("score", items, "--k", 3, "--out", again, "--engine", f"replay:{out}", "--meta", "none")
    assert done.code == 0
    assert len(server.bodies) == count
    (first,), (second,) = read_samples(out), read_samples(again)
    assert second.run is not None
    assert second.run.context == "single"
    texts = [[(s.parsed, s.completion) for s in item.samples] for item in first.items]
    assert [[(s.parsed, s.completion) for s in item.samples] for item in second.items] == texts


def test_import_and_export_know_the_context(command: Command, server: FakeVLLM, items: Path, tmp_path: Path) -> None:
    out, db, back = tmp_path / "out.jsonl", tmp_path / "x.db", tmp_path / "back.jsonl"
    command("score", items, "--k", 2, "--out", out, "--engine", server.url, "--db", db, *SINGLE)
    assert command("export", "--db", db, "--out", back).code == 0
    assert back.read_bytes() == out.read_bytes()
    store = Store(db)
    assert {run.context for run, _ in store.runs()} == {"single"}
    store.close()
    broken = tmp_path / "broken.jsonl"
    broken.write_text(out.read_text().replace('"context":"single"', '"context":"both"'))
    done = command("import", broken, "--db", db)
    assert (done.code, '"context" must be one of joint, single' in done.words) == (2, True)


@pytest.mark.parametrize("context", ["joint", "single"])
def test_the_grm_reads_its_own_judgments(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path, context: str
) -> None:
    out = tmp_path / "out.jsonl"
    arguments = ("score", items, "--k", 3, "--out", out, "--engine", server.url, "--context", context)
    assert command(*arguments, "--meta", "self").code == 0
    (block,) = read_samples(out)
    assert block.run is not None
    assert block.run.versions["meta RM"] == "self"
    for item in block.items:
        for sample in item.samples:
            assert sample.completion is not None
            if sample.scores is None:
                assert sample.meta_logit is None
                continue
            text = sample.completion.text
            principles, parts = contexts.parts(text, item.n or 0)
            judgments = [text] if context == "joint" else [contexts.judgment(principles, part) for part in parts]
            assert sample.meta_logit == pytest.approx(sum(map(len, judgments)) / len(judgments) / 100)
    probes = [body for body in server.bodies if body.get("logprobs")]
    assert all(body["max_tokens"] == 1 and body["top_logprobs"] == 20 for body in probes)
    assert all(body["messages"][-1]["content"] == contexts.QUESTION for body in probes[1:])


def test_stored_samples_are_read_by_the_grm_that_wrote_them(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    out, read, live = tmp_path / "out.jsonl", tmp_path / "read.jsonl", tmp_path / "live.jsonl"
    arguments = ("score", items, "--k", 3, "--engine", server.url, "--context", "single")
    command(*arguments, "--out", out, "--meta", "none")
    command(*arguments, "--out", live, "--meta", "self")
    assert command("meta", out, "--meta", "self", "--engine", server.url, "--out", read).code == 0
    logits = [[s.meta_logit for item in next(read_samples(path)).items for s in item.samples] for path in (read, live)]
    assert logits[0] == logits[1]
    assert any(logit is not None and math.isfinite(logit) for logit in logits[0])
    with FakeVLLM("another") as other:
        done = command("meta", out, "--meta", "self", "--engine", other.url, "--out", tmp_path / "no.jsonl")
    assert (done.code, "fake-grm wrote these samples, another runs here" in done.words) == (2, True)


def test_a_server_without_token_probabilities_is_told_before_anything_is_judged(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    server.tells = False
    done = command("score", items, "--k", 2, "--out", tmp_path / "x.jsonl", "--engine", server.url, "--meta", "self")
    assert done.code != 0
    assert done.words.count("tells no token probabilities, which --meta self needs") == 1
    assert server.asked == []


def test_a_recording_cannot_be_asked_itself(command: Command, items: Path, tmp_path: Path) -> None:
    recording = Path("assets/demo/recorded.jsonl")
    arguments = ("score", items, "--k", 1, "--out", tmp_path / "x.jsonl", "--engine", f"replay:{recording}")
    done = command(*arguments, "--meta", "self")
    assert (done.code, "not a recording" in done.words) == (2, True)


@pytest.mark.slow
def test_judged_alone_one_vote_counts_for_both_orders_of_a_benchmark(
    command: Command, server: FakeVLLM, tmp_path: Path
) -> None:
    records = [{"input": f"Say {i}", "output_1": f"{i}", "output_2": f"not {i}", "label": 1 + i % 2} for i in range(6)]
    data = tmp_path / "LLMBar"
    as_json(data / "Natural" / "dataset.json", records)
    arguments = ("bench", "llmbar", "--data", data, "--k", 3, "--engine", server.url, "--out", tmp_path / "out")
    done = command(*arguments, "--db", "none", *SINGLE)
    assert done.code == 0, done.words
    (report,) = done.lines
    assert report["counts"]["not_scored"] == 0
    agreement = [line["value"] for line in report["table"] if line["metric"] == "positional agreement"]
    assert agreement
    assert all(0 <= value <= 1 for value in agreement)
    again = command("report", "llmbar", "--data", data, "--samples", tmp_path / "out" / "samples.jsonl")
    assert again.lines[0]["headline"] == report["headline"]
    refused = command(*arguments, "--db", "none", "--context", "joint", "--meta", "none")
    assert (refused.code, "even --k" in refused.words) == (2, True)


def test_workers_with_engines_of_their_own_judge_together_only(
    command: Command, items: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def placed(*_: object) -> tuple[Fleet, None]:
        return Fleet("managed", "m", folder=tmp_path, workers=2), None

    monkeypatch.setattr("runs.fleet.fleet_of", placed)
    done = command("score", items, "--out", tmp_path / "x.jsonl", "--workers", 2, "--engine", "managed", *SINGLE)
    assert (done.code, "needs running servers" in done.words) == (2, True)
