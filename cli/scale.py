"""score --workers N: the same run into the same file, its items dealt to workers by Ray."""

import argparse
import asyncio
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from cli import scoring, waiting
from cli.common import say
from cli.samplefile import SampleFile
from cli.scoring import Progress, Task
from grm_core import batch, engines, meta_rm, models
from grm_core.engines.base import Engine
from grm_core.engines.bundled import Bundled
from grm_core.errors import UsageError
from grm_core.sampling import check
from grm_core.self_meta import OwnMetaRM
from grm_core.workers import Drawn, Fleet


def fleet_of(args: argparse.Namespace) -> Fleet:
    """The workers that the arguments ask for; servers are asked for their model, nothing is started."""
    servers = tuple(each.strip() for each in args.engine.split(",")) if args.engine.startswith("http") else ()
    made = [engines.create(each, args.model) for each in servers or (args.engine,)]
    if servers:
        asyncio.run(_ask(made))
        if len({engine.model for engine in made}) > 1:
            raise UsageError("the servers do not serve the same model; name one that all of them have with --model")
    small = args.model == models.SMALL_MODEL
    folder = None if servers or small or args.model is None else Path(args.model).expanduser().resolve()
    name = made[0].model
    if made[0].name in ("managed", "hf") and folder is None:
        found = Bundled(made[0].name, small).prepare()  # made ready here, once
        folder, name, small = found.folder if made[0].name == "managed" else None, found.name, found.name == models.GRM
    # Made to see that it can be had; the workers make their own.
    meta = meta_rm.create(args.meta, made[0].style, made[0], engines.card(args.engine, args.model))
    if isinstance(meta, OwnMetaRM) and made[0].name == "managed":
        raise UsageError(f"--meta {meta.name} with --workers needs running servers: --engine URL,URL")
    fleet = Fleet(
        engine=args.engine if made[0].name == "replay" else made[0].name,
        model=name,
        style=made[0].style,
        untrained=made[0].untrained,
        folder=folder,
        small=small,
        servers=servers,
        meta="none" if meta is None else meta.name if isinstance(meta, OwnMetaRM) else args.meta,
        workers=args.workers,
        tensor_parallel=args.tensor_parallel,
        address=args.ray,
    )
    say(f"meta RM {meta.name or args.meta}" if meta else scoring.NO_META)
    return fleet


async def _ask(servers: list[Engine]) -> None:
    try:
        for server in servers:
            await server.start()
    finally:
        for server in servers:
            await server.close()


def score_all(fleet: Fleet, tasks: Iterator[Task], file: SampleFile) -> Progress:
    """Have every item sampled, each sample written when its item comes; as scoring.score_all otherwise."""
    todo = list(tasks)
    progress = Progress(len(todo), sum(task.missing for task in todo))
    seen, failed = set[str](), set[str]()
    for task in todo:
        try:
            check(task.plan.example, task.plan.k)  # what cannot be judged cannot be read again either
            file.add_item(task.plan.example, task.session)
        except UsageError as error:
            failed.add(task.plan.example.id)
            say(f"item {task.plan.example.id!r}: {error}")
    plans = [task.plan for task in todo if task.missing and task.plan.example.id not in failed]
    begun = len(todo) - len(plans)
    progress.items_done, progress.items_failed = begun, len(failed)
    say(f"{fleet.workers} workers through Ray, engine {fleet.engine}, model {fleet.model}")
    # Ended by a service manager, a run has to close its file and its engines as after Ctrl-C.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        shown = waiting.shown(progress.due, lambda: progress.samples, progress.words)
        with shown, closing(batch.draw(plans, fleet)) as arriving:
            for drawn in arriving:
                _take(drawn, file, progress, failed)
                seen.add(drawn.example.id)
                progress.items_done, progress.items_failed = begun + len(seen), len(failed)
    finally:
        signal.signal(signal.SIGTERM, before)
    return progress


def _take(drawn: Drawn, file: SampleFile, progress: Progress, failed: set[str]) -> None:
    """Write a sample, or tell why there is none."""
    error: str | None = drawn.error
    if drawn.sample is None:
        failed.add(drawn.example.id)
    else:
        file.add_sample(drawn.example.id, drawn.sample)
        progress.count(drawn.sample)
        error = drawn.sample.error
    if error:
        say(f"item {drawn.example.id!r}: {error}")
