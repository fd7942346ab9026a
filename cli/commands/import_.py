"""python app.py import FILE ...: add the sessions of SAMPLES.jsonl files to the database."""

import argparse

from cli.common import add_db, print_json, say
from grm_core.errors import UsageError

HELP = "add sessions from JSONL to the database"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "files", nargs="+", metavar="SAMPLES.jsonl", help="files with item lines; - reads standard input"
    )
    add_db(parser)


def run(args: argparse.Namespace) -> int:
    """Print one line per session: its id, its item, how many samples were added, and what became of it."""
    from storage.store import Store
    from storage.transfer import import_file

    store = Store(args.db)
    try:
        if store.read_only:
            raise UsageError(
                f"{args.db} is in use by process {store.holder} (the running app?); close it and try again"
            )
        for file in args.files:
            imported = import_file(store, file)
            for each in imported:
                print_json(each._asdict())
            say(f"{file}: {len(imported)} sessions, {sum(each.added for each in imported)} samples added")
    finally:
        store.close()
    return 0
