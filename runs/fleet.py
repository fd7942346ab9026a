"""Many workers that judge as one engine does: which they are, and how their samples are taken."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from grm_core import engines, meta_rm, models
from grm_core.engines.base import Engine
from grm_core.engines.bundled import Bundled
from grm_core.errors import UsageError
from grm_core.meta_rm import MetaRM
from grm_core.sampling import SamplingPlan
from grm_core.self_meta import OwnMetaRM
from runs import batch
from runs.drive import Take
from runs.settings import Judge, Workers
from runs.workers import Fleet


class Far:
    """The workers of a fleet, dealt whole items by Ray."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet

    async def draw(self, plans: Sequence[SamplingPlan], take: Take) -> None:
        """Give the plans' missing samples to `take`, each item's together; no item can be ended early."""
        with _interruptible(), closing(batch.draw(plans, self.fleet)) as arriving:
            for arrival in arriving:
                take(arrival)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the block at once: Ray's iterator waits without giving the event loop a turn."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def fleet_of(judge: Judge, workers: Workers) -> tuple[Fleet, MetaRM | None]:
    """The workers that are asked for, and their meta RM; servers are asked for their model, nothing is started."""
    urls = judge.engine.split(",") if judge.engine.startswith("http") else []
    servers = tuple(url.strip() for url in urls)
    made = [engines.create(each, judge.model) for each in servers or (judge.engine,)]
    if servers:
        await _ask(made)
        if len({engine.model for engine in made}) > 1:
            raise UsageError("the servers do not serve the same model; name one that all of them have with --model")
    first = made[0]
    small = judge.model == models.SMALL_MODEL
    folder = None if servers or small or judge.model is None else _folder(judge.model)
    name = first.model
    if first.name in ("managed", "hf") and folder is None:
        bundled = Bundled(first.name, small).prepare()  # made ready here, once
        folder, name = bundled.folder if first.name == "managed" else None, bundled.name
        small = bundled.name == models.GRM
    # Made to see that it can be had; the workers make their own.
    meta = meta_rm.create(judge.meta, first.style, first, engines.card(judge.engine, judge.model))
    if isinstance(meta, OwnMetaRM) and first.name == "managed":
        raise UsageError(f"--meta {meta.name} with --workers needs running servers: --engine URL,URL")
    fleet = Fleet(
        engine=judge.engine if first.name == "replay" else first.name,
        model=name,
        style=first.style,
        untrained=first.untrained,
        folder=folder,
        small=small,
        servers=servers,
        meta="none" if meta is None else meta.name if isinstance(meta, OwnMetaRM) else judge.meta,
        meta_template=judge.meta_template,
        workers=workers.count,
        tensor_parallel=workers.tensor_parallel,
        address=workers.address,
    )
    return fleet, meta


def _folder(model: str) -> Path:
    return Path(model).expanduser().resolve()


async def _ask(servers: list[Engine]) -> None:
    try:
        for server in servers:
            await server.start()
    finally:
        for server in servers:
            await server.close()
