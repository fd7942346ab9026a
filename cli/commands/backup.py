"""python app.py backup FILE: a copy of the database as it is at this moment, while the page may be writing it.

The copy is checked before it gets its name, and is one file that may be moved by itself.
"""

import argparse
from pathlib import Path

from cli.common import add_db, print_json

HELP = "copy the database, also while the page writes it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the copy; it must not exist")
    add_db(parser)


def run(args: argparse.Namespace) -> int:
    """Print {"file", "sessions", "samples", "labels"}; returns 0."""
    from storage.backup import backup

    copied = backup(args.db, args.file)
    print_json({"file": str(copied.path), **copied.counts()})
    return 0
