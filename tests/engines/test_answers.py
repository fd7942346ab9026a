"""Answers in every form that servers give them, whole and streamed: words are kept, empty keys say nothing."""

import json
from typing import Any

import pytest

from grm_core.engines import _answer
from grm_core.engines.base import Reply
from grm_core.engines.server import ServerEngine
from grm_core.errors import EngineError
from grm_core.reading.parsing import parse
from grm_core.types import Completion
from tests.engines.asking import ask, collect, shown_text, texts
from tests.engines.wire import WireServer, hang, reply, stream

pytestmark = pytest.mark.usefixtures("short_pauses")
JUDGMENT = (
    "Principles:\n1. Accuracy (weight: 100%)\nCritique:\nResponse 1: right.\nResponse 2: vague.\nScores: \\boxed{8, 3}"
)
PIECES = (JUDGMENT[:39], JUDGMENT[39:88], JUDGMENT[88:])


def complete(message: object, finish: object = "stop", **more: object) -> dict[str, Any]:
    usage = {"prompt_tokens": 50, "completion_tokens": 40}
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage} | more


async def answered(server: WireServer, answer: object, retries: int = 0, **params: object) -> Completion | EngineError:
    server.plan = [reply(answer)] * (1 + retries)
    (only,) = await collect(ServerEngine(server.url, retries=retries), ask(**params))
    return only.result


async def streamed(server: WireServer, *pieces: bytes, n: int = 1) -> list[Reply]:
    server.plan = [stream(*pieces)]
    shown: list[tuple[int, str]] = []
    replies = await collect(ServerEngine(server.url, retries=0), ask(n=n), shown=shown)
    for each in replies:
        assert not isinstance(each.result, Completion) or shown_text(shown, each.child) == each.result.text
    return replies


def data(**event: object) -> bytes:
    return f"data: {json.dumps(event)}\n\n".encode()


def piece(text: object, **more: object) -> bytes:
    return data(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": None} | more])


# --- text, thinking, refusals ----------------------------------------------------------------------------------------

THOUGHT = [{"type": "text", "text": "hm"}]


@pytest.mark.parametrize(
    "message",
    [
        {"content": [{"type": "thinking", "thinking": THOUGHT}, {"type": "text", "text": JUDGMENT}]},
        {"content": [{"type": "reasoning", "text": "hm"}, {"type": "output_text", "text": JUDGMENT}]},
        {"content": [{"type": "reasoning", "summary": THOUGHT}, {"type": "text", "text": {"value": JUDGMENT}}]},
        {"content": [{"text": "hm", "thought": True}, JUDGMENT]},
        {"content": [{"type": "text", "text": piece} for piece in PIECES], "reasoning_content": "hm"},
        {"content": JUDGMENT, "reasoning": "hm"},
        {"content": JUDGMENT, "reasoning": "hm", "reasoning_content": "hm", "reasoning_details": THOUGHT},
        {"content": JUDGMENT, "reasoning": {"content": "hm"}},
        {"content": JUDGMENT, "reasoning": "", "reasoning_content": None, "thinking": "hm"},
        {
            "content": {"type": "text", "text": JUDGMENT},
            "reasoning_details": [{"type": "reasoning.text", "text": "hm"}],
        },
    ],
)
async def test_text_is_read_and_thinking_kept_apart(server: WireServer, message: dict[str, Any]) -> None:
    done = await answered(server, complete({"role": "assistant"} | message))
    assert isinstance(done, Completion)
    assert (done.text, done.reasoning) == (JUDGMENT, "hm")
    assert parse(done.text, 2).shown_scores == (8, 3)
    (only,) = await streamed(server, data(choices=[{"delta": message, "finish_reason": "stop"}]))
    assert isinstance(only.result, Completion)
    assert (only.result.text, only.result.reasoning) == (JUDGMENT, "hm")


@pytest.mark.parametrize("finish", ["stop", "length"])
@pytest.mark.parametrize("key", ["reasoning", "reasoning_content", "thinking"])
@pytest.mark.parametrize("content", [None, "", []])
async def test_thinking_without_an_answer_is_kept(server: WireServer, content: object, key: str, finish: str) -> None:
    done = await answered(server, complete({"role": "assistant", "content": content, key: "Long thoughts"}, finish))
    assert isinstance(done, Completion)
    assert (done.text, done.reasoning, done.finish_reason) == ("", "Long thoughts", finish)


async def test_no_thinking_is_none(server: WireServer) -> None:
    done = await answered(server, complete({"content": "x", "reasoning": "", "reasoning_content": None}))
    assert isinstance(done, Completion)
    assert done.reasoning is None


@pytest.mark.parametrize(
    ("message", "finish", "words"),
    [
        ({"content": None, "refusal": "I will not judge this."}, "stop", "I will not judge this."),
        (
            {"content": [{"type": "refusal", "refusal": "I will not."}]},
            "stop",
            "the model refuses to answer: I will not.",
        ),
        ({"content": "", "refusal": "No."}, None, "the model refuses to answer: No."),
        ({"content": None}, "content_filter", "the server's filter withheld the answer (content_filter)"),
        ({"content": ""}, "SAFETY", "the server's filter withheld the answer (SAFETY)"),
        ({"content": None, "tool_calls": [{"id": "x"}]}, "tool_calls", "called a tool instead of answering"),
        ({"content": None, "function_call": {"name": "f"}}, "function_call", "called a tool instead of answering"),
    ],
)
async def test_what_is_withheld_is_an_error_that_says_so(
    server: WireServer, message: dict[str, Any], finish: str | None, words: str
) -> None:
    done = await answered(server, complete(message, finish))
    assert isinstance(done, EngineError)
    assert words in str(done)
    assert not done.retryable
    (only,) = await streamed(server, data(choices=[{"delta": message, "finish_reason": finish}]), b"data: [DONE]\n\n")
    assert words in str(only.result)


async def test_a_text_that_is_there_counts_beside_a_refusal_that_is_empty(server: WireServer) -> None:
    done = await answered(server, complete({"content": "x", "refusal": "", "tool_calls": []}, "content_filter"))
    assert isinstance(done, Completion)
    assert (done.text, done.finish_reason) == ("x", "content_filter")


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", "stop"), ("STOP", "stop"), ("eos_token", "stop"), ("end_turn", "stop"), ("stop_sequence", "stop"),
        ("length", "length"), ("MAX_TOKENS", "length"), ("max_tokens", "length"), ("model_length", "length"),
        ("FINISH_REASON_MAX_TOKENS", "length"), ({"type": "length", "length": 5}, "length"),
        ("insufficient_system_resource", "insufficient_system_resource"),
        (None, "stop"), ("", "stop"), ("null", "stop"), ("None", "stop"), (False, "stop"),
    ],
)  # fmt: skip
async def test_finish_reasons_of_any_dialect(server: WireServer, word: object, reason: str) -> None:
    done = await answered(server, complete({"content": "x"}, word))
    assert isinstance(done, Completion)
    assert done.finish_reason == reason


async def test_a_whole_answer_without_a_finish_reason_ends_by_its_length(server: WireServer) -> None:
    answer = complete({"content": "x"})
    del answer["choices"][0]["finish_reason"]
    done = await answered(server, answer, max_tokens=40)
    assert isinstance(done, Completion)
    assert done.finish_reason == "length"


@pytest.mark.parametrize("index", [None, "0", 1, "x", {}])
async def test_one_choice_needs_no_number(server: WireServer, index: object) -> None:
    answer = complete({"content": "x"})
    answer["choices"][0]["index"] = index
    done = await answered(server, answer)
    assert isinstance(done, Completion)


async def test_several_choices_without_numbers_are_counted(server: WireServer) -> None:
    choices = [{"message": {"content": word}, "finish_reason": "stop"} for word in "abc"]
    server.plan = [reply({"choices": choices})]
    assert texts(await collect(ServerEngine(server.url), ask(n=3))) == ["a", "b", "c"]


async def test_blank_lines_may_come_before_a_whole_answer(server: WireServer) -> None:
    server.plan = [stream(b"\n", b"\n\n", b" \n", json.dumps(complete({"content": "x"})).encode())]
    assert texts(await collect(ServerEngine(server.url), ask())) == ["x"]


async def test_a_stream_may_come_where_none_was_asked_for_and_the_other_way_round(server: WireServer) -> None:
    server.plan = [
        stream(piece("a"), piece("b", finish_reason="stop"), b"data: [DONE]\n\n"),
        reply(complete({"content": "c"})),
    ]
    engine = ServerEngine(server.url)
    assert texts([each async for each in engine.generate([ask()])]) == ["ab"]
    shown: list[tuple[int, str]] = []
    assert texts(await collect(engine, ask(), shown=shown)) == ["c"]
    assert shown == [(0, "c")]


# --- streams ---------------------------------------------------------------------------------------------------------

NO_VALUES = ["", "null", "NULL", "none", "undefined", None, False, 0, {}]


@pytest.mark.parametrize("nothing", NO_VALUES, ids=repr)
async def test_an_empty_finish_reason_ends_nothing(server: WireServer, nothing: object) -> None:
    pieces = [piece(text, finish_reason=nothing) for text in PIECES]
    (only,) = await streamed(server, *pieces, piece("", finish_reason="stop"), b"data: [DONE]\n\n")
    assert isinstance(only.result, Completion)
    assert only.result.text == JUDGMENT


@pytest.mark.parametrize(
    "between",
    [
        b": ping\n\n", b"\n\n", b"data:\n\n", b"data: \n\n", b"data: null\n\n", b"data: {}\n\n",
        b"data: [HEARTBEAT]\n\n",
        b"event: ping\ndata: {\"type\": \"ping\"}\n\n", b"id: 7\n\n", b"retry: 100\n\n", b": \r\n\r\n",
        data(error=None, data=None), data(error="", choices=None), data(error={}, choices=[]),
        data(choices=[], usage=None), data(choices=[{}]), data(choices=[{"index": 0, "delta": None}]),
        data(choices=[{"index": None, "delta": {"content": None, "role": None}, "finish_reason": ""}]),
        data(choices=[{"delta": {"content": "", "reasoning": None, "refusal": None, "tool_calls": []}}], error=None),
        data(choices=[None]), data(object="chat.completion.chunk", prompt_filter_results=[]),
    ],
)  # fmt: skip
async def test_what_says_nothing_changes_nothing(server: WireServer, between: bytes) -> None:
    pieces = [part for text in PIECES for part in (between, piece(text))]
    (only,) = await streamed(server, *pieces, between, piece("", finish_reason="stop"), between, b"data: [DONE]\n\n")
    assert isinstance(only.result, Completion)
    assert only.result.text == JUDGMENT


COUNT = data(choices=[], usage={"prompt_tokens": 50, "completion_tokens": 40})
ENDS = {
    "with the last piece": [piece(PIECES[2], finish_reason="stop")],
    "in a chunk of its own": [piece(PIECES[2]), data(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])],
    "without a delta": [piece(PIECES[2]), data(choices=[{"index": 0, "finish_reason": "stop"}])],
    "by the mark alone": [piece(PIECES[2])],
    "by an empty reason and the mark": [piece(PIECES[2]), piece("", finish_reason="")],
}


@pytest.mark.parametrize("last", [b"data: [DONE]\n\n", b"data: [DONE]", b"data:[DONE]\r\n\r\n"])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
async def test_a_stream_ends_in_many_ways_and_is_counted(server: WireServer, end: list[bytes], last: bytes) -> None:
    (only,) = await streamed(server, piece(PIECES[0]), piece(PIECES[1]), *end, COUNT, last)
    assert isinstance(only.result, Completion)
    done = only.result
    assert (done.text, done.finish_reason) == (JUDGMENT, "stop")
    assert (done.prompt_tokens, done.completion_tokens) == (50, 40)


async def test_a_stream_without_its_mark_ends_with_the_finish_reason(server: WireServer) -> None:
    (only,) = await streamed(server, piece("a"), piece("b", finish_reason="stop"), COUNT.rstrip())
    assert isinstance(only.result, Completion)
    assert (only.result.text, only.result.completion_tokens) == ("ab", 40)


async def test_a_stream_that_is_held_open_after_its_end_is_waited_for_only_briefly(
    server: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_answer, "LAST_WORDS", 0.1)

    async def held(call: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = piece("a", finish_reason="stop")
        writer.write(b"%x\r\n%s\r\n" % (len(sent), sent))
        await hang(call, writer)

    server.plan = [held]
    assert texts(await collect(ServerEngine(server.url, timeout=20.0), ask(), shown=[])) == ["a"]


async def test_a_stream_that_breaks_after_its_end_costs_nothing(server: WireServer) -> None:
    server.plan = [stream(piece("a"), piece("b", finish_reason="stop"), b"data: {", cut=True)]
    engine = ServerEngine(server.url)
    assert texts(await collect(engine, ask(), shown=[])) == ["ab"]
    assert engine.retried == 0


async def test_events_may_stand_on_single_lines(server: WireServer) -> None:
    lines = [piece(PIECES[0]), piece(PIECES[1]), piece(PIECES[2], finish_reason="stop"), b"data: [DONE]\n\n"]
    (only,) = await streamed(server, b"".join(lines).replace(b"\n\n", b"\n"))
    assert isinstance(only.result, Completion)
    assert only.result.text == JUDGMENT


async def test_thinking_streams_apart_from_the_text(server: WireServer) -> None:
    deltas: list[dict[str, object]] = [{"reasoning_content": "Long"}, {"reasoning": " thoughts", "content": None}]
    deltas += [{"content": [{"type": "thinking", "thinking": THOUGHT}]}, {"content": "x"}]
    events = [data(choices=[{"delta": delta, "finish_reason": None}]) for delta in deltas]
    (only,) = await streamed(server, *events, b"data: [DONE]\n\n")
    assert isinstance(only.result, Completion)
    assert (only.result.text, only.result.reasoning) == ("x", "Long thoughtshm")


# --- reasons ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            {"id": None, "choices": None, "error": {"message": "Provider returned error", "code": 429}},
            "Provider returned error",
        ),
        (
            {"error": {"message": "Provider returned error", "code": 502, "metadata": {"raw": "upstream is down"}}},
            "Provider returned error: upstream is down",
        ),
        ({"choices": [], "error": "no capacity"}, "no capacity"),
        ({"error": {"message": {"detail": "no capacity"}}}, "no capacity"),
        ({"object": "error", "message": "no capacity", "code": 50001}, "no capacity"),
        ({"choices": None, "base_resp": {"status_code": 1004, "status_msg": "login fail"}}, "login fail"),
        ({"error_code": 336003, "error_msg": "the max query length"}, "the max query length"),
        ({"detail": "Model is loading"}, "Model is loading"),
        (
            {"choices": [{"index": 0, "error": {"code": 502, "message": "upstream died"}, "finish_reason": "error"}]},
            "upstream died",
        ),
    ],
)
async def test_an_error_in_place_of_an_answer_reaches_the_user(server: WireServer, answer: object, words: str) -> None:
    done = await answered(server, answer)
    assert isinstance(done, EngineError)
    assert words in str(done)


async def test_a_busy_provider_behind_status_200_is_asked_again(server: WireServer) -> None:
    answer = {"id": None, "choices": None, "error": {"message": "Provider returned error", "code": 429}}
    server.plan = [reply(answer)]
    engine = ServerEngine(server.url)
    (only,) = await collect(engine, ask())
    assert isinstance(only.result, Completion)
    assert engine.retried == 1


@pytest.mark.parametrize("code", [400, 401, 404, 422, "400"])
async def test_a_refusal_behind_status_200_is_final(server: WireServer, code: object) -> None:
    done = await answered(server, {"error": {"message": "no such thing", "code": code}}, retries=2)
    assert isinstance(done, EngineError)
    assert not done.retryable
    assert len(server.chats) == 1


@pytest.mark.parametrize(
    "fault",
    [
        data(error={"message": "engine died", "code": 500}),
        data(error="engine died"),
        data(error={"code": "500", "message": {"detail": "engine died"}}, choices=[]),
        b'error: {"code": 500, "message": "engine died", "type": "server_error"}\n\n',
        b'event: error\ndata: {"error": {"message": "engine died"}}\n\n',
        data(
            choices=[
                {"index": 0, "delta": {"content": ""}, "error": {"message": "engine died"}, "finish_reason": "error"}
            ]
        ),
    ],
)
async def test_an_error_in_a_stream_reaches_the_user(server: WireServer, fault: bytes) -> None:
    (only,) = await streamed(server, piece("a"), fault)
    assert isinstance(only.result, EngineError)
    assert "broke off the stream: engine died" in str(only.result)
    assert only.result.retryable


async def test_a_page_in_place_of_an_answer_is_shown_by_its_words(server: WireServer) -> None:
    done = await answered(server, b"<!DOCTYPE html><html><head><title>Sign in</title></head></html>")
    assert isinstance(done, EngineError)
    assert str(done).endswith("sent an answer that is not JSON: Sign in")
