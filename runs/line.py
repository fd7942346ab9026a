"""The line of runs: so many at a time, and the next turn is that of whoever has the fewest under way."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Line:
    """Turns, in order of arrival among the runs of those who have equally many. Used in one event loop."""

    def __init__(self, width: int) -> None:
        """`width`: runs that may have their turn at the same time."""
        self._width = width
        self._running: dict[str, str] = {}
        """Run -> whose it is."""
        self._waiting: dict[str, tuple[str, asyncio.Future[None]]] = {}
        self._lasted: deque[float] = deque(maxlen=32)
        """Seconds that the newest turns took."""

    @asynccontextmanager
    async def turn(self, name: str, owner: str) -> AsyncIterator[None]:
        """The run's turn, for as long as the block runs; who is cancelled leaves the line."""
        if self._waiting or len(self._running) >= self._width:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting[name] = owner, turn
            try:
                await turn
            except asyncio.CancelledError:
                self._waiting.pop(name, None)
                self._leave(name)  # in case that the turn came at the same moment
                raise
        else:
            self._running[name] = owner
        began = time.monotonic()
        try:
            yield
        finally:
            self._lasted.append(time.monotonic() - began)
            self._leave(name)

    def place(self, name: str) -> tuple[int, float | None]:
        """Place in the line, from 1, and seconds until the turn; 0 for a run that is not in it. From any thread."""
        waiting = list(self._waiting)
        if name not in waiting:
            return 0, None
        order = self._order({each: self._waiting[each][0] for each in waiting if each in self._waiting})
        place = order.index(name) + 1 if name in order else 0
        lasted = list(self._lasted)
        return place, place * sum(lasted) / len(lasted) / self._width if lasted else None

    def __len__(self) -> int:
        """Runs that wait."""
        return len(self._waiting)

    def _leave(self, name: str) -> None:
        self._running.pop(name, None)
        while self._waiting and len(self._running) < self._width:
            first = self._order({each: owner for each, (owner, _) in self._waiting.items()}, 1)[0]
            owner, turn = self._waiting.pop(first)
            if not turn.done():
                self._running[first] = owner
                turn.set_result(None)

    def _order(self, waiting: dict[str, str], most: int | None = None) -> list[str]:
        """Names in the order of their turns, if no run ended meanwhile."""
        counts, left, order = Counter(list(self._running.values())), dict(waiting), list[str]()
        while left and (most is None or len(order) < most):
            name = min(left, key=lambda each: counts[left[each]])  # of equals the one that came first
            counts[left.pop(name)] += 1
            order.append(name)
        return order
