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
    from grm_core.meta_rm import MetaRM
    from storage.exchange import Block

HELP = "have a meta RM read stored samples"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", type=Path, metavar="SAMPLES.jsonl", help="one run's samples, with their items")
    parser.add_argument("--out", type=Path, required=True, metavar="READ.jsonl", help="a new file")
    parser.add_argument("--meta", default="auto", help="meta RM: auto, a folder or a URL (default: auto)")
    parser.add_argument("--resume", action="store_true", help="go on with --out where a stopped run left it")


def run(args: argparse.Namespace) -> int:
    """Write the samples with their new logits; returns 0, or 130 when stopped."""
    from cli import samplefile
    from grm_core import meta_rm

    block = samplefile.read_unfinished(args.file)
    if block is None or block.run is None:
        raise UsageError(f"{args.file} holds no samples")
    own = all(name.startswith(meta_rm.TEMPLATE) for name in block.run.template.split("+"))
    meta = meta_rm.create(args.meta, meta_rm.TEMPLATE if own else "")
    if meta is None:
        raise UsageError(f"--meta {args.meta} names no meta RM for samples of {block.run.model}")
    before = samplefile.read_unfinished(args.out) if args.resume else None
    if before is not None and (before.run is None or before.run.id != block.run.id):
        raise UsageError(f"{args.out} is about another run than {args.file}")
    try:
        file = samplefile.begin(args.out, block.run) if before is None else samplefile.resume(args.out, before)
        try:
            asyncio.run(_read(meta, block, before, file))
        finally:
            file.close()
    except (KeyboardInterrupt, asyncio.CancelledError):
        say(f"stopped; go on with --resume: what was read is in {args.out}")
        return 130
    except OSError as error:
        raise unwritten(args.out, error) from error
    return 0


async def _read(meta: "MetaRM", block: "Block", before: "Block | None", file: "SampleFile") -> None:
    from cli import waiting
    from grm_core.meta_rm import attach
    from storage.exchange import session_of

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
                # Samples of one order share their prompt, which is read once.
                for sample in sorted(item.samples, key=lambda each: each.order):
                    if (item.item_id, sample.index) not in known:
                        file.add_sample(item.item_id, await attach(meta, item.example, sample))
                        read += 1
    finally:
        await meta.close()
    file.finish([item.item_id for item in block.items])
    say(f"{meta.name} has read {total:,} samples")
