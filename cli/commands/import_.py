"""python app.py import FILE ...: add sessions to the database, ours or judgments that others made.

A file is SAMPLES.jsonl, or results of RewardBench 2, AlpacaEval's annotations, a log of Inspect, an export of Langfuse
or OpenTelemetry, or items that nobody has judged; docs/files.md shows them. What is there already is not added again.
"""

import argparse

from cli.common import add_db, print_json, say
from grm_core.errors import UsageError

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
    from storage.store import Store
    from storage.transfer import import_blocks

    store = Store(args.db)
    try:
        if store.read_only:
            raise UsageError(
                f"{args.db} is in use by process {store.holder} (the running app?); close it and try again"
            )
        # All are read before the first is imported: a broken one leaves everything as it was.
        for file, understood in [(file, imports.read(file)) for file in args.files]:
            if understood.understood:
                say(f"{file}: {understood.understood}")
            imported = import_blocks(store, understood.blocks, file)
            for each in imported:
                print_json(each._asdict())
            say(f"{file}: {len(imported)} sessions, {sum(each.added for each in imported)} samples added")
    finally:
        store.close()
    return 0
