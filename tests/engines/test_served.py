"""Which model is asked, and where: with a name no list is needed, and a prompt is counted only by who can."""

import logging
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from grm_core.engines.base import PromptSize
from grm_core.engines.server import ServerEngine
from grm_core.errors import EngineError
from grm_core.types import Message
from tests.engines.asking import ask, collect, texts
from tests.engines.dialects import Body, Dialect, refusal

pytestmark = pytest.mark.usefixtures("short_pauses")
PROMPT = (Message("user", "one two three"),)
PAGE = "<!DOCTYPE html><html><body>Welcome</body></html>"


class Server(Dialect):
    """Writes `The dog.`; what it lists, how it counts, where it stands and whom it lets in can be set."""

    def __init__(self) -> None:
        super().__init__()
        self.listing, self.count = refusal(404, ""), refusal(404, "")
        self.prefix = "/v1"
        self.chat: web.Response | None = None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else {}
        self.calls.append((request.path, body))
        answers = {f"{self.prefix}/models": self.listing, "/tokenize": self.count}
        if request.path in answers:
            answer = answers[request.path]
            return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        if request.path == f"{self.prefix}/chat/completions":
            return self.chat or web.json_response(self.answer(body))
        return refusal(404, "404 page not found")

    def message(self, body: Body) -> Body:
        return {"content": "The dog."}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as running:
        yield running


def listed(*names: str, **more: object) -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": name} | more for name in names]})


NO_LISTS = [
    refusal(404, {"detail": "Not Found"}),
    refusal(403, {"error": {"message": "not for you"}}),
    refusal(401, {"error": {"message": "not for you"}}),
    refusal(405, ""),
    refusal(500, "Internal Server Error"),
    refusal(501, {}),
    refusal(200, PAGE),
    web.json_response({"object": "list", "data": []}),
    web.json_response({"object": "list", "data": None}),
    web.json_response({"data": [{"name": "x"}]}),
    web.json_response({"models": ["x"]}),
    web.json_response([]),
]


@pytest.mark.parametrize("listing", NO_LISTS, ids=range(len(NO_LISTS)))
async def test_a_named_model_needs_no_list(
    server: Server, listing: web.Response, caplog: pytest.LogCaptureFixture
) -> None:
    server.listing = listing
    engine = ServerEngine(server.url, "mine", retries=1)
    assert texts(await collect(engine, ask(), ask(key="other"))) == ["The dog."] * 2
    assert server.chats[-1]["model"] == "mine"
    (note,) = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert "lists no models" in note


@pytest.mark.parametrize("listing", NO_LISTS, ids=range(len(NO_LISTS)))
async def test_without_a_name_the_way_out_is_told(server: Server, listing: web.Response) -> None:
    server.listing = listing
    engine = ServerEngine(server.url, retries=0)
    with pytest.raises(EngineError) as caught:
        await engine.start()
    assert "--model" in caught.value.hint
    await engine.close()


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_opens_nothing_is_told_at_the_start(server: Server, status: int) -> None:
    server.listing = server.chat = refusal(status, {"error": {"message": "no such key"}})
    engine = ServerEngine(server.url, "mine")
    with pytest.raises(EngineError, match="no such key") as caught:
        await engine.start()
    assert "VLLM_API_KEY" in caught.value.hint
    await engine.close()


async def test_a_model_beyond_the_list_of_a_gateway_is_tried(server: Server) -> None:
    server.listing = listed("other")
    assert texts(await collect(ServerEngine(server.url, "mine"), ask())) == ["The dog."]
    server.chat = refusal(404, {"error": {"message": "The model `mine` does not exist"}})
    engine = ServerEngine(server.url, "mine")
    with pytest.raises(EngineError, match="does not serve the model 'mine'; it serves: other"):
        await engine.start()
    await engine.close()


async def test_a_model_may_go_without_its_tag(server: Server) -> None:
    server.listing = listed("mine:latest", "other")
    engine = ServerEngine(server.url, "mine")
    await engine.start()
    assert engine.model == "mine:latest"
    await engine.close()


@pytest.mark.parametrize("key", ["max_model_len", "context_length", "context_window", "max_context_length"])
async def test_the_context_is_read_from_the_list(server: Server, key: str) -> None:
    server.listing = listed("mine", **{key: 500})
    await collect(ServerEngine(server.url), ask(max_tokens=1024))
    assert server.chats[0]["max_tokens"] == 500


@pytest.mark.parametrize(
    ("prefix", "address"),
    [
        ("/v1", ""), ("/v1", "/v1/"), ("/api/v1", "/api"), ("/api/v1", "/api/v1"),
        ("/v1beta/openai", "/v1beta/openai/"),
        ("/api/paas/v4", "/api/paas/v4"), ("/api/paas/v4", "/api/paas/v4/chat/completions"), ("", "/chat/completions"),
        ("/v1", "/v1/chat/completions/"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("lists", [True, False])
async def test_the_paths_are_found_below_any_address(server: Server, prefix: str, address: str, lists: bool) -> None:
    server.prefix = prefix
    if lists:
        server.listing = listed("mine")
    engine = ServerEngine(server.url + address, None if lists else "mine")
    assert texts(await collect(engine, ask())) == ["The dog."]


async def test_an_address_where_nothing_is_served_says_so(server: Server) -> None:
    server.prefix = "/elsewhere"
    engine = ServerEngine(server.url + "/api", "mine")
    with pytest.raises(EngineError, match="answered 404"):
        await engine.start()
    await engine.close()


# --- counting --------------------------------------------------------------------------------------------------------

NO_COUNTS = [
    refusal(422, {"detail": [{"type": "missing", "loc": ["body", "prompt"], "msg": "Field required"}]}),
    *(refusal(status, {"error": "no"}) for status in (400, 401, 403, 404, 405, 500, 501)),
    refusal(200, PAGE),
    refusal(200, "OK"),
    web.json_response({"tokens": []}),
    web.json_response({"count": None, "max_model_len": 100}),
    web.json_response({"count": True, "max_model_len": 100}),
    web.json_response({"count": "3"}),
    web.json_response([1, 2, 3]),
]


@pytest.mark.parametrize("count", NO_COUNTS, ids=range(len(NO_COUNTS)))
async def test_a_foreign_count_is_none_and_asked_for_once(server: Server, count: web.Response) -> None:
    server.listing, server.count = listed("mine"), count
    engine = ServerEngine(server.url, retries=1)
    assert [await engine.prompt_size(PROMPT) for _ in range(3)] == [None] * 3
    tries = [path for path, _ in server.calls if path == "/tokenize"]
    assert len(tries) == (2 if count.status == 500 else 1)
    assert texts(await collect(engine, ask())) == ["The dog."]
    assert "does not count tokens" in engine.dialect.words()


async def test_a_count_without_a_limit_takes_it_from_the_list(server: Server) -> None:
    server.listing, server.count = listed("mine", max_model_len=500), web.json_response({"count": 3})
    engine = ServerEngine(server.url)
    assert await engine.prompt_size(PROMPT) == PromptSize(3, 500)
    await engine.close()


async def test_vllm_that_is_busy_may_count_the_next_prompt(server: Server) -> None:
    server.listing, server.count = listed("mine", max_model_len=500), refusal(503, {"error": "busy"})
    engine = ServerEngine(server.url, retries=0)
    assert await engine.prompt_size(PROMPT) is None
    server.count = web.json_response({"count": 3, "max_model_len": 500})
    assert await engine.prompt_size(PROMPT) == PromptSize(3, 500)
    await engine.close()
