"""The replay engine gives back what was recorded, at the recorded pace, and invents nothing."""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grm_core import sampling
from grm_core.engines.base import Reply
from grm_core.engines.replay import ReplayEngine
from grm_core.errors import EngineError, UsageError
from grm_core.types import Completion, Message, Params, Request


def line(item_id: str, seed: int, text: str | None, **more: object) -> str:
    return json.dumps({"item_id": item_id, "index": 0, "seed": seed, "scores": None, "text": text} | more)


def ask(item_id: str, seed: int, n: int = 1) -> Request:
    key = sampling.request_key(item_id, (0, 1), seed)
    return Request(key, (Message("user", "?"),), Params(), seed, n)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "samples.jsonl"
    lines = [
        json.dumps({"run": {"model": "recorded-grm"}}),
        json.dumps({"item": {"id": "a"}}),
        line("a", 7, "first", seconds=0.4, completion_tokens=3, prompt_tokens=9, finish_reason="length"),
        line("a", 8, "second, which is longer", seconds=0.2),
        line("b|c", 7, "same seed, other item", reasoning="hm"),
        line("a", 9, None, error="the server was gone"),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


async def collect(engine: ReplayEngine, *requests: Request, on_text=None) -> dict[tuple[str, int], Reply]:  # type: ignore[no-untyped-def]
    return {(reply.key, reply.child): reply async for reply in engine.generate(requests, on_text)}


async def test_a_recorded_completion_comes_back_as_it_was(recording: Path) -> None:
    engine = ReplayEngine(recording, "at-once")
    (reply,) = (await collect(engine, ask("a", 7))).values()
    assert reply.result == Completion("first", "length", 9, 3, 0.4, "recorded-grm")
    assert engine.model == "recorded-grm"
    assert engine.state().phase == "ready"


async def test_children_are_found_by_their_own_seed(recording: Path) -> None:
    request = ask("a", 7, n=2)
    replies = await collect(ReplayEngine(recording, "at-once"), request)
    assert [replies[request.key, child].result.text for child in (0, 1)] == ["first", "second, which is longer"]  # type: ignore[union-attr]


async def test_recorded_reasoning_comes_back_apart_from_the_text(recording: Path) -> None:
    (reply,) = (await collect(ReplayEngine(recording, "at-once"), ask("b|c", 7))).values()
    assert isinstance(reply.result, Completion)
    assert (reply.result.text, reply.result.reasoning) == ("same seed, other item", "hm")


async def test_equal_seeds_of_two_items_are_told_apart(recording: Path) -> None:
    (reply,) = (await collect(ReplayEngine(recording, "at-once"), ask("b|c", 7))).values()
    assert isinstance(reply.result, Completion)
    assert reply.result.text == "same seed, other item"


@pytest.mark.parametrize(("item_id", "seed"), [("a", 1), ("b", 7), ("aa", 7)])
async def test_what_was_not_recorded_is_an_error_and_not_a_text(recording: Path, item_id: str, seed: int) -> None:
    (reply,) = (await collect(ReplayEngine(recording, "at-once"), ask(item_id, seed))).values()
    assert isinstance(reply.result, EngineError)
    assert not reply.result.retryable
    assert "this recording has no" in str(reply.result)
    assert reply.result.hint


async def test_a_recorded_failure_fails_again(recording: Path) -> None:
    (reply,) = (await collect(ReplayEngine(recording, "at-once"), ask("a", 9))).values()
    assert isinstance(reply.result, EngineError)
    assert str(reply.result) == "the server was gone"


async def test_the_recorded_pace_takes_the_recorded_time_and_streams_all_text(recording: Path) -> None:
    shown: dict[int, str] = {0: "", 1: ""}
    pieces = 0

    def on_text(key: str, child: int, piece: str) -> None:
        nonlocal pieces
        pieces += 1
        shown[child] += piece

    began = time.monotonic()
    request = ask("a", 7, n=2)
    order = [reply.child async for reply in ReplayEngine(recording).generate([request], on_text)]
    assert time.monotonic() - began >= 0.4
    assert order == [1, 0]
    assert shown == {0: "first", 1: "second, which is longer"}
    assert pieces > 4


async def test_closing_the_iterator_stops_the_clock(recording: Path) -> None:
    replies = ReplayEngine(recording).generate([ask("a", 7, n=2)])
    await anext(replies)
    await replies.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no sample"),
        ('{"run": {}}\n{"item_id": "a", "index": 0, "scores": [1]}', "no sample"),
        ('{"run": {}}\n{half', ":2: not a line"),
        ("[]", ":1: not a line"),
        ('{"seed": 1, "text": "x"}', ":1: not a line"),
    ],
)
def test_a_file_that_is_no_recording_names_its_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=words):
        ReplayEngine(path)


def test_a_missing_file_and_an_unknown_pace_are_usage_errors(recording: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        ReplayEngine(tmp_path / "none.jsonl")
    with pytest.raises(UsageError, match="at-once"):
        ReplayEngine(recording, "fast")


async def test_a_closed_engine_says_so(recording: Path) -> None:
    engine = ReplayEngine(recording, "at-once")
    await engine.close()
    (reply,) = (await collect(engine, replace(ask("a", 7)))).values()
    assert isinstance(reply.result, EngineError)
    assert engine.state().phase == "closed"
