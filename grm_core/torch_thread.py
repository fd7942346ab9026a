"""The one thread in which a process runs its small models: the meta RM, the sentence model, a baseline's head.

OpenMP keeps a team of threads for every thread that ever computed. Once there are more of them than cores, none spins
any more while it waits for the others, and everything is slower for good: on two cores the meta RM reads 13.1
judgments a second from one thread, and 8.6 from any after a second one has computed once.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_WORKER = ThreadPoolExecutor(1, thread_name_prefix="torch")


def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The function's result or error, called in that thread; not to be called from the thread itself."""
    return _WORKER.submit(function, *args, **kwargs).result()


async def run_async(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same, for a coroutine; a call that has begun ends even when the coroutine is cancelled."""
    return await asyncio.wrap_future(_WORKER.submit(function, *args, **kwargs))
