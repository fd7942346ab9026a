"""Servers in dialects of nobody's: chat completions and nothing else, in both contexts, four samples and one note."""

import json
import logging
from typing import Any, ClassVar

import pytest
from aiohttp import web

from grm_core import contexts, prompts
from grm_core.engines._chat import GO_ON
from grm_core.engines.server import ServerEngine
from grm_core.errors import EngineError
from grm_core.plan import SamplingPlan
from grm_core.sampling import sample
from grm_core.types import Example, Message, Params, Request
from tests.engines.dialects import RIGHT, Body, Dialect, event, judgment, pieces, refusal

pytestmark = pytest.mark.usefixtures("short_pauses")
EXAMPLE = Example("q1", (Message("user", "The capital of Australia?"),), (RIGHT, "Somewhere in the south east."))


class Plain(Dialect):
    """Takes the least, and judges a response alone where it is told how its reply begins; it may repeat that."""

    fields: ClassVar = {"model", "messages"}
    repeats = False
    thinks = False

    def written(self, body: Body) -> str:
        prompt = body["messages"][-1]["content"]
        _, told, begun = prompt.rpartition(GO_ON)
        if not told:
            return judgment(body)
        score = 8 if RIGHT in prompt else 3
        thoughts = '<think>"Maybe."\nScores: \\boxed{1}\n</think>\n' if self.thinks else ""
        return f"{thoughts}{begun if self.repeats else ''} It is judged.\nScores: \\boxed{{{score}}}"

    def message(self, body: Body) -> Body:
        return {"role": "assistant", "content": self.written(body)}

    def answer(self, body: Body) -> Body:
        return {"choices": [{"message": self.message(body)}]}

    def extra(self, body: Body) -> str | None:
        """A field that it does not take."""
        return min(set(body) - self.fields, default=None)

    def refused(self, body: Body) -> web.Response | None:
        field = self.extra(body)
        return None if field is None else self.no(field)

    def no(self, field: str) -> web.Response:
        """How it says that it does not take a field."""
        return web.Response(status=400)


class Repeats(Plain):
    """Writes the beginning of its reply once more."""

    repeats = True


class Thinks(Plain):
    """Thinks in its text before it goes on."""

    thinks = True


class InHeader(Plain):
    def no(self, field: str) -> web.Response:
        return web.Response(status=400, headers={"X-Error-Message": f"we know no {field}"})


class InStatusLine(Plain):
    def no(self, field: str) -> web.Response:
        return web.Response(status=422, reason=f"we know no {field}")


class InStatus200(Plain):
    def no(self, field: str) -> web.Response:
        return web.json_response({"success": False, "outcome": {"explanation": f"we know no {field}"}})


class Forbids(Plain):
    def no(self, field: str) -> web.Response:
        return refusal(403, f"Parameter not allowed: {field}")


class Parts(Plain):
    """Answers in content parts, without usage."""

    def message(self, body: Body) -> Body:
        return {"content": [{"type": "output_text", "text": word} for word in pieces(self.written(body))]}


class OnlyStreams(Plain):
    """Answers as a stream only, and says so."""

    fields: ClassVar = {"model", "messages", "stream"}
    words = "This model supports streaming only; set stream=true"

    def refused(self, body: Body) -> web.Response | None:
        if not body.get("stream"):
            return refusal(400, {"error": {"message": self.words}})
        return super().refused(body)

    def stream(self, body: Body) -> list[str]:
        chunks = [{"choices": [{"delta": {"content": word}}]} for word in pieces(self.written(body))]
        return [*map(event, chunks), "data: [DONE]\n\n"]


class OnlyStreamsQuietly(OnlyStreams):
    """The same without a reason."""

    words = "Bad Request"


class Lines(Plain):
    """Answers as a stream of lines of JSON, asked for or not."""

    def answer(self, body: Body) -> Any:
        return None

    async def _stream(self, request: web.Request, body: Body) -> web.StreamResponse:
        ends: list[Body] = [{"delta": {}, "finish_reason": "stop"}]
        words: list[Body] = [{"delta": {"content": word}} for word in pieces(self.written(body))]
        lines = [json.dumps({"choices": [each]}) for each in words + ends]
        return web.Response(text="\n".join(lines) + "\n", content_type="application/x-ndjson")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        answer = await super()._serve(request)
        if isinstance(answer, web.Response) and answer.text == "null":
            return await self._stream(request, self.calls[-1][1])
        return answer


class Envelope(Plain):
    """Puts its answers into an envelope, with names of its own."""

    def answer(self, body: Body) -> Any:
        return {"code": 0, "msg": "success", "data": super().answer(body)}


class Marked(Plain):
    """Begins every answer with a byte-order mark."""

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        answer = await super()._serve(request)
        if isinstance(answer, web.Response) and isinstance(answer.body, bytes):
            answer.body = b"\xef\xbb\xbf" + answer.body
        return answer


KINDS = (
    Plain, Repeats, Thinks, InHeader, InStatusLine, InStatus200, Forbids, Parts, OnlyStreams, OnlyStreamsQuietly,
    Lines, Envelope, Marked,
)  # fmt: skip


@pytest.mark.parametrize("context", ["joint", "single"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_four_samples_and_one_note(kind: type[Plain], context: str, caplog: pytest.LogCaptureFixture) -> None:
    plan = SamplingPlan(EXAMPLE, prompts.load("pointwise"), Params(), k=4, context=context)
    async with kind() as server:
        engine = ServerEngine(f"{server.url}/v1", "mine")
        samples = [each async for each in sample(engine, plan)]
        await engine.close()
    assert [each.error for each in samples] == [None] * 4
    assert [each.scores for each in samples] == [(8, 3)] * 4
    texts = [each.completion.text for each in samples if each.completion is not None]
    assert all(text.count("Principles:") == 1 and "think" not in text for text in texts)
    notes = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(notes) == 1
    assert "one by one" in notes[0]


@pytest.mark.parametrize("kind", [InHeader, InStatusLine, InStatus200, Forbids], ids=lambda kind: kind.__name__)
async def test_a_reason_in_a_strange_place_reaches_the_user(kind: type[Plain]) -> None:
    async with kind() as server:
        server.fields = set()
        engine = ServerEngine(f"{server.url}/v1", "mine", retries=0)
        (reply,) = [each async for each in engine.generate([Request("r", EXAMPLE.query, Params(), 1)])]
        await engine.close()
    assert isinstance(reply.result, EngineError)
    assert "we know no" in str(reply.result) or "Parameter not allowed" in str(reply.result)


async def test_an_error_event_of_a_stream_is_an_error() -> None:
    class Fails(OnlyStreams):
        def stream(self, body: Body) -> list[str]:
            return ['event: error\ndata: {"message": "the model fell asleep"}\n\n']

    async with Fails() as server:
        engine = ServerEngine(f"{server.url}/v1", "mine", retries=0)
        (reply,) = [each async for each in engine.generate([Request("r", EXAMPLE.query, Params(), 1)])]
        await engine.close()
    assert "the model fell asleep" in str(reply.result)


def test_thinking_states_no_principles_and_no_score() -> None:
    assert contexts.stated("<think>\nScores: \\boxed{2}\n</think>\nPrinciples:\n1. Speed\nCritique:") == (
        "Principles:\n1. Speed"
    )
