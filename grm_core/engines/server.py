"""Engine for any vLLM server, through its OpenAI-compatible address.

Requests run at the same time up to `concurrency`; a busy server (429, 5xx), a lost connection and a timeout are tried
again, a refusal never. Closing the iterator drops the connections, which makes vLLM abort what it still generates.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Any

from grm_core.engines._chat import Attempt, Pending, body, probabilities, probe_body, wire_messages
from grm_core.engines._http import ADDRESS_HINT, Client, Rejected, root_url
from grm_core.engines.base import EngineState, OnText, PromptSize, Reply
from grm_core.errors import EngineError
from grm_core.types import Message, Request

_BEGUN = ("continue_final_message", "add_generation_prompt", "final message", "last role", "last message")
"""What of a request that begins the reply a server may name when it refuses it."""
CHAT = "/v1/chat/completions"


class ServerEngine:
    """Completions from a running vLLM server. `url` may end in /v1 or not; `model` may be left out if one is served.

    The API key is `api_key` or the environment's VLLM_API_KEY and travels in the Authorization header only.
    `timeout` (seconds) bounds one request from its first to its last byte, waiting in vLLM's queue included.
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
    ) -> None:
        self.url = root_url(url)
        self.model = model or ""
        self._wanted = model
        key = (api_key or os.environ.get("VLLM_API_KEY") or "").strip() or None
        self._client = Client(self.url, key, concurrency, retries, timeout)
        self._limit: int | None = None
        self._state = EngineState("idle")
        self._starting = asyncio.Lock()

    @property
    def retried(self) -> int:
        """How many attempts were made again so far."""
        return self._client.retried

    def state(self) -> EngineState:
        """What the engine is doing; `failed` says why and what to do."""
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
                served = _served(self.url, await self._models())
                self.model, self._limit = _pick(self.url, served, self._wanted)
            except EngineError as error:
                self._state = EngineState("failed", str(error), error.hint)
                raise
            except asyncio.CancelledError:
                self._state = EngineState("idle")
                raise
            self._state = EngineState("ready", f"{self.model} at {self.url}")

    async def generate(self, requests: Sequence[Request], on_text: OnText | None = None) -> AsyncGenerator[Reply]:
        """Yield every completion as it finishes; streams from the server only when `on_text` is given."""
        try:
            await self.start()
        except EngineError as error:
            for request in requests:
                for child in range(request.n):
                    yield Reply(request.key, child, error)
            return
        arrived: asyncio.Queue[Reply | BaseException] = asyncio.Queue()

        def stopped(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (bug := task.exception()):
                arrived.put_nowait(bug)

        tasks = []
        for request in requests:
            tasks.append(asyncio.create_task(self._answer(request, on_text, arrived.put_nowait)))
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

    async def prompt_size(self, messages: Sequence[Message]) -> PromptSize | None:
        """Count a prompt with the server's own tokenizer and template; None where it has no /tokenize."""
        await self.start()
        sent = {"model": self.model, "messages": wire_messages(messages)}
        try:
            found = await self._client.call(lambda: self._client.json("POST", "/tokenize", sent))
        except Rejected as error:
            if error.status in (404, 405, 501):
                return None
            raise
        if not isinstance(found, dict) or not isinstance(found.get("count"), int):
            return None
        limit = found.get("max_model_len")
        return PromptSize(found["count"], limit) if isinstance(limit, int) else None

    async def probe(self, messages: Sequence[Message], begun: str, options: Sequence[str]) -> tuple[float, ...]:
        """Probability of each option as the next token, 0 beyond the server's 20 likeliest: one request of one token.

        Raises EngineError when the server cannot go on from a begun turn or tells no probabilities.
        """
        await self.start()
        sent = probe_body(messages, begun, self.model)
        return probabilities(await self._client.call(lambda: self._client.json("POST", CHAT, sent)), options)

    async def close(self) -> None:
        """Drop every connection."""
        self._state = EngineState("closed")
        await self._client.close()

    async def _models(self) -> Any:
        return await self._client.call(lambda: self._client.json("GET", "/v1/models"), patient=False)

    async def _answer(self, request: Request, on_text: OnText | None, deliver: Callable[[Reply], None]) -> None:
        """Deliver exactly request.n replies: from one request if all is well, else the missing children alone."""
        pending = Pending(request, on_text, deliver)
        await self._ask(pending, request, 0)
        missing = sorted(pending.waiting)
        self._client.retried += len(missing)
        alone = (replace(request, seed=request.seed + child, n=1) for child in missing)
        await asyncio.gather(*(self._ask(pending, one, child) for one, child in zip(alone, missing, strict=True)))

    async def _ask(self, pending: Pending, request: Request, first: int) -> None:
        """Have one request answered; a failure becomes the reply of its children, unless some have one already."""
        try:
            await self._client.call(lambda: self._attempt(Attempt(pending, request, self.model, first)))
        except EngineError as error:
            for index in range(request.n):
                pending.done(first + index, _explained(self.url, request, error))

    async def _attempt(self, attempt: Attempt) -> None:
        pending = attempt.pending
        mine = set(range(attempt.first, attempt.first + attempt.request.n))  # siblings are asked for at the same time
        before = mine & pending.waiting
        sent = body(attempt.request, self.model, self._limit, pending.streams)
        try:
            if pending.streams:
                async with self._client.open("POST", CHAT, sent) as response:
                    await attempt.follow(response.content.iter_any())
            else:
                attempt.read(await self._client.json("POST", CHAT, sent))
        except EngineError:
            if mine & pending.waiting == before:
                raise
        if mine & pending.waiting == before:
            raise EngineError("the server's answer holds no finished completion", retryable=True)


def _explained(url: str, request: Request, error: EngineError) -> EngineError:
    """The error; one that says what to do where the server refuses to go on from a reply that was begun."""
    refused = request.start and isinstance(error, Rejected) and error.status in (400, 404, 422)
    if refused and any(word in str(error) for word in _BEGUN):
        hint = "Judge together: --context joint."
        return EngineError(f"{url} cannot begin a reply, use --context joint ({error})", hint=hint)
    return error


def _served(url: str, listing: Any) -> dict[str, int | None]:
    """Read /v1/models: name -> context length in tokens, where the server tells it."""
    entries = listing.get("data") if isinstance(listing, dict) else None
    if not isinstance(entries, list) or not all(isinstance(e, dict) and isinstance(e.get("id"), str) for e in entries):
        raise EngineError(f"{url} does not answer like a vLLM server", hint=ADDRESS_HINT)
    limits = {entry["id"]: entry.get("max_model_len") for entry in entries}
    return {name: limit if isinstance(limit, int) else None for name, limit in limits.items()}


def _pick(url: str, served: dict[str, int | None], wanted: str | None) -> tuple[str, int | None]:
    names = ", ".join(sorted(served)) or "none"
    if wanted is None and len(served) == 1:
        return next(iter(served.items()))
    if wanted in served:
        return str(wanted), served[str(wanted)]
    if wanted is None:
        raise EngineError(f"{url} serves {len(served)} models ({names})", hint="Name one of them with --model.")
    raise EngineError(f"{url} does not serve the model {wanted!r}; it serves: {names}", hint="Choose with --model.")
