"""Slots for requests to one server, shared evenly among those who ask: a run that hangs leaves room for others."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from contextvars import ContextVar

SHARE: ContextVar[Hashable] = ContextVar("share", default=None)
"""Whose the requests of this task are; None = nobody's in particular, which is one share."""


class Slots:
    """At most `total` at a time. Who holds the fewest is next, and the last eighth goes to those who hold none."""

    def __init__(self, total: int) -> None:
        self._total, self._reserve = total, total // 8
        self._held: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A slot of this task's share, for as long as the block runs."""
        share = SHARE.get()
        if share in self._waiting or not self._may(share):
            await self._wait(share)
        else:
            self._held[share] += 1
        try:
            yield
        finally:
            self._leave(share)

    async def _wait(self, share: Hashable) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line = self._waiting.setdefault(share, deque())
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave(share)  # the slot came at the same moment
            else:
                if turn in line:
                    line.remove(turn)
                if not line and self._waiting.get(share) is line:
                    del self._waiting[share]
            raise

    def _may(self, share: Hashable) -> bool:
        free = self._total - self._held.total()
        return free > (self._reserve if self._held[share] else 0)

    def _leave(self, share: Hashable) -> None:
        self._held[share] -= 1
        if not self._held[share]:
            del self._held[share]
        while self._waiting:
            share = min(self._waiting, key=lambda each: self._held[each])  # the one that came first, of equals
            if not self._may(share):
                return
            line = self._waiting.pop(share)
            turn = line.popleft()
            if line:
                self._waiting[share] = line  # behind the others
            if not turn.done():
                self._held[share] += 1
                turn.set_result(None)
