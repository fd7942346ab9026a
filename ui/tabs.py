"""What the server keeps of each browser tab: at most so many, and nothing of those that were closed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

TABS_MOST = 400
"""Tabs that are kept, the least recently used going first; each takes some 160 KB."""
_CLOSED = timedelta(seconds=120)
"""A closed tab is forgotten after this time: a browser that was asleep may come back."""
_EVERY_S = 20.0


@asynccontextmanager
async def swept(app: Any) -> AsyncIterator[None]:
    """The app with closed tabs forgotten, as long as it is served."""
    sweeping = asyncio.create_task(_keep_sweeping(app))
    try:
        yield
    finally:
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping


def sweep(app: Any, now: datetime) -> int:
    """Forget closed tabs; returns how many."""
    tabs, queue = app.state_holder, app.get_blocks()._queue
    gone = [
        name
        for name, state in list(tabs.session_data.items())
        if state.is_closed and now - tabs.time_last_used.get(name, datetime.min) > _CLOSED
    ]
    for name in gone:
        tabs.session_data.pop(name, None)
        tabs.time_last_used.pop(name, None)
        if not queue.pending_event_ids_session.get(name):
            queue.pending_event_ids_session.pop(name, None)
            queue.pending_messages_per_session.pop(name, None)
    return len(gone)


async def _keep_sweeping(app: Any) -> None:
    while True:
        await asyncio.sleep(_EVERY_S)
        sweep(app, datetime.now())
