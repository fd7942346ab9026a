"""python app.py meta SAMPLES.jsonl --out READ.jsonl: a meta RM reads stored samples; the GRM is not asked again.

For samples that were drawn without a meta RM, or to compare another one on the same samples. What --out holds can be
voted on, and imported: sessions that had no logits get them, others are kept beside under a new id.
"""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from cli.common import say, unwritten
from grm_core.errors import UsageError

if TYPE_CHECKING:
    from cli.samplefile import SampleFile
    from grm_core.engines.base import Engine
    from grm_core.formats.sessions import Block
    from grm_core.meta_rm import MetaRM
    from grm_core.plan import SamplingPlan
    from grm_core.types import Example, Run

_TOGETHER = 32
"""Samples that an engine is asked about at the same time; a meta RM in this process reads one after the other."""
HELP = "have a meta RM read stored samples"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", type=Path, metavar="SAMPLES.jsonl", help="one run's samples, with their items")
    parser.add_argument("--out", type=Path, required=True, metavar="READ.jsonl", help="a new file")
    parser.add_argument(
        "--meta", default="auto", help="meta RM: auto, self, expected, a folder or a URL (default: auto)"
    )
    parser.add_argument("--engine", default="auto", help="with --meta self, the GRM that wrote them: as for score")
    parser.add_argument("--model", help="likewise")
    parser.add_argument("--resume", action="store_true", help="go on with --out where a stopped run left it")


def run(args: argparse.Namespace) -> int:
    """Write the samples with their new logits; returns 0, or 130 when stopped."""
    from cli import samplefile
    from grm_core import engines, meta_rm
    from grm_core.self_meta import OWN

    block = samplefile.read_unfinished(args.file)
    if block is None or block.run is None:
        raise UsageError(f"{args.file} holds no samples")
    engine = engines.create(args.engine, args.model) if args.meta in OWN else None
    own = all(name.startswith(meta_rm.TEMPLATE) for name in block.run.template.split("+"))
    joint = block.run.context == "joint"
    meta = meta_rm.create(args.meta, meta_rm.TEMPLATE if own and joint else "", engine)
    if meta is None:
        raise UsageError(f"--meta {args.meta} names no meta RM for samples of {block.run.model}")
    before = samplefile.read_unfinished(args.out) if args.resume else None
    if before is not None and (before.run is None or before.run.id != block.run.id):
        raise UsageError(f"{args.out} is about another run than {args.file}")
    try:
        file = samplefile.begin(args.out, block.run) if before is None else samplefile.resume(args.out, before)
        try:
            asyncio.run(_read_by(meta, engine, block, before, file))
        finally:
            file.close()
    except (KeyboardInterrupt, asyncio.CancelledError):
        say(f"stopped; go on with --resume: what was read is in {args.out}")
        return 130
    except OSError as error:
        raise unwritten(args.out, error) from error
    return 0


async def _read_by(
    meta: "MetaRM", engine: "Engine | None", block: "Block", before: "Block | None", file: "SampleFile"
) -> None:
    """As `_read`, by the engine's own model where there is one: it has to be the model that wrote the samples."""
    from cli import scoring
    from grm_core import cards

    try:
        if engine is not None:
            await scoring.ready(engine, meta)
            if block.run is not None and engine.model != block.run.model:
                raise UsageError(f"{block.run.model} wrote these samples, {engine.model} runs here")
        await _read(meta, block, before, file, engine is not None and cards.of(engine).opens)
    finally:
        if engine is not None:
            await engine.close()


async def _read(meta: "MetaRM", block: "Block", before: "Block | None", file: "SampleFile", opens: bool) -> None:
    """Read what is missing. `opens`: whether the GRM opens critiques with the response's first words."""
    from cli import waiting
    from grm_core.formats.sessions import session_of
    from grm_core.meta_rm import attach
    from grm_core.self_meta import OwnMetaRM

    # Samples with an error are not among what --resume keeps.
    known = {
        (item.item_id, sample.index)
        for item in (before.items if before else ())
        for sample in item.samples
        if sample.error is None
    }
    total, read = sum(len(item.samples) for item in block.items), 0
    try:
        with waiting.shown(total - len(known), lambda: read):
            for item in block.items:
                if item.example is None:
                    raise UsageError(f"line {item.line}: item {item.item_id!r} has no item line, so it cannot be read")
                file.add_item(item.example, session_of(file.run, item, item.example))
                plan = _plan_of(file.run, item.example, opens) if isinstance(meta, OwnMetaRM) else None
                # Samples of one order share their prompt, which is read once.
                ranked = sorted(item.samples, key=lambda each: each.order)
                todo = [sample for sample in ranked if (item.item_id, sample.index) not in known]
                width = 1 if plan is None else _TOGETHER
                for start in range(0, len(todo), width):
                    part = todo[start : start + width]
                    for found in await asyncio.gather(*(attach(meta, item.example, each, plan) for each in part)):
                        file.add_sample(item.item_id, found)
                        read += 1
    finally:
        await meta.close()
    file.finish([item.item_id for item in block.items])
    say(f"{meta.name} has read {total:,} samples")


def _plan_of(run: "Run", example: "Example", opens: bool) -> "SamplingPlan":
    """How the run asked about an item. A run of several templates chose the one that fits each."""
    from grm_core import prompts
    from grm_core.plan import SamplingPlan, template_of

    names = run.template.split("+")
    style = "compact" if names[0].startswith("compact") else ""
    name = names[0] if len(names) == 1 and names[0] in prompts.names() else ""
    template = template_of(example, run.principles, style, run.context, name)
    return SamplingPlan(example, template, run.params, 1, principles=run.principles, context=run.context, opens=opens)
