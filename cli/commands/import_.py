"""python app.py import FILE ...: add sessions to the database, ours or judgments that others made.

A file is SAMPLES.jsonl, or results of RewardBench 2, AlpacaEval's annotations, a log of Inspect, an export of Langfuse
or OpenTelemetry, or items that nobody has judged; docs/files.md shows them. What is there already is not added again.
"""

import argparse
import gc
from collections import Counter

from cli.common import add_db, counted, print_json, say

HELP = "add sessions to the database, from our files or those of others"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="SAMPLES.jsonl or a form of docs/files.md; - reads standard input"
    )
    add_db(parser)


def run(args: argparse.Namespace) -> int:
    """Print one line per session: its id, its item, how many samples were added, and what became of it."""
    from grm_core.formats.foreign import imports
    from runs.writing import writing
    from storage import transfer

    gc.disable()  # nothing that is read refers to itself: collecting would go through all of it again and again
    # All are read before the first is imported: a broken one leaves everything as it was.
    files = [(file, imports.read(file)) for file in args.files]
    blocks = [transfer.named(understood.blocks, file) for file, understood in files]
    with writing(args.db) as writer:
        for (file, understood), mine in zip(files, blocks, strict=True):
            if understood.understood:
                say(f"{file}: {understood.understood}")
            states, added = Counter[str](), 0
            for each in writer.keep(mine):
                print_json(each._asdict())
                states[each.state] += 1
                added += each.added
            became = ", ".join(f"{number} {state}" for state, number in states.items())
            done = f"{counted(states.total(), 'session')} ({became}), {counted(added, 'sample')} added or completed"
            say(f"{file}: {done}")
    return 0
