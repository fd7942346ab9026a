"""Turns at the engine: many callers, none of whom keeps the others waiting for all of its items."""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from grm_core.errors import GRMError


class Caller(NamedTuple):
    """Who asks: a key's name, '' where there are none, and the number of its request."""

    key: str
    request: int


class Busy(GRMError):
    """More is waiting than may; come again after so many seconds."""

    def __init__(self, words: str, seconds: int) -> None:
        super().__init__(words)
        self.seconds = seconds


@dataclass(slots=True)
class _Waiting:
    size: int
    ready: asyncio.Event = field(default_factory=asyncio.Event)


class Turns:
    """Places for so many samples under way. A free one goes to the key and then the request that waited longest.

    Each has one item served before its next one: a batch of a thousand does not stand before a single question. All
    calls belong to one event loop.
    """

    def __init__(self, places: int, waiting: int) -> None:
        """`places`: samples under way, about; `waiting`: requests that may wait before new ones are sent away."""
        self.places, self.most, self.free = places, waiting, places
        self.waiting = self.requests = 0
        """Items in line, and the requests that they are of; numbers, because other threads read them."""
        self._line: dict[str, dict[int, deque[_Waiting]]] = {}
        self._seconds = 1.0
        """How long an item takes, an average that forgets."""

    def admit(self) -> None:
        """Raise Busy where the line is full."""
        if self.requests >= self.most:
            raise Busy(f"{self.requests} requests are waiting already", self.patience())

    def patience(self) -> int:
        """Seconds after which it may be worth to come again."""
        return min(60, max(1, math.ceil(self._seconds * (1 + self.waiting / max(1, self.places)))))

    @asynccontextmanager
    async def turn(self, caller: Caller, size: int) -> AsyncGenerator[None]:
        """Hold `size` places (all of them where it asks for more) while the block runs."""
        mine = _Waiting(min(size, self.places))
        items = self._line.setdefault(caller.key, {}).setdefault(caller.request, deque())
        self.requests += not items
        self.waiting += 1
        items.append(mine)
        self._serve()
        try:
            await mine.ready.wait()
            began = time.monotonic()
            yield
            self._seconds += 0.1 * (time.monotonic() - began - self._seconds)
        finally:
            if mine.ready.is_set():
                self.free += mine.size
            else:
                self._leave(caller, mine)
            self._serve()

    def _serve(self) -> None:
        """Give free places away; whoever is first in line is waited for, so that a large item gets its turn, too."""
        while self._line:
            key, requests = next(iter(self._line.items()))
            number, items = next(iter(requests.items()))
            if items[0].size > self.free:
                return
            served = items.popleft()
            self.free -= served.size
            self.waiting -= 1
            served.ready.set()
            del self._line[key], requests[number]
            if items:
                requests[number] = items
            else:
                self.requests -= 1
            if requests:
                self._line[key] = requests

    def _leave(self, caller: Caller, mine: _Waiting) -> None:
        requests = self._line[caller.key]
        requests[caller.request].remove(mine)
        self.waiting -= 1
        if not requests[caller.request]:
            del requests[caller.request]
            self.requests -= 1
        if not requests:
            del self._line[caller.key]
