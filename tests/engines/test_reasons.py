"""Why a server refused, read out of every kind of body; and how much room a refusal leaves for a completion."""

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from grm_core.engines import _reason, _room
from grm_core.engines.server import ServerEngine
from grm_core.errors import EngineError
from grm_core.types import Completion
from tests.engines.asking import ask, collect, texts
from tests.engines.wire import WireServer, reply, text_of

pytestmark = pytest.mark.usefixtures("short_pauses")

BODIES = [
    (
        {"error": {"message": "no such thing", "type": "invalid_request_error", "param": None, "code": None}},
        "no such thing",
    ),
    ({"error": "no such thing"}, "no such thing"),
    ({"object": "error", "message": "no such thing", "type": "BadRequestError", "code": 400}, "no such thing"),
    ({"detail": "no such thing"}, "no such thing"),
    ({"detail": [{"type": "missing", "loc": ["body", "prompt"], "msg": "Field required"}]}, "Field required: prompt"),
    (
        {
            "object": "error",
            "message": {
                "detail": [
                    {
                        "type": "extra_forbidden",
                        "loc": ["body", "return_token_ids"],
                        "msg": "Extra inputs are not permitted",
                    }
                ]
            },
            "type": "invalid_request_error",
        },
        "Extra inputs are not permitted: return_token_ids",
    ),
    ({"error": {"message": json.dumps({"error": {"message": "no such thing", "code": 400}})}}, "no such thing"),
    ({"statusCode": 400, "error": "Bad Request", "message": "no such thing"}, "Bad Request: no such thing"),
    ({"timestamp": "2026", "status": 400, "error": "Bad Request", "path": "/v1"}, "Bad Request"),
    (
        {"type": "about:blank", "title": "Not valid", "status": 400, "errors": {"n": ["must be 1"]}},
        "Not valid: n: must be 1",
    ),
    ({"success": False, "errors": [{"code": 7000, "message": "No route"}], "messages": []}, "No route"),
    ([{"error": {"code": 400, "message": "no such thing", "status": "INVALID_ARGUMENT"}}], "no such thing"),
    (
        {
            "error": {
                "code": 400,
                "message": "bad",
                "details": [{"fieldViolations": [{"field": "n", "description": "too many"}]}],
            }
        },
        "bad: too many: n",
    ),
    ({"fault": {"faultstring": "Quota exceeded", "detail": {"errorcode": "q"}}}, "Quota exceeded"),
    ({"Message": "User is not authorized"}, "User is not authorized"),
    ({"msg": "no such thing", "code": 1}, "no such thing"),
    ({"error": {"message": "", "code": "overloaded"}}, '{"error": {"message": "", "code": "overloaded"}}'),
    ("no such thing", "no such thing"),
]


@pytest.mark.parametrize(("body", "words"), BODIES)
def test_the_sentence_is_found(body: object, words: str) -> None:
    assert _reason.of_body(json.dumps(body).encode()).words == words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", ""),
        (b"upstream connect error\nor disconnect", "upstream connect error or disconnect"),
        (
            b"<html><head><title>502 Bad Gateway</title><style>a{}</style></head><body><h1>502</h1></body></html>",
            "502 Bad Gateway 502",
        ),
        (b"<!DOCTYPE html>\n<title>Just a moment&hellip;</title><script>var x = '<b>';</script>", "Just a moment…"),
        (b"\xff\xfe not text", "�� not text"),
    ],
)
def test_what_is_no_json_is_shown_by_its_words(body: bytes, words: str) -> None:
    assert _reason.of_body(body).words == words


def test_a_sentence_is_kept_whole_and_a_page_is_not() -> None:
    sentence = "because " * 100
    assert _reason.of_body(json.dumps({"error": {"message": sentence}}).encode()).words == sentence.strip()
    page = _reason.of_body(b"<html><body>" + b"words " * 5000 + b"</body></html>").words
    assert len(page) == 300
    assert page.endswith("…")


async def test_a_refusal_of_status_422_says_which_field(server: WireServer) -> None:
    body = {
        "object": "error",
        "message": {"detail": [{"loc": ["body", "messages"], "msg": "Extra inputs are not permitted"}]},
    }
    server.plan = [reply(body, 422)]
    (only,) = await collect(ServerEngine(server.url), ask())
    assert str(only.result) == f"{server.url} answered 422: Extra inputs are not permitted: messages"


@pytest.mark.parametrize("status", [401, 403])
async def test_a_door_that_stays_shut_says_why(server: WireServer, status: int) -> None:
    server.plan = [reply({"error": {"message": "this key may not use grm"}}, status)]
    (only,) = await collect(ServerEngine(server.url, api_key="sk-0123456789"), ask())
    assert isinstance(only.result, EngineError)
    assert "this key may not use grm" in str(only.result)
    assert "VLLM_API_KEY" in only.result.hint


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 507, 520, 521, 522, 524, 529, 598])
async def test_what_may_pass_is_tried_again(server: WireServer, status: int) -> None:
    server.plan = [reply({"error": {"message": "not now"}}, status)] * 2
    engine = ServerEngine(server.url)
    assert texts(await collect(engine, ask())) == [text_of(5)]
    assert engine.retried == 2


def _later(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("name", "value", "least"),
    [
        ("Retry-After", "1", 1.0),
        ("Retry-After", "0.7", 0.7),
        ("retry-after-ms", "700", 0.7),
        ("Retry-After", _later, 1.0),
    ],
)
async def test_a_server_is_asked_again_when_it_says(
    server: WireServer, name: str, value: object, least: float
) -> None:
    header = value(2.5) if callable(value) else str(value)
    server.plan = [reply({}, 529, **{name.replace("-", "_"): header})]
    began = time.monotonic()
    assert texts(await collect(ServerEngine(server.url), ask())) == [text_of(5)]
    assert least <= time.monotonic() - began < 6.0


# --- room ------------------------------------------------------------------------------------------------------------

VLLM = "This model's maximum context length is 4096 tokens. However, you requested "
ROOMS: list[tuple[str, int | None]] = [
    (VLLM + "4600 tokens (3576 in the messages, 1024 in the completion). Please reduce the length of them.", 520),
    (VLLM + "1024 output tokens and your prompt contains at least 3576 input tokens, for a total of 4600.", 520),
    ("'max_tokens' or 'max_completion_tokens' is too large: 1024. This model's maximum context length is 4096 tokens "
     "and your request has 3576 input tokens (1024 > 4096 - 3576).", 520),
    ("Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of "
     "4600 tokens: 3576 tokens from the input messages and 1024 tokens for the completion.", 520),
    ("input length and `max_tokens` exceed context limit: 3576 + 1024 > 4096, decrease `max_tokens`", 520),
    ("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 3576 `inputs` tokens and "
     "1024 `max_new_tokens`", 520),
    ("max_tokens is too large: 1024. This model supports at most 800 completion tokens, you provided 1024.", 800),
    ("max_tokens: 1024 > 800, which is the maximum allowed number of output tokens for this model", 800),
    ("`max_tokens` must be less than or equal to `800`, the maximum value for `max_tokens` is less than the "
     "`context_window` for this model", 800),
    ("Invalid max_tokens value, the valid range of max_tokens is [1, 800]", 800),
    ("Range of max_tokens should be [1, 800]", 800),
    ("This model's maximum context length is 4,096 tokens. However, you requested 4,600 tokens", 520),
    ("Prompt contains 3576 tokens, too large with max_tokens for a maximum context length of 4096", 520),
    ("max_tokens exceeds what is left of the context", 512),
    ("max_tokens is too large", 512),
    ("This model's maximum context length is 100 tokens. However, your prompt contains at least 101 input tokens", -1),
    ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", None),
    ("Only one completion choice is allowed", None),
    ("Unknown parameter: 'return_token_ids'.", None),
]  # fmt: skip


@pytest.mark.parametrize(("words", "room"), ROOMS)
def test_the_room_is_read_from_the_words(words: str, room: int | None) -> None:
    assert _room.left(words, 1024) == room


@pytest.mark.parametrize(("words", "room"), [pair for pair in ROOMS if pair[1] is not None and pair[1] >= 256])
@pytest.mark.parametrize("status", [400, 422, 500])
async def test_max_tokens_is_lowered_to_the_room_and_told(words: str, room: int, status: int) -> None:
    async with WireServer(models={"grm": 100_000}) as server:
        server.plan = [reply({"error": {"message": words}}, status)]
        engine = ServerEngine(server.url, retries=0)
        assert texts(await collect(engine, ask(max_tokens=1024))) == [text_of(5)]
        assert [call.body["max_tokens"] for call in server.chats] == [1024, room]
        assert "max_tokens" in engine.dialect.words()


async def test_too_little_room_is_a_refusal_in_the_servers_words() -> None:
    words = VLLM + "4996 tokens (3972 in the messages, 1024 in the completion)."
    async with WireServer(models={"grm": 100_000}) as server:
        server.plan = [reply({"error": {"message": words}}, 400)] * 9
        (only,) = await collect(ServerEngine(server.url), ask(max_tokens=1024))
        assert isinstance(only.result, EngineError)
        assert str(only.result) == f"the prompt is too long: {words}"
        assert len(server.chats) == 1


async def test_the_room_is_found_by_halves_where_no_number_is_told() -> None:
    async with WireServer(models={"grm": 100_000}) as server:
        server.plan = [reply({"error": {"message": "max_tokens is too large"}}, 400)] * 2
        (only,) = await collect(ServerEngine(server.url), ask(max_tokens=2000))
        assert isinstance(only.result, Completion)
        assert [call.body["max_tokens"] for call in server.chats] == [2000, 1000, 500]
