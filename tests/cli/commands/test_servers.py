"""score and doctor on servers that are not vLLM."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.engines.dialects import VLLM, Dialect, LlamaCpp


def served(kind: type[Dialect]) -> Iterator[Dialect]:
    """A server in a thread of its own: commands run an event loop themselves."""
    loop = asyncio.new_event_loop()
    server = kind()
    loop.run_until_complete(server.__aenter__())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.fixture
def plain() -> Iterator[Dialect]:
    yield from served(Dialect)


@pytest.fixture
def llama() -> Iterator[Dialect]:
    yield from served(LlamaCpp)


@pytest.fixture
def vllm() -> Iterator[Dialect]:
    yield from served(VLLM)


@pytest.fixture
def item(tmp_path: Path) -> Path:
    path = tmp_path / "items.jsonl"
    responses = ["Canberra.", "Somewhere in the south east."]
    path.write_text(json.dumps({"id": "q1", "query": "What is the capital of Australia?", "responses": responses}))
    return path


def test_a_server_of_chat_completions_alone_judges_with_one_note(
    command: Command, plain: Dialect, item: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    done = command("score", item, "--k", 4, "--out", out, "--engine", f"{plain.url}/v1", "--model", "mine")
    assert done.code == 0
    samples = [json.loads(line) for line in out.read_text().splitlines()[2:]]
    assert [each["scores"] for each in samples] == [[8, 3]] * 4
    notes = [line for line in done.words.splitlines() if line.startswith(plain.url)]
    assert len(notes) == 1
    assert "one by one" in notes[0]


def test_a_refused_n_costs_no_sample(command: Command, llama: Dialect, item: Path, tmp_path: Path) -> None:
    done = command("score", item, "--k", 4, "--out", tmp_path / "out.jsonl", "--engine", llama.url)
    assert done.code == 0
    assert "4 samples" in done.words
    assert done.words.count("one by one") == 1


def test_doctor_says_what_a_server_can(command: Command, vllm: Dialect, llama: Dialect, tmp_path: Path) -> None:
    done = command("doctor", "--db", tmp_path / "none.db", "--engine", vllm.url)
    checks = {check["name"]: check for check in done.lines[0]["checks"]}
    assert checks["server"] == {
        "name": "server",
        "ok": True,
        "message": f"grm at {vllm.url} answers",
        "required": True,
    }
    assert checks["server, n > 1"]["message"] == "works"
    done = command("doctor", "--db", tmp_path / "none.db", "--engine", llama.url)
    checks = {check["name"]: check for check in done.lines[0]["checks"]}
    assert not checks["server, n > 1"]["ok"]
    assert not checks["server, n > 1"]["required"]
    assert done.words.count("one by one") == 1
    assert "server, return_token_ids" not in checks


def test_doctor_says_why_a_server_cannot_be_asked(command: Command, plain: Dialect, tmp_path: Path) -> None:
    done = command("doctor", "--db", tmp_path / "none.db", "--engine", plain.url)
    assert done.code == 1
    assert "FAILED: server: " in done.words
    assert "--model" in done.words
