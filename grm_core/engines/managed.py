"""Engine that starts a vLLM server of its own as a child process and stops it with the app.

It is composed of a `Child` (the process) and a `ServerEngine` (the requests). A server that dies is started again,
once in ten minutes; completions that were lost with it are asked for again. The child ends with this process,
however that ends.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from grm_core.engines._http import Client, Rejected
from grm_core.engines._vllm import STOP_TIMEOUT, Child
from grm_core.engines.base import EngineState, OnText, PromptSize, Reply, refusals
from grm_core.engines.bundled import Bundled
from grm_core.engines.server import ServerEngine
from grm_core.errors import EngineError
from grm_core.models import style_and_training
from grm_core.types import Message, Request

STEADY = 600.0
"""Seconds of service after which a server that dies is started again once more."""
POLL = 0.25  # seconds


class ManagedEngine:
    """Completions from a vLLM server that this process owns.

    `model_dir` is a folder in Hugging Face's format, served as `model` (default: the folder's name); without it the
    default model is prepared and served, or with `small` the bundled GRM of 135M. `compiled` lets vLLM compile the
    model for a quarter more tokens per second and twice the start-up time (2 cores, SmolLM2-135M: 77-89 s to the first
    token instead of 34 s).
    """

    name = "managed"
    style: str
    """The family of templates that the model was trained on; '' for the general ones."""
    untrained: bool
    """Whether the model is known not to follow the format without structured output."""

    def __init__(
        self,
        model_dir: Path | None = None,
        model: str = "",
        *,
        compiled: bool = False,
        concurrency: int = 64,
        start_timeout: float = 600.0,
        small: bool = False,
    ) -> None:
        self.model = model or (model_dir.resolve().name if model_dir else "")
        self.style, self.untrained = style_and_training(model_dir, small)
        self._bundled = Bundled(self.name, small, self._report)
        self._folder = model_dir
        self._compiled = compiled
        self._concurrency = concurrency
        self._start_timeout = start_timeout
        self._state = EngineState("idle")
        self._since = 0.0
        self._error: EngineError | None = None
        self._child: Child | None = None
        self._server: ServerEngine | None = None
        self._retried = 0
        self._settled = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def retried(self) -> int:
        """How many attempts were made again so far, those after a restart included."""
        return self._retried + (self._server.retried if self._server else 0)

    def state(self) -> EngineState:
        """The present state; while it starts the message counts the seconds."""
        state = self._state
        if state.phase == "starting":
            return replace(state, message=f"{state.message}, {time.monotonic() - self._since:.0f} s")
        return state

    def log_tail(self, lines: int = 50) -> str:
        """The last lines that vLLM wrote, also after it has stopped."""
        return self._child.log_tail(lines) if self._child else ""

    async def start(self) -> None:
        """Start the server and wait until it is healthy; many may wait, and none that gives up stops the start."""
        if self._supervisor is None and self._state.phase == "idle":
            self._supervisor = asyncio.create_task(self._supervise())
            self._supervisor.add_done_callback(self._supervised)
        await self._settled.wait()
        if self._error is not None:
            raise self._error

    async def generate(self, requests: Sequence[Request], on_text: OnText | None = None) -> AsyncGenerator[Reply]:
        """Yield every completion as it finishes; waits for a start, and once more if the server dies meanwhile."""
        lost: list[Reply] = []
        page = _Page(on_text)
        async with aclosing(self._once(requests, page.first, lost)) as replies:
            async for reply in replies:
                yield reply
        self._retried += len(lost)
        page.lost = lost
        async with aclosing(self._once(_alone(requests, lost), page.second, None)) as replies:
            async for reply in replies:
                place = lost[int(reply.key)]
                yield Reply(place.key, place.child, reply.result)

    async def prompt_size(self, messages: Sequence[Message]) -> PromptSize | None:
        """Count a prompt with the model's tokenizer; waits for a start."""
        await self.start()
        assert self._server is not None
        return await self._server.prompt_size(messages)

    async def probe(self, messages: Sequence[Message], begun: str, options: Sequence[str]) -> tuple[float, ...]:
        """Ask the server for the probability of each option as the next token; see ServerEngine.probe."""
        await self.start()
        assert self._server is not None
        return await self._server.probe(messages, begun, options)

    async def close(self) -> None:
        """Stop the server; every process of it is gone when this returns."""
        self._bundled.stop()
        self._state = EngineState("closed")
        self._error = EngineError("the engine is closed")
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait([self._supervisor])
        self._settled.set()
        await self._stop()

    async def _once(
        self, requests: Sequence[Request], on_text: OnText | None, lost: list[Reply] | None
    ) -> AsyncGenerator[Reply]:
        """Generate on the present server; a completion that it took down with itself goes to `lost`, if given."""
        if (refused := await refusals(self.start, requests)) is not None:
            for reply in refused:
                yield reply
            return
        server, child = self._server, self._child
        assert server is not None
        assert child is not None
        async with aclosing(server.generate(requests, on_text)) as replies:
            async for reply in replies:
                if (
                    lost is not None
                    and isinstance(reply.result, EngineError)
                    and await self._gone(child, reply.result)
                ):
                    lost.append(reply)
                else:
                    yield reply

    async def _gone(self, child: Child, error: EngineError) -> bool:
        """Whether the server failed because it is dying; its processes need a moment until they all have ended."""
        if isinstance(error, Rejected) or not (error.retryable or child.exit_code() is not None):
            return False  # of a server that has ended, what was still waiting is told that its engine is closed
        until = time.monotonic() + STOP_TIMEOUT
        while child.exit_code() is None and time.monotonic() < until:
            if await _is_healthy(child):
                return False
            await asyncio.sleep(POLL)
        return child.exit_code() is not None and self._state.phase != "closed"

    async def _supervise(self) -> None:
        """Keep a server running until it dies although it was started again less than STEADY ago."""
        await self._prepare()
        words, again = "starting vLLM", True
        while True:
            self._enter(words)
            await self._launch()
            assert self._child is not None
            ready = time.monotonic()
            self._state = EngineState("ready", f"{self.model} on vLLM, {self._child.url}", self._bundled.why)
            self._settled.set()
            while self._child.exit_code() is None:  # noqa: ASYNC110 (a process sets no event)
                await asyncio.sleep(POLL)
            self._settled.clear()
            error = self._child.failure("while it was serving")
            await self._stop()
            again = again or time.monotonic() - ready > STEADY
            if not again:
                raise error
            words, again = "vLLM stopped and is being started again", False

    def _supervised(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        # Anything but an EngineError is a bug: it is reported here and raised, with its traceback, by start().
        failure = error if isinstance(error, EngineError) else EngineError(f"the managed engine failed: {error!r}")
        failure.__cause__ = None if failure is error else error
        self._error = failure
        self._state = EngineState("failed", str(failure), failure.hint)
        self._settled.set()

    async def _prepare(self) -> None:
        if self._folder is None:
            self._report("preparing the model")
            base = await asyncio.to_thread(self._bundled.prepare)
            self._folder, self.model = base.folder, self.model or base.name

    def _report(self, message: str) -> None:
        if self._state.phase != "closed":
            self._state = EngineState("preparing", message)

    async def _launch(self) -> None:
        assert self._folder is not None
        try:
            self._child = child = await asyncio.to_thread(Child, self._folder, self.model, self._compiled)
            await self._healthy(child)
            self._server = ServerEngine(child.url, self.model, child.key, self._concurrency)
            await self._server.start()
        except BaseException:
            await self._stop()
            raise

    async def _healthy(self, child: Child) -> None:
        until = time.monotonic() + self._start_timeout
        while time.monotonic() < until:
            if child.exit_code() is not None:
                raise child.failure("while starting")
            if await _is_healthy(child):
                return
            await asyncio.sleep(POLL)
        raise EngineError(f"vLLM was not ready after {self._start_timeout:.0f} s", hint="Look at the end of its log.")

    async def _stop(self) -> None:
        if self._server is not None:
            self._retried += self._server.retried
            server, self._server = self._server, None
            await server.close()
        if self._child is not None:
            try:
                await asyncio.to_thread(self._child.stop)
            except RuntimeError:  # the interpreter is ending and starts no threads any more
                self._child.stop()

    def _enter(self, message: str) -> None:
        self._since = time.monotonic()
        self._state = EngineState("starting", message)


async def _is_healthy(child: Child) -> bool:
    probe = Client(child.url, child.key, concurrency=1, retries=0, timeout=2.0)
    try:
        async with probe.open("GET", "/health"):
            return True
    except EngineError:
        return False
    finally:
        await probe.close()


def _alone(requests: Sequence[Request], lost: Sequence[Reply]) -> list[Request]:
    """One request for each lost completion, with its own seed; the key is its place in `lost`."""
    by_key = {request.key: request for request in requests}
    asked = [by_key[reply.key] for reply in lost]
    return [
        replace(request, key=str(place), seed=request.seed + reply.child, n=1)
        for place, (request, reply) in enumerate(zip(asked, lost, strict=True))
    ]


class _Page:
    """Passes streamed text on to the page; text that a lost completion has shown already is not shown twice."""

    def __init__(self, on_text: OnText | None) -> None:
        self._on_text = on_text
        self._shown: defaultdict[tuple[str, int], int] = defaultdict(int)
        self.lost: Sequence[Reply] = ()

    @property
    def first(self) -> OnText | None:
        return None if self._on_text is None else self._show

    @property
    def second(self) -> OnText | None:
        return None if self._on_text is None else self._show_rest

    def _show(self, key: str, child: int, piece: str) -> None:
        assert self._on_text is not None
        self._shown[key, child] += len(piece)
        self._on_text(key, child, piece)

    def _show_rest(self, place: str, _: int, piece: str) -> None:
        assert self._on_text is not None
        key, child, _result = self.lost[int(place)]
        skipped = min(len(piece), self._shown[key, child])
        self._shown[key, child] -= skipped
        if piece[skipped:]:
            self._on_text(key, child, piece[skipped:])
