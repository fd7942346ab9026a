"""python app.py meta SAMPLES.jsonl --out READ.jsonl: a meta RM reads stored samples; the GRM is not asked again.

For samples that were drawn without a meta RM, or to compare another one on the same samples. What --out holds can be
voted on, and imported: sessions that had no logits get them, others are kept beside under a new id.
"""

import argparse
from pathlib import Path

from cli.common import say, unwritten
from cli.waiting import SCREEN
from grm_core import recipes
from runs.settings import Judge

HELP = "have a meta RM read stored samples"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", type=Path, metavar="SAMPLES.jsonl", help="one run's samples, with their items")
    parser.add_argument("--out", type=Path, required=True, metavar="READ.jsonl", help="a new file")
    parser.add_argument(
        "--meta", default="auto", help="meta RM: auto, self, expected, a folder or a URL (default: auto)"
    )
    parser.add_argument(
        "--recipe", metavar="NAME", help="the checkpoint whose meta RM a folder or URL serves (docs/recipes.md)"
    )
    parser.add_argument("--engine", default="auto", help="with --meta self, the GRM that wrote them: as for score")
    parser.add_argument("--model", help="likewise")
    parser.add_argument("--resume", action="store_true", help="go on with --out where a stopped run left it")


def run(args: argparse.Namespace) -> int:
    """Write the samples with their new logits; returns 0, or 130 when stopped."""
    import asyncio

    from runs import reread

    recipe = recipes.PLAIN if args.recipe is None else recipes.named(args.recipe)
    judge = Judge(args.engine, args.model, args.meta, meta_template=recipe.meta_template)
    try:
        asyncio.run(reread.reread(args.file, args.out, judge, args.resume, SCREEN))
    except (KeyboardInterrupt, asyncio.CancelledError):
        say(f"stopped; go on with --resume: what was read is in {args.out}")
        return 130
    except OSError as error:
        raise unwritten(args.out, error) from error
    return 0
