"""python app.py score ITEMS.jsonl --k 32 --out SAMPLES.jsonl: judge every item of a file.

Samples are written as they arrive. A run that was stopped goes on with --resume, which asks only for what is missing.
"""

import argparse
from pathlib import Path

from cli.common import read_items
from cli.judging import add_sampling, judge_items, settings_of
from grm_core.errors import UsageError

HELP = "judge the items of a file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("items", metavar="ITEMS.jsonl", help="queries with their responses; - reads standard input")
    parser.add_argument("--out", type=Path, required=True, metavar="SAMPLES.jsonl", help="where samples are written")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument(
        "--db", type=Path, metavar="FILE", help="also import the samples into this database at the end"
    )
    add_sampling(parser, 32)


def run(args: argparse.Namespace) -> int:
    """Score the items; exit code 1 when an item or sample failed, 130 when stopped."""
    from runs.score import Out

    if str(args.out) == "-":
        raise UsageError("--out names a file: a run that was stopped goes on with it")
    if args.out.exists() and not args.resume:
        raise UsageError(f"{args.out} exists already; use --resume to go on with it, or another name")
    if not args.out.absolute().parent.is_dir():
        raise UsageError(f"{args.out}: there is no folder {args.out.absolute().parent}")
    return judge_items(settings_of(args), read_items(args.items), Out(args.out, args.resume), args.db)
