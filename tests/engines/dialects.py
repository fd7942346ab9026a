"""Servers of chat completions in the manner of those that people run, each with its own extras and oddities.

All judge alike: what they write follows from the prompt alone, so that the same four samples can be had from each. A
server holds what it was asked in `calls` and runs on a free port of 127.0.0.1 while its block runs.
"""

import json
import re
from typing import Any, ClassVar, Self

from aiohttp import web

Body = dict[str, Any]
RIGHT = "Canberra."


def judgment(body: Body) -> str:
    """The model's text: 8 for the right response, 3 for the other, in the order shown."""
    prompt = body["messages"][-1]["content"]
    if RIGHT not in prompt:
        return "The dog."
    first = prompt.index(RIGHT) < prompt.index("Somewhere")
    scores = "8, 3" if first else "3, 8"
    lines = ["Response 1: right.", "Response 2: vague."] if first else ["Response 1: vague.", "Response 2: right."]
    return "\n".join(
        ["Principles:", "1. Accuracy (weight: 100%)", "Critique:", *lines, f"Scores: \\boxed{{{scores}}}"]
    )


def first_of(regex: str) -> str:
    """The first of the texts that a regex such as (?:a|b) allows."""
    return regex.strip("(?:)").split("|")[0]


def refusal(status: int, error: object, **headers: str) -> web.Response:
    """An answer that refuses a request; `error` is its JSON, or a text as it is."""
    if isinstance(error, str):
        kind = "text/html" if error.startswith("<") else "text/plain"
        return web.Response(status=status, text=error, content_type=kind, headers=headers)
    return web.json_response(error, status=status, headers=headers)


class Dialect:
    """A server without any extra: it takes what `fields` names and refuses everything else without saying why."""

    name = "a server that gives chat completions only"
    fields: ClassVar = {"model", "messages", "temperature", "max_tokens"}
    key = ""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Body]] = []
        self.url = ""

    @property
    def chats(self) -> list[Body]:
        """The chat requests among the calls."""
        return [body for path, body in self.calls if path.endswith("/chat/completions")]

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else {}
        self.calls.append((request.path, body))
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return self.unauthorized()
        if request.path == "/v1/models":
            return self.models()
        if request.path == "/tokenize":
            return self.tokenize(body)
        if request.path != "/v1/chat/completions":
            return self.nothing()
        if (refused := self.refused(body)) is not None:
            return refused
        if not body.get("stream"):
            return web.json_response(self.answer(body))
        return await self._stream(request, body)

    async def _stream(self, request: web.Request, body: Body) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in self.stream(body):
            await response.write(piece.encode())
        return response

    # --- what a dialect says differently -----------------------------------------------------------------------------

    def unauthorized(self) -> web.Response:
        return refusal(401, {"error": "Unauthorized"})

    def nothing(self) -> web.Response:
        return refusal(404, "404 page not found")

    def models(self) -> web.Response:
        return self.nothing()

    def tokenize(self, body: Body) -> web.Response:
        return self.nothing()

    def refused(self, body: Body) -> web.Response | None:
        return refusal(400, {"error": "Bad Request"}) if set(body) - self.fields else None

    def message(self, body: Body) -> Body:
        return {"role": "assistant", "content": judgment(body)}

    def choice(self, index: int, body: Body) -> Body:
        return {"index": index, "message": self.message(body), "finish_reason": "stop"}

    def answer(self, body: Body) -> Body:
        choices = [self.choice(index, body) for index in range(self.n(body))]
        return {"id": "x", "object": "chat.completion", "model": body["model"], "choices": choices} | self.usage(body)

    def n(self, body: Body) -> int:
        return 1

    def usage(self, body: Body) -> Body:
        each = len(judgment(body).split())
        return {"usage": {"prompt_tokens": 50, "completion_tokens": each * self.n(body)}}

    def stream(self, body: Body) -> list[str]:
        raise NotImplementedError


def pieces(text: str) -> list[str]:
    """A text as it streams: word by word."""
    return re.findall(r"\s*\S+", text)


def event(value: object, end: str = "\n") -> str:
    """One server-sent event."""
    return f"data: {json.dumps(value)}{end}{end}"


def chunk(index: int, delta: Body, finish: object = None, **more: object) -> Body:
    """One piece of a stream in OpenAI's form."""
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return {"id": "x", "object": "chat.completion.chunk", "choices": [choice]} | more


def logprobs(tops: int) -> Body:
    """The first token of a choice with its likely alternatives."""
    entries = [{"token": word, "logprob": -0.1 - place} for place, word in enumerate(["The", "A", "It", "Dog", "One"])]
    return {"content": [{"token": "The", "logprob": -0.1, "top_logprobs": entries[:tops]}]}


class VLLM(Dialect):
    """vLLM: takes everything; an unknown field is ignored."""

    name = "vLLM"

    def models(self) -> web.Response:
        return web.json_response(
            {"object": "list", "data": [{"id": "grm", "owned_by": "vllm", "max_model_len": 4096}]}
        )

    def tokenize(self, body: Body) -> web.Response:
        words = [word for message in body["messages"] for word in message["content"].split()]
        return web.json_response({"count": len(words), "max_model_len": 4096, "tokens": [1] * len(words)})

    def refused(self, body: Body) -> web.Response | None:
        return None

    def n(self, body: Body) -> int:
        return int(body.get("n", 1))

    def message(self, body: Body) -> Body:
        structure = body.get("structured_outputs")
        content = first_of(structure["regex"]) if structure else judgment(body)
        return {"role": "assistant", "content": content, "refusal": None, "tool_calls": [], "reasoning": None}

    def choice(self, index: int, body: Body) -> Body:
        choice = super().choice(index, body) | {"stop_reason": None, "logprobs": None}
        if body.get("return_token_ids"):
            choice["token_ids"] = list(range(len(judgment(body).split())))
        if body.get("logprobs"):
            choice["logprobs"] = logprobs(body["top_logprobs"])
        return choice

    def stream(self, body: Body) -> list[str]:
        words, children = pieces(judgment(body)), range(self.n(body))
        counts = [{"prompt_tokens": 50, "completion_tokens": at} for at in range(len(words) + 1)]
        steady = body["stream_options"].get("continuous_usage_stats")
        lines = [chunk(each, {"role": "assistant", "content": ""}) for each in children]
        for at, word in enumerate(words, 1):
            more = {"usage": counts[at]} if steady else {}
            finish = "stop" if at == len(words) else None
            lines += [chunk(each, {"content": word}, finish, **more) for each in children]
        return [*map(event, [*lines, {"id": "x", "choices": []} | self.usage(body)]), "data: [DONE]\n\n"]


class SGLang(VLLM):
    """SGLang: lists models as vLLM does, counts from a text only, and ignores fields that it does not know."""

    name = "SGLang"

    def models(self) -> web.Response:
        entry = {"id": "grm", "object": "model", "owned_by": "sglang", "root": "grm", "max_model_len": 4096}
        return web.json_response({"object": "list", "data": [entry]})

    def tokenize(self, body: Body) -> web.Response:
        words = "1 validation error:\n  {'type': 'missing', 'loc': ('body', 'prompt'), 'msg': 'Field required'}"
        return refusal(400, {"object": "error", "message": words, "type": "Bad Request", "param": None, "code": 400})

    def message(self, body: Body) -> Body:
        thoughts = {"reasoning_content": "Which of them is right?"}
        content = first_of(body["regex"]) if "regex" in body else judgment(body)
        return {"role": "assistant", "content": content, "tool_calls": None} | thoughts

    def choice(self, index: int, body: Body) -> Body:
        return super().choice(index, {k: v for k, v in body.items() if k != "return_token_ids"}) | {"matched_stop": 1}

    def stream(self, body: Body) -> list[str]:
        deltas: list[Body] = [{"role": "assistant", "content": "", "reasoning_content": None}]
        deltas += [{"content": None, "reasoning_content": words} for words in ("Which of them", " is right?")]
        deltas += [{"content": word, "reasoning_content": None} for word in pieces(judgment(body))]
        lines = [chunk(each, delta, usage=None) for delta in deltas for each in range(self.n(body))]
        lines += [chunk(each, {"content": None}, "stop", usage=None) for each in range(self.n(body))]
        return [*map(event, [*lines, {"id": "x", "choices": []} | self.usage(body)]), "data: [DONE]\n\n"]


class LlamaCpp(Dialect):
    """llama.cpp's server: one choice a request, its own /tokenize, no chunk without usage at the end."""

    name = "llama.cpp"

    def models(self) -> web.Response:
        meta = {"n_vocab": 32000, "n_ctx_train": 8192}
        data = [{"id": "grm.gguf", "object": "model", "owned_by": "llamacpp", "meta": meta}]
        return web.json_response({"models": [{"name": "grm.gguf"}], "object": "list", "data": data})

    def tokenize(self, body: Body) -> web.Response:
        return web.json_response({"tokens": [1, 2] if "content" in body else []})

    def nothing(self) -> web.Response:
        return refusal(404, {"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}})

    def refused(self, body: Body) -> web.Response | None:
        if body.get("n", 1) > 1:
            words = "Only one completion choice is allowed"
        elif not body.get("grammar", "root ::=").startswith("root ::="):
            words = "Failed to parse grammar"
        else:
            return None
        return refusal(400, {"error": {"code": 400, "message": words, "type": "invalid_request_error"}})

    def message(self, body: Body) -> Body:
        literals = re.findall(r'"(.)"', body.get("grammar", "").split("|")[0])
        return {"role": "assistant", "content": "".join(literals) or judgment(body)}

    def choice(self, index: int, body: Body) -> Body:
        return super().choice(index, body) | (
            {"logprobs": logprobs(body["top_logprobs"])} if "logprobs" in body else {}
        )

    def stream(self, body: Body) -> list[str]:
        lines = [chunk(0, {"role": "assistant", "content": None})]
        lines += [chunk(0, {"content": word}) for word in pieces(judgment(body))]
        lines += [chunk(0, {}, "stop"), {"id": "x", "choices": [], "timings": {"predicted_n": 9}} | self.usage(body)]
        return [*map(event, lines), "data: [DONE]\n\n"]


class Ollama(Dialect):
    """Ollama: ignores n, log-probabilities and whatever else it does not know; a model's name has a tag."""

    name = "Ollama"

    def models(self) -> web.Response:
        return web.json_response(
            {"object": "list", "data": [{"id": "grm:latest", "object": "model", "owned_by": "me"}]}
        )

    def refused(self, body: Body) -> web.Response | None:
        if body["model"] == "grm:latest":
            return None
        words = f"model '{body['model']}' not found"
        return refusal(404, {"error": {"message": words, "type": "api_error", "param": None, "code": None}})

    def message(self, body: Body) -> Body:
        return {"role": "assistant", "content": judgment(body), "reasoning": "Which of them is right?"}

    def stream(self, body: Body) -> list[str]:
        lines = [chunk(0, {"role": "assistant", "content": "", "reasoning": "Which of them is right?"})]
        lines += [chunk(0, {"role": "assistant", "content": word}) for word in pieces(judgment(body))]
        lines += [
            chunk(0, {"role": "assistant", "content": ""}, "stop"),
            {"id": "x", "choices": []} | self.usage(body),
        ]
        return [*map(event, lines), "data: [DONE]\n\n"]


class LiteLLM(Dialect):
    """LiteLLM's proxy before a model of another provider: names what that does not support, with a code as text."""

    name = "LiteLLM"
    unsupported: ClassVar = ("n", "seed", "logprobs", "top_logprobs", "structured_outputs", "return_token_ids")

    def models(self) -> web.Response:
        data = [{"id": "grm", "object": "model", "created": 1677610602, "owned_by": "openai"}]
        return web.json_response({"data": data, "object": "list"})

    def nothing(self) -> web.Response:
        return refusal(404, {"detail": "Not Found"})

    def refused(self, body: Body) -> web.Response | None:
        fields = [field for field in self.unsupported if field in body]
        if not fields:
            return None
        words = (
            f"litellm.UnsupportedParamsError: ollama does not support parameters: {fields}, for model=grm. To drop "
            "these, set `litellm.drop_params=True`. Available Model Group Fallbacks=None"
        )
        return refusal(400, {"error": {"message": words, "type": "None", "param": "None", "code": "400"}})

    def stream(self, body: Body) -> list[str]:
        lines = [chunk(0, {"role": "assistant", "content": word}) for word in pieces(judgment(body))]
        lines += [chunk(0, {}, "stop"), chunk(0, {}) | self.usage(body)]
        return [*map(event, lines), "data: [DONE]\n\n"]


class OpenAI(Dialect):
    """A strict server of OpenAI's own dialect: refuses, by name, one at a time, every field that it does not know."""

    name = "OpenAI"
    fields: ClassVar = {
        "model", "messages", "temperature", "top_p", "n", "seed", "stream", "stream_options", "stop", "logprobs",
        "top_logprobs", "max_completion_tokens",
    }  # fmt: skip

    def models(self) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "grm", "object": "model", "owned_by": "system"}]})

    def nothing(self) -> web.Response:
        words = "Invalid URL (POST /tokenize)"
        return refusal(
            404, {"error": {"message": words, "type": "invalid_request_error", "param": None, "code": None}}
        )

    def refused(self, body: Body) -> web.Response | None:
        unknown = sorted(set(body) - self.fields)
        unknown += [
            f"stream_options.{each}" for each in sorted(set(body.get("stream_options", ())) - {"include_usage"})
        ]
        if not unknown:
            return None
        code, words = "unknown_parameter", f"Unknown parameter: '{unknown[0]}'."
        if unknown[0] == "max_tokens":
            code = "unsupported_parameter"
            words = (
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead."
            )
        error = {"message": words, "type": "invalid_request_error", "param": unknown[0], "code": code}
        return refusal(400, {"error": error})

    def n(self, body: Body) -> int:
        return int(body.get("n", 1))

    def choice(self, index: int, body: Body) -> Body:
        return super().choice(index, body) | {
            "logprobs": logprobs(body["top_logprobs"]) if "logprobs" in body else None
        }

    def message(self, body: Body) -> Body:
        return {"role": "assistant", "content": judgment(body), "refusal": None, "annotations": []}

    def stream(self, body: Body) -> list[str]:
        deltas: list[Body] = [{"role": "assistant", "content": "", "refusal": None}]
        deltas += [{"content": word} for word in pieces(judgment(body))]
        lines = [chunk(each, delta, usage=None) for delta in deltas for each in range(self.n(body))]
        lines += [chunk(each, {}, "stop", usage=None) for each in range(self.n(body))]
        return [*map(event, [*lines, {"id": "x", "choices": []} | self.usage(body)]), "data: [DONE]\n\n"]


class Gateway(Dialect):
    """A gateway with its own rules: no list, a page for what it does not serve, content in parts, empty keys, CRLF."""

    name = "a gateway"
    key = "sk-gateway-0123456789"
    fields: ClassVar = {
        "model", "messages", "temperature", "top_p", "max_tokens", "stream", "stop", "seed", "n",
    }  # fmt: skip
    page = "<!DOCTYPE html><html><head><title>Not here</title></head><body>Nothing to see.</body></html>"

    def __init__(self) -> None:
        super().__init__()
        self.busy = 1
        """Chats that are first turned away."""

    def models(self) -> web.Response:
        return refusal(403, {"detail": "This key may not list models"})

    def tokenize(self, body: Body) -> web.Response:
        return refusal(200, self.page)

    def refused(self, body: Body) -> web.Response | None:
        if body["max_tokens"] > 1 and self.busy:
            self.busy -= 1
            return refusal(429, {"error": {"message": "Provider returned error", "code": 429}}, **{"Retry-After": "0"})
        unknown = sorted(set(body) - self.fields)
        detail = [
            {"type": "extra_forbidden", "loc": ["body", x], "msg": "Extra inputs are not permitted"} for x in unknown
        ]
        if body.get("n", 1) > 1:
            detail.append(
                {"type": "less_than_equal", "loc": ["body", "n"], "msg": "Input should be less than or equal to 1"}
            )
        if not detail:
            return None
        return refusal(422, {"object": "error", "message": {"detail": detail}, "type": "invalid_request_error"})

    def message(self, body: Body) -> Body:
        thoughts = {"type": "thinking", "thinking": [{"type": "text", "text": "Which of them is right?"}]}
        return {"role": "assistant", "content": [thoughts, {"type": "text", "text": judgment(body)}]}

    def choice(self, index: int, body: Body) -> Body:
        choice = super().choice(index, body)
        del choice["index"]
        return choice | {"error": None}

    def stream(self, body: Body) -> list[str]:
        lines = [
            ": PROCESSING\r\n\r\n",
            "data:\r\n\r\n",
            event({"data": None, "error": None, "choices": None}, "\r\n"),
        ]
        for word in pieces(judgment(body)):
            choice = {"delta": {"content": [{"type": "text", "text": word}]}, "finish_reason": "", "error": None}
            lines += [event({"choices": [choice], "error": None, "usage": None}, "\r\n"), "data: null\r\n\r\n"]
        last = {"delta": {"content": ""}, "finish_reason": "stop"}
        return [*lines, event({"choices": [last]}, "\r\n"), event({"choices": []} | self.usage(body), "\r\n")]


DIALECTS = (VLLM, SGLang, LlamaCpp, Ollama, LiteLLM, OpenAI, Gateway, Dialect)
