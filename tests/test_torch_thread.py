"""One thread computes, whoever asks."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from grm_core import torch_thread


def _here(_: int = 0) -> int:
    return threading.get_ident()


def test_whoever_asks_the_same_thread_computes() -> None:
    async def from_a_loop() -> set[int]:
        return set(await asyncio.gather(*(torch_thread.run_async(_here) for _ in range(20))))

    with ThreadPoolExecutor(4) as others:
        seen = set(others.map(lambda _: torch_thread.run(_here), range(20)))
    seen |= asyncio.run(from_a_loop()) | asyncio.run(from_a_loop()) | {torch_thread.run(_here)}
    assert len(seen) == 1
    assert threading.get_ident() not in seen


def test_what_it_raises_arrives() -> None:
    with pytest.raises(ZeroDivisionError):
        torch_thread.run(divmod, 1, 0)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(torch_thread.run_async(divmod, 1, 0))


async def test_a_coroutine_that_is_cancelled_leaves_the_thread_to_others() -> None:
    begun, ended = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        assert ended.wait(10)

    first = asyncio.create_task(torch_thread.run_async(slow))
    second = asyncio.create_task(torch_thread.run_async(_here))  # waits behind the first
    assert await asyncio.to_thread(begun.wait, 10)
    first.cancel()
    second.cancel()
    ended.set()
    assert await torch_thread.run_async(_here) != threading.get_ident()
    assert (first.cancelled(), second.cancelled()) == (True, True)
