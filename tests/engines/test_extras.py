"""What is optional is asked for until a server refuses it; then it is left away, and the user told once."""

import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from grm_core.engines._extras import Extra
from grm_core.engines.server import ServerEngine
from grm_core.errors import EngineError
from grm_core.types import Completion
from tests.engines.asking import ask, collect, texts
from tests.engines.dialects import Body, Dialect, event, logprobs, refusal

pytestmark = pytest.mark.usefixtures("short_pauses")


class Server(Dialect):
    """Takes everything but what `refuse` refuses, and writes the seed of each completion."""

    def __init__(self) -> None:
        super().__init__()
        self.refuse: Callable[[Body], web.Response | None] = lambda body: None
        self.listing: web.Response | None = None
        self.most = 99
        """Choices that it writes for a request at most."""

    def models(self) -> web.Response:
        return self.listing or web.json_response({"object": "list", "data": [{"id": "grm"}]})

    def refused(self, body: Body) -> web.Response | None:
        return self.refuse(body)

    def n(self, body: Body) -> int:
        return min(self.most, body.get("n", 1))

    def message(self, body: Body) -> Body:
        return {"role": "assistant", "content": "The dog."}

    def stream(self, body: Body) -> list[str]:
        return [event(self.answer(body))]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as running:
        yield running


def without(field: str, status: int, error: object) -> Callable[[Body], web.Response | None]:
    """A server that refuses a field wherever it stands."""
    return lambda body: refusal(status, error) if field in body else None


def one_only(status: int, error: object) -> Callable[[Body], web.Response | None]:
    """A server that takes one completion a request."""
    return lambda body: refusal(status, error) if body.get("n", 1) > 1 else None


ONE_AT_A_TIME = [
    (
        400,
        {"error": {"code": 400, "message": "Only one completion choice is allowed", "type": "invalid_request_error"}},
    ),
    (500, {"error": {"code": 500, "message": "Only one completion choice is allowed", "type": "server_error"}}),
    (400, {"error": {"message": "'n' must be 1", "param": "n"}}),
    (400, {"error": {"message": "invalid value", "param": "n"}}),
    (422, {"detail": [{"loc": ["body", "n"], "msg": "Input should be less than or equal to 1", "input": 2}]}),
    (400, {"object": "error", "message": "n > 1 is not supported", "code": 400}),
    (400, {"error": {"message": "Multiple completions are not supported by this model."}}),
    (400, "candidateCount must be 1"),
    (400, {"error": "bad request"}),
    (404, {"detail": "Not Found"}),
    (405, ""),
    (422, {"detail": "Unprocessable Entity"}),
    (501, "<html><body><h1>Not Implemented</h1></body></html>"),
]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("status", "error"), ONE_AT_A_TIME, ids=range(len(ONE_AT_A_TIME)))
async def test_a_server_that_takes_one_completion_a_request_is_asked_one_by_one(
    server: Server, status: int, error: object, streamed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    server.refuse = one_only(status, error)
    engine = ServerEngine(server.url)
    replies = await collect(
        engine, ask(seed=5, n=4, key="a"), ask(seed=9, n=3, key="b"), shown=[] if streamed else None
    )
    assert texts(replies) == ["The dog."] * 7
    seeds = [body["seed"] for body in server.chats if body.get("n", 1) == 1 and body["max_tokens"] > 1]
    assert sorted(seeds) == [5, 6, 7, 8, 9, 10, 11], "each with its own seed"
    (note,) = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert note.count("one by one") == 1
    assert "one by one" in engine.dialect.words()


async def test_fewer_choices_than_asked_for_are_noticed_once(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.most = 1
    engine = ServerEngine(server.url)
    first = [each async for each in engine.generate([ask(seed=5, n=4)])]
    second = await collect(engine, ask(seed=9, n=4))
    assert texts([*first, *second]) == ["The dog."] * 8
    assert [body["n"] for body in server.chats] == [4, *[1] * 7]
    assert sum("one by one" in each.getMessage() for each in caplog.records) == 1


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("seed", {"n": 1}),
    ("return_token_ids", {"n": 2}),
    ("structured_outputs", {"regex": "The [a-z]+[.]"}),
    ("top_logprobs", {"first": 20}),
    ("top_p", {"top_p": 0.9}),
    ("temperature", {}),
    ("stop", {"stop": ("!",)}),
]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"error": {"message": "Unrecognized request argument supplied: {}", "type": "invalid_request_error"}}),
        (400, {"error": {"message": "Unknown parameter: '{}'.", "param": "{}", "code": "unknown_parameter"}}),
        (
            422,
            {"detail": [{"type": "extra_forbidden", "loc": ["body", "{}"], "msg": "Extra inputs are not permitted"}]},
        ),
        (422, {"object": "error", "message": {"detail": [{"loc": ["body", "{}"], "msg": "Extra inputs"}]}}),
        (500, {"error": {"message": "create() got an unexpected keyword argument '{}'"}}),
        (403, {"message": "your plan does not include `{}`"}),
    ],
    ids=["unrecognized", "unknown", "forbidden", "object", "keyword", "plan"],
)
@pytest.mark.parametrize(("field", "params"), REFUSED, ids=[field for field, _ in REFUSED])
async def test_a_refused_field_is_left_away(
    server: Server, field: str, params: dict[str, Any], status: int, error: object
) -> None:
    named = _named(error, field)
    server.refuse = without(field, status, named)
    engine = ServerEngine(server.url)
    n = params.get("n", 1)
    request = ask(n=n, **{name: value for name, value in params.items() if name != "n"})
    for _ in range(2):
        replies = [each async for each in engine.generate([request])]
        assert texts(replies) == ["The dog."] * n
    await engine.close()
    assert [field in body for body in server.chats] == [True, False, False], "refused once"


@pytest.mark.parametrize("status", [400, 404, 405, 422, 501, 500])
@pytest.mark.parametrize(("field", "params"), REFUSED[:5], ids=[field for field, _ in REFUSED[:5]])
async def test_a_refusal_without_a_name_finds_the_field_all_the_same(
    server: Server, field: str, params: dict[str, Any], status: int
) -> None:
    server.refuse = without(field, status, {"error": "rejected"})
    engine = ServerEngine(server.url, retries=0)
    n = params.get("n", 1)
    request = ask(n=n, **{name: value for name, value in params.items() if name != "n"})
    for _ in range(2):
        assert texts([each async for each in engine.generate([request])]) == ["The dog."] * n
    await engine.close()
    extra = Extra.LOGPROBS if field == "top_logprobs" else Extra(field)
    assert engine.dialect.lacks == {extra}, "and nothing else"
    assert field not in server.chats[-1]


def _named(error: Any, field: str) -> Any:
    if isinstance(error, dict):
        return {name: _named(value, field) for name, value in error.items()}
    if isinstance(error, list):
        return [_named(value, field) for value in error]
    return error.replace("{}", field) if isinstance(error, str) else error


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("Unknown parameter: 'stream_options.continuous_usage_stats'.", {"include_usage": True}),
        ("stream_options is not supported", None),
        ("rejected", None),
    ],
)
async def test_options_of_a_stream_are_optional(server: Server, words: str, left: Body | None) -> None:
    def refuse(body: Body) -> web.Response | None:
        options = body.get("stream_options")
        return refusal(400, {"error": {"message": words}}) if options not in (None, left) else None

    server.refuse = refuse
    engine = ServerEngine(server.url)
    assert texts(await collect(engine, ask(), shown=[])) == ["The dog."]
    assert server.chats[-1].get("stream_options") == left
    assert server.chats[-1]["stream"] is True


@pytest.mark.parametrize("words", ["Streaming is not supported", "rejected"])
async def test_a_server_that_does_not_stream_is_asked_for_whole_texts(server: Server, words: str) -> None:
    server.refuse = without("stream", 400, {"error": {"message": words}})
    shown: list[tuple[int, str]] = []
    assert texts(await collect(ServerEngine(server.url), ask(), shown=shown)) == ["The dog."]
    assert shown == [(0, "The dog.")]


async def test_the_newer_name_of_max_tokens_is_used_where_it_is_wanted(server: Server) -> None:
    words = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    )
    server.refuse = without("max_tokens", 400, {"error": {"message": words, "param": "max_tokens"}})
    engine = ServerEngine(server.url)
    assert texts(await collect(engine, ask(max_tokens=700))) == ["The dog."]
    assert server.chats[-1]["max_completion_tokens"] == 700
    assert engine.dialect.words() == ""


@pytest.mark.parametrize("words", ["rejected", "Unknown parameter: {}", "Extra inputs are not permitted: {}"])
@pytest.mark.parametrize(
    "takes", [{"temperature", "max_completion_tokens"}, {"max_tokens"}, set()], ids=("newer", "older", "none")
)
async def test_a_model_and_messages_are_enough(
    server: Server, takes: set[str], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(body: Body) -> web.Response | None:
        unknown = sorted(set(body) - {"model", "messages"} - takes)
        return refusal(400, {"error": {"message": words.replace("{}", unknown[0])}}) if unknown else None

    server.refuse = refuse
    engine = ServerEngine(server.url)
    assert texts(await collect(engine, *(ask(key=str(place), n=2) for place in range(4)))) == ["The dog."] * 8
    assert set(server.chats[-1]) == {"model", "messages"} | takes
    assert ("temperature" in engine.dialect.words()) == ("temperature" not in takes)
    assert len([each for each in caplog.records if each.levelno == logging.WARNING]) == 1


async def test_fewer_token_probabilities_are_better_than_none(server: Server) -> None:
    def refuse(body: Body) -> web.Response | None:
        words = "top_logprobs must be less than or equal to 5"
        return refusal(400, {"error": {"message": words}}) if body.get("top_logprobs", 0) > 5 else None

    server.refuse = refuse
    server.choice = lambda index, body: Dialect.choice(server, index, body) | {"logprobs": logprobs(5)}  # type: ignore[method-assign]
    (reply,) = await collect(ServerEngine(server.url), ask(first=20))
    assert isinstance(reply.result, Completion)
    assert len(reply.result.first) == 5


@pytest.mark.parametrize(
    "words",
    [
        "Invalid value for 'temperature': expected one of: n, seed, stop",
        "Unsupported field temperature. Supported fields: model, messages, n, seed, top_p, stream",
        "`temperature` and `top_p` cannot both be specified for this model.",
    ],
)
async def test_what_a_refusal_lists_as_right_is_not_taken_for_refused(server: Server, words: str) -> None:
    field = "top_p" if "both" in words else "temperature"
    server.refuse = without(field, 400, {"error": {"message": words}})
    engine = ServerEngine(server.url)
    assert texts(await collect(engine, ask())) == ["The dog."]
    assert engine.dialect.lacks == {Extra(field)}


async def test_a_real_refusal_reaches_the_user_and_is_not_searched_for_ever(server: Server) -> None:
    server.refuse = lambda body: refusal(400, {"error": {"message": "I do not like this"}})
    engine = ServerEngine(server.url)
    replies = [each for _ in range(20) async for each in engine.generate([ask()])]
    await engine.close()
    assert {str(each.result) for each in replies} == {f"{server.url} answered 400: I do not like this"}
    assert engine.dialect.words() == ""
    assert len(server.chats) == 20 + 3 * 3, "three times a plain request was tried, too"


async def test_a_server_that_took_a_request_is_not_suspected_later(server: Server) -> None:
    engine = ServerEngine(server.url)
    assert texts([each async for each in engine.generate([ask(n=2)])]) == ["The dog."] * 2
    server.refuse = lambda body: refusal(422, {"error": "I do not like this"})
    (reply,) = await collect(engine, ask())
    assert isinstance(reply.result, EngineError)
    assert len(server.chats) == 2


async def test_a_format_that_is_ignored_is_noticed(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    await collect(ServerEngine(server.url), ask(regex="The [a-z]+[.]"))
    assert not caplog.records
    await collect(ServerEngine(server.url), ask(regex="[0-9]+"))
    assert "does not hold the model to a format" in caplog.text


async def test_a_completion_ends_at_a_stop_text_though_the_server_goes_on(server: Server) -> None:
    assert texts(await collect(ServerEngine(server.url), ask(stop=(" dog", "og")))) == ["The"]


UNKNOWN = {"error": {"message": "Unknown parameter: '{}'.", "param": "{}"}}


@pytest.mark.parametrize("takes", ["regex", "grammar", ""])
@pytest.mark.parametrize("error", [UNKNOWN, {"error": "Bad Request"}], ids=["named", "unnamed"])
async def test_a_format_goes_to_the_server_in_another_way_where_one_is_refused(
    server: Server, takes: str, error: object, caplog: pytest.LogCaptureFixture
) -> None:
    ways = ["structured_outputs", "regex", "grammar"]

    def refuse(body: Body) -> web.Response | None:
        unknown = [way for way in ways if way in body and way != takes]
        return refusal(400, _named(error, unknown[0])) if unknown else None

    server.refuse = refuse
    engine = ServerEngine(server.url)
    for _ in range(2):
        assert texts([each async for each in engine.generate([ask(regex="The [a-z]+[.]")])]) == ["The dog."]
    count = len(server.chats)
    assert texts(await collect(engine, ask(regex="The [a-z]+[.]"))) == ["The dog."]
    assert len(server.chats) == count + 1, "learned once"
    assert [way for way in ways if way in server.chats[-1]] == ([takes] if takes else [])
    if takes == "grammar":
        assert server.chats[-1]["grammar"].startswith("root ::= ")
    warnings = [
        each.getMessage() for each in caplog.records if "does not hold the model to a format" in each.getMessage()
    ]
    assert len(warnings) == (0 if takes else 1)


async def test_a_format_that_no_grammar_can_say_is_told(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.refuse = lambda body: refusal(400, _named(UNKNOWN, "regex")) if "regex" in str(body) else None
    assert texts(await collect(ServerEngine(server.url), ask(regex="^The"))) == ["The dog."]
    assert "does not hold the model to a format" in caplog.text


FEWER = [
    "n must be at most 4, got 10",
    "'n' must be between 1 and 4",
    "Invalid 'n': integer above maximum value. Expected a value <= 4, but got 10 instead.",
    "n: Input should be less than or equal to 4",
    "n=10 exceeds the limit of 4",
    "n must be less than 5",
    "n has to be in the range [1, 4]",
    "Too many completions requested (10): only 4 are allowed",
]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("words", FEWER, ids=range(len(FEWER)))
async def test_as_many_completions_are_asked_for_as_a_refusal_allows(
    server: Server, words: str, streamed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    error = {"error": {"message": words}}
    server.refuse = lambda body: refusal(400, error) if body.get("n", 1) > 4 else None
    engine = ServerEngine(server.url)
    first = [each async for each in engine.generate([ask(seed=5, n=10)], (lambda *_: None) if streamed else None)]
    second = await collect(engine, ask(seed=20, n=5), shown=[] if streamed else None)
    assert texts([*first, *second]) == ["The dog."] * 15
    requests = [(body["seed"], body["n"]) for body in server.chats]
    assert requests[0] == (5, 10)
    assert sorted(requests[1:]) == [(5, 4), (9, 4), (13, 2), (20, 4), (24, 1)], "each with its own seed"
    notes = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert sum("at most 4 completions a request" in note for note in notes) == 1
    assert "one by one" not in caplog.text


async def test_a_number_that_is_refused_too_ends_in_one_by_one(server: Server) -> None:
    def refuse(body: Body) -> web.Response | None:
        n = body.get("n", 1)
        words = "n must be at most 6" if n > 6 else "n must be at most 3" if n > 3 else "n > 1 is not supported"
        return refusal(400, {"error": {"message": words}}) if n > 1 else None

    server.refuse = refuse
    engine = ServerEngine(server.url)
    assert texts(await collect(engine, ask(seed=1, n=8))) == ["The dog."] * 8
    alone = [body["seed"] for body in server.chats if body["n"] == 1]
    assert sorted(alone) == list(range(1, 9))
    assert "one by one" in engine.dialect.words()
    assert "at most" not in engine.dialect.words()
