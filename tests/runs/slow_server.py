"""An engine with few places: what finds none waits its turn, and every completion takes the same time."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from grm_core.engines._tasks import as_they_end
from grm_core.engines.base import OnText, Reply
from grm_core.errors import EngineError
from grm_core.types import Completion, Request
from tests.fake_engine import FakeEngine, completion_text


class SlowServer(FakeEngine):
    """`places` completions at the same time, in the order in which they were asked for."""

    def __init__(self, places: int, seconds: float) -> None:
        super().__init__()
        self.places, self.seconds = asyncio.Semaphore(places), seconds
        self.under_way = self.most = 0
        """Completions that were asked for and are not there yet, and the most that there ever were."""
        self.broken_down = False

    async def generate(
        self, requests: Sequence[Request], on_text: OnText | None = None
    ) -> AsyncGenerator[Reply, None]:
        """Answer when there is a place."""
        self.asked += requests
        waiting = (self._one(request, child) for request in requests for child in range(request.n))
        async with aclosing(as_they_end(waiting)) as replies:
            async for reply in replies:
                yield reply

    async def _one(self, request: Request, child: int) -> Reply:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            async with self.places:
                await asyncio.sleep(self.seconds)
        finally:
            self.under_way -= 1
        if self.broken_down:
            return Reply(request.key, child, EngineError("the server is gone"))
        text = completion_text(request.seed + child, 2)
        return Reply(request.key, child, Completion(text, "stop", 50, 100, self.seconds, self.model))
