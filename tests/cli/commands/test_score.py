"""Scoring files on a server: nothing is lost, nothing is asked twice, every failure is named."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grm_core.formats.sessions import read_samples
from storage.store import Store
from tests.cli.conftest import Command
from tests.cli.fake_vllm import FakeVLLM


def shape(path: Path) -> list[object]:
    """Everything of a file that does not depend on clocks."""
    (block,) = read_samples(path)
    return [
        (
            item.example,
            [(s.index, s.order, s.seed, s.parsed, s.completion and s.completion.text) for s in item.samples],
        )
        for item in block.items
    ]


def test_every_item_gets_k_samples_in_order(command: Command, server: FakeVLLM, items: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    done = command("score", items, "--k", 8, "--out", out, "--engine", server.url, "--meta", "none", "--seed", 3)
    assert (done.code, done.lines) == (0, [])
    (block,) = read_samples(out)
    assert block.run is not None
    assert (block.run.model, block.run.k, block.run.seed, block.run.engine) == ("fake-grm", 8, 3, "server")
    assert block.run.template == "pointwise+pointwise-reference+single"
    assert [item.item_id for item in block.items] == ["pair", "three", "one", "told"]
    for item in block.items:
        assert [sample.index for sample in item.samples] == list(range(8))
        assert item.session is not None
        assert all(sample.completion and sample.parsed.principles for sample in item.samples)
    assert out.read_text().isascii()
    assert list(tmp_path.glob("*.part")) == []


def test_a_scored_file_survives_import_and_export_byte_by_byte(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    out, db, back = tmp_path / "out.jsonl", tmp_path / "x.db", tmp_path / "back.jsonl"
    assert command("score", items, "--k", 4, "--out", out, "--engine", server.url, "--db", db).code == 0
    assert command("export", "--db", db, "--out", back).code == 0
    assert back.read_bytes() == out.read_bytes()
    again = command("import", out, "--db", db)
    assert [line["state"] for line in again.lines] == ["unchanged"] * 4
    votes = command("vote", out).lines
    assert [line["item_id"] for line in votes] == ["pair", "three", "one", "told"]
    assert command("vote", back).lines == votes


def test_an_existing_file_is_never_overwritten(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("precious")
    for extra in ((), ("--resume",)):
        done = command("score", items, "--k", 2, "--out", out, "--engine", server.url, *extra)
        assert done.code == 2
        assert out.read_text() == "precious"
    assert server.asked == []


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_stopped(command: Command, items: Path, tmp_path: Path) -> None:
    uninterrupted, out = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    with FakeVLLM() as server:
        command("score", items, "--k", 16, "--out", uninterrupted, "--engine", server.url)
    with FakeVLLM(delay=0.15) as server:
        child = subprocess.Popen(
            [sys.executable, "app.py", "score", items, "--k", "16", "--out", out, "--engine", server.url],
            stderr=subprocess.DEVNULL,
        )
        while not out.exists() or out.read_bytes().count(b"\n") < 12:
            assert child.poll() is None
            time.sleep(0.01)
        child.kill()
        child.wait()
    with out.open("ab") as file:
        file.write(b'{"item_id":"pair","index":15,"sco')
    kept = sum(line.startswith(b'{"item_id"') for line in out.read_bytes().splitlines()) - 1
    assert 0 < kept < 64
    with FakeVLLM() as server:
        assert command("score", items, "--k", 16, "--out", out, "--engine", server.url, "--resume").code == 0
        assert len(server.asked) == 64 - kept
    assert shape(out) == shape(uninterrupted)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_a_whole_file(command: Command, items: Path, tmp_path: Path, number: int) -> None:
    out = tmp_path / "out.jsonl"
    with FakeVLLM(delay=0.2) as server:
        child = subprocess.Popen(
            [sys.executable, "app.py", "score", items, "--k", "64", "--out", out, "--engine", server.url],
            stderr=subprocess.PIPE,
            text=True,
            # A test run in the background inherits an ignored Ctrl-C, which the child would go on ignoring.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        while not out.exists() or out.read_bytes().count(b"\n") < 8:
            assert child.poll() is None
            time.sleep(0.01)
        os.kill(child.pid, number)
        _, words = child.communicate(timeout=20)
    assert child.returncode == 130
    assert "--resume" in words
    assert "Traceback" not in words
    assert out.read_bytes().endswith(b"\n")
    assert command("vote", out).code == 0


def test_failed_samples_are_asked_for_again(command: Command, server: FakeVLLM, items: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    arguments = ("score", items, "--k", 8, "--out", out, "--engine", server.url, "--resume")
    server.refused_above = 20
    done = command(*arguments)
    assert done.code == 1
    assert "refused on purpose" in done.words
    (block,) = read_samples(out)
    failed = [s for item in block.items for s in item.samples if s.error is not None]
    assert len(failed) == 32 - len(server.asked)
    server.refused_above = None
    assert command(*arguments).code == 0
    assert len(server.asked) == len(set(server.asked)) == 32
    (block,) = read_samples(out)
    assert all(s.error is None for item in block.items for s in item.samples)
    assert command(*arguments).code == 0
    assert len(server.asked) == 32


def test_more_samples_can_be_asked_for_later(command: Command, server: FakeVLLM, items: Path, tmp_path: Path) -> None:
    out, uninterrupted = tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    command("score", items, "--k", 6, "--out", uninterrupted, "--engine", server.url)
    command("score", items, "--k", 2, "--out", out, "--engine", server.url)
    assert command("score", items, "--k", 6, "--out", out, "--engine", server.url, "--resume").code == 0
    assert shape(out) == shape(uninterrupted)


def test_a_run_that_is_whole_needs_no_engine(command: Command, items: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with FakeVLLM() as server:
        command("score", items, "--k", 4, "--out", out, "--engine", server.url)
    before = out.read_bytes()
    done = command("score", items, "--k", 4, "--out", out, "--engine", server.url, "--resume")
    assert (done.code, "has all samples already" in done.words) == (0, True)
    assert out.read_bytes() == before
    more = command("score", items, "--k", 5, "--out", out, "--engine", server.url, "--resume")
    assert more.code == 2, "more samples need the engine, which is gone"


@pytest.mark.parametrize(
    "other", [("--seed", "1"), ("--temperature", "0.9"), ("--order", "balanced"), ("--max-tokens", "9"), ("model",)]
)
def test_a_run_with_other_settings_is_not_mixed_in(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path, other: tuple[str, ...]
) -> None:
    out = tmp_path / "out.jsonl"
    command("score", items, "--k", 2, "--out", out, "--engine", server.url)
    before = out.read_bytes()
    if other == ("model",):
        server.model, other = "another", ()
    done = command("score", items, "--k", 4, "--out", out, "--engine", server.url, "--resume", *other)
    assert done.code == 2
    assert "use the same settings or another --out" in done.words
    assert out.read_bytes() == before


def test_a_changed_item_is_not_mixed_in(command: Command, server: FakeVLLM, items: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    command("score", items, "--k", 2, "--out", out, "--engine", server.url)
    items.write_text(items.read_text().replace("2+2", "2+3"))
    done = command("score", items, "--k", 4, "--out", out, "--engine", server.url, "--resume")
    assert (done.code, "item 'three' differs" in done.words) == (2, True)


def test_a_prompt_that_is_too_long_fails_alone_and_before_any_request(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    with items.open("a") as file:
        file.write(json.dumps({"id": "long", "query": "q " * 5000, "responses": ["a", "b"]}) + "\n")
    out = tmp_path / "out.jsonl"
    done = command("score", items, "--k", 2, "--out", out, "--engine", server.url)
    assert done.code == 1
    assert "item 'long': the prompt is 5," in done.words
    assert len(server.asked) == 8
    assert (
        command("vote", out).lines[-1] | {"item_id": "long", "k": 0, "winner": None} == command("vote", out).lines[-1]
    )


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (("--k", "0"), "from 1 to 1024"),
        (("--k", "1025"), "from 1 to 1024"),
        (("--k", "32; DROP"), "from 1 to 1024"),
        (("--temperature", "nan"), "not a number"),
        (("--order", "sorted"), "invalid choice"),
        (("--meta", "some-model"), "there is no such folder"),
        (("--template", "nope"), "there is no template"),
        (("--engine", "telepathy"), "telepathy"),
        (("--engine", "http://127.0.0.1:9/v1"), "127.0.0.1:9"),
        (("--out", "/no/such/folder/x.jsonl"), "there is no folder"),
    ],
)
def test_bad_arguments_are_one_line_and_write_nothing(
    command: Command, items: Path, tmp_path: Path, extra: tuple[str, ...], message: str
) -> None:
    out = tmp_path / "out.jsonl"
    done = command("score", items, "--out", out, "--engine", "http://127.0.0.1:9", "--meta", "none", *extra)
    assert done.code == 2
    assert message in done.words
    assert done.words.count("\n") == 1
    assert not out.exists()


def test_a_broken_file_of_items_is_named(command: Command, items: Path, tmp_path: Path) -> None:
    with items.open("a") as file:
        file.write('{"id": "x", "query": "", "responses": ["a"]}\n')
    done = command("score", items, "--out", tmp_path / "out.jsonl", "--meta", "none")
    assert (done.code, done.lines) == (2, [])
    assert f"{items}, line 5: " in done.words


def test_given_principles_reach_the_run(command: Command, server: FakeVLLM, tmp_path: Path) -> None:
    items, rules, out = tmp_path / "i.jsonl", tmp_path / "p.txt", tmp_path / "out.jsonl"
    items.write_text('{"id": "a", "query": "q", "responses": ["x", "y"]}\n')
    rules.write_text("Be right.\n\n Be kind. \n")
    assert command("score", items, "--k", 2, "--out", out, "--engine", server.url, "--principles", rules).code == 0
    (block,) = read_samples(out)
    assert block.run is not None
    assert block.run.principles == ("Be right.", "Be kind.")
    assert block.run.template == "pointwise-given-principles"


@pytest.mark.parametrize(
    ("item", "extra", "words"),
    [
        ({}, ("--principles", "general"), "item 'a': template pointwise does not show principles"),
        ({"reference": "x"}, (), "item 'a': template pointwise does not show reference"),
        ({"reference": "x"}, ("--principles", "general", "--template", "single"), "does not show"),
    ],
)
def test_a_named_template_that_would_hide_what_is_given_is_refused(
    command: Command, tmp_path: Path, item: dict[str, str], extra: tuple[str, ...], words: str
) -> None:
    items, out = tmp_path / "i.jsonl", tmp_path / "out.jsonl"
    items.write_text(json.dumps({"id": "a", "query": "q", "responses": ["x", "y"]} | item) + "\n")
    ask = ("--engine", "http://127.0.0.1:9", "--meta", "none", "--template", "pointwise", *extra)
    done = command("score", items, "--out", out, *ask)
    assert (done.code, words in done.words, out.exists()) == (2, True, False), done.words


def test_a_database_in_use_is_told_and_loses_nothing(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path
) -> None:
    out, db = tmp_path / "out.jsonl", tmp_path / "x.db"
    store = Store(db)
    done = command("score", items, "--k", 2, "--out", out, "--engine", server.url, "--db", db)
    assert done.code == 1
    assert f"{db} is in use by process {os.getpid()} (the running app?)" in done.words
    assert command("import", out, "--db", db).code == 2
    store.close()
    assert len(command("import", out, "--db", db).lines) == 4


def test_logits_of_two_meta_rms_are_not_mixed(command: Command, server: FakeVLLM, items: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    arguments = ("score", items, "--out", out, "--engine", server.url)
    assert command(*arguments, "--k", 2, "--meta", server.url).code == 0
    refused = command(*arguments, "--k", 4, "--meta", "none", "--resume")
    assert (refused.code, f"was made with meta RM {server.url}, not none" in refused.words) == (2, True), refused.words
    assert command(*arguments, "--k", 4, "--meta", server.url, "--resume").code == 0
    (block,) = read_samples(out)
    assert block.run is not None
    assert block.run.versions["meta RM"] == server.url
