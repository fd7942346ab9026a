"""A meta RM reads stored samples into a new file; the GRM is not asked again."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from grm_core import cards, engines, meta_rm, prompts
from grm_core.engines.base import Engine
from grm_core.errors import UsageError
from grm_core.formats.sessions import Block, ItemSamples, session_of
from grm_core.meta_rm import MetaRM, attach
from grm_core.plan import SamplingPlan, template_of
from grm_core.self_meta import OWN, OwnMetaRM
from grm_core.types import Example, Run
from runs import resume, sinks
from runs.screen import Say, Screen, Watch
from runs.settings import Judge
from runs.sinks import FileSink
from runs.starting import start_both

_TOGETHER = 32
"""Samples that an engine is asked about at the same time; a meta RM in this process reads one after the other."""


async def reread(source: Path, out: Path, judge: Judge, going_on: bool, screen: Screen) -> None:
    """Write the samples of one run with the logits of the meta RM that `judge` names.

    The judge's engine is only needed where the GRM itself is to read. `going_on`: `out` may hold what a stopped
    process wrote. Raises UsageError for what cannot be read.
    """
    block = sinks.read_unfinished(source)
    if block is None or block.run is None:
        raise UsageError(f"{source} holds no samples")
    engine = engines.create(judge.engine, judge.model) if judge.meta in OWN else None
    own = all(name.startswith(meta_rm.TEMPLATE) for name in block.run.template.split("+"))
    joint = block.run.context == "joint"
    meta = meta_rm.create(judge.meta, meta_rm.TEMPLATE if own and joint else "", engine)
    if meta is None:
        raise UsageError(f"--meta {judge.meta} names no meta RM for samples of {block.run.model}")
    before = sinks.read_unfinished(out) if going_on else None
    if before is not None and (before.run is None or before.run.id != block.run.id):
        raise UsageError(f"{out} is about another run than {source}")
    file = sinks.open_file(out, block.run, before)
    try:
        await _started(engine, meta, block.run, screen.say)
        opens = engine is not None and cards.of(engine).opens
        await _read_all(meta, block, before, file, opens, screen.watch)
        screen.say(f"{meta.name} has read {sum(len(item.samples) for item in block.items):,} samples")
    finally:
        file.close()
        await meta.close()
        if engine is not None:
            await engine.close()


async def _started(engine: Engine | None, meta: MetaRM, run: Run, say: Say) -> None:
    """Start the engine, if there is one: it has to serve the model that wrote the samples."""
    if engine is not None:
        await start_both(engine, meta, say)
        if engine.model != run.model:
            raise UsageError(f"{run.model} wrote these samples, {engine.model} runs here")


async def _read_all(
    meta: MetaRM, block: Block, before: Block | None, file: FileSink, opens: bool, watch: Watch
) -> None:
    """Read what is missing. `opens`: whether the GRM opens critiques with the response's first words."""
    # Samples with an error are not among what --resume keeps.
    items = before.items if before else ()
    kept = {(item.item_id, sample.index) for item in items for sample in item.samples if sample.error is None}
    read = 0

    def done(count: int) -> None:
        nonlocal read
        read += count

    with watch(sum(len(item.samples) for item in block.items) - len(kept), lambda: read):
        for item in block.items:
            plan = _plan_of(file.run, item, opens) if isinstance(meta, OwnMetaRM) else None
            await _read_item(meta, item, plan, kept, file, done)
    file.finish([item.item_id for item in block.items])


async def _read_item(
    meta: MetaRM,
    item: ItemSamples,
    plan: SamplingPlan | None,
    kept: set[tuple[str, int]],
    file: FileSink,
    done: Callable[[int], None],
) -> None:
    example = _example_of(item)
    file.begin(session_of(file.run, item, example))
    # Samples of one order share their prompt, which is read once.
    ranked = sorted(item.samples, key=lambda each: each.order)
    todo = [sample for sample in ranked if (item.item_id, sample.index) not in kept]
    width = 1 if plan is None else _TOGETHER
    for start in range(0, len(todo), width):
        part = todo[start : start + width]
        for sample in await asyncio.gather(*(attach(meta, example, each, plan) for each in part)):
            file.write(item.item_id, sample)
        done(len(part))


def _plan_of(run: Run, item: ItemSamples, opens: bool) -> SamplingPlan:
    """How the run asked about an item. A run of several templates chose the one that fits each."""
    example, names = _example_of(item), run.template.split("+")
    style = "compact" if names[0].startswith("compact") else ""
    name = names[0] if len(names) == 1 and names[0] in prompts.names() else ""
    template = template_of(example, run.principles, style, run.context, name)
    return resume.plan_of(run, example, template, 1, opens=opens)


def _example_of(item: ItemSamples) -> Example:
    if item.example is None:
        raise UsageError(f"line {item.line}: item {item.item_id!r} has no item line, so it cannot be read")
    return item.example
