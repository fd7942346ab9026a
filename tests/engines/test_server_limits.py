"""The server engine: bounds, cancelling, addresses and keys."""

import asyncio
import json
import logging

import pytest

from grm_core.engines.server import ServerEngine
from grm_core.errors import EngineError, UsageError
from grm_core.types import Completion, Message, Params, Request
from tests.engines.asking import ask, collect, texts
from tests.engines.wire import WireServer, answer, event, hang, reply, stream, text_of

pytestmark = pytest.mark.usefixtures("short_pauses")
KEY = "sk-very-secret-0123456789"

# --- limits, cancelling, addresses, keys -----------------------------------------------------------------------------


async def test_no_more_requests_run_at_once_than_allowed(server: WireServer) -> None:
    server.delay = 0.02
    replies = await collect(ServerEngine(server.url, concurrency=3), *(ask(key=str(i), seed=i) for i in range(20)))
    assert all(isinstance(reply.result, Completion) for reply in replies)
    assert server.most_running == 3


@pytest.mark.parametrize("streaming", [False, True])
async def test_closing_the_iterator_drops_the_connections(server: WireServer, streaming: bool) -> None:
    first = event(0, "seed 1", "stop", 2)

    async def then_hang(call, writer):  # type: ignore[no-untyped-def]
        await stream(first, cut=False)(call, writer) if call.body["seed"] == 1 else await hang(call, writer)

    async def quick_or_hang(call, writer):  # type: ignore[no-untyped-def]
        await reply(answer(call.body))(call, writer) if call.body["seed"] == 1 else await hang(call, writer)

    server.plan = [then_hang if streaming else quick_or_hang] * 8
    engine = ServerEngine(server.url)
    replies = engine.generate(
        [ask(key=str(seed), seed=seed) for seed in range(1, 9)], (lambda *_: None) if streaming else None
    )
    assert (await anext(replies)).key == "1"
    while server.running < 7:
        await asyncio.sleep(0.01)
    await replies.aclose()
    await asyncio.sleep(0.1)
    assert server.running == 0
    await engine.close()


async def test_cancelling_the_consumer_drops_the_connections(server: WireServer) -> None:
    server.plan = [hang] * 4
    engine = ServerEngine(server.url)

    async def consume() -> None:
        async for _ in engine.generate([ask(key=str(i)) for i in range(4)]):
            pass

    task = asyncio.create_task(consume())
    while server.running < 4:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.1)
    assert server.running == 0
    await engine.close()


async def test_a_connection_dropped_after_an_answer_costs_no_sample(server: WireServer) -> None:
    async def then_drop(call, writer):  # type: ignore[no-untyped-def]
        await reply(answer(call.body))(call, writer)
        writer.close()

    server.plan = [then_drop] * 3
    requests = [ask(key=str(seed), seed=seed) for seed in range(1, 7)]
    replies = await collect(ServerEngine(server.url, concurrency=1), *requests)
    assert texts(replies) == [text_of(seed) for seed in range(1, 7)]


async def test_an_address_where_nobody_listens_is_told_at_once() -> None:
    engine = ServerEngine("http://127.0.0.1:9")
    with pytest.raises(EngineError, match=r"cannot connect to http://127\.0\.0\.1:9 \(refused\)") as caught:
        await engine.start()
    assert caught.value.hint
    assert (engine.state().phase, engine.retried) == ("failed", 0)
    await engine.close()


async def test_a_failed_start_answers_every_child() -> None:
    replies = await collect(ServerEngine("http://127.0.0.1:9"), ask(key="a", n=2), ask(key="b"))
    assert all(isinstance(reply.result, EngineError) for reply in replies)


@pytest.mark.parametrize(
    "body", [b"<html>hello</html>", {"data": [{"name": "x"}]}, {"status": "ok"}, []], ids=["html", "id", "ok", "list"]
)
async def test_something_else_than_vllm_is_recognised(body: object) -> None:
    class Other(WireServer):
        async def _serve(self, call, writer):  # type: ignore[no-untyped-def]
            await reply(body)(call, writer)

    async with Other() as other:
        engine = ServerEngine(other.url)
        with pytest.raises(EngineError, match=r"not (JSON|answer like a vLLM server)"):
            await engine.start()
        await engine.close()


async def test_a_wrong_model_name_lists_the_served_ones(server: WireServer) -> None:
    engine = ServerEngine(server.url, "gpt-9")
    with pytest.raises(EngineError, match="does not serve the model 'gpt-9'; it serves: grm"):
        await engine.start()
    await engine.close()


async def test_two_served_models_need_a_choice(server: WireServer) -> None:
    server.models["other"] = 50
    engine = ServerEngine(server.url)
    with pytest.raises(EngineError, match=r"serves 2 models \(grm, other\)"):
        await engine.start()
    await engine.close()


@pytest.mark.parametrize(
    "url", ["", "localhost:8000", "ftp://h/v1", "http://", "http://h:99999/", "http://u:p@h/v1", "http://h/v1?key=1"]
)
def test_an_address_that_is_none_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        ServerEngine(url)
    assert "u:p" not in str(caught.value)


async def test_a_prompt_beyond_the_context_is_refused_with_a_hint(server: WireServer) -> None:
    words = (
        "This model's maximum context length is 100 tokens. However, your prompt contains at least 101 input tokens"
    )
    server.plan = [reply({"error": {"message": words, "code": 400}}, 400)]
    (received,) = await collect(ServerEngine(server.url), ask())
    assert isinstance(received.result, EngineError)
    assert "too long" in str(received.result)
    assert not received.result.retryable
    assert "Shorten" in received.result.hint


async def test_prompt_size_asks_the_server(server: WireServer) -> None:
    engine = ServerEngine(server.url)
    assert await engine.prompt_size((Message("user", "one two three"),)) == (3, 100)
    await engine.close()


async def test_prompt_size_is_none_where_the_server_cannot_count() -> None:
    class NoTokenize(WireServer):
        async def _serve(self, call, writer):  # type: ignore[no-untyped-def]
            call.path = call.path.replace("/tokenize", "/nothing")
            await super()._serve(call, writer)

    async with NoTokenize() as server:
        engine = ServerEngine(server.url)
        assert await engine.prompt_size((Message("user", "one"),)) is None
        await engine.close()


async def test_a_lone_surrogate_reaches_the_server_as_a_replacement_character(server: WireServer) -> None:
    request = Request("r", (Message("user", "a\ud800b\0"),), Params(), 1)
    await collect(ServerEngine(server.url), request)
    assert server.chats[0].body["messages"][0]["content"] == "a\ufffdb\0"


async def test_the_key_travels_in_its_header_only(
    server: WireServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    server.key = KEY
    monkeypatch.setenv("VLLM_API_KEY", KEY)
    server.plan = [reply({"error": {"message": f"the key {KEY} has no such right"}}, 400)]
    engine = ServerEngine(server.url)
    (received,) = await collect(engine, ask())
    everything = f"{received!r} {engine!r} {vars(engine)!r} {engine.state()!r} {caplog.text}"
    assert "no such right" in everything
    assert KEY not in everything
    for call in server.calls:
        assert call.headers["authorization"] == f"Bearer {KEY}"
        assert KEY not in json.dumps(call.body) + call.path


async def test_named_headers_go_with_every_request_and_are_shown_nowhere(
    server: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRM_LENS_HEADERS", "X-Team: judges\n\nX-Pass:  open-sesame-7 \n")
    server.plan = [reply({"error": {"message": "open-sesame-7 of team judges may not"}}, 400)]
    engine = ServerEngine(server.url)
    (received,) = await collect(engine, ask())
    assert "*** of team judges may not" in str(received.result)
    for call in server.calls:
        assert (call.headers["x-team"], call.headers["x-pass"]) == ("judges", "open-sesame-7")


@pytest.mark.parametrize("text", ["X-Pass", "X Pass: secret", ": secret", "X-Pass: sécret", "A: b\nX-Pass:"])
def test_a_line_that_names_no_header_is_refused_without_showing_it(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRM_LENS_HEADERS", text)
    with pytest.raises(UsageError, match=f"line {text.count(chr(10)) + 1} is none") as caught:
        ServerEngine("http://127.0.0.1:1")
    assert text not in str(caught.value)


@pytest.mark.parametrize(("key", "words"), [("wrong-key-000", "refuses the API key"), (None, "wants an API key")])
async def test_a_wrong_key_is_told_without_showing_it(server: WireServer, key: str | None, words: str) -> None:
    server.key = KEY
    engine = ServerEngine(server.url, api_key=key)
    with pytest.raises(EngineError, match=words) as caught:
        await engine.start()
    assert str(key) not in str(caught.value)
    assert "VLLM_API_KEY" in caught.value.hint
    await engine.close()


async def test_a_redirect_is_not_followed(server: WireServer) -> None:
    server.plan = [reply({}, 307, Location="http://127.0.0.1:9/v1/chat/completions")]
    (received,) = await collect(ServerEngine(server.url, api_key=KEY), ask())
    assert isinstance(received.result, EngineError)
    assert "307" in str(received.result)


async def test_loopback_never_goes_through_a_proxy(server: WireServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert texts(await collect(ServerEngine(server.url), ask())) == [text_of(5)]


async def test_a_closed_engine_says_so(server: WireServer) -> None:
    engine = ServerEngine(server.url)
    await engine.start()
    await engine.close()
    await engine.close()
    (received,) = [reply async for reply in engine.generate([ask()])]
    assert isinstance(received.result, EngineError)
    assert engine.state().phase == "closed"


# --- what a server may send, and how long it may be silent -----------------------------------------------------------


@pytest.mark.parametrize("key", ["a", "k7", "hunter2", "k y", "a/b+c=="])
async def test_a_key_of_any_length_is_masked(server: WireServer, key: str) -> None:
    async def tell(call, writer):  # type: ignore[no-untyped-def]
        words = {"error": {"message": f"Bearer {call.headers['authorization'].split(' ', 1)[1]} is no key of ours"}}
        await reply(words, 403)(call, writer)

    server.plan = [tell]
    [found] = await collect(ServerEngine(server.url, "grm", api_key=key, retries=0), ask())
    assert isinstance(found.result, EngineError)
    words = str(found.result).partition("answered 403: ")[2]
    assert words
    assert key not in words


async def test_a_key_that_is_cut_off_is_masked_too(server: WireServer) -> None:
    server.plan = [reply({"error": {"message": "x" * (1000 - 12) + KEY}}, 403)]
    [found] = await collect(ServerEngine(server.url, "grm", api_key=KEY, retries=0), ask())
    assert KEY[:8] not in str(found.result)


async def test_an_event_of_forty_megabytes_is_refused_at_once(server: WireServer) -> None:
    async def flood(call, writer):  # type: ignore[no-untyped-def]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: ")
        for _ in range(640):
            writer.write(b"x" * 65536)
            await writer.drain()

    server.plan = [flood]
    [found] = await collect(ServerEngine(server.url, "grm", retries=0), ask(), shown=[])
    assert "event of more than 4 MB" in str(found.result)


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_completion_of_ten_megabytes_is_refused(server: WireServer, streaming: bool) -> None:
    text = "y" * (10 * 2**20 // 4)
    pieces = b"".join(event(0, text, None if i < 3 else "stop", 1) for i in range(4))
    whole = {"choices": [{"index": 0, "message": {"content": text * 4}, "finish_reason": "stop"}]}
    server.plan = [stream(pieces, cut=False) if streaming else reply(whole)]
    [found] = await collect(ServerEngine(server.url, "grm", retries=0), ask(), shown=[] if streaming else None)
    assert "more than 1 MB for one completion" in str(found.result)


@pytest.mark.parametrize("begun", [False, True], ids=["before the first byte", "in the middle"])
async def test_a_stream_that_falls_silent_is_given_up_in_words(server: WireServer, begun: bool) -> None:
    async def stall(call, writer):  # type: ignore[no-untyped-def]
        if begun:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + event(0, "seed", None, 1))
            await writer.drain()
        await asyncio.sleep(3600)

    server.plan = [stall]
    engine = ServerEngine(server.url, "grm", retries=0, stall=0.2)
    [found] = await collect(engine, ask(), shown=[])
    assert "has sent nothing for 0 s" in str(found.result)


async def test_hung_runs_leave_room_for_another(server: WireServer) -> None:
    server.plan = [hang] * 56
    engine = ServerEngine(server.url, "grm")

    async def consume(run: int) -> None:
        async for _ in engine.generate([ask(key=str(i), seed=run * 100 + i) for i in range(8)]):
            pass

    hung = [asyncio.create_task(consume(run)) for run in range(1, 9)]
    while server.running < 56:
        await asyncio.sleep(0.01)
    replies = [reply async for reply in engine.generate([ask(key=str(i), seed=i) for i in range(8)])]
    assert all(isinstance(each.result, Completion) for each in replies)
    for task in hung:
        task.cancel()
    await asyncio.gather(*hung, return_exceptions=True)
    await engine.close()
