"""What engines do with their tasks; apart from `base`, whose readers need no asyncio."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterable
from typing import Any

from grm_core.engines.base import EngineState, Reply
from grm_core.errors import EngineError


async def as_they_end(writing: Iterable[Coroutine[Any, Any, Reply]]) -> AsyncGenerator[Reply]:
    """Every reply as soon as it is there; closing the iterator cancels those that are still being written."""
    tasks = [asyncio.create_task(each) for each in writing]
    try:
        for reply in asyncio.as_completed(tasks):
            yield await reply
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def unstarted(error: EngineError | asyncio.CancelledError) -> EngineState:
    """The state after a start that ended in this error: `failed` with its words, `idle` after a cancelled one."""
    return EngineState("failed", str(error), error.hint) if isinstance(error, EngineError) else EngineState("idle")
