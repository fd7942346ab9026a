"""Engine for any server of chat completions, through its OpenAI-compatible address.

Requests run at the same time up to `concurrency`; a busy server (429, 5xx), a lost connection and a timeout are tried
again, a refusal never. What only some servers have (see `Extra`) is asked for until the server refuses it; then the
request is made without, and the user is told once what is given up. Closing the iterator drops the connections, which
makes vLLM abort what it still generates.
"""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import Any

from grm_core.engines._ask import Part, put
from grm_core.engines._chat import Pending, probabilities, probe_body, wire_messages
from grm_core.engines._extras import Dialect, Extra, extras
from grm_core.engines._http import HEADERS, SIDE_TIMEOUT, STALL, Client, Rejected, Unreachable, named_headers, root_url
from grm_core.engines._served import Door, prefixes
from grm_core.engines._slots import SHARE
from grm_core.engines._tasks import unstarted
from grm_core.engines.base import EngineState, OnText, PromptSize, Reply, refusals
from grm_core.errors import EngineError
from grm_core.types import Message, Request

log = logging.getLogger("grm_lens")


class ServerEngine:
    """Completions from a running server. `url` may end in /v1 or not; `model` may be left out if one is served.

    The API key is `api_key` or the environment's VLLM_API_KEY and travels in the Authorization header only; without
    `api_key` the headers of the environment's GRM_LENS_HEADERS go with it.
    `timeout` (seconds) bounds one request from its first to its last byte, waiting in the server's queue included;
    `stall` the time in which a stream sends nothing. A server that answered once and is then gone, as one that is
    started again, is waited for during `patience` seconds.
    """

    name = "server"
    style, untrained = "", False

    def __init__(
        self,
        url: str,
        model: str | None = None,
        api_key: str | None = None,
        concurrency: int = 64,
        retries: int = 3,
        timeout: float = 900.0,
        stall: float = STALL,
        patience: float = 0.0,
    ) -> None:
        self.url = root_url(url)
        self.model = model or ""
        self.dialect = Dialect()
        """What the server has shown to take and not to take."""
        self._wanted = model
        self._alike = partial(
            ServerEngine, url, api_key=api_key, concurrency=concurrency, retries=retries, timeout=timeout,
            stall=stall, patience=patience,
        )  # fmt: skip
        key = (api_key or os.environ.get("VLLM_API_KEY") or "").strip() or None
        headers = {} if api_key else named_headers(os.environ.get(HEADERS))
        self._client = Client(self.url, key, concurrency, retries, timeout, stall, headers)
        self._door = Door(self._client, self.dialect, prefixes(url))
        self._patience = patience
        self._state = EngineState("idle")
        self._starting = asyncio.Lock()

    @property
    def retried(self) -> int:
        """How many attempts were made again so far."""
        return self._client.retried

    def state(self) -> EngineState:
        """The present state; `failed` and `away` say why and what to do, `ready` what the server does not take."""
        if self._state.phase == "ready" and (gone := self._client.gone) is not None:
            return EngineState("away", *_away(self.url, gone, self._patience))
        if self._state.phase == "ready" and (words := self.dialect.words()):
            return replace(self._state, hint=f"This server {words}.")
        return self._state

    async def start(self) -> None:
        """Ask the server which models it serves; EngineError when it cannot be reached or lacks the model."""
        async with self._starting:
            if self._state.phase == "ready":
                return
            if self._state.phase == "closed":
                raise EngineError("the engine is closed")
            self._state = EngineState("starting", f"asking {self.url} for its models")
            try:
                self.model = await self._door.choose(self._wanted)
            except (EngineError, asyncio.CancelledError) as error:
                self._state = unstarted(error)
                raise
            self._client.patience = self._patience  # who never answered may be at another address
            self._state = EngineState("ready", f"{self.model} at {self.url}")

    async def models(self) -> tuple[str, ...]:
        """The models that the server lists now, or the one that is asked where it lists none."""
        return await self._door.names(self.model)

    def serving(self, model: str) -> "ServerEngine":
        """The same server, asked for another model."""
        return self._alike(model=model)

    async def generate(self, requests: Sequence[Request], on_text: OnText | None = None) -> AsyncGenerator[Reply]:
        """Yield every completion as it finishes; streams from the server only when `on_text` is given."""
        if (refused := await refusals(self.start, requests)) is not None:
            for unasked in refused:
                yield unasked
            return
        arrived: asyncio.Queue[Reply | BaseException] = asyncio.Queue()

        def stopped(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (bug := task.exception()):
                arrived.put_nowait(bug)

        tasks = []
        context = copy_context()
        context.run(SHARE.set, arrived)  # these requests are one share of the server
        for request in requests:
            answering = self._answer(request, on_text, arrived.put_nowait)
            tasks.append(asyncio.create_task(answering, context=context))
            tasks[-1].add_done_callback(stopped)
        try:
            for _ in range(sum(request.n for request in requests)):
                reply = await arrived.get()
                if isinstance(reply, BaseException):
                    raise reply
                yield reply
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._tell()

    async def prompt_size(self, messages: Sequence[Message]) -> PromptSize | None:
        """Count a prompt with the server's own tokenizer and template; None where it has no /tokenize of vLLM's."""
        await self.start()
        if not self.dialect.takes(Extra.COUNT):
            return None
        sent = {"model": self.model, "messages": wire_messages(messages)}
        count = partial(self._client.json, "POST", "/tokenize", sent, SIDE_TIMEOUT)
        try:
            answer = await self._client.call(count, patient=self.dialect.trusted)
        except Unreachable:
            raise
        except EngineError as error:
            if self._state.phase == "closed":
                raise
            # What vLLM cannot do at this moment it may be able to do for the next prompt.
            if not (self.dialect.trusted and error.retryable and getattr(error, "status", 0) != 500):
                self.dialect.learn(Extra.COUNT)
            return None
        return self._size(answer)

    async def probe(self, messages: Sequence[Message], begun: str, options: Sequence[str]) -> tuple[float, ...]:
        """Probability of each option as the next token, 0 beyond the server's 20 likeliest: one request of one token.

        Raises EngineError when the server cannot go on from a begun turn or tells no probabilities.
        """
        await self.start()
        sent = probe_body(messages, begun, self.model)
        try:
            answer = await self._client.call(lambda: self._client.json("POST", self._door.chat, sent))
        except Rejected as error:
            if Extra.LOGPROBS in self.dialect.named(extras(sent), error):
                raise EngineError(f"the server tells no token probabilities: {error}") from error
            raise
        return probabilities(answer, options)

    async def close(self) -> None:
        """Drop every connection."""
        self._state = EngineState("closed")
        await self._client.close()

    async def _answer(self, request: Request, on_text: OnText | None, deliver: Callable[[Reply], None]) -> None:
        """Deliver exactly request.n replies: from one request if all is well, else the missing children alone."""
        pending = Pending(request, on_text, deliver)
        size = 0
        while size != (size := self.dialect.together(request.n)) and (size > 1 or request.n == 1):
            await self._share(pending, request, size)
        missing = sorted(pending.waiting)
        if self.dialect.takes(Extra.MANY):
            self._client.retried += len(missing)
        alone = (replace(request, seed=request.seed + child, n=1) for child in missing)
        await asyncio.gather(*(self._ask(pending, one, child) for one, child in zip(alone, missing, strict=True)))

    async def _share(self, pending: Pending, request: Request, size: int) -> None:
        """Ask for the children in groups of a size; those of which some have a reply already are left out."""
        firsts = [first for first in range(0, request.n, size)]
        groups = {first: range(first, min(first + size, request.n)) for first in firsts}
        await asyncio.gather(
            *(
                self._ask(pending, replace(request, seed=request.seed + first, n=len(group)), first)
                for first, group in groups.items()
                if pending.waiting.issuperset(group)
            )
        )

    async def _ask(self, pending: Pending, request: Request, first: int) -> None:
        """Have one request answered; a failure becomes the reply of its children, unless some have one already."""
        try:
            await put(self._client, self._door.chat, self.dialect, Part(pending, request, self.model, first))
        except EngineError as error:
            for index in range(request.n):
                pending.done(first + index, error)

    def _size(self, answer: Any) -> PromptSize | None:
        """The count in an answer of /tokenize; None where it is none of vLLM's."""
        count, limit = (
            (answer.get(name) for name in ("count", "max_model_len")) if isinstance(answer, dict) else ("", "")
        )
        if not isinstance(count, int) or isinstance(count, bool):
            self.dialect.learn(Extra.COUNT)
            return None
        limit = limit if isinstance(limit, int) and limit > 0 else self.dialect.limit
        return None if limit is None else PromptSize(count, limit)

    def _tell(self) -> None:
        """Say once what the server does not take."""
        if words := self.dialect.news():
            log.warning("%s %s", self.url, words)


def _away(url: str, gone: float, patience: float) -> tuple[str, str]:
    """What is said of a server that has gone, and what to do."""
    said = f"{url} has been gone for {gone:.0f} s"
    if gone >= patience:
        return said, "Start it again, then draw what is missing."
    left = patience - gone
    return f"{said}; what is under way waits for it, {left:.0f} s more", "Start it again; nothing else has to be done."
