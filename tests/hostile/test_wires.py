"""Hostile servers and clients: what comes over a connection. Numbers are those of docs/failure-modes.md."""

import asyncio
import gzip
import json
import socket
from contextlib import suppress
from typing import Any

import httpx
import pytest

from grm_core.engines.server import ServerEngine
from grm_core.errors import EngineError, UsageError
from grm_core.types import Completion
from runs import logins
from tests.engines.asking import ask, collect, texts
from tests.engines.wire import Call, WireServer, answer, reply, text_of
from tests.ui.conftest import App


def raw(head: str, body: bytes) -> Any:
    """An answer of these bytes."""

    async def write(_: Call, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()

    return write


async def refusal(server: WireServer, behaviour: Any) -> str:
    """What becomes of a request that is answered so."""
    server.plan = [behaviour] * 8
    [received] = await collect(ServerEngine(server.url, "grm", retries=0), ask())
    assert isinstance(received.result, EngineError)
    return str(received.result)


async def test_74_an_answer_that_unpacks_to_far_more_than_it_is_fails_in_words(server: WireServer) -> None:
    packed = gzip.compress(b'{"choices": "' + b" " * (200 * 2**20) + b'"}')
    assert len(packed) < 300_000
    said = await refusal(server, raw("200 OK\r\nContent-Encoding: gzip", packed))
    assert said


@pytest.mark.parametrize(
    "to", ["http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "/v1/chat/completions"]
)
async def test_75_no_server_sends_us_elsewhere(server: WireServer, to: str) -> None:
    assert "302" in await refusal(server, raw(f"302 Found\r\nLocation: {to}", b""))
    assert len(server.chats) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"index": -1}, {"index": 10**9}, {"index": "0"}, {"index": None, "message": None}, {"message": []},
        {"message": {"content": {"a": 1}}}, {"message": {"content": 7}},
    ],
)  # fmt: skip
async def test_76_a_choice_of_another_shape_is_no_completion(server: WireServer, change: dict[str, Any]) -> None:
    async def odd(call: Call, writer: asyncio.StreamWriter) -> None:
        content = answer(call.body)
        content["choices"][0] |= change
        await reply(content)(call, writer)

    server.plan = [odd] * 8
    [received] = await collect(ServerEngine(server.url, "grm", retries=0), ask())
    assert isinstance(received.result, EngineError) or received.result.text in ("", text_of(5)), "read as empty"


@pytest.mark.parametrize("count", [-1, 10**30, 1.5, "many", "7", "9" * 5000, None, True])
async def test_77_a_count_of_tokens_that_cannot_be_is_not_kept(server: WireServer, count: Any) -> None:
    async def odd(call: Call, writer: asyncio.StreamWriter) -> None:
        content = answer(call.body | {"return_token_ids": False})
        content["usage"] = {"prompt_tokens": count, "completion_tokens": count}
        await reply(content)(call, writer)

    server.plan = [odd]
    [received] = await collect(ServerEngine(server.url, "grm"), ask())
    assert isinstance(received.result, Completion)
    for kept in (received.result.prompt_tokens, received.result.completion_tokens):
        assert isinstance(kept, int)
        assert 0 <= kept < 2**63


async def test_78_two_answers_to_one_request_do_not_go_to_the_next(server: WireServer) -> None:
    async def twice(call: Call, writer: asyncio.StreamWriter) -> None:
        await reply(answer(call.body))(call, writer)
        await reply(answer(call.body | {"seed": 99}))(call, writer)

    server.plan = [twice]
    engine = ServerEngine(server.url, "grm", concurrency=1)
    assert texts(await collect(engine, ask(seed=5, key="a"), ask(seed=6, key="b"))) == [text_of(5), text_of(6)]


async def test_79_a_model_called_by_markup_is_a_name_and_no_more() -> None:
    name = "<script>alert(1)</script>\r\nX: y"
    async with WireServer(models={name: 100}) as odd:
        engine = ServerEngine(odd.url)
        [received] = await collect(engine, ask())
        assert isinstance(received.result, Completion)
        assert engine.model == name


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "CONNECT"])
def test_80_methods_that_no_page_uses_change_nothing(client: httpx.Client, method: str) -> None:
    for path in ("/", "/gradio_api/component_server", "/gradio_api/upload"):
        assert client.request(method, path).status_code >= 400


@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "nonsense"])
def test_81_a_packed_body_is_not_unpacked(app: App, client: httpx.Client, packing: str) -> None:
    body = gzip.compress(json.dumps(app.body("find", {})).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": packing}
    assert client.post("/gradio_api/component_server", content=body, headers=headers).status_code in (400, 415)


def test_82_a_body_without_a_length_has_a_limit_too(client: httpx.Client) -> None:
    def endless() -> Any:
        for _ in range(40):
            yield b" " * 2**20

    try:
        headers = {"Content-Type": "application/json"}
        status = client.post("/gradio_api/component_server", content=endless(), headers=headers).status_code
    except httpx.TransportError:
        return  # hung up in the middle is a refusal, too
    assert status in (400, 413)


def test_83_whoever_sends_slowly_holds_nobody_up(app: App, client: httpx.Client) -> None:
    host, port = app.address.removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(50)]
    for one in slow:
        one.sendall(b"POST /gradio_api/component_server HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{")
    assert client.get("/config").status_code == 200
    for one in slow:
        one.close()


def test_84_headers_without_end_are_refused(client: httpx.Client) -> None:
    for headers in ({"X-A": "x" * 200_000}, {f"X-{number}": "x" * 100 for number in range(2000)}):
        with suppress(httpx.TransportError):  # hung up
            assert client.get("/config", headers=headers).status_code in (200, 400, 431)
    assert client.get("/config").status_code == 200


@pytest.mark.parametrize(
    "name", ["anna\nroot", "", " ", "\0", "anna\r\n2026-01-01 INFO admin logged in", "x" * 10_000, "\u202ennaa"]
)
def test_85_a_login_by_a_name_that_would_forge_a_line_of_the_log_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        logins.login_of(f"{name}:a long password", "viewer", "--auth")


def test_86_a_name_that_only_looks_like_another_is_another() -> None:
    cyrillic = logins.login_of("\u0430dmin:a long password", "viewer", "--auth")
    latin = logins.login_of("admin:a long password", "admin", "--auth")
    assert cyrillic.name != latin.name
