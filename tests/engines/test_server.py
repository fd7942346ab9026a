"""The server engine against a server that behaves, and against one that does not."""

import asyncio

import pytest

from grm_core.engines.server import ServerEngine
from grm_core.errors import EngineError
from grm_core.types import Completion
from tests.engines.asking import ask, collect, shown_text, texts
from tests.engines.wire import Behaviour, WireServer, answer, event, events, hang, hang_up, reply, stream, text_of

pytestmark = pytest.mark.usefixtures("short_pauses")


async def test_a_request_carries_its_seed_and_its_parameters(server: WireServer) -> None:
    await collect(ServerEngine(server.url), ask(seed=41, temperature=0.7, top_p=0.9, max_tokens=33, regex="a|b"))
    sent = server.chats[0].body
    assert (sent["seed"], sent["n"], sent["temperature"], sent["top_p"], sent["max_tokens"]) == (41, 1, 0.7, 0.9, 33)
    assert sent["structured_outputs"] == {"regex": "a|b"}
    assert sent["model"] == "grm"


async def retried(server: WireServer, behaviour: Behaviour) -> int:
    """How often a request was made again until its text was there in full, and shown in full."""
    server.plan = [behaviour]
    engine = ServerEngine(server.url)
    shown: list[tuple[int, str]] = []
    assert texts(await collect(engine, ask(), shown=shown)) == [text_of(5)]
    assert shown_text(shown, 0) == text_of(5)
    return engine.retried


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
async def test_the_address_may_end_in_v1_or_not(server: WireServer, suffix: str) -> None:
    assert texts(await collect(ServerEngine(server.url + suffix), ask())) == [text_of(5)]


@pytest.mark.parametrize("streaming", [False, True])
async def test_every_child_has_its_own_text_and_token_count(server: WireServer, streaming: bool) -> None:
    shown: list[tuple[int, str]] | None = [] if streaming else None
    replies = await collect(ServerEngine(server.url), ask(seed=5, n=4), shown=shown)
    assert texts(replies) == [text_of(seed) for seed in range(5, 9)]
    for received in replies:
        assert isinstance(received.result, Completion)
        assert received.result.completion_tokens == len(received.result.text.split())
        assert received.result.prompt_tokens == 7
        assert shown is None or shown_text(shown, received.child) == received.result.text
    assert len(server.chats) == 1


async def test_without_token_ids_tokens_are_shared_by_length(server: WireServer) -> None:
    async def no_ids(call, writer):  # type: ignore[no-untyped-def]
        await reply(answer(call.body | {"return_token_ids": False}))(call, writer)

    server.plan = [no_ids]
    replies = await collect(ServerEngine(server.url), ask(seed=5, n=3))
    counts = [received.result.completion_tokens for received in replies if isinstance(received.result, Completion)]
    assert abs(sum(counts) - 4 - 2 - 3) <= 1
    assert counts[0] > counts[2] > counts[1]


async def test_choices_out_of_order_keep_their_seeds(server: WireServer) -> None:
    async def reversed_choices(call, writer):  # type: ignore[no-untyped-def]
        content = answer(call.body)
        content["choices"].reverse()
        await reply(content)(call, writer)

    server.plan = [reversed_choices]
    assert texts(await collect(ServerEngine(server.url), ask(seed=5, n=3))) == [text_of(s) for s in (5, 6, 7)]


async def test_only_the_missing_child_is_asked_for_again_with_its_own_seed(server: WireServer) -> None:
    async def without_second(call, writer):  # type: ignore[no-untyped-def]
        content = answer(call.body)
        del content["choices"][1]
        content["choices"].append(dict(content["choices"][0]))  # one stands there twice
        await reply(content)(call, writer)

    server.plan = [without_second]
    engine = ServerEngine(server.url)
    assert texts(await collect(engine, ask(seed=5, n=3))) == [text_of(s) for s in (5, 6, 7)]
    assert [(call.body["seed"], call.body["n"]) for call in server.chats] == [(5, 3), (6, 1)]
    assert engine.retried == 1


@pytest.mark.parametrize("refused", [1, 2], ids=["one is refused", "both are refused"])
async def test_children_asked_for_alone_do_not_hide_each_others_failures(server: WireServer, refused: int) -> None:
    async def first_only(call, writer):  # type: ignore[no-untyped-def]
        content = answer(call.body)
        del content["choices"][1:]
        await reply(content)(call, writer)

    async def refuse(call, writer):  # type: ignore[no-untyped-def]
        await asyncio.sleep(0.2)  # both children are under way by then
        await reply({"error": {"message": "no such thing"}}, 400)(call, writer)

    server.plan = [first_only, *[refuse] * refused]
    async with asyncio.timeout(20):
        replies = await collect(ServerEngine(server.url), ask(seed=5, n=3))
    failed = [received for received in replies if isinstance(received.result, EngineError)]
    assert (len(replies), len(failed)) == (3, refused)


async def test_an_aborted_child_is_asked_for_again(server: WireServer) -> None:
    async def aborted(call, writer):  # type: ignore[no-untyped-def]
        content = answer(call.body)
        content["choices"][0]["finish_reason"] = "abort"
        await reply(content)(call, writer)

    server.plan = [aborted]
    assert texts(await collect(ServerEngine(server.url), ask(n=2))) == [text_of(5), text_of(6)]


@pytest.mark.parametrize("status", [400, 402, 404, 405, 410, 413, 422, 451, 501, 505])
async def test_a_refusal_is_never_repeated(server: WireServer, status: int) -> None:
    server.plan = [reply({"error": {"message": "no such thing"}}, status)]
    engine = ServerEngine(server.url)
    (received,) = await collect(engine, ask())
    assert isinstance(received.result, EngineError)
    assert not received.result.retryable
    assert "no such thing" in str(received.result)
    assert (engine.retried, len(server.chats)) == (0, 1)


async def test_retries_are_bounded(server: WireServer) -> None:
    server.plan = [reply({}, 503)] * 9
    engine = ServerEngine(server.url, retries=2)
    (received,) = await collect(engine, ask())
    assert isinstance(received.result, EngineError)
    assert received.result.retryable
    assert (engine.retried, len(server.chats)) == (2, 3)


async def test_siblings_of_a_failed_request_go_on(server: WireServer) -> None:
    server.plan = [reply({"detail": "no"}, 400)]
    replies = await collect(ServerEngine(server.url, concurrency=1), *(ask(key=str(i), seed=i) for i in range(5)))
    assert [isinstance(received.result, Completion) for received in replies] == [False, True, True, True, True]


@pytest.mark.parametrize("header", ["soon", "-3", ""])
async def test_a_retry_after_that_makes_no_sense_is_ignored(server: WireServer, header: str) -> None:
    server.plan = [reply({}, 503, Retry_After=header)]
    assert texts(await collect(ServerEngine(server.url), ask())) == [text_of(5)]


@pytest.mark.parametrize(
    "fault",
    [hang_up, reply(b'{"choices": [{"ind'), reply(b'{"choices": ["\xff\xfe"]}'), reply([]), reply({"choices": []})],
    ids=["reset", "half-json", "not-utf8", "list", "no-choices"],
)
async def test_a_broken_answer_is_asked_for_again(server: WireServer, fault) -> None:  # type: ignore[no-untyped-def]
    server.plan = [fault]
    engine = ServerEngine(server.url)
    assert texts(await collect(engine, ask())) == [text_of(5)]
    assert engine.retried == 1


async def test_a_hanging_server_is_given_up_after_the_timeout(server: WireServer) -> None:
    server.plan = [hang, hang]
    engine = ServerEngine(server.url, retries=1, timeout=0.3)
    (reply,) = await collect(engine, ask())
    assert isinstance(reply.result, EngineError)
    assert reply.result.retryable
    assert engine.retried == 1


# --- streams ---------------------------------------------------------------------------------------------------------

EVENTS = events({"seed": 5, "n": 1})


@pytest.mark.parametrize(
    "pieces",
    [
        EVENTS[:-1],
        [b"".join(EVENTS)],
        [bytes([byte]) for byte in b"".join(EVENTS)],
        [b"".join(EVENTS).replace(b"\n", b"\r\n")],
        [b": ping\n\n", b"event: message\nid: 1\n" + EVENTS[0], *EVENTS[1:]],
        [*EVENTS, b"data: {half"],
    ],
    ids=["no-done", "one-chunk", "byte-by-byte", "crlf", "comments", "rest-after-done"],
)
async def test_a_stream_is_read_however_it_is_cut(server: WireServer, pieces: list[bytes]) -> None:
    assert await retried(server, stream(*pieces)) == 0


async def test_text_of_many_bytes_may_be_cut_inside_a_character(server: WireServer) -> None:
    raw = event(0, "точка 🌍 \ud7ff", "stop", 3)
    server.plan = [stream(*[raw[i : i + 1] for i in range(len(raw))])]
    shown: list[tuple[int, str]] = []
    assert texts(await collect(ServerEngine(server.url), ask(), shown=shown)) == ["точка 🌍 \ud7ff"]


@pytest.mark.parametrize(
    "fault",
    [
        stream(EVENTS[0], EVENTS[1][:20], cut=True),
        stream(EVENTS[0], EVENTS[1][:20]),
        stream(EVENTS[0], b'data: {"choices": "\xff\xfe"}\n\n'),
        stream(EVENTS[0], b"data: [1]\n\n"),
        stream(EVENTS[0], b'data: {"error": {"message": "engine died", "code": 500}}\n\n'),
        stream(b"data: [DONE]\n\n"),
    ],
    ids=["cut", "half-event", "not-utf8", "not-object", "error-event", "empty"],
)
async def test_a_broken_stream_is_repeated_and_shown_once(server: WireServer, fault) -> None:  # type: ignore[no-untyped-def]
    assert await retried(server, fault) == 1


async def test_children_that_finished_before_a_break_are_not_asked_for_again(server: WireServer) -> None:
    content = events({"seed": 5, "n": 3})  # seed 6 ends after two words, the others later
    server.plan = [stream(*content[:6], cut=True)]
    engine = ServerEngine(server.url)
    shown: list[tuple[int, str]] = []
    assert texts(await collect(engine, ask(n=3), shown=shown)) == [text_of(s) for s in (5, 6, 7)]
    assert sorted((call.body["seed"], call.body["n"]) for call in server.chats[1:]) == [(5, 1), (7, 1)]
    assert [shown_text(shown, child) for child in range(3)] == [text_of(s) for s in (5, 6, 7)]


async def test_an_error_event_that_refuses_is_final(server: WireServer) -> None:
    server.plan = [stream(b'data: {"error": {"message": "bad regex", "code": 400}}\n\n')]
    engine = ServerEngine(server.url)
    (reply,) = await collect(engine, ask(), shown=[])
    assert isinstance(reply.result, EngineError)
    assert "bad regex" in str(reply.result)
    assert engine.retried == 0
