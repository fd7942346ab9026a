"""Work on many things in several processes: as many as the processor has cores, and none for a single part."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

Part = TypeVar("Part")
Result = TypeVar("Result")


def abreast(work: Callable[[Part], Result], parts: Sequence[Part]) -> Iterator[Result]:
    """What `work`, a function of a module, makes of each part, in their order."""
    if len(parts) < 2:
        yield from map(work, parts)
        return
    # The processes share the cores: threads of their numpy would only wait for each other.
    with ProcessPoolExecutor(
        min(len(parts), os.cpu_count() or 1), initializer=threadpool_limits, initargs=(1,)
    ) as processes:
        yield from processes.map(work, parts)
