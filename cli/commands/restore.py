"""python app.py restore FILE: put a copy made by `backup` in the database's place.

The database that was there is kept beside it. The page must not be running.
"""

import argparse
from pathlib import Path

from cli.common import add_db, print_json, say

HELP = "put a copy in the database's place"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a copy that `backup` has made, or any database")
    add_db(parser)


def run(args: argparse.Namespace) -> int:
    """Print {"file", "sessions", "samples", "labels", "before"}; returns 0."""
    from storage.backup import restore

    copied = restore(args.file, args.db)
    before = copied.before and str(copied.before)
    print_json({"file": str(copied.path), **copied.counts(), "before": before})
    if before:
        say(f"the database that was there is {before}")
    return 0
