"""The routes under /v1, as an ASGI app of its own: alone (`app.py serve`) or mounted on the page's app."""

import asyncio
import math
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing, contextmanager
from itertools import count
from typing import Any, TypeVar

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from grm_core.errors import EngineError, GRMError, UsageError
from grm_core.formats.lines import canonical
from grm_core.formats.samples import sample_line
from grm_core.types import Example, Judgement, Sample
from runs.judging import Judging
from runs.settings import Endpoint
from runs.turns import Busy, Caller
from service import rewards
from service.keys import Door
from service.wire import BatchRequest, How, JudgeRequest, OpenRLHF, Slime, Verl, answer

T = TypeVar("T")
GONE = 499
"""What a log shows of a request whose client went away before its answer."""
_STATUS: dict[type[GRMError], int] = {Busy: 429, rewards.Unreadable: 422, UsageError: 400, EngineError: 503}
_REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"description": "It cannot be judged; `error` says why."},
    401: {"description": "No key, or a wrong one."},
    429: {"description": "More is waiting than may; come again after Retry-After seconds."},
    503: {"description": "The engine cannot be had."},
}


class _Gone(Exception):
    """The client went away."""


class _Denied(Exception):
    """The key is missing or wrong."""


class _Asked:
    """The endpoint: what every route needs."""

    def __init__(self, judging: Judging, endpoint: Endpoint) -> None:
        self.judging, self.endpoint = judging, endpoint
        self.door = Door(endpoint.keys, endpoint.limit)
        self._numbers = count()

    @contextmanager
    def caller(self, request: Request) -> Iterator[Caller]:
        """The caller of a request that may come in."""
        name = self.door.name(request.headers.get("authorization"))
        if name is None:
            raise _Denied
        self.judging.turns.admit()
        with self.door.inside(name, self.judging.turns.patience()):
            yield Caller(name, next(self._numbers))

    async def judge(
        self, caller: Caller, example: Example, how: How, take: Callable[[Sample], None] | None = None
    ) -> Judgement:
        """Judge one item."""
        settings = how.settings(self.judging.base)
        judged = await self.judging.judge(caller, example, settings, how.method, how.k_meta, take, how.meta)
        if judged.samples and all(sample.error is not None for sample in judged.samples):
            raise EngineError(f"no sample could be had: {judged.samples[0].error}", retryable=True)
        return judged

    async def one(self, caller: Caller, asked: JudgeRequest) -> dict[str, Any]:
        """The answer for one item."""
        return answer(await self.judge(caller, asked.example(), asked), asked.samples)

    async def many(self, caller: Caller, asked: BatchRequest) -> dict[str, Any]:
        """The answers for many items, in their order; what fails is told in an item's place."""
        examples = _distinct(asked)
        return {"results": list(await asyncio.gather(*(self._entry(caller, each, asked) for each in examples)))}

    async def _entry(
        self, caller: Caller, example: Example, how: How, take: Callable[[Sample], None] | None = None
    ) -> dict[str, Any]:
        try:
            return answer(await self.judge(caller, example, how, take), how.samples and not how.stream)
        except GRMError as error:
            return {"item_id": example.id, "error": str(error)}

    async def lines(self, caller: Caller, examples: list[Example], how: How) -> AsyncGenerator[str]:
        """Every sample as a line of SAMPLES.jsonl as it arrives, and a line {"verdict"} or {"error"} per item."""
        lines: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()

        async def judged(example: Example) -> None:
            def take(sample: Sample) -> None:
                lines.put_nowait((sample_line(example.id, sample), False))

            entry = await self._entry(caller, example, how, take)
            lines.put_nowait((canonical(entry if "error" in entry else {"verdict": entry}), True))

        tasks = [asyncio.create_task(judged(example)) for example in examples]
        try:
            left = len(tasks)
            while left:
                line, last = await lines.get()
                left -= last
                yield line + "\n"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _distinct(asked: BatchRequest) -> list[Example]:
    """The items of a batch. UsageError where two have one id: an id decides orders and seeds."""
    examples = [item.example() for item in asked.items]
    ids = [example.id for example in examples]
    if twice := next((each for each in ids if ids.count(each) > 1), None):
        raise UsageError(f"there are two items {twice!r}")
    return examples


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled when the client goes away; raises _Gone then."""
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise _Gone
        return task.result()
    finally:
        task.cancel()
        gone.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def create(judging: Judging, endpoint: Endpoint) -> FastAPI:
    """The app; its OpenAPI is at openapi.json beside the routes (no page that asks other hosts for its script)."""
    app = FastAPI(
        title="GRM Lens", description="A generative reward model over HTTP: docs/serving.md.", docs_url=None,
        redoc_url=None, dependencies=[Depends(HTTPBearer(auto_error=False))] if endpoint.keys else [],
    )  # fmt: skip
    asked = _Asked(judging, endpoint)
    for kind in (GRMError, RequestValidationError, HTTPException, _Gone, _Denied):
        app.add_exception_handler(kind, refused)
    _judge_routes(app, asked)
    _reward_routes(app, asked)

    @app.get("/health", summary="Whether the engine is ready, and how much is waiting")
    async def health() -> dict[str, Any]:
        state = judging.engine.state()
        return {"engine": judging.engine.name, "model": judging.engine.model, "state": state.phase,
                "waiting": judging.turns.waiting}  # fmt: skip

    return app


def _judge_routes(app: FastAPI, asked: _Asked) -> None:
    @app.post("/judge", summary="Judge one item", responses=_REFUSED)
    async def judge(body: JudgeRequest, request: Request) -> Response:
        if body.stream:
            return await _streamed(asked, request, [body.example()], body)
        with asked.caller(request) as caller:
            return _json(await unless_gone(request, asked.one(caller, body)))

    @app.post("/judge/batch", summary="Judge many items", responses=_REFUSED)
    async def batch(body: BatchRequest, request: Request) -> Response:
        if body.stream:
            return await _streamed(asked, request, _distinct(body), body)
        with asked.caller(request) as caller:
            return _json(await unless_gone(request, asked.many(caller, body)))


def _reward_routes(app: FastAPI, asked: _Asked) -> None:
    async def rewarded(request: Request, reward: Callable[..., Coroutine[Any, Any, Any]], body: Any) -> Response:
        with asked.caller(request) as caller:
            return _json(await unless_gone(request, reward(asked.judging, asked.endpoint, caller, body)))

    @app.post("/reward/openrlhf", summary="Rewards as OpenRLHF reads them", responses=_REFUSED)
    async def openrlhf(body: OpenRLHF, request: Request) -> Response:
        return await rewarded(request, rewards.openrlhf, body)

    @app.post("/reward/verl", summary="Rewards as a reward function of verl returns them", responses=_REFUSED)
    async def verl(body: Verl, request: Request) -> Response:
        return await rewarded(request, rewards.verl, body)

    @app.post("/reward/slime", summary="Rewards as slime reads them", responses=_REFUSED)
    async def slime(body: Slime | list[Slime], request: Request) -> Response:
        return await rewarded(request, rewards.slime, body)


async def _streamed(asked: _Asked, request: Request, examples: list[Example], how: How) -> Response:
    """JSON Lines; what cannot be judged at all is told before the first line."""
    with asked.caller(request):  # who may not come in is told so now; the place is taken when the first line is wanted
        for example in examples:
            asked.judging.check(example, how.settings(asked.judging.base))

    async def body() -> AsyncGenerator[str]:
        try:
            with asked.caller(request) as caller:
                async with aclosing(asked.lines(caller, examples, how)) as lines:
                    async for line in lines:
                        yield line
        except Busy as error:
            yield canonical({"error": str(error), "retry_after": error.seconds}) + "\n"

    return StreamingResponse(body(), media_type="application/x-ndjson")


def _json(value: Any) -> Response:
    """JSON with samples in the same bytes as in a file."""
    return Response(canonical(value), media_type="application/json")


async def refused(_: Request, error: Exception) -> Response:
    """An error as JSON, in one line."""
    if isinstance(error, _Gone):
        return Response(status_code=GONE)
    if isinstance(error, HTTPException):
        words = {
            404: "there is nothing at this address; docs/serving.md lists the routes",
            405: f"ask by {(error.headers or {}).get('Allow')}",
        }
        return JSONResponse({"error": words.get(error.status_code, error.detail)}, error.status_code, error.headers)
    if isinstance(error, _Denied):
        return JSONResponse({"error": "give a key: Authorization: Bearer KEY"}, 401, {"WWW-Authenticate": "Bearer"})
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            at, why = first["loc"][-1], first["ctx"]["error"]
            return JSONResponse({"error": f"the body is not JSON: {why} (character {at})"}, 422)
        if first["type"] == "model_attributes_type":
            return JSONResponse({"error": "the body is no JSON object; send Content-Type: application/json"}, 422)
        place = ".".join(str(part) for part in first["loc"] if part != "body")
        return JSONResponse({"error": f"{place}: {first['msg']}" if place else first["msg"]}, 422)
    status = next((number for kind, number in _STATUS.items() if isinstance(error, kind)), 500)
    headers = {"Retry-After": str(math.ceil(error.seconds))} if isinstance(error, Busy) else None
    return JSONResponse({"error": str(error)}, status, headers)
