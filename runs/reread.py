"""A meta RM reads stored samples into a new file; the GRM is not asked again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from grm_core import cards, engines, meta_rm, prompts
from grm_core.cards import OWN_METAS
from grm_core.engines.base import Engine
from grm_core.errors import UsageError
from grm_core.families import FAMILIES
from grm_core.formats.sessions import Block, ItemSamples, session_of
from grm_core.meta_rm import MetaRM, attach
from grm_core.plan import SamplingPlan, template_of
from grm_core.self_meta import OwnMetaRM
from grm_core.types import Example, Run, Sample
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
    engine = engines.create(judge.engine, judge.model) if judge.meta in OWN_METAS else None
    own = all(name.startswith(meta_rm.TEMPLATE) for name in block.run.template.split("+"))
    joint = block.run.context == "joint"
    meta = meta_rm.create(judge.meta, meta_rm.TEMPLATE if own and joint else "", engine, template=judge.meta_template)
    if meta is None:
        model = block.run.model
        raise UsageError(f"--meta {judge.meta} names no meta RM for samples of {model}; give self, a folder or a URL")
    before = sinks.read_unfinished(out) if going_on else None
    if before is not None and (before.run is None or before.run.id != block.run.id):
        raise UsageError(f"{out} is about another run than {source}")
    examples = [sinks.example_of(source, item) for item in block.items]
    file = sinks.open_file(out, block.run, before)
    try:
        await _started(engine, meta, block.run, screen.say)
        opens = engine is not None and cards.of(engine).opens
        own_plans = isinstance(meta, OwnMetaRM)
        plans = [_plan_of(block.run, example, opens) if own_plans else None for example in examples]
        items = list(zip(block.items, examples, plans, strict=True))
        await _read_all(meta, items, _kept(before), file, screen.watch)
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


def _kept(before: Block | None) -> set[tuple[str, int]]:
    """The block that is in the file already. Samples with an error are not among what --resume keeps."""
    items = before.items if before else ()
    return {(item.item_id, sample.index) for item in items for sample in item.samples if sample.error is None}


async def _read_all(
    meta: MetaRM,
    items: Sequence[tuple[ItemSamples, Example, SamplingPlan | None]],
    kept: set[tuple[str, int]],
    file: FileSink,
    watch: Watch,
) -> None:
    due, read = sum(len(item.samples) for item, *_ in items) - len(kept), 0
    with watch(due, lambda: read):
        for item, example, plan in items:
            file.begin(session_of(file.run, item, example))
            todo = [sample for sample in item.samples if (item.item_id, sample.index) not in kept]
            async for sample in _read(meta, example, plan, todo):
                file.write(item.item_id, sample)
                read += 1
    file.finish([item.item_id for item, *_ in items])


async def _read(
    meta: MetaRM, example: Example, plan: SamplingPlan | None, samples: Sequence[Sample]
) -> AsyncIterator[Sample]:
    """The samples with their logits. Those of one order come together: they share their prompt, which is read once."""
    ranked = sorted(samples, key=lambda sample: sample.order)
    width = 1 if plan is None else _TOGETHER
    for start in range(0, len(ranked), width):
        part = ranked[start : start + width]
        for sample in await asyncio.gather(*(attach(meta, example, each, plan) for each in part)):
            yield sample


def _plan_of(run: Run, example: Example, opens: bool) -> SamplingPlan:
    """How the run asked about an example, of a GRM that `opens` critiques with the response's first words or not.

    A run of several templates chose the one that fits each.
    """
    names = run.template.split("+")
    style = "compact" if names[0].startswith("compact") else ""
    name = names[0] if len(names) == 1 and names[0] in {*prompts.names(), *FAMILIES} else ""
    template = template_of(example, run.principles, style, run.context, name)
    return resume.plan_of(run, example, template, 1, opens=opens)
