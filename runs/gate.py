"""Who asks the engine first: people at the page at once, batches between their samples and never for too much.

A batch has few samples under way, so that whoever presses Score finds free places on the server; while somebody is
served, none is added. How many are few is measured: their number doubles as long as a sample takes hardly longer.
"""

import asyncio
import statistics
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from grm_core.engines.base import Engine, EngineState, OnText, PromptSize, Reply
from grm_core.types import Message, Request
from runs.drive import IN_FLIGHT

LEAST = 4
"""Samples that a batch may have under way on any server."""
_SLOWER = 1.5
"""So many times the pace of an idle server, and a batch asks for less."""
_CALM = 8
"""Measurements without a change after which more is tried again."""


class Gate:
    """Lets batches through to one engine; used inside one event loop."""

    def __init__(self) -> None:
        self.width = LEAST
        """Samples that batches may have under way."""
        self.under_way = 0
        self.people = 0
        """Runs of people that are being served."""
        self._lock = threading.Lock()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._paces: list[float] = []
        self._idle_pace: float | None = None
        self._skip = 0
        self._calm = _CALM

    def come(self) -> None:
        """Somebody is to be served: until `go` nothing more is asked for batches, and what they get waits.

        Any thread may say so: what the loop has still to do before it hears of it is work for batches.
        """
        with self._lock:
            self.people += 1
            self._quiet.clear()

    def go(self) -> None:
        """Somebody has been served; said inside the loop."""
        with self._lock:
            self.people -= 1
            if self.people:
                return
            self._quiet.set()
        self._paces.clear()
        self._skip = self.width
        self._let()

    async def quiet(self) -> None:
        """Wait until no person is being served."""
        await self._quiet.wait()

    async def enter(self, count: int) -> None:
        """Wait until `count` samples of a batch may be asked for; `leave` has to follow."""
        if not self._waiting and self._fits(count):
            self.under_way += count
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((count, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came through in the same moment
                self.leave(count)
            else:
                self._waiting.remove((count, turn))
            raise

    def leave(self, count: int) -> None:
        """Make room for others."""
        self.under_way -= count
        self._let()

    def measure(self, seconds: float, tokens: int) -> None:
        """Take account of how long a sample took: the width follows from many of them."""
        if self.people or self._skip:  # such a sample says nothing of the present width
            self._skip = max(0, self._skip - 1)
            return
        self._paces.append(seconds / max(1, tokens))
        if len(self._paces) < max(8, self.width):
            return
        pace = statistics.median(self._paces)
        self._paces.clear()
        self._idle_pace = min(pace, self._idle_pace or pace)
        self._calm += 1
        if pace > _SLOWER * self._idle_pace and self.width > LEAST:
            # Half of this was served as quickly as ever; less than half leaves places free.
            self._change(max(LEAST, self.width // 2 - LEAST))
            self._calm = 0
        elif self._calm >= _CALM and pace <= _SLOWER * self._idle_pace:
            self._change(min(IN_FLIGHT, self.width * 2))

    def anew(self) -> None:
        """Forget what was measured: another model has a pace of its own."""
        self.width, self._idle_pace = LEAST, None
        self._skip, self._calm = 0, _CALM
        self._paces.clear()

    def _change(self, width: int) -> None:
        self._skip = max(self.width, width)
        self.width = width
        self._let()

    def _fits(self, count: int) -> bool:
        return not self.people and (self.under_way + count <= self.width or not self.under_way)

    def _let(self) -> None:
        while self._waiting and self._fits(self._waiting[0][0]):
            count, turn = self._waiting.popleft()
            if not turn.cancelled():
                self.under_way += count
                turn.set_result(None)


class Gated:
    """An engine as batches use it: through the gate, a few samples a request."""

    def __init__(self, engine: Engine, gate: Gate) -> None:
        """`engine` is ready: it knows its model."""
        self.engine, self.gate = engine, gate
        self.name, self.style = engine.name, engine.style
        self.model, self.untrained = engine.model, engine.untrained

    def state(self) -> EngineState:
        """What the engine is doing."""
        return self.engine.state()

    async def start(self) -> None:
        """Become ready."""
        await self.engine.start()

    async def prompt_size(self, messages: Sequence[Message]) -> PromptSize | None:
        """Count a prompt's tokens."""
        return await self.engine.prompt_size(messages)

    async def generate(
        self, requests: Sequence[Request], on_text: OnText | None = None
    ) -> AsyncGenerator[Reply, None]:
        """Yield every completion as it finishes; `on_text` is not for batches."""
        arrived: asyncio.Queue[Reply | Exception] = asyncio.Queue()
        tasks = [
            asyncio.create_task(self._ask(request, first, arrived))
            for request in requests
            for first in range(0, request.n, LEAST)
        ]
        try:
            for _ in range(sum(request.n for request in requests)):
                reply = await arrived.get()
                if isinstance(reply, Exception):
                    raise reply
                await self.gate.quiet()  # to read and to keep a sample takes time, too
                yield reply
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """The engine is others' to close."""

    async def _ask(self, request: Request, first: int, arrived: "asyncio.Queue[Reply | Exception]") -> None:
        """Have some completions of a request, those from `first` on: their seeds are what they would be."""
        part = replace(request, seed=request.seed + first, n=min(LEAST, request.n - first))
        await self.gate.enter(part.n)
        began = time.monotonic()
        try:
            async with aclosing(self.engine.generate([part])) as replies:
                async for reply in replies:
                    if not isinstance(reply.result, Exception):
                        self.gate.measure(time.monotonic() - began, reply.result.completion_tokens)
                    arrived.put_nowait(reply._replace(child=reply.child + first))
        except Exception as error:  # told where the replies are taken
            arrived.put_nowait(error)
        finally:
            self.gate.leave(part.n)
